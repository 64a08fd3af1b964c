// Package audit is the transparency log of decisions: an append-only Merkle tree whose leaves are salted commitments,
// whose head is signed, and which anyone can verify offline.
//
// It owns the form of a leaf and of what opens it, the canonical form of a decision, checkpoints, when one may be signed
// ([Publisher]), co-signatures, receipts, the tiles the log is served and exported as, and the verification of receipts and
// exports. It does not store the log: hashes and leaves lie in the records, written in the transaction of the outcome they are about, and
// are read through tlog.HashReader and [Source]. It does not serve HTTP and does not keep keys.
//
// What the log proves: that a decision was recorded as it now reads, no later than the checkpoint that covers it, and
// that nothing recorded before a checkpoint which somebody else holds was changed, reordered or removed since. What it
// cannot prove alone: that a log cut back to an older state, together with every newer checkpoint, was ever longer.
// That takes somebody outside who keeps a newer checkpoint: a witness, or a customer with a receipt.
//
// Invariants:
//   - A leaf holds no personal data: its kind, its time, and SHA-256 over 32 random bytes and the payload. Who lacks the
//     salt learns nothing about the payload, not even by guessing.
//   - A leaf is one line of at most 65,535 bytes, so that it fits an entry bundle.
//   - Hashes are those of RFC 6962: 0x00 before a leaf, 0x01 before two nodes.
//   - No head is signed that does not continue the newest one stored, and the newest this process knows of; and none is
//     given out that is not stored.
//   - Nothing is believed for its place in a file: what is not under a verified signature is not reported as good.
//   - Input is bounded: a receipt to 1 MiB, a checkpoint to 64 KiB, an entry bundle to 16.1 MiB, a tile to 8 KiB.
//   - No function changes the order or the bytes of a leaf; the canonical form of a decision keeps its meaning for ever.
//     A field added to a decision must be left out when empty, or older receipts no longer verify.
//
// Standards: RFC 6962 section 2.1 (Merkle tree), C2SP signed-note, tlog-checkpoint, tlog-cosignature (v1, Ed25519) and
// tlog-tiles (tiles of height 8). Decisions are encoded like RFC 8785 (sorted keys, no white space, shortest numbers)
// for the ASCII they consist of.
package audit
