package record

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"truename"
	"truename/access"
)

func scanClient(row scanner) (access.Client, error) {
	var c access.Client
	var doc, key, certificate []byte
	if err := row.Scan(&doc, &key, &certificate); err != nil {
		return c, err
	}
	err := json.Unmarshal(doc, &c)
	c.KeyHash, c.CertificateHash = key, certificate
	return c, err
}

// SaveClient inserts or replaces an API client.
func (s *Store) SaveClient(ctx context.Context, c access.Client, leaves ...truename.Leaf) error {
	doc, err := text(c)
	if err != nil {
		return s.fail(err)
	}
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO client (id, key_hash, certificate_hash, doc) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET key_hash = excluded.key_hash, certificate_hash = excluded.certificate_hash, doc = excluded.doc`,
			c.ID, c.KeyHash, blob(c.CertificateHash), doc)
		return err
	})
}

// Client reads an API client.
func (s *Store) Client(ctx context.Context, id string) (access.Client, error) {
	c, err := must(ctx, s.engine.Read, scanClient, "SELECT doc, key_hash, certificate_hash FROM client WHERE id = $1", id)
	return c, s.fail(err)
}

// Clients reads all API clients, in the order of their ids.
func (s *Store) Clients(ctx context.Context) ([]access.Client, error) {
	list, err := all(ctx, s.engine.Read, scanClient, "SELECT doc, key_hash, certificate_hash FROM client ORDER BY id")
	return list, s.fail(err)
}

// SaveStaff inserts or replaces a member of staff. A login that somebody else has is a conflict.
func (s *Store) SaveStaff(ctx context.Context, m access.Staff, leaves ...truename.Leaf) error {
	doc, err := text(m)
	if err != nil {
		return s.fail(err)
	}
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO staff (id, issuer, login, doc) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET issuer = excluded.issuer, login = excluded.login, doc = excluded.doc`, m.ID, m.Issuer, m.Login, doc)
		return err
	})
}

// Staff reads a member of staff.
func (s *Store) Staff(ctx context.Context, id string) (access.Staff, error) {
	m, err := must(ctx, s.engine.Read, scanDoc[access.Staff], "SELECT doc FROM staff WHERE id = $1", id)
	return m, s.fail(err)
}

// StaffByLogin finds a member of staff by the "iss" and "sub" claims of an OIDC identity.
func (s *Store) StaffByLogin(ctx context.Context, issuer, login string) (access.Staff, error) {
	if login == "" {
		return access.Staff{}, notFound()
	}
	m, err := must(ctx, s.engine.Read, scanDoc[access.Staff], "SELECT doc FROM staff WHERE issuer = $1 AND login = $2", issuer, login)
	return m, s.fail(err)
}

// StaffMembers reads all members of staff, in the order of their ids.
func (s *Store) StaffMembers(ctx context.Context) ([]access.Staff, error) {
	list, err := all(ctx, s.engine.Read, scanDoc[access.Staff], "SELECT doc FROM staff ORDER BY id")
	return list, s.fail(err)
}

const passkeyQuery = "SELECT id, staff, credential, created_at, used_at FROM passkey"

func scanPasskey(row scanner) (access.Passkey, error) {
	var p access.Passkey
	var created int64
	var used sql.NullInt64
	err := row.Scan(&p.ID, &p.Staff, &p.Credential, &created, &used)
	p.CreatedAt, p.UsedAt = timeOf(created), timeOrNil(used)
	return p, err
}

// SavePasskey inserts a passkey, or replaces its credential and the time of its last use. It stays with its owner.
func (s *Store) SavePasskey(ctx context.Context, p access.Passkey, leaves ...truename.Leaf) error {
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		return replaced(tx.ExecContext(ctx, `INSERT INTO passkey (id, staff, credential, created_at, used_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET credential = excluded.credential, used_at = excluded.used_at WHERE passkey.staff = excluded.staff`,
			p.ID, p.Staff, p.Credential, micros(p.CreatedAt), microsOrNull(p.UsedAt)))
	})
}

// Passkey reads a passkey by its credential id.
func (s *Store) Passkey(ctx context.Context, id []byte) (access.Passkey, error) {
	p, err := must(ctx, s.engine.Read, scanPasskey, passkeyQuery+" WHERE id = $1", id)
	return p, s.fail(err)
}

