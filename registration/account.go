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
// Law of China, Art. 11). Suspension follows when the pack's time after that has passed without proof.
func (f *Flow) RequireReverification(ctx context.Context, by Request, account string, due time.Time) error {
	return f.Accounts.TransactAccount(ctx, account, func(a truename.Account) (truename.Commit, error) {
		if a.State != truename.AccountActive {
			return truename.Commit{}, wrongState("Only an active number can be asked to be verified again.")
		}
		due = due.UTC()
		a.ReverifyBy = &due
		leaf, err := f.leaf("account.reverification", map[string]any{"account": a.ID, "by": by.Actor.ID, "due": due})
		return truename.Commit{Accounts: []truename.Account{a}, Leaves: []truename.Leaf{leaf},
			Jobs: []truename.Job{{Kind: truename.JobReverify, ID: a.ID, At: due}}}, err
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
			Jobs: []truename.Job{{Kind: truename.JobPurge, ID: a.Registration, At: now.Add(f.Pack.Settings().Retention.AfterEnd)}}}, err
	})
}
