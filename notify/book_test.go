package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/notify"
)

const address = "https://hooks.example/truename?token=t0psecret"

var admin = truename.Actor{ID: "admin-1", Kind: truename.ActorStaff, Roles: []truename.Role{truename.RoleAdministrator}}

// shelf is a book on real records and a real vault.
type shelf struct {
	*notify.Book
	records  *records
	safe     safe
	clock    *clock
	options  notify.BookOptions
	mu       sync.Mutex
	payloads []string // of the audit leaves, as JSON
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	b := &shelf{records: openRecords(t), safe: openSafe(t), clock: &clock{t: time.Now().UTC().Truncate(time.Second)}}
	b.options = notify.BookOptions{Seal: b.safe.seal, Open: b.safe.open, Now: b.clock.now, Leaf: func(kind string, payload any) (truename.Leaf, error) {
		doc, err := json.Marshal(payload)
		if err != nil {
			return truename.Leaf{}, err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.payloads = append(b.payloads, string(doc))
		return leaf(kind, payload)
	}}
	b.Book = notify.NewBook(b.records, b.options)
	return b
}

func (b *shelf) add(t *testing.T, scheme notify.Scheme) (truename.Webhook, truename.Private) {
	t.Helper()
	w, key, err := b.Add(t.Context(), admin, address, nil, string(scheme))
	must(t, err)
	return w, key
}

// stored gives a webhook as it is stored.
func (b *shelf) stored(t *testing.T, id string) truename.Webhook {
	t.Helper()
	w, err := b.records.Webhook(t.Context(), id)
	must(t, err)
	return w
}

// signs says whether a message to the webhook, signed as the sender does, verifies under a key.
func (b *shelf) signs(t *testing.T, w truename.Webhook, key truename.Private) bool {
	t.Helper()
	var secrets []truename.Private
	for _, box := range w.Secrets {
		secret, err := b.safe.open(box)
		must(t, err)
		secrets = append(secrets, truename.Private(secret))
	}
	signature, err := notify.Sign("m1", b.clock.now(), []byte("{}"), secrets...)
	must(t, err)
	h := http.Header{}
	h.Set(notify.HeaderID, "m1")
	h.Set(notify.HeaderTimestamp, fmt.Sprint(b.clock.now().Unix()))
	h.Set(notify.HeaderSignature, signature)
	return notify.Verify(h, []byte("{}"), b.clock.now(), key.Reveal()) == nil
}

func wantError(t *testing.T, what string, err error, kind truename.Kind, code truename.Code) {
	t.Helper()
	var e *truename.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code || e.Detail == "" || e.Remedy == "" {
		t.Errorf("%s: error %v, want kind %s and code %s", what, err, kind, code)
	}
}

func TestAdd(t *testing.T) {
	for scheme, prefix := range map[notify.Scheme]string{notify.HMAC: "whsec_", notify.Ed25519: "whpk_"} {
		b := newShelf(t)
		types := []truename.EventType{truename.EventRegistrationApproved, truename.EventAccountSuspended, truename.EventRegistrationApproved}
		w, key, err := b.Add(t.Context(), admin, address, types, string(scheme))
		must(t, err)
		if len(w.Secrets) != 1 || !strings.HasPrefix(key.Reveal(), prefix) || !b.signs(t, w, key) || strings.Contains(string(w.Secrets[0]), key.Reveal()) {
			t.Errorf("%s: secrets %q, key %q", scheme, w.Secrets, key.Reveal())
		}
		want := truename.Webhook{ID: w.ID, Version: 1, URL: address, Types: types[:2], Secrets: w.Secrets, CreatedAt: b.clock.now(), CreatedBy: "admin-1"}
		if d := cmp.Diff(want, w); d != "" {
			t.Errorf("%s (-want +got):\n%s", scheme, d)
		}
		if d := cmp.Diff(w, b.stored(t, w.ID)); d != "" {
			t.Errorf("%s, stored (-given +stored):\n%s", scheme, d)
		}
		payload := `{"by":"admin-1","by_kind":"staff","webhook":"` + w.ID + `","host":"hooks.example","types":["registration.approved","account.suspended"],"scheme":"` + string(scheme) + `"}`
		if d := cmp.Diff([]string{payload}, b.payloads); d != "" {
			t.Errorf("%s, leaf (-want +got):\n%s", scheme, d)
		}
	}
}

func TestAddAndChangeRefuse(t *testing.T) {
	b := newShelf(t)
	w, _ := b.add(t, notify.HMAC)
	for _, c := range []struct {
		name, address, scheme string
		types                 []truename.EventType
		code                  truename.Code
	}{
		{"an unknown type", address, "v1", []truename.EventType{truename.EventRegistrationApproved, "registration.watched"}, truename.CodeInvalidRequest},
		{"plain http", "http://hooks.example/", "v1", nil, notify.CodeTargetRefused},
		{"a private network", "https://10.0.0.1/", "v1", nil, notify.CodeTargetRefused},
		{"this machine", "https://localhost/", "v1", nil, notify.CodeTargetRefused},
		{"no address", "", "v1", nil, notify.CodeTargetRefused},
		{"a password", "https://u:p@hooks.example/", "v1", nil, notify.CodeTargetRefused},
		{"an unknown scheme", address, "v2", nil, truename.CodeInvalidRequest},
		{"no scheme", address, "", nil, truename.CodeInvalidRequest},
	} {
		_, key, err := b.Add(t.Context(), admin, c.address, c.types, c.scheme)
		wantError(t, c.name, err, truename.KindInvalid, c.code)
		if key != "" {
			t.Errorf("%s: a key was given", c.name)
		}
		if c.scheme != "v1" {
			continue
		}
		_, err = b.Change(t.Context(), admin, w.ID, 1, c.address, c.types)
		wantError(t, c.name+", changed", err, truename.KindInvalid, c.code)
	}
	if d := cmp.Diff(w, b.stored(t, w.ID)); d != "" || len(b.records.kinds(t)) != 1 {
		t.Errorf("something was written: %s", d)
	}
}

// However many ask at once, there are fifty webhooks.
func TestAddKeepsTheLimit(t *testing.T) {
	b := newShelf(t)
	var refused atomic.Int32
	var all sync.WaitGroup
	for range notify.MaxWebhooks + 5 {
		all.Go(func() {
			_, _, err := b.Add(t.Context(), admin, address, nil, "v1")
			if err != nil {
				refused.Add(1)
				wantError(t, "one too many", err, truename.KindConflict, truename.CodeWrongState)
			}
		})
	}
	all.Wait()
	list, err := b.records.Webhooks(t.Context())
	must(t, err)
	if len(list) != notify.MaxWebhooks || refused.Load() != 5 || len(b.records.kinds(t)) != notify.MaxWebhooks {
		t.Errorf("%d webhooks, %d refused, %d leaves", len(list), refused.Load(), len(b.records.kinds(t)))
	}
	must(t, b.Remove(t.Context(), admin, list[0].ID))
	b.add(t, notify.HMAC)
}

func TestChange(t *testing.T) {
	b := newShelf(t)
	w, key := b.add(t, notify.HMAC)
	const elsewhere = "https://New.example:8443/hidden"
	got, err := b.Change(t.Context(), admin, w.ID, 1, elsewhere, []truename.EventType{truename.EventSubjectErased})
	must(t, err)
	if got.Version != 2 || got.URL != elsewhere || !b.signs(t, got, key) {
		t.Errorf("changed: %+v", got)
	}
	if d := cmp.Diff(got, b.stored(t, w.ID)); d != "" {
		t.Errorf("stored (-given +stored):\n%s", d)
	}
	_, err = b.Change(t.Context(), admin, w.ID, 1, address, nil)
	wantError(t, "an old version", err, truename.KindPrecondition, truename.CodeStale)
	_, err = b.Change(t.Context(), admin, w.ID, 0, address, nil)
	must(t, err)
	// Somebody is faster between reading and writing.
	b.records.meanwhile = func(w *truename.Webhook) { w.Types = []truename.EventType{truename.EventConsentWithdrawn} }
	_, err = b.Change(t.Context(), admin, w.ID, 3, elsewhere, nil)
	wantError(t, "a version that has just become old", err, truename.KindPrecondition, truename.CodeStale)
	if w := b.stored(t, w.ID); w.Version != 4 || w.URL != address {
		t.Errorf("the other's change is lost: %+v", w)
	}
	if want := `"host":"new.example:8443","types":["subject.erased"]`; !strings.Contains(b.payloads[1], want) {
		t.Errorf("leaf %s", b.payloads[1])
	}
}

func TestRotateAndRetire(t *testing.T) {
	for _, scheme := range []notify.Scheme{notify.HMAC, notify.Ed25519} {
		b := newShelf(t)
		w, first := b.add(t, scheme)
		w, err := b.Retire(t.Context(), admin, w.ID)
		must(t, err)
		if w.Version != 1 || !b.signs(t, w, first) {
			t.Fatalf("%s: the only secret was retired", scheme)
		}
		w, second, err := b.Rotate(t.Context(), admin, w.ID)
		must(t, err)
		if second == first || len(w.Secrets) != 2 || !b.signs(t, w, first) || !b.signs(t, w, second) {
			t.Errorf("%s: after the rotation, %d secrets", scheme, len(w.Secrets))
		}
		if d := cmp.Diff(w, b.stored(t, w.ID)); d != "" {
			t.Errorf("%s, stored (-given +stored):\n%s", scheme, d)
		}
		w, err = b.Retire(t.Context(), admin, w.ID)
		must(t, err)
		if len(b.stored(t, w.ID).Secrets) != 1 || b.signs(t, w, first) || !b.signs(t, w, second) {
			t.Errorf("%s: after the older was retired, %d secrets", scheme, len(w.Secrets))
		}
		_, third, err := b.Rotate(t.Context(), admin, w.ID)
		must(t, err)
		_, fourth, err := b.Rotate(t.Context(), admin, w.ID)
		must(t, err)
		if w := b.stored(t, w.ID); len(w.Secrets) != 2 || b.signs(t, w, second) || !b.signs(t, w, third) || !b.signs(t, w, fourth) {
			t.Errorf("%s: two rotations more", scheme)
		}
		if d := cmp.Diff([]string{"webhook.added", "webhook.rotated", "webhook.retired", "webhook.rotated", "webhook.rotated"}, b.records.kinds(t)); d != "" {
			t.Error(d)
		}
	}
}

// Of four who rotate at once, two secrets are live in the end, both of them given out; every rotation was one.
func TestRotateRace(t *testing.T) {
	b := newShelf(t)
	w, _ := b.add(t, notify.HMAC)
	live := 0
	keys := make([]truename.Private, 4)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			_, key, err := b.Rotate(t.Context(), admin, w.ID)
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		})
	}
	all.Wait()
	for _, key := range keys {
		if b.signs(t, b.stored(t, w.ID), key) {
			live++
		}
	}
	if live != 2 || b.stored(t, w.ID).Version != 5 || len(b.records.kinds(t)) != 5 {
		t.Errorf("%d live secrets, webhook %+v", live, b.stored(t, w.ID))
	}
	// Somebody changes something else between reading and writing: nothing of both is lost.
	b.records.meanwhile = func(w *truename.Webhook) { w.Types = []truename.EventType{truename.EventSubjectErased} }
	got, key, err := b.Rotate(t.Context(), admin, w.ID)
	must(t, err)
	if len(got.Types) != 1 || got.Version != 7 || !b.signs(t, b.stored(t, w.ID), key) {
		t.Errorf("rotated: %+v", got)
	}
}

