// Package httpapi is the HTTP edge: the operations, their OpenAPI 3.1 document, the reference page made from it, and
// problem documents.
//
// It owns how a request becomes bytes and how a result or an error becomes a response; the limits on bytes, time and
// concurrency; request ids, the access log and the metrics. It does not know how a verification is done (see
// [Verifier]), and it serves the page at / without knowing what it is (see [Config]).
//
// Invariants:
//   - Nothing is stored. Pictures live in memory while their request does (two of a capture session while that does), and never reach the disk, a log, a metric
//     or an error.
//   - A customer's link leads to the registration it was made for: handlers of customers are given no other.
//   - Capture sessions are in the memory of one process, at most [Customers].Sessions × [CaptureBytes]; their frames are measured
//     and forgotten, in their order, each once. A session in which a movement was revealed gives a finding, however it ends.
//   - Whether a request is let in is decided before its body is read. At most Workers + Queue requests hold pictures,
//     and at most Workers are verified at once; all others are answered 503 at once.
//   - Every request ends: reading, waiting, verifying and answering each have a limit. A client that goes away frees
//     its place.
//   - Every error of a handler is a problem document with a code, a remedy and the id of the request. What fails is
//     never reported as an outcome.
//   - There is no operation, parameter or field to identify someone who claimed no identity, or to infer ethnicity,
//     religion, emotion, age or gender.
//
// Standards: OpenAPI 3.1, RFC 9457 (problem details), RFC 7578 (multipart/form-data), RFC 9110 (HTTP semantics).
package httpapi
