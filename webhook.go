package truename

import "time"

// Webhook is an address that wants events.
type Webhook struct {
	ID      string      `json:"id"`
	Version int         `json:"version"`
	URL     string      `json:"url"`
	Types   []EventType `json:"types"` // empty: every type
	// Secrets are the signing secrets, newest first, sealed by the vault: two are live while one replaces the other.
	Secrets   [][]byte   `json:"-"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by"`
	Disabled  *time.Time `json:"disabled_at,omitempty"`
	// DisabledFor says why: "gone" (the receiver answered 410), "failing" (the retry schedule ran out), "operator".
	DisabledFor Code `json:"disabled_for,omitempty"`
}

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID       string        `json:"id"`
	Event    string        `json:"event"`
	Webhook  string        `json:"webhook"`
	State    DeliveryState `json:"state"`
	Attempts int           `json:"attempts"`
	// Status is the receiver's last HTTP status; 0: none was received.
	Status    int        `json:"status,omitempty"`
	NextAt    *time.Time `json:"next_at,omitempty"` // nil: none planned
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

// DeliveryState is where a [Delivery] stands.
type DeliveryState string

// States of a delivery.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed" // given up; it can be delivered again by hand
)
