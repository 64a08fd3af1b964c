package truename

import "slices"

// ActorKind says what an [Actor] is.
type ActorKind string

// Kinds of actor.
const (
	ActorStaff  ActorKind = "staff"  // a person who works for the operator or a dealer
	ActorClient ActorKind = "client" // a machine with an API key
	ActorSystem ActorKind = "system" // this software itself: jobs, the command line on the server
	// ActorCustomer is a person who takes part in one registration with a link that was made for it; its ID names that.
	ActorCustomer ActorKind = "customer"
)

// Role is what an actor may do.
type Role string

// Roles.
const (
	RoleAgent          Role = "agent"           // opens and fills registrations, for its outlet and channel only
	RoleReviewer       Role = "reviewer"        // resolves referrals
	RolePrivacyOfficer Role = "privacy_officer" // consents, erasure, export
	RoleAdministrator  Role = "administrator"   // clients, staff, outlets, webhooks, keys
	RoleAuditor        Role = "auditor"         // reads decisions and the log; changes nothing
	RoleActivation     Role = "activation"      // the carrier's activation system: fetches tokens, confirms activation
)

// Roles lists every role.
var Roles = []Role{RoleAgent, RoleReviewer, RolePrivacyOfficer, RoleAdministrator, RoleAuditor, RoleActivation}

// Actor is who asks for something.
type Actor struct {
	ID    string
	Kind  ActorKind
	Roles []Role
	// Outlet and Channel bind an agent: it sees and opens registrations there only. Empty for actors that are not bound.
	Outlet  string
	Channel Channel
	// Subject is the subject a member of staff is as a customer; empty when unknown. Nobody reviews their own case.
	Subject string
}

// Has says whether the actor has a role.
func (a Actor) Has(r Role) bool { return slices.Contains(a.Roles, r) }
