package api

import (
	"time"

	"truename"
)

// Claim is the body of POST /v1/holdings: the identity that a person claims and proves with a document.
type Claim struct {
	Type    truename.DocumentType `json:"type" example:"cn_resident_id" minLength:"1" maxLength:"40"`
	Country string                `json:"country" example:"CHN" minLength:"3" maxLength:"3"`
	Number  Personal              `json:"number" minLength:"4" maxLength:"60"`
}

// Holdings is what an identity holds.
type Holdings struct {
	Subject  string             `json:"subject"`
	Accounts []truename.Account `json:"accounts" nullable:"false" doc:"numbers in service or reserved; which numbers they are is told to the person by /v1/subjects/{id}/export"`
}

// NumberClaim is the body of POST /v1/accounts/by-number.
type NumberClaim struct {
	MSISDN Personal `json:"msisdn" pattern:"^[1-9][0-9]{7,14}$" patternDescription:"E.164 without +"`
}

// Subject is a person known to the operator, with all that refers to it and without anything that says who it is.
type Subject struct {
	ID            string             `json:"id"`
	CreatedAt     time.Time          `json:"created_at"`
	ErasedAt      *time.Time         `json:"erased_at,omitempty"`
	Consents      []truename.Consent `json:"consents" nullable:"false"`
	Accounts      []truename.Account `json:"accounts" nullable:"false"`
	Registrations []string           `json:"registrations" nullable:"false"`
	Evidence      []truename.Sealed  `json:"evidence" nullable:"false" doc:"what is kept, without its contents"`
}

// NewSubject puts a subject on the wire.
func NewSubject(v truename.SubjectView) Subject {
	s := Subject{ID: v.Subject.ID, CreatedAt: v.Subject.CreatedAt, ErasedAt: v.Subject.ErasedAt,
		Consents: v.Consents, Accounts: v.Accounts, Registrations: list(v.Registrations), Evidence: v.Evidence}
	if s.Consents == nil {
		s.Consents = []truename.Consent{}
	}
	if s.Accounts == nil {
		s.Accounts = []truename.Account{}
	}
	if s.Evidence == nil {
		s.Evidence = []truename.Sealed{}
	}
	return s
}

// Reverification is the body of POST /v1/accounts/{id}/reverification.
type Reverification struct {
	Due time.Time `json:"due" doc:"by when the holder has to prove the number again"`
}
