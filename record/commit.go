package record

import (
	"context"
	"database/sql"
	"slices"

	"github.com/google/uuid"

	"truename"
)

// Create writes the commit of a new registration. A registration that is there already is a conflict.
func (s *Store) Create(ctx context.Context, c truename.Commit) error {
	return s.commit(ctx, func(context.Context, *sql.Tx) (truename.Commit, bool, error) { return c, false, nil })
}

// Transact locks a registration and its subjects, gives change what is stored, and writes what change returns, all in
// one transaction. An error of change rolls back and is returned as it is. Change does no more than compute: everybody
// else waits for it. It is called again when another transaction was in the way.
func (s *Store) Transact(ctx context.Context, registration string, change func(truename.Snapshot) (truename.Commit, error)) error {
	return s.commit(ctx, func(ctx context.Context, tx *sql.Tx) (truename.Commit, bool, error) {
		snap, taken, err := s.snapshot(ctx, tx, registration, s.engine.Lock)
		if err != nil {
			return truename.Commit{}, false, err
		}
		c, err := change(snap)
		if err != nil {
			err = &refusal{err}
		}
		return c, taken, err
	})
}

// commit makes a commit and writes it, in one transaction. taken says that the number was seen to be reserved.
func (s *Store) commit(ctx context.Context, build func(context.Context, *sql.Tx) (c truename.Commit, taken bool, err error)) error {
	var dropped, erased bool
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		c, taken, err := build(ctx, tx)
		if err != nil {
			return err
		}
		dropped = len(c.DropEvidence)+len(c.DropSubjects) > 0
		erased = slices.ContainsFunc(c.Subjects, func(subject truename.Subject) bool { return subject.ErasedAt != nil })
		return s.put(ctx, tx, c, taken)
	})
	switch {
	case err != nil:
		return err
	case erased:
		s.scrubber.now(context.WithoutCancel(ctx))
	case dropped:
		s.scrubber.soon()
	}
	return nil
}

// put writes a commit. The log comes last: its head is the one row that all writers wait for.
func (s *Store) put(ctx context.Context, tx *sql.Tx, c truename.Commit, taken bool) error {
	if c.Decision != nil && len(c.Leaves) == 0 {
		return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords,
			Detail: "A decision without an entry in the audit log is not recorded.", Remedy: "Report this as a fault of the program."}
	}
	for _, subject := range c.Subjects {
		if err := putSubject(ctx, tx, subject); err != nil {
			return err
		}
	}
	if c.Registration != nil {
		if err := putRegistration(ctx, tx, c.Registration); err != nil {
			return err
		}
	}
	for _, consent := range c.Consents {
		doc, err := text(consent)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO consent (id, registration, subject, given_at, doc) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET subject = excluded.subject, doc = excluded.doc`,
			consent.ID, consent.Registration, consent.Subject, micros(consent.GivenAt), doc); err != nil {
			return err
		}
	}
	for _, e := range c.Evidence {
		if _, err := tx.ExecContext(ctx, "INSERT INTO evidence (id, registration, subject, party, kind, box, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			e.ID, e.Registration, e.Subject, e.Party, e.Kind, e.Box, micros(e.CreatedAt)); err != nil {
			return err
		}
	}
	for _, a := range c.Accounts {
		if err := s.putAccount(ctx, tx, a, taken); err != nil {
			return err
		}
	}
	if c.Review != nil {
		if err := putReview(ctx, tx, c.Review); err != nil {
			return err
		}
	}
	if err := drop(ctx, tx, "evidence", c.DropEvidence); err != nil {
		return err
	}
	if err := drop(ctx, tx, "subject", c.DropSubjects); err != nil {
		return err
	}
	jobs := c.Jobs
	if len(c.Events) > 0 {
		deliveries, err := putEvents(ctx, tx, c.Events)
		if err != nil {
			return err
		}
		jobs = append(deliveries, jobs...)
	}
	if err := s.putJobs(ctx, tx, jobs); err != nil {
		return err
	}
	first, err := s.appendLeaves(ctx, tx, c.Leaves)
	if err != nil || c.Decision == nil {
		return err
	}
	c.Decision.Leaf = first
	doc, err := text(c.Decision)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO decision (id, registration, leaf, doc) VALUES ($1, $2, $3, $4)",
		c.Decision.ID, c.Decision.Registration, c.Decision.Leaf, doc)
	return err
}

func putSubject(ctx context.Context, tx querier, subject truename.Subject) error {
	attempts := noAttempts
	if len(subject.Attempts) > 0 {
		var err error
		if attempts, err = text(subject.Attempts); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO subject (id, identity, wrapped_key, created_at, erased_at, attempts) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET identity = excluded.identity, wrapped_key = excluded.wrapped_key, erased_at = excluded.erased_at,
			attempts = excluded.attempts`,
		subject.ID, blob(subject.Index), blob(subject.Key), micros(subject.CreatedAt), microsOrNull(subject.ErasedAt), attempts)
	return err
}

