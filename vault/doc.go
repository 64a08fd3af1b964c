// Package vault seals what the records keep: evidence under one data key per subject, signing keys and secrets under a
// service key, identities as blind indexes, templates behind a renewable transform.
//
// It owns keys, their wrapping and rotation, associated data, blind indexes and template protection. It does not store
// anything (package record), does not decide what is kept or when it is erased (packages registration and rights), and
// does not encrypt backups (the command line).
//
// # Keys
//
//	master            in a file or a key service; wraps the two below and nothing else
//	├─ ring           32 random bytes per operator; the records keep it wrapped (the keyring blob)
//	│   ├─ index      blind indexes: HMAC-SHA-256 (RFC 2104, FIPS 198-1)
//	│   ├─ template   seeds of template transforms
//	│   └─ service    XAES-256-GCM (C2SP): signing keys, webhook secrets, answers kept for repeated requests
//	└─ data key       32 random bytes per subject; the subject's row keeps it wrapped ([truename.Subject] Key)
//	    ├─ seal       AES-256-GCM (NIST SP 800-38D): evidence
//	    └─ template   the subject's part of its transform seeds
//
// Lines below ring and data key are HKDF-SHA-256 (RFC 5869). The master only wraps, so that it may live in a key service
// that never gives it out: one call at start, then one for each sealing, opening or new subject. Unwrapped data keys are
// not cached: a key service that revokes the master stops everything at once. The index must answer without a subject and without a call, so
// its key is held in memory from [Unlock] on.
//
// First start: [Create] (file masters), [NewRing], keep the ring in the records. Every start: [Unlock] with that ring.
// Who loses the ring loses every index and service secret; who loses the master loses everything.
//
// Rotation: [RotateMaster] (or the key service's own rotation) adds a new master key. Old ones still open. Then a job calls
// [RewrapRing] and [Vault.Rewrap] for whatever [Vault.MasterOf] does not tie to [Vault.Master], and [RetireMaster] drops the
// old key. A running process sees the new file by itself. Where several machines hold copies of the file, the copies must be
// replaced before they meet data keys of the new master; until then they answer unavailable, never wrong. Rotation of
// the master does not change ring or data keys: a ring that has leaked means new indexes and a new sealing of secrets.
//
// Invariants:
//   - Every box is bound to its subject and kind, or to its name: in another place it does not open.
//   - A subject without a key is erased: CodeErased, no call to the master.
//   - A failure is an error of kind unavailable and code vault. It never reads as "empty", "no template" or "no match".
//   - Nothing here prints a key, a template or plaintext: not by fmt, slog, JSON or an error. Raw keys are overwritten after
//     use; copies inside the standard library's ciphers and those a garbage collector has moved are out of reach in Go.
//
// # Templates (ISO/IEC 24745)
//
// [Vault.Protect] turns a template by a secret rotation of its space: three rounds of a seeded permutation, seeded sign flips
// and a fast Walsh-Hadamard transform, padded with zeros to a power of two. A rotation keeps every cosine, so accuracy and
// calibration stay as they are; what changes is rounding to float32, below 1e-6. The seed comes from the ring, the
// subject's data key, subject, purpose, recogniser and a random salt per template. [Vault.Compare] turns the probe the same
// way and never undoes the stored one. For the search for duplicates, [Vault.Projection] gives one rotation per gallery, for the gallery's
// memory or an external search engine.
//
// What it gives:
//   - Unlinkability: two protected templates of one face, under two purposes, salts or galleries, are as far apart as those
//     of strangers.
//   - Renewability: protecting again gives a new salt; another gallery name gives a new rotation.
//   - Purpose: comparing across purposes, recognisers or subjects is an error, not a low score.
//
// What it does not give:
//   - Whoever has ring and data key can undo it. It is keyed, not one-way.
//   - Known pairs undo it: as many templates as dimensions, in clear and protected under the same seed, solve for the
//     rotation; fewer narrow it down. A subject's templates have one seed each, so there is one pair at most. A gallery
//     shares one rotation: whoever can enrol many known faces and read its vectors can solve it.
//   - Within a gallery, distances are those of the templates: who reads it sees who resembles whom, without seeing a face.
//   - It does not stop a stolen template from being replayed inside the same gallery.
//
// The lock is the sealing: a protected template is stored only in a box of kind template. The rotation limits what a memory dump, a
// search engine's disk or a leaked box of one purpose tells about another.
package vault
