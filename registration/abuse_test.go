package registration_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/face"
	"truename/policy"
	"truename/registration"
	"truename/review"
	"truename/rights"
)

// meddler lets something happen between what a flow has read and what it writes.
type meddler struct {
	registration.Records
	mu   sync.Mutex
	once func()
}

func (m *meddler) Transact(ctx context.Context, id string, change func(truename.Snapshot) (truename.Commit, error)) error {
	m.mu.Lock()
	once := m.once
	m.once = nil
	m.mu.Unlock()
	if once != nil {
		once()
	}
	return m.Records.Transact(ctx, id, change)
}

// recorder keeps what is committed.
type recorder struct {
	registration.Records
	commits []truename.Commit
}

func (r *recorder) Transact(ctx context.Context, id string, change func(truename.Snapshot) (truename.Commit, error)) error {
	var c truename.Commit
	err := r.Records.Transact(ctx, id, func(s truename.Snapshot) (_ truename.Commit, err error) {
		c, err = change(s)
		return c, err
	})
	if err == nil {
		r.commits = append(r.commits, c)
	}
	return err
}

// purges gives the registrations that a commit plans a purge of.
func purges(c truename.Commit) []string {
	ids := []string{}
	for _, j := range c.Jobs {
		if j.Kind == truename.JobPurge {
			ids = append(ids, j.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// recorded gives the flow at a later time, and what it commits.
func (s *shop) recorded(d time.Duration) (*registration.Flow, *recorder) {
	r := &recorder{Records: s.store}
	c := s.Config
	c.Records, c.Now = r, func() time.Time { return time.Now().Add(d) }
	return registration.New(c), r
}

// meddled gives the flow with something that happens once, just before its next commit.
func (s *shop) meddled(once func()) *registration.Flow {
	c := s.Config
	c.Records = &meddler{Records: s.store, once: once}
	return registration.New(c)
}

// same sees a match in any two pictures, and lets something happen meanwhile. The face is not what is tested with it.
type same struct{ meanwhile func() }

func (c same) Compare(context.Context, []byte, []byte, float64) (registration.Comparison, error) {
	if c.meanwhile != nil {
		c.meanwhile()
	}
	return registration.Comparison{Outcome: truename.OutcomeMatch, Score: 0.8, FMR: 1e-6, Threshold: 0.5, Model: "test"}, nil
}

func (s *shop) subject(id string, p truename.Party) truename.Subject {
	s.t.Helper()
	snapshot, err := s.store.Snapshot(s.t.Context(), id)
	must(s.t, err)
	subject, err := s.store.Subject(s.t.Context(), snapshot.Registration.Person(p).Subject)
	must(s.t, err)
	return subject
}

func (s *shop) erase(subject string) {
	s.t.Helper()
	plan, err := rights.New(s.store, s.Vault, nil).Erase(s.t.Context(), staff("officer").Actor, subject)
	must(s.t, err)
	if !plan.Erased {
		s.t.Fatalf("not erased: %+v", plan)
	}
}

// rules asks for a decision, which has to have this verdict and to replay the same from what was stored.
func (s *shop) rules(f *registration.Flow, id string, want truename.Verdict) truename.Decision {
	s.t.Helper()
	_, err := f.Decide(s.t.Context(), staff("agent-1"), id)
	must(s.t, err)
	return s.replays(id, want)
}

func (s *shop) replays(id string, want truename.Verdict) truename.Decision {
	s.t.Helper()
	all, err := s.store.Decisions(s.t.Context(), id)
	must(s.t, err)
	for _, d := range all {
		if diff := cmp.Diff(d.Ruling, s.Pack.Rule(d.Case)); diff != "" {
			s.t.Errorf("a stored decision replays otherwise:\n%s", diff)
		}
	}
	d := all[len(all)-1]
	if d.Ruling.Verdict != want {
		s.t.Errorf("ruling %+v, want %s", d.Ruling, want)
	}
	return d
}

// active gives a number in service: its registration.
func (s *shop) active(n int, number string) string {
	s.t.Helper()
	id := s.ready(n, number)
	d := s.rules(s.Flow, id, truename.Approve)
	_, err := s.Confirm(s.t.Context(), staff("carrier"), id, d.ID)
	must(s.t, err)
	return id
}

// gathered opens a registration without a face of any kind, with checked parties.
func (s *shop) gathered(o registration.Opening, numbers map[truename.Party]string) string {
	s.t.Helper()
	ctx := s.t.Context()
	r, err := s.Open(ctx, staff("agent-1"), o)
	must(s.t, err)
	for party, number := range numbers {
		s.takesPart(r.ID, party, party, passport(number))
		for _, who := range []string{"agent-1", "agent-2"} {
			_, err := s.CheckInPerson(ctx, staff(who), r.ID, party, true, "")
			must(s.t, err)
		}
	}
	return r.ID
}

func (s *shop) takesPart(id string, party, givenBy truename.Party, fields truename.DocumentFields) {
	s.t.Helper()
	_, err := s.GiveConsent(s.t.Context(), staff("agent-1"), id, registration.ConsentGiven{Party: party, GivenBy: givenBy, Purpose: truename.PurposeIdentity,
		TextVersion: s.Pack.Settings().Consents[truename.PurposeIdentity].Version, Language: "en"})
	must(s.t, err)
	_, err = s.RecordDocument(s.t.Context(), staff("agent-1"), id, registration.DocumentShown{Party: party, Fields: fields, Source: "chip", Original: true})
	must(s.t, err)
}

func ofKind(k truename.RegistrationKind, n, sim int) registration.Opening {
	o := opening(truename.RouteInPerson, n)
	o.Kind, o.Subscription.ICCID = k, opening(truename.RouteInPerson, sim).Subscription.ICCID
	if k == truename.OwnershipTransfer || k == truename.Reverification {
		o.Subscription.ICCID = ""
	}
	return o
}

// An erased subject has no accounts that count: were it approved, the limit would begin anew under the next subject.
func TestAnErasedSubjectIsNeverApproved(t *testing.T) { onBoth(t, testErasedSubject) }

func testErasedSubject(t *testing.T, s *shop) {
	id := s.ready(1, "ERASED1")
	s.erase(s.subject(id, truename.Applicant).ID)
	s.rules(s.Flow, id, truename.Refuse)

	id = s.ready(2, "ERASED2")
	s.rules(s.meddled(func() { s.erase(s.subject(id, truename.Applicant).ID) }), id, truename.Refuse)

	// A party becomes a known subject in the moment in which that one is erased.
	ctx := t.Context()
	known := s.subject(s.ready(3, "ERASED4"), truename.Applicant).ID
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, 4))
	must(t, err)
	s.consent(r.ID, truename.PurposeIdentity)
	_, err = s.meddled(func() { s.erase(known) }).RecordDocument(ctx, staff("agent-1"), r.ID,
		registration.DocumentShown{Party: truename.Applicant, Fields: passport("ERASED4"), Source: "chip", Original: true})
	must(t, err)
	_, err = s.CheckInPerson(ctx, staff("agent-1"), r.ID, truename.Applicant, true, "")
	wantCode(t, err, truename.CodeErased)
	s.rules(s.Flow, r.ID, truename.Refuse)
}

func TestAnErasedKeyStaysGone(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, 1))
	must(t, err)
	s.consent(r.ID, truename.PurposeIdentity)
	subject := s.subject(r.ID, truename.Applicant).ID
	f := s.meddled(func() { s.erase(subject) })
	_, err = f.RecordDocument(ctx, staff("agent-1"), r.ID, registration.DocumentShown{Party: truename.Applicant, Fields: passport("ERASED3"), Source: "chip", Original: true})
	wantCode(t, err, truename.CodeErased)
	if after := s.subject(r.ID, truename.Applicant); after.Key != nil || after.ErasedAt == nil || after.Index != nil {
		t.Error("the erased subject is back")
	}
	_, err = s.GiveConsent(ctx, staff("agent-1"), r.ID, registration.ConsentGiven{Party: truename.Applicant, Purpose: truename.PurposeFaceVerification,
		TextVersion: s.Pack.Settings().Consents[truename.PurposeFaceVerification].Version, Language: "en"})
	wantCode(t, err, truename.CodeErased)
}

