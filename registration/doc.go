// Package registration is the flow from a customer's request to an activated number: it gathers findings, lets the
// policy rule once, and commits each outcome whole: state, decision, audit leaf, events and jobs in one transaction.
//
// It owns the state machine below, the consent that must come before any personal data is taken, the binding of a
// party to a known subject, the place in the limit of numbers, and when evidence is dropped. It does not measure
// (packages document, face, match, liveness), does not judge (package policy), does not resolve referrals (package
// review) and does not know who may ask for what (package access): it is given an actor and records it.
//
// States and transitions; everything else is refused with wrong_state:
//
//	            decide: approve            confirm
//	open ──────────────────────► approved ─────────► activated
//	 │ │ │                         │  │
//	 │ │ │ decide: refuse          │  │ reservation over
//	 │ │ └──────────────► refused  │  └──────────────► lapsed
//	 │ │                   │  ▲    │
//	 │ │            appeal │  │    │ withdraw
//	 │ │                   ▼  │    └─────────────────► withdrawn
//	 │ └─────────────► referred ──► approved
//	 │   decide: refer  │   │      (by review)
//	 │                  │   └─ withdraw ─► withdrawn
//	 │                  └─ time over ─► lapsed (without an appeal)
//	 ├─ withdraw ─► withdrawn
//	 └─ time over ─► lapsed
//
// Invariants:
//   - No biometric sample is looked at without a recorded consent to face verification of the person it shows, and no
//     document without a consent to identity (PIPL Art. 29, GDPR Art. 9(2)(a)). Consent is not inferred.
//   - A registration can always take the route without a face, with the same limits and the same service.
//   - A stage that fails makes a finding "unavailable", and the policy never approves on one.
//   - How often a look at a person's face may fail is bounded in a registration and, over all of them, within a day; the
//     route without a face is not.
//   - A decision is made when nothing is missing, an appeal is possible for as long as the pack says, with all that is needed
//     for what it may win, and one that people have not answered never lapses.
//   - Every approval holds a place in the limit, counted under a lock, until it is activated, lapses or is withdrawn.
//   - What was decided can be replayed: the case and the pack are stored, and the case has all that the ruling rests on,
//     also what only the records know.
//   - What was shown counts together or not at all: a comparison only with the portrait of the last reading of the
//     document, a check only of that reading, an activation only while the number is as it was at the approval.
//   - A person whose data were erased is never approved, and an erased key is never written again.
//   - After an end without activation nothing sealed is left; after one with, what the pack keeps, as long as it says.
//   - Names, numbers and pictures are only ever in memory or sealed under the subject's key.
package registration
