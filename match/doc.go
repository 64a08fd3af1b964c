// Package match compares two templates and says what the score means.
//
// It owns the comparison (cosine), the calibration from score to false-match rate (ISO/IEC 19795-1) and the choice of
// the threshold from a target rate. It does not make templates (package face) and does not decide about a
// registration (package policy).
//
// Invariants:
//   - Templates of different models are never compared: that is an error, not a low score.
//   - The operating point is a target false-match rate. A bare cosine is never a setting.
//   - A rate outside what the calibration data supports is never extrapolated: a target below the lowest calibrated
//     rate is an error, and a score beyond the table is reported as at most the lowest rate.
package match