func TestConsentWithdrawnDuringTheDecision(t *testing.T) {
	s := newShop(t, "in", broken{})
	id := s.ready(1, "WITHDRAWN")
	s.rules(s.meddled(func() {
		snapshot, err := s.store.Snapshot(t.Context(), id)
		must(t, err)
		must(t, s.WithdrawConsent(t.Context(), staff("agent-1"), id, snapshot.Consents[0].ID))
	}), id, truename.Refuse)
}

// Nobody has to know who stood behind a request that came to nothing; who holds a number, the operator has to.
func TestFieldsGoWithTheConsentToThem(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	left := func(id string) (n int) {
		snapshot, err := s.store.Snapshot(ctx, id)
		must(t, err)
		must(t, s.WithdrawConsent(ctx, staff("agent-1"), id, snapshot.Consents[0].ID))
		evidence, err := s.store.Evidence(ctx, id)
		must(t, err)
		for _, e := range evidence {
			if e.Kind == truename.EvidenceFields {
				n++
			}
		}
		return n
	}
	open := s.ready(1, "FIELDS1")
	if left(open) != 0 {
		t.Error("the fields of an open request are still there")
	}
	s.rules(s.Flow, open, truename.Refuse)
	if left(s.active(2, "FIELDS2")) != 1 {
		t.Error("the fields behind a number in service are gone")
	}
}

