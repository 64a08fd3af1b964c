package truename

import "time"

// RegistrationKind says what a customer asks for.
type RegistrationKind string

// Kinds of registration.
const (
	NewNumber         RegistrationKind = "new_number"         // the first number of an identity at this operator
	AdditionalNumber  RegistrationKind = "additional_number"  // one more number for a known identity
	SIMReplacement    RegistrationKind = "sim_replacement"    // a new SIM for a number the applicant holds
	OwnershipTransfer RegistrationKind = "ownership_transfer" // a number passes from the transferor to the applicant
	PortIn            RegistrationKind = "port_in"            // a number comes from another operator
	Reverification    RegistrationKind = "reverification"     // the holder of an active or suspended number proves it again
)

// RegistrationKinds lists every kind.
var RegistrationKinds = []RegistrationKind{NewNumber, AdditionalNumber, SIMReplacement, OwnershipTransfer, PortIn, Reverification}

// TakesPlace says whether an approval of this kind occupies one more place in the applicant's limit of numbers.
func (k RegistrationKind) TakesPlace() bool {
	switch k {
	case NewNumber, AdditionalNumber, PortIn, OwnershipTransfer:
		return true
	}
	return false
}

// Channel is where a registration is opened.
type Channel string

// Channels.
const (
	OwnOutlet   Channel = "own_outlet"   // a shop of the operator
	Dealer      Channel = "dealer"       // a point of sale of somebody else, for whom the operator answers
	SelfService Channel = "self_service" // the customer alone
)

// Channels lists every channel.
var Channels = []Channel{OwnOutlet, Dealer, SelfService}

// Route is how a person is tied to the document.
type Route string

// Routes. Every registration can take the second one, with the same service and the same limits.
const (
	// RouteFace: a live face is compared with the document's portrait.
	RouteFace Route = "face"
	// RouteInPerson: two different members of staff check the person against the original document. No face is
	// photographed, measured or stored.
	RouteInPerson Route = "in_person"
)

// RegistrationState is where a registration stands. The transitions are written down in package registration.
type RegistrationState string

// States of a registration.
const (
	StateOpen      RegistrationState = "open"      // findings are gathered
	StateReferred  RegistrationState = "referred"  // the policy asks for a human reviewer
	StateApproved  RegistrationState = "approved"  // an activation token can be had; the place in the limit is reserved
	StateRefused   RegistrationState = "refused"   // final, but for an appeal
	StateActivated RegistrationState = "activated" // the carrier's system has confirmed: final
	StateLapsed    RegistrationState = "lapsed"    // the time to decide or to activate has passed: final
	StateWithdrawn RegistrationState = "withdrawn" // the customer has stepped back: final
)

// Party is the role of a person in a registration.
type Party string

// Parties.
const (
	Applicant  Party = "applicant"  // the person in whose name the number is to be
	Guardian   Party = "guardian"   // parent or guardian of an applicant who is a minor, present and verified
	Proxy      Party = "proxy"      // the person who applies for an absent applicant and shows both documents
	Transferor Party = "transferor" // the holder who gives a number away
)

// Parties lists every party.
var Parties = []Party{Applicant, Guardian, Proxy, Transferor}

// Registration is a customer's request and what has been gathered for it. It holds nothing that identifies a person:
// numbers and SIMs are blind indexes, names and documents are [Sealed].
type Registration struct {
	ID      string            `json:"id"`      // UUID version 7
	Version int               `json:"version"` // rises by one with every change; the ETag
	Kind    RegistrationKind  `json:"kind"`
	Channel Channel           `json:"channel"`
	Outlet  string            `json:"outlet,omitempty"` // id of the outlet; empty for self-service
	Route   Route             `json:"route"`
	State   RegistrationState `json:"state"`
	Pack    PackRef           `json:"pack"` // the policy pack in force at opening: it stays in force for this registration
	// Language of the customer, BCP 47: "zh-CN", "en".
	Language string    `json:"language"`
	OpenedBy string    `json:"opened_by"` // id of the actor
	OpenedAt time.Time `json:"opened_at"`
	// ExpiresAt is when open and referred registrations lapse, and approved ones at the end of their reservation. An appealed
	// one does not lapse: people are to have answered by then.
	ExpiresAt time.Time     `json:"expires_at"`
	Number    []byte        `json:"number"` // blind index of the MSISDN
	SIM       []byte        `json:"sim"`    // blind index of the ICCID
	Parties   []PartyRecord `json:"parties"`
	Findings  []Finding     `json:"findings"`           // in the order they were made; the last of a stage and party counts
	Decision  string        `json:"decision,omitempty"` // id of the latest decision
	// Appealed is set when the customer has appealed a refusal; an appeal is possible once.
	Appealed bool `json:"appealed,omitempty"`
}

