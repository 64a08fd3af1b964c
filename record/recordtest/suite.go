// Package recordtest is what records have to do, as one suite for every engine. It uses a [record.Store] and nothing of the
// database beneath.
package recordtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"truename"
	"truename/record"
)

// Fresh makes an empty database for a test and gives a function that opens it; opened again, it is the same database.
// What is opened is closed by the test's cleanup.
type Fresh func(t testing.TB) (open func() *record.Store)

// Run runs the suite.
func Run(t *testing.T, fresh Fresh) {
	for name, test := range map[string]func(*testing.T, Fresh){
		"Create": testCreate, "Rollback": testRollback, "Versions": testVersions, "Together": testTogether, "Limit": testLimit, "Identity": testIdentity,
		"Number": testNumber, "Transfer": testTransfer, "Log": testLog, "Checkpoints": testCheckpoints, "Subject": testSubject,
		"Account": testAccount, "Rebinding": testRebinding, "Pages": testPages, "Reviews": testReviews, "Webhooks": testWebhooks,
		"Deliveries": testDeliveries, "Jobs": testJobs, "Answers": testAnswers, "Keyring": testKeyring, "Packs": testPacks,
		"Access": testAccess, "Invitation": testInvitation, "Backup": testBackup, "DamagedBackup": testDamagedBackup,
		"Reopen": testReopen, "Values": testValues, "Cancelled": testCancelled,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh) })
	}
}

// start is the time of the suite's first record.
var start = time.Date(2026, 11, 2, 9, 30, 0, 123456000, time.UTC)

// id gives a new identifier.
func id() string { return uuid.Must(uuid.NewV7()).String() }

// index stands for a blind index.
func index(plain string) []byte {
	sum := sha256.Sum256([]byte("key of the index" + plain))
	return sum[:]
}

func leaf(text string) truename.Leaf { return truename.Leaf{Data: []byte(text), At: start} }

// opened makes the commit of a registration with a provisional applicant.
func opened(number string) truename.Commit {
	subject := truename.Subject{ID: id(), Key: []byte("wrapped key"), CreatedAt: start}
	r := &truename.Registration{
		ID: id(), Version: 1, Kind: truename.NewNumber, Channel: truename.Dealer, Outlet: "outlet-1", Route: truename.RouteFace,
		State: truename.StateOpen, Pack: truename.PackRef{Name: "cn", Version: "1", Digest: "d"}, Language: "zh-CN",
		OpenedBy: "agent", OpenedAt: start, ExpiresAt: start.Add(time.Hour), Number: index(number), SIM: index("sim" + number),
		Parties: []truename.PartyRecord{{Party: truename.Applicant, Subject: subject.ID}},
	}
	return truename.Commit{
		Registration: r, Subjects: []truename.Subject{subject},
		Evidence: []truename.Sealed{{ID: id(), Registration: r.ID, Subject: subject.ID, Party: truename.Applicant, Kind: truename.EvidenceNumber, Box: []byte("box"), CreatedAt: start}},
		Leaves:   []truename.Leaf{leaf("opened " + r.ID)},
		Events:   []truename.Event{{ID: id(), Type: truename.EventRegistrationOpened, Registration: r.ID, At: start, Data: json.RawMessage(`{"state":"open"}`)}},
		Jobs:     []truename.Job{{Kind: truename.JobLapse, ID: r.ID, At: r.ExpiresAt}},
	}
}

// forSubject makes the commit of a registration of a known subject.
func forSubject(subject, number string) truename.Commit {
	c := opened(number)
	c.Subjects, c.Evidence = nil, nil
	c.Registration.Parties[0].Subject = subject
	return c
}

// approved decides a registration in favour and reserves its number.
func approved(s truename.Snapshot) truename.Commit {
	r := s.Registration
	r.Version++
	r.State = truename.StateApproved
	until := start.Add(time.Hour)
	d := &truename.Decision{ID: id(), Registration: r.ID, Ruling: truename.Ruling{Verdict: truename.Approve, Reasons: []truename.Reason{}}, At: start, By: "agent", Salt: []byte("salt")}
	r.Decision = d.ID
	return truename.Commit{
		Registration: &r, Decision: d, Leaves: []truename.Leaf{leaf("decided " + d.ID)},
		Accounts: []truename.Account{{ID: id(), Number: r.Number, SIM: r.SIM, Subject: r.Parties[0].Subject, Registration: r.ID,
			State: truename.AccountReserved, ReservedUntil: &until}},
		Events: []truename.Event{{ID: id(), Type: truename.EventRegistrationApproved, Registration: r.ID, At: start, Data: json.RawMessage(`{}`)}},
		Jobs:   []truename.Job{{Kind: truename.JobLapse, ID: r.ID, At: until}},
	}
}

// next gives the registration with its version raised.
func next(s truename.Snapshot) *truename.Registration {
	r := s.Registration
	r.Version++
	return &r
}

func create(t testing.TB, s *record.Store, c truename.Commit) truename.Commit {
	t.Helper()
	if err := s.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// approve approves a registration in the records.
func approve(t testing.TB, s *record.Store, registration string) {
	t.Helper()
	if err := s.Transact(t.Context(), registration, func(snap truename.Snapshot) (truename.Commit, error) { return approved(snap), nil }); err != nil {
		t.Fatal(err)
	}
}

// wantError checks kind and code of an error.
func wantError(t testing.TB, err error, kind truename.Kind, code truename.Code) {
	t.Helper()
	var e *truename.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Errorf("error is %v, want kind %s and code %s", err, kind, code)
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same compares what was written with what is read; times count to the microsecond.
func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// parallel calls work n times at once.
func parallel(n int, work func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { work(i) })
	}
	wg.Wait()
}

// pending reads the jobs still to be done, out of a backup.
func pending(t testing.TB, s *record.Store) []truename.Job {
	t.Helper()
	var jobs []truename.Job
	inJobs := false
	for line := range strings.Lines(string(backup(t, s))) {
		var row []any
		if json.Unmarshal([]byte(line), &row) != nil {
			inJobs = strings.Contains(line, `"table":"job"`)
		} else if inJobs {
			jobs = append(jobs, truename.Job{Kind: truename.JobKind(row[0].(string)), ID: row[1].(string), At: time.UnixMicro(int64(row[2].(float64))).UTC()})
		}
	}
	return jobs
}

func backup(t testing.TB, s *record.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	ok(t, s.Backup(context.WithoutCancel(t.Context()), &b))
	return b.Bytes()
}
