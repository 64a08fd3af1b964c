package registration_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"truename"
	"truename/registration"
)

// refused gives a registration of which a check at the counter has failed.
func (s *shop) refused(n int, number string) string {
	s.t.Helper()
	r, err := s.Open(s.t.Context(), staff("agent-1"), opening(truename.RouteInPerson, n))
	must(s.t, err)
	s.consent(r.ID, truename.PurposeIdentity)
	s.document(r.ID, number, nil)
	_, err = s.CheckInPerson(s.t.Context(), staff("agent-1"), r.ID, truename.Applicant, false, registration.ReasonNotTheHolder)
	must(s.t, err)
	s.rules(s.Flow, r.ID, truename.Refuse)
	return r.ID
}

// judges gives a reviewer's verdict on an appealed case at a time.
func judges(ctx context.Context, f *registration.Flow, who, id string, verdict truename.Verdict) (truename.Decision, error) {
	finding := truename.Finding{ID: who, Stage: truename.StageReview, Party: truename.Applicant, State: truename.FindingPassed,
		Labels: map[string]string{"verdict": string(verdict), "code": "same_person"}, By: who, At: f.Now().UTC()}
	if verdict == truename.Refuse {
		finding.State, finding.Labels["code"] = truename.FindingFailed, "different_person"
	}
	return f.Resolve(ctx, staff(who), id, finding)
}

func (s *shop) state(id string) truename.Registration {
	s.t.Helper()
	snapshot, err := s.store.Snapshot(s.t.Context(), id)
	must(s.t, err)
	return snapshot.Registration
}

func (s *shop) events(t truename.EventType) []truename.Event {
	s.t.Helper()
	events, _, err := s.store.Events(s.t.Context(), truename.EventQuery{Type: t})
	must(s.t, err)
	return events
}

// kept says what is kept of a registration.
func (s *shop) kept(id string) map[truename.EvidenceKind]int {
	s.t.Helper()
	evidence, err := s.store.Evidence(s.t.Context(), id)
	must(s.t, err)
	count := map[truename.EvidenceKind]int{}
	for _, e := range evidence {
		count[e.Kind]++
	}
	return count
}

// Who appeals late, but in time, and is right, gets the number: what it needs is still there.
func TestALateAppealLeadsToAnActivation(t *testing.T) {
	for _, pack := range []string{"cn", "in"} {
		t.Run(pack, func(t *testing.T) {
			ctx := t.Context()
			s := newShop(t, pack, broken{})
			id := s.refused(1, "APPEAL1")
			late := s.at(29 * 24 * time.Hour)
			must(t, s.at(48*time.Hour).Purge(ctx, id))
			must(t, late.Purge(ctx, id))
			must(t, late.Appeal(ctx, staff("hotline"), id))
			for _, who := range []string{"second", "third"} {
				_, err := judges(ctx, late, who, id, truename.Approve)
				must(t, err)
			}
			d := s.replays(id, truename.Approve)
			_, err := late.Token(ctx, id)
			must(t, err)
			done, err := late.Confirm(ctx, staff("carrier"), id, d.ID)
			must(t, err)
			if done.State != truename.StateActivated {
				t.Errorf("state %s", done.State)
			}
		})
	}
}

func TestARefusalCanBeAppealedAsLongAsThePackSays(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "cn", broken{})
	id := s.refused(1, "APPEAL2")
	open := s.Pack.Settings().Appeal.OpenFor
	must(t, s.at(open-time.Hour).Purge(ctx, id))
	if n := s.kept(id); n[truename.EvidenceFields] != 1 || n[truename.EvidenceNumber] != 1 {
		t.Errorf("kept while it can be appealed: %v", n)
	}
	over := s.at(open + time.Hour)
	err := over.Appeal(ctx, staff("hotline"), id)
	wantCode(t, err, truename.CodeWrongState)
	if e := truename.AsError(err); e.Remedy == "" || e.Detail == "" {
		t.Errorf("%+v", e)
	}
	must(t, over.Purge(ctx, id))
	if n := s.kept(id); len(n) != 0 {
		t.Errorf("kept when it can no longer be appealed: %v", n)
	}
}

