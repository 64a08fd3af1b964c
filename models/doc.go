// Package models owns the model pack: which networks are used, where they come from, under which licence, how a
// picture becomes their input, and how a score becomes a false-match rate.
//
// A pack is a manifest (TOML), the model files it names and its calibration tables. Two manifests are part of the
// binary; any other can be given as a path. The files themselves are never part of the source tree: [Install] takes
// them out of npm tarballs that are pinned by their integrity hash.
//
// It does not own inference (package onnx), nor the meaning of an output (package face).
//
// Invariants:
//   - No byte of a model file or of the runtime library is used before its SHA-256 was found equal to the manifest's.
//   - A pack whose licence class is non-commercial is refused unless the operator states that its use is allowed.
//   - A manifest with an unknown key, a missing field or a calibration table that is not monotone does not load.
package models
