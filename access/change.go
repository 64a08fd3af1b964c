package access

import (
	"truename"
)

// Change is what an audit leaf about access commits to. It holds identifiers and codes, no names and no secrets.
type Change struct {
	By      string             `json:"by"` // id of the actor
	ByKind  truename.ActorKind `json:"by_kind"`
	ID      string             `json:"id"` // of the client, member of staff or outlet that is changed
	Roles   []truename.Role    `json:"roles,omitempty"`
	Outlet  string             `json:"outlet,omitempty"`
	Channel truename.Channel   `json:"channel,omitempty"`
	// Credential is the SHA-256 of the passkey's credential id, hexadecimal, where the change is about one.
	Credential string `json:"credential,omitempty"`
	// Method says how somebody signed in: "passkey", "oidc", or "shell" when the system let them in.
	Method string `json:"method,omitempty"`
}

// Kinds of audit leaves that access makes.
const (
	LeafClientAdded    = "client.added"
	LeafClientRevoked  = "client.revoked"
	LeafStaffAdded     = "staff.added"
	LeafStaffChanged   = "staff.changed"
	LeafStaffDisabled  = "staff.disabled"
	LeafStaffEnabled   = "staff.enabled"
	LeafStaffInvited   = "staff.invited"
	LeafStaffSignedIn  = "staff.signed_in"
	LeafPasskeyAdded   = "passkey.added"
	LeafPasskeyRemoved = "passkey.removed"
	LeafOutletAdded    = "outlet.added"
	LeafOutletSuspend  = "outlet.suspended"
	LeafOutletRestored = "outlet.restored"
)

func (g *Gate) leaf(kind string, by truename.Actor, c Change) (truename.Leaf, error) {
	c.By, c.ByKind = by.ID, by.Kind
	return g.o.Leaf(kind, c)
}