// The decision plans the purge for when the appeal is over; so does a second refusal, for when the pack says, as nobody can
// appeal again.
func TestPurgesAfterARefusal(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "cn", broken{})
	now, r := s.recorded(0)
	id := s.refused(1, "APPEAL3")
	must(t, now.Appeal(ctx, staff("hotline"), id))
	for _, who := range []string{"second", "third"} {
		_, err := judges(ctx, now, who, id, truename.Refuse)
		must(t, err)
	}
	s.replays(id, truename.Refuse)
	last := r.commits[len(r.commits)-1]
	fields := s.Pack.Settings().Retention.Fields
	if len(purges(last)) == 0 {
		t.Error("no purge is planned")
	}
	must(t, s.at(fields+time.Hour).Purge(ctx, id))
	if n := s.kept(id); len(n) != 0 {
		t.Errorf("kept after the appeal was refused: %v", n)
	}
}

// An appeal that nobody answers in time does not lapse: it is told of, again and again, until somebody does.
func TestAnAppealThatNobodyAnswers(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "cn", broken{})
	id := s.refused(1, "APPEAL4")
	must(t, s.Appeal(ctx, staff("hotline"), id))
	within := s.Pack.Settings().Appeal.Within
	appealed := s.state(id)
	if left := time.Until(appealed.ExpiresAt); left > within || left < within-time.Minute {
		t.Errorf("to be answered within %s", left)
	}
	must(t, s.Lapse(ctx, id)) // too early
	if n := len(s.events(truename.EventAppealOverdue)); n != 0 {
		t.Errorf("%d events before the time", n)
	}
	overdue, commits := s.recorded(within + time.Hour)
	for range 2 { // jobs come twice
		must(t, overdue.Lapse(ctx, id))
	}
	if jobs := commits.commits[0].Jobs; len(jobs) != 1 || jobs[0].Kind != truename.JobLapse || !jobs[0].At.After(time.Now().Add(2*within)) {
		t.Errorf("planned %+v", jobs)
	}
	events := s.events(truename.EventAppealOverdue)
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	var told struct {
		Registration string
		State        truename.RegistrationState
		Due          time.Time
	}
	must(t, json.Unmarshal(events[0].Data, &told))
	if told.Registration != id || told.State != truename.StateReferred || !told.Due.Equal(appealed.ExpiresAt) {
		t.Errorf("told %s", events[0].Data)
	}
	if r := s.state(id); r.State != truename.StateReferred {
		t.Fatalf("state %s", r.State)
	}
	if n := s.kept(id); n[truename.EvidenceFields] != 1 || n[truename.EvidenceNumber] != 1 {
		t.Errorf("kept while people have not answered: %v", n)
	}
	later := s.at(3 * within)
	must(t, later.Lapse(ctx, id))
	if n := len(s.events(truename.EventAppealOverdue)); n != 2 {
		t.Errorf("%d events", n)
	}
	// However late, the answer counts.
	much := s.at(10 * within)
	for _, who := range []string{"second", "third"} {
		_, err := judges(ctx, much, who, id, truename.Approve)
		must(t, err)
	}
	s.replays(id, truename.Approve)
	_, err := much.Token(ctx, id)
	must(t, err)
}

// A referral without an appeal lapses as before, and so does an approval after an appeal.
func TestWhatElseLapses(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	referred := s.referred(1)
	must(t, s.at(s.Pack.Settings().RegistrationTTL+time.Minute).Lapse(ctx, referred))
	if r := s.state(referred); r.State != truename.StateLapsed {
		t.Errorf("a referral: %s", r.State)
	}
	s = newShop(t, "in", broken{})
	approved := s.refused(2, "APPEAL5")
	must(t, s.Appeal(ctx, staff("hotline"), approved))
	for _, who := range []string{"second", "third"} {
		_, err := judges(ctx, s.Flow, who, approved, truename.Approve)
		must(t, err)
	}
	must(t, s.at(s.Pack.Settings().ReservationTTL+time.Minute).Lapse(ctx, approved))
	if r := s.state(approved); r.State != truename.StateLapsed {
		t.Errorf("an approval after an appeal: %s", r.State)
	}
}
