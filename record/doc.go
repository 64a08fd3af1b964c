// Package record keeps what is decided: registrations, subjects, decisions, the audit log, events, jobs, and who may
// sign in. [truename/record/sqlite] opens the embedded default, [truename/record/postgres] a PostgreSQL server; both give
// the same [Store], with the same SQL, and pass the same suite (record/recordtest).
//
// It owns the database: schema, migrations, locks, transactions, backups. It does not decide anything, seal or open
// anything, or know what an audit leaf means.
//
// Invariants:
//   - One outcome is one transaction: registration, decision, audit leaf, events, deliveries and jobs are all written or
//     none is. When a write has succeeded it is on the disk.
//   - A registration or a review is replaced only by its next version.
//   - What a change sees in a [truename.Snapshot] stays true until its commit: the registration and the subjects of its
//     parties are locked. So a limit that holds in the snapshot holds in the records.
//   - An identity has one subject; a number has at most one holder and at most one reservation.
//   - Leaves are numbered without gaps, in the order of their commits; the tree over them is RFC 6962's.
//   - Nothing here identifies a person: numbers and identities are blind indexes, everything else of that kind is sealed
//     before it arrives.
//   - Errors are [*truename.Error] values: kind unavailable, code records when the database could not do its work. They
//     never repeat a value.
//
// What was erased is gone from the records at once. With the embedded database it is gone from its files, too: from the
// log file at once after an erasure, within seconds after evidence was dropped. PostgreSQL keeps old rows until it is
// vacuumed, and its log and its backups for as long as its administrator says; that is why evidence is under its
// subject's key, and why that key is in no backup of the records.
//
// Times are kept as microseconds since 1970 UTC.
package record
