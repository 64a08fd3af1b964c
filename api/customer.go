package api

import (
	"time"

	"truename"
)

// Link is the answer of POST /v1/registrations/{id}/link: how the customer takes part from their own device.
type Link struct {
	Token     string    `json:"token" doc:"tnl_…: a secret; whoever has it acts as the customer in this registration"`
	ExpiresAt time.Time `json:"expires_at"`
	Path      string    `json:"path" example:"/c/#tnl_…" doc:"the page, with the token in the fragment, which browsers send to no server; for a QR code or a message"`
}

// Customer is what a customer sees of their own registration.
type Customer struct {
	Registration CustomerRegistration `json:"registration"`
	Missing      []Requirement        `json:"missing" nullable:"false" doc:"what must still be gathered before a decision"`
	Decision     *Decision            `json:"decision" doc:"the latest decision, explained in the language that was asked for; null before there is one"`
	Consents     []truename.Consent   `json:"consents" nullable:"false" doc:"those of the customer, also withdrawn ones"`
	Policy       CustomerPolicy       `json:"policy"`
	Document     string               `json:"document" enum:"counter" doc:"where the document is shown; counter: at the outlet"`
	Outlets      string               `json:"outlets" doc:"how to do all this at the counter instead, in the language that was asked for"`
}

// CustomerRegistration is where it stands.
type CustomerRegistration struct {
	ID        string                     `json:"id" format:"uuid"`
	Version   int                        `json:"version"`
	Kind      truename.RegistrationKind  `json:"kind" enum:"new_number,additional_number,sim_replacement,ownership_transfer,port_in,reverification"`
	Route     truename.Route             `json:"route" enum:"face,in_person"`
	State     truename.RegistrationState `json:"state" enum:"open,referred,approved,refused,activated,lapsed,withdrawn"`
	Language  string                     `json:"language"`
	ExpiresAt time.Time                  `json:"expires_at"`
	Appealed  bool                       `json:"appealed,omitempty"`
}

// CustomerPolicy is what the policy pack of the registration says to the customer.
type CustomerPolicy struct {
	Consents       []ConsentText `json:"consents" nullable:"false" doc:"the texts to be shown, one per purpose and language"`
	StoresPortrait bool          `json:"stores_portrait" doc:"the document's portrait may be kept until the comparison; otherwise the comparison is made at the counter"`
	Liveness       string        `json:"liveness" enum:"required,when_available,off"`
	AttemptsLeft   *int          `json:"attempts_left" doc:"how many capture sessions can still be begun; null: no cap of the policy"`
}

// CustomerConsent is the body of POST /v1/customer/consents: a consent that the customer gives for themselves.
type CustomerConsent struct {
	Purpose     truename.Purpose `json:"purpose" enum:"identity,face_verification,face_retention"`
	TextVersion string           `json:"text_version" maxLength:"40" doc:"version of the text that was shown"`
	Language    string           `json:"language" maxLength:"35" doc:"language it was shown in"`
}

// RouteChange is the body of POST /v1/customer/route.
type RouteChange struct {
	Route truename.Route `json:"route" enum:"in_person" doc:"the route without a face"`
}

// CaptureOpening is the body of POST /v1/customer/capture.
type CaptureOpening struct {
	Access CaptureAccess `json:"access,omitempty"`
	Camera Camera        `json:"camera,omitempty"`
}

// CaptureAccess is what a person may choose so that everybody can take part. It costs nothing and is recorded.
type CaptureAccess struct {
	Slower     bool `json:"slower,omitempty" doc:"more than twice the time for each step"`
	SmallTurn  bool `json:"small_turn,omitempty" doc:"about half the movement"`
	NoVertical bool `json:"no_vertical,omitempty" doc:"no movement up or down; one step more"`
}

// Camera is what the device says about itself. None of it can be trusted, and all of it can be left out.
type Camera struct {
	Label        string   `json:"label,omitempty" maxLength:"200" doc:"the camera's name"`
	Width        int      `json:"width,omitempty" minimum:"0" maximum:"16384"`
	Height       int      `json:"height,omitempty" minimum:"0" maximum:"16384"`
	FrameRate    float64  `json:"frame_rate,omitempty" minimum:"0" maximum:"1000"`
	Capabilities []string `json:"capabilities,omitempty" maxItems:"64" doc:"names of the settings that the camera can change"`
	Reported     bool     `json:"reported,omitempty" doc:"the device has given any of this"`
}

// Capture is a capture session as the person's device may know it: never a step before it is revealed.
type Capture struct {
	Capture   string          `json:"capture" doc:"id of the session"`
	Nonce     string          `json:"nonce" doc:"the first of nonces; empty when no more frames are taken"`
	Nonces    []string        `json:"nonces" nullable:"false" doc:"each admits one frame; several frames in one request each have their own"`
	ExpiresAt time.Time       `json:"expires_at"`
	Steps     int             `json:"steps" doc:"how many movements are asked for"`
	Progress  CaptureProgress `json:"progress"`
}

// CaptureProgress is how far a capture session has got.
type CaptureProgress struct {
	Phase    string  `json:"phase" enum:"neutral,moving,done" doc:"neutral: look straight ahead; moving: do what action says; done: no more frames are taken"`
	Step     int     `json:"step" doc:"counts from 0"`
	Steps    int     `json:"steps"`
	Action   *string `json:"action" enum:"turn_left,turn_right,look_up,look_down,come_closer" doc:"the movement asked for now, left and right being the person's own; null when there is none"`
	Hint     *string `json:"hint" enum:"show_face,one_person,move_closer,look_ahead" doc:"what the person can do about the newest frame; null when it is as it should be"`
	Percent  int     `json:"percent" minimum:"0" maximum:"100"`
	Frames   int     `json:"frames" doc:"how many were taken"`
	Finished bool    `json:"finished" doc:"the result can be asked for; it does not say that the movements were followed"`
}

// FrameMeta is one member of the part meta of POST …/frames: what belongs to the part frame at the same place.
type FrameMeta struct {
	Nonce string `json:"nonce" maxLength:"100"`
	AtMS  int64  `json:"at_ms" doc:"when the camera took the frame, in milliseconds of one clock that runs through the session"`
}

// CaptureOutcome is the answer of POST …/finish. What was measured stays with the operator: it would tell an attacker how near
// an attack came.
type CaptureOutcome struct {
	Liveness   truename.Finding  `json:"liveness"`
	Comparison *truename.Finding `json:"comparison" doc:"null when no face could be compared"`
}

// NewCustomerRegistration puts a registration on the customer's wire.
func NewCustomerRegistration(r truename.Registration) CustomerRegistration {
	return CustomerRegistration{ID: r.ID, Version: r.Version, Kind: r.Kind, Route: r.Route, State: r.State, Language: r.Language,
		ExpiresAt: r.ExpiresAt, Appealed: r.Appealed}
}
