package registration

import (
	"context"
	"time"

	"truename"
	"truename/activation"
)

// Token gives an activation token of an approved registration: short-lived, for one activation, without personal data
// beyond number and SIM. It can be had again until the activation is confirmed or the reservation is over.
func (f *Flow) Token(ctx context.Context, id string) (string, error) {
	s, err := f.Records.Snapshot(ctx, id)
	if err != nil {
		return "", err
	}
	now := f.Now().UTC()
	if err := f.clock.check(s.LastCommit); err != nil {
		return "", err
	}
	r := &s.Registration
	switch {
	case r.State != truename.StateApproved || s.Decision == nil || s.Decision.Ruling.Verdict != truename.Approve:
		return "", wrongState("Only an approved registration has an activation token; this one is " + string(r.State) + ".")
	case now.After(r.ExpiresAt):
		return "", wrongState("The reservation is over; the registration lapses.")
	}
	if err := activatable(s); err != nil {
		return "", err // the carrier acts on a token before it confirms
	}
	pack, err := f.pack(ctx, r.Pack)
	if err != nil {
		return "", err
	}
	var number numberPlain
	if err := f.open(ctx, s, truename.Applicant, truename.EvidenceNumber, &number); err != nil {
		return "", err
	}
	keys, err := f.Keys(ctx, now)
	if err != nil {
		return "", err
	}
	expires := now.Add(pack.Settings().TokenTTL)
	if expires.After(r.ExpiresAt) {
		expires = r.ExpiresAt
	}
	return activation.Sign(keys, activation.Claims{
		Issuer: f.Issuer, Audience: f.Audience, IssuedAt: now, NotBefore: now, Expires: expires, ID: s.Decision.ID,
		Registration: r.ID, Kind: r.Kind, MSISDN: number.MSISDN, ICCID: number.ICCID, Decision: s.Decision.ID,
		Policy: s.Decision.Ruling.Pack, Leaf: s.Decision.Leaf, Obligations: s.Decision.Ruling.Obligations,
	}, now)
}

// Confirm records that the carrier's system has activated the number, given the token's decision. It succeeds once;
// the same decision confirmed again gives the same answer, any other is refused.
func (f *Flow) Confirm(ctx context.Context, by Request, id, decision string) (truename.Registration, error) {
	var done truename.Registration
	err := f.change(ctx, id, by, func(s truename.Snapshot) (truename.Commit, error) {
		r := next(s)
		if s.Registration.State == truename.StateActivated && r.Decision == decision {
			done = s.Registration
			return truename.Commit{}, errDone
		}
		state, err := advance(r.State, stepConfirm)
		if err != nil {
			return truename.Commit{}, err
		}
		now := f.Now().UTC()
		switch {
		case r.Decision != decision:
			return truename.Commit{}, &truename.Error{Kind: truename.KindConflict, Code: truename.CodeTokenInvalid,
				Detail: "The token belongs to another decision.", Remedy: "Fetch a new token and activate with that."}
		case now.After(r.ExpiresAt):
			return truename.Commit{}, wrongState("The reservation is over; the registration lapses.")
		}
		r.State = state
		pack, err := f.pack(ctx, r.Pack)
		if err != nil {
			return truename.Commit{}, err
		}
		commit, err := f.moved(r, by)
		if err != nil {
			return truename.Commit{}, err
		}
		if err := f.hold(s, r, &commit, pack.Settings().Reverification.After, now); err != nil {
			return truename.Commit{}, err
		}
		done = *r
		return commit, nil
	})
	return done, err
}

// hold writes who holds the number now.
func (f *Flow) hold(s truename.Snapshot, r *truename.Registration, c *truename.Commit, reverify time.Duration, now time.Time) error {
	if err := activatable(s); err != nil {
		return err
	}
	var a truename.Account
	if r.Kind.TakesPlace() {
		a = *s.Own
		a.ActivatedAt = &now
	} else {
		a = *s.Account
		// The account rests on this registration now; what the one before has kept for it can go.
		c.Jobs = append(c.Jobs, truename.Job{Kind: truename.JobPurge, ID: a.Registration, At: now})
	}
	switch r.Kind {
	case truename.OwnershipTransfer: // both in one transaction: the number never has two holders, nor none
		old := *s.Account
		old.State, old.ReverifyBy, old.ClosedAt = truename.AccountClosed, nil, &now
		c.Accounts = append(c.Accounts, old)
		c.Jobs = append(c.Jobs, truename.Job{Kind: truename.JobPurge, ID: old.Registration, At: now})
		if len(a.SIM) == 0 {
			a.SIM = old.SIM
		}
	case truename.SIMReplacement:
		a.SIM = r.SIM
	}
	if a.State == truename.AccountSuspended {
		event, err := f.event(r, truename.EventAccountRestored)
		if err != nil {
			return err
		}
		c.Events = append(c.Events, event)
	}
	a.State, a.Registration, a.ReservedUntil, a.ReverifyBy = truename.AccountActive, r.ID, nil, nil
	if reverify > 0 {
		due := now.Add(reverify)
		a.ReverifyBy = &due
		c.Jobs = append(c.Jobs, truename.Job{Kind: truename.JobReverify, ID: a.ID, At: due})
	}
	c.Accounts = append(c.Accounts, a)
	c.Jobs = append(c.Jobs, truename.Job{Kind: truename.JobPurge, ID: r.ID, At: now})
	return nil
}

// activatable refuses when the number is no longer as it was at the approval: the reservation is gone, or the number has
// passed to somebody else.
func activatable(s truename.Snapshot) error {
	kind := s.Registration.Kind
	if kind.TakesPlace() {
		switch {
		case s.Own == nil || s.Own.State != truename.AccountReserved:
			return wrongState("The reservation is gone.")
		case kind == truename.OwnershipTransfer:
			return stillHeld(s, truename.Transferor)
		case s.Account != nil:
			return wrongState("The number is held by somebody else by now.")
		}
		return nil
	}
	return stillHeld(s, truename.Applicant)
}

// stillHeld refuses when the number is no longer the party's.
func stillHeld(s truename.Snapshot, party truename.Party) error {
	if p := s.Registration.Person(party); p != nil && s.Account != nil && inService(*s.Account) && s.Account.Subject == p.Subject {
		return nil
	}
	return wrongState("The number is no longer registered to the person who was verified.")
}
