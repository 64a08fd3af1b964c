package registration_test

import (
	"strings"
	"testing"

	"truename"
	"truename/registration"
)

// undecided asks for a decision that cannot be made yet, as just these steps are missing.
func (s *shop) undecided(id string, missing ...string) {
	s.t.Helper()
	ctx := s.t.Context()
	_, err := s.Decide(ctx, staff("agent-1"), id)
	wantCode(s.t, err, truename.CodeIncomplete)
	e := truename.AsError(err)
	if want := "Something is missing for a decision: " + strings.Join(missing, ", ") + "."; e.Detail != want || e.Kind != truename.KindConflict || e.Remedy == "" {
		s.t.Errorf("%+v, want %q", e, want)
	}
	if r := s.state(id); r.State != truename.StateOpen || r.Decision != "" {
		s.t.Errorf("state %s, decision %q", r.State, r.Decision)
	}
}

func TestNothingIsDecidedBeforeItIsComplete(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteFace, 1))
	must(t, err)
	s.undecided(r.ID, "consent of the applicant to identity", "document of the applicant",
		"consent of the applicant to face_verification", "comparison of the applicant")
	s.consent(r.ID, truename.PurposeIdentity, truename.PurposeFaceVerification)
	s.document(r.ID, "EARLY1", []byte("portrait"))
	s.undecided(r.ID, "comparison of the applicant")
	// A stage that could not do its work has been tried: people look at the case.
	_, err = s.CompareFace(ctx, staff("agent-1"), r.ID, registration.FaceShown{Party: truename.Applicant, Live: []byte("live")})
	must(t, err)
	s.rules(s.Flow, r.ID, truename.Refer)
}

// One failed check at the counter is enough for a refusal; one that passed waits for a second pair of eyes.
func TestChecksInPersonThatAreMissing(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	for n, same := range []bool{true, false} {
		r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, n))
		must(t, err)
		s.consent(r.ID, truename.PurposeIdentity)
		s.document(r.ID, "EARLY2", nil)
		reason := registration.ReasonDocumentAltered
		if same {
			reason = ""
		}
		_, err = s.CheckInPerson(ctx, staff("agent-1"), r.ID, truename.Applicant, same, reason)
		must(t, err)
		if same {
			s.undecided(r.ID, "in_person of the applicant")
		} else {
			s.rules(s.Flow, r.ID, truename.Refuse)
		}
	}
}

// What is taken back when all else is there is an answer, and no gap.
func TestADecisionAfterAConsentIsTakenBack(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	id := s.ready(1, "EARLY3")
	must(t, s.WithdrawConsent(ctx, staff("agent-1"), id, s.consents(id)[0].ID))
	d := s.rules(s.Flow, id, truename.Refuse)
	if d.Ruling.Reasons[0].Code != "consent_withdrawn" {
		t.Errorf("reasons %+v", d.Ruling.Reasons)
	}
}

func (s *shop) consents(id string) []truename.Consent {
	s.t.Helper()
	snapshot, err := s.store.Snapshot(s.t.Context(), id)
	must(s.t, err)
	return snapshot.Consents
}

func TestReasonsOfAFailedCheckAreAList(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteInPerson, 1))
	must(t, err)
	s.consent(r.ID, truename.PurposeIdentity)
	s.document(r.ID, "REASONS", nil)
	for _, reason := range []truename.Code{"", "because_of_his_face", "zaphod_beeblebrox"} {
		_, err := s.CheckInPerson(ctx, staff("agent-1"), r.ID, truename.Applicant, false, reason)
		wantCode(t, err, truename.CodeInvalidRequest)
	}
	_, err = s.CheckInPerson(ctx, staff("agent-1"), r.ID, truename.Applicant, true, registration.ReasonOther)
	wantCode(t, err, truename.CodeInvalidRequest)
	f, err := s.CheckInPerson(ctx, staff("agent-1"), r.ID, truename.Applicant, false, registration.ReasonCoerced)
	must(t, err)
	if len(f.Reasons) != 1 || f.Reasons[0] != registration.ReasonCoerced {
		t.Errorf("reasons %v", f.Reasons)
	}
}
