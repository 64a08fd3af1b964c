package main

import (
	"context"
	"time"

	"truename"
	"truename/access"
)

// rehearsal is the records for a change that is tried out: what is read is real, what is written is forgotten. It keeps
// the decision that was made, so that a command can say what would come of it.
type rehearsal struct {
	reading
	decided *truename.Decision
}

// reading is what a rehearsal lets through. It lists every method: whatever is not in it has to be rehearsed below.
type reading interface {
	Client(ctx context.Context, id string) (access.Client, error)
	Clients(ctx context.Context) ([]access.Client, error)
	Outlet(ctx context.Context, id string) (access.Outlet, error)
	Outlets(ctx context.Context) ([]access.Outlet, error)
	Staff(ctx context.Context, id string) (access.Staff, error)
	StaffMembers(ctx context.Context) ([]access.Staff, error)
	StaffByLogin(ctx context.Context, issuer, login string) (access.Staff, error)
	Passkey(ctx context.Context, id []byte) (access.Passkey, error)
	Passkeys(ctx context.Context, staff string) ([]access.Passkey, error)
	Session(ctx context.Context, hash []byte) (access.Session, error)
	Invitation(ctx context.Context, hash []byte) (access.Invitation, error)

	Snapshot(ctx context.Context, registration string) (truename.Snapshot, error)
	Decisions(ctx context.Context, registration string) ([]truename.Decision, error)
	Evidence(ctx context.Context, registration string) ([]truename.Sealed, error)
	SubjectByIndex(ctx context.Context, index []byte) (truename.Subject, error)
	SubjectView(ctx context.Context, id string) (truename.SubjectView, error)
	Account(ctx context.Context, id string) (truename.Account, error)
	AccountByNumber(ctx context.Context, index []byte) (truename.Account, error)
	Pack(ctx context.Context, digest string) ([]byte, error)

	Webhook(ctx context.Context, id string) (truename.Webhook, error)
	Webhooks(ctx context.Context) ([]truename.Webhook, error)
	Delivery(ctx context.Context, id string) (truename.Delivery, truename.Event, truename.Webhook, error)
}

// rehearse joins the flows to a rehearsal.
func (o *operator) rehearse(f operatorFlags) error {
	o.rehearsal = &rehearsal{reading: o.store}
	return o.join(o.rehearsal, f, noComparer{})
}

func (r *rehearsal) SaveClient(context.Context, access.Client, ...truename.Leaf) error   { return nil }
func (r *rehearsal) SaveOutlet(context.Context, access.Outlet, ...truename.Leaf) error   { return nil }
func (r *rehearsal) SaveStaff(context.Context, access.Staff, ...truename.Leaf) error     { return nil }
func (r *rehearsal) SavePasskey(context.Context, access.Passkey, ...truename.Leaf) error { return nil }
func (r *rehearsal) DeletePasskey(context.Context, []byte, ...truename.Leaf) error       { return nil }
func (r *rehearsal) SaveSession(context.Context, access.Session, ...truename.Leaf) error { return nil }
func (r *rehearsal) ExtendSession(context.Context, []byte, time.Time) error              { return nil }
func (r *rehearsal) DeleteSession(context.Context, []byte, ...truename.Leaf) error       { return nil }
func (r *rehearsal) DeleteSessions(context.Context, string, ...truename.Leaf) error      { return nil }
func (r *rehearsal) SaveInvitation(context.Context, access.Invitation, ...truename.Leaf) error {
	return nil
}

func (r *rehearsal) SaveWebhook(context.Context, truename.Webhook, ...truename.Leaf) error {
	return nil
}

// DeleteWebhook and Redeliver still find out whether there is such a thing.
func (r *rehearsal) DeleteWebhook(ctx context.Context, id string, _ ...truename.Leaf) error {
	_, err := r.Webhook(ctx, id)
	return err
}

func (r *rehearsal) Redeliver(ctx context.Context, id string, _ time.Time, _ ...truename.Leaf) error {
	_, _, _, err := r.Delivery(ctx, id)
	return err
}

// TakeInvitation leaves the invitation where it is.
func (r *rehearsal) TakeInvitation(ctx context.Context, hash []byte, _ ...truename.Leaf) (access.Invitation, error) {
	return r.Invitation(ctx, hash)
}

func (r *rehearsal) Create(context.Context, truename.Commit) error { return nil }

func (r *rehearsal) Transact(ctx context.Context, registration string, change func(truename.Snapshot) (truename.Commit, error)) error {
	s, err := r.Snapshot(ctx, registration)
	return rehearsed(r, s, err, change)
}

func (r *rehearsal) TransactAccount(ctx context.Context, id string, change func(truename.Account) (truename.Commit, error)) error {
	a, err := r.Account(ctx, id)
	return rehearsed(r, a, err, change)
}

func (r *rehearsal) TransactSubject(ctx context.Context, id string, change func(truename.SubjectView) (truename.Commit, error)) error {
	v, err := r.SubjectView(ctx, id)
	return rehearsed(r, v, err, change)
}

// rehearsed lets a change look at what is stored, unless reading it failed.
func rehearsed[T any](r *rehearsal, stored T, err error, change func(T) (truename.Commit, error)) error {
	if err != nil {
		return err
	}
	c, err := change(stored)
	if err == nil && c.Decision != nil {
		r.decided = c.Decision
	}
	return err
}
