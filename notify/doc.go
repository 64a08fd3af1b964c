// Package notify sends events to webhooks: a CloudEvents body, a Standard Webhooks signature, a schedule of retries, and
// addresses that cannot be used against the operator's own network.
//
// It owns the form of what is sent, signatures and their verification (for receivers too), secrets, the schedule, which
// addresses may be called, and how an operator adds, changes and ends webhooks ([Book]). It does not store events, deliveries
// or webhooks ([Records] and [BookRecords] are implemented elsewhere), does not say who may change them, and does not run jobs:
// [Sender.Deliver] is what a job does.
//
// Invariants:
//   - A delivery ends as delivered or failed, or it has a job that goes on with it: the result of an attempt and the next job
//     are written together. A machine that dies between sending and writing sends again: at least once, never never.
//   - Every attempt to send the same event has the same webhook-id, by which a receiver knows that it has it.
//   - Nothing is sent unsigned. If no secret can be opened, that is the engine's failure and no attempt of the receiver's.
//   - A secret is shown once, to whoever made it, and stored sealed. Two are live at most: the new one and the one it replaces.
//   - Whoever changes a webhook leaves an audit leaf, in the same transaction, that names them; so does a webhook's own end.
//   - Every address is checked at the moment of connecting, after its name was resolved: a name that points elsewhere by then
//     gains nothing. Redirects are not followed, and no proxy is taken from the environment.
//   - An answer's body is not trusted, not kept and, beyond 4 KiB, not read. An attempt takes at most 20 seconds.
//   - Addresses of webhooks may carry secrets in their path or query: of an address, only the host comes into a log or an error.
//
// Standards: Standard Webhooks 1.0.0 (v1 HMAC-SHA256, v1a Ed25519), CloudEvents 1.0.2 (structured mode, JSON), RFC 9110
// (Retry-After), IANA registries of special-purpose IPv4 and IPv6 addresses (RFC 6890).
package notify
