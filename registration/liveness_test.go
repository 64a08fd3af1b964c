package registration_test

import (
	"math"
	"testing"
	"time"

	"truename"
	"truename/registration"
)

// alive makes a liveness finding of a capture session.
func alive(capture string, state truename.FindingState) truename.Finding {
	return truename.Finding{Party: truename.Applicant, State: state, Measures: map[string]float64{"score": 0.9},
		Labels: map[string]string{"capture": capture, "model": "pad-1.0"}}
}

func TestLivenessAndComparisonOfOneSession(t *testing.T) {
	ctx := t.Context()
	for name, test := range map[string]struct {
		found, compared string
		want            truename.Verdict
		code            truename.Code
	}{
		"the same session":     {"c-1", "c-1", truename.Approve, "requirements_met"},
		"another session":      {"c-1", "c-2", truename.Refer, "capture_differs"},
		"a photo from nowhere": {"c-1", "", truename.Refer, "capture_differs"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "th", same{})
			id := s.facing(1, "ALIVE1")
			s.undecided(id, "liveness of the applicant", "comparison of the applicant")
			f, err := s.RecordLiveness(ctx, staff("agent-1"), id, alive(test.found, truename.FindingPassed), []byte("best frame"))
			must(t, err)
			if f.ID == "" || f.By != "agent-1" || f.At.IsZero() || f.Stage != truename.StageLiveness {
				t.Errorf("finding %+v", f)
			}
			s.undecided(id, "comparison of the applicant")
			shown := liveFace
			shown.Capture = test.compared
			_, err = s.CompareFace(ctx, staff("agent-1"), id, shown)
			must(t, err)
			d := s.rules(s.Flow, id, test.want)
			if len(d.Ruling.Reasons) != 1 || d.Ruling.Reasons[0].Code != test.code {
				t.Errorf("reasons %+v", d.Ruling.Reasons)
			}
		})
	}
}

// The finding of the last session counts, and so does the comparison with it.
func TestASecondCaptureSession(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "th", same{})
	id := s.facing(1, "ALIVE2")
	first := liveFace
	first.Capture = "c-1"
	_, err := s.RecordLiveness(ctx, staff("agent-1"), id, alive("c-1", truename.FindingUndecided), nil)
	must(t, err)
	_, err = s.CompareFace(ctx, staff("agent-1"), id, first)
	must(t, err)
	_, err = s.RecordLiveness(ctx, staff("agent-1"), id, alive("c-1", truename.FindingPassed), nil)
	wantCode(t, err, truename.CodeWrongState) // a session has one outcome
	second := liveFace
	second.Capture = "c-2"
	_, err = s.RecordLiveness(ctx, staff("agent-1"), id, alive("c-2", truename.FindingPassed), nil)
	must(t, err)
	_, err = s.CompareFace(ctx, staff("agent-1"), id, second)
	must(t, err)
	s.rules(s.Flow, id, truename.Approve)
}

func TestLivenessNeedsWhatAComparisonNeeds(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", same{})
	record := func(id string, f truename.Finding) error {
		_, err := s.RecordLiveness(ctx, staff("agent-1"), id, f, nil)
		return err
	}
	passed := alive("c-1", truename.FindingPassed)

	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteFace, 1))
	must(t, err)
	wantCode(t, record(r.ID, passed), truename.CodeConsentMissing)
	wantCode(t, s.MayCapture(ctx, r.ID, truename.Applicant), truename.CodeConsentMissing)
	s.consent(r.ID, truename.PurposeIdentity, truename.PurposeFaceVerification)
	wantCode(t, record(r.ID, passed), truename.CodeWrongState) // no document
	s.document(r.ID, "ALIVE3", []byte("portrait"))
	must(t, s.MayCapture(ctx, r.ID, truename.Applicant))
	wantCode(t, s.at(s.Pack.Settings().RegistrationTTL+time.Hour).MayCapture(ctx, r.ID, truename.Applicant), truename.CodeWrongState)

	wantCode(t, record(s.ready(2, "ALIVE4"), passed), truename.CodeWrongState) // the route without a face

	none := alive("", truename.FindingPassed)
	text := alive("c-1", truename.FindingPassed)
	text.Labels["note"] = "looks like Zaphod"
	nothing := alive("c-1", truename.FindingPassed)
	nothing.Measures["score"] = math.NaN()
	for _, f := range []truename.Finding{none, text, nothing, alive("c-1", "perhaps"), alive("../c", truename.FindingPassed)} {
		wantCode(t, record(r.ID, f), truename.CodeInvalidRequest)
	}
	other := passed
	other.Party = "passer-by"
	wantCode(t, record(r.ID, other), truename.CodeInvalidRequest)

	must(t, record(r.ID, passed))
}

