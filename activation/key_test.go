package activation_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"truename"
	"truename/activation"
)

// TestKeyOfTheStandard: the key of RFC 8037, appendix A, has the thumbprint and the JWK printed there.
func TestKeyOfTheStandard(t *testing.T) {
	seed, err := hex.DecodeString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
	if err != nil {
		t.Fatal(err)
	}
	const id = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
	var ring activation.Keyring
	stored, err := json.Marshal([]activation.Key{{ID: id, Seed: seed, NotBefore: now}})
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.UnmarshalBinary(stored); err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(jwks(t, ring, now), &set); err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": id, "alg": "EdDSA", "use": "sig"}}
	if diff := cmp.Diff(want, set.Keys); diff != "" {
		t.Error(diff)
	}
}

func TestKeySetHoldsNoSecret(t *testing.T) {
	ring := newRing(t)
	set := string(jwks(t, ring, now))
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if strings.Contains(set, e.EncodeToString(ring[0].Seed)) {
			t.Error("the seed is in the public set")
		}
	}
	for _, text := range []string{fmt.Sprint(ring), fmt.Sprintf("%+v", ring), fmt.Sprintf("%#v", ring), ring[0].LogValue().String()} {
		if strings.Contains(text, fmt.Sprint(ring[0].Seed)[1:40]) || strings.Contains(text, "Seed") || !strings.Contains(text, ring[0].ID) {
			t.Errorf("printed as %s", text)
		}
	}
}

// TestRotation follows a token and its key through a rotation: the new key signs at once, both verify during the
// overlap, then the old one is gone.
func TestRotation(t *testing.T) {
	const overlap = activation.MaxLifetime
	before := newRing(t)
	old := sign(t, before, claims(), now)
	after, err := before.Rotate(now, overlap)
	if err != nil {
		t.Fatal(err)
	}
	if before[0].RetiredAt != nil || len(before) != 1 {
		t.Error("the ring was changed")
	}
	fresh := sign(t, after, claims(), now)
	header, _, _ := parts(t, fresh)
	if !strings.Contains(header, after[0].ID) || strings.Contains(header, before[0].ID) {
		t.Errorf("signed with %s", header)
	}
	during := jwks(t, after, now.Add(5*time.Minute))
	for name, token := range map[string]string{"old": old, "new": fresh} {
		if _, err := activation.Verify(token, during, audience, now.Add(5*time.Minute)); err != nil {
			t.Errorf("%s token during the overlap: %v", name, err)
		}
	}
	// A verifier that has not fetched the new set yet refuses new tokens and says to fetch it.
	_, err = activation.Verify(fresh, jwks(t, before, now), audience, now)
	if e := truename.AsError(err); e.Code != truename.CodeTokenInvalid || !strings.Contains(e.Remedy, "key set") {
		t.Errorf("new token, old set: %v", err)
	}
	// After the overlap a token that the retired key signs, well within its time, is worth nothing.
	later := now.Add(overlap)
	c := claims()
	c.IssuedAt, c.NotBefore, c.Expires = later, later, later.Add(time.Minute)
	if _, err := activation.Verify(sign(t, before, c, later), jwks(t, after, later), audience, later); truename.AsError(err).Code != truename.CodeTokenInvalid {
		t.Errorf("retired key: %v", err)
	}
	if _, err := activation.Verify(sign(t, after, c, later), jwks(t, after, later), audience, later); err != nil {
		t.Errorf("the new key after the overlap: %v", err)
	}
	// The next rotation forgets it.
	next, err := after.Rotate(later, overlap)
	if err != nil {
		t.Fatal(err)
	}
	if len(next) != 2 || next[1].ID != after[0].ID {
		t.Errorf("ring after two rotations: %v", next)
	}
}

func TestRotationRefused(t *testing.T) {
	if _, err := newRing(t).Rotate(now, activation.MaxLifetime-time.Second); truename.AsError(err).Code != truename.CodeInvalidRequest {
		t.Errorf("an overlap shorter than a token's life: %v", err)
	}
}

