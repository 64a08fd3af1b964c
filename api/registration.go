package api

import (
	"time"

	"truename"
)

// Opening is the body of POST /v1/registrations: a customer's request.
type Opening struct {
	Kind     truename.RegistrationKind `json:"kind" enum:"new_number,additional_number,sim_replacement,ownership_transfer,port_in,reverification" doc:"what the customer asks for"`
	Channel  truename.Channel          `json:"channel,omitempty" enum:"own_outlet,dealer,self_service" doc:"where; left out: the channel the caller is bound to"`
	Outlet   string                    `json:"outlet,omitempty" maxLength:"40" doc:"id of the outlet; left out: the one the caller is bound to; none for self_service"`
	Route    truename.Route            `json:"route,omitempty" enum:"face,in_person" default:"face" doc:"how the person is tied to the document; in_person takes no picture of a face, with the same service and limits"`
	Language string                    `json:"language" minLength:"2" maxLength:"35" example:"zh-CN" doc:"the customer's language, BCP 47"`
	MSISDN   Personal                  `json:"msisdn" pattern:"^[1-9][0-9]{7,14}$" patternDescription:"E.164 without +" example:"8613800138000" doc:"the number, E.164 without +"`
	ICCID    Personal                  `json:"iccid,omitempty" pattern:"^[0-9]{18,20}$" patternDescription:"18 to 20 digits" example:"89860012345678901234" doc:"the SIM, ITU-T E.118; not needed for a transfer or a re-verification"`
}

// Registration is a customer's request and where it stands. It holds nothing that says who the customer is.
type Registration struct {
	ID        string                     `json:"id" format:"uuid"`
	Version   int                        `json:"version" doc:"rises with every change; the ETag is this number in quotes"`
	Kind      truename.RegistrationKind  `json:"kind" enum:"new_number,additional_number,sim_replacement,ownership_transfer,port_in,reverification"`
	Channel   truename.Channel           `json:"channel" enum:"own_outlet,dealer,self_service"`
	Outlet    string                     `json:"outlet,omitempty"`
	Route     truename.Route             `json:"route" enum:"face,in_person"`
	State     truename.RegistrationState `json:"state" enum:"open,referred,approved,refused,activated,lapsed,withdrawn"`
	Policy    truename.PackRef           `json:"policy" doc:"the policy pack it is decided under, from opening to end"`
	Language  string                     `json:"language"`
	OpenedBy  string                     `json:"opened_by" doc:"id of the client or member of staff"`
	OpenedAt  time.Time                  `json:"opened_at"`
	ExpiresAt time.Time                  `json:"expires_at" doc:"when it lapses unless something happens"`
	Parties   []Party                    `json:"parties" nullable:"false"`
	Findings  []truename.Finding         `json:"findings" nullable:"false" doc:"what was measured, in order; the last of a stage and party counts"`
	Decision  string                     `json:"decision,omitempty" doc:"id of the latest decision"`
	Appealed  bool                       `json:"appealed,omitempty"`
	// Missing is given when one registration is read.
	Missing []Requirement `json:"missing,omitempty" doc:"what must still be gathered before a decision makes sense; left out in lists"`
}

// Party is a person in a registration.
type Party struct {
	Party    truename.Party        `json:"party" enum:"applicant,guardian,proxy,transferor"`
	Subject  string                `json:"subject" doc:"id of the subject"`
	Document truename.DocumentType `json:"document,omitempty" doc:"type of the document that was shown"`
	Country  string                `json:"country,omitempty" doc:"issuing country, ISO 3166-1 alpha-3"`
}

// Requirement is something that must still be gathered.
type Requirement struct {
	Stage   truename.Stage   `json:"stage" enum:"consent,document,comparison,liveness,duplicate,in_person,holder,carrier,review"`
	Party   truename.Party   `json:"party" enum:"applicant,guardian,proxy,transferor"`
	Purpose truename.Purpose `json:"purpose,omitempty" enum:"identity,face_verification,face_retention" doc:"of a consent"`
}

// RegistrationPage is one page of registrations, the newest first.
type RegistrationPage struct {
	Items []Registration `json:"items" nullable:"false"`
	Next  string         `json:"next,omitempty" doc:"cursor of the next page; absent on the last one"`
}

// NewRegistration puts a registration on the wire.
func NewRegistration(r truename.Registration) Registration {
	v := Registration{ID: r.ID, Version: r.Version, Kind: r.Kind, Channel: r.Channel, Outlet: r.Outlet, Route: r.Route, State: r.State,
		Policy: r.Pack, Language: r.Language, OpenedBy: r.OpenedBy, OpenedAt: r.OpenedAt, ExpiresAt: r.ExpiresAt,
		Parties: []Party{}, Findings: r.Findings, Decision: r.Decision, Appealed: r.Appealed}
	if v.Findings == nil {
		v.Findings = []truename.Finding{}
	}
	for _, p := range r.Parties {
		v.Parties = append(v.Parties, Party(p))
	}
	return v
}

// ConsentGiven is the body of POST …/consents: a consent as the customer gave it.
type ConsentGiven struct {
	Party       truename.Party   `json:"party,omitempty" enum:"applicant,guardian,proxy,transferor" default:"applicant"`
	GivenBy     truename.Party   `json:"given_by,omitempty" enum:"applicant,guardian,proxy,transferor" doc:"who consents; left out: the party itself; a guardian consents for a minor"`
	Purpose     truename.Purpose `json:"purpose" enum:"identity,face_verification,face_retention"`
	TextVersion string           `json:"text_version" maxLength:"40" doc:"version of the text that was shown; see /v1/policy"`
	Language    string           `json:"language" maxLength:"35" doc:"language it was shown in"`
}

