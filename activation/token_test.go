package activation_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"truename"
	"truename/activation"
)

const audience = "activation.carrier.example"

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func claims() activation.Claims {
	return activation.Claims{
		Issuer: "https://registry.example.com", Audience: audience, IssuedAt: now, NotBefore: now, Expires: now.Add(10 * time.Minute),
		ID: "01938f6e-0000-7000-8000-000000000001", Registration: "01938f6e-0000-7000-8000-000000000002", Kind: truename.SIMReplacement,
		MSISDN: "8613800138000", ICCID: "89860000000000000001", Decision: "01938f6e-0000-7000-8000-000000000001",
		Policy: truename.PackRef{Name: "cn", Version: "2026.11", Digest: "ab"}, Leaf: 0,
		Obligations: []truename.Obligation{{Code: "no_sms", Hours: 24}},
	}
}

func newRing(t testing.TB) activation.Keyring {
	t.Helper()
	r, err := activation.NewKeyring(now.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func jwks(t testing.TB, r activation.Keyring, at time.Time) []byte {
	t.Helper()
	set, err := r.JWKS(at)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func sign(t testing.TB, r activation.Keyring, c activation.Claims, at time.Time) string {
	t.Helper()
	token, err := activation.Sign(r, c, at)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestToken(t *testing.T) {
	ring := newRing(t)
	token := sign(t, ring, claims(), now)
	got, err := activation.Verify(token, jwks(t, ring, now), audience, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(claims(), got); diff != "" {
		t.Error(diff)
	}
	header, payload, signature := parts(t, token)
	if want := fmt.Sprintf(`{"alg":"EdDSA","kid":"%s","typ":"truename-activation+jwt"}`, ring[0].ID); header != want {
		t.Errorf("header %s, want %s", header, want)
	}
	const want = `{"iss":"https://registry.example.com","sub":"01938f6e-0000-7000-8000-000000000002","aud":"activation.carrier.example",` +
		`"exp":1795511400,"nbf":1795510800,"iat":1795510800,"jti":"01938f6e-0000-7000-8000-000000000001","kind":"sim_replacement",` +
		`"msisdn":"8613800138000","iccid":"89860000000000000001","decision":"01938f6e-0000-7000-8000-000000000001",` +
		`"policy":{"name":"cn","version":"2026.11","digest":"ab"},"leaf":0,"obligations":[{"code":"no_sms","hours":24}]}`
	if diff := cmp.Diff(want, payload); diff != "" {
		t.Error(diff)
	}
	// The signature is plain Ed25519 over the first two parts.
	private := ed25519.NewKeyFromSeed(ring[0].Seed)
	if !ed25519.Verify(private.Public().(ed25519.PublicKey), []byte(token[:strings.LastIndex(token, ".")]), []byte(signature)) {
		t.Error("the signature is not Ed25519 over header and payload")
	}
}

func parts(t testing.TB, token string) (header, payload, signature string) {
	t.Helper()
	p := strings.Split(token, ".")
	if len(p) != 3 {
		t.Fatalf("%d parts", len(p))
	}
	for i := range p {
		raw, err := base64.RawURLEncoding.DecodeString(p[i])
		if err != nil {
			t.Fatal(err)
		}
		p[i] = string(raw)
	}
	return p[0], p[1], p[2]
}

// forge signs any header and payload with a key, apart from the package under test.
func forge(key activation.Key, header, payload string) string {
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(ed25519.NewKeyFromSeed(key.Seed), []byte(input)))
}

func TestTokenRefused(t *testing.T) {
	ring := newRing(t)
	key := ring[0]
	stranger := newRing(t)[0]
	good := sign(t, ring, claims(), now)
	header, payload, signature := parts(t, good)
	set := jwks(t, ring, now)
	encode := base64.RawURLEncoding.EncodeToString
	public := ed25519.NewKeyFromSeed(key.Seed).Public().(ed25519.PublicKey)
	withHeader := func(h string) string { return forge(key, h, payload) }
	withPayload := func(old, with string) string {
		t.Helper()
		p := strings.Replace(payload, old, with, 1)
		if p == payload {
			t.Fatalf("%s: nothing changed", old)
		}
		return forge(key, header, p)
	}
	if _, err := activation.Verify(forge(key, header, payload), set, audience, now); err != nil {
		t.Fatalf("the forger's own tool: %v", err)
	}

	hs256 := func(secret []byte) string {
		input := encode([]byte(fmt.Sprintf(`{"alg":"HS256","kid":"%s","typ":"truename-activation+jwt"}`, key.ID))) + "." + encode([]byte(payload))
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return input + "." + encode(mac.Sum(nil))
	}
	for name, token := range map[string]string{
		"empty":                     "",
		"two dots":                  "..",
		"alg none":                  encode([]byte(strings.Replace(header, "EdDSA", "none", 1))) + "." + encode([]byte(payload)) + ".",
		"alg none, signed":          withHeader(strings.Replace(header, "EdDSA", "none", 1)),
		"HS256 with the public key": hs256(public),
		"HS256 with its JWK":        hs256(set),
		"HS256 named, EdDSA signed": withHeader(strings.Replace(header, "EdDSA", "HS256", 1)),
		"ES256 named":               withHeader(strings.Replace(header, "EdDSA", "ES256", 1)),
		"no alg":                    withHeader(strings.Replace(header, `"alg":"EdDSA",`, "", 1)),
		"alg twice":                 withHeader(strings.Replace(header, `"alg":"EdDSA"`, `"alg":"EdDSA","alg":"none"`, 1)),
		"no typ":                    withHeader(strings.Replace(header, `,"typ":"truename-activation+jwt"`, "", 1)),
		"another typ":               withHeader(strings.Replace(header, "truename-activation+jwt", "JWT", 1)),
		"typ is no string":          withHeader(strings.Replace(header, `"truename-activation+jwt"`, `["truename-activation+jwt"]`, 1)),
		"no kid":                    withHeader(strings.Replace(header, fmt.Sprintf(`"kid":"%s",`, key.ID), "", 1)),
		"wrong kid":                 withHeader(strings.Replace(header, key.ID, stranger.ID, 1)),
		"kid of another's making":   withHeader(strings.Replace(header, key.ID, "../../dev/null", 1)),
		"its own key":               forge(stranger, strings.Replace(header, `"kid"`, fmt.Sprintf(`"jwk":{"kty":"OKP","crv":"Ed25519","x":"%s"},"kid"`, encode(ed25519.NewKeyFromSeed(stranger.Seed).Public().(ed25519.PublicKey))), 1), payload),
		"its own key, ours signed":  withHeader(strings.Replace(header, `"kid"`, fmt.Sprintf(`"jwk":{"kty":"OKP","crv":"Ed25519","x":"%s"},"kid"`, encode(public)), 1)),
		"jku":                       withHeader(strings.Replace(header, `"kid"`, `"jku":"https://evil.example/jwks","kid"`, 1)),
		"crit":                      withHeader(strings.Replace(header, `"kid"`, `"crit":["exp"],"exp":1,"kid"`, 1)),
		"unencoded payload":         withHeader(strings.Replace(header, `"kid"`, `"crit":["b64"],"b64":false,"kid"`, 1)),
		"nonce":                     withHeader(strings.Replace(header, `"kid"`, `"nonce":"x","kid"`, 1)),
		"signed by a stranger":      forge(stranger, header, payload),
		"no signature":              good[:strings.LastIndex(good, ".")+1],
		"signature cut":             good[:len(good)-4],
		"payload tampered":          encode([]byte(header)) + "." + encode([]byte(strings.Replace(payload, "8613800138000", "8613800138001", 1))) + "." + encode([]byte(signature)),
		"header tampered":           encode([]byte(header+" ")) + "." + encode([]byte(payload)) + "." + encode([]byte(signature)),
		"JSON serialization":        fmt.Sprintf(`{"payload":"%s","protected":"%s","signature":"%s"}`, encode([]byte(payload)), encode([]byte(header)), encode([]byte(signature))),
		"white space around":        " " + good + "\n",
		"too long":                  withPayload(`"cn"`, `"`+strings.Repeat("c", activation.MaxToken)+`"`),

		"not an object":             forge(key, header, `["iss"]`),
		"null":                      forge(key, header, `null`),
		"claim twice":               withPayload(`"leaf":0`, `"leaf":0,"leaf":1`),
		"claim twice, deeper":       withPayload(`"name":"cn"`, `"name":"cn","name":"strict"`),
		"claim in another case":     withPayload(`"msisdn"`, `"MSISDN"`),
		"more behind the payload":   forge(key, header, payload+payload),
		"another audience":          withPayload(audience, "other.example"),
		"audience is a list":        withPayload(`"`+audience+`"`, `["`+audience+`"]`),
		"expired":                   withPayload(`"exp":1795511400,"nbf":1795510800,"iat":1795510800`, `"exp":1795507800,"nbf":1795507200,"iat":1795507200`),
		"not valid yet":             withPayload(`"nbf":1795510800`, `"nbf":1795511000`),
		"issued in the future":      withPayload(`"iat":1795510800`, `"iat":1795511000`),
		"lives too long":            withPayload(`"exp":1795511400`, `"exp":1795597201`),
		"ends before it begins":     withPayload(`"nbf":1795510800`, `"nbf":1795511400`),
		"exp at the end of time":    withPayload(`"exp":1795511400`, `"exp":9223372036854775807`),
		"iat at the end of time":    withPayload(`"iat":1795510800`, `"iat":9223372036854775807`),
		"negative iat":              withPayload(`"iat":1795510800`, `"iat":-9223372036854775808`),
		"exp is no number":          withPayload(`"exp":1795511400`, `"exp":"1795511400"`),
		"exp is a fraction":         withPayload(`"exp":1795511400`, `"exp":1795511400.5`),
		"no exp":                    withPayload(`"exp":1795511400,`, ``),
		"no nbf":                    withPayload(`"nbf":1795510800,`, ``),
		"no iat":                    withPayload(`"iat":1795510800,`, ``),
		"no iss":                    withPayload(`"iss":"https://registry.example.com",`, ``),
		"no sub":                    withPayload(`"sub":"01938f6e-0000-7000-8000-000000000002",`, ``),
		"no aud":                    withPayload(`"aud":"activation.carrier.example",`, ``),
		"no jti":                    withPayload(`"jti":"01938f6e-0000-7000-8000-000000000001",`, ``),
		"no kind":                   withPayload(`"kind":"sim_replacement",`, ``),
		"unknown kind":              withPayload(`"sim_replacement"`, `"watch_list"`),
		"no msisdn":                 withPayload(`"msisdn":"8613800138000",`, ``),
		"msisdn with a plus sign":   withPayload(`"8613800138000"`, `"+8613800138000"`),
		"iccid too short":           withPayload(`"89860000000000000001"`, `"8986"`),
		"no decision":               withPayload(`"decision":"01938f6e-0000-7000-8000-000000000001",`, ``),
		"decision is not the jti":   withPayload(`"decision":"01938f6e-0000-7000-8000-000000000001"`, `"decision":"another"`),
		"no policy":                 withPayload(`"policy":{"name":"cn","version":"2026.11","digest":"ab"},`, ``),
		"policy without digest":     withPayload(`,"digest":"ab"`, ``),
		"no leaf":                   withPayload(`,"leaf":0`, ``),
		"null leaf":                 withPayload(`"leaf":0`, `"leaf":null`),
		"negative leaf":             withPayload(`"leaf":0`, `"leaf":-1`),
		"obligations are no list":   withPayload(`[{"code":"no_sms","hours":24}]`, `{"code":"no_sms"}`),
		"obligation without a code": withPayload(`"code":"no_sms",`, ``),
	} {
		c, err := activation.Verify(token, set, audience, now)
		e := truename.AsError(err)
		if err == nil || e.Code != truename.CodeTokenInvalid || e.Kind != truename.KindInvalid || !strings.HasPrefix(e.Remedy, "Do not activate.") {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(activation.Claims{}, c); diff != "" {
			t.Errorf("%s: claims are given all the same: %s", name, diff)
		}
		if strings.Contains(fmt.Sprint(err), "8613800138") {
			t.Errorf("%s: the number is in the error: %v", name, err)
		}
	}
}

// TestTokenOfALaterVersion: claims that this version does not know are no reason to refuse.
func TestTokenOfALaterVersion(t *testing.T) {
	ring := newRing(t)
	header, payload, _ := parts(t, sign(t, ring, claims(), now))
	later := forge(ring[0], header, strings.Replace(payload, "{", `{"eid":"x",`, 1))
	if _, err := activation.Verify(later, jwks(t, ring, now), audience, now); err != nil {
		t.Error(err)
	}
}

func TestTokenWithoutSIM(t *testing.T) {
	ring := newRing(t)
	c := claims()
	c.ICCID, c.Obligations = "", nil
	got, err := activation.Verify(sign(t, ring, c, now), jwks(t, ring, now), audience, now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got); diff != "" {
		t.Error(diff)
	}
}

func TestTokenTimes(t *testing.T) {
	ring := newRing(t)
	c := claims()
	token, set := sign(t, ring, c, now), jwks(t, ring, now)
	for _, at := range []struct {
		now time.Time
		ok  bool
	}{
		{c.NotBefore.Add(-activation.Leeway - time.Second), false},
		{c.NotBefore.Add(-activation.Leeway), true},
		{c.NotBefore, true},
		{c.Expires, true},
		{c.Expires.Add(activation.Leeway - time.Second), true},
		{c.Expires.Add(activation.Leeway), false},
		{c.Expires.AddDate(100, 0, 0), false},
	} {
		if _, err := activation.Verify(token, set, audience, at.now); (err == nil) != at.ok {
			t.Errorf("at %s: %v", at.now, err)
		}
	}
	for _, aud := range []string{"", "activation.carrier.example.evil", strings.ToUpper(audience)} {
		if _, err := activation.Verify(token, set, aud, now); err == nil {
			t.Errorf("audience %q accepted", aud)
		}
	}
}

func TestSignRefused(t *testing.T) {
	ring := newRing(t)
	for name, change := range map[string]func(*activation.Claims){
		"no issuer":        func(c *activation.Claims) { c.Issuer = "" },
		"no audience":      func(c *activation.Claims) { c.Audience = "" },
		"number with plus": func(c *activation.Claims) { c.MSISDN = "+8613800138000" },
		"no times":         func(c *activation.Claims) { c.IssuedAt, c.NotBefore, c.Expires = time.Time{}, time.Time{}, time.Time{} },
		"too long a life":  func(c *activation.Claims) { c.Expires = c.IssuedAt.Add(activation.MaxLifetime + time.Second) },
		"over already": func(c *activation.Claims) {
			c.IssuedAt, c.NotBefore, c.Expires = now.Add(-3*time.Minute), now.Add(-3*time.Minute), now
		},
		"backwards":          func(c *activation.Claims) { c.NotBefore = c.Expires },
		"another decision":   func(c *activation.Claims) { c.ID = "another" },
		"negative leaf":      func(c *activation.Claims) { c.Leaf = -1 },
		"unknown kind":       func(c *activation.Claims) { c.Kind = "watch_list" },
		"longer than 8 kB":   func(c *activation.Claims) { c.Policy.Name = strings.Repeat("c", activation.MaxToken) },
		"nameless duty":      func(c *activation.Claims) { c.Obligations = []truename.Obligation{{Hours: 24}} },
		"duty without sense": func(c *activation.Claims) { c.Obligations = []truename.Obligation{{Code: "no_sms", Hours: -1}} },
	} {
		c := claims()
		change(&c)
		if token, err := activation.Sign(ring, c, now); truename.AsError(err).Code != truename.CodeInvalidRequest || token != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := activation.Sign(nil, claims(), now); truename.AsError(err).Code != truename.CodeVault {
		t.Errorf("an empty ring: %v", err)
	}
}

func TestKeySetRefused(t *testing.T) {
	ring := newRing(t)
	token := sign(t, ring, claims(), now)
	good := string(jwks(t, ring, now))
	secret, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: ed25519.NewKeyFromSeed(ring[0].Seed), KeyID: ring[0].ID, Algorithm: "EdDSA", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	one := good[strings.Index(good, "[")+1 : strings.LastIndex(good, "]")]
	for name, set := range map[string]string{
		"empty":                 "",
		"not JSON":              "<html>",
		"no keys":               `{"keys":[]}`,
		"null":                  `null`,
		"a key twice":           `{"keys":[` + one + `,` + one + `]}`,
		"keys twice":            `{"keys":[],"keys":[` + one + `]}`,
		"for encryption":        strings.Replace(good, `"use":"sig"`, `"use":"enc"`, 1),
		"for another algorithm": strings.Replace(good, `"EdDSA"`, `"ES256"`, 1),
		"private":               string(secret),
		"kid is no thumbprint":  strings.Replace(good, ring[0].ID, "1", 1),
		"another key":           string(jwks(t, newRing(t), now)),
		"a secret":              fmt.Sprintf(`{"keys":[{"kty":"oct","k":"AAAA","kid":"%s"}]}`, ring[0].ID),
		"too long":              good + strings.Repeat(" ", 64<<10),
	} {
		_, err := activation.Verify(token, []byte(set), audience, now)
		if e := truename.AsError(err); err == nil || e.Code != truename.CodeTokenInvalid || !strings.HasPrefix(e.Remedy, "Do not activate.") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Keys of other kinds beside ours do no harm.
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := json.Marshal(jose.JSONWebKey{Key: &private.PublicKey, KeyID: "rsa"})
	if err != nil {
		t.Fatal(err)
	}
	mixed := fmt.Sprintf(`{"keys":[%s,{"kty":"later","kid":"x"},%s]}`, other, one)
	if _, err := activation.Verify(token, []byte(mixed), audience, now); err != nil {
		t.Errorf("mixed: %v", err)
	}
}

// TestEveryBitCounts: no token with a bit changed verifies, unless it is the same token written otherwise.
func TestEveryBitCounts(t *testing.T) {
	ring := newRing(t)
	good, set := sign(t, ring, claims(), now), jwks(t, ring, now)
	rapid.Check(t, func(t *rapid.T) {
		token := []byte(good)
		at := rapid.IntRange(0, len(token)-1).Draw(t, "at")
		token[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if c, err := activation.Verify(string(token), set, audience, now); err == nil && cmp.Diff(claims(), c) != "" {
			t.Fatalf("byte %d: %#v", at, c)
		}
	})
}

func TestClaimsShowNoNumber(t *testing.T) {
	c := claims()
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprintf("%+v", struct{ C activation.Claims }{c}), c.LogValue().String()} {
		if strings.Contains(text, c.MSISDN) || strings.Contains(text, c.ICCID) || !strings.Contains(text, c.Decision) {
			t.Errorf("printed as %s", text)
		}
	}
}

func FuzzVerify(f *testing.F) {
	ring := newRing(f)
	good, set := sign(f, ring, claims(), now), jwks(f, ring, now)
	f.Add(good, set)
	f.Add("eyJhbGciOiJub25lIn0.e30.", set)
	f.Add(good, []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":""}]}`))
	f.Fuzz(func(t *testing.T, token string, set []byte) {
		c, err := activation.Verify(token, set, audience, now)
		if err != nil {
			if e := truename.AsError(err); e.Code != truename.CodeTokenInvalid || e.Remedy == "" {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if cmp.Diff(claims(), c) != "" && strings.Contains(string(set), ring[0].ID) {
			t.Errorf("accepted %#v, which was never signed", c)
		}
	})
}

// FuzzClaims signs what the fuzzer makes up: the payload's reader must stand any bytes.
func FuzzClaims(f *testing.F) {
	ring := newRing(f)
	p := strings.Split(sign(f, ring, claims(), now), ".")
	header, err := base64.RawURLEncoding.DecodeString(p[0])
	if err != nil {
		f.Fatal(err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(p[1])
	if err != nil {
		f.Fatal(err)
	}
	set := jwks(f, ring, now)
	f.Add(string(header), string(payload))
	f.Fuzz(func(t *testing.T, header, payload string) {
		c, err := activation.Verify(forge(ring[0], header, payload), set, audience, now)
		if err != nil {
			return
		}
		if c.Audience != audience || c.Decision == "" || c.ID != c.Decision || c.Leaf < 0 || !c.Expires.After(now.Add(-activation.Leeway)) ||
			c.NotBefore.After(now.Add(activation.Leeway)) || c.Expires.Sub(c.IssuedAt) > activation.MaxLifetime {
			t.Errorf("accepted %q", payload)
		}
	})
}