// Who consents twice and takes back one has taken it back.
func TestOneOfTwoConsentsWithdrawn(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", same{})
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteFace, 1))
	must(t, err)
	s.consent(r.ID, truename.PurposeIdentity, truename.PurposeFaceVerification, truename.PurposeFaceVerification)
	s.document(r.ID, "TWICE", []byte("portrait"))
	snapshot, err := s.store.Snapshot(ctx, r.ID)
	must(t, err)
	for _, c := range snapshot.Consents {
		if c.Purpose == truename.PurposeFaceVerification {
			must(t, s.WithdrawConsent(ctx, staff("agent-1"), r.ID, c.ID))
			break
		}
	}
	_, err = s.CompareFace(ctx, staff("agent-1"), r.ID, registration.FaceShown{Party: truename.Applicant, Live: []byte("x"), Portrait: []byte("x")})
	wantCode(t, err, truename.CodeConsentMissing)
}

func (s *shop) facing(n int, number string) string {
	s.t.Helper()
	r, err := s.Open(s.t.Context(), staff("agent-1"), opening(truename.RouteFace, n))
	must(s.t, err)
	s.consent(r.ID, truename.PurposeIdentity, truename.PurposeFaceVerification)
	s.document(r.ID, number, []byte("portrait of the document"))
	return r.ID
}

func TestAnotherPortraitNeedsAnotherComparison(t *testing.T) {
	ctx := t.Context()
	live := registration.FaceShown{Party: truename.Applicant, Live: []byte("live")}
	t.Run("after it", func(t *testing.T) {
		s := newShop(t, "in", same{})
		id := s.facing(1, "PORTRAIT1")
		_, err := s.CompareFace(ctx, staff("agent-1"), id, live)
		must(t, err)
		s.document(id, "PORTRAIT1", []byte("another portrait"))
		s.undecided(id, "comparison of the applicant")
		_, err = s.CompareFace(ctx, staff("agent-1"), id, live)
		must(t, err)
		s.rules(s.Flow, id, truename.Approve)
	})
	t.Run("during it", func(t *testing.T) {
		s := newShop(t, "in", same{})
		id := s.facing(2, "PORTRAIT2")
		c := s.Config
		c.Comparer = same{func() { s.document(id, "PORTRAIT2", []byte("another portrait")) }}
		_, err := registration.New(c).CompareFace(ctx, staff("agent-1"), id, live)
		wantCode(t, err, truename.CodeStale)
		s.undecided(id, "comparison of the applicant")
	})
	t.Run("in place of the recorded one", func(t *testing.T) {
		s := newShop(t, "in", same{})
		id := s.facing(3, "PORTRAIT3")
		_, err := s.CompareFace(ctx, staff("agent-1"), id, registration.FaceShown{Party: truename.Applicant, Live: []byte("live"), Portrait: []byte("live")})
		wantCode(t, err, truename.CodeInvalidRequest)
		_, err = s.CompareFace(ctx, staff("agent-1"), id, registration.FaceShown{Party: truename.Applicant, Live: []byte("live"), Portrait: []byte("portrait of the document")})
		must(t, err)
		s.rules(s.Flow, id, truename.Approve)
	})
	t.Run("in place of one that was dropped", func(t *testing.T) {
		s := newShop(t, "in", same{})
		id := s.facing(4, "PORTRAIT4")
		snapshot, err := s.store.Snapshot(ctx, id)
		must(t, err)
		must(t, s.WithdrawConsent(ctx, staff("agent-1"), id, snapshot.Consents[1].ID))
		s.consent(id, truename.PurposeFaceVerification)
		_, err = s.CompareFace(ctx, staff("agent-1"), id, registration.FaceShown{Party: truename.Applicant, Live: []byte("live"), Portrait: []byte("live")})
		wantCode(t, err, truename.CodeWrongState)
	})
}

