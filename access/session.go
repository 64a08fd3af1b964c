package access

import (
	"context"
	"net/http"
	"time"

	"truename"
)

// Names of cookies. The prefix __Host- makes browsers refuse them without Secure, with a domain or another path.
const (
	SessionCookieName  = "__Host-truename-session"
	CeremonyCookieName = "__Host-truename-ceremony"
)

// startSession lets a member of staff in. The token is given here and never again.
func (g *Gate) startSession(ctx context.Context, m Staff, method string) (truename.Private, Session, error) {
	if err := enabled(m); err != nil {
		return "", Session{}, err
	}
	return g.openSession(ctx, actorOf(m), m, method)
}

// IssueSession lets a member of staff in at a terminal, at the word of whoever runs this software on its server: only the
// system may. The audit log names it as "shell". The token is given here and never again.
func (g *Gate) IssueSession(ctx context.Context, by truename.Actor, staff string) (truename.Private, Session, error) {
	m, err := g.present(ctx, by, staff)
	if err != nil {
		return "", Session{}, err
	}
	return g.openSession(ctx, by, m, "shell")
}

// Person gives the actor that a member of staff is in a session, for the system to look ahead at what they may do. It
// leaves no trace: to act as somebody takes a session.
func (g *Gate) Person(ctx context.Context, by truename.Actor, staff string) (truename.Actor, error) {
	m, err := g.present(ctx, by, staff)
	if err != nil {
		return truename.Actor{}, err
	}
	return actorOf(m), nil
}

// present reads, for the system, a member of staff who is let in.
func (g *Gate) present(ctx context.Context, by truename.Actor, staff string) (Staff, error) {
	if by.Kind != truename.ActorSystem || by.ID == "" {
		return Staff{}, forbidden("Only the system itself lets somebody in without a credential.", "Sign in as yourself.")
	}
	m, err := g.records.Staff(ctx, staff)
	if err != nil {
		return Staff{}, err
	}
	return m, enabled(m)
}

// openSession writes the session of a member of staff who may have one, and who let them in.
func (g *Gate) openSession(ctx context.Context, by truename.Actor, m Staff, method string) (truename.Private, Session, error) {
	token, hash := newToken(sessionPrefix)
	now := g.now()
	s := Session{Hash: hash, Staff: m.ID, CreatedAt: now, ExpiresAt: earlier(now.Add(g.o.Idle), now.Add(g.o.Absolute))}
	leaf, err := g.leaf(LeafStaffSignedIn, by, Change{ID: m.ID, Method: method})
	if err != nil {
		return "", Session{}, err
	}
	if err := g.records.SaveSession(ctx, s, leaf); err != nil {
		return "", Session{}, err
	}
	return token, s, nil
}

// SignOut ends a session. One that is over already is no failure.
func (g *Gate) SignOut(ctx context.Context, token truename.Private) error {
	hash, ok := tokenHash(sessionPrefix, token.Reveal())
	if !ok {
		return nil
	}
	return g.records.DeleteSession(ctx, hash)
}

// SignOutEverywhere ends all sessions of the actor.
func (g *Gate) SignOutEverywhere(ctx context.Context, by truename.Actor) error {
	if by.Kind != truename.ActorStaff {
		return forbidden("Only a member of staff has sessions.", "Sign in as a person.")
	}
	return g.records.DeleteSessions(ctx, by.ID)
}

// SessionCookie carries a session's token: out of reach of scripts, over TLS only, never sent from other sites' pages. It
// outlives no session, because the server ends those. An empty token removes the cookie.
//
// A page that an identity provider's redirect leads to is not sent this cookie, since the way there began on another site:
// the answer to the redirect has to be a page that goes on by itself, not another redirect.
func (g *Gate) SessionCookie(token truename.Private) *http.Cookie {
	return cookie(SessionCookieName, token, http.SameSiteStrictMode, g.o.Absolute)
}

// CeremonyCookie ties a sign-in that is under way to the browser it began in. It is Lax, because an identity provider's
// redirect has to bring it back. An empty token removes the cookie.
func CeremonyCookie(token truename.Private) *http.Cookie {
	return cookie(CeremonyCookieName, token, http.SameSiteLaxMode, ceremonyTime)
}

func cookie(name string, value truename.Private, site http.SameSite, age time.Duration) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value.Reveal(), Path: "/", Secure: true, HttpOnly: true, SameSite: site, MaxAge: int(age / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}
