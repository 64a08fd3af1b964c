// Package liveness finds out whether a person is there, in front of this camera, now: presentation attack detection in
// the sense of ISO/IEC 30107.
//
// It owns the capture session (a challenge drawn at random and revealed step by step, frames admitted once, a cap on
// attempts), the facts measured on the frames, each with a score of its own, and the rule that fuses them into bona
// fide, attack or undecided. It does not own how frames travel (package httpapi), what a registration makes of the
// finding (package policy), or where sessions are kept. It makes no claim of conformance: docs/liveness.md says what was
// measured on what, and what that cannot say.
//
// Invariants:
//   - A session is used once, by one registration, for ten minutes. Each nonce admits one frame, the same bytes are never
//     admitted twice; what comes again is an error of kind conflict.
//   - A step is never known before it is revealed, and each step has one look: a recorded order passes with probability
//     1/[Orders], whatever it moves.
//   - Passed needs every fact to pass. One fact that fails clearly makes an attack; signs of injection alone never do.
//   - A failed inference is unavailable. It is never counted as "no face", as not following, or as an attack.
//   - What is measured of a person (templates, landmarks) is in [Evidence] only, in memory, and gone with it.
package liveness