func TestDisableAndEnable(t *testing.T) {
	b := newShelf(t)
	w, _ := b.add(t, notify.HMAC)
	steps := []struct {
		do     func(context.Context, truename.Actor, string) (truename.Webhook, error)
		reason truename.Code
		v      int
	}{{b.Enable, "", 1}, {b.Disable, "operator", 2}, {b.Disable, "operator", 2}, {b.Enable, "", 3}}
	for i, s := range steps {
		got, err := s.do(t.Context(), admin, w.ID)
		must(t, err)
		if got.DisabledFor != s.reason || (got.Disabled != nil) != (s.reason != "") || got.Version != s.v {
			t.Errorf("step %d: %+v", i, got)
		}
		if d := cmp.Diff(got, b.stored(t, w.ID)); d != "" {
			t.Errorf("step %d, stored: %s", i, d)
		}
	}
	if d := cmp.Diff([]string{"webhook.added", "webhook.disabled", "webhook.enabled"}, b.records.kinds(t)); d != "" {
		t.Error(d)
	}
	// One whose receiver is gone keeps that reason. It comes back only if its address may still be called.
	gone := b.stored(t, w.ID)
	now := b.clock.now()
	gone.Version, gone.URL, gone.Disabled, gone.DisabledFor = 4, "https://127.0.0.1/", &now, "gone"
	must(t, b.records.SaveWebhook(t.Context(), gone))
	if got, err := b.Disable(t.Context(), admin, w.ID); err != nil || got.DisabledFor != "gone" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := b.Enable(t.Context(), admin, w.ID)
	wantError(t, "an address no longer allowed", err, truename.KindInvalid, notify.CodeTargetRefused)
}

