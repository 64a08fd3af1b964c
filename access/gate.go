package access

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"time"

	"truename"
)

// Options are settings of a [Gate].
type Options struct {
	// Leaf makes the audit leaf of a change. Required. The payload is a [Change].
	Leaf func(kind string, payload any) (truename.Leaf, error)
	// Now is the clock; nil: the machine's.
	Now func() time.Time
	// Idle is how long a session lasts without a request; 0: 30 minutes.
	Idle time.Duration
	// Absolute is how long a session lasts at most; 0: 12 hours.
	Absolute time.Duration
	// Invitation is how long an invitation to register a passkey lasts; 0: 72 hours.
	Invitation time.Duration
}

// Gate decides who comes in. It is safe for concurrent use.
type Gate struct {
	records Records
	o       Options
}

// New makes a gate.
func New(r Records, o Options) (*Gate, error) {
	if r == nil || o.Leaf == nil {
		return nil, errors.New("access: a gate needs records and a maker of audit leaves")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Idle = orDefault(o.Idle, 30*time.Minute)
	o.Absolute = orDefault(o.Absolute, 12*time.Hour)
	o.Invitation = orDefault(o.Invitation, 72*time.Hour)
	return &Gate{r, o}, nil
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}

// now is the time as databases keep it.
func (g *Gate) now() time.Time { return g.o.Now().UTC().Truncate(time.Microsecond) }

// Credentials are what a request brings to say who asks.
type Credentials struct {
	// Authorization is the header: "Bearer " and an API key or, from a terminal, a session token.
	Authorization string
	// Session is the session cookie's value. It counts only when there is no Authorization.
	Session string
	// Certificate is the client's certificate of the TLS connection, DER; nil when there was none. It must have been
	// received by this process's own TLS, never taken from a header.
	Certificate []byte
}

// CredentialsOf reads the credentials of a request.
func CredentialsOf(r *http.Request) *Credentials {
	c := &Credentials{Authorization: r.Header.Get("Authorization"), Certificate: peer(r.TLS)}
	if cookie, err := r.Cookie(SessionCookieName); err == nil {
		c.Session = cookie.Value
	}
	return c
}

func peer(state *tls.ConnectionState) []byte {
	if state == nil || len(state.PeerCertificates) == 0 {
		return nil
	}
	return state.PeerCertificates[0].Raw
}

const remedyCredential = `Send the header "Authorization: Bearer" with an API key, or sign in.`

// Authenticate says who asks. Errors are of KindUnauthenticated when the credentials do not hold, KindForbidden when they
// do but the person was disabled, and those of the records. It says more than "not valid" only to who knows the secret.
func (g *Gate) Authenticate(ctx context.Context, c *Credentials) (truename.Actor, error) {
	switch {
	case c == nil || c.Authorization == "" && c.Session == "":
		return truename.Actor{}, unauthenticated("The request does not say who asks.", remedyCredential)
	case c.Authorization == "":
		return g.bySession(ctx, c.Session)
	}
	token, ok := bearer(c.Authorization)
	switch {
	case !ok:
		return truename.Actor{}, unauthenticated("The Authorization header is not of the form that is accepted.", remedyCredential)
	case strings.HasPrefix(token, sessionPrefix):
		return g.bySession(ctx, token)
	}
	return g.byKey(ctx, token, c.Certificate)
}

// bearer reads the header; the scheme is case-insensitive (RFC 9110).
func bearer(header string) (token string, ok bool) {
	scheme, token, ok := strings.Cut(header, " ")
	return token, ok && strings.EqualFold(scheme, "Bearer")
}

func (g *Gate) byKey(ctx context.Context, key string, certificate []byte) (truename.Actor, error) {
	wrong := func() (truename.Actor, error) {
		return truename.Actor{}, unauthenticated("The API key is not valid.", "Check that the whole key was sent, or ask an administrator for a new one.")
	}
	id, hash, ok := parseKey(key)
	if !ok {
		return wrong()
	}
	client, err := g.records.Client(ctx, id)
	if err != nil && !isNotFound(err) {
		return truename.Actor{}, err
	}
	// A client that does not exist has no hash, and nothing equals that.
	if subtle.ConstantTimeCompare(hash, client.KeyHash) != 1 || client.ID != id {
		return wrong()
	}
	now := g.now()
	switch {
	case client.RevokedAt != nil:
		return truename.Actor{}, unauthenticated("The API key was revoked.", "Ask an administrator for a new one.")
	case client.ExpiresAt != nil && !now.Before(*client.ExpiresAt):
		return truename.Actor{}, unauthenticated("The API key has expired.", "Ask an administrator for a new one.")
	case len(client.CertificateHash) > 0 && subtle.ConstantTimeCompare(hashOf(string(certificate)), client.CertificateHash) != 1:
		return truename.Actor{}, unauthenticated("The API key counts only together with its client certificate.",
			"Connect directly, with the certificate that was registered with the key.")
	}
	return truename.Actor{ID: client.ID, Kind: truename.ActorClient, Roles: client.Roles, Outlet: client.Outlet, Channel: client.Channel}, nil
}

func (g *Gate) bySession(ctx context.Context, token string) (truename.Actor, error) {
	over := func() (truename.Actor, error) {
		return truename.Actor{}, unauthenticated("The session is over.", "Sign in again.")
	}
	hash, ok := tokenHash(sessionPrefix, token)
	if !ok {
		return over()
	}
	session, err := g.records.Session(ctx, hash)
	if isNotFound(err) {
		return over()
	}
	if err != nil {
		return truename.Actor{}, err
	}
	now := g.now()
	end := session.CreatedAt.Add(g.o.Absolute)
	// A clock that was set back must not prolong what was over.
	if subtle.ConstantTimeCompare(hash, session.Hash) != 1 || !now.Before(session.ExpiresAt) || !now.Before(end) || now.Before(session.CreatedAt.Add(-time.Minute)) {
		return over()
	}
	staff, err := g.records.Staff(ctx, session.Staff)
	if isNotFound(err) {
		return over()
	}
	if err != nil {
		return truename.Actor{}, err
	}
	if err := enabled(staff); err != nil {
		return truename.Actor{}, err
	}
	// One write for many requests. If it fails, the session ends earlier, which is no reason to refuse this request.
	if until := earlier(now.Add(g.o.Idle), end); until.Sub(session.ExpiresAt) > g.o.Idle/10 {
		_ = g.records.ExtendSession(ctx, hash, until)
	}
	return actorOf(staff), nil
}

func actorOf(m Staff) truename.Actor {
	return truename.Actor{ID: m.ID, Kind: truename.ActorStaff, Roles: m.Roles, Outlet: m.Outlet, Channel: m.Channel, Subject: m.Subject}
}

func enabled(m Staff) error {
	if m.DisabledAt != nil {
		return forbidden("The account of this member of staff is disabled.", "Ask an administrator.")
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
