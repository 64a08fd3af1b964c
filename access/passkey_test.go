package access_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/access"
)

func TestPasskeyLetsItsOwnerIn(t *testing.T) {
	h := newHouse(t)
	lin := h.addStaff(t, access.StaffSpec{Name: "Lin", Roles: []truename.Role{truename.RoleReviewer}})
	wu := h.addStaff(t, access.StaffSpec{Name: "Wu", Roles: []truename.Role{truename.RoleAuditor}})
	d := newDesk(t, h)
	a, b := newAuthenticator(t), newAuthenticator(t)
	d.register(t, lin, a)
	d.register(t, wu, b)
	for who, key := range map[string]*authenticator{lin.ID: a, wu.ID: b} {
		for range 3 {
			actor, err := h.bySession(t, d.signIn(t, key))
			if err != nil {
				t.Fatal(err)
			}
			if actor.ID != who || actor.Kind != truename.ActorStaff {
				t.Errorf("actor %v, want %s", actor, who)
			}
		}
	}
	p, err := h.Passkeys(t.Context(), admin, lin.ID)
	if err != nil || len(p) != 1 || p[0].UsedAt == nil || !bytes.Equal(p[0].ID, a.id) {
		t.Errorf("passkeys %v, %v", p, err)
	}
	want := []string{"outlet.added", "outlet.added", "staff.added", "staff.added", "staff.invited", "passkey.added", "staff.invited", "passkey.added",
		"staff.signed_in", "staff.signed_in", "staff.signed_in", "staff.signed_in", "staff.signed_in", "staff.signed_in"}
	if d := cmp.Diff(want, h.records.kinds(t)); d != "" {
		t.Errorf("leaves (-want +got):\n%s", d)
	}
}

// flip changes one bit in the middle of a field of the answer.
func flip(field string) func(map[string]any) {
	return func(r map[string]any) {
		b, _ := base64.RawURLEncoding.DecodeString(r[field].(string))
		b[len(b)/2] ^= 1
		r[field] = encode(b)
	}
}

func TestWrongAuthenticatorsStayOut(t *testing.T) {
	h := newHouse(t)
	lin := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	wu := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleAdministrator}})
	d := newDesk(t, h)
	for name, change := range map[string]func(a *authenticator){
		"another site":                 func(a *authenticator) { a.origin = "https://desk.example.com.evil.example" },
		"plain http":                   func(a *authenticator) { a.origin = "http://desk.example.com" },
		"another port":                 func(a *authenticator) { a.origin = "https://desk.example.com:8443" },
		"embedded in another site":     func(a *authenticator) { a.crossOrigin = true },
		"another relying party":        func(a *authenticator) { a.domain = "evil.example" },
		"person not verified":          func(a *authenticator) { a.flags &^= userVerified },
		"person not present":           func(a *authenticator) { a.flags &^= userPresent },
		"signature of a registration":  func(a *authenticator) { a.kind = "webauthn.create" },
		"another key":                  func(a *authenticator) { a.key = newAuthenticator(t).key },
		"another credential":           func(a *authenticator) { a.id = newAuthenticator(t).id },
		"somebody else's name":         func(a *authenticator) { a.owner = wu.ID },
		"nobody's name":                func(a *authenticator) { a.owner = "" },
		"counter set back":             func(a *authenticator) { a.counter = 0 },
		"flipped signature":            func(a *authenticator) { a.spoil = flip("signature") },
		"flipped authenticator data":   func(a *authenticator) { a.spoil = flip("authenticatorData") },
		"flipped client data":          func(a *authenticator) { a.spoil = flip("clientDataJSON") },
		"no signature":                 func(a *authenticator) { a.spoil = func(r map[string]any) { r["signature"] = "" } },
		"backup that was not possible": func(a *authenticator) { a.flags &^= backupEligible | backedUp },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthenticator(t)
			d.register(t, lin, a)
			d.signIn(t, a)
			good := *a
			change(a)
			sessions := len(h.records.sessions)
			token, err := d.tryIn(t, a)
			if err == nil || token != "" || len(h.records.sessions) != sessions {
				t.Fatalf("let in (error %v)", err)
			}
			if k := truename.AsError(err).Kind; k != truename.KindUnauthenticated && !(name == "counter set back" && k == truename.KindForbidden) {
				t.Errorf("kind %s", k)
			}
			good.counter = 10
			d.signIn(t, &good)
		})
	}
}