// The old pictures do not stay when new ones come.
func TestReplacedEvidenceIsDropped(t *testing.T) {
	s := newShop(t, "in", same{})
	id := s.facing(1, "REPLACED1")
	s.document(id, "REPLACED1", []byte("another portrait"))
	evidence, err := s.store.Evidence(t.Context(), id)
	must(t, err)
	count := map[truename.EvidenceKind]int{}
	for _, e := range evidence {
		count[e.Kind]++
	}
	if diff := cmp.Diff(map[truename.EvidenceKind]int{truename.EvidenceNumber: 1, truename.EvidenceFields: 1, truename.EvidencePortrait: 1}, count); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsDecidedAfterItsTime(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	id, referred := s.ready(1, "LATE1"), s.referred(2)
	_, err := s.desk().Claim(ctx, staff("reviewer").Actor, referred, 0)
	must(t, err)
	late := s.at(s.Pack.Settings().RegistrationTTL + time.Minute)
	_, err = late.Decide(ctx, staff("agent-1"), id)
	wantCode(t, err, truename.CodeWrongState)
	_, err = late.Resolve(ctx, staff("reviewer"), referred, truename.Finding{ID: "x", Stage: truename.StageReview, Party: truename.Applicant,
		State: truename.FindingPassed, Labels: map[string]string{"verdict": "approve", "code": "same_person"}, By: "reviewer", At: time.Now()})
	wantCode(t, err, truename.CodeWrongState)
}

func TestTheHolderAtActivation(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	s.active(1, "OWNER1")
	swap := s.gathered(ofKind(truename.SIMReplacement, 1, 50), map[truename.Party]string{truename.Applicant: "OWNER1"})
	swapped := s.rules(s.Flow, swap, truename.Approve)
	transfer := s.gathered(ofKind(truename.OwnershipTransfer, 1, 0), map[truename.Party]string{truename.Applicant: "OWNER2", truename.Transferor: "OWNER1"})
	d := s.rules(s.Flow, transfer, truename.Approve)
	before, err := s.AccountOf(ctx, "919800000001")
	must(t, err)
	_, err = s.Confirm(ctx, staff("carrier"), transfer, d.ID)
	must(t, err)
	after, err := s.AccountOf(ctx, "919800000001")
	must(t, err)
	if after.Subject != s.subject(transfer, truename.Applicant).ID || !cmp.Equal(after.SIM, before.SIM) {
		t.Error("another holder, or another SIM")
	}
	// The number has passed to somebody else: the approved SIM of the old holder gets nothing.
	_, err = s.Token(ctx, swap)
	wantCode(t, err, truename.CodeWrongState)
	_, err = s.Confirm(ctx, staff("carrier"), swap, swapped.ID)
	wantCode(t, err, truename.CodeWrongState)
	after, err = s.AccountOf(ctx, "919800000001")
	must(t, err)
	if !cmp.Equal(after.SIM, before.SIM) {
		t.Error("the old holder has the number back")
	}
}

func TestAReservationIsNotHeld(t *testing.T) {
	s := newShop(t, "in", broken{})
	s.rules(s.Flow, s.ready(1, "RESERVED1"), truename.Approve)
	id := s.gathered(ofKind(truename.SIMReplacement, 1, 50), map[truename.Party]string{truename.Applicant: "RESERVED1"})
	s.rules(s.Flow, id, truename.Refuse)
}

func TestATakenNumberIsRefusedAndReplays(t *testing.T) {
	s := newShop(t, "in", broken{})
	s.active(1, "TAKEN1")
	d := s.rules(s.Flow, s.ready(1, "TAKEN2"), truename.Refuse)
	if d.Ruling.Reasons[0].Code != truename.CodeNumberTaken {
		t.Errorf("reasons %+v", d.Ruling.Reasons)
	}
}

func TestAKeyOfAnotherRequest(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", same{})
	keyed := staff("agent-1")
	keyed.Key = "k"
	r, err := s.Open(ctx, keyed, opening(truename.RouteFace, 1))
	must(t, err)
	_, err = s.Open(ctx, keyed, opening(truename.RouteFace, 2))
	wantCode(t, err, truename.CodeKeyReused)
	give := func(id string, party truename.Party, purpose truename.Purpose) error {
		_, err := s.GiveConsent(ctx, keyed, id, registration.ConsentGiven{Party: party, Purpose: purpose,
			TextVersion: s.Pack.Settings().Consents[purpose].Version, Language: "en"})
		return err
	}
	must(t, give(r.ID, truename.Guardian, truename.PurposeIdentity))
	wantCode(t, give(r.ID, truename.Guardian, truename.PurposeFaceVerification), truename.CodeKeyReused)
	before := s.subject(r.ID, truename.Guardian)
	other, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteFace, 3))
	must(t, err)
	must(t, give(other.ID, truename.Guardian, truename.PurposeIdentity))
	if after := s.subject(r.ID, truename.Guardian); !cmp.Equal(before.Key, after.Key) {
		t.Error("the key of another registration's party was replaced")
	}
	snapshot, err := s.store.Snapshot(ctx, r.ID)
	must(t, err)
	if len(snapshot.Consents) != 1 || snapshot.Consents[0].Registration != r.ID {
		t.Errorf("consents %+v", snapshot.Consents)
	}

	id := s.facing(4, "KEYED1")
	shown := registration.DocumentShown{Party: truename.Applicant, Fields: passport("KEYED1"), Source: "chip", Original: true, Portrait: []byte("p")}
	_, err = s.RecordDocument(ctx, keyed, id, shown)
	must(t, err)
	_, err = s.CompareFace(ctx, keyed, id, registration.FaceShown{Party: truename.Applicant, Live: []byte("live")})
	wantCode(t, err, truename.CodeKeyReused)
	s.undecided(id, "comparison of the applicant")
}

