// Package policy turns what was found about a registration into a ruling: approve, refuse or refer, with the rule and
// the legal source each reason rests on and the sentences shown to the customer.
//
// It owns the policy packs: their format (TOML, strict), the built-in ones, what they may and may not say, the operator's
// own conditions (CEL), the sentences in Chinese and English, and the golden cases a pack is tested with. It does not
// measure, does not keep anything, has no clock and reads no file but the packs built into it: the same [truename.Case]
// under the same pack always gets the same ruling, so that every stored decision can be replayed.
//
// How a ruling comes about. Every rule of the pack looks at the case and may raise an objection: a refusal that stands
// (the limit, a document that is not accepted, consent that is missing), a refusal people can look at again after an
// appeal (a comparison that failed), or a referral. One standing refusal refuses. Without one, an ordinary refusal
// refuses, or after an appeal becomes a referral. Without one, any referral refers, until as many reviewers as the pack
// asks for agree. Only a case without any objection is approved without people.
//
// Invariants:
//   - Nothing is approved while anything is missing, and nothing without reviewers unless every finding that the pack
//     requires has passed. A stage that could not do its work refers. A panic, and a condition that cannot be evaluated,
//     refers.
//   - Reviewers never override a standing refusal, and never stand in for evidence that was not gathered. Whoever opened the case or took its
//     evidence is not counted, nor after an appeal whoever judged it before.
//   - The route without a face can be taken for every kind, in every channel, with the same limits: a pack that says
//     otherwise does not load (Measures for the security management of face recognition technology of China, 2025;
//     NIST SP 800-63A-4, redress).
//   - A liveness check and a comparison count together only if they looked at the same capture session.
//   - A search for duplicates alone never refuses (NIST SP 800-63A-4).
//   - An operator's conditions only make a decision stricter.
//   - Every rule cites its source, and says how sure that is: T read in the legal text, R reported by a secondary source,
//     M from memory, to be verified before anybody relies on it.
//   - Every code a pack can produce has its sentence and remedy in both languages (Anti-Telecom and Online Fraud Law of
//     China, Art. 32: a restriction states its reason, the remedy and where to appeal).
package policy
