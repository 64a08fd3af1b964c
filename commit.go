package truename

import (
	"encoding/json"
	"time"
)

// Snapshot is a registration with everything a flow needs to change it, read in one transaction.
type Snapshot struct {
	Registration Registration
	// Subjects of the parties, by id, in no order.
	Subjects map[string]Subject
	// Holdings counts, by subject id, the accounts that take a place in the limit, without those this registration made.
	Holdings map[string]int
	Consents []Consent
	// Account is the reserved, active or suspended account of the number in question that is not this registration's
	// own; nil when there is none.
	Account *Account
	// Own is the account or reservation this registration made; nil when there is none.
	Own *Account
	// Decision is the latest one; nil when there is none.
	Decision *Decision
	Review   *Review
	// LastCommit is the time of the newest audit leaf: a clock before it is wrong.
	LastCommit time.Time
}

// Commit is what one outcome writes: all of it in one transaction, or nothing.
type Commit struct {
	// Registration is inserted (Version 1) or replaces the stored one, whose Version must be one less.
	Registration *Registration
	Subjects     []Subject // inserted, or replaced by id
	DropSubjects []string  // provisional subjects that turned out to be known ones; refused when anything still refers to them
	Consents     []Consent // inserted, or replaced by id
	Evidence     []Sealed  // inserted
	DropEvidence []string  // removed, by id
	Accounts     []Account // inserted, or replaced by id
	Decision     *Decision // inserted; its Leaf is set from the first leaf of the commit
	Review       *Review   // inserted, or replaced by registration; Version as for Registration
	// Leaves are appended to the audit log.
	Leaves []Leaf
	Events []Event // stored, with one delivery and one job per webhook that wants them
	Jobs   []Job
}

// Leaf is an entry of the audit log: a salted commitment, without personal data. Package audit makes and checks them.
type Leaf struct {
	Data []byte
	At   time.Time
}

// Review is a referral in the hands of reviewers.
type Review struct {
	Registration string     `json:"registration"`
	Version      int        `json:"version"`
	Eyes         int        `json:"eyes"` // how many different reviewers must agree
	OpenedAt     time.Time  `json:"opened_at"`
	ClaimedBy    string     `json:"claimed_by,omitempty"`
	ClaimedUntil *time.Time `json:"claimed_until,omitempty"`
	ResolvedAt   *time.Time `json:"resolved_at,omitempty"`
}

// Event is something that happened, for whoever subscribed. It carries identifiers and codes, no personal data.
type Event struct {
	ID   string    `json:"id"`   // UUID version 7
	Type EventType `json:"type"` // CloudEvents "type"
	// Registration is the CloudEvents "subject"; empty for events about none.
	Registration string          `json:"registration,omitempty"`
	At           time.Time       `json:"at"`
	Data         json.RawMessage `json:"data"`
}

// EventType names a kind of event.
type EventType string

// Types of events.
const (
	EventRegistrationOpened    EventType = "registration.opened"
	EventRegistrationApproved  EventType = "registration.approved"
	EventRegistrationRefused   EventType = "registration.refused"
	EventRegistrationReferred  EventType = "registration.referred"
	EventRegistrationActivated EventType = "registration.activated"
	EventRegistrationLapsed    EventType = "registration.lapsed"
	EventRegistrationWithdrawn EventType = "registration.withdrawn"
	EventRegistrationAppealed  EventType = "registration.appealed"
	// EventAppealOverdue: nobody has answered an appeal in time. It comes again each time as much time has passed.
	EventAppealOverdue    EventType = "registration.appeal_overdue"
	EventAccountReverify  EventType = "account.reverification_due"
	EventAccountSuspended EventType = "account.suspended"
	EventAccountRestored  EventType = "account.restored"
	EventSubjectErased    EventType = "subject.erased"
	EventConsentWithdrawn EventType = "consent.withdrawn"
)

// EventTypes lists every type.
var EventTypes = []EventType{EventRegistrationOpened, EventRegistrationApproved, EventRegistrationRefused,
	EventRegistrationReferred, EventRegistrationActivated, EventRegistrationLapsed, EventRegistrationWithdrawn,
	EventRegistrationAppealed, EventAppealOverdue, EventAccountReverify, EventAccountSuspended, EventAccountRestored, EventSubjectErased, EventConsentWithdrawn}

// Job is work to be done after a commit, at least once, at At or later.
type Job struct {
	Kind JobKind
	ID   string // of the registration, account, subject or delivery it is about
	At   time.Time
}

// JobKind names what a job does.
type JobKind string

// Kinds of job.
const (
	JobDeliver  JobKind = "deliver"  // ID: a delivery of an event to a webhook
	JobLapse    JobKind = "lapse"    // ID: a registration whose time may be over
	JobPurge    JobKind = "purge"    // ID: a registration whose evidence may have to go
	JobReverify JobKind = "reverify" // ID: an account whose re-verification may be overdue
)
