package notify_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"truename"
	"truename/notify"
)

// Vectors of the standard's own libraries (standard-webhooks 1.0.0).
const (
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTime      = 1614265330
	vectorBody      = `{"test": 2432232314}`
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	vectorPrivate   = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="
	vectorEd25519   = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
)

func TestOfficialVectors(t *testing.T) {
	at := time.Unix(vectorTime, 0)
	for secret, want := range map[truename.Private]string{vectorSecret: vectorSignature, vectorPrivate: vectorEd25519} {
		got, err := notify.Sign(vectorID, at, []byte(vectorBody), secret)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("signature %s, want %s", got, want)
		}
	}
	public, err := notify.PublicKey(vectorPrivate)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{vectorSecret, vectorPrivate, public} {
		h := header(vectorID, at, vectorSignature+" "+vectorEd25519)
		if err := notify.Verify(h, []byte(vectorBody), at, key); err != nil {
			t.Error(err)
		}
	}
}

func header(id string, at time.Time, signature string) http.Header {
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signature)
	return h
}

// The cases of the standard's libraries, and some more.
func TestVerify(t *testing.T) {
	now := time.Unix(vectorTime, 0)
	old, next := newSecret(t, notify.HMAC), newSecret(t, notify.Ed25519)
	public, err := notify.PublicKey(next)
	if err != nil {
		t.Fatal(err)
	}
	const wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
	for _, c := range []struct {
		name   string
		change func(h http.Header)
		at     time.Duration // of the message, after now
		body   string
		keys   []string
		want   bool
	}{
		{name: "good", want: true},
		{name: "no id", change: func(h http.Header) { h.Del("webhook-id") }},
		{name: "no timestamp", change: func(h http.Header) { h.Del("webhook-timestamp") }},
		{name: "no signature", change: func(h http.Header) { h.Del("webhook-signature") }},
		{name: "wrong signature", change: func(h http.Header) { h.Set("webhook-signature", wrong) }},
		{name: "empty signature", change: func(h http.Header) { h.Set("webhook-signature", "v1,") }},
		{name: "no base64", change: func(h http.Header) { h.Set("webhook-signature", "v1,%%%") }},
		{name: "no scheme", change: func(h http.Header) { h.Set("webhook-signature", h.Get("webhook-signature")[3:]) }},
		{name: "another scheme", change: func(h http.Header) { h.Set("webhook-signature", "v2"+h.Get("webhook-signature")[2:]) }},
		{name: "scheme of the other key", change: func(h http.Header) {
			h.Set("webhook-signature", "v1a"+strings.Fields(h.Get("webhook-signature"))[0][2:])
		}, keys: []string{public}},
		{name: "another id", change: func(h http.Header) { h.Set("webhook-id", "msg_1") }},
		{name: "an id with a full stop", change: func(h http.Header) { h.Set("webhook-id", vectorID+".1") }},
		{name: "another time", change: func(h http.Header) { h.Set("webhook-timestamp", strconv.Itoa(vectorTime+1)) }},
		{name: "a time with a sign", change: func(h http.Header) { h.Set("webhook-timestamp", "+"+strconv.Itoa(vectorTime)) }},
		{name: "no number", change: func(h http.Header) { h.Set("webhook-timestamp", "now") }},
		{name: "the largest number", change: func(h http.Header) { h.Set("webhook-timestamp", "9223372036854775807") }},
		{name: "another body", body: vectorBody + " "},
		{name: "five minutes old", at: -5 * time.Minute, want: true},
		{name: "older", at: -5*time.Minute - time.Second},
		{name: "five minutes ahead", at: 5 * time.Minute, want: true},
		{name: "further ahead", at: 5*time.Minute + time.Second},
		{name: "good among wrong ones", change: func(h http.Header) {
			h.Set("webhook-signature", wrong+" v2,"+wrong[3:]+" "+h.Get("webhook-signature")+" "+wrong)
		}, want: true},
		{name: "good after sixteen", change: func(h http.Header) {
			h.Set("webhook-signature", strings.Repeat(wrong+" ", 16)+h.Get("webhook-signature"))
		}},
		{name: "old key only", keys: []string{old.Reveal()}, want: true},
		{name: "new key only", keys: []string{public}, want: true},
		{name: "private key", keys: []string{next.Reveal()}, want: true},
		{name: "a stranger's key", keys: []string{newSecret(t, notify.HMAC).Reveal()}},
		{name: "a stranger's key and a good one", keys: []string{newSecret(t, notify.HMAC).Reveal(), public}, want: true},
		{name: "no key", keys: []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := now.Add(c.at)
			signature, err := notify.Sign(vectorID, at, []byte(vectorBody), old, next)
			if err != nil {
				t.Fatal(err)
			}
			h := header(vectorID, at, signature)
			if c.change != nil {
				c.change(h)
			}
			if c.body == "" {
				c.body = vectorBody
			}
			if c.keys == nil {
				c.keys = []string{old.Reveal()}
			}
			err = notify.Verify(h, []byte(c.body), now, c.keys...)
			if (err == nil) != c.want {
				t.Fatalf("error %v, want good %v", err, c.want)
			}
			if err != nil && truename.AsError(err).Kind != truename.KindUnauthenticated {
				t.Errorf("kind %s", truename.AsError(err).Kind)
			}
		})
	}
}