func TestWrongRegistrationsAreRefused(t *testing.T) {
	h := newHouse(t)
	lin := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	d := newDesk(t, h)
	invitation := d.invite(t, lin)
	for name, change := range map[string]func(a *authenticator){
		"another site":          func(a *authenticator) { a.origin = "https://evil.example" },
		"another relying party": func(a *authenticator) { a.domain = "evil.example" },
		"person not verified":   func(a *authenticator) { a.flags &^= userVerified },
		"a sign-in":             func(a *authenticator) { a.kind = "webauthn.get" },
		"broken CBOR":           func(a *authenticator) { a.spoil = flip("attestationObject") },
		"a very long answer": func(a *authenticator) {
			a.spoil = func(r map[string]any) { r["attestationObject"] = strings.Repeat("A", access.MaxCredentialBody) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthenticator(t)
			change(a)
			if _, err := d.tryRegister(t, invitation, a); err == nil || len(h.records.passkeys) != 0 {
				t.Fatal("registered", err)
			}
		})
	}
	// None of the failures has used up the invitation.
	a := newAuthenticator(t)
	if _, err := d.tryRegister(t, invitation, a); err != nil {
		t.Fatal(err, cause(err))
	}
	_, err := d.tryRegister(t, invitation, newAuthenticator(t))
	wantKind(t, err, truename.KindUnauthenticated)
	_, err = d.tryRegister(t, d.invite(t, lin), a)
	wantKind(t, err, truename.KindConflict)
}

func TestInvitationWorksOnce(t *testing.T) {
	h := newHouse(t)
	lin := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	d := newDesk(t, h)
	invitation := d.invite(t, lin)
	const n = 16
	ceremonies, bodies, errs := make([]truename.Private, n), make([][]byte, n), make([]error, n)
	for i := range n {
		ceremony, options, err := d.BeginRegistration(t.Context(), invitation)
		if err != nil {
			t.Fatal(err)
		}
		ceremonies[i], bodies[i] = ceremony, newAuthenticator(t).create(t, options)
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { _, errs[i] = d.FinishRegistration(t.Context(), ceremonies[i], bodies[i]) })
	}
	wg.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
		} else {
			wantKind(t, err, truename.KindUnauthenticated)
		}
	}
	if good != 1 || len(h.records.passkeys) != 1 {
		t.Errorf("%d passkeys, %d answers without error, of one invitation", len(h.records.passkeys), good)
	}
}

func TestInvitationEnds(t *testing.T) {
	h := newHouse(t)
	lin := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	d := newDesk(t, h)
	invitation := d.invite(t, lin)
	h.clock.forward(72*time.Hour - time.Minute)
	ceremony, options, err := d.BeginRegistration(t.Context(), invitation)
	if err != nil {
		t.Fatal(err)
	}
	h.clock.forward(2 * time.Minute)
	_, err = d.FinishRegistration(t.Context(), ceremony, newAuthenticator(t).create(t, options))
	wantKind(t, err, truename.KindUnauthenticated)
	_, _, err = d.BeginRegistration(t.Context(), invitation)
	wantKind(t, err, truename.KindUnauthenticated)
	for _, s := range []truename.Private{"", "tni_", "tni_x", truename.Private("tni_" + strings.Repeat("a", 43))} {
		_, _, err := d.BeginRegistration(t.Context(), s)
		wantKind(t, err, truename.KindUnauthenticated)
	}
	if stored := h.records.invitations; len(stored) != 0 {
		for _, i := range stored {
			if strings.Contains(invitation.Reveal(), string(i.Hash)) {
				t.Error("the records hold the invitation's secret")
			}
		}
	}
}

