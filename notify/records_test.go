package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"truename"
	"truename/audit"
	"truename/notify"
	"truename/record"
	"truename/record/sqlite"
	"truename/vault"
)

var errDatabase = errors.New("disk on fire")

// records are real ones in which tests make things go wrong.
type records struct {
	*record.Store
	mu                 sync.Mutex
	jobs               []truename.Job // planned with a delivery
	failRead, failSave error
	// meanwhile changes the stored webhook, once, before one is saved: somebody else is faster.
	meanwhile func(*truename.Webhook)
}

func openRecords(t *testing.T) *records {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	must(t, err)
	t.Cleanup(func() { store.Close() })
	return &records{Store: store}
}

func (r *records) Delivery(ctx context.Context, id string) (truename.Delivery, truename.Event, truename.Webhook, error) {
	if r.failRead != nil {
		return truename.Delivery{}, truename.Event{}, truename.Webhook{}, r.failRead
	}
	return r.Store.Delivery(ctx, id)
}

func (r *records) SaveDelivery(ctx context.Context, d truename.Delivery, jobs []truename.Job) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failSave != nil {
		return r.failSave
	}
	r.jobs = append(r.jobs, jobs...)
	return r.Store.SaveDelivery(ctx, d, jobs)
}

func (r *records) SaveWebhook(ctx context.Context, w truename.Webhook, leaves ...truename.Leaf) error {
	if change := r.meanwhile; change != nil {
		r.meanwhile = nil
		stored, err := r.Webhook(ctx, w.ID)
		if err != nil {
			return err
		}
		stored.Version++
		change(&stored)
		if err := r.Store.SaveWebhook(ctx, stored); err != nil {
			return err
		}
	}
	return r.Store.SaveWebhook(ctx, w, leaves...)
}

// kinds gives the kinds of all audit leaves.
func (r *records) kinds(t *testing.T) []string {
	t.Helper()
	size, err := r.LogSize(t.Context())
	must(t, err)
	leaves, err := r.Leaves(t.Context(), 0, size)
	must(t, err)
	var kinds []string
	for _, l := range leaves {
		e, err := audit.ParseLeaf(l)
		must(t, err)
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// event stores an event, with what is to be delivered.
func (r *records) event(t *testing.T, at time.Time) truename.Event {
	t.Helper()
	e := truename.Event{ID: uuid.Must(uuid.NewV7()).String(), Type: truename.EventRegistrationApproved, Registration: "0198bbbb-bbbb-7bbb-8bbb-bbbbbbbbbbbb",
		At: at, Data: json.RawMessage(`{"decision":"0198cccc-cccc-7ccc-8ccc-cccccccccccc"}`)}
	must(t, r.Create(t.Context(), truename.Commit{Events: []truename.Event{e}}))
	return e
}

// delivery gives the one delivery of an event.
func (r *records) delivery(t *testing.T, event string) truename.Delivery {
	t.Helper()
	list, _, err := r.Deliveries(t.Context(), truename.DeliveryQuery{Event: event})
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%d deliveries of an event", len(list))
	}
	return list[0]
}

// safe is a vault for the secrets of webhooks.
type safe struct{ *vault.Vault }

func openSafe(t *testing.T) safe {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.json")
	must(t, vault.Create(path))
	ring, err := vault.NewRing(t.Context(), "file:"+path)
	must(t, err)
	v, err := vault.Unlock(t.Context(), "file:"+path, ring)
	must(t, err)
	return safe{v}
}

func (s safe) seal(secret []byte) ([]byte, error) { return s.SealService("webhook", secret) }
func (s safe) open(sealed []byte) ([]byte, error) { return s.OpenService("webhook", sealed) }

func (s safe) sealed(t *testing.T, secrets ...truename.Private) [][]byte {
	t.Helper()
	var list [][]byte
	for _, secret := range secrets {
		box, err := s.seal([]byte(secret.Reveal()))
		must(t, err)
		list = append(list, box)
	}
	return list
}

func leaf(kind string, payload any) (truename.Leaf, error) {
	return audit.Note(kind, payload, time.Now())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clock is set by the test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

var (
	_ notify.Records     = (*records)(nil)
	_ notify.BookRecords = (*records)(nil)
)
