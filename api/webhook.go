package api

import "truename"

// WebhookSpec is the body of POST and PUT /v1/webhooks.
type WebhookSpec struct {
	URL    string               `json:"url" maxLength:"2000" format:"uri" doc:"https, to a public address unless the operator allows others"`
	Types  []truename.EventType `json:"types,omitempty" maxItems:"50" doc:"events that are wanted; left out: all"`
	Scheme string               `json:"scheme,omitempty" enum:"v1,v1a" default:"v1" doc:"how messages are signed: v1 HMAC-SHA256 with a shared secret, v1a Ed25519 (Standard Webhooks); fixed when it is made"`
}

// Webhook is an address that wants events. The secret is given when it is made or rotated, and never again.
type Webhook struct {
	truename.Webhook
	Secret string `json:"secret,omitempty" doc:"whsec_…: the shared secret; whpk_…: the public key"`
}

// Webhooks is all webhooks.
type Webhooks struct {
	Items []truename.Webhook `json:"items" nullable:"false"`
}

// EventPage is one page of events, the newest first.
type EventPage struct {
	Items []truename.Event `json:"items" nullable:"false"`
	Next  string           `json:"next,omitempty" doc:"cursor of the next page; absent on the last one"`
}

// DeliveryPage is one page of deliveries, the newest first.
type DeliveryPage struct {
	Items []truename.Delivery `json:"items" nullable:"false"`
	Next  string              `json:"next,omitempty" doc:"cursor of the next page; absent on the last one"`
}
