package registration

import (
	"context"
	"slices"
	"strings"
	"time"

	"truename"
	"truename/audit"
	"truename/policy"
)

// dates of a party's document, opened before the transaction.
type dates struct {
	birth, expires time.Time // zero: unknown, or no end
}

// expired says whether the document's last day is over.
func (d dates) expired(now time.Time) bool {
	return !d.expires.IsZero() && !now.Before(d.expires.AddDate(0, 0, 1))
}

// Decide asks the policy for its ruling and commits it. A registration that has been decided gives that decision again; one
// for which something must still be gathered is not decided: CodeIncomplete.
func (f *Flow) Decide(ctx context.Context, by Request, id string) (truename.Decision, error) {
	return f.rule(ctx, by, id, nil)
}

// Resolve adds a reviewer's verdict to a referred registration and asks the policy again. Package review makes sure who may
// do so.
func (f *Flow) Resolve(ctx context.Context, by Request, id string, verdict truename.Finding) (truename.Decision, error) {
	if verdict.Stage != truename.StageReview || verdict.By != by.Actor.ID || by.Actor.ID == "" || by.Actor.Kind != truename.ActorStaff {
		return truename.Decision{}, &truename.Error{Kind: truename.KindForbidden, Code: truename.CodeForbidden,
			Detail: "A referral is resolved by a member of staff, with a verdict of their own.", Remedy: "Sign in as yourself."}
	}
	return f.rule(ctx, by, id, &verdict)
}

// Missing gives what must still be gathered before a decision makes sense.
func (f *Flow) Missing(ctx context.Context, id string) ([]policy.Requirement, error) {
	s, err := f.Records.Snapshot(ctx, id)
	if err != nil {
		return nil, err
	}
	pack, seen, err := f.look(ctx, s)
	if err != nil {
		return nil, err
	}
	return pack.Missing(f.makeCase(s, seen, f.Now())), nil
}

// look gives what a ruling needs beside the records: the pack, and the dates that are sealed.
func (f *Flow) look(ctx context.Context, s truename.Snapshot) (*policy.Pack, map[truename.Party]dates, error) {
	pack, err := f.pack(ctx, s.Registration.Pack)
	if err != nil {
		return nil, nil, err
	}
	seen, err := f.dates(ctx, s)
	return pack, seen, err
}

func (f *Flow) rule(ctx context.Context, by Request, id string, review *truename.Finding) (truename.Decision, error) {
	err := f.settle(ctx, id, func(seen truename.Snapshot) (finish, error) {
		if review == nil && seen.Registration.State != truename.StateOpen && seen.Decision != nil {
			return nil, errDone
		}
		if err := by.saw(seen); err != nil {
			return nil, err
		}
		pack, dates, err := f.look(ctx, seen)
		return func(locked truename.Snapshot) (truename.Commit, error) {
			if err := f.clock.check(locked.LastCommit); err != nil {
				return truename.Commit{}, err
			}
			return f.decided(locked, pack, dates, by, review)
		}, err
	})
	if err != nil {
		return truename.Decision{}, err
	}
	// The leaf's index is known only now.
	s, err := f.Records.Snapshot(ctx, id)
	if err == nil && s.Decision == nil {
		err = &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords,
			Detail: "The decision was not recorded.", Remedy: "Ask for the decision again; if it persists, see the server's log."}
	}
	if err != nil {
		return truename.Decision{}, err
	}
	return *s.Decision, nil
}

