package record

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"truename"
)

const webhookQuery = "SELECT doc, secrets FROM webhook"

func scanWebhook(row scanner) (truename.Webhook, error) {
	var w truename.Webhook
	var doc, secrets []byte
	if err := row.Scan(&doc, &secrets); err != nil {
		return w, err
	}
	if err := json.Unmarshal(secrets, &w.Secrets); err != nil {
		return w, err
	}
	return w, json.Unmarshal(doc, &w)
}

func wants(w truename.Webhook, t truename.EventType) bool {
	return w.Disabled == nil && (len(w.Types) == 0 || slices.Contains(w.Types, t))
}

// SaveWebhook inserts a webhook (Version 1) or replaces its version before.
func (s *Store) SaveWebhook(ctx context.Context, w truename.Webhook, leaves ...truename.Leaf) error {
	doc, err := text(w)
	if err != nil {
		return s.fail(err)
	}
	secrets, err := json.Marshal(w.Secrets)
	if err != nil {
		return s.fail(err)
	}
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		if w.Version == 1 {
			_, err := tx.ExecContext(ctx, "INSERT INTO webhook (id, version, secrets, doc) VALUES ($1, $2, $3, $4)", w.ID, w.Version, secrets, doc)
			return err
		}
		return replaced(tx.ExecContext(ctx, "UPDATE webhook SET version = $1, secrets = $2, doc = $3 WHERE id = $4 AND version = $5",
			w.Version, secrets, doc, w.ID, w.Version-1))
	})
}

// Webhook reads a webhook.
func (s *Store) Webhook(ctx context.Context, id string) (truename.Webhook, error) {
	w, err := must(ctx, s.engine.Read, scanWebhook, webhookQuery+" WHERE id = $1", id)
	return w, s.fail(err)
}

// Webhooks reads all webhooks, in the order of their ids.
func (s *Store) Webhooks(ctx context.Context) ([]truename.Webhook, error) {
	list, err := all(ctx, s.engine.Read, scanWebhook, webhookQuery+" ORDER BY id")
	return list, s.fail(err)
}

// DeleteWebhook removes a webhook and its deliveries.
func (s *Store) DeleteWebhook(ctx context.Context, id string, leaves ...truename.Leaf) error {
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		return found(tx.ExecContext(ctx, "DELETE FROM webhook WHERE id = $1", id))
	})
}

// Events gives events, the newest first, and the cursor of the next page; empty: this is the last one.
func (s *Store) Events(ctx context.Context, q truename.EventQuery) (items []truename.Event, next string, err error) {
	p := page{table: "event", columns: "doc", at: "at", id: "id"}
	p.where("type = ?", string(q.Type))
	p.where("registration = ?", q.Registration)
	items, next, err = fetch(ctx, s.engine.Read, p, q.After, q.Limit, scanDoc[truename.Event],
		func(e truename.Event) (int64, string) { return micros(e.At), e.ID })
	return items, next, s.fail(err)
}

// Event reads an event.
func (s *Store) Event(ctx context.Context, id string) (truename.Event, error) {
	e, err := must(ctx, s.engine.Read, scanDoc[truename.Event], "SELECT doc FROM event WHERE id = $1", id)
	return e, s.fail(err)
}

// Delivery reads a delivery with what is delivered and to whom.
func (s *Store) Delivery(ctx context.Context, id string) (d truename.Delivery, e truename.Event, w truename.Webhook, err error) {
	err = s.read(ctx, func(tx *sql.Tx) (err error) {
		if d, err = must(ctx, tx, scanDoc[truename.Delivery], "SELECT doc FROM delivery WHERE id = $1", id); err != nil {
			return err
		}
		if e, err = must(ctx, tx, scanDoc[truename.Event], "SELECT doc FROM event WHERE id = $1", d.Event); err != nil {
			return err
		}
		w, err = must(ctx, tx, scanWebhook, webhookQuery+" WHERE id = $1", d.Webhook)
		return err
	})
	return d, e, w, err
}

// SaveDelivery replaces a delivery and plans jobs, in one transaction. A delivery whose webhook is gone is not found.
func (s *Store) SaveDelivery(ctx context.Context, d truename.Delivery, jobs []truename.Job) error {
	doc, err := text(d)
	if err != nil {
		return s.fail(err)
	}
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := found(tx.ExecContext(ctx, "UPDATE delivery SET state = $1, doc = $2 WHERE id = $3", d.State, doc, d.ID)); err != nil {
			return err
		}
		return s.putJobs(ctx, tx, jobs)
	})
}

// Redeliver plans a delivery anew, whatever has become of it.
func (s *Store) Redeliver(ctx context.Context, id string, at time.Time, leaves ...truename.Leaf) error {
	return s.save(ctx, leaves, func(ctx context.Context, tx *sql.Tx) error {
		d, err := must(ctx, tx, scanDoc[truename.Delivery], "SELECT doc FROM delivery WHERE id = $1"+s.engine.Lock, id)
		if err != nil {
			return err
		}
		at := at.UTC()
		d.State, d.Attempts, d.Status, d.NextAt, d.UpdatedAt = truename.DeliveryPending, 0, 0, &at, at
		doc, err := text(d)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE delivery SET state = $1, doc = $2 WHERE id = $3", d.State, doc, id); err != nil {
			return err
		}
		return s.putJobs(ctx, tx, []truename.Job{{Kind: truename.JobDeliver, ID: id, At: at}})
	})
}

// Deliveries gives deliveries, the newest first, and the cursor of the next page; empty: this is the last one.
func (s *Store) Deliveries(ctx context.Context, q truename.DeliveryQuery) (items []truename.Delivery, next string, err error) {
	p := page{table: "delivery", columns: "doc", at: "created_at", id: "id"}
	p.where("state = ?", string(q.State))
	p.where("webhook = ?", q.Webhook)
	p.where("event = ?", q.Event)
	items, next, err = fetch(ctx, s.engine.Read, p, q.After, q.Limit, scanDoc[truename.Delivery],
		func(d truename.Delivery) (int64, string) { return micros(d.CreatedAt), d.ID })
	return items, next, s.fail(err)
}

func putDelivery(ctx context.Context, tx querier, d truename.Delivery) error {
	doc, err := text(d)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO delivery (id, event, webhook, state, created_at, doc) VALUES ($1, $2, $3, $4, $5, $6)",
		d.ID, d.Event, d.Webhook, d.State, micros(d.CreatedAt), doc)
	return err
}

// save writes something that an administrator has changed, and the audit leaves about it, in one transaction.
func (s *Store) save(ctx context.Context, leaves []truename.Leaf, work func(ctx context.Context, tx *sql.Tx) error) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := work(ctx, tx); err != nil {
			return err
		}
		_, err := s.appendLeaves(ctx, tx, leaves)
		return err
	})
}

// found makes a change of nothing a missing record.
func found(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		err = notFound()
	}
	return err
}
