package recordtest

import (
	"embed"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"truename"
	"truename/record"
)

//go:embed testdata
var testdata embed.FS

// Fixtures gives the rows of filled records of every released version of the schema, as SQL with bytes as X'…'.
func Fixtures(t testing.TB) map[int64]string {
	t.Helper()
	files, err := testdata.ReadDir("testdata")
	ok(t, err)
	found := map[int64]string{}
	for _, f := range files {
		var version int64
		if _, err := fmt.Sscanf(f.Name(), "v%d.sql", &version); err != nil {
			continue
		}
		rows, err := testdata.ReadFile("testdata/" + f.Name())
		ok(t, err)
		found[version] = string(rows)
	}
	return found
}

// CheckFixture checks that the records of a fixture are all there and go on working.
func CheckFixture(t *testing.T, s *record.Store) {
	ctx := t.Context()
	registrations, _, err := s.Registrations(ctx, truename.RegistrationQuery{})
	ok(t, err)
	if len(registrations) != 5 {
		t.Fatalf("%d registrations, want 5", len(registrations))
	}
	size, err := s.LogSize(ctx)
	ok(t, err)
	leaves, err := s.Leaves(ctx, 0, size)
	ok(t, err)
	for _, r := range registrations {
		snap, err := s.Snapshot(ctx, r.ID)
		ok(t, err)
		if snap.Decision == nil || snap.Review == nil || snap.Own == nil || len(snap.Consents) != 1 {
			t.Fatalf("snapshot lacks something: %+v", snap)
		}
		if !strings.HasSuffix(string(leaves[snap.Decision.Leaf]), snap.Decision.ID) {
			t.Error("the decision's leaf is another's")
		}
		subject := snap.Subjects[snap.Own.Subject]
		if len(subject.Key) == 0 || len(subject.Index) == 0 {
			t.Error("the subject has no key or no index")
		}
		evidence, err := s.Evidence(ctx, r.ID)
		ok(t, err)
		if len(evidence) != 1 || len(evidence[0].Box) == 0 {
			t.Errorf("evidence is %+v", evidence)
		}
	}
	if _, err := tlog.TreeHash(size, s.Log(ctx)); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"client":     second(s.Client(ctx, "client")),
		"staff":      second(s.StaffByLogin(ctx, "i", "l")),
		"outlet":     second(s.Outlet(ctx, "outlet-1")),
		"webhook":    second(s.Webhook(ctx, "hook")),
		"pack":       second(s.Pack(ctx, "d")),
		"keyring":    second(s.Keyring(ctx, "tokens")),
		"passkey":    second(s.Passkey(ctx, []byte{1})),
		"checkpoint": second(s.Checkpoint(ctx)),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	answer, err := s.Answer(ctx, "client", "key")
	ok(t, err)
	same(t, "an answer", answer, truename.Answer{Request: index("request"), Status: 200, Sealed: []byte("sealed")})
	deliveries, _, err := s.Deliveries(ctx, truename.DeliveryQuery{State: truename.DeliveryPending})
	ok(t, err)
	if len(deliveries) != 10 {
		t.Errorf("%d deliveries, want 10", len(deliveries))
	}
	c := create(t, s, opened("new"))
	approve(t, s, c.Registration.ID)
}

func second[T any](_ T, err error) error { return err }
