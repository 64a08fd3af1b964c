package access_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/access"
	"truename/audit"
)

// signIn lets a member of staff in with a passkey and gives the session's token.
func signIn(t *testing.T, h *house, m access.Staff) truename.Private {
	t.Helper()
	desk := newDesk(t, h)
	a := newAuthenticator(t)
	desk.register(t, m, a)
	return desk.signIn(t, a)
}

func (h *house) bySession(t *testing.T, token truename.Private) (truename.Actor, error) {
	t.Helper()
	return h.Authenticate(t.Context(), &access.Credentials{Session: token.Reveal()})
}

func TestSessionEndsWhenIdle(t *testing.T) {
	h := newHouse(t)
	token := signIn(t, h, h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}}))
	for range 5 { // 125 minutes, with a request every 25
		h.clock.forward(25 * time.Minute)
		if _, err := h.bySession(t, token); err != nil {
			t.Fatal(err)
		}
	}
	h.clock.forward(30*time.Minute + time.Second)
	_, err := h.bySession(t, token)
	wantKind(t, err, truename.KindUnauthenticated)
}

func TestSessionEndsForGood(t *testing.T) {
	h := newHouse(t)
	token := signIn(t, h, h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}}))
	began := h.clock.now()
	for h.clock.now().Sub(began) < 12*time.Hour-20*time.Minute {
		h.clock.forward(20 * time.Minute)
		if _, err := h.bySession(t, token); err != nil {
			t.Fatalf("after %v: %v", h.clock.now().Sub(began), err)
		}
	}
	h.clock.forward(20 * time.Minute)
	_, err := h.bySession(t, token)
	wantKind(t, err, truename.KindUnauthenticated)
	h.clock.forward(-24 * time.Hour)
	_, err = h.bySession(t, token)
	wantKind(t, err, truename.KindUnauthenticated)
}

// A limit that was made shorter holds for the sessions that are there.
func TestSessionObeysANewLimit(t *testing.T) {
	h := newHouse(t)
	token := signIn(t, h, h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}}))
	strict, err := access.New(h.records, access.Options{Now: h.clock.now, Leaf: h.leaf, Absolute: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	h.clock.forward(10*time.Minute - time.Second)
	if _, err := strict.Authenticate(t.Context(), bearer(token)); err != nil {
		t.Fatal(err)
	}
	h.clock.forward(time.Second)
	_, err = strict.Authenticate(t.Context(), bearer(token))
	wantKind(t, err, truename.KindUnauthenticated)
}

func TestSessionIsWrittenSeldom(t *testing.T) {
	h := newHouse(t)
	token := signIn(t, h, h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}}))
	for range 600 { // ten minutes, a request each second
		h.clock.forward(time.Second)
		if _, err := h.bySession(t, token); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.records.extended; n == 0 || n > 4 {
		t.Errorf("%d writes for 600 requests", n)
	}
}

func TestSignOut(t *testing.T) {
	h := newHouse(t)
	m := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}, Subject: "01982222-2222-7222-8222-222222222222"})
	first, second := signIn(t, h, m), signIn(t, h, m)
	// A terminal sends the token as a bearer.
	a, err := h.Authenticate(t.Context(), bearer(second))
	if err != nil || a.ID != m.ID || a.Kind != truename.ActorStaff || a.Subject != m.Subject {
		t.Fatalf("%v, %v", a, err)
	}
	if err := h.SignOut(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	_, err = h.bySession(t, first)
	wantKind(t, err, truename.KindUnauthenticated)
	if _, err := h.bySession(t, second); err != nil {
		t.Fatal(err)
	}
	if err := h.SignOutEverywhere(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	_, err = h.bySession(t, second)
	wantKind(t, err, truename.KindUnauthenticated)
	wantKind(t, h.SignOutEverywhere(t.Context(), system), truename.KindForbidden)
}

func TestDisabledStaffAreOut(t *testing.T) {
	h := newHouse(t)
	m := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	desk, a := newDesk(t, h), newAuthenticator(t)
	desk.register(t, m, a)
	token := desk.signIn(t, a)
	session := h.records.sessions
	if len(session) != 1 {
		t.Fatalf("%d sessions", len(session))
	}
	if _, err := h.DisableStaff(t.Context(), admin, m.ID); err != nil {
		t.Fatal(err)
	}
	_, err := h.bySession(t, token)
	wantKind(t, err, truename.KindUnauthenticated)
	_, err = desk.tryIn(t, a)
	wantKind(t, err, truename.KindForbidden)
	_, _, err = h.Invite(t.Context(), admin, m.ID)
	wantKind(t, err, truename.KindForbidden)
	if _, err := h.EnableStaff(t.Context(), admin, m.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.bySession(t, token); err == nil {
		t.Fatal("an old session is back")
	}
	desk.signIn(t, a)
}

func TestDisabledStaffAreOutEvenWithASession(t *testing.T) {
	h := newHouse(t)
	m := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	token := signIn(t, h, m)
	now := h.clock.now()
	m.DisabledAt = &now
	h.records.staff[m.ID] = m
	_, err := h.bySession(t, token)
	wantKind(t, err, truename.KindForbidden)
	delete(h.records.staff, m.ID)
	_, err = h.bySession(t, token)
	wantKind(t, err, truename.KindUnauthenticated)
}

func TestRolesChangeAtOnce(t *testing.T) {
	h := newHouse(t)
	m := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	token := signIn(t, h, m)
	if _, err := h.ChangeStaff(t.Context(), admin, m.ID, access.StaffSpec{Name: "Lin", Roles: []truename.Role{truename.RoleAuditor}}); err != nil {
		t.Fatal(err)
	}
	a, err := h.bySession(t, token)
	if err != nil || a.Has(truename.RoleReviewer) || !a.Has(truename.RoleAuditor) {
		t.Fatalf("%v, %v", a, err)
	}
}

func TestCookies(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		cookie *http.Cookie
		site   string
	}{{h.SessionCookie("tns_x"), "SameSite=Strict"}, {access.CeremonyCookie("tnc_x"), "SameSite=Lax"}} {
		text := c.cookie.String()
		for _, want := range []string{"__Host-", "; Path=/;", "; HttpOnly", "; Secure", c.site, "Max-Age="} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s", text, want)
			}
		}
		if strings.Contains(text, "Domain") {
			t.Errorf("%s: a domain", text)
		}
	}
	if text := h.SessionCookie("").String(); !strings.Contains(text, "Max-Age=0") {
		t.Errorf("%s does not remove the cookie", text)
	}
	r, _ := http.NewRequest("GET", "https://x/", nil)
	r.AddCookie(h.SessionCookie("tns_x"))
	if got := access.CredentialsOf(r); got.Session != "tns_x" || got.Certificate != nil {
		t.Errorf("%+v", got)
	}
}

