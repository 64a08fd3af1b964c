// Package face finds the face in a picture and measures it: detection, 68 landmarks, head pose, eye state, sample
// quality and the template that a comparison needs.
//
// It takes an upright picture (package capture) and the networks of a pack (packages models, onnx). It does not
// compare templates (package match), does not decide whether a person is live, and infers nothing else about them.
//
// Outcomes are kept apart: no face ([Analysis.Faces] = 0), several faces ([Analysis.Dominance] near 0), and failure
// (an error of kind unavailable or timeout). "Inference failed" never reads as "no face".
//
// Coordinates are pixels of the upright picture: the origin is the top left corner of the top left pixel, whose
// centre is (0.5, 0.5). Angles are degrees, clockwise as seen.
//
// Quality follows the vocabulary of ISO/IEC 29794-5:2025; the limits are this project's own, measured ones.
package face
