package registration_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"truename"
	"truename/audit"
	"truename/registration"
	"truename/review"
)

// desk is where the shop's referrals are reviewed.
func (s *shop) desk() *review.Desk { return s.deskAt(nil) }

func (s *shop) deskAt(now func() time.Time) *review.Desk {
	return review.New(s.store, func(ctx context.Context, by truename.Actor, id string, version int, f truename.Finding) (truename.Decision, error) {
		return s.Resolve(ctx, registration.Request{Actor: by, Version: version}, id, f)
	}, now)
}

// newest gives the kind of the newest entry of the audit log.
func (s *shop) newest() string {
	s.t.Helper()
	size, err := s.store.LogSize(s.t.Context())
	must(s.t, err)
	leaves, err := s.store.Leaves(s.t.Context(), size-1, size)
	must(s.t, err)
	entry, err := audit.ParseLeaf(leaves[0])
	must(s.t, err)
	return entry.Kind
}

// referred gives a registration that an engine which cannot work has sent to the reviewers, with its portrait.
func (s *shop) referred(n int) string {
	s.t.Helper()
	ctx := s.t.Context()
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteFace, n))
	must(s.t, err)
	s.consent(r.ID, truename.PurposeIdentity, truename.PurposeFaceVerification)
	s.document(r.ID, "LOOK"+string(opening(truename.RouteFace, n).Subscription.MSISDN), []byte("the portrait"))
	_, err = s.CompareFace(ctx, staff("agent-1"), r.ID, registration.FaceShown{Party: truename.Applicant, Live: []byte("the live photo")})
	must(s.t, err)
	d, err := s.Decide(ctx, staff("agent-1"), r.ID)
	must(s.t, err)
	if d.Ruling.Verdict != truename.Refer {
		s.t.Fatalf("ruling %+v", d.Ruling)
	}
	return r.ID
}

func TestPicturesAreShownToWhoHasClaimedTheCase(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	id := s.referred(1)
	desk := s.desk()
	_, err := s.Look(ctx, staff("reviewer"), id, truename.Applicant, truename.EvidencePortrait)
	wantCode(t, err, truename.CodeForbidden) // not claimed
	_, err = desk.Claim(ctx, staff("reviewer").Actor, id, 0)
	must(t, err)
	picture, err := s.Look(ctx, staff("reviewer"), id, truename.Applicant, truename.EvidencePortrait)
	must(t, err)
	if !bytes.Equal(picture, []byte("the portrait")) {
		t.Error("another picture")
	}
	if kind := s.newest(); kind != "evidence.viewed" {
		t.Errorf("the newest entry of the log is %s", kind)
	}
	_, err = s.Look(ctx, staff("other"), id, truename.Applicant, truename.EvidencePortrait)
	wantCode(t, err, truename.CodeForbidden)
	_, err = s.at(31*time.Minute).Look(ctx, staff("reviewer"), id, truename.Applicant, truename.EvidencePortrait)
	wantCode(t, err, truename.CodeForbidden) // the claim is over
	for _, kind := range []truename.EvidenceKind{truename.EvidenceFields, truename.EvidenceNumber, truename.EvidenceTemplate} {
		_, err = s.Look(ctx, staff("reviewer"), id, truename.Applicant, kind)
		wantCode(t, err, truename.CodeInvalidRequest)
	}
	_, err = s.Look(ctx, staff("reviewer"), id, truename.Guardian, truename.EvidencePortrait)
	wantCode(t, err, truename.CodeNotFound)
	later := s.deskAt(func() time.Time { return time.Now().Add(31 * time.Minute) })
	_, err = later.Resolve(ctx, staff("reviewer").Actor, id, review.Verdict{Verdict: truename.Refuse, Code: "not_enough_evidence"})
	wantCode(t, err, truename.CodeWrongState) // the claim is over
	_, err = desk.Resolve(ctx, staff("reviewer").Actor, id, review.Verdict{Verdict: truename.Refuse, Code: "not_enough_evidence"})
	must(t, err)
	_, err = s.Look(ctx, staff("reviewer"), id, truename.Applicant, truename.EvidencePortrait)
	wantCode(t, err, truename.CodeForbidden) // resolved
}

func TestADisputedNumberHasToBeProvedNow(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	id := s.ready(1, "D1111")
	d, err := s.Decide(ctx, staff("agent-1"), id)
	must(t, err)
	_, err = s.Confirm(ctx, staff("carrier"), id, d.ID)
	must(t, err)
	a, err := s.AccountOf(ctx, "919800000001")
	must(t, err)
	must(t, s.Dispute(ctx, staff("hotline"), a.ID))
	if kind := s.newest(); kind != "account.disputed" {
		t.Errorf("the newest entry of the log is %s", kind)
	}
	a, err = s.AccountOf(ctx, "919800000001")
	must(t, err)
	due := a.ReverifyBy
	if due == nil || due.After(time.Now()) {
		t.Fatalf("due %v", due)
	}
	// Neither asking again nor a milder demand wins time.
	must(t, s.Dispute(ctx, staff("hotline"), a.ID))
	must(t, s.RequireReverification(ctx, staff("hotline"), a.ID, time.Now().Add(240*time.Hour)))
	a, err = s.AccountOf(ctx, "919800000001")
	must(t, err)
	if !a.ReverifyBy.Equal(*due) {
		t.Errorf("due %v, before %v", a.ReverifyBy, due)
	}
	must(t, s.Reverify(ctx, a.ID))
	must(t, s.at(s.Pack.Settings().Reverification.SuspendAfter+time.Minute).Reverify(ctx, a.ID))
	a, err = s.AccountOf(ctx, "919800000001")
	must(t, err)
	if a.State != truename.AccountSuspended {
		t.Errorf("account %s", a.State)
	}
}

func TestTheSubjectOfAnIdentity(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	id := s.ready(1, "ab 12-34")
	snapshot, err := s.store.Snapshot(ctx, id)
	must(t, err)
	subject, err := s.SubjectOf(ctx, "IND", truename.Passport, "AB1234")
	must(t, err)
	if subject.ID != snapshot.Registration.Person(truename.Applicant).Subject {
		t.Error("another subject")
	}
	_, err = s.SubjectOf(ctx, "CHN", truename.Passport, "AB1234")
	wantCode(t, err, truename.CodeNotFound)
	_, err = s.SubjectOf(ctx, "India", truename.Passport, "AB1234")
	wantCode(t, err, truename.CodeInvalidRequest)
}
