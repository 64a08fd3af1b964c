package record

import (
	"context"
	"database/sql"
	"encoding/json"

	"truename"
)

const subjectQuery = "SELECT id, identity, wrapped_key, created_at, erased_at, attempts FROM subject"

// noAttempts is how a subject without attempts is stored.
const noAttempts = "[]"

func scanSubject(row scanner) (truename.Subject, error) {
	var subject truename.Subject
	var created int64
	var erased sql.NullInt64
	var attempts []byte
	if err := row.Scan(&subject.ID, &subject.Index, &subject.Key, &created, &erased, &attempts); err != nil {
		return subject, err
	}
	subject.CreatedAt, subject.ErasedAt = timeOf(created), timeOrNil(erased)
	if string(attempts) == noAttempts {
		return subject, nil
	}
	return subject, json.Unmarshal(attempts, &subject.Attempts)
}

// Subject reads a subject.
func (s *Store) Subject(ctx context.Context, id string) (truename.Subject, error) {
	subject, err := must(ctx, s.engine.Read, scanSubject, subjectQuery+" WHERE id = $1", id)
	return subject, s.fail(err)
}

// SubjectByIndex finds the subject of an identity by its blind index.
func (s *Store) SubjectByIndex(ctx context.Context, index []byte) (truename.Subject, error) {
	subject, err := must(ctx, s.engine.Read, scanSubject, subjectQuery+" WHERE identity = $1", index)
	return subject, s.fail(err)
}

// SubjectView reads a subject with everything that refers to it.
func (s *Store) SubjectView(ctx context.Context, id string) (truename.SubjectView, error) {
	var view truename.SubjectView
	err := s.read(ctx, func(tx *sql.Tx) (err error) {
		view, err = subjectView(ctx, tx, id, "")
		return err
	})
	return view, err
}

// TransactSubject locks a subject, gives change what is stored, and writes what change returns; as [Store.Transact].
func (s *Store) TransactSubject(ctx context.Context, id string, change func(truename.SubjectView) (truename.Commit, error)) error {
	return s.commit(ctx, func(ctx context.Context, tx *sql.Tx) (truename.Commit, bool, error) {
		view, err := subjectView(ctx, tx, id, s.engine.Lock)
		if err != nil {
			return truename.Commit{}, false, err
		}
		c, err := change(view)
		if err != nil {
			err = &refusal{err}
		}
		return c, false, err
	})
}

func subjectView(ctx context.Context, tx querier, id, lock string) (v truename.SubjectView, err error) {
	if v.Subject, err = must(ctx, tx, scanSubject, subjectQuery+" WHERE id = $1"+lock, id); err != nil {
		return v, err
	}
	if v.Consents, err = all(ctx, tx, scanDoc[truename.Consent], "SELECT doc FROM consent WHERE subject = $1 ORDER BY given_at, id", id); err != nil {
		return v, err
	}
	if v.Accounts, err = all(ctx, tx, scanAccount, accountQuery+" WHERE subject = $1 ORDER BY id", id); err != nil {
		return v, err
	}
	if v.Registrations, err = all(ctx, tx, scanString, "SELECT DISTINCT registration FROM party WHERE subject = $1 ORDER BY registration", id); err != nil {
		return v, err
	}
	v.Evidence, err = all(ctx, tx, scanEvidence, "SELECT id, registration, subject, party, kind, NULL, created_at FROM evidence WHERE subject = $1 ORDER BY created_at, id", id)
	return v, err
}

// Evidence reads the sealed evidence of a registration, oldest first.
func (s *Store) Evidence(ctx context.Context, registration string) ([]truename.Sealed, error) {
	list, err := all(ctx, s.engine.Read, scanEvidence,
		"SELECT id, registration, subject, party, kind, box, created_at FROM evidence WHERE registration = $1 ORDER BY created_at, id", registration)
	return list, s.fail(err)
}

func scanEvidence(row scanner) (truename.Sealed, error) {
	var e truename.Sealed
	var created int64
	err := row.Scan(&e.ID, &e.Registration, &e.Subject, &e.Party, &e.Kind, &e.Box, &created)
	e.CreatedAt = timeOf(created)
	return e, err
}