func TestRemove(t *testing.T) {
	b := newShelf(t)
	w, _ := b.add(t, notify.HMAC)
	d := b.records.delivery(t, b.records.event(t, b.clock.now()).ID)
	must(t, b.Remove(t.Context(), admin, w.ID))
	if d := cmp.Diff([]string{"webhook.added", "webhook.removed"}, b.records.kinds(t)); d != "" {
		t.Error(d)
	}
	wantError(t, "redelivery", b.Redeliver(t.Context(), admin, d.ID), truename.KindNotFound, truename.CodeNotFound)
}

func TestUnknownWebhook(t *testing.T) {
	b := newShelf(t)
	const id = "0198ffff-ffff-7fff-8fff-ffffffffffff"
	ctx := t.Context()
	for name, do := range map[string]func() error{
		"change":  func() error { _, err := b.Change(ctx, admin, id, 0, address, nil); return err },
		"rotate":  func() error { _, _, err := b.Rotate(ctx, admin, id); return err },
		"retire":  func() error { _, err := b.Retire(ctx, admin, id); return err },
		"enable":  func() error { _, err := b.Enable(ctx, admin, id); return err },
		"disable": func() error { _, err := b.Disable(ctx, admin, id); return err },
		"remove":  func() error { return b.Remove(ctx, admin, id) },
	} {
		wantError(t, name, do(), truename.KindNotFound, truename.CodeNotFound)
	}
	if n := len(b.records.kinds(t)); n != 0 {
		t.Errorf("%d leaves", n)
	}
}

