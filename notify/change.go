package notify

import (
	"context"

	"truename"
)

// Change is what an audit leaf about a webhook or a delivery commits to. It holds identifiers and codes; of an address, its host.
type Change struct {
	By       string               `json:"by"` // id of the actor; "system": [Sender]
	ByKind   truename.ActorKind   `json:"by_kind"`
	Webhook  string               `json:"webhook"`
	Delivery string               `json:"delivery,omitempty"`
	Host     string               `json:"host,omitempty"`   // where events go from now on
	Types    []truename.EventType `json:"types,omitempty"`  // of events, with Host; empty: every type
	Scheme   Scheme               `json:"scheme,omitempty"` // of a new secret
	Reason   truename.Code        `json:"reason,omitempty"` // why it was disabled: "gone" or "operator"
}

// Kinds of audit leaves that this package makes.
const (
	LeafWebhookAdded     = "webhook.added"
	LeafWebhookChanged   = "webhook.changed"
	LeafWebhookRotated   = "webhook.rotated"
	LeafWebhookRetired   = "webhook.retired"
	LeafWebhookEnabled   = "webhook.enabled"
	LeafWebhookDisabled  = "webhook.disabled"
	LeafWebhookRemoved   = "webhook.removed"
	LeafDeliveryRepeated = "delivery.repeated"
)

// Why a webhook is disabled.
const (
	disabledGone     truename.Code = "gone"     // its receiver answered 410
	disabledOperator truename.Code = "operator" // by hand
)

// webhookRecords read and change one webhook.
type webhookRecords interface {
	Webhook(ctx context.Context, id string) (truename.Webhook, error)
	// SaveWebhook inserts a webhook (Version 1) or replaces the version before, or fails with KindPrecondition.
	SaveWebhook(ctx context.Context, w truename.Webhook, leaves ...truename.Leaf) error
}

// revise saves a change of a webhook together with the leaf about it, and gives the webhook as it is then. When somebody else
// was faster, change is asked again, about what is stored by then. No leaf: there is nothing to change.
func revise(ctx context.Context, r webhookRecords, w truename.Webhook, change func(*truename.Webhook) (*truename.Leaf, error)) (truename.Webhook, error) {
	for {
		next := w
		next.Version++
		leaf, err := change(&next)
		if err != nil || leaf == nil {
			return w, err
		}
		if err = r.SaveWebhook(ctx, next, *leaf); err == nil {
			return next, nil
		}
		if !isKind(err, truename.KindPrecondition) {
			return truename.Webhook{}, err
		}
		if w, err = r.Webhook(ctx, w.ID); err != nil {
			return truename.Webhook{}, err
		}
	}
}
