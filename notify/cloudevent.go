package notify

import (
	"encoding/json"
	"time"

	"truename"
)

// ContentType of what is sent: CloudEvents in structured mode.
const ContentType = "application/cloudevents+json"

// TypePrefix comes before the type of an event in a CloudEvent: "dev.truename.registration.approved".
const TypePrefix = "dev.truename."

// CloudEvent is the body of a message (CloudEvents 1.0). Source and ID together are unique.
type CloudEvent struct {
	SpecVersion     string          `json:"specversion"` // "1.0"
	ID              string          `json:"id"`
	Source          string          `json:"source"` // URI reference: which installation
	Type            string          `json:"type"`   // [TypePrefix] and a truename.EventType
	Subject         string          `json:"subject,omitempty"`
	Time            time.Time       `json:"time"` // when it happened, not when it was sent; RFC 3339, UTC
	DataContentType string          `json:"datacontenttype,omitempty"`
	Data            json.RawMessage `json:"data,omitempty"`
}

// encode gives the body of a message about an event. It is the same for every attempt.
func encode(source string, e truename.Event) ([]byte, error) {
	c := CloudEvent{SpecVersion: "1.0", ID: e.ID, Source: source, Type: TypePrefix + string(e.Type), Subject: e.Registration, Time: e.At.UTC(), Data: e.Data}
	if len(e.Data) > 0 {
		c.DataContentType = "application/json"
	}
	return json.Marshal(c)
}
