package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/access"
)

func bearer(key truename.Private) *access.Credentials {
	return &access.Credentials{Authorization: "Bearer " + key.Reveal()}
}

func agentSpec() access.ClientSpec {
	return access.ClientSpec{Name: "till 3", Roles: []truename.Role{truename.RoleAgent}, Outlet: "shop-1"}
}

func TestKeyLetsItsClientIn(t *testing.T) {
	h := newHouse(t)
	c, key, err := h.AddClient(t.Context(), admin, agentSpec())
	if err != nil {
		t.Fatal(err)
	}
	want := truename.Actor{ID: c.ID, Kind: truename.ActorClient, Roles: []truename.Role{truename.RoleAgent}, Outlet: "shop-1", Channel: truename.OwnOutlet}
	for _, header := range []string{"Bearer ", "bearer ", "BEARER "} {
		got, err := h.Authenticate(t.Context(), &access.Credentials{Authorization: header + key.Reveal(), Session: "ignored"})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("actor (-want +got):\n%s", d)
		}
	}
	if stored := fmt.Sprintf("%#v", h.records.clients); strings.Contains(stored, key.Reveal()[len(key)-43:]) {
		t.Error("the records hold the key's secret")
	}
	if fmt.Sprint(key) != "[redacted]" {
		t.Error("the key prints")
	}
}

func TestWrongKeysAreAllTheSame(t *testing.T) {
	h := newHouse(t)
	c, key, err := h.AddClient(t.Context(), admin, agentSpec())
	if err != nil {
		t.Fatal(err)
	}
	other, otherKey, err := h.AddClient(t.Context(), admin, agentSpec())
	if err != nil {
		t.Fatal(err)
	}
	// A record without a hash must not be opened by anything.
	blank := access.Client{ID: "01981111-1111-7111-8111-111111111111", Roles: truename.Roles}
	h.records.clients[blank.ID] = blank
	secret := key.Reveal()[len(key)-43:]
	texts := map[string]bool{}
	for _, k := range []string{
		"tn_" + c.ID + "_" + otherKey.Reveal()[len(otherKey)-43:],
		"tn_" + other.ID + "_" + secret,
		"tn_" + blank.ID + "_" + secret,
		"tn_01982222-2222-7222-8222-222222222222_" + secret,
		"tn_" + strings.ToUpper(c.ID) + "_" + secret,
		key.Reveal() + "x", key.Reveal()[:len(key)-1], "tn_", "tn__", "x", strings.Repeat("a", 1<<16),
		"tn_" + c.ID + "_" + strings.Repeat("\x00", 43),
	} {
		_, err := h.Authenticate(t.Context(), &access.Credentials{Authorization: "Bearer " + k})
		wantKind(t, err, truename.KindUnauthenticated)
		texts[err.Error()] = true
	}
	if len(texts) != 1 {
		t.Errorf("answers differ, so that one can find out which clients exist: %v", texts)
	}
	for _, c := range []*access.Credentials{nil, {}, {Authorization: "Basic dTpw"}, {Authorization: "Bearer"}, {Session: "nonsense"}, {Session: key.Reveal()}} {
		_, err := h.Authenticate(t.Context(), c)
		wantKind(t, err, truename.KindUnauthenticated)
	}
}

