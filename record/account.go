package record

import (
	"context"
	"database/sql"

	"truename"
)

const accountQuery = "SELECT id, number, sim, subject, registration, state, reserved_until, activated_at, closed_at, reverify_by FROM account"

func scanAccount(row scanner) (truename.Account, error) {
	var a truename.Account
	var reserved, activated, closed, reverify sql.NullInt64
	err := row.Scan(&a.ID, &a.Number, &a.SIM, &a.Subject, &a.Registration, &a.State, &reserved, &activated, &closed, &reverify)
	a.ReservedUntil, a.ActivatedAt, a.ClosedAt, a.ReverifyBy = timeOrNil(reserved), timeOrNil(activated), timeOrNil(closed), timeOrNil(reverify)
	return a, err
}

// Account reads an account.
func (s *Store) Account(ctx context.Context, id string) (truename.Account, error) {
	a, err := must(ctx, s.engine.Read, scanAccount, accountQuery+" WHERE id = $1", id)
	return a, s.fail(err)
}

// AccountByNumber finds the account of a number by its blind index: that of its holder, else its reservation.
func (s *Store) AccountByNumber(ctx context.Context, index []byte) (truename.Account, error) {
	a, err := must(ctx, s.engine.Read, scanAccount,
		accountQuery+" WHERE number = $1 AND state <> 'closed' ORDER BY CASE state WHEN 'reserved' THEN 1 ELSE 0 END", index)
	return a, s.fail(err)
}

// TransactAccount locks an account and its subject, gives change what is stored, and writes what change returns; as
// [Store.Transact].
func (s *Store) TransactAccount(ctx context.Context, id string, change func(truename.Account) (truename.Commit, error)) error {
	return s.commit(ctx, func(ctx context.Context, tx *sql.Tx) (truename.Commit, bool, error) {
		// Whoever changes an account has locked its subject, so that is locked first; an account keeps its subject.
		subject, err := must(ctx, tx, scanString, "SELECT subject FROM account WHERE id = $1", id)
		if err != nil {
			return truename.Commit{}, false, err
		}
		if _, err := s.subjects(ctx, tx, map[string]bool{subject: true}, s.engine.Lock); err != nil {
			return truename.Commit{}, false, err
		}
		a, err := must(ctx, tx, scanAccount, accountQuery+" WHERE id = $1", id)
		if err != nil {
			return truename.Commit{}, false, err
		}
		c, err := change(a)
		if err != nil {
			err = &refusal{err}
		}
		return c, false, err
	})
}
