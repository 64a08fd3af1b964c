package record

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"time"

	"truename"
)

// keyHash is what is kept of a key.
func keyHash(client, key string) []byte {
	h := sha256.Sum256([]byte(client + "\x00" + key))
	return h[:]
}

// Answer reads what a client's request was answered under a key; none is not found.
func (s *Store) Answer(ctx context.Context, client, key string) (truename.Answer, error) {
	a, err := must(ctx, s.engine.Read, func(row scanner) (truename.Answer, error) {
		var a truename.Answer
		err := row.Scan(&a.Request, &a.Status, &a.Sealed)
		return a, err
	}, "SELECT request, status, answer FROM answer WHERE hash = $1", keyHash(client, key))
	return a, s.fail(err)
}

// SaveAnswer keeps the answer of a request. The first one under a key stays.
func (s *Store) SaveAnswer(ctx context.Context, client, key string, a truename.Answer, at time.Time) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO answer (hash, request, status, answer, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (hash) DO NOTHING`, keyHash(client, key), a.Request, a.Status, blob(a.Sealed), micros(at))
		return err
	})
}

// PurgeExpired drops answers older than answersBefore, and sessions and invitations that have expired.
func (s *Store) PurgeExpired(ctx context.Context, now, answersBefore time.Time) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM answer WHERE at < $1", micros(answersBefore)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM session WHERE expires_at < $1", micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM invitation WHERE expires_at < $1", micros(now))
		return err
	})
}
