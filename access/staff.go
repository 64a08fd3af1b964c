package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"

	"truename"
)

// StaffSpec is what an administrator says about a member of staff.
type StaffSpec struct {
	Name  string // 1 to 100 characters
	Roles []truename.Role
	// Outlet binds an agent and must be given for one, but for agents of the channel self_service.
	Outlet  string
	Channel truename.Channel
	Subject string // as a customer; empty when unknown
	// Issuer and Login are the "iss" and "sub" claims of an OIDC identity; both, or neither.
	Issuer, Login string
}

// AddStaff makes a member of staff. They can sign in by OIDC at once, by passkey after an invitation.
func (g *Gate) AddStaff(ctx context.Context, by truename.Actor, spec StaffSpec) (Staff, error) {
	if err := Allow(by, StaffManage); err != nil {
		return Staff{}, err
	}
	m := Staff{CreatedAt: g.now(), CreatedBy: by.ID}
	if err := g.describe(ctx, &m, spec); err != nil {
		return Staff{}, err
	}
	var err error
	if m.ID, err = newID(); err != nil {
		return Staff{}, err
	}
	return m, g.saveStaff(ctx, by, LeafStaffAdded, m)
}

// ChangeStaff replaces what is known about a member of staff, from their next request on.
func (g *Gate) ChangeStaff(ctx context.Context, by truename.Actor, id string, spec StaffSpec) (Staff, error) {
	m, err := g.managedStaff(ctx, by, id)
	if err != nil {
		return Staff{}, err
	}
	if err := g.describe(ctx, &m, spec); err != nil {
		return Staff{}, err
	}
	return m, g.saveStaff(ctx, by, LeafStaffChanged, m)
}

func (g *Gate) describe(ctx context.Context, m *Staff, spec StaffSpec) error {
	if err := checkName(spec.Name); err != nil {
		return err
	}
	if err := checkRoles(spec.Roles); err != nil {
		return err
	}
	if spec.Subject != "" && !isID(spec.Subject) {
		return invalid("The subject's id is not one.", "Give the id of a subject, or none.")
	}
	if (spec.Issuer == "") != (spec.Login == "") || len(spec.Login) > 255 {
		return invalid("Issuer and login go together.", `Give both claims, "iss" and "sub", of the identity, or none.`)
	}
	if u, err := url.Parse(spec.Issuer); spec.Issuer != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return invalid("The issuer is not an https address.", `Give the "iss" claim as the identity provider writes it.`)
	}
	outlet, channel, err := g.binding(ctx, spec.Outlet, spec.Channel)
	if err != nil {
		return err
	}
	if slices.Contains(spec.Roles, truename.RoleAgent) && outlet == "" && channel != truename.SelfService {
		return invalid("An agent belongs to an outlet.", "Say to which one, or to the channel self_service.")
	}
	m.Name, m.Roles, m.Outlet, m.Channel = spec.Name, sortedRoles(spec.Roles), outlet, channel
	m.Subject, m.Issuer, m.Login = spec.Subject, spec.Issuer, spec.Login
	return nil
}

// DisableStaff keeps a member of staff out, from the next request on, and ends their sessions.
func (g *Gate) DisableStaff(ctx context.Context, by truename.Actor, id string) (Staff, error) {
	m, err := g.managedStaff(ctx, by, id)
	if err != nil {
		return Staff{}, err
	}
	if m.DisabledAt == nil {
		now := g.now()
		m.DisabledAt = &now
		if err := g.saveStaff(ctx, by, LeafStaffDisabled, m); err != nil {
			return Staff{}, err
		}
	}
	// They are out already; this keeps old sessions from coming back with them.
	return m, g.records.DeleteSessions(ctx, m.ID)
}