func TestNothingSealedStaysAtAnEnd(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", same{})
	kept := func(id string) int {
		evidence, err := s.store.Evidence(ctx, id)
		must(t, err)
		return len(evidence)
	}
	open, approved := s.facing(1, "ENDED1"), s.ready(2, "ENDED2")
	s.rules(s.Flow, approved, truename.Approve)
	for _, id := range []string{open, approved} {
		must(t, s.Withdraw(ctx, staff("agent-1"), id))
		if n := kept(id); n > 0 {
			t.Errorf("%d pieces stay after a withdrawal", n)
		}
	}
	lapsed := s.facing(3, "ENDED3")
	must(t, s.at(s.Pack.Settings().RegistrationTTL+time.Minute).Lapse(ctx, lapsed))
	if n := kept(lapsed); n > 0 {
		t.Errorf("%d pieces stay after a lapse", n)
	}
}

// What an account no longer rests on is dropped: when it passes to another registration, and when it ends.
func TestEvidenceBehindAnAccount(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	kept := func(id string) int {
		evidence, err := s.store.Evidence(ctx, id)
		must(t, err)
		return len(evidence)
	}
	first := s.active(1, "BEHIND1")
	swap := s.gathered(ofKind(truename.SIMReplacement, 1, 50), map[truename.Party]string{truename.Applicant: "BEHIND1"})
	d := s.rules(s.Flow, swap, truename.Approve)
	now, r := s.recorded(0)
	_, err := now.Confirm(ctx, staff("carrier"), swap, d.ID)
	must(t, err)
	want := []string{first, swap}
	slices.Sort(want)
	if diff := cmp.Diff(want, purges(r.commits[0])); diff != "" {
		t.Error("purges planned at the replacement:\n" + diff)
	}
	tomorrow, r := s.recorded(48 * time.Hour)
	must(t, tomorrow.Purge(ctx, first))
	must(t, tomorrow.Purge(ctx, swap))
	if kept(first) != 0 || kept(swap) != 2 || len(r.commits) != 1 {
		t.Errorf("%d and %d pieces kept, %d commits", kept(first), kept(swap), len(r.commits))
	}
	a, err := s.AccountOf(ctx, "919800000001")
	must(t, err)
	must(t, tomorrow.CloseAccount(ctx, staff("carrier"), a.ID))
	must(t, tomorrow.Purge(ctx, swap)) // too early: it comes again
	end := s.Pack.Settings().Retention.AfterEnd
	if c := r.commits[len(r.commits)-1]; len(purges(c)) != 1 || c.Jobs[0].At.Before(time.Now().Add(end)) || kept(swap) != 2 {
		t.Errorf("after the end of service %+v", c)
	}
	must(t, s.at(end+72*time.Hour).Purge(ctx, swap))
	if kept(swap) != 0 {
		t.Error("kept longer than the pack says")
	}
}

// Whatever comes first stands; the other finds another state.
func TestEndsRaceWithActivation(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	id := s.ready(1, "RACES1")
	d := s.rules(s.Flow, id, truename.Approve)
	_, err := s.meddled(func() { must(t, s.Withdraw(ctx, staff("agent-1"), id)) }).Confirm(ctx, staff("carrier"), id, d.ID)
	wantCode(t, err, truename.CodeWrongState)
	_, err = s.AccountOf(ctx, "919800000001")
	wantCode(t, err, truename.CodeNotFound)

	id = s.ready(2, "RACES2")
	d = s.rules(s.Flow, id, truename.Approve)
	confirm := func() {
		_, err := s.Confirm(ctx, staff("carrier"), id, d.ID)
		must(t, err)
	}
	wantCode(t, s.meddled(confirm).Withdraw(ctx, staff("agent-1"), id), truename.CodeWrongState)
	a, err := s.AccountOf(ctx, "919800000002")
	must(t, err)
	if a.State != truename.AccountActive {
		t.Errorf("account %s", a.State)
	}

	id = s.ready(3, "RACES3")
	_, err = s.meddled(func() { must(t, s.Withdraw(ctx, staff("agent-1"), id)) }).Decide(ctx, staff("agent-1"), id)
	wantCode(t, err, truename.CodeWrongState)
}

// What a reviewer adds is a verdict of their own, and nothing else.
func TestAVerdictIsAReviewersOwn(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	id := s.referred(1)
	verdict := truename.Finding{ID: "v", Stage: truename.StageReview, Party: truename.Applicant, State: truename.FindingPassed,
		Labels: map[string]string{"verdict": "approve", "code": "same_person"}, By: "reviewer", At: time.Now()}
	forged := verdict
	forged.Stage = truename.StageComparison
	for _, test := range []struct {
		by      registration.Request
		verdict truename.Finding
	}{{staff("reviewer"), forged}, {staff("agent-1"), verdict}, {registration.Request{Actor: truename.Actor{ID: "reviewer", Kind: truename.ActorClient}}, verdict}} {
		_, err := s.Resolve(ctx, test.by, id, test.verdict)
		wantCode(t, err, truename.CodeForbidden)
	}
}

