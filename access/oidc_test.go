package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"truename"
	"truename/access"
)

const redirect = "https://desk.example.com/v1/sign-in/oidc"

// provider is an identity provider over TLS: discovery, keys, tokens for a code, PKCE checked. The person at the browser has
// always just signed in there as subject.
type provider struct {
	*httptest.Server
	key     *ecdsa.PrivateKey
	clock   *clock
	subject string

	mu    sync.Mutex
	codes map[string]url.Values // what the authorization request said, by code

	// What tests make it do wrong.
	claims func(map[string]any)
	sign   *ecdsa.PrivateKey // nil: key
	down   bool
}

func newProvider(t *testing.T, c *clock) *provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key, clock: c, subject: "employee-7", codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.configuration)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func (p *provider) configuration(w http.ResponseWriter, _ *http.Request) {
	reply(w, 200, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"}})
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	reply(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
}

// authorize is what the browser does at the provider: it gives the parameters of the way back.
func (p *provider) authorize(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("response_type") != "code" || q.Get("scope") != "openid" || q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != redirect || len(q.Get("state")) < 22 || len(q.Get("nonce")) < 22 {
		t.Fatalf("authorization request %v", q)
	}
	code := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[code] = q
	return url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	asked, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || id != "truename" || secret != "s3cret" || r.FormValue("redirect_uri") != redirect ||
		base64.RawURLEncoding.EncodeToString(challenge[:]) != asked.Get("code_challenge") {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "employee-7 may not"})
		return
	}
	now := p.clock.now()
	claims := map[string]any{"iss": p.URL, "sub": p.subject, "aud": "truename", "nonce": asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	if p.claims != nil {
		p.claims(claims)
	}
	reply(w, 200, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.signed(claims)})
}

func (p *provider) signed(claims map[string]any) string {
	key := p.key
	if p.sign != nil {
		key = p.sign
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		panic(err)
	}
	doc, _ := json.Marshal(claims)
	signed, err := signer.Sign(doc)
	if err != nil {
		panic(err)
	}
	text, _ := signed.CompactSerialize()
	return text
}

func newOIDC(t *testing.T, h *house, p *provider) *access.OIDCSignIn {
	t.Helper()
	s, err := access.NewOIDCSignIn(h.Gate, access.OIDCOptions{Issuer: p.URL, ClientID: "truename", Secret: "s3cret", Redirect: redirect, Client: p.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOIDCLetsStaffIn(t *testing.T) {
	h := newHouse(t)
	p := newProvider(t, h.clock)
	lin := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}, Issuer: p.URL, Login: "employee-7"})
	h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleAdministrator}, Issuer: "https://login.example", Login: "employee-7"})
	s := newOIDC(t, h, p)
	for range 2 {
		ceremony, address, err := s.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := s.Finish(t.Context(), ceremony, p.authorize(t, address))
		if err != nil {
			t.Fatal(err, cause(err))
		}
		a, err := h.bySession(t, token)
		if err != nil || a.ID != lin.ID {
			t.Errorf("actor %v, %v", a, err)
		}
	}
}

func TestOIDCKeepsOthersOut(t *testing.T) {
	h := newHouse(t)
	p := newProvider(t, h.clock)
	lin := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}, Issuer: p.URL, Login: "employee-7"})
	s := newOIDC(t, h, p)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, v any) func(url.Values) {
		return func(url.Values) { p.claims = func(c map[string]any) { c[name] = v } }
	}
	for name, c := range map[string]struct {
		change func(answer url.Values)
		kind   truename.Kind
	}{
		"another state":           {func(v url.Values) { v.Set("state", rand.Text()) }, truename.KindUnauthenticated},
		"no state":                {func(v url.Values) { v.Del("state") }, truename.KindUnauthenticated},
		"another issuer answers":  {func(v url.Values) { v.Set("iss", "https://evil.example") }, truename.KindUnauthenticated},
		"another code":            {func(v url.Values) { v.Set("code", rand.Text()) }, truename.KindUnauthenticated},
		"no code":                 {func(v url.Values) { v.Del("code") }, truename.KindUnauthenticated},
		"refused":                 {func(v url.Values) { v.Set("error", "access_denied") }, truename.KindUnauthenticated},
		"another nonce":           {claim("nonce", rand.Text()), truename.KindUnauthenticated},
		"no nonce":                {claim("nonce", nil), truename.KindUnauthenticated},
		"for another program":     {claim("aud", "mail"), truename.KindUnauthenticated},
		"of another issuer":       {claim("iss", "https://evil.example"), truename.KindUnauthenticated},
		"expired":                 {claim("exp", h.clock.now().Add(-time.Minute).Unix()), truename.KindUnauthenticated},
		"another person":          {claim("sub", "employee-8"), truename.KindForbidden},
		"nobody":                  {claim("sub", ""), truename.KindForbidden},
		"signed by somebody else": {func(url.Values) { p.sign = stranger }, truename.KindUnauthenticated},
		"provider down":           {func(url.Values) { p.down = true }, truename.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			p.claims, p.sign, p.down = nil, nil, false
			ceremony, address, err := s.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			answer := p.authorize(t, address)
			c.change(answer)
			token, _, err := s.Finish(t.Context(), ceremony, answer)
			wantKind(t, err, c.kind)
			if token != "" || len(h.records.sessions) != 0 {
				t.Fatal("a session began")
			}
		})
	}
	p.claims, p.sign, p.down = nil, nil, false
	if _, err := h.DisableStaff(t.Context(), admin, lin.ID); err != nil {
		t.Fatal(err)
	}
	ceremony, address, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.Finish(t.Context(), ceremony, p.authorize(t, address))
	wantKind(t, err, truename.KindForbidden)
}

// A code that was stolen from one browser is of no use in another: the verifier is another.
func TestOIDCCodeBelongsToItsCeremony(t *testing.T) {
	h := newHouse(t)
	p := newProvider(t, h.clock)
	h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}, Issuer: p.URL, Login: "employee-7"})
	s := newOIDC(t, h, p)
	_, victim, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ceremony, address, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer := p.authorize(t, address)
	answer.Set("code", p.authorize(t, victim).Get("code"))
	_, _, err = s.Finish(t.Context(), ceremony, answer)
	wantKind(t, err, truename.KindUnauthenticated)
	_, _, err = s.Finish(t.Context(), ceremony, answer)
	wantKind(t, err, truename.KindUnauthenticated)
}

func TestOIDCStartsWithoutItsProvider(t *testing.T) {
	h := newHouse(t)
	p := newProvider(t, h.clock)
	p.down = true
	s := newOIDC(t, h, p)
	_, _, err := s.Begin(t.Context())
	wantKind(t, err, truename.KindUnavailable)
	p.down = false
	if _, _, err := s.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, o := range []access.OIDCOptions{
		{Issuer: "http://login.example", ClientID: "x", Redirect: redirect}, {Issuer: "https://login.example", Redirect: redirect},
		{Issuer: "https://login.example", ClientID: "x", Redirect: "/sign-in"}, {},
	} {
		if _, err := access.NewOIDCSignIn(h.Gate, o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