// EnableStaff lets a member of staff in again. They have to sign in.
func (g *Gate) EnableStaff(ctx context.Context, by truename.Actor, id string) (Staff, error) {
	m, err := g.managedStaff(ctx, by, id)
	if err != nil || m.DisabledAt == nil {
		return m, err
	}
	// If ending the sessions failed when they were disabled, it is done now or they stay out.
	if err := g.records.DeleteSessions(ctx, m.ID); err != nil {
		return Staff{}, err
	}
	m.DisabledAt = nil
	return m, g.saveStaff(ctx, by, LeafStaffEnabled, m)
}

// StaffMembers lists all members of staff.
func (g *Gate) StaffMembers(ctx context.Context, by truename.Actor) ([]Staff, error) {
	if err := Allow(by, StaffManage); err != nil {
		return nil, err
	}
	return g.records.StaffMembers(ctx)
}

// Invite makes an invitation to register a passkey. Its secret is given here and never again; it works once.
func (g *Gate) Invite(ctx context.Context, by truename.Actor, id string) (truename.Private, Invitation, error) {
	m, err := g.managedStaff(ctx, by, id)
	if err != nil {
		return "", Invitation{}, err
	}
	if err := enabled(m); err != nil {
		return "", Invitation{}, err
	}
	secret, hash := newToken(invitationPrefix)
	i := Invitation{Hash: hash, Staff: m.ID, ExpiresAt: g.now().Add(g.o.Invitation)}
	leaf, err := g.leaf(LeafStaffInvited, by, Change{ID: m.ID})
	if err != nil {
		return "", Invitation{}, err
	}
	if err := g.records.SaveInvitation(ctx, i, leaf); err != nil {
		return "", Invitation{}, err
	}
	return secret, i, nil
}

// Passkeys lists the passkeys of a member of staff: for an administrator, or for themselves.
func (g *Gate) Passkeys(ctx context.Context, by truename.Actor, staff string) ([]Passkey, error) {
	if err := ownOrManaged(by, staff); err != nil {
		return nil, err
	}
	return g.records.Passkeys(ctx, staff)
}

// RemovePasskey removes a passkey, for instance of a lost device, and ends its owner's sessions: for an administrator, or
// for the owner.
func (g *Gate) RemovePasskey(ctx context.Context, by truename.Actor, id []byte) error {
	p, err := g.records.Passkey(ctx, id)
	if isNotFound(err) {
		// Who may not manage staff does not learn which passkeys exist.
		if err := Allow(by, StaffManage); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if err := ownOrManaged(by, p.Staff); err != nil {
		return err
	}
	leaf, err := g.leaf(LeafPasskeyRemoved, by, Change{ID: p.Staff, Credential: credentialHash(id)})
	if err != nil {
		return err
	}
	if err := g.records.DeletePasskey(ctx, id, leaf); err != nil {
		return err
	}
	return g.records.DeleteSessions(ctx, p.Staff)
}

func ownOrManaged(by truename.Actor, staff string) error {
	if by.Kind == truename.ActorStaff && by.ID == staff {
		return nil
	}
	return Allow(by, StaffManage)
}

// managedStaff reads a member of staff for somebody who may change them. Nobody may change themselves.
func (g *Gate) managedStaff(ctx context.Context, by truename.Actor, id string) (Staff, error) {
	if err := Allow(by, StaffManage); err != nil {
		return Staff{}, err
	}
	if by.ID == id {
		return Staff{}, forbidden("Nobody changes their own account.", "Ask another administrator.")
	}
	return g.records.Staff(ctx, id)
}

func (g *Gate) saveStaff(ctx context.Context, by truename.Actor, kind string, m Staff) error {
	leaf, err := g.leaf(kind, by, Change{ID: m.ID, Roles: m.Roles, Outlet: m.Outlet, Channel: m.Channel})
	if err != nil {
		return err
	}
	return g.records.SaveStaff(ctx, m, leaf)
}

func credentialHash(id []byte) string {
	h := sha256.Sum256(id)
	return hex.EncodeToString(h[:])
}
