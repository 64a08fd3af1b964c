package httpapi

import (
	"context"

	"truename"
	"truename/access"
	"truename/audit"
	"truename/registration"
	"truename/review"
	"truename/rights"
)

// Operator is a carrier whose registrations are served. All fields but Passkeys and OIDC are required.
type Operator struct {
	Gate     *access.Gate
	Flow     *registration.Flow
	Desk     *review.Desk
	Office   *rights.Office
	Records  Records
	Webhooks Webhooks
	// Log gives the audit log, to be read while ctx lasts; Publisher signs its checkpoints.
	Log       func(ctx context.Context) audit.Source
	Publisher *audit.Publisher
	// JWKS gives the public keys of activation tokens.
	JWKS func(context.Context) ([]byte, error)
	// Seal and Open keep the answers of repeatable requests.
	Seal, Open func([]byte) ([]byte, error)
	Passkeys   *access.PasskeySignIn // nil: members of staff do not sign in by passkeys
	OIDC       *access.OIDCSignIn    // nil: nor by an identity provider
	// OpenVerification lets everybody use /v1/verifications and the page.
	OpenVerification bool
	Customers        Customers
	// PerSecond is how many requests one caller may send per second; in bursts twice as many.
	PerSecond float64
}

// Records is what the API reads beside what the flows do. Package record documents the methods.
type Records interface {
	registrationReader
	eventReader
	answers
}

type registrationReader interface {
	Snapshot(ctx context.Context, registration string) (truename.Snapshot, error)
	Registrations(ctx context.Context, q truename.RegistrationQuery) ([]truename.Registration, string, error)
	Reviews(ctx context.Context, q truename.ReviewQuery) ([]truename.Review, string, error)
	Evidence(ctx context.Context, registration string) ([]truename.Sealed, error)
	SubjectView(ctx context.Context, id string) (truename.SubjectView, error)
	Account(ctx context.Context, id string) (truename.Account, error)
}

type eventReader interface {
	Events(ctx context.Context, q truename.EventQuery) ([]truename.Event, string, error)
	Deliveries(ctx context.Context, q truename.DeliveryQuery) ([]truename.Delivery, string, error)
	Webhook(ctx context.Context, id string) (truename.Webhook, error)
	Webhooks(ctx context.Context) ([]truename.Webhook, error)
	Ping(ctx context.Context) error
}

// Webhooks is the book of the addresses that want events. Package notify documents the methods.
type Webhooks interface {
	Add(ctx context.Context, by truename.Actor, url string, types []truename.EventType, scheme string) (truename.Webhook, truename.Private, error)
	Change(ctx context.Context, by truename.Actor, id string, version int, url string, types []truename.EventType) (truename.Webhook, error)
	Rotate(ctx context.Context, by truename.Actor, id string) (truename.Webhook, truename.Private, error)
	// Retire ends the older of two secrets, at once.
	Retire(ctx context.Context, by truename.Actor, id string) (truename.Webhook, error)
	Enable(ctx context.Context, by truename.Actor, id string) (truename.Webhook, error)
	Disable(ctx context.Context, by truename.Actor, id string) (truename.Webhook, error)
	Remove(ctx context.Context, by truename.Actor, id string) error
	Redeliver(ctx context.Context, by truename.Actor, delivery string) error
}
