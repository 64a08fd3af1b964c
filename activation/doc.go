// Package activation is the activation token: a short-lived signed statement by which the carrier's system knows,
// without asking anybody, that it may activate a number on a SIM.
//
// It owns the token's form, the ring of signing keys with their rotation, the public key set, and the verification
// that carriers run. It does not decide anything, does not store the ring (whoever does seals it) and does not know
// which tokens were used: a token is for one use, and its "jti", the decision's id, is what the carrier's system and
// the confirmation count by.
//
// Invariants:
//   - A token carries the number and the SIM, identifiers, codes and nothing else about a person. Who prints or logs
//     [Claims] sees neither number nor SIM.
//   - Only EdDSA over Ed25519 is signed or accepted; the key's type decides, never the token's header.
//   - A token lives for at most [MaxLifetime]; a key verifies for at least that long after it has stopped signing.
//   - Whatever is unknown, absent, duplicated, too long or too late is refused.
//
// Standards: JWT (RFC 7519) under the best current practice of RFC 8725 (explicit type, one algorithm, issuer and
// audience checked by the verifier), JWS compact serialization (RFC 7515), Ed25519 (RFC 8037), JWK sets (RFC 7517),
// thumbprints as key ids (RFC 7638). Verification is strict where the standards allow either: no "crit", no leeway
// of more than [Leeway], "aud" as one string.
package activation
