package access

import (
	"context"
	"time"

	"truename"
)

// Records is what access needs of the records. A missing record is a *truename.Error of KindNotFound. The leaves are appended
// to the audit log in the transaction of the change.
type Records interface {
	clientRecords
	outletRecords
	staffRecords
	passkeyRecords
	sessionRecords
	invitationRecords
}

type clientRecords interface {
	SaveClient(ctx context.Context, c Client, leaves ...truename.Leaf) error
	Client(ctx context.Context, id string) (Client, error)
	Clients(ctx context.Context) ([]Client, error)
}

type outletRecords interface {
	SaveOutlet(ctx context.Context, o Outlet, leaves ...truename.Leaf) error
	Outlet(ctx context.Context, id string) (Outlet, error)
	Outlets(ctx context.Context) ([]Outlet, error)
}

type staffRecords interface {
	// SaveStaff refuses a login that somebody else has (KindConflict).
	SaveStaff(ctx context.Context, m Staff, leaves ...truename.Leaf) error
	Staff(ctx context.Context, id string) (Staff, error)
	StaffMembers(ctx context.Context) ([]Staff, error)
	StaffByLogin(ctx context.Context, issuer, login string) (Staff, error)
}

type passkeyRecords interface {
	SavePasskey(ctx context.Context, p Passkey, leaves ...truename.Leaf) error
	Passkey(ctx context.Context, id []byte) (Passkey, error)
	Passkeys(ctx context.Context, staff string) ([]Passkey, error)
	DeletePasskey(ctx context.Context, id []byte, leaves ...truename.Leaf) error
}

type sessionRecords interface {
	SaveSession(ctx context.Context, s Session, leaves ...truename.Leaf) error
	Session(ctx context.Context, hash []byte) (Session, error)
	// ExtendSession changes the end of a session that is still there. It never brings back one that was ended.
	ExtendSession(ctx context.Context, hash []byte, until time.Time) error
	DeleteSession(ctx context.Context, hash []byte, leaves ...truename.Leaf) error
	DeleteSessions(ctx context.Context, staff string, leaves ...truename.Leaf) error
}

type invitationRecords interface {
	SaveInvitation(ctx context.Context, i Invitation, leaves ...truename.Leaf) error
	Invitation(ctx context.Context, hash []byte) (Invitation, error)
	// TakeInvitation removes an invitation and gives it: of several callers, one gets it.
	TakeInvitation(ctx context.Context, hash []byte, leaves ...truename.Leaf) (Invitation, error)
}
