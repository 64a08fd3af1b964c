package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"truename"
	"truename/record/sqlite"
	"truename/registration"
)

// What must be in no output but an export.
const (
	canaryName   = "Zaphod Canary Beeblebrox"
	canaryNumber = "919812345678"
	canaryID     = "CANARY42"
)

// house is an operator in a folder of its own, and its command line.
type house struct {
	*testing.T
	data string
}

func newHouse(t *testing.T) *house {
	h := &house{t, t.TempDir()}
	h.change("init")
	return h
}

// run runs a command on the house's operator.
func (h *house) run(args ...string) (status int, stdout, stderr string) {
	h.Helper()
	status, stdout, stderr = program(h.Context(), append(args, "--data", h.data, "--policy", "in", "--issuer", "https://operator.example")...)
	for _, said := range []string{stdout, stderr} {
		for _, secret := range []string{canaryName, canaryNumber, canaryID} {
			if strings.Contains(said, secret) && !(args[0] == "subject" && args[1] == "export") {
				h.Errorf("%q says %s", args, secret)
			}
		}
	}
	return status, stdout, stderr
}

// ok runs a command that has to succeed.
func (h *house) ok(args ...string) string {
	h.Helper()
	status, out, said := h.run(args...)
	if status != 0 {
		h.Fatalf("%q: status %d\n%s%s", args, status, out, said)
	}
	return out
}

// refused runs a command that has to fail with a status, saying something.
func (h *house) refused(status int, want string, args ...string) {
	h.Helper()
	before := h.dump()
	got, out, said := h.run(args...)
	if got != status || !strings.Contains(said+out, want) {
		h.Errorf("%q: status %d, want %d and %q\n%s%s", args, got, status, want, out, said)
	}
	if !bytes.Equal(before, h.dump()) {
		h.Errorf("%q changed something", args)
	}
}

// change runs a command twice: first as a rehearsal, which must change nothing and tell no secret, then with --yes, which
// must leave a leaf in the audit log. It gives what the second one said.
func (h *house) change(args ...string) string {
	h.Helper()
	before := h.dump()
	said := h.ok(args...)
	if !strings.HasPrefix(said, "Would ") || !strings.HasSuffix(said, "add --yes.\n") || strings.Contains(said, "key: ") || strings.Contains(said, "token: ") {
		h.Errorf("%q says without --yes:\n%s", args, said)
	}
	if !bytes.Equal(before, h.dump()) {
		h.Fatalf("%q changed something without --yes", args)
	}
	rehearsed := parsed(h.T, h.ok(append(args, "--json")...))
	if rehearsed["dry_run"] != true || rehearsed["change"] == "" || rehearsed["result"] != nil {
		h.Errorf("%q says in JSON without --yes: %v", args, rehearsed)
	}
	size := h.leaves()
	said = h.ok(append(args, "--yes")...)
	if !strings.HasPrefix(said, "Done: ") {
		h.Errorf("%q --yes says:\n%s", args, said)
	}
	if h.leaves() <= size {
		h.Errorf("%q --yes has left nothing in the audit log", args)
	}
	return said
}

// changed runs a command with --yes and gives its result.
func (h *house) changed(args ...string) map[string]any {
	h.Helper()
	done := parsed(h.T, h.ok(append(args, "--yes", "--json")...))
	result, _ := done["result"].(map[string]any)
	if done["dry_run"] != false || done["change"] == "" {
		h.Errorf("%q --yes --json: %v", args, done)
	}
	return result
}

// idle runs a command that has nothing to do, even with --yes.
func (h *house) idle(args ...string) {
	h.Helper()
	before := h.dump()
	for _, more := range [][]string{nil, {"--yes"}} {
		if said := h.ok(append(args, more...)...); !strings.HasPrefix(said, "Nothing to do: ") {
			h.Errorf("%q %v says:\n%s", args, more, said)
		}
	}
	if !bytes.Equal(before, h.dump()) {
		h.Errorf("%q changed something", args)
	}
}

// dump is all of the records, but for the subjects' keys; nil when there are none.
func (h *house) dump() []byte {
	h.Helper()
	var b bytes.Buffer
	if files, _ := filepath.Glob(filepath.Join(h.data, "*")); files == nil {
		return nil
	}
	store, err := sqlite.Open(h.Context(), filepath.Join(h.data, "records.db"))
	if err != nil {
		h.Fatal(err)
	}
	defer store.Close()
	if err := store.Backup(h.Context(), &b); err != nil {
		h.Fatal(err)
	}
	return b.Bytes()
}

