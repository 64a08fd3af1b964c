package record

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"time"

	"truename"
)

// How long a claim keeps others away: that of this process, and that of another one that may have died.
const (
	ownClaim     = 5 * time.Minute
	foreignClaim = time.Minute
)

// keyHash is what is kept of a key.
func keyHash(client, key string) []byte {
	h := sha256.Sum256([]byte(client + "\x00" + key))
	return h[:]
}

// ClaimKey claims a client's key for a request, or says what has become of the request it was used for. The claim of a
// process that died can be claimed again: at once with an embedded database, else after a minute.
func (s *Store) ClaimKey(ctx context.Context, client, key string, requestHash []byte, at time.Time) (truename.IdempotentState, error) {
	var state truename.IdempotentState
	hash := keyHash(client, key)
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		state = truename.IdempotentState{}
		r, err := tx.ExecContext(ctx, `INSERT INTO idempotency (hash, request, boot, claimed_at, done, status) VALUES ($1, $2, $3, $4, 0, 0)
			ON CONFLICT (hash) DO NOTHING`, hash, requestHash, s.boot, micros(at))
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 1 {
			state = truename.IdempotentState{Claimed: true, SameRequest: true}
			return err
		}
		var request []byte
		var boot string
		var claimed int64
		if err := tx.QueryRowContext(ctx, "SELECT request, boot, claimed_at, done, status, answer FROM idempotency WHERE hash = $1"+s.engine.Lock, hash).
			Scan(&request, &boot, &claimed, &state.Done, &state.Status, &state.Answer); err != nil {
			return err
		}
		state.SameRequest = bytes.Equal(request, requestHash)
		if state.Done {
			return nil
		}
		age := at.Sub(timeOf(claimed))
		dead := boot == s.boot && age > ownClaim || boot != s.boot && (s.engine.Alone || age > foreignClaim)
		if !dead || !state.SameRequest {
			state.InProgress = true
			return nil
		}
		state.Claimed = true
		_, err = tx.ExecContext(ctx, "UPDATE idempotency SET boot = $1, claimed_at = $2 WHERE hash = $3", s.boot, micros(at), hash)
		return err
	})
	return state, err
}

// SaveAnswer keeps the sealed answer of a request whose key this process has claimed.
func (s *Store) SaveAnswer(ctx context.Context, client, key string, status int, sealed []byte) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return replaced(tx.ExecContext(ctx, "UPDATE idempotency SET done = 1, status = $1, answer = $2 WHERE hash = $3 AND boot = $4 AND done = 0",
			status, blob(sealed), keyHash(client, key), s.boot))
	})
}

// ReleaseKey gives a claim up: nothing was done, and the request can be sent again.
func (s *Store) ReleaseKey(ctx context.Context, client, key string) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM idempotency WHERE hash = $1 AND boot = $2 AND done = 0", keyHash(client, key), s.boot)
		return err
	})
}

// PurgeExpired drops keys that were claimed before answersBefore, and sessions and invitations that have expired.
func (s *Store) PurgeExpired(ctx context.Context, now, answersBefore time.Time) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM idempotency WHERE claimed_at < $1", micros(answersBefore)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM session WHERE expires_at < $1", micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM invitation WHERE expires_at < $1", micros(now))
		return err
	})
}