// decided makes the decision and all that it brings, from what is locked.
func (f *Flow) decided(s truename.Snapshot, pack *policy.Pack, seen map[truename.Party]dates, by Request, review *truename.Finding) (truename.Commit, error) {
	now := f.Now().UTC()
	r := next(s)
	if err := f.over(r); err != nil {
		return truename.Commit{}, err
	}
	if review != nil {
		if r.State != truename.StateReferred {
			return truename.Commit{}, wrongState("Only a referred registration is resolved by a reviewer.")
		}
		r.Findings = append(r.Findings, *review)
	}
	s.Registration = *r
	c := f.makeCase(s, seen, now)
	if review == nil {
		if err := complete(pack, c); err != nil {
			return truename.Commit{}, err
		}
	}
	ruling := pack.Rule(c)
	salt, err := audit.NewSalt()
	if err != nil {
		return truename.Commit{}, err
	}
	d := truename.Decision{ID: newID(), Registration: r.ID, Ruling: ruling, Case: c, At: now, By: by.Actor.ID, Salt: salt}
	payload, err := audit.DecisionPayload(d)
	if err != nil {
		return truename.Commit{}, err
	}
	if r.State, err = advance(r.State, stepOf(ruling.Verdict)); err != nil {
		return truename.Commit{}, err
	}
	r.Decision = d.ID
	commit := truename.Commit{Registration: r, Decision: &d, Leaves: []truename.Leaf{audit.Commit(audit.KindDecision, payload, salt, now)}}
	settings := pack.Settings()
	switch ruling.Verdict {
	case truename.Approve:
		f.reserve(s, r, &commit, settings, now)
	case truename.Refer:
		if s.Review == nil || s.Review.ResolvedAt != nil {
			commit.Review = referral(s.Review, r.ID, ruling.Eyes, now)
		}
	}
	if ruling.Verdict != truename.Refer {
		commit.Review = closed(s.Review, now)
		commit.Jobs = append(commit.Jobs, purges(r, settings, now)...)
	}
	// A second reviewer's turn is no news for the carrier.
	if s.Registration.State != truename.StateReferred || r.State != truename.StateReferred {
		event, err := f.event(r, eventOf[r.State])
		if err != nil {
			return truename.Commit{}, err
		}
		commit.Events = []truename.Event{event}
	}
	return commit, nil
}

// complete refuses a case for which something must still be gathered. Once it is decided nothing can be: people would be left
// with a referral they cannot approve, and the customer with a refusal that no appeal can change. Nothing is asked for that
// cannot be had: not from a person whose data were erased, and not a consent that was taken back when all else is there.
func complete(pack *policy.Pack, c truename.Case) error {
	if slices.ContainsFunc(c.Parties, func(p truename.PartyFacts) bool { return p.Erased }) {
		return nil
	}
	var lacking []string
	waits := false
	for _, m := range pack.Missing(c) {
		what := string(m.Stage) + " of the " + string(m.Party)
		if m.Stage == truename.StageConsent {
			what = "consent of the " + string(m.Party) + " to " + string(m.Purpose)
		}
		lacking = append(lacking, what)
		waits = waits || !takenBack(c, m)
	}
	if !waits {
		return nil
	}
	return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeIncomplete,
		Detail: "Something is missing for a decision: " + strings.Join(lacking, ", ") + ".",
		Remedy: "Gather it, then ask again; where it cannot be had, withdraw the registration, or open one on the route in_person."}
}

// takenBack says whether what is missing is a consent that was given and withdrawn.
func takenBack(c truename.Case, m policy.Requirement) bool {
	for _, f := range slices.Backward(c.Findings) {
		if m.Stage == truename.StageConsent && f.Stage == m.Stage && f.Party == m.Party && f.Labels["purpose"] == string(m.Purpose) {
			return f.State != truename.FindingPassed
		}
	}
	return false
}

// makeCase gathers what the policy may know. What only the records know is in it too, so that the ruling can be replayed.
func (f *Flow) makeCase(s truename.Snapshot, seen map[truename.Party]dates, now time.Time) truename.Case {
	r := &s.Registration
	c := truename.Case{Kind: r.Kind, Channel: r.Channel, Route: r.Route, Outlet: r.Outlet, At: now.UTC(), Appealed: r.Appealed, OpenedBy: r.OpenedBy}
	for _, p := range r.Parties {
		facts := truename.PartyFacts{Party: p.Party, Document: p.Document, Country: p.Country, Holdings: s.Holdings[p.Subject],
			Erased: s.Subjects[p.Subject].ErasedAt != nil}
		facts.Age, facts.Expired = known(s, p, seen[p.Party], now)
		c.Parties = append(c.Parties, facts)
	}
	c.Findings = append(c.Findings, r.Findings...)
	if h := holderFinding(s, now); h != nil {
		c.Findings = append(c.Findings, *h)
	}
	return c
}

// known gives age and expiry of a party's document: from its dates; where the fields may not be stored, from what the
// reading noted; where they have been dropped since a decision, as that decision saw them. A refusal must not turn into a
// question of age because it was appealed late. Age is -1 when nobody knows.
func known(s truename.Snapshot, p truename.PartyRecord, d dates, now time.Time) (years int, expired bool) {
	if !d.birth.IsZero() {
		return age(d.birth, now), d.expired(now)
	}
	document := read(s, p.Party)
	if noted, ok := document.Measures[measureAge]; ok {
		return int(noted), document.Labels[labelExpired] == "yes"
	}
	if s.Decision != nil {
		if before := s.Decision.Case.Person(p.Party); before != nil && before.Document == p.Document {
			return before.Age, before.Expired
		}
	}
	return -1, false
}