func (h *house) leaves() int64 {
	h.Helper()
	if files, _ := filepath.Glob(filepath.Join(h.data, "*")); files == nil {
		return 0
	}
	store, err := sqlite.Open(h.Context(), filepath.Join(h.data, "records.db"))
	if err != nil {
		h.Fatal(err)
	}
	defer store.Close()
	n, err := store.LogSize(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	return n
}

// with works with the house's operator directly, as the server does.
func (h *house) with(work func(ctx context.Context, o *operator)) {
	h.Helper()
	f := operatorFlags{Data: h.data, Issuer: "https://operator.example", Audience: "activation"}
	f.Policy = "in"
	if err := f.use(h.Context(), func(o *operator) error { work(h.Context(), o); return nil }); err != nil {
		h.Fatal(err)
	}
}

func agent(id string) registration.Request {
	return registration.Request{Actor: truename.Actor{ID: id, Kind: truename.ActorStaff, Roles: []truename.Role{truename.RoleAgent}}}
}

func firstNumber(n int) registration.Opening {
	return registration.Opening{Kind: truename.NewNumber, Channel: truename.OwnOutlet, Outlet: "mumbai-1", Route: truename.RouteInPerson, Language: "en",
		Subscription: truename.Subscription{MSISDN: truename.Private(fmt.Sprint(canaryNumber, n)), ICCID: truename.Private(fmt.Sprintf("8991%015d", n))}}
}

// registration takes a customer through the route without a face, up to the decision. A document that was typed goes to
// the reviewers.
func (h *house) registration(n int, source string) (r truename.Registration, d truename.Decision) {
	h.Helper()
	h.with(func(ctx context.Context, o *operator) {
		h.Helper()
		must := func(err error) {
			h.Helper()
			if err != nil {
				h.Fatal(err)
			}
		}
		var err error
		r, err = o.flow.Open(ctx, agent("agent-1"), firstNumber(n))
		must(err)
		_, err = o.flow.GiveConsent(ctx, agent("agent-1"), r.ID, registration.ConsentGiven{Party: truename.Applicant, Purpose: truename.PurposeIdentity,
			TextVersion: o.pack.Settings().Consents[truename.PurposeIdentity].Version, Language: "en"})
		must(err)
		_, err = o.flow.RecordDocument(ctx, agent("agent-1"), r.ID, registration.DocumentShown{Party: truename.Applicant, Source: source, Original: true,
			Fields: truename.DocumentFields{Type: truename.Passport, Country: "IND", Number: truename.Private(fmt.Sprint(canaryID, n)), Name: canaryName,
				BirthDate: "1990-05-17", Expires: "2040-01-01"}})
		must(err)
		for _, who := range []string{"agent-1", "agent-2"} {
			_, err = o.flow.CheckInPerson(ctx, agent(who), r.ID, truename.Applicant, true, "")
			must(err)
		}
		d, err = o.flow.Decide(ctx, agent("agent-1"), r.ID)
		must(err)
		s, err := o.store.Snapshot(ctx, r.ID)
		must(err)
		r = s.Registration
	})
	return r, d
}

// activated takes a registration to the end and gives its account.
func (h *house) activated(n int) (r truename.Registration, a truename.Account) {
	h.Helper()
	r, d := h.registration(n, "chip")
	h.with(func(ctx context.Context, o *operator) {
		if _, err := o.flow.Confirm(ctx, agent("carrier"), r.ID, d.ID); err != nil {
			h.Fatal(err)
		}
		s, err := o.store.Snapshot(ctx, r.ID)
		if err != nil {
			h.Fatal(err)
		}
		a = *s.Own
	})
	return r, a
}

// items gives the list that a command prints as JSON.
func (h *house) items(args ...string) []map[string]any {
	h.Helper()
	var page struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(h.ok(append(args, "--json")...)), &page); err != nil {
		h.Fatal(err)
	}
	return page.Items
}

func TestNoOperatorIsMadeByMistake(t *testing.T) {
	h := &house{t, filepath.Join(t.TempDir(), "none")}
	for _, args := range [][]string{{"client", "list"}, {"registration", "list"}, {"outlet", "add", "x", "--name", "x", "--channel", "dealer", "--yes"},
		{"backup", filepath.Join(t.TempDir(), "b"), "--recipient", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}, {"audit", "checkpoint"}} {
		h.refused(exitUnusable, "truename init", args...)
	}
	if files, _ := filepath.Glob(h.data); files != nil {
		t.Error("something was made")
	}
	h.change("init")
	h.idle("init")
}

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "-",
		"Mumbai 孟买":                "Mumbai 孟买",
		"a\tb\nc":                  "a b c",
		"\x1b[31mred\u009b0m":      " [31mred 0m",
		"left\u202etfel\u2066":     "left tfel ",
		"zero\x00, delete\x7f end": "zero , delete  end",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}
