package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"truename"
)

// MaxWebhooks is how many webhooks an operator can have: every event makes a delivery to each.
const MaxWebhooks = 50

// BookRecords is what [Book] needs of the records. A missing record is a *truename.Error of KindNotFound. The leaves are
// appended to the audit log in the transaction of the change.
type BookRecords interface {
	webhookRecords
	Webhooks(ctx context.Context) ([]truename.Webhook, error)
	// DeleteWebhook removes a webhook and its deliveries.
	DeleteWebhook(ctx context.Context, id string, leaves ...truename.Leaf) error
	Delivery(ctx context.Context, id string) (truename.Delivery, truename.Event, truename.Webhook, error)
	// Redeliver plans a delivery anew, whatever has become of it.
	Redeliver(ctx context.Context, id string, at time.Time, leaves ...truename.Leaf) error
}

// BookOptions are settings of a [Book].
type BookOptions struct {
	// Seal and Open seal and open secrets of webhooks; Open is that of [Options]. Required.
	Seal func(secret []byte) ([]byte, error)
	Open func(sealed []byte) ([]byte, error)
	// Leaf makes the audit leaf of a change. Required. The payload is a [Change].
	Leaf    func(kind string, payload any) (truename.Leaf, error)
	Targets Targets
	Now     func() time.Time // nil: the machine's clock
}

// Book is the operator's list of webhooks, as an administrator changes it. Whether the actor may is for the caller to ask. Each
// change is on record with its audit leaf, or neither is. It is safe for concurrent use.
type Book struct {
	records BookRecords
	o       BookOptions
	adding  sync.Mutex // while webhooks are counted; several processes may together exceed the limit by one each
}

// NewBook makes a book.
func NewBook(records BookRecords, o BookOptions) *Book {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Book{records: records, o: o}
}

// Add makes a webhook. No types: it gets events of every type, those of later versions too. Scheme: [HMAC] or [Ed25519]. The
// second value is what its receiver checks signatures with: the secret ("whsec_…") or the public key ("whpk_…"). It is told this
// once and never again.
func (b *Book) Add(ctx context.Context, by truename.Actor, address string, types []truename.EventType, scheme string) (truename.Webhook, truename.Private, error) {
	host, types, err := b.check(address, types)
	if err != nil {
		return truename.Webhook{}, "", err
	}
	sealed, shown, err := b.newSecret(Scheme(scheme))
	if err != nil {
		return truename.Webhook{}, "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return truename.Webhook{}, "", err
	}
	w := truename.Webhook{ID: id.String(), Version: 1, URL: address, Types: types, Secrets: [][]byte{sealed}, CreatedAt: b.now(), CreatedBy: by.ID}
	leaf, err := b.leaf(LeafWebhookAdded, by, Change{Webhook: w.ID, Host: host, Types: types, Scheme: Scheme(scheme)})
	if err != nil {
		return truename.Webhook{}, "", err
	}
	b.adding.Lock()
	defer b.adding.Unlock()
	all, err := b.records.Webhooks(ctx)
	if err != nil {
		return truename.Webhook{}, "", err
	}
	if len(all) >= MaxWebhooks {
		return truename.Webhook{}, "", conflict(fmt.Sprintf("There are %d webhooks already.", len(all)), "Remove one that is no longer needed, or let one receiver pass events on.")
	}
	if err := b.records.SaveWebhook(ctx, w, *leaf); err != nil {
		return truename.Webhook{}, "", err
	}
	return w, shown, nil
}

// Change gives a webhook another address and other types of events. Deliveries under way go to the new address. Version is the
// one the caller has seen; when it is not the newest, the error is of KindPrecondition; 0: whichever it is.
func (b *Book) Change(ctx context.Context, by truename.Actor, id string, version int, address string, types []truename.EventType) (truename.Webhook, error) {
	host, types, err := b.check(address, types)
	if err != nil {
		return truename.Webhook{}, err
	}
	return b.revise(ctx, id, func(w *truename.Webhook) (*truename.Leaf, error) {
		if version != 0 && version != w.Version-1 {
			return nil, &truename.Error{Kind: truename.KindPrecondition, Code: truename.CodeStale,
				Detail: "The webhook has been changed by somebody else.", Remedy: "Read it again and decide anew what to do."}
		}
		w.URL, w.Types = address, types
		return b.leaf(LeafWebhookChanged, by, Change{Webhook: id, Host: host, Types: types})
	})
}

// Rotate gives a webhook a new secret of the scheme it has. Messages are signed with it and with the one before from now on,
// until [Book.Retire] or the next rotation. The second value is as that of [Book.Add].
func (b *Book) Rotate(ctx context.Context, by truename.Actor, id string) (truename.Webhook, truename.Private, error) {
	var shown truename.Private
	w, err := b.revise(ctx, id, func(w *truename.Webhook) (*truename.Leaf, error) {
		scheme, err := b.schemeOf(*w)
		if err != nil {
			return nil, err
		}
		sealed, key, err := b.newSecret(scheme)
		if err != nil {
			return nil, err
		}
		shown = key
		w.Secrets = [][]byte{sealed, w.Secrets[0]}
		return b.leaf(LeafWebhookRotated, by, Change{Webhook: id, Scheme: scheme})
	})
	if err != nil {
		return truename.Webhook{}, "", err
	}
	return w, shown, nil
}

