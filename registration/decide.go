package registration

import (
	"context"
	"time"

	"truename"
	"truename/audit"
	"truename/policy"
)

// dates of a party's document, opened before the transaction.
type dates struct {
	birth, expires time.Time // zero: unknown, or no end
}

// Decide asks the policy for its ruling and commits it. A registration that has been decided gives that decision again.
func (f *Flow) Decide(ctx context.Context, by Request, id string) (truename.Decision, error) {
	return f.rule(ctx, by, id, nil)
}

// Resolve adds findings of reviewers to a referred registration and asks the policy again. Package review makes sure who
// may do so.
func (f *Flow) Resolve(ctx context.Context, by Request, id string, verdict truename.Finding) (truename.Decision, error) {
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
	if review != nil {
		if r.State != truename.StateReferred {
			return truename.Commit{}, wrongState("Only a referred registration is resolved by a reviewer.")
		}
		r.Findings = append(r.Findings, *review)
	}
	s.Registration = *r
	c := f.makeCase(s, seen, now)
	ruling := pack.Rule(c)
	ruling = f.guard(s, ruling)
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
		commit.Jobs = append(commit.Jobs, purges(r.ID, settings, now)...)
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

// guard is the flow's own belt beside the policy's braces: conditions that only the records know, and that turn an
// approval into a refusal.
func (f *Flow) guard(s truename.Snapshot, ruling truename.Ruling) truename.Ruling {
	if ruling.Verdict != truename.Approve {
		return ruling
	}
	r := &s.Registration
	refuse := func(code truename.Code) truename.Ruling {
		ruling.Verdict, ruling.Eyes, ruling.Obligations = truename.Refuse, 0, nil
		ruling.Reasons = []truename.Reason{{Code: code, Rule: "records"}}
		return ruling
	}
	switch r.Kind {
	case truename.NewNumber, truename.AdditionalNumber, truename.PortIn:
		if s.Account != nil {
			return refuse(truename.CodeNumberTaken)
		}
	case truename.SIMReplacement, truename.Reverification:
		if p := r.Person(truename.Applicant); s.Account == nil || p == nil || s.Account.Subject != p.Subject {
			return refuse("not_the_holder")
		}
	case truename.OwnershipTransfer:
		if p := r.Person(truename.Transferor); s.Account == nil || p == nil || s.Account.Subject != p.Subject {
			return refuse("not_the_holder")
		}
	}
	return ruling
}

// makeCase gathers what the policy may know.
func (f *Flow) makeCase(s truename.Snapshot, seen map[truename.Party]dates, now time.Time) truename.Case {
	r := &s.Registration
	c := truename.Case{Kind: r.Kind, Channel: r.Channel, Route: r.Route, At: now.UTC(), Appealed: r.Appealed, OpenedBy: r.OpenedBy}
	for _, p := range r.Parties {
		facts := truename.PartyFacts{Party: p.Party, Document: p.Document, Country: p.Country, Age: -1, Holdings: s.Holdings[p.Subject]}
		if d := seen[p.Party]; !d.birth.IsZero() {
			facts.Age = age(d.birth, now)
			facts.Expired = !d.expires.IsZero() && now.After(d.expires.AddDate(0, 0, 1))
		}
		c.Parties = append(c.Parties, facts)
	}
	c.Findings = append(c.Findings, r.Findings...)
	if h := holderFinding(s, now); h != nil {
		c.Findings = append(c.Findings, *h)
	}
	return c
}

// holderFinding says whether the number is registered to the person who says so; nil where nobody needs to be its holder.
func holderFinding(s truename.Snapshot, now time.Time) *truename.Finding {
	party := truename.Applicant
	switch s.Registration.Kind {
	case truename.OwnershipTransfer:
		party = truename.Transferor
	case truename.SIMReplacement, truename.Reverification:
	default:
		return nil
	}
	h := &truename.Finding{ID: "holder", Stage: truename.StageHolder, Party: party, State: truename.FindingFailed, By: "truename", At: now.UTC()}
	p := s.Registration.Person(party)
	switch {
	case p == nil || p.Document == "":
		return nil
	case s.Account == nil:
		h.Reasons = []truename.Code{"no_such_number"}
	case s.Account.Subject != p.Subject:
		h.Reasons = []truename.Code{"not_the_holder"}
	default:
		h.State = truename.FindingPassed
	}
	return h
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
		var d dates
		if d.birth, err = time.Parse(time.DateOnly, plain.BirthDate); err != nil {
			return nil, err
		}
		if plain.Expires != "" {
			if d.expires, err = time.Parse(time.DateOnly, plain.Expires); err != nil {
				return nil, err
			}
		}
		all[p.Party] = d
	}
	return all, nil
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
func purges(id string, settings policy.Settings, now time.Time) []truename.Job {
	var jobs []truename.Job
	seen := map[time.Duration]bool{}
	for _, keep := range []time.Duration{settings.Retention.Portrait, settings.Retention.Live, settings.Retention.Template, settings.Retention.Fields} {
		if !seen[keep] {
			seen[keep] = true
			jobs = append(jobs, truename.Job{Kind: truename.JobPurge, ID: id, At: now.Add(keep)})
		}
	}
	return jobs
}
