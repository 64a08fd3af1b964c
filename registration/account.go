package registration

import (
	"context"
	"encoding/json"
	"time"

	"truename"
)

// accountEvent tells of an account.
func (f *Flow) accountEvent(a truename.Account, registration string, t truename.EventType, due time.Time) (truename.Event, error) {
	data, err := json.Marshal(map[string]any{"account": a.ID, "registration": registration, "state": a.State, "suspension_at": due.UTC()})
	return truename.Event{ID: newID(), Type: t, Registration: registration, At: f.Now().UTC(), Data: data}, err
}

// RequireReverification makes an account due at a time: the carrier has found it at risk (Anti-Telecom and Online Fraud
// Law of China, Art. 11). Suspension follows when the pack's time after that has passed without proof. An account that is
// due earlier stays so: asking again wins nobody time.
func (f *Flow) RequireReverification(ctx context.Context, by Request, account string, due time.Time) error {
	return f.makeDue(ctx, by, account, "account.reverification", due)
}

// Dispute records that a person says a number under their name is not theirs: whoever uses it has to prove it now.
func (f *Flow) Dispute(ctx context.Context, by Request, account string) error {
	return f.makeDue(ctx, by, account, "account.disputed", f.Now())
}

func (f *Flow) makeDue(ctx context.Context, by Request, account, kind string, due time.Time) error {
	return f.Accounts.TransactAccount(ctx, account, func(a truename.Account) (truename.Commit, error) {
		if a.State != truename.AccountActive {
			return truename.Commit{}, wrongState("Only an active number can be asked to be verified again.")
		}
		if due = due.UTC(); a.ReverifyBy == nil || due.Before(*a.ReverifyBy) {
			a.ReverifyBy = &due
		}
		leaf, err := f.leaf(kind, map[string]any{"account": a.ID, "by": by.Actor.ID, "due": a.ReverifyBy})
		return truename.Commit{Accounts: []truename.Account{a}, Leaves: []truename.Leaf{leaf},
			Jobs: []truename.Job{{Kind: truename.JobReverify, ID: a.ID, At: *a.ReverifyBy}}}, err
	})
}

// AccountOf finds the account of a number that is in service or reserved.
func (f *Flow) AccountOf(ctx context.Context, msisdn truename.Private) (truename.Account, error) {
	if !msisdnForm.MatchString(msisdn.Reveal()) {
		return truename.Account{}, invalid("The number is not in E.164 form.", "Give country code and number, without + or spaces.")
	}
	return f.Accounts.AccountByNumber(ctx, f.Vault.Index("msisdn", msisdn.Reveal()))
}

// CloseAccount ends a number at the customer's wish or at the end of the contract; it no longer counts.
func (f *Flow) CloseAccount(ctx context.Context, by Request, account string) error {
	return f.Accounts.TransactAccount(ctx, account, func(a truename.Account) (truename.Commit, error) {
		switch a.State {
		case truename.AccountClosed:
			return truename.Commit{}, nil
		case truename.AccountReserved:
			return truename.Commit{}, wrongState("A reservation ends with its registration: withdraw that.")
		}
		now := f.Now().UTC()
		a.State, a.ReverifyBy, a.ClosedAt = truename.AccountClosed, nil, &now
		leaf, err := f.leaf("account.closed", map[string]any{"account": a.ID, "by": by.Actor.ID})
		return truename.Commit{Accounts: []truename.Account{a}, Leaves: []truename.Leaf{leaf},
			Jobs: []truename.Job{{Kind: truename.JobPurge, ID: a.Registration, At: now}}}, err
	})
}

// SubjectOf finds the subject an identity belongs to, by the document's issuing country, type and number. It says nothing
// about the person beyond that the operator knows it; who may ask is the caller's to see.
func (f *Flow) SubjectOf(ctx context.Context, country string, t truename.DocumentType, number truename.Private) (truename.Subject, error) {
	p := fieldsPlain{Type: t, Country: country, Number: normalNumber(number.Reveal())}
	if err := p.checkIdentity(); err != nil {
		return truename.Subject{}, err
	}
	return f.Records.SubjectByIndex(ctx, f.identityIndex(p))
}