// Consents is the consents of one registration.
type Consents struct {
	Items []truename.Consent `json:"items" nullable:"false"`
}

// Document is the part fields of POST …/document: what was read from a party's document.
type Document struct {
	Party     truename.Party        `json:"party,omitempty" enum:"applicant,guardian,proxy,transferor"`
	Type      truename.DocumentType `json:"type" example:"cn_resident_id"`
	Country   string                `json:"country" example:"CHN" doc:"issuing country, ISO 3166-1 alpha-3"`
	Number    Personal              `json:"number" doc:"as printed"`
	Name      Personal              `json:"name" doc:"as printed"`
	BirthDate Personal              `json:"birth_date" doc:"as printed on the document, YYYY-MM-DD"`
	Sex       Personal              `json:"sex,omitempty" doc:"as printed on the document"`
	Expires   Personal              `json:"expires,omitempty" doc:"last day of validity, YYYY-MM-DD; left out for a document without an end"`
	Address   Personal              `json:"address,omitempty"`
	Source    string                `json:"source" enum:"chip,ocr,reader,desk" doc:"how it was read; desk: typed by staff, which every built-in pack refers to a reviewer"`
	Original  bool                  `json:"original" doc:"the original was shown, not a copy"`
}

// Fields gives the document as the flows have it.
func (d Document) Fields() truename.DocumentFields {
	return truename.DocumentFields{Type: d.Type, Country: d.Country, Number: d.Number.Private(), Name: d.Name.Private(), BirthDate: d.BirthDate.Private(),
		Sex: d.Sex.Private(), Expires: d.Expires.Private(), Address: d.Address.Private()}
}

// InPersonCheck is the body of POST …/in-person: what a member of staff saw at the counter.
type InPersonCheck struct {
	Party  truename.Party `json:"party,omitempty" enum:"applicant,guardian,proxy,transferor" default:"applicant"`
	Same   bool           `json:"same" doc:"the person is the one on the original document"`
	Reason truename.Code  `json:"reason,omitempty" enum:"not_the_holder,document_altered,document_expired,not_original,coerced,other" doc:"when not: why"`
}

// Signals is the body of POST …/signals: the operator's own signals, for its own conditions. They are kept in the clear.
type Signals struct {
	Party    truename.Party     `json:"party,omitempty" enum:"applicant,guardian,proxy,transferor" default:"applicant"`
	Measures map[string]float64 `json:"measures,omitempty" doc:"numbers, by names in snake_case"`
	Labels   map[string]string  `json:"labels,omitempty" doc:"codes in snake_case, by names in snake_case; never text"`
}

// Decision is a decision with its reasons in words.
type Decision struct {
	ID           string                `json:"id" format:"uuid"`
	Registration string                `json:"registration" format:"uuid"`
	Verdict      truename.Verdict      `json:"verdict" enum:"approve,refuse,refer"`
	Reasons      []truename.Reason     `json:"reasons" nullable:"false"`
	Obligations  []truename.Obligation `json:"obligations,omitempty" doc:"what the carrier must do after an approval"`
	Eyes         int                   `json:"eyes,omitempty" doc:"how many reviewers must agree, when it is referred"`
	Policy       truename.PackRef      `json:"policy"`
	At           time.Time             `json:"at"`
	By           string                `json:"by"`
	Leaf         int64                 `json:"leaf" doc:"index of its leaf in the audit log"`
	Explanation  Explanation           `json:"explanation" doc:"for the customer, in the registration's language"`
}

// Explanation is a decision in words (Anti-Telecom and Online Fraud Law of China, Art. 32: reason, remedy, appeals channel).
type Explanation struct {
	Language string   `json:"language"`
	Reasons  []string `json:"reasons" nullable:"false"`
	Remedy   []string `json:"remedy" nullable:"false" doc:"what the customer can do"`
	Appeal   string   `json:"appeal" doc:"where and until when to appeal"`
}

// NewDecision puts a decision on the wire.
func NewDecision(d truename.Decision, e truename.Explanation, language string) Decision {
	v := Decision{ID: d.ID, Registration: d.Registration, Verdict: d.Ruling.Verdict, Reasons: d.Ruling.Reasons, Obligations: d.Ruling.Obligations,
		Eyes: d.Ruling.Eyes, Policy: d.Ruling.Pack, At: d.At, By: d.By, Leaf: d.Leaf,
		Explanation: Explanation{language, list(e.Reasons), list(e.Remedy), e.Appeal}}
	if v.Reasons == nil {
		v.Reasons = []truename.Reason{}
	}
	return v
}

// list is never null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// Activation is the answer of POST …/activation.
type Activation struct {
	Token string `json:"token" doc:"EdDSA JWT (typ truename-activation+jwt), to be verified against /.well-known/jwks.json; for one activation"`
}

// Confirmation is the body of POST …/activation/confirmation.
type Confirmation struct {
	Decision string `json:"decision" minLength:"1" maxLength:"100" doc:"the token's jti: the decision by which the number was activated"`
}