// Person gives the record of a party, nil when the registration has none.
func (r *Registration) Person(p Party) *PartyRecord {
	for i := range r.Parties {
		if r.Parties[i].Party == p {
			return &r.Parties[i]
		}
	}
	return nil
}

// PartyRecord ties a party to a subject.
type PartyRecord struct {
	Party   Party  `json:"party"`
	Subject string `json:"subject"` // id of the [Subject]
	// Document and Country of the document shown; empty until it is recorded.
	Document DocumentType `json:"document,omitempty"`
	Country  string       `json:"country,omitempty"`
}

// Subject is a person known to the operator, without anything that says who it is.
type Subject struct {
	ID string `json:"id"` // UUID version 7
	// Index is the blind index of the identity (issuing country, kind of number, number); nil until a document is recorded.
	Index []byte `json:"-"`
	// Key is the subject's data key, wrapped by the master key; nil after erasure: what it sealed is then lost everywhere.
	Key       []byte     `json:"-"`
	CreatedAt time.Time  `json:"created_at"`
	ErasedAt  *time.Time `json:"erased_at,omitempty"`
	// Attempts are looks at this person's face that did not pass, in all registrations, the oldest first. They count for a
	// day, so that more registrations do not mean more attempts; older ones go with the next.
	Attempts []Attempt `json:"-"`
}

// Attempt is a comparison or a liveness check that failed or stayed undecided.
type Attempt struct {
	Stage Stage     `json:"stage"`
	At    time.Time `json:"at"`
}

// Consent is a recorded consent to one purpose (ISO/IEC 29184, PIPL Art. 29): separate from terms of service,
// bound to its purpose and to the version of the text that was shown, in the subject's language.
type Consent struct {
	ID           string     `json:"id"`
	Registration string     `json:"registration"`
	Subject      string     `json:"subject"`
	Party        Party      `json:"party"`
	Purpose      Purpose    `json:"purpose"`
	TextVersion  string     `json:"text_version"` // version of the text shown, as the pack names it
	Language     string     `json:"language"`
	GivenAt      time.Time  `json:"given_at"`
	GivenBy      Party      `json:"given_by"` // the party itself, or its guardian
	RecordedBy   string     `json:"recorded_by"`
	WithdrawnAt  *time.Time `json:"withdrawn_at,omitempty"`
}

// Purpose is what a consent allows.
type Purpose string

// Purposes. No other use of a face exists in this software.
const (
	// PurposeIdentity: reading and keeping the fields of the identity document for the registration.
	PurposeIdentity Purpose = "identity"
	// PurposeFaceVerification: comparing the live face with the document's portrait, for this registration.
	PurposeFaceVerification Purpose = "face_verification"
	// PurposeFaceRetention: keeping the sealed template for later re-verification and for the search for duplicates.
	PurposeFaceRetention Purpose = "face_retention"
)

// Purposes lists every purpose.
var Purposes = []Purpose{PurposeIdentity, PurposeFaceVerification, PurposeFaceRetention}

// Sealed is evidence under its subject's key.
type Sealed struct {
	ID           string       `json:"id"`
	Registration string       `json:"registration"`
	Subject      string       `json:"subject"`
	Party        Party        `json:"party"`
	Kind         EvidenceKind `json:"kind"`
	Box          []byte       `json:"-"` // ciphertext; associated data: subject id and kind
	CreatedAt    time.Time    `json:"created_at"`
}

