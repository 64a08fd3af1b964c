// Package review is the work of people on referred registrations: the queue, claiming a case, and the verdict with a
// coded reason.
//
// It owns who may look at a case and who may not. It does not decide: a verdict becomes a finding, and the policy rules on
// all findings together (package registration), so that no reviewer can overrule what the law fixes.
//
// Invariants:
//   - A case is never judged by whoever opened the registration, took a party's consent, evidence or appeal, checked a
//     party in person, or is one of its parties.
//   - Where the pack asks for four eyes, two different people give the same verdict, or the stricter one counts.
//   - After an appeal, nobody who judged before judges again.
//   - Every verdict carries a reason from a fixed list and is in the audit log.
package review
