// Package verification compares one live photo with one document portrait, from bytes to a result: capture → face →
// match. It is the flow that the command line, the API and the benchmarks share.
//
// It owns the order of the stages, the rule when a sample is unusable, and the shape of the result. It stores
// nothing: both pictures and both templates are gone when [Engine.Verify] returns.
//
// Invariants:
//   - Outcome match needs two usable samples and a score that reaches the threshold. Whatever fails on the way gives
//     unusable or an error, never match.
//   - It does not check that the live photo shows a live person; that is package liveness's work.
package verification
