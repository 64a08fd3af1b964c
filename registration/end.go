package registration

import (
	"context"
	"slices"
	"time"

	"truename"
	"truename/policy"
)

// Withdraw ends a registration at the customer's wish; its place in the limit is free again.
func (f *Flow) Withdraw(ctx context.Context, by Request, id string) error {
	return f.change(ctx, id, by, func(s truename.Snapshot) (truename.Commit, error) {
		if s.Registration.State == truename.StateWithdrawn {
			return truename.Commit{}, errDone
		}
		return f.ended(ctx, s, by, stepWithdraw)
	})
}

// Lapse ends a registration whose time is over; of an appeal that waits for people it tells instead. One that still has time is left alone and looked at again when it is over:
// jobs come early, or twice, and a place in the limit that is never freed is lost.
func (f *Flow) Lapse(ctx context.Context, id string) error {
	return f.change(ctx, id, system, func(s truename.Snapshot) (truename.Commit, error) {
		if _, err := advance(s.Registration.State, stepLapse); err != nil {
			return truename.Commit{}, errDone
		}
		if f.Now().Before(s.Registration.ExpiresAt) {
			return f.again(truename.JobLapse, id, s.Registration.ExpiresAt), nil
		}
		if waits(&s.Registration) {
			return f.overdue(ctx, s)
		}
		return f.ended(ctx, s, system, stepLapse)
	})
}

// again makes the commit that plans another look, a minute from now or later.
func (f *Flow) again(kind truename.JobKind, id string, at time.Time) truename.Commit {
	if soon := f.Now().Add(time.Minute); at.Before(soon) {
		at = soon
	}
	return truename.Commit{Jobs: []truename.Job{{Kind: kind, ID: id, At: at.UTC()}}}
}

// system is this software as an actor.
var system = Request{Actor: truename.Actor{ID: "truename", Kind: truename.ActorSystem}}

// ended makes the commit of an end without activation: everything sealed is dropped.
func (f *Flow) ended(ctx context.Context, s truename.Snapshot, by Request, how step) (truename.Commit, error) {
	r := next(s)
	state, err := advance(r.State, how)
	if err != nil {
		return truename.Commit{}, err
	}
	r.State = state
	commit, err := f.moved(r, by)
	if err != nil {
		return truename.Commit{}, err
	}
	evidence, err := f.Records.Evidence(ctx, r.ID)
	if err != nil {
		return truename.Commit{}, err
	}
	for _, e := range evidence {
		commit.DropEvidence = append(commit.DropEvidence, e.ID)
	}
	now := f.Now().UTC()
	if s.Own != nil && s.Own.State == truename.AccountReserved {
		free := *s.Own
		free.State, free.ReservedUntil, free.ClosedAt = truename.AccountClosed, nil, &now
		commit.Accounts = []truename.Account{free}
	}
	commit.Review = closed(s.Review, now)
	return commit, nil
}

// Purge drops the evidence of a decided registration whose retention is over. For what has to go later it comes again; for
// what stays while a number is in service, the end of that brings it back.
func (f *Flow) Purge(ctx context.Context, id string) error {
	return f.change(ctx, id, system, func(s truename.Snapshot) (truename.Commit, error) {
		if s.Decision == nil || s.Registration.State == truename.StateReferred || s.Registration.State == truename.StateOpen {
			return truename.Commit{}, errDone
		}
		pack, err := f.pack(ctx, s.Registration.Pack)
		if err != nil {
			return truename.Commit{}, err
		}
		evidence, err := f.Records.Evidence(ctx, id)
		if err != nil {
			return truename.Commit{}, err
		}
		r := next(s)
		commit := truename.Commit{Registration: r}
		var later time.Time
		for _, e := range evidence {
			switch end, known := dropAt(e.Kind, s, pack.Settings()); {
			case !known:
			case !f.Now().Before(end):
				commit.DropEvidence = append(commit.DropEvidence, e.ID)
			case later.IsZero() || end.Before(later):
				later = end
			}
		}
		if len(commit.DropEvidence) == 0 {
			if later.IsZero() {
				return truename.Commit{}, errDone
			}
			return f.again(truename.JobPurge, id, later), nil
		}
		if !later.IsZero() {
			commit.Jobs = f.again(truename.JobPurge, id, later).Jobs
		}
		slices.Sort(commit.DropEvidence)
		leaf, err := f.leaf("evidence.dropped", map[string]any{"registration": r.ID, "evidence": commit.DropEvidence})
		commit.Leaves = []truename.Leaf{leaf}
		return commit, err
	})
}

// dropAt says when evidence of a decided registration has to go; false: not yet known, as the number is in service.
// Pictures go at the decision or a set time after it. Fields and template, on which an account rests, stay as long as
// the account and a set time longer. Fields and number of a refusal stay as long as it can be appealed: without them an
// appeal would win nothing.
func dropAt(k truename.EvidenceKind, s truename.Snapshot, settings policy.Settings) (time.Time, bool) {
	keep := settings.Retention
	switch k {
	case truename.EvidencePortrait:
		return s.Decision.At.Add(keep.Portrait), true
	case truename.EvidenceLive:
		return s.Decision.At.Add(keep.Live), true
	}
	if s.Registration.State == truename.StateApproved { // the activation needs them; without it all is dropped
		return time.Time{}, false
	}
	after := fieldsKept(&s.Registration, settings)
	if k == truename.EvidenceTemplate {
		after = keep.Template
	}
	switch {
	case s.Own != nil && s.Own.State != truename.AccountClosed && after > 0:
		return time.Time{}, false
	case s.Own != nil && s.Own.ClosedAt != nil && after > 0:
		return s.Own.ClosedAt.Add(keep.AfterEnd), true
	}
	return s.Decision.At.Add(after), true
}

// Reverify tells the carrier when an account is due, and suspends it when the time after that has passed too.
func (f *Flow) Reverify(ctx context.Context, account string) error {
	settings := f.Pack.Settings().Reverification
	if err := f.clock.check(time.Time{}); err != nil { // with a wrong clock nobody is suspended
		return err
	}
	return f.Accounts.TransactAccount(ctx, account, func(a truename.Account) (truename.Commit, error) {
		now := f.Now().UTC()
		switch {
		case a.State != truename.AccountActive || a.ReverifyBy == nil:
			return truename.Commit{}, nil
		case now.Before(*a.ReverifyBy):
			return f.again(truename.JobReverify, a.ID, *a.ReverifyBy), nil
		}
		r := &truename.Registration{ID: a.Registration}
		end := a.ReverifyBy.Add(settings.SuspendAfter)
		kind := truename.EventAccountReverify
		var commit truename.Commit
		if now.Before(end) {
			commit.Jobs = []truename.Job{{Kind: truename.JobReverify, ID: a.ID, At: end}}
		} else {
			kind = truename.EventAccountSuspended
			a.State = truename.AccountSuspended
			commit.Accounts = []truename.Account{a}
		}
		event, err := f.accountEvent(a, r.ID, kind, end)
		if err != nil {
			return commit, err
		}
		leaf, err := f.leaf(string(kind), map[string]any{"account": a.ID})
		commit.Events, commit.Leaves = []truename.Event{event}, []truename.Leaf{leaf}
		return commit, err
	})
}
