package truename

import "time"

// Verdict is an answer of a policy.
type Verdict string

// Verdicts.
const (
	Approve Verdict = "approve"
	Refuse  Verdict = "refuse"
	Refer   Verdict = "refer" // a human reviewer decides
)

// PackRef names a policy pack exactly.
type PackRef struct {
	Name    string `json:"name"`    // "cn"
	Version string `json:"version"` // as written in the pack: "2026.11"
	Digest  string `json:"digest"`  // SHA-256 of its text, hexadecimal: decisions are replayed under the same digest
}

// Case is all a policy sees. It is stored with the decision, so that the decision can be replayed.
type Case struct {
	Kind    RegistrationKind `json:"kind"`
	Channel Channel          `json:"channel"`
	Route   Route            `json:"route"`
	// Outlet is the point of sale the registration was opened at; empty for self-service.
	Outlet string `json:"outlet,omitempty"`
	// At is the time of the decision; a policy has no other clock.
	At       time.Time    `json:"at"`
	Appealed bool         `json:"appealed,omitempty"`
	OpenedBy string       `json:"opened_by"`
	Parties  []PartyFacts `json:"parties"`
	Findings []Finding    `json:"findings"`
}

// Person gives the facts about a party, nil when it takes no part.
func (c *Case) Person(p Party) *PartyFacts {
	for i := range c.Parties {
		if c.Parties[i].Party == p {
			return &c.Parties[i]
		}
	}
	return nil
}

// PartyFacts is what a policy knows of a person.
type PartyFacts struct {
	Party    Party        `json:"party"`
	Document DocumentType `json:"document,omitempty"` // empty: none was recorded
	Country  string       `json:"country,omitempty"`  // ISO 3166-1 alpha-3
	// Age in completed years at [Case.At]; -1 when unknown.
	Age int `json:"age"`
	// Expired: the document's last day is before [Case.At].
	Expired bool `json:"expired,omitempty"`
	// Erased: the person's data were erased while the registration ran; nothing about them can be shown any more.
	Erased bool `json:"erased,omitempty"`
	// Holdings is how many numbers the identity holds or has reserved at this operator, not counting the one in question.
	Holdings int `json:"holdings"`
}

// Reason is one ground of a ruling.
type Reason struct {
	Code Code `json:"code"`
	// Rule is the id of the rule in the pack; Source the legal or other source it cites.
	Rule   string `json:"rule"`
	Source string `json:"source,omitempty"`
	Party  Party  `json:"party,omitempty"`
}

// Obligation is something the carrier's system must do after an approval.
type Obligation struct {
	Code  Code `json:"code"`            // "no_sms": no outgoing or incoming SMS
	Hours int  `json:"hours,omitempty"` // for how long, from activation; 0: no end
}

// Ruling is what a policy answers to a case. The same case under the same pack always gets the same ruling.
type Ruling struct {
	Verdict     Verdict      `json:"verdict"`
	Reasons     []Reason     `json:"reasons"`
	Obligations []Obligation `json:"obligations,omitempty"`
	Pack        PackRef      `json:"pack"`
	// Eyes is how many different reviewers must agree when the verdict is [Refer]: 1 or 2; 0 otherwise.
	Eyes int `json:"eyes,omitempty"`
}

// Decision is a ruling on a registration, as it is stored.
type Decision struct {
	ID           string    `json:"id"` // UUID version 7
	Registration string    `json:"registration"`
	Ruling       Ruling    `json:"ruling"`
	Case         Case      `json:"case"`
	At           time.Time `json:"at"`
	By           string    `json:"by"` // id of the actor whose request led to it
	// Salt opens the commitment in the audit log's leaf: 32 bytes.
	Salt []byte `json:"salt"`
	// Leaf is the index of the decision's leaf in the audit log.
	Leaf int64 `json:"leaf"`
}

// Explanation is a ruling in words, for the customer (Anti-Telecom and Online Fraud Law of China, Art. 32: reason,
// remedy, appeals channel).
type Explanation struct {
	Reasons []string `json:"reasons"`
	Remedy  []string `json:"remedy"`
	Appeal  string   `json:"appeal"`
}
