package record

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"truename"
)

// Snapshot reads a registration with everything that belongs to it, without locking it.
func (s *Store) Snapshot(ctx context.Context, registration string) (truename.Snapshot, error) {
	var snap truename.Snapshot
	err := s.read(ctx, func(tx *sql.Tx) (err error) {
		snap, _, err = s.snapshot(ctx, tx, registration, "")
		return err
	})
	return snap, err
}

// snapshot reads a registration, and with a lock clause locks it and the subjects of its parties and of its number's
// account. taken says that another registration has reserved the number.
func (s *Store) snapshot(ctx context.Context, tx querier, id, lock string) (snap truename.Snapshot, taken bool, err error) {
	if snap.Registration, err = must(ctx, tx, scanDoc[truename.Registration], "SELECT doc FROM registration WHERE id = $1"+lock, id); err != nil {
		return snap, false, err
	}
	subjects := map[string]bool{}
	for _, p := range snap.Registration.Parties {
		subjects[p.Subject] = true
	}
	if lock != "" {
		// Whose account the number is decides whom to lock; it is read again once that subject is locked.
		if err := s.accounts(ctx, tx, &snap, &taken); err != nil {
			return snap, false, err
		}
		if snap.Account != nil {
			subjects[snap.Account.Subject] = true
		}
	}
	if snap.Subjects, err = s.subjects(ctx, tx, subjects, lock); err != nil {
		return snap, false, err
	}
	if err := s.accounts(ctx, tx, &snap, &taken); err != nil {
		return snap, false, err
	}
	if lock != "" && snap.Account != nil && !subjects[snap.Account.Subject] {
		return snap, false, errAgain
	}
	for id := range snap.Subjects {
		if snap.Registration.Parties != nil && !slices.ContainsFunc(snap.Registration.Parties, func(p truename.PartyRecord) bool { return p.Subject == id }) {
			delete(snap.Subjects, id)
		}
	}
	if snap.Holdings, err = s.holdings(ctx, tx, snap.Registration); err != nil {
		return snap, false, err
	}
	snap.Consents, err = all(ctx, tx, scanDoc[truename.Consent], "SELECT doc FROM consent WHERE registration = $1 ORDER BY given_at, id", id)
	if err != nil {
		return snap, false, err
	}
	if snap.Registration.Decision != "" {
		if snap.Decision, err = one(ctx, tx, scanDoc[truename.Decision], "SELECT doc FROM decision WHERE id = $1", snap.Registration.Decision); err != nil {
			return snap, false, err
		}
	}
	if snap.Review, err = one(ctx, tx, scanDoc[truename.Review], "SELECT doc FROM review WHERE registration = $1", id); err != nil {
		return snap, false, err
	}
	var last int64
	if err := tx.QueryRowContext(ctx, "SELECT last_at FROM log_head").Scan(&last); err != nil {
		return snap, false, err
	}
	if last != 0 {
		snap.LastCommit = timeOf(last)
	}
	return snap, taken, nil
}

// subjects reads, and with a lock clause locks, subjects in the order of their ids.
func (s *Store) subjects(ctx context.Context, tx querier, ids map[string]bool, lock string) (map[string]truename.Subject, error) {
	found := map[string]truename.Subject{}
	if len(ids) == 0 {
		return found, nil
	}
	sorted := slices.Sorted(maps.Keys(ids))
	subjects, err := all(ctx, tx, scanSubject, subjectQuery+" WHERE id IN "+list(1, len(sorted))+" ORDER BY id"+lock, anys(sorted)...)
	for _, subject := range subjects {
		found[subject.ID] = subject
	}
	return found, err
}

// accounts finds the account of the registration's number and the one that the registration made itself.
func (s *Store) accounts(ctx context.Context, tx querier, snap *truename.Snapshot, taken *bool) error {
	snap.Account, snap.Own, *taken = nil, nil, false
	r := &snap.Registration
	found, err := all(ctx, tx, scanAccount, accountQuery+` WHERE registration = $1 OR (number = $2 AND state <> 'closed') ORDER BY id`, r.ID, r.Number)
	for i := range found {
		a := &found[i]
		switch {
		case a.Registration == r.ID:
			if snap.Own == nil || a.State != truename.AccountClosed {
				snap.Own = a
			}
		case a.State == truename.AccountReserved:
			*taken = true
			if snap.Account == nil {
				snap.Account = a
			}
		default: // the holder, who comes before a reservation
			snap.Account = a
		}
	}
	return err
}

// holdings counts the accounts of the parties. A reservation counts until it is closed, even when its time is over: the
// job that lapses its registration closes it.
func (s *Store) holdings(ctx context.Context, tx querier, r truename.Registration) (map[string]int, error) {
	counts := map[string]int{}
	args := []any{r.ID}
	for _, p := range r.Parties {
		counts[p.Subject] = 0
		args = append(args, p.Subject)
	}
	if len(counts) == 0 {
		return counts, nil
	}
	rows, err := tx.QueryContext(ctx, "SELECT subject, COUNT(*) FROM account WHERE state <> 'closed' AND registration <> $1 AND subject IN "+
		list(2, len(args)-1)+" GROUP BY subject", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var subject string
		var n int
		if err := rows.Scan(&subject, &n); err != nil {
			return nil, err
		}
		counts[subject] = n
	}
	return counts, rows.Err()
}

func anys[T any](values []T) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}