// Retire ends the older of two secrets. With one there is nothing to do.
func (b *Book) Retire(ctx context.Context, by truename.Actor, id string) (truename.Webhook, error) {
	return b.revise(ctx, id, func(w *truename.Webhook) (*truename.Leaf, error) {
		if len(w.Secrets) < 2 {
			return nil, nil
		}
		w.Secrets = w.Secrets[:1:1]
		return b.leaf(LeafWebhookRetired, by, Change{Webhook: id})
	})
}

// Enable sends events to a webhook again, those that happen from now on; what failed before is for [Book.Redeliver]. An enabled
// one stays as it is.
func (b *Book) Enable(ctx context.Context, by truename.Actor, id string) (truename.Webhook, error) {
	return b.revise(ctx, id, func(w *truename.Webhook) (*truename.Leaf, error) {
		if w.Disabled == nil {
			return nil, nil
		}
		if err := b.o.Targets.ValidateURL(w.URL); err != nil {
			return nil, err // what is allowed may have changed since
		}
		w.Disabled, w.DisabledFor = nil, ""
		return b.leaf(LeafWebhookEnabled, by, Change{Webhook: id})
	})
}

// Disable sends no more events to a webhook; deliveries under way fail. A disabled one keeps the reason it has.
func (b *Book) Disable(ctx context.Context, by truename.Actor, id string) (truename.Webhook, error) {
	return b.revise(ctx, id, func(w *truename.Webhook) (*truename.Leaf, error) {
		if w.Disabled != nil {
			return nil, nil
		}
		now := b.now()
		w.Disabled, w.DisabledFor = &now, disabledOperator
		return b.leaf(LeafWebhookDisabled, by, Change{Webhook: id, Reason: disabledOperator})
	})
}

// Remove ends a webhook, with its deliveries. The events stay.
func (b *Book) Remove(ctx context.Context, by truename.Actor, id string) error {
	leaf, err := b.leaf(LeafWebhookRemoved, by, Change{Webhook: id})
	if err != nil {
		return err
	}
	return b.records.DeleteWebhook(ctx, id, *leaf)
}

// Redeliver sends an event to a webhook again, at once, with the whole schedule before it, whatever became of the delivery. The
// message has the same webhook-id as before.
func (b *Book) Redeliver(ctx context.Context, by truename.Actor, delivery string) error {
	_, _, w, err := b.records.Delivery(ctx, delivery)
	if err != nil {
		return err
	}
	if w.Disabled != nil {
		return conflict("The delivery's webhook is disabled.", "Enable the webhook first.")
	}
	leaf, err := b.leaf(LeafDeliveryRepeated, by, Change{Webhook: w.ID, Delivery: delivery})
	if err != nil {
		return err
	}
	return b.records.Redeliver(ctx, delivery, b.now(), *leaf)
}

func (b *Book) revise(ctx context.Context, id string, change func(*truename.Webhook) (*truename.Leaf, error)) (truename.Webhook, error) {
	w, err := b.records.Webhook(ctx, id)
	if err != nil {
		return truename.Webhook{}, err
	}
	w, err = revise(ctx, b.records, w, change)
	if err != nil {
		return truename.Webhook{}, err
	}
	return w, nil
}

// check gives the host of an acceptable address, and the types without repetition.
func (b *Book) check(address string, types []truename.EventType) (string, []truename.EventType, error) {
	u, err := b.o.Targets.parse(address)
	if err != nil {
		return "", nil, err
	}
	known := map[truename.EventType]bool{}
	for _, t := range truename.EventTypes {
		known[t] = true
	}
	var list []truename.EventType
	for _, t := range types {
		if !known[t] {
			return "", nil, invalid("A type of event is unknown.", "The types are "+typeNames()+"; give none to get all.")
		}
		if !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return strings.ToLower(u.Host), list, nil
}

func typeNames() string {
	var names []string
	for _, t := range truename.EventTypes {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// newSecret makes a secret and gives it sealed, and what its receiver is to know.
func (b *Book) newSecret(s Scheme) (sealed []byte, shown truename.Private, err error) {
	secret, err := NewSecret(s)
	if err != nil {
		return nil, "", err
	}
	shown = secret
	if s == Ed25519 {
		public, err := PublicKey(secret)
		if err != nil {
			return nil, "", err
		}
		shown = truename.Private(public)
	}
	sealed, err = sealSecret(b.o.Seal, secret)
	return sealed, shown, err
}

// schemeOf gives the scheme of a webhook's newest secret.
func (b *Book) schemeOf(w truename.Webhook) (Scheme, error) {
	secrets, err := openSecrets(b.o.Open, w)
	if err != nil {
		return "", err
	}
	k, err := parseKey(secrets[0].Reveal())
	return k.scheme, err
}

func (b *Book) leaf(kind string, by truename.Actor, c Change) (*truename.Leaf, error) {
	c.By, c.ByKind = by.ID, by.Kind
	l, err := b.o.Leaf(kind, c)
	if err != nil {
		return nil, err
	}
	return &l, nil
}

// now is the time as databases keep it.
func (b *Book) now() time.Time { return b.o.Now().UTC().Truncate(time.Microsecond) }
