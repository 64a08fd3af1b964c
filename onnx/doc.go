// Package onnx runs networks. It is the only package that uses cgo: it binds ONNX Runtime through
// github.com/yalue/onnxruntime_go.
//
// It owns the runtime library, sessions, their tensors and the check of a graph against the manifest. It does not
// know what a network's numbers mean.
//
// Invariants:
//   - One session per model, so its weights are in memory once; a fixed number of slots, each with its own input and
//     output tensors, allocated at load. Memory does not grow with load.
//   - Each run uses one thread (intra-op 1, inter-op 1). Parallelism comes from running slots side by side.
//   - Waiting for a slot ends when the context does. A run that has started is not interrupted: it takes milliseconds.
//   - A failed run is an error of kind unavailable, never an empty result.
package onnx