func TestRevokedAndExpiredKeys(t *testing.T) {
	h := newHouse(t)
	spec := agentSpec()
	until := h.clock.now().Add(time.Hour)
	spec.ExpiresAt = &until
	c, key, err := h.AddClient(t.Context(), admin, spec)
	if err != nil {
		t.Fatal(err)
	}
	h.clock.forward(time.Hour - time.Second)
	if _, err := h.Authenticate(t.Context(), bearer(key)); err != nil {
		t.Fatal(err)
	}
	h.clock.forward(time.Second)
	_, err = h.Authenticate(t.Context(), bearer(key))
	wantKind(t, err, truename.KindUnauthenticated)

	c, key, err = h.AddClient(t.Context(), admin, agentSpec())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.RevokeClient(t.Context(), truename.Actor{ID: c.ID, Kind: truename.ActorClient, Roles: c.Roles}, c.ID); err == nil {
		t.Fatal("an agent revokes a key")
	}
	if _, err := h.RevokeClient(t.Context(), admin, c.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.Authenticate(t.Context(), bearer(key))
	wantKind(t, err, truename.KindUnauthenticated)
	first := *h.records.clients[c.ID].RevokedAt
	h.clock.forward(time.Hour)
	if _, err := h.RevokeClient(t.Context(), admin, c.ID); err != nil {
		t.Fatal(err)
	}
	if !h.records.clients[c.ID].RevokedAt.Equal(first) {
		t.Error("revoking again moves the time of the first")
	}
}

func TestBrokenRecordsLetNobodyIn(t *testing.T) {
	h := newHouse(t)
	_, key, err := h.AddClient(t.Context(), admin, agentSpec())
	if err != nil {
		t.Fatal(err)
	}
	h.records.fail = errDatabase
	for _, c := range []*access.Credentials{bearer(key), {Session: "tns_" + strings.Repeat("a", 43)}} {
		a, err := h.Authenticate(t.Context(), c)
		if !errors.Is(err, errDatabase) || a.ID != "" {
			t.Errorf("actor %v, error %v", a, err)
		}
	}
}

func TestKeyWithCertificate(t *testing.T) {
	h := newHouse(t)
	mine, another := certificate(t), certificate(t)
	spec := agentSpec()
	spec.Certificate = mine.Certificate[0]
	_, key, err := h.AddClient(t.Context(), admin, spec)
	if err != nil {
		t.Fatal(err)
	}
	// A real TLS server that asks for a certificate, and real clients.
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := h.Authenticate(r.Context(), access.CredentialsOf(r)); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	defer server.Close()
	for _, c := range []struct {
		name string
		with []tls.Certificate
		want int
	}{{"its own", []tls.Certificate{mine}, 200}, {"another", []tls.Certificate{another}, 401}, {"none", nil, 401}} {
		roots := x509.NewCertPool()
		roots.AddCert(server.Certificate())
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: c.with}}}
		r, _ := http.NewRequest("GET", server.URL, nil)
		r.Header.Set("Authorization", "Bearer "+key.Reveal())
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("with %s certificate: status %d, want %d", c.name, answer.StatusCode, c.want)
		}
		client.CloseIdleConnections()
	}
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestClientsAreChecked(t *testing.T) {
	h := newHouse(t)
	past := h.clock.now()
	for name, change := range map[string]func(*access.ClientSpec){
		"no name":             func(s *access.ClientSpec) { s.Name = "" },
		"a long name":         func(s *access.ClientSpec) { s.Name = strings.Repeat("x", 101) },
		"control characters":  func(s *access.ClientSpec) { s.Name = "a\x1b[31m" },
		"bytes":               func(s *access.ClientSpec) { s.Name = "\xff" },
		"no role":             func(s *access.ClientSpec) { s.Roles = nil },
		"no such role":        func(s *access.ClientSpec) { s.Roles = []truename.Role{"root"} },
		"a reviewing machine": func(s *access.ClientSpec) { s.Roles = []truename.Role{truename.RoleAgent, truename.RoleReviewer} },
		"no such outlet":      func(s *access.ClientSpec) { s.Outlet = "shop-2" },
		"another channel":     func(s *access.ClientSpec) { s.Channel = truename.Dealer },
		"no such channel":     func(s *access.ClientSpec) { s.Outlet, s.Channel = "", "phone" },
		"expired":             func(s *access.ClientSpec) { s.ExpiresAt = &past },
		"no certificate":      func(s *access.ClientSpec) { s.Certificate = []byte("PEM?") },
	} {
		t.Run(name, func(t *testing.T) {
			spec := agentSpec()
			change(&spec)
			_, key, err := h.AddClient(t.Context(), admin, spec)
			wantKind(t, err, truename.KindInvalid)
			if key != "" || len(h.records.clients) != 0 {
				t.Error("a client was made")
			}
		})
	}
	_, _, err := h.AddClient(t.Context(), truename.Actor{ID: "x", Kind: truename.ActorStaff, Roles: []truename.Role{truename.RoleAuditor}}, agentSpec())
	wantKind(t, err, truename.KindForbidden)
}