// TestRotations: however often and whenever keys rotate, exactly one signs, and every token verifies for all its life.
func TestRotations(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		at := now
		ring, err := activation.NewKeyring(at)
		if err != nil {
			rt.Fatal(err)
		}
		type issued struct {
			token   string
			expires time.Time
		}
		var tokens []issued
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 20).Draw(rt, "hours")) * time.Hour)
			if rapid.Bool().Draw(rt, "rotate") {
				overlap := activation.MaxLifetime + time.Duration(rapid.IntRange(0, 48).Draw(rt, "more"))*time.Hour
				if ring, err = ring.Rotate(at, overlap); err != nil {
					rt.Fatal(err)
				}
			}
			c := claims()
			c.IssuedAt, c.NotBefore = at, at
			c.Expires = at.Add(time.Duration(rapid.IntRange(1, 24).Draw(rt, "life")) * time.Hour)
			token, err := activation.Sign(ring, c, at)
			if err != nil {
				rt.Fatal(err)
			}
			tokens = append(tokens, issued{token, c.Expires})
			data, err := ring.MarshalBinary()
			if err != nil {
				rt.Fatal(err)
			}
			var stored activation.Keyring
			if err := stored.UnmarshalBinary(data); err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff([]activation.Key(ring), []activation.Key(stored)); diff != "" {
				rt.Fatal(diff)
			}
			set, err := stored.JWKS(at)
			if err != nil {
				rt.Fatal(err)
			}
			for _, i := range tokens {
				_, err := activation.Verify(i.token, set, audience, at)
				if alive := at.Before(i.expires); alive && err != nil {
					rt.Fatalf("a token is refused %s before its end: %v", i.expires.Sub(at), err)
				}
			}
		}
	})
}

func TestCurrent(t *testing.T) {
	a, b, c := newRing(t)[0], newRing(t)[0], newRing(t)[0]
	end := now.Add(time.Hour)
	a.NotBefore, b.NotBefore, c.NotBefore = now.Add(-2*time.Hour), now.Add(-time.Hour), now.Add(time.Hour)
	if k, err := (activation.Keyring{a, b, c}).Current(now); err != nil || k.ID != b.ID {
		t.Errorf("%v, %v: want the newest that has begun", k, err)
	}
	if k, err := (activation.Keyring{a, b, c}).Current(now.Add(time.Hour)); err != nil || k.ID != c.ID {
		t.Errorf("%v, %v: want the one prepared for now", k, err)
	}
	b.RetiredAt = &end
	if k, err := (activation.Keyring{b, a}).Current(now); err != nil || k.ID != a.ID {
		t.Errorf("%v, %v: want the one without an end", k, err)
	}
	for name, ring := range map[string]activation.Keyring{"empty": nil, "future": {c}, "retiring": {b}} {
		if k, err := ring.Current(now); truename.AsError(err).Code != truename.CodeVault {
			t.Errorf("%s: %v, %v", name, k, err)
		}
	}
}

func TestStoredRingRefused(t *testing.T) {
	ring := newRing(t)
	data, err := ring.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	other := newRing(t)
	seed := base64.StdEncoding.EncodeToString(ring[0].Seed)
	for name, bad := range map[string]string{
		"empty":         "",
		"cut":           good[:len(good)-3],
		"another seed":  strings.Replace(good, seed, base64.StdEncoding.EncodeToString(other[0].Seed), 1),
		"short seed":    strings.Replace(good, seed, base64.StdEncoding.EncodeToString(ring[0].Seed[:31]), 1),
		"no beginning":  strings.Replace(good, "not_before", "before", 1),
		"seed no bytes": strings.Replace(good, seed, "secret!", 1),
	} {
		kept := other
		err := kept.UnmarshalBinary([]byte(bad))
		if e := truename.AsError(err); err == nil || e.Code != truename.CodeVault || e.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(fmt.Sprint(err), seed[:20]) || strings.Contains(fmt.Sprint(err), "secret!") {
			t.Errorf("%s: a secret is in the error: %v", name, err)
		}
		if diff := cmp.Diff([]activation.Key(other), []activation.Key(kept)); diff != "" {
			t.Errorf("%s: the ring was changed all the same", name)
		}
	}
	if len(ring[0].Seed) != ed25519.SeedSize {
		t.Errorf("a seed of %d bytes", len(ring[0].Seed))
	}
}