// A clock that has jumped ahead suspends nobody.
func TestAJumpedClockSuspendsNobody(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	s.active(1, "CLOCK1")
	a, err := s.AccountOf(ctx, "919800000001")
	must(t, err)
	must(t, s.Dispute(ctx, staff("hotline"), a.ID))
	var ahead time.Duration
	c := s.Config
	c.Now = func() time.Time { return time.Now().Add(ahead) }
	f := registration.New(c)
	ahead = 240 * time.Hour
	wantCode(t, f.Reverify(ctx, a.ID), truename.CodeClock)
	a, err = s.AccountOf(ctx, "919800000001")
	must(t, err)
	if a.State != truename.AccountActive {
		t.Errorf("account %s", a.State)
	}
}

// A number given away to several people at once goes to one of them.
func TestTransfersOfOneNumber(t *testing.T) { onBoth(t, testTransfers) }

func testTransfers(t *testing.T, s *shop) {
	ctx := t.Context()
	s.active(1, "GIVER1")
	var ids []string
	for _, taker := range []string{"TAKER1", "TAKER2", "TAKER3"} {
		ids = append(ids, s.gathered(ofKind(truename.OwnershipTransfer, 1, 0), map[truename.Party]string{truename.Applicant: taker, truename.Transferor: "GIVER1"}))
	}
	verdicts := make([]truename.Verdict, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			d, err := s.Decide(ctx, staff("agent-1"), id)
			if err != nil {
				wantCode(t, err, truename.CodeNumberTaken)
			}
			verdicts[i] = d.Ruling.Verdict
		})
	}
	wg.Wait()
	approved := 0
	for _, v := range verdicts {
		if v == truename.Approve {
			approved++
		}
	}
	if approved != 1 {
		t.Errorf("verdicts %v", verdicts)
	}
}

// templated is a comparer whose live samples have a template.
type templated struct{ same }

func (c templated) Compare(ctx context.Context, portrait, live []byte, target float64) (registration.Comparison, error) {
	r, err := c.same.Compare(ctx, portrait, live, target)
	r.Live = face.Template{Model: "test", Vector: []float32{1, 0.5, 0.25, 0.125}}
	return r, err
}

func TestATemplateStaysOnlyWithItsOwnConsent(t *testing.T) {
	ctx := t.Context()
	text := "[consent.text.face_retention]\nversion = \"2026-11\"\nzh-CN = \"保留模板。\"\nen = \"We keep a template.\"\n\n[documents]"
	storing := func() *shop {
		return withPack(t, "in", templated{}, "[documents]", text, "template = false", "template = true", `template = "0"`, `template = "30d"`)
	}
	kept := func(s *shop, id string) (n int) {
		evidence, err := s.store.Evidence(ctx, id)
		must(t, err)
		for _, e := range evidence {
			if e.Kind == truename.EvidenceTemplate {
				n++
			}
		}
		return n
	}
	withdraw := func(s *shop, id string, purpose truename.Purpose) {
		snapshot, err := s.store.Snapshot(ctx, id)
		must(t, err)
		for _, c := range snapshot.Consents {
			if c.Purpose == purpose {
				must(t, s.WithdrawConsent(ctx, staff("agent-1"), id, c.ID))
			}
		}
	}
	live := registration.FaceShown{Party: truename.Applicant, Live: []byte("live")}
	s := storing()
	id := s.facing(1, "TEMPLATE1")
	_, err := s.CompareFace(ctx, staff("agent-1"), id, live)
	must(t, err)
	if kept(s, id) != 0 {
		t.Error("kept without a consent")
	}
	s.consent(id, truename.PurposeFaceRetention)
	for range 2 {
		_, err = s.CompareFace(ctx, staff("agent-1"), id, live)
		must(t, err)
	}
	if kept(s, id) != 1 {
		t.Errorf("%d kept with a consent", kept(s, id))
	}
	s.rules(s.Flow, id, truename.Approve)
	withdraw(s, id, truename.PurposeFaceRetention)
	if kept(s, id) != 0 {
		t.Error("kept after the consent was withdrawn")
	}

	id = s.facing(2, "TEMPLATE2")
	s.consent(id, truename.PurposeFaceRetention)
	c := s.Config
	c.Comparer = templated{same{func() { withdraw(s, id, truename.PurposeFaceRetention) }}}
	_, err = registration.New(c).CompareFace(ctx, staff("agent-1"), id, live)
	must(t, err)
	if kept(s, id) != 0 {
		t.Error("kept though the consent was withdrawn during the comparison")
	}
	c.Comparer = templated{same{func() { withdraw(s, id, truename.PurposeFaceVerification) }}}
	_, err = registration.New(c).CompareFace(ctx, staff("agent-1"), id, live)
	wantCode(t, err, truename.CodeConsentMissing)
}