func TestChangesLeaveLeaves(t *testing.T) {
	h := newHouse(t)
	c, _, err := h.AddClient(t.Context(), system, agentSpec())
	if err != nil {
		t.Fatal(err)
	}
	steps := []func() error{
		func() error { _, err := h.RevokeClient(t.Context(), admin, c.ID); return err },
		func() error { _, err := h.SuspendOutlet(t.Context(), admin, "shop-1"); return err },
		func() error { _, err := h.RestoreOutlet(t.Context(), admin, "shop-1"); return err },
	}
	m := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	steps = append(steps,
		func() error {
			_, err := h.ChangeStaff(t.Context(), admin, m.ID, access.StaffSpec{Name: "Lin", Roles: []truename.Role{truename.RoleAuditor}})
			return err
		},
		func() error { _, _, err := h.Invite(t.Context(), admin, m.ID); return err },
		func() error { _, err := h.DisableStaff(t.Context(), admin, m.ID); return err },
		func() error { _, err := h.EnableStaff(t.Context(), admin, m.ID); return err },
	)
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"outlet.added", "outlet.added", "client.added", "staff.added", "client.revoked", "outlet.suspended", "outlet.restored",
		"staff.changed", "staff.invited", "staff.disabled", "staff.enabled"}
	if d := cmp.Diff(want, h.records.kinds(t)); d != "" {
		t.Errorf("leaves (-want +got):\n%s", d)
	}
	if _, err := access.New(h.records, access.Options{}); err == nil {
		t.Error("a gate without audit")
	}
}

func TestNoLeafNoChange(t *testing.T) {
	h := newHouse(t)
	broken := errors.New("no randomness")
	gate, err := access.New(h.records, access.Options{Leaf: func(string, any) (truename.Leaf, error) { return truename.Leaf{}, broken }})
	if err != nil {
		t.Fatal(err)
	}
	before, _ := json.Marshal(h.records.outlets)
	_, key, err := gate.AddClient(t.Context(), admin, agentSpec())
	if !errors.Is(err, broken) || key != "" || len(h.records.clients) != 0 {
		t.Errorf("error %v, %d clients", err, len(h.records.clients))
	}
	if _, err := gate.SuspendOutlet(t.Context(), admin, "shop-1"); !errors.Is(err, broken) {
		t.Error(err)
	}
	if after, _ := json.Marshal(h.records.outlets); string(after) != string(before) {
		t.Error("an outlet was changed without a leaf")
	}
}

func TestStaffAreChecked(t *testing.T) {
	h := newHouse(t)
	good := access.StaffSpec{Name: "Lin", Roles: []truename.Role{truename.RoleAgent}, Outlet: "dealer-7", Issuer: "https://login.example", Login: "7"}
	for name, change := range map[string]func(*access.StaffSpec){
		"an agent of no outlet": func(s *access.StaffSpec) { s.Outlet = "" },
		"an agent of a channel": func(s *access.StaffSpec) { s.Outlet, s.Channel = "", truename.Dealer },
		"no issuer":             func(s *access.StaffSpec) { s.Issuer = "" },
		"no login":              func(s *access.StaffSpec) { s.Login = "" },
		"a plain issuer":        func(s *access.StaffSpec) { s.Issuer = "http://login.example" },
		"a broken issuer":       func(s *access.StaffSpec) { s.Issuer = "https://%" },
		"no subject":            func(s *access.StaffSpec) { s.Subject = "330102199001011234" },
	} {
		t.Run(name, func(t *testing.T) {
			spec := good
			change(&spec)
			_, err := h.AddStaff(t.Context(), admin, spec)
			wantKind(t, err, truename.KindInvalid)
		})
	}
	m, err := h.AddStaff(t.Context(), admin, good)
	if err != nil {
		t.Fatal(err)
	}
	if m.Channel != truename.Dealer {
		t.Errorf("channel %q: it is not the outlet's", m.Channel)
	}
	me := admin
	me.ID = m.ID
	_, err = h.ChangeStaff(t.Context(), me, m.ID, access.StaffSpec{Name: "Lin", Roles: truename.Roles})
	wantKind(t, err, truename.KindForbidden)
	if !slices.Equal(h.records.staff[m.ID].Roles, good.Roles) {
		t.Error("somebody changed their own roles")
	}
}

func FuzzAuthenticate(f *testing.F) {
	f.Add("Bearer tn_01982222-2222-7222-8222-222222222222_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "")
	f.Add("Bearer tns_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "")
	f.Add("", "tns_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")
	f.Add("Basic x", "y")
	records := newMemory()
	records.clients["01982222-2222-7222-8222-222222222222"] = access.Client{ID: "01982222-2222-7222-8222-222222222222", KeyHash: make([]byte, 32)}
	gate, err := access.New(records, access.Options{Leaf: func(string, any) (truename.Leaf, error) { return truename.Leaf{}, nil }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, authorization, session string) {
		a, err := gate.Authenticate(t.Context(), &access.Credentials{Authorization: authorization, Session: session})
		if err == nil || a.ID != "" {
			t.Fatalf("let in as %v", a)
		}
		wantKind(t, err, truename.KindUnauthenticated)
	})
}