func TestDisabledStaffRegisterNothing(t *testing.T) {
	h := newHouse(t)
	lin := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	d := newDesk(t, h)
	invitation := d.invite(t, lin)
	ceremony, options, err := d.BeginRegistration(t.Context(), invitation)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.DisableStaff(t.Context(), admin, lin.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err = d.BeginRegistration(t.Context(), invitation)
	wantKind(t, err, truename.KindForbidden)
	_, err = d.FinishRegistration(t.Context(), ceremony, newAuthenticator(t).create(t, options))
	wantKind(t, err, truename.KindForbidden)
	if len(h.records.passkeys) != 0 {
		t.Error("a passkey was registered")
	}
}

func TestSignInCannotBeRepeated(t *testing.T) {
	h := newHouse(t)
	d, a := newDesk(t, h), newAuthenticator(t)
	d.register(t, h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}}), a)
	ceremony, options, err := d.BeginSignIn()
	if err != nil {
		t.Fatal(err)
	}
	body := a.get(t, options)
	if _, _, err := d.FinishSignIn(t.Context(), ceremony, body); err != nil {
		t.Fatal(err)
	}
	_, _, err = d.FinishSignIn(t.Context(), ceremony, body)
	wantKind(t, err, truename.KindUnauthenticated)
	// The same answer under another challenge.
	if ceremony, _, err = d.BeginSignIn(); err != nil {
		t.Fatal(err)
	}
	_, _, err = d.FinishSignIn(t.Context(), ceremony, body)
	wantKind(t, err, truename.KindUnauthenticated)
	// Too late.
	if ceremony, options, err = d.BeginSignIn(); err != nil {
		t.Fatal(err)
	}
	h.clock.forward(5 * time.Minute)
	_, _, err = d.FinishSignIn(t.Context(), ceremony, a.get(t, options))
	wantKind(t, err, truename.KindUnauthenticated)
}

func TestRemovedPasskeyIsOut(t *testing.T) {
	h := newHouse(t)
	lin := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	wu := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	d, a := newDesk(t, h), newAuthenticator(t)
	d.register(t, lin, a)
	token := d.signIn(t, a)
	other := truename.Actor{ID: wu.ID, Kind: truename.ActorStaff, Roles: wu.Roles}
	wantKind(t, h.RemovePasskey(t.Context(), other, a.id), truename.KindForbidden)
	wantKind(t, h.RemovePasskey(t.Context(), other, []byte("none")), truename.KindForbidden)
	owner := truename.Actor{ID: lin.ID, Kind: truename.ActorStaff, Roles: lin.Roles}
	if err := h.RemovePasskey(t.Context(), owner, a.id); err != nil {
		t.Fatal(err)
	}
	_, err := d.tryIn(t, a)
	wantKind(t, err, truename.KindUnauthenticated)
	_, err = h.bySession(t, token)
	wantKind(t, err, truename.KindUnauthenticated)
}

func TestBrokenRecordsAreNoWrongPasskey(t *testing.T) {
	h := newHouse(t)
	d, a := newDesk(t, h), newAuthenticator(t)
	d.register(t, h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}}), a)
	h.records.fail = errDatabase
	token, err := d.tryIn(t, a)
	if truename.AsError(err).Kind != truename.KindUnavailable || token != "" {
		t.Errorf("token %q, error %v", token, err)
	}
}

func FuzzPasskeyAnswers(f *testing.F) {
	h := &house{records: newMemory(), clock: &clock{t: time.Now()}}
	var err error
	if h.Gate, err = access.New(h.records, access.Options{Now: h.clock.now, Leaf: h.leaf}); err != nil {
		f.Fatal(err)
	}
	d, err := access.NewPasskeySignIn(h.Gate, access.PasskeyOptions{Domain: domain, Name: "truename", Origins: []string{origin}})
	if err != nil {
		f.Fatal(err)
	}
	lin, err := h.AddStaff(f.Context(), system, access.StaffSpec{Name: "Lin", Roles: []truename.Role{truename.RoleReviewer}})
	if err != nil {
		f.Fatal(err)
	}
	invitation, _, err := h.Invite(f.Context(), system, lin.ID)
	if err != nil {
		f.Fatal(err)
	}
	options, _ := json.Marshal(map[string]any{"publicKey": map[string]any{"challenge": encode(make([]byte, 32)), "userVerification": "required",
		"rp": map[string]any{"id": domain}, "user": map[string]any{"id": encode([]byte(lin.ID))}}})
	f.Add(newAuthenticator(f).create(f, options))
	f.Add(newAuthenticator(f).get(f, options))
	f.Add([]byte(`{"response":{"attestationObject":"oA"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ceremony, _, err := d.BeginRegistration(t.Context(), invitation)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.FinishRegistration(t.Context(), ceremony, body); err == nil {
			t.Fatal("registered without the challenge")
		}
		if ceremony, _, err = d.BeginSignIn(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.FinishSignIn(t.Context(), ceremony, body); err == nil {
			t.Fatal("signed in without the challenge")
		}
	})
}