func TestMinorStaysAMinorWhenItsFieldsAreGone(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, 1))
	must(t, err)
	child := passport("MINOR1")
	child.BirthDate = truename.Private(time.Now().AddDate(-10, 0, 0).Format(time.DateOnly))
	s.takesPart(r.ID, truename.Applicant, truename.Applicant, child)
	for _, who := range []string{"agent-1", "agent-2"} {
		_, err := s.CheckInPerson(ctx, staff(who), r.ID, truename.Applicant, true, "")
		must(t, err)
	}
	s.rules(s.Flow, r.ID, truename.Refuse)
	later := s.at(48 * time.Hour)
	must(t, s.store.Transact(ctx, r.ID, func(truename.Snapshot) (c truename.Commit, err error) {
		evidence, err := s.store.Evidence(ctx, r.ID)
		for _, e := range evidence {
			c.DropEvidence = append(c.DropEvidence, e.ID)
		}
		return c, err
	}))
	must(t, later.Appeal(ctx, staff("hotline"), r.ID))
	for _, who := range []string{"second", "third"} {
		_, err := later.Resolve(ctx, staff(who), r.ID, truename.Finding{ID: who, Stage: truename.StageReview, Party: truename.Applicant,
			State: truename.FindingPassed, Labels: map[string]string{"verdict": "approve", "code": "same_person"}, By: who, At: time.Now().Add(48 * time.Hour)})
		if err != nil {
			wantCode(t, err, truename.CodeWrongState)
		}
	}
	s.replays(r.ID, truename.Refuse)
}

func TestAMinorsConsentIsGivenByTheGuardian(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "cn", broken{})
	id := func(n int, givenBy truename.Party) string {
		r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, n))
		must(t, err)
		child, parent := passport(fmt.Sprintf("CHILD%d", n)), passport(fmt.Sprintf("PARENT%d", n))
		child.BirthDate = truename.Private(time.Now().AddDate(-10, 0, 0).Format(time.DateOnly))
		s.takesPart(r.ID, truename.Applicant, givenBy, child)
		s.takesPart(r.ID, truename.Guardian, truename.Guardian, parent)
		for _, who := range []string{"agent-1", "agent-2"} {
			for _, party := range []truename.Party{truename.Applicant, truename.Guardian} {
				_, err := s.CheckInPerson(ctx, staff(who), r.ID, party, true, "")
				must(t, err)
			}
		}
		return r.ID
	}
	s.rules(s.Flow, id(1, truename.Guardian), truename.Refer) // somebody looks at the guardianship
	s.undecided(id(2, truename.Applicant), "consent of the applicant to identity")

	// Nobody consents for anybody but an applicant, and for no adult.
	other, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, 4))
	must(t, err)
	_, err = s.GiveConsent(ctx, staff("agent-1"), other.ID, registration.ConsentGiven{Party: truename.Transferor, GivenBy: truename.Guardian,
		Purpose: truename.PurposeIdentity, TextVersion: s.Pack.Settings().Consents[truename.PurposeIdentity].Version, Language: "en"})
	wantCode(t, err, truename.CodeInvalidRequest)
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, 3))
	must(t, err)
	s.takesPart(r.ID, truename.Applicant, truename.Guardian, passport("ADULT1"))
	for _, who := range []string{"agent-1", "agent-2"} {
		_, err := s.CheckInPerson(ctx, staff(who), r.ID, truename.Applicant, true, "")
		must(t, err)
	}
	s.undecided(r.ID, "consent of the applicant to identity")
}

func TestWhoMayCheckInPerson(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	id := s.gathered(ofKind(truename.OwnershipTransfer, 9, 0), map[truename.Party]string{truename.Applicant: "CHECK1"})
	s.takesPart(id, truename.Transferor, truename.Transferor, passport("CHECK2"))
	self := staff("agent-3")
	self.Actor.Subject = s.subject(id, truename.Transferor).ID
	_, err := s.CheckInPerson(ctx, self, id, truename.Applicant, true, "")
	wantCode(t, err, truename.CodeForbidden)
	_, err = s.CheckInPerson(ctx, staff("agent-1"), id, truename.Applicant, true, "")
	wantCode(t, err, truename.CodeWrongState)
	// Another reading of the document: the same people have to look again, and can.
	s.document(id, "CHECK1", nil)
	_, err = s.CheckInPerson(ctx, staff("agent-1"), id, truename.Applicant, true, "")
	must(t, err)
}

