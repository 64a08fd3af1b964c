package registration_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"truename"
	"truename/registration"
)

// unlike never sees a match. The face is not what is tested with it.
type unlike struct{}

func (unlike) Compare(context.Context, []byte, []byte, float64) (registration.Comparison, error) {
	return registration.Comparison{Outcome: truename.OutcomeNoMatch, Score: 0.1, FMR: 0.3, Threshold: 0.5, Model: "test"}, nil
}

// blurred finds every picture unusable.
type blurred struct{}

func (blurred) Compare(context.Context, []byte, []byte, float64) (registration.Comparison, error) {
	return registration.Comparison{Outcome: truename.OutcomeUnusable, Reasons: []truename.Code{truename.ReasonBlurred}}, nil
}

var liveFace = registration.FaceShown{Party: truename.Applicant, Live: []byte("live")}

// More registrations do not mean more attempts at one identity.
func TestAttemptsCountOverRegistrations(t *testing.T) {
	for name, comparer := range map[string]registration.Comparer{"failed": unlike{}, "undecided": blurred{}} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			s := newShop(t, "in", comparer)
			most := s.Pack.Settings().RetryCaps[truename.StageComparison]
			for n := range 3 {
				id := s.facing(n, "TRIES1")
				for range most {
					_, err := s.CompareFace(ctx, staff("agent-1"), id, liveFace)
					must(t, err)
				}
				_, err := s.CompareFace(ctx, staff("agent-1"), id, liveFace)
				wantCode(t, err, truename.CodeAttemptsExhausted)
			}
			id := s.facing(10, "TRIES1")
			_, err := s.CompareFace(ctx, staff("agent-1"), id, liveFace)
			wantCode(t, err, truename.CodeAttemptsExhausted)
			s.undecided(id, "comparison of the applicant")

			// Another person, the route without a face, and the next day are as open as ever.
			_, err = s.CompareFace(ctx, staff("agent-1"), s.facing(11, "TRIES2"), liveFace)
			must(t, err)
			s.rules(s.Flow, s.ready(12, "TRIES1"), truename.Approve)
			_, err = s.at(25*time.Hour).CompareFace(ctx, staff("agent-1"), id, liveFace)
			must(t, err)
			if n := len(s.subject(id, truename.Applicant).Attempts); n != 1 {
				t.Errorf("%d attempts are kept", n)
			}
		})
	}
}

// What passed, and what an engine could not do, is no attempt.
func TestWhatIsNoAttempt(t *testing.T) {
	for name, comparer := range map[string]registration.Comparer{"passed": same{}, "unavailable": broken{}} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "in", comparer)
			id := s.facing(1, "TRIES3")
			_, err := s.CompareFace(t.Context(), staff("agent-1"), id, liveFace)
			must(t, err)
			if n := len(s.subject(id, truename.Applicant).Attempts); n != 0 {
				t.Errorf("%d attempts", n)
			}
		})
	}
}

// Many registrations at once win no attempt, and those who come too late learn nothing.
func TestAttemptsCountUnderConcurrency(t *testing.T) { onBoth(t, testAttempts) }

func testAttempts(t *testing.T, s *shop) {
	ctx := t.Context()
	c := s.Config
	c.Comparer = unlike{}
	f := registration.New(c)
	most := 3 * s.Pack.Settings().RetryCaps[truename.StageComparison]
	ids := make([]string, most+6)
	for i := range ids {
		ids[i] = s.facing(i, "TRIES4")
	}
	errs := make([]error, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			var found truename.Finding
			if found, errs[i] = f.CompareFace(ctx, staff("agent-1"), id, liveFace); errs[i] != nil && found.State != "" {
				errs[i] = fmt.Errorf("refused with a finding: %w", errs[i])
				t.Error(errs[i])
			}
		})
	}
	wg.Wait()
	for i, id := range ids { // who was too late in the race comes again
		if errs[i] != nil && truename.AsError(errs[i]).Code == truename.CodeStale {
			_, errs[i] = f.CompareFace(ctx, staff("agent-1"), id, liveFace)
		}
	}
	passed := 0
	for _, err := range errs {
		if err == nil {
			passed++
			continue
		}
		wantCode(t, err, truename.CodeAttemptsExhausted)
	}
	if n := len(s.subject(ids[0], truename.Applicant).Attempts); passed != most || n != most {
		t.Errorf("%d comparisons, %d counted, want %d", passed, n, most)
	}
}

// A document is not read again when no comparison is left: what was compared would no longer count.
func TestADocumentIsNotReadAgainAfterTheLastComparison(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", unlike{})
	id := s.facing(1, "TRIES5")
	for range s.Pack.Settings().RetryCaps[truename.StageComparison] {
		_, err := s.CompareFace(ctx, staff("agent-1"), id, liveFace)
		must(t, err)
	}
	_, err := s.RecordDocument(ctx, staff("agent-1"), id, registration.DocumentShown{Party: truename.Applicant, Fields: passport("TRIES5"),
		Source: "chip", Original: true, Portrait: []byte("another portrait")})
	wantCode(t, err, truename.CodeAttemptsExhausted)
	s.rules(s.Flow, id, truename.Refer)
}

func TestSignalsCarryNobodysNumber(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	r, err := s.Open(ctx, staff("agent-1"), opening(truename.RouteFace, 1))
	must(t, err)
	for _, labels := range []map[string]string{{"phone": "n_13800138000"}, {"id_310101199003071234": "yes"}, {"device": "seen before"}} {
		_, err := s.RecordSignals(ctx, staff("agent-1"), r.ID, truename.Applicant, nil, labels)
		wantCode(t, err, truename.CodeInvalidRequest)
	}
	_, err = s.RecordSignals(ctx, staff("agent-1"), r.ID, truename.Applicant, map[string]float64{"risk_2026": 0.5}, map[string]string{"otp": "confirmed"})
	must(t, err)
}
