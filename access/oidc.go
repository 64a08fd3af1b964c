package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"truename"
)

// OIDCOptions are settings of [OIDCSignIn].
type OIDCOptions struct {
	Issuer   string           // "https://login.example.com", as in the "iss" claim
	ClientID string           // of this software at the provider
	Secret   truename.Private // of this software at the provider; empty for a public client
	Redirect string           // address of the page that ends the sign-in, as registered at the provider
	// Client is used for requests to the provider; nil: one with a time limit of ten seconds that follows no redirects.
	Client *http.Client
}

// OIDCSignIn lets members of staff in by an identity provider (OpenID Connect, authorization code with PKCE). Who they are here
// is decided by the claims "iss" and "sub" alone, never by an e-mail address. It is safe for concurrent use.
type OIDCSignIn struct {
	gate    *Gate
	o       OIDCOptions
	signIns *ceremonies[redirected]

	mu       sync.Mutex
	provider *oidc.Provider // nil until the provider has answered once
}

// redirected is a sign-in under way.
type redirected struct{ state, nonce, verifier string }

// NewOIDCSignIn makes sign-in by an identity provider. The provider is asked for its configuration when it is first
// needed, so that this software starts without it.
func NewOIDCSignIn(g *Gate, o OIDCOptions) (*OIDCSignIn, error) {
	for _, address := range []string{o.Issuer, o.Redirect} {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
			return nil, errors.New("access: OIDC: issuer and redirect must be https addresses")
		}
	}
	if o.ClientID == "" {
		return nil, errors.New("access: OIDC: no client id")
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &OIDCSignIn{gate: g, o: o, signIns: newCeremonies[redirected](g.now)}, nil
}

func isLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Begin gives the address at the provider to send the browser to, and the token of the ceremony, for [CeremonyCookie].
func (s *OIDCSignIn) Begin(ctx context.Context) (ceremony truename.Private, address string, err error) {
	p, err := s.connect(ctx)
	if err != nil {
		return "", "", err
	}
	r := redirected{state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier()}
	address = s.config(p).AuthCodeURL(r.state, oidc.Nonce(r.nonce), oauth2.S256ChallengeOption(r.verifier))
	return s.signIns.begin(r), address, nil
}

// Finish takes the parameters with which the provider sent the browser back ("code", "state", "iss", "error") and begins a
// session. The token is given here and never again: see [Gate.SessionCookie].
func (s *OIDCSignIn) Finish(ctx context.Context, ceremony truename.Private, answer url.Values) (truename.Private, Session, error) {
	r, err := s.signIns.end(ceremony)
	if err != nil {
		return "", Session{}, err
	}
	if err := s.checkAnswer(r, answer); err != nil {
		return "", Session{}, err
	}
	p, err := s.connect(ctx)
	if err != nil {
		return "", Session{}, err
	}
	claims, err := s.redeem(ctx, p, r, answer.Get("code"))
	if err != nil {
		return "", Session{}, err
	}
	staff, err := s.gate.records.StaffByLogin(ctx, claims.Issuer, claims.Subject)
	if isNotFound(err) {
		return "", Session{}, forbidden("The identity provider knows this person; this software does not.", "Ask an administrator to add them with this identity.")
	}
	if err != nil {
		return "", Session{}, err
	}
	if staff.Issuer != claims.Issuer || staff.Login != claims.Subject || claims.Subject == "" {
		return "", Session{}, notSignedIn("The identity is another.", nil)
	}
	return s.gate.startSession(ctx, staff, "oidc")
}

func (s *OIDCSignIn) checkAnswer(r redirected, answer url.Values) error {
	switch {
	case subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(r.state)) != 1:
		return notSignedIn("The answer belongs to another sign-in.", nil)
	case answer.Has("iss") && answer.Get("iss") != s.o.Issuer:
		return notSignedIn("The answer comes from another identity provider.", nil)
	case answer.Has("error"):
		// What it says may be about the person: it is shown and logged nowhere.
		return notSignedIn("The identity provider has refused.", nil)
	case answer.Get("code") == "" || len(answer.Get("code")) > 4096:
		return notSignedIn("The identity provider's answer is incomplete.", nil)
	}
	return nil
}

// redeem changes the code for an identity token and checks that.
func (s *OIDCSignIn) redeem(ctx context.Context, p *oidc.Provider, r redirected, code string) (*oidc.IDToken, error) {
	ctx = oidc.ClientContext(ctx, s.o.Client)
	answer, err := s.config(p).Exchange(ctx, code, oauth2.VerifierOption(r.verifier))
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		// Of what the provider says, only the status is kept: the rest may be about the person.
		err = errors.New(refusal.Response.Status)
		if refusal.Response.StatusCode < 500 {
			return nil, notSignedIn("The identity provider has refused the code.", err)
		}
	}
	if err != nil {
		return nil, away(err)
	}
	raw, ok := answer.Extra("id_token").(string)
	if !ok {
		return nil, notSignedIn("The identity provider's answer holds no identity.", nil)
	}
	token, err := p.VerifierContext(ctx, &oidc.Config{ClientID: s.o.ClientID, Now: s.gate.o.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, notSignedIn("The identity provider's answer does not verify.", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(r.nonce)) != 1 {
		return nil, notSignedIn("The identity belongs to another sign-in.", nil)
	}
	return token, nil
}

func (s *OIDCSignIn) config(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: s.o.ClientID, ClientSecret: s.o.Secret.Reveal(), Endpoint: p.Endpoint(),
		RedirectURL: s.o.Redirect, Scopes: []string{oidc.ScopeOpenID}}
}

// connect asks the provider for its configuration, once it has answered never again. While one caller asks, others wait.
func (s *OIDCSignIn) connect(ctx context.Context) (*oidc.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider == nil {
		// The provider outlives the request, and so must its context: keys are fetched under it later.
		p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), s.o.Client), s.o.Issuer)
		if err != nil {
			return nil, away(err)
		}
		s.provider = p
	}
	return s.provider, nil
}

func away(cause error) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: CodeIdentityProvider, Detail: "The identity provider does not answer as it should.",
		Remedy: "Try again, or sign in with a passkey.", Cause: cause}
}

// CodeIdentityProvider: the identity provider is away or misconfigured.
const CodeIdentityProvider truename.Code = "identity_provider"

func notSignedIn(detail string, cause error) error {
	return because(unauthenticated(detail, "Begin again."), cause)
}
