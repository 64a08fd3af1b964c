package record

import (
	"context"
	"database/sql"

	"truename"
)

// Registrations gives registrations, the newest first, and the cursor of the next page; empty: this is the last one.
func (s *Store) Registrations(ctx context.Context, q truename.RegistrationQuery) (items []truename.Registration, next string, err error) {
	p := page{table: "registration", columns: "doc", at: "opened_at", id: "id"}
	p.where("state = ?", string(q.State))
	p.where("kind = ?", string(q.Kind))
	p.where("outlet = ?", q.Outlet)
	p.where("channel = ?", string(q.Channel))
	p.where("opened_by = ?", q.OpenedBy)
	p.where("EXISTS (SELECT 1 FROM party WHERE party.registration = registration.id AND party.subject = ?)", q.Subject)
	if q.Number != nil {
		p.where("number = ?", q.Number)
	}
	items, next, err = fetch(ctx, s.engine.Read, p, q.After, q.Limit, scanDoc[truename.Registration],
		func(r truename.Registration) (int64, string) { return micros(r.OpenedAt), r.ID })
	return items, next, s.fail(err)
}

// Decision reads a decision.
func (s *Store) Decision(ctx context.Context, id string) (truename.Decision, error) {
	d, err := must(ctx, s.engine.Read, scanDoc[truename.Decision], "SELECT doc FROM decision WHERE id = $1", id)
	return d, s.fail(err)
}

// Decisions reads the decisions of a registration, oldest first.
func (s *Store) Decisions(ctx context.Context, registration string) ([]truename.Decision, error) {
	list, err := all(ctx, s.engine.Read, scanDoc[truename.Decision], "SELECT doc FROM decision WHERE registration = $1 ORDER BY leaf", registration)
	return list, s.fail(err)
}

// Reviews gives reviews, the longest waiting first, and the cursor of the next page; empty: this is the last one.
func (s *Store) Reviews(ctx context.Context, q truename.ReviewQuery) (items []truename.Review, next string, err error) {
	p := page{table: "review JOIN registration ON registration.id = review.registration", columns: "review.doc",
		at: "review.opened_at", id: "review.registration", oldest: true}
	if q.Open {
		p.conditions = append(p.conditions, "review.resolved_at IS NULL")
	}
	p.where("registration.outlet = ?", q.Outlet)
	p.where("registration.channel = ?", string(q.Channel))
	p.where("review.claimed_by = ?", q.ClaimedBy)
	items, next, err = fetch(ctx, s.engine.Read, p, q.After, q.Limit, scanDoc[truename.Review],
		func(r truename.Review) (int64, string) { return micros(r.OpenedAt), r.Registration })
	return items, next, s.fail(err)
}

// SavePack keeps the text of a policy pack for as long as a decision may have to be replayed.
func (s *Store) SavePack(ctx context.Context, ref truename.PackRef, body []byte) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO pack (digest, name, version, body) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING",
			ref.Digest, ref.Name, ref.Version, body)
		return err
	})
}

// Pack reads the text of a policy pack.
func (s *Store) Pack(ctx context.Context, digest string) ([]byte, error) {
	body, err := must(ctx, s.engine.Read, scanBytes, "SELECT body FROM pack WHERE digest = $1", digest)
	return body, s.fail(err)
}

// Keyring reads a sealed keyring.
func (s *Store) Keyring(ctx context.Context, name string) ([]byte, error) {
	sealed, err := must(ctx, s.engine.Read, scanBytes, "SELECT sealed FROM keyring WHERE name = $1", name)
	return sealed, s.fail(err)
}

// SaveKeyring replaces a sealed keyring, if it is still the old one; an empty old one: there is none yet.
func (s *Store) SaveKeyring(ctx context.Context, name string, old, sealed []byte, leaves ...truename.Leaf) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if len(old) == 0 {
			err = replaced(tx.ExecContext(ctx, "INSERT INTO keyring (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, sealed))
		} else {
			err = replaced(tx.ExecContext(ctx, "UPDATE keyring SET sealed = $1 WHERE name = $2 AND sealed = $3", sealed, name, old))
		}
		if err != nil {
			return err
		}
		_, err = s.appendLeaves(ctx, tx, leaves)
		return err
	})
}