func newSecret(t testing.TB, s notify.Scheme) truename.Private {
	t.Helper()
	secret, err := notify.NewSecret(s)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestSecrets(t *testing.T) {
	if a, b := newSecret(t, notify.HMAC), newSecret(t, notify.HMAC); a == b || !strings.HasPrefix(a.Reveal(), "whsec_") || len(a) != 6+44 {
		t.Errorf("%q", a.Reveal())
	}
	if _, err := notify.NewSecret("v2"); err == nil {
		t.Error("a secret of an unknown scheme")
	}
	text := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	whole := base64.StdEncoding.EncodeToString(ed25519.NewKeyFromSeed(make([]byte, 32)))
	for secret, want := range map[string]bool{
		"whsec_" + text(24): true, "whsec_" + text(64): true, "whsec_" + text(23): false, "whsec_" + text(65): false,
		"whsk_" + text(32): true, "whsk_" + whole: true, "whsk_" + text(31): false,
		"whsk_" + text(64): false, // a public half of another seed
		"whpk_" + text(32): false, // cannot sign
		text(32):           false, "": false, "whsec_": false, "whsec_" + text(24) + "\n": false, "whsec_%": false,
	} {
		_, err := notify.Sign("m", time.Unix(0, 0), nil, truename.Private(secret))
		if (err == nil) != want {
			t.Errorf("%q: %v", secret, err)
		}
		if err != nil && len(secret) > 8 && strings.Contains(err.Error(), secret[6:]) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
	if _, err := notify.PublicKey(newSecret(t, notify.HMAC)); err == nil {
		t.Error("a shared secret with a public key")
	}
	if _, err := notify.Sign("m", time.Now(), nil); err == nil {
		t.Error("signed with nothing")
	}
	for _, id := range []string{"", "a.b", "a b", "a\n", "é", strings.Repeat("a", 256)} {
		if _, err := notify.Sign(id, time.Now(), nil, newSecret(t, notify.HMAC)); err == nil {
			t.Errorf("id %q", id)
		}
	}
}

func FuzzVerify(f *testing.F) {
	public, err := notify.PublicKey(vectorPrivate)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(vectorID, strconv.Itoa(vectorTime), vectorSignature, []byte(vectorBody), vectorSecret)
	f.Add(vectorID, strconv.Itoa(vectorTime), vectorEd25519+" v1,", []byte(vectorBody), public)
	f.Add("a.b", "-1", "v1,v1,v1 v1a", []byte{}, "whpk_")
	now := time.Unix(vectorTime, 0)
	f.Fuzz(func(t *testing.T, id, at, signature string, body []byte, key string) {
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {at}, "Webhook-Signature": {signature}}
		err := notify.Verify(h, body, now, vectorSecret, public)
		if err == nil && (id != vectorID || at != strconv.Itoa(vectorTime) || string(body) != vectorBody) {
			t.Fatal("a message that was never signed verifies")
		}
		var e *truename.Error
		if err := notify.Verify(h, body, now, key); err != nil && !errors.As(err, &e) {
			t.Fatalf("error %v", err)
		}
	})
}
