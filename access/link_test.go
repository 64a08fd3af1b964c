package access_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/access"
)

const aRegistration = "01982222-2222-7222-8222-222222222222"

// newLinks gives links under a random key, and the clock that they are read by.
func newLinks(t testing.TB) (access.Links, *time.Time) {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	return access.Links{
		Seal: func(b []byte) ([]byte, error) { return gcm.Seal(nil, nil, b, nil), nil },
		Open: func(b []byte) ([]byte, error) { return gcm.Open(nil, nil, b, nil) },
		Now:  func() time.Time { return now },
	}, &now
}

func TestLinkOpensItsRegistration(t *testing.T) {
	links, now := newLinks(t)
	token, made, err := links.Make(aRegistration, truename.Applicant)
	if err != nil {
		t.Fatal(err)
	}
	want := access.Link{Registration: aRegistration, Party: truename.Applicant, ExpiresAt: now.Add(access.LinkLifetime)}
	got, err := links.Read("Bearer " + token.Reveal())
	if d := cmp.Diff(want, got); err != nil || d != "" || made != want {
		t.Fatalf("%v, %+v; read (-want +got):\n%s", err, made, d)
	}
	if a := got.Actor(); a.ID != "customer:"+aRegistration || a.Kind != truename.ActorCustomer || len(a.Roles) != 0 {
		t.Errorf("actor %+v", a)
	}
	again, _, err := links.Make(aRegistration, truename.Applicant)
	if err != nil || again == token {
		t.Errorf("two tokens are one, or %v", err)
	}
	if strings.Contains(token.Reveal(), "01982222") {
		t.Error("the token shows the registration")
	}
}

func TestLinksThatDoNotHold(t *testing.T) {
	links, now := newLinks(t)
	others, _ := newLinks(t)
	token, _, err := links.Make(aRegistration, truename.Applicant)
	if err != nil {
		t.Fatal(err)
	}
	foreign, _, err := others.Make(aRegistration, truename.Applicant)
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(plain string) string {
		box, err := links.Seal([]byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer tnl_" + base64.RawURLEncoding.EncodeToString(box)
	}
	good := "Bearer " + token.Reveal()
	changed := []byte(good)
	changed[len(changed)/2] ^= 1
	for name, header := range map[string]string{
		"none": "", "no scheme": token.Reveal(), "another scheme": "Basic " + token.Reveal(), "no token": "Bearer tnl_",
		"changed": string(changed), "cut": good[:len(good)-1], "longer": good + "A", "padded": good + "=", "of another key": "Bearer " + foreign.Reveal(),
		"no base64": "Bearer tnl_!!!!", "too long": "Bearer tnl_" + strings.Repeat("A", 1<<16), "an API key": "Bearer tn_" + token.Reveal()[4:],
		"no JSON": sealed("x"), "no registration": sealed(`{"r":"x","p":"applicant","e":1795521600}`),
		"another party":  sealed(`{"r":"` + aRegistration + `","p":"somebody","e":1795521600}`),
		"no end":         sealed(`{"r":"` + aRegistration + `","p":"applicant"}`),
		"a far-away end": sealed(`{"r":"` + aRegistration + `","p":"applicant","e":9999999999}`),
	} {
		if link, err := links.Read(header); err == nil || link != (access.Link{}) {
			t.Errorf("%s: %+v, %v", name, link, err)
		} else {
			wantKind(t, err, truename.KindUnauthenticated)
		}
	}
	if _, err := links.Read(good); err != nil {
		t.Fatal(err)
	}
	for _, d := range []time.Duration{access.LinkLifetime, 24 * time.Hour, -2 * time.Minute} {
		was := *now
		*now = now.Add(d)
		_, err := links.Read(good)
		var e *truename.Error
		if !errors.As(err, &e) || e.Kind != truename.KindUnauthenticated || !strings.Contains(e.Detail, "expired") {
			t.Errorf("%v later: %v", d, err)
		}
		*now = was
	}
}

func FuzzLink(f *testing.F) {
	links, _ := newLinks(f)
	token, _, err := links.Make(aRegistration, truename.Applicant)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Bearer " + token.Reveal())
	f.Add("Bearer tnl_AAAA")
	f.Fuzz(func(t *testing.T, header string) {
		if link, err := links.Read(header); err == nil && link.Registration != aRegistration {
			t.Errorf("%q opens %+v", header, link)
		}
	})
}