// Passkeys reads the passkeys of a member of staff, oldest first.
func (s *Store) Passkeys(ctx context.Context, staff string) ([]access.Passkey, error) {
	list, err := all(ctx, s.engine.Read, scanPasskey, passkeyQuery+" WHERE staff = $1 ORDER BY created_at, id", staff)
	return list, s.fail(err)
}

// DeletePasskey removes a passkey.
func (s *Store) DeletePasskey(ctx context.Context, id []byte, leaves ...truename.Leaf) error {
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		return found(tx.ExecContext(ctx, "DELETE FROM passkey WHERE id = $1", id))
	})
}

// SaveSession keeps a new session.
func (s *Store) SaveSession(ctx context.Context, x access.Session, leaves ...truename.Leaf) error {
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO session (hash, staff, created_at, expires_at) VALUES ($1, $2, $3, $4)",
			x.Hash, x.Staff, micros(x.CreatedAt), micros(x.ExpiresAt))
		return err
	})
}

// Session reads a session. Whether it has expired is for the caller to see.
func (s *Store) Session(ctx context.Context, hash []byte) (access.Session, error) {
	x, err := must(ctx, s.engine.Read, func(row scanner) (x access.Session, err error) {
		var created, expires int64
		err = row.Scan(&x.Hash, &x.Staff, &created, &expires)
		x.CreatedAt, x.ExpiresAt = timeOf(created), timeOf(expires)
		return x, err
	}, "SELECT hash, staff, created_at, expires_at FROM session WHERE hash = $1", hash)
	return x, s.fail(err)
}

// ExtendSession moves the end of a session that is there. One that was signed out stays so.
func (s *Store) ExtendSession(ctx context.Context, hash []byte, until time.Time) error {
	return s.save(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE session SET expires_at = $1 WHERE hash = $2", micros(until), hash)
		return err
	})
}

// DeleteSession ends a session; one that is gone is no failure.
func (s *Store) DeleteSession(ctx context.Context, hash []byte, leaves ...truename.Leaf) error {
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM session WHERE hash = $1", hash)
		return err
	})
}

// DeleteSessions ends all sessions of a member of staff.
func (s *Store) DeleteSessions(ctx context.Context, staff string, leaves ...truename.Leaf) error {
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM session WHERE staff = $1", staff)
		return err
	})
}

// SaveInvitation keeps a new invitation.
func (s *Store) SaveInvitation(ctx context.Context, i access.Invitation, leaves ...truename.Leaf) error {
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO invitation (hash, staff, expires_at) VALUES ($1, $2, $3)", i.Hash, i.Staff, micros(i.ExpiresAt))
		return err
	})
}

func scanInvitation(row scanner) (access.Invitation, error) {
	var i access.Invitation
	var expires int64
	err := row.Scan(&i.Hash, &i.Staff, &expires)
	i.ExpiresAt = timeOf(expires)
	return i, err
}

// Invitation reads an invitation without taking it.
func (s *Store) Invitation(ctx context.Context, hash []byte) (access.Invitation, error) {
	i, err := must(ctx, s.engine.Read, scanInvitation, "SELECT hash, staff, expires_at FROM invitation WHERE hash = $1", hash)
	return i, s.fail(err)
}

// TakeInvitation takes an invitation away and gives it: only one caller ever gets it. Whether it has expired is for the
// caller to see.
func (s *Store) TakeInvitation(ctx context.Context, hash []byte, leaves ...truename.Leaf) (access.Invitation, error) {
	var i access.Invitation
	err := s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) (err error) {
		i, err = must(ctx, tx, scanInvitation, "DELETE FROM invitation WHERE hash = $1 RETURNING hash, staff, expires_at", hash)
		return err
	})
	return i, err
}

// SaveOutlet inserts or replaces an outlet.
func (s *Store) SaveOutlet(ctx context.Context, o access.Outlet, leaves ...truename.Leaf) error {
	doc, err := text(o)
	if err != nil {
		return s.fail(err)
	}
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO outlet (id, doc) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc", o.ID, doc)
		return err
	})
}

// Outlet reads an outlet.
func (s *Store) Outlet(ctx context.Context, id string) (access.Outlet, error) {
	o, err := must(ctx, s.engine.Read, scanDoc[access.Outlet], "SELECT doc FROM outlet WHERE id = $1", id)
	return o, s.fail(err)
}

// Outlets reads all outlets, in the order of their ids.
func (s *Store) Outlets(ctx context.Context) ([]access.Outlet, error) {
	list, err := all(ctx, s.engine.Read, scanDoc[access.Outlet], "SELECT doc FROM outlet ORDER BY id")
	return list, s.fail(err)
}