func TestLivenessAttemptsCount(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", same{})
	most := s.Pack.Settings().RetryCaps[truename.StageLiveness]
	for n := range 3 {
		id := s.facing(n, "ALIVE5")
		for i := range most {
			_, err := s.RecordLiveness(ctx, staff("agent-1"), id, alive(string(rune('a'+i)), truename.FindingFailed), nil)
			must(t, err)
		}
		wantCode(t, s.MayCapture(ctx, id, truename.Applicant), truename.CodeAttemptsExhausted)
	}
	id := s.facing(9, "ALIVE5")
	wantCode(t, s.MayCapture(ctx, id, truename.Applicant), truename.CodeAttemptsExhausted)
	_, err := s.RecordLiveness(ctx, staff("agent-1"), id, alive("z", truename.FindingPassed), nil)
	wantCode(t, err, truename.CodeAttemptsExhausted)
	// Comparisons are counted by themselves.
	_, err = s.CompareFace(ctx, staff("agent-1"), id, liveFace)
	must(t, err)
}

// What a reviewer may look at is the session's own picture, where the pack keeps it.
func TestTheLivePictureOfASession(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "cn", same{})
	id := s.facing(1, "ALIVE6")
	_, err := s.RecordLiveness(ctx, staff("agent-1"), id, alive("c-1", truename.FindingUndecided), []byte("best frame"))
	must(t, err)
	shown := liveFace
	shown.Capture = "c-1"
	_, err = s.CompareFace(ctx, staff("agent-1"), id, shown)
	must(t, err)
	if n := s.kept(id)[truename.EvidenceLive]; n != 1 {
		t.Errorf("%d live photos kept", n)
	}
	s.rules(s.Flow, id, truename.Refer)
	s.mustNotHold("best frame")

	s = newShop(t, "strict", same{}) // keeps no pictures at all
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteFace, 2))
	must(t, err)
	s.consent(r.ID, truename.PurposeIdentity, truename.PurposeFaceVerification)
	s.document(r.ID, "ALIVE8", nil)
	_, err = s.RecordLiveness(ctx, staff("agent-1"), r.ID, alive("c-1", truename.FindingPassed), []byte("best frame"))
	must(t, err)
	if n := s.kept(r.ID)[truename.EvidenceLive]; n != 0 {
		t.Errorf("%d live photos kept", n)
	}
}

func TestARepeatedLivenessRequest(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", same{})
	id := s.facing(1, "ALIVE7")
	keyed := staff("agent-1")
	keyed.Key = "session c-1"
	first, err := s.RecordLiveness(ctx, keyed, id, alive("c-1", truename.FindingPassed), nil)
	must(t, err)
	again, err := s.RecordLiveness(ctx, keyed, id, alive("c-1", truename.FindingPassed), nil)
	must(t, err)
	if first.ID != again.ID || len(s.state(id).Findings) != 4 {
		t.Errorf("recorded twice: %+v", s.state(id).Findings)
	}
	_, err = s.CompareFace(ctx, staff("agent-1"), id, registration.FaceShown{Party: truename.Applicant, Live: []byte("live"), Capture: "c 1"})
	wantCode(t, err, truename.CodeInvalidRequest)
}
