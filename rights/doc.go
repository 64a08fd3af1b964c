// Package rights is what a subject can ask for: a copy of everything held about it (PIPL Art. 45, GDPR Art. 15 and 20) and
// erasure (PIPL Art. 47, GDPR Art. 17).
//
// It owns when an erasure is possible and what it does: the subject's data key is destroyed, so that everything sealed for
// it is lost in every copy, backups included, and its identity is no longer found. Withdrawal of consent and appeal belong
// to a registration (package registration).
//
// Invariants:
//   - Erasure never frees a place in the limit of a number that is in service: those numbers end first.
//   - What the law makes the operator keep is named, not silently kept: the answer says until when.
//   - An export holds what is about this person, and nothing about the other parties of its registrations. It is in the
//     audit log before it is given; printed or logged it shows nothing.
package rights
