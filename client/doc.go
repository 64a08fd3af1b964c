// Package client is the typed Go client of the HTTP API: what a carrier's program needs to carry a registration from
// opening to activation, and to check tokens and receipts without asking anybody.
//
// It owns requests, their repetition under one Idempotency-Key, and problem documents as errors. The messages are package
// api's. It does not decide anything.
//
// Invariants:
//   - A write is sent again only under the key it was sent under first, so it has its effect once. Only what may pass is sent
//     again: no answer, 429, 503, a request in progress, a proxy without its server.
//   - No redirect is followed.
//   - An answer that is no success is an error with the server's code and remedy; it never reads as one.
//   - Answers are read up to a limit.
package client
