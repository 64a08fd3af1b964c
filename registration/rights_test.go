package registration_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"truename"
	"truename/registration"
	"truename/rights"
)

func TestExportHoldsEverythingAboutThePersonAndNobodyElse(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	office := rights.New(s.store, s.Vault, nil)
	id := s.referred(1)
	snapshot, err := s.store.Snapshot(ctx, id)
	must(t, err)
	subject := snapshot.Registration.Person(truename.Applicant).Subject
	x, err := office.Export(ctx, staff("officer").Actor, subject)
	must(t, err)
	if kind := s.newest(); kind != "subject.exported" {
		t.Errorf("the newest entry of the log is %s", kind)
	}
	body, err := json.Marshal(x)
	must(t, err)
	for _, want := range []string{canary, "LOOK919800000001", "1990-05-17", "919800000001", "8991000000000000001", `"bytes":12`, `"verdict":"refer"`} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("the export lacks %s", want)
		}
	}
	if bytes.Contains(body, []byte("the portrait")) || bytes.Contains(body, []byte("dGhlIHBvcnRyYWl0")) {
		t.Error("the export holds the picture")
	}
	if n := len(x.Registrations); n != 1 || len(x.Consents) != 2 || len(x.Registrations[0].Decisions) != 1 || len(x.Registrations[0].Decisions[0].Reasons) == 0 {
		t.Errorf("%d registrations, %d consents", n, len(x.Consents))
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "export", x, "registration", x.Registrations[0], "evidence", x.Registrations[0].Evidence[0])
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "export", x, "pointer", &x)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q", "%x"} {
		fmt.Fprintf(&out, verb, x)
		fmt.Fprintf(&out, verb, &x)
		fmt.Fprintf(&out, verb, x.Registrations)
		for _, e := range x.Registrations[0].Evidence {
			fmt.Fprintf(&out, verb, e)
			if e.Document != nil {
				fmt.Fprintf(&out, verb, *e.Document)
				fmt.Fprintf(&out, verb, e.Document.Name)
			}
		}
	}
	for _, secret := range []string{canary, "LOOK9198", "919800000001", "1990-05-17", fmt.Sprintf("%x", canary)} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("printed or logged: %s", secret)
		}
	}

	plan, err := office.Erase(ctx, staff("officer").Actor, subject)
	must(t, err)
	if !plan.Erased {
		t.Fatalf("plan %+v", plan)
	}
	_, err = office.Export(ctx, staff("officer").Actor, subject)
	wantCode(t, err, truename.CodeErased)
	_, err = office.Export(ctx, staff("officer").Actor, "nobody")
	wantCode(t, err, truename.CodeNotFound)
}

// The guardian's document stays sealed in the child's export, and the child's in the guardian's.
func TestExportOfOneOfTwoParties(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, 3))
	must(t, err)
	for party, name := range map[truename.Party]truename.Private{truename.Applicant: "Child", truename.Guardian: "Parent"} {
		_, err := s.GiveConsent(ctx, staff("agent-1"), r.ID, registration.ConsentGiven{Party: party, GivenBy: truename.Guardian, Purpose: truename.PurposeIdentity,
			TextVersion: s.Pack.Settings().Consents[truename.PurposeIdentity].Version, Language: "en"})
		must(t, err)
		fields := passport("P0" + string(party))
		fields.Name = name
		_, err = s.RecordDocument(ctx, staff("agent-1"), r.ID, registration.DocumentShown{Party: party, Fields: fields, Source: "chip", Original: true})
		must(t, err)
	}
	snapshot, err := s.store.Snapshot(ctx, r.ID)
	must(t, err)
	x, err := rights.New(s.store, s.Vault, nil).Export(ctx, staff("officer").Actor, snapshot.Registration.Person(truename.Guardian).Subject)
	must(t, err)
	body, err := json.Marshal(x)
	must(t, err)
	if !bytes.Contains(body, []byte("Parent")) || bytes.Contains(body, []byte("Child")) || bytes.Contains(body, []byte("919800000003")) {
		t.Errorf("the guardian's export: %s", body)
	}
}
