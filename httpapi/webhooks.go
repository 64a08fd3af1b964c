package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"truename"
	"truename/access"
	"truename/api"
)

func (a *API) registerWebhooks(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "add-webhook", Method: http.MethodPost, Path: "/v1/webhooks", Tags: []string{tagEvent},
		Summary: "Add a webhook", DefaultStatus: http.StatusCreated,
		Description: "Events are sent as CloudEvents 1.0, signed by Standard Webhooks. The secret is in this answer and in no other.",
	}, access.WebhookManage, a.addWebhook, codeTargetRefused)
	register(a, h, huma.Operation{
		OperationID: "list-webhooks", Method: http.MethodGet, Path: "/v1/webhooks", Tags: []string{tagEvent}, Summary: "List webhooks",
	}, access.WebhookManage, a.listWebhooks)
	register(a, h, huma.Operation{
		OperationID: "read-webhook", Method: http.MethodGet, Path: "/v1/webhooks/{id}", Tags: []string{tagEvent}, Summary: "Read a webhook",
	}, access.WebhookManage, a.readWebhook)
	register(a, h, huma.Operation{
		OperationID: "change-webhook", Method: http.MethodPut, Path: "/v1/webhooks/{id}", Tags: []string{tagEvent}, Summary: "Change a webhook's address and events",
	}, access.WebhookManage, a.changeWebhook, codeTargetRefused)
	register(a, h, huma.Operation{
		OperationID: "rotate-webhook-secret", Method: http.MethodPost, Path: "/v1/webhooks/{id}/secret", Tags: []string{tagEvent},
		Summary:     "Rotate a webhook's secret",
		Description: "The new secret signs beside the old one until that is retired, or the next rotation.",
	}, access.WebhookManage, a.rotateWebhook)
	for _, op := range []struct {
		id, verb, summary string
		do                func(context.Context, truename.Actor, string) (truename.Webhook, error)
	}{
		{"retire-webhook-secret", "secret/retirement", "End the older of two secrets", a.config.Operator.Webhooks.Retire},
		{"enable-webhook", "enabling", "Enable a webhook that was disabled", a.config.Operator.Webhooks.Enable},
		{"disable-webhook", "disabling", "Disable a webhook", a.config.Operator.Webhooks.Disable},
	} {
		register(a, h, huma.Operation{
			OperationID: op.id, Method: http.MethodPost, Path: "/v1/webhooks/{id}/" + op.verb, Tags: []string{tagEvent}, Summary: op.summary,
		}, access.WebhookManage, func(ctx context.Context, in *WebhookID) (*webhookOutput, error) {
			w, err := op.do(ctx, actorOf(ctx), in.ID)
			return webhook(w, "", err)
		})
	}
	register(a, h, huma.Operation{
		OperationID: "remove-webhook", Method: http.MethodDelete, Path: "/v1/webhooks/{id}", Tags: []string{tagEvent}, Summary: "Remove a webhook and its deliveries",
		DefaultStatus: http.StatusNoContent,
	}, access.WebhookManage, a.removeWebhook)
	register(a, h, huma.Operation{
		OperationID: "list-events", Method: http.MethodGet, Path: "/v1/events", Tags: []string{tagEvent}, Summary: "List events", Description: "The newest first.",
	}, access.EventRead, a.listEvents)
	register(a, h, huma.Operation{
		OperationID: "list-deliveries", Method: http.MethodGet, Path: "/v1/deliveries", Tags: []string{tagEvent}, Summary: "List deliveries", Description: "The newest first.",
	}, access.EventRead, a.listDeliveries)
	register(a, h, huma.Operation{
		OperationID: "redeliver", Method: http.MethodPost, Path: "/v1/deliveries/{id}/redelivery", Tags: []string{tagEvent}, Summary: "Deliver again",
		DefaultStatus: http.StatusAccepted,
	}, access.WebhookManage, a.redeliver)
}

// codeTargetRefused is the code of package notify, another edge, for an address that may not be called.
const codeTargetRefused truename.Code = "webhook_target_refused"

type webhookOutput struct {
	ETag string `header:"ETag"`
	Body api.Webhook
}

func webhook(w truename.Webhook, secret truename.Private, err error) (*webhookOutput, error) {
	return &webhookOutput{etag(w.Version), api.Webhook{Webhook: w, Secret: secret.Reveal()}}, err
}

type WebhookID struct {
	ID string `path:"id" maxLength:"40" doc:"id of the webhook"`
}

func (a *API) addWebhook(ctx context.Context, in *struct{ Body api.WebhookSpec }) (*webhookOutput, error) {
	return webhook(a.config.Operator.Webhooks.Add(ctx, actorOf(ctx), in.Body.URL, in.Body.Types, in.Body.Scheme))
}

func (a *API) listWebhooks(ctx context.Context, _ *struct{}) (*struct{ Body api.Webhooks }, error) {
	items, err := a.config.Operator.Records.Webhooks(ctx)
	if items == nil {
		items = []truename.Webhook{}
	}
	return &struct{ Body api.Webhooks }{api.Webhooks{Items: items}}, err
}

func (a *API) readWebhook(ctx context.Context, in *WebhookID) (*webhookOutput, error) {
	w, err := a.config.Operator.Records.Webhook(ctx, in.ID)
	return webhook(w, "", err)
}

func (a *API) changeWebhook(ctx context.Context, in *struct {
	WebhookID
	Conditional
	Body api.WebhookSpec
}) (*webhookOutput, error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	w, err := a.config.Operator.Webhooks.Change(ctx, actorOf(ctx), in.ID, version, in.Body.URL, in.Body.Types)
	return webhook(w, "", err)
}

func (a *API) rotateWebhook(ctx context.Context, in *WebhookID) (*webhookOutput, error) {
	return webhook(a.config.Operator.Webhooks.Rotate(ctx, actorOf(ctx), in.ID))
}

func (a *API) removeWebhook(ctx context.Context, in *WebhookID) (*struct{}, error) {
	return nil, a.config.Operator.Webhooks.Remove(ctx, actorOf(ctx), in.ID)
}

func (a *API) listEvents(ctx context.Context, in *struct {
	Page
	Type         truename.EventType `query:"type" maxLength:"60"`
	Registration string             `query:"registration" maxLength:"40"`
}) (*struct{ Body api.EventPage }, error) {
	items, next, err := a.config.Operator.Records.Events(ctx, truename.EventQuery{Type: in.Type, Registration: in.Registration, After: in.After, Limit: in.Limit})
	if items == nil {
		items = []truename.Event{}
	}
	return &struct{ Body api.EventPage }{api.EventPage{Items: items, Next: next}}, err
}

func (a *API) listDeliveries(ctx context.Context, in *struct {
	Page
	State   truename.DeliveryState `query:"state" enum:"pending,delivered,failed"`
	Webhook string                 `query:"webhook" maxLength:"40"`
	Event   string                 `query:"event" maxLength:"40"`
}) (*struct{ Body api.DeliveryPage }, error) {
	items, next, err := a.config.Operator.Records.Deliveries(ctx, truename.DeliveryQuery{State: in.State, Webhook: in.Webhook, Event: in.Event, After: in.After, Limit: in.Limit})
	if items == nil {
		items = []truename.Delivery{}
	}
	return &struct{ Body api.DeliveryPage }{api.DeliveryPage{Items: items, Next: next}}, err
}

func (a *API) redeliver(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"40" doc:"id of the delivery"`
}) (*struct{}, error) {
	return nil, a.config.Operator.Webhooks.Redeliver(ctx, actorOf(ctx), in.ID)
}