// A vault or an audit log that does not work changes nothing.
func TestBookFailsClosed(t *testing.T) {
	for name, breakIt := range map[string]func(*notify.BookOptions){
		"no sealing": func(o *notify.BookOptions) { o.Seal = func([]byte) ([]byte, error) { return nil, errDatabase } },
		"no opening": func(o *notify.BookOptions) { o.Open = func([]byte) ([]byte, error) { return nil, errDatabase } },
		"no leaves": func(o *notify.BookOptions) {
			o.Leaf = func(string, any) (truename.Leaf, error) { return truename.Leaf{}, errDatabase }
		},
	} {
		b := newShelf(t)
		w, _ := b.add(t, notify.HMAC)
		breakIt(&b.options)
		broken := notify.NewBook(b.records, b.options)
		if got, key, err := broken.Rotate(t.Context(), admin, w.ID); !errors.Is(err, errDatabase) || key != "" || got.ID != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if d := cmp.Diff(w, b.stored(t, w.ID)); d != "" || len(b.records.kinds(t)) != 1 {
			t.Errorf("%s: changed %s", name, d)
		}
	}
}

// What the book has made is what the sender sends with: before, during and after a rotation, and again by hand.
func TestBookAndSender(t *testing.T) {
	var message http.Header
	var body []byte
	p := newPost(t, func(_ http.ResponseWriter, r *http.Request) {
		message = r.Header
		body, _ = io.ReadAll(r.Body)
	})
	must(t, p.records.DeleteWebhook(t.Context(), p.webhook))
	b := notify.NewBook(p.records, notify.BookOptions{Seal: p.safe.seal, Open: p.safe.open, Leaf: leaf, Targets: p.options.Targets, Now: p.clock.now})
	ctx := t.Context()
	sent := func(key truename.Private) bool {
		return notify.Verify(message, body, p.clock.now(), key.Reveal()) == nil
	}
	w, old, err := b.Add(ctx, admin, p.server.URL, nil, "v1a")
	must(t, err)
	p.add(t)
	if d := p.deliver(t); d.State != truename.DeliveryDelivered || !sent(old) {
		t.Fatalf("%+v", d)
	}
	_, fresh, err := b.Rotate(ctx, admin, w.ID)
	must(t, err)
	must(t, b.Redeliver(ctx, admin, p.id))
	if d := p.delivery(t); d.State != truename.DeliveryPending || d.Attempts != 0 {
		t.Errorf("%+v", d)
	}
	if d := p.deliver(t); d.State != truename.DeliveryDelivered || !sent(old) || !sent(fresh) || message.Get(notify.HeaderID) != d.Event {
		t.Errorf("during the rotation: %+v", d)
	}
	_, err = b.Retire(ctx, admin, w.ID)
	must(t, err)
	must(t, b.Redeliver(ctx, admin, p.id))
	if p.deliver(t); sent(old) || !sent(fresh) {
		t.Error("the retired secret still signs")
	}
	_, err = b.Disable(ctx, admin, w.ID)
	must(t, err)
	wantError(t, "to a disabled webhook", b.Redeliver(ctx, admin, p.id), truename.KindConflict, truename.CodeWrongState)
	want := []string{"webhook.added", "webhook.rotated", "delivery.repeated", "webhook.retired", "delivery.repeated", "webhook.disabled"}
	if d := cmp.Diff(want, p.records.kinds(t)); d != "" {
		t.Error(d)
	}
}
