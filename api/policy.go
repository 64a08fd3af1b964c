package api

import "truename"

// Policy is what a client needs to know of the policy pack in force.
type Policy struct {
	Policy   truename.PackRef `json:"policy"`
	Consents []ConsentText    `json:"consents" nullable:"false" doc:"the texts to be shown, one per purpose and language"`
	// TargetFMR is the accepted false-match rate.
	TargetFMR float64 `json:"target_fmr"`
	// Days and hours.
	RegistrationHours float64 `json:"registration_hours" doc:"how long a registration stays open"`
	ReservationHours  float64 `json:"reservation_hours" doc:"how long an approval waits to be activated"`
	AppealDays        int     `json:"appeal_days" doc:"how long after it a refusal can be appealed"`
	StoresPortrait    bool    `json:"stores_portrait" doc:"the portrait may be sent with the document; otherwise it is sent with the live photo"`
}

// ConsentText is the text a consent is given to.
type ConsentText struct {
	Purpose  truename.Purpose `json:"purpose" enum:"identity,face_verification,face_retention"`
	Version  string           `json:"version"`
	Language string           `json:"language"`
	Text     string           `json:"text"`
}

// Caller is the answer of GET /v1/caller: who the credentials belong to.
type Caller struct {
	ID      string           `json:"id"`
	Kind    string           `json:"kind" enum:"staff,client"`
	Roles   []truename.Role  `json:"roles" nullable:"false"`
	Outlet  string           `json:"outlet,omitempty"`
	Channel truename.Channel `json:"channel,omitempty"`
}