func putRegistration(ctx context.Context, tx querier, r *truename.Registration) error {
	doc, err := text(r)
	if err != nil {
		return err
	}
	if r.Version == 1 {
		_, err = tx.ExecContext(ctx, `INSERT INTO registration (id, version, kind, channel, outlet, state, opened_by, opened_at, number, doc)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			r.ID, r.Version, r.Kind, r.Channel, r.Outlet, r.State, r.OpenedBy, micros(r.OpenedAt), r.Number, doc)
	} else {
		err = replaced(tx.ExecContext(ctx, "UPDATE registration SET version = $1, state = $2, doc = $3 WHERE id = $4 AND version = $5",
			r.Version, r.State, doc, r.ID, r.Version-1))
	}
	if err != nil {
		return err
	}
	for _, p := range r.Parties {
		if _, err := tx.ExecContext(ctx, `INSERT INTO party (registration, party, subject) VALUES ($1, $2, $3)
			ON CONFLICT (registration, party) DO UPDATE SET subject = excluded.subject WHERE party.subject <> excluded.subject`,
			r.ID, p.Party, p.Subject); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) putAccount(ctx context.Context, tx querier, a truename.Account, taken bool) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO account (id, number, sim, subject, registration, state, reserved_until, activated_at, closed_at, reverify_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET number = excluded.number, sim = excluded.sim, subject = excluded.subject, registration = excluded.registration,
			state = excluded.state, reserved_until = excluded.reserved_until, activated_at = excluded.activated_at,
			closed_at = excluded.closed_at, reverify_by = excluded.reverify_by`,
		a.ID, a.Number, blob(a.SIM), a.Subject, a.Registration, a.State,
		microsOrNull(a.ReservedUntil), microsOrNull(a.ActivatedAt), microsOrNull(a.ClosedAt), microsOrNull(a.ReverifyBy))
	// Somebody was faster: who has seen that before asking is told so, who has not may look again.
	if err != nil && taken && s.engine.Fault(err).Kind == FaultUnique {
		return numberTaken()
	}
	return err
}

func putReview(ctx context.Context, tx querier, r *truename.Review) error {
	doc, err := text(r)
	if err != nil {
		return err
	}
	if r.Version == 1 {
		_, err = tx.ExecContext(ctx, "INSERT INTO review (registration, version, opened_at, resolved_at, claimed_by, doc) VALUES ($1, $2, $3, $4, $5, $6)",
			r.Registration, r.Version, micros(r.OpenedAt), microsOrNull(r.ResolvedAt), r.ClaimedBy, doc)
		return err
	}
	return replaced(tx.ExecContext(ctx, "UPDATE review SET version = $1, opened_at = $2, resolved_at = $3, claimed_by = $4, doc = $5 WHERE registration = $6 AND version = $7",
		r.Version, micros(r.OpenedAt), microsOrNull(r.ResolvedAt), r.ClaimedBy, doc, r.Registration, r.Version-1))
}

// drop removes rows by id; those that are gone already are no failure.
func drop(ctx context.Context, tx querier, table string, ids []string) error {
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE id = $1", id); err != nil {
			return err
		}
	}
	return nil
}

// replaced makes an update that found nothing a stale one.
func replaced(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		err = stale()
	}
	return err
}

// putEvents stores events with a delivery to every webhook that wants them, and gives the jobs that deliver them.
func putEvents(ctx context.Context, tx querier, events []truename.Event) ([]truename.Job, error) {
	webhooks, err := all(ctx, tx, scanWebhook, webhookQuery+" ORDER BY id")
	if err != nil {
		return nil, err
	}
	var jobs []truename.Job
	for _, e := range events {
		doc, err := text(e)
		if err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO event (id, type, registration, at, doc) VALUES ($1, $2, $3, $4, $5)",
			e.ID, e.Type, e.Registration, micros(e.At), doc); err != nil {
			return nil, err
		}
		for _, w := range webhooks {
			if !wants(w, e.Type) {
				continue
			}
			id, err := uuid.NewV7()
			if err != nil {
				return nil, err
			}
			at := e.At
			d := truename.Delivery{ID: id.String(), Event: e.ID, Webhook: w.ID, State: truename.DeliveryPending, NextAt: &at, CreatedAt: at, UpdatedAt: at}
			if err := putDelivery(ctx, tx, d); err != nil {
				return nil, err
			}
			jobs = append(jobs, truename.Job{Kind: truename.JobDeliver, ID: d.ID, At: at})
		}
	}
	return jobs, nil
}
