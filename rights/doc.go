// Package rights is what a subject can ask for: erasure (PIPL Art. 47, GDPR Art. 17); export is not built yet.
//
// It owns when an erasure is possible and what it does: the subject's data key is destroyed, so that everything sealed for
// it is lost in every copy, backups included, and its identity is no longer found. Withdrawal of consent and appeal belong
// to a registration (package registration).
//
// Invariants:
//   - Erasure never frees a place in the limit of a number that is in service: those numbers end first.
//   - What the law makes the operator keep is named, not silently kept: the answer says until when.
package rights
