// Package access says who asks, and whether they may: API clients with keys, members of staff with passkeys or an OIDC
// identity, their roles, outlets, sessions and limits. There are no passwords.
//
// It owns keys, customers' links, sessions, invitations, sign-in ceremonies, the table of what each role may do, the binding of agents to
// their outlet and channel, and limits of rate. It does not own storage ([Records] is implemented elsewhere), HTTP routes,
// or the rule that two reviewers must agree: that belongs to the review of referrals.
//
// Invariants:
//   - What lets somebody in is kept as its SHA-256 only: keys, session tokens, invitations. Each carries 256 random bits, so
//     a slow hash adds nothing. They are compared in constant time and exist in clear once, in the answer that makes them.
//   - Who cannot be checked is not let in: an error of the records is an error, never an actor.
//   - What is not in the table of operations is forbidden; no role may do everything.
//   - A referral is resolved by a member of staff: not by a machine, not by this software itself.
//   - A customer's link opens one registration, for an hour, and nothing else. It is kept nowhere: whoever holds the service key
//     can tell a true one.
//   - Nobody changes their own roles.
//   - A client, a member of staff or an outlet that is revoked, disabled or suspended is so from the next request on: nothing
//     is cached.
//   - Every change and every sign-in is written together with its audit leaf, or not at all.
//   - Ceremonies and limits in memory are bounded in number and time; what comes from outside is bounded in size.
//
// Standards: W3C Web Authentication Level 3 (discoverable credentials, user verification required), OpenID Connect Core 1.0
// (authorization code, nonce), RFC 7636 (PKCE, S256), RFC 9207 (iss in the answer), RFC 6750 (bearer keys), RFC 6265bis
// (__Host- cookies, SameSite).
package access
