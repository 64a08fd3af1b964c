package access

import (
	"fmt"
	"slices"
	"strings"

	"truename"
)

// Operation is something an actor may or may not do.
type Operation string

// Operations.
const (
	RegistrationOpen     Operation = "registration.open"
	RegistrationRead     Operation = "registration.read"     // with findings, decisions, explanations and receipts
	RegistrationFill     Operation = "registration.fill"     // consents, documents, photos, in-person checks
	RegistrationWithdraw Operation = "registration.withdraw" // at the customer's wish
	RegistrationAppeal   Operation = "registration.appeal"   // at the customer's wish
	VerificationRun      Operation = "verification.run"      // a comparison outside a registration, of which nothing is kept

	ReviewRead    Operation = "review.read"    // the queue and its cases
	ReviewResolve Operation = "review.resolve" // claiming and resolving a referral

	AccountRead    Operation = "account.read"    // the numbers an identity holds, for the person themselves
	AccountDispute Operation = "account.dispute" // a number under one's name that one did not ask for
	AccountClose   Operation = "account.close"
	// AccountReverify: the holder has to prove the number again, as the carrier has found it at risk.
	AccountReverify Operation = "account.reverify"

	SubjectRead     Operation = "subject.read" // opens what is sealed
	SubjectExport   Operation = "subject.export"
	SubjectErase    Operation = "subject.erase"
	ConsentRead     Operation = "consent.read"
	ConsentWithdraw Operation = "consent.withdraw" // at the customer's wish

	ActivationIssue   Operation = "activation.issue"
	ActivationConfirm Operation = "activation.confirm"

	ClientManage  Operation = "client.manage"
	StaffManage   Operation = "staff.manage"
	OutletManage  Operation = "outlet.manage"
	WebhookManage Operation = "webhook.manage"
	EventRead     Operation = "event.read"
	AuditRead     Operation = "audit.read"
	PolicyRead    Operation = "policy.read"

	// CustomerAct: all that a person does in their own registration, with its link, and nobody else.
	CustomerAct Operation = "customer.act"
)

// permission is a row of the table: who may do an operation.
type permission struct {
	operation Operation
	roles     []truename.Role
	// only is the one kind of actor that may do it; empty: staff and clients alike.
	only truename.ActorKind
}

// permissions is the whole table: what stands in no row is forbidden. The system itself may do what no person must do.
func permissions() []permission {
	const (
		agent    = truename.RoleAgent
		reviewer = truename.RoleReviewer
		privacy  = truename.RolePrivacyOfficer
		admin    = truename.RoleAdministrator
		auditor  = truename.RoleAuditor
		carrier  = truename.RoleActivation
	)
	type roles = []truename.Role
	return []permission{
		{RegistrationOpen, roles{agent}, ""},
		{RegistrationRead, roles{agent, reviewer, privacy, auditor, carrier}, ""},
		{RegistrationFill, roles{agent}, ""},
		{RegistrationWithdraw, roles{agent, privacy}, ""},
		{RegistrationAppeal, roles{agent, privacy}, ""},
		{VerificationRun, roles{agent}, ""},

		{ReviewRead, roles{reviewer, auditor}, ""},
		{ReviewResolve, roles{reviewer}, truename.ActorStaff},

		{AccountRead, roles{agent, privacy}, ""},
		{AccountDispute, roles{agent, privacy}, ""},
		{AccountClose, roles{carrier}, ""},
		{AccountReverify, roles{carrier, privacy}, ""},

		{SubjectRead, roles{privacy}, ""},
		{SubjectExport, roles{privacy}, ""},
		{SubjectErase, roles{privacy}, ""},
		{ConsentRead, roles{agent, privacy, auditor}, ""},
		{ConsentWithdraw, roles{agent, privacy}, ""},

		{ActivationIssue, roles{carrier}, ""},
		{ActivationConfirm, roles{carrier}, ""},

		{ClientManage, roles{admin}, ""},
		{StaffManage, roles{admin}, ""},
		{OutletManage, roles{admin}, ""},
		{WebhookManage, roles{admin}, ""},
		{EventRead, roles{admin, auditor}, ""},
		{AuditRead, roles{admin, privacy, auditor}, ""},
		{PolicyRead, truename.Roles, ""},

		{CustomerAct, nil, truename.ActorCustomer},
	}
}

// Operations lists every operation.
func Operations() []Operation {
	var all []Operation
	for _, p := range permissions() {
		all = append(all, p.operation)
	}
	return all
}

// Allow says whether the actor may do the operation: nil, or a *truename.Error of KindForbidden that names the roles which
// may. Whether the thing it is done to is the actor's to see is for [Within] and [Gate.Place] to say.
func Allow(a truename.Actor, op Operation) error {
	for _, p := range permissions() {
		if p.operation == op {
			return p.check(a)
		}
	}
	return forbidden("There is no such operation.", "")
}

func (p permission) check(a truename.Actor) error {
	if a.ID == "" {
		return unauthenticated("Nobody has said who asks.", remedyCredential)
	}
	if p.only != "" && a.Kind != p.only {
		if p.only == truename.ActorCustomer {
			return forbidden("Only the customer may do this, with the link of their own registration.", "Use the operations of /v1/registrations.")
		}
		return forbidden(fmt.Sprintf("Only a member of staff may do this: %s.", p.operation), "Sign in as a person.")
	}
	switch a.Kind {
	case truename.ActorCustomer:
		if p.only == truename.ActorCustomer {
			return nil
		}
	case truename.ActorSystem:
		return nil
	case truename.ActorStaff, truename.ActorClient:
		if slices.ContainsFunc(p.roles, a.Has) {
			return nil
		}
	}
	return forbidden(fmt.Sprintf("The roles of the caller do not allow this: %s.", p.operation),
		"Ask an administrator; the roles that may are: "+names(p.roles)+".")
}

func names(roles []truename.Role) string {
	var list []string
	for _, r := range roles {
		list = append(list, string(r))
	}
	return strings.Join(list, ", ")
}
