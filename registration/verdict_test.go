package registration_test

import (
	"context"
	"testing"

	"truename"
	"truename/registration"
	"truename/review"
)

// A reviewer's verdict whose answer was lost is sent again: the case is not judged twice, and the answer is the decision that
// the verdict led to. Another verdict, and the same one after something else has happened, are not that request.
func TestVerdictSentAgain(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	desk := review.New(s.store, func(ctx context.Context, by truename.Actor, id string, version int, f truename.Finding) (truename.Decision, error) {
		return s.Resolve(ctx, registration.Request{Actor: by, Version: version}, id, f)
	}, nil)
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, 1))
	must(t, err)
	s.consent(r.ID, truename.PurposeIdentity)
	_, err = s.RecordDocument(ctx, staff("agent-1"), r.ID, registration.DocumentShown{Party: truename.Applicant, Fields: passport("N1234567"), Source: "desk", Original: true})
	must(t, err)
	for _, who := range []string{"agent-1", "agent-2"} {
		_, err := s.CheckInPerson(ctx, staff(who), r.ID, truename.Applicant, true, "")
		must(t, err)
	}
	referred, err := s.Decide(ctx, staff("agent-1"), r.ID)
	must(t, err)
	refuse := review.Verdict{Verdict: truename.Refuse, Code: "document_false"}
	judge := func(who string, v review.Verdict) truename.Decision {
		t.Helper()
		_, err := desk.Claim(ctx, staff(who).Actor, r.ID, 0)
		must(t, err)
		first, err := desk.Resolve(ctx, staff(who).Actor, r.ID, v)
		must(t, err)
		again, err := desk.Resolve(ctx, staff(who).Actor, r.ID, v)
		must(t, err)
		if first.ID != again.ID || first.Leaf != again.Leaf || first.Ruling.Verdict != again.Ruling.Verdict {
			t.Errorf("decided %s %s and, sent again, %s %s", first.ID, first.Ruling.Verdict, again.ID, again.Ruling.Verdict)
		}
		return first
	}
	first := judge("reviewer-1", refuse)
	if first.Ruling.Verdict != truename.Refuse || first.ID == referred.ID {
		t.Fatalf("verdict %s", first.Ruling.Verdict)
	}
	_, err = desk.Resolve(ctx, staff("reviewer-1").Actor, r.ID, review.Verdict{Verdict: truename.Refuse, Code: "document_altered"})
	wantCode(t, err, truename.CodeWrongState)
	_, err = desk.Resolve(ctx, staff("reviewer-2").Actor, r.ID, refuse)
	wantCode(t, err, truename.CodeWrongState)

	must(t, s.Appeal(ctx, staff("agent-1"), r.ID))
	_, err = desk.Resolve(ctx, staff("reviewer-1").Actor, r.ID, refuse)
	wantCode(t, err, truename.CodeForbidden)
	if d := judge("reviewer-2", refuse); d.Ruling.Verdict != truename.Refer {
		t.Errorf("one of two pairs of eyes: %s", d.Ruling.Verdict)
	}
	if d := judge("reviewer-3", refuse); d.Ruling.Verdict != truename.Refuse { // the case was given back by the one before
		t.Errorf("two pairs of eyes: %s", d.Ruling.Verdict)
	}
	all, err := s.store.Decisions(ctx, r.ID)
	must(t, err)
	if len(all) != 4 {
		t.Errorf("%d decisions", len(all))
	}
}