func TestSessionOutlivesFailedExtension(t *testing.T) {
	h := newHouse(t)
	m := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	token := signIn(t, h, m)
	failing := &unextendable{h.records}
	gate, err := access.New(failing, access.Options{Now: h.clock.now, Leaf: h.leaf})
	if err != nil {
		t.Fatal(err)
	}
	h.clock.forward(20 * time.Minute)
	if _, err := gate.Authenticate(t.Context(), bearer(token)); err != nil {
		t.Fatal(err)
	}
	h.clock.forward(10 * time.Minute)
	_, err = gate.Authenticate(t.Context(), bearer(token))
	wantKind(t, err, truename.KindUnauthenticated)
	if errors.Is(err, errDatabase) {
		t.Error(err)
	}
}

func TestSystemIssuesASession(t *testing.T) {
	h := newHouse(t)
	m := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	ahead, err := h.Person(t.Context(), system, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	before := len(h.records.leaves)
	token, session, err := h.IssueSession(t.Context(), system, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	a, err := h.Authenticate(t.Context(), bearer(token))
	if err != nil {
		t.Fatal(err)
	}
	want := truename.Actor{ID: m.ID, Kind: truename.ActorStaff, Roles: []truename.Role{truename.RoleReviewer}}
	if d := cmp.Diff([]truename.Actor{want, want}, []truename.Actor{ahead, a}); d != "" {
		t.Errorf("actors (-want +got):\n%s", d)
	}
	if session.Staff != m.ID || !session.ExpiresAt.Equal(h.clock.now().Add(30*time.Minute)) {
		t.Errorf("session %+v", session)
	}
	made := h.records.leaves[before:]
	if len(made) != 1 {
		t.Fatalf("%d leaves", len(made))
	}
	entry, err := audit.ParseLeaf(made[0].Data)
	if err != nil || entry.Kind != access.LeafStaffSignedIn {
		t.Errorf("leaf %s, %v", entry.Kind, err)
	}
	got := h.changes[len(h.changes)-1]
	if d := cmp.Diff(access.Change{By: system.ID, ByKind: truename.ActorSystem, ID: m.ID, Method: "shell"}, got); d != "" {
		t.Errorf("what the leaf commits to (-want +got):\n%s", d)
	}
}

func TestOnlyTheSystemIssuesSessions(t *testing.T) {
	h := newHouse(t)
	m := h.addStaff(t, access.StaffSpec{Roles: []truename.Role{truename.RoleReviewer}})
	machine := truename.Actor{ID: "m", Kind: truename.ActorClient, Roles: truename.Roles}
	for name, c := range map[string]struct {
		by    truename.Actor
		staff string
		kind  truename.Kind
	}{
		"an administrator":      {admin, m.ID, truename.KindForbidden},
		"themselves":            {truename.Actor{ID: m.ID, Kind: truename.ActorStaff, Roles: m.Roles}, m.ID, truename.KindForbidden},
		"a machine":             {machine, m.ID, truename.KindForbidden},
		"nobody":                {truename.Actor{Kind: truename.ActorSystem}, m.ID, truename.KindForbidden},
		"for somebody unknown":  {system, "01982222-2222-7222-8222-222222222222", truename.KindNotFound},
		"for nobody":            {system, "", truename.KindNotFound},
		"for somebody disabled": {system, "disabled", truename.KindForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			if c.staff == "disabled" {
				if _, err := h.DisableStaff(t.Context(), admin, m.ID); err != nil {
					t.Fatal(err)
				}
				c.staff = m.ID
				defer h.EnableStaff(t.Context(), admin, m.ID)
			}
			leaves := len(h.records.leaves)
			token, _, err := h.IssueSession(t.Context(), c.by, c.staff)
			wantKind(t, err, c.kind)
			_, err = h.Person(t.Context(), c.by, c.staff)
			wantKind(t, err, c.kind)
			if token != "" || len(h.records.sessions) != 0 || len(h.records.leaves) != leaves {
				t.Error("a session was made all the same")
			}
		})
	}
}