// EvidenceKind says what a [Sealed] contains.
type EvidenceKind string

// Kinds of evidence.
const (
	EvidenceFields   EvidenceKind = "fields"   // fields of the document, JSON
	EvidenceNumber   EvidenceKind = "number"   // MSISDN and ICCID, JSON
	EvidencePortrait EvidenceKind = "portrait" // the document's portrait, as received
	EvidenceLive     EvidenceKind = "live"     // the live photo, as received
	EvidenceTemplate EvidenceKind = "template" // a protected template (ISO/IEC 24745)
)

// Biometric says whether evidence of this kind is biometric data.
func (k EvidenceKind) Biometric() bool {
	return k == EvidencePortrait || k == EvidenceLive || k == EvidenceTemplate
}

// Account is a number held, or reserved, by a subject.
type Account struct {
	ID           string       `json:"id"`
	Number       []byte       `json:"-"` // blind index of the MSISDN
	SIM          []byte       `json:"-"` // blind index of the ICCID
	Subject      string       `json:"subject"`
	Registration string       `json:"registration"` // the registration that made it what it is
	State        AccountState `json:"state"`
	// ReservedUntil: a reservation frees its place in the limit then.
	ReservedUntil *time.Time `json:"reserved_until,omitempty"`
	ActivatedAt   *time.Time `json:"activated_at,omitempty"`
	ClosedAt      *time.Time `json:"closed_at,omitempty"`
	// ReverifyBy: the holder is to prove the number again by then, or it is suspended.
	ReverifyBy *time.Time `json:"reverify_by,omitempty"`
}

// AccountState is the state of an [Account]. All but closed count towards the limit.
type AccountState string

// States of an account.
const (
	AccountReserved  AccountState = "reserved"
	AccountActive    AccountState = "active"
	AccountSuspended AccountState = "suspended"
	AccountClosed    AccountState = "closed"
)

// DocumentType is a kind of identity document.
type DocumentType string

// Document types that the built-in packs know. A pack may name others.
const (
	CNResidentID         DocumentType = "cn_resident_id"
	CNTemporaryID        DocumentType = "cn_temporary_id"
	CNHouseholdBooklet   DocumentType = "cn_household_booklet"
	CNMilitaryID         DocumentType = "cn_military_id"
	CNArmedPoliceID      DocumentType = "cn_armed_police_id"
	CNHKMacaoPermit      DocumentType = "cn_hk_macao_permit"
	CNTaiwanPermit       DocumentType = "cn_taiwan_permit"
	CNResidencePermit    DocumentType = "cn_residence_permit"     // for residents of Hong Kong, Macao and Taiwan
	CNForeignPermanentID DocumentType = "cn_foreign_permanent_id" // foreign permanent resident card
	Passport             DocumentType = "passport"
	INAadhaar            DocumentType = "in_aadhaar"
	NGNIN                DocumentType = "ng_nin"
	THNationalID         DocumentType = "th_national_id"
	PKCNIC               DocumentType = "pk_cnic"
	IDKTP                DocumentType = "id_ktp"
	PHPhilSys            DocumentType = "ph_philsys"
	NationalID           DocumentType = "national_id" // another country's national identity card
)

// DocumentFields is what stands on an identity document. It is personal data, kept only sealed.
type DocumentFields struct {
	Type      DocumentType
	Country   string  // issuing country, ISO 3166-1 alpha-3
	Number    Private // as printed, without spaces
	Name      Private
	BirthDate Private // YYYY-MM-DD
	Sex       Private // as printed
	Expires   Private // YYYY-MM-DD; empty for documents without an end
	Address   Private
}

// Subscription is the number and the SIM that a registration is about. Personal data.
type Subscription struct {
	MSISDN Private // E.164 without "+": 8 to 15 digits
	ICCID  Private // ITU-T E.118: 18 to 20 digits; empty where the kind needs none
}