// holderFinding says whether the number is registered to whom it has to be: to the person who says so, or to nobody where
// a number is to be taken.
func holderFinding(s truename.Snapshot, now time.Time) *truename.Finding {
	h := &truename.Finding{ID: "holder", Stage: truename.StageHolder, Party: truename.Applicant, State: truename.FindingFailed, By: system.Actor.ID, At: now.UTC()}
	switch s.Registration.Kind {
	case truename.OwnershipTransfer:
		h.Party = truename.Transferor
	case truename.SIMReplacement, truename.Reverification:
	default:
		if s.Account == nil {
			return nil
		}
		h.Reasons = []truename.Code{truename.CodeNumberTaken}
		return h
	}
	p := s.Registration.Person(h.Party)
	switch {
	case p == nil || p.Document == "":
		return nil
	case s.Account == nil || !inService(*s.Account):
		h.Reasons = []truename.Code{"no_such_number"}
	case s.Account.Subject != p.Subject:
		h.Reasons = []truename.Code{"not_the_holder"}
	default:
		h.State = truename.FindingPassed
	}
	return h
}

// inService says whether a number has a holder; a reservation has none yet.
func inService(a truename.Account) bool {
	return a.State == truename.AccountActive || a.State == truename.AccountSuspended
}

// age in completed years.
func age(birth, now time.Time) int {
	years := now.Year() - birth.Year()
	if now.Month() < birth.Month() || now.Month() == birth.Month() && now.Day() < birth.Day() {
		years--
	}
	return years
}

// dates opens the dates of the parties' documents.
func (f *Flow) dates(ctx context.Context, s truename.Snapshot) (map[truename.Party]dates, error) {
	all := map[truename.Party]dates{}
	for _, p := range s.Registration.Parties {
		if p.Document == "" {
			continue
		}
		var plain fieldsPlain
		err := f.open(ctx, s, p.Party, truename.EvidenceFields, &plain)
		if e := truename.AsError(err); err != nil && (e.Kind == truename.KindNotFound || e.Code == truename.CodeErased) {
			continue // dropped after a withdrawal or an erasure: the age is unknown
		}
		if err != nil {
			return nil, err
		}
		if all[p.Party], err = plain.dates(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (p fieldsPlain) dates() (d dates, err error) {
	if d.birth, err = time.Parse(time.DateOnly, p.BirthDate); err == nil && p.Expires != "" {
		d.expires, err = time.Parse(time.DateOnly, p.Expires)
	}
	return d, err
}

// reserve takes the place in the limit, until the activation is confirmed.
func (f *Flow) reserve(s truename.Snapshot, r *truename.Registration, c *truename.Commit, settings policy.Settings, now time.Time) {
	until := now.Add(settings.ReservationTTL)
	r.ExpiresAt = until
	c.Jobs = append(c.Jobs, truename.Job{Kind: truename.JobLapse, ID: r.ID, At: until})
	if !r.Kind.TakesPlace() {
		return
	}
	c.Accounts = append(c.Accounts, truename.Account{ID: newID(), Number: r.Number, SIM: r.SIM,
		Subject: r.Person(truename.Applicant).Subject, Registration: r.ID, State: truename.AccountReserved, ReservedUntil: &until})
}

// referral opens a review, or opens one again after an appeal.
func referral(old *truename.Review, id string, eyes int, now time.Time) *truename.Review {
	review := &truename.Review{Registration: id, Version: 1, Eyes: eyes, OpenedAt: now}
	if old != nil {
		review.Version = old.Version + 1
	}
	return review
}

// closed ends a review that is still open; nil when there is none.
func closed(review *truename.Review, now time.Time) *truename.Review {
	if review == nil || review.ResolvedAt != nil {
		return nil
	}
	done := *review
	done.Version++
	done.ResolvedAt, done.ClaimedBy, done.ClaimedUntil = &now, "", nil
	return &done
}

// purges plans the looks at what has to be dropped.
func purges(r *truename.Registration, settings policy.Settings, now time.Time) []truename.Job {
	var jobs []truename.Job
	seen := map[time.Duration]bool{}
	for _, keep := range []time.Duration{settings.Retention.Portrait, settings.Retention.Live, settings.Retention.Template, fieldsKept(r, settings)} {
		if !seen[keep] {
			seen[keep] = true
			jobs = append(jobs, truename.Job{Kind: truename.JobPurge, ID: r.ID, At: now.Add(keep)})
		}
	}
	return jobs
}