// Many registrations show the same new identity at once: they become one subject.
func TestOneIdentityIsOneSubjectUnderConcurrency(t *testing.T) { onBoth(t, testOneIdentity) }

func testOneIdentity(t *testing.T, s *shop) {
	ctx := t.Context()
	ids := make([]string, 12)
	for i := range ids {
		r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, i))
		must(t, err)
		s.consent(r.ID, truename.PurposeIdentity)
		ids[i] = r.ID
	}
	verdicts := make([]truename.Verdict, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			_, err := s.RecordDocument(ctx, staff("agent-1"), id, registration.DocumentShown{Party: truename.Applicant, Fields: passport("ONCE1"), Source: "chip", Original: true})
			for _, who := range []string{"agent-1", "agent-2"} {
				if err == nil {
					_, err = s.CheckInPerson(ctx, staff(who), id, truename.Applicant, true, "")
				}
			}
			var d truename.Decision
			if err == nil {
				d, err = s.Decide(ctx, staff("agent-1"), id)
			}
			if err != nil {
				t.Error(err)
			}
			verdicts[i] = d.Ruling.Verdict
		})
	}
	wg.Wait()
	subjects, approved := map[string]bool{}, 0
	for i, id := range ids {
		subjects[s.subject(id, truename.Applicant).ID] = true
		if verdicts[i] == truename.Approve {
			approved++
		}
	}
	if len(subjects) != 1 || approved != 9 {
		t.Errorf("%d subjects, %d approved", len(subjects), approved)
	}
}

// withPack gives a shop whose pack has some of its text replaced.
func withPack(t *testing.T, name string, comparer registration.Comparer, replace ...string) *shop {
	t.Helper()
	s := newShop(t, name, comparer)
	text := strings.NewReplacer(replace...).Replace(string(s.Pack.Text()))
	p, err := policy.Load([]byte(text))
	must(t, err)
	must(t, s.store.SavePack(t.Context(), p.Ref(), p.Text()))
	c := s.Config
	c.Pack = p
	s.Flow = registration.New(c)
	return s
}

func TestFieldsThatMayNotBeStored(t *testing.T) {
	s := withPack(t, "in", broken{}, "fields = true", "fields = false", `fields = "1d"`, `fields = "0"`)
	id := s.ready(1, "UNSTORED1")
	evidence, err := s.store.Evidence(t.Context(), id)
	must(t, err)
	for _, e := range evidence {
		if e.Kind == truename.EvidenceFields {
			t.Error("the fields are stored")
		}
	}
	d := s.rules(s.Flow, id, truename.Approve)
	must(t, s.Purge(t.Context(), id))
	_, err = s.Token(t.Context(), id) // needs the number, which an approval keeps until it is used
	must(t, err)
	_, err = s.Confirm(t.Context(), staff("carrier"), id, d.ID)
	must(t, err)
}

func TestAStaffMemberWhoTookAConsentDoesNotJudge(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "cn", broken{})
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, 1))
	must(t, err)
	child, parent := passport("CHILD9"), passport("PARENT9")
	child.BirthDate = truename.Private(time.Now().AddDate(-10, 0, 0).Format(time.DateOnly))
	s.takesPart(r.ID, truename.Applicant, truename.Guardian, child)
	_, err = s.GiveConsent(ctx, staff("agent-9"), r.ID, registration.ConsentGiven{Party: truename.Guardian, Purpose: truename.PurposeIdentity,
		TextVersion: s.Pack.Settings().Consents[truename.PurposeIdentity].Version, Language: "en"})
	must(t, err)
	_, err = s.RecordDocument(ctx, staff("agent-1"), r.ID, registration.DocumentShown{Party: truename.Guardian, Fields: parent, Source: "chip", Original: true})
	must(t, err)
	for _, who := range []string{"agent-1", "agent-2"} {
		_, err := s.CheckInPerson(ctx, staff(who), r.ID, truename.Guardian, true, "")
		must(t, err)
	}
	s.rules(s.Flow, r.ID, truename.Refer)
	_, err = s.desk().Claim(ctx, staff("agent-9").Actor, r.ID, 0)
	wantCode(t, err, truename.CodeForbidden)
	guardian := staff("clerk")
	guardian.Actor.Subject = s.subject(r.ID, truename.Guardian).ID
	_, err = s.desk().Claim(ctx, guardian.Actor, r.ID, 0)
	wantCode(t, err, truename.CodeForbidden)
	_, err = s.desk().Claim(ctx, staff("reviewer").Actor, r.ID, 0)
	must(t, err)
	d, err := s.desk().Resolve(ctx, staff("reviewer").Actor, r.ID, review.Verdict{Verdict: truename.Approve, Code: "guardian_verified"})
	must(t, err)
	if d.Ruling.Verdict != truename.Approve {
		t.Errorf("ruling %+v", d.Ruling)
	}
}
