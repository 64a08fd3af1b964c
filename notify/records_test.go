package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"truename"
	"truename/audit"
)

var errDatabase = errors.New("disk on fire")

// memory keeps one webhook and deliveries in memory.
type memory struct {
	mu         sync.Mutex
	deliveries map[string]truename.Delivery
	events     map[string]truename.Event
	webhook    truename.Webhook
	jobs       []truename.Job
	leaves     []truename.Leaf
	// What tests make it do wrong.
	failRead, failSave error
	onSave             func(w *truename.Webhook) // once, before a webhook is saved: somebody else is faster
}

func missing() error {
	return &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound}
}

func (m *memory) Delivery(_ context.Context, id string) (truename.Delivery, truename.Event, truename.Webhook, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.deliveries[id]
	if m.failRead != nil || !ok {
		return truename.Delivery{}, truename.Event{}, truename.Webhook{}, errors.Join(m.failRead, missingUnless(m.failRead))
	}
	return d, m.events[d.Event], m.webhook, nil
}

func missingUnless(err error) error {
	if err != nil {
		return nil
	}
	return missing()
}

func (m *memory) SaveDelivery(ctx context.Context, d truename.Delivery, jobs []truename.Job) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(m.failSave, ctx.Err()); err != nil {
		return err
	}
	if _, ok := m.deliveries[d.ID]; !ok {
		return missing()
	}
	m.deliveries[d.ID] = d
	m.jobs = append(m.jobs, jobs...)
	return nil
}

func (m *memory) Webhook(context.Context, string) (truename.Webhook, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.webhook, m.failRead
}

func (m *memory) SaveWebhook(_ context.Context, w truename.Webhook, leaves ...truename.Leaf) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.onSave != nil {
		m.onSave(&m.webhook)
		m.onSave = nil
	}
	if w.Version != m.webhook.Version+1 {
		return &truename.Error{Kind: truename.KindPrecondition, Code: truename.CodeStale}
	}
	m.webhook = w
	m.leaves = append(m.leaves, leaves...)
	return m.failSave
}

func (m *memory) delivery(id string) truename.Delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.deliveries[id]
}

// add stores a pending delivery of an event.
func (m *memory) add(id string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	event := "0198aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa"
	m.events[event] = truename.Event{ID: event, Type: truename.EventRegistrationApproved, Registration: "0198bbbb-bbbb-7bbb-8bbb-bbbbbbbbbbbb",
		At: at, Data: json.RawMessage(`{"decision":"0198cccc-cccc-7ccc-8ccc-cccccccccccc"}`)}
	m.deliveries[id] = truename.Delivery{ID: id, Event: event, Webhook: m.webhook.ID, State: truename.DeliveryPending, NextAt: &at, CreatedAt: at, UpdatedAt: at}
}

// takeJobs gives the jobs planned since it was last asked, and checks that each is about the delivery.
func (m *memory) takeJobs(t *testing.T, id string) []time.Time {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var at []time.Time
	for _, j := range m.jobs {
		if j.Kind != truename.JobDeliver || j.ID != id {
			t.Fatalf("job %+v", j)
		}
		at = append(at, j.At)
	}
	m.jobs = nil
	return at
}

// seal and open stand for the vault.
func seal(secret truename.Private) []byte {
	b := []byte(secret.Reveal())
	slices.Reverse(b)
	return b
}

func open(sealed []byte) ([]byte, error) {
	b := slices.Clone(sealed)
	slices.Reverse(b)
	return b, nil
}

func leaf(kind string, payload any) (truename.Leaf, error) {
	doc, err := json.Marshal(payload)
	if err != nil {
		return truename.Leaf{}, err
	}
	salt, err := audit.NewSalt()
	return audit.Commit(kind, doc, salt, time.Now()), err
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
