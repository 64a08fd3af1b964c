package access

import (
	"context"
	"slices"

	"truename"
)

// OutletSpec is what an administrator says about an outlet.
type OutletSpec struct {
	ID       string // lower case letters, digits, "-"; 1 to 40
	Name     string // 1 to 100 characters
	Channel  truename.Channel
	Registry string // its number in the regulator's registry of points of sale; at most 100 characters
}

// AddOutlet makes an outlet. An id that exists is a conflict.
func (g *Gate) AddOutlet(ctx context.Context, by truename.Actor, spec OutletSpec) (Outlet, error) {
	if err := Allow(by, OutletManage); err != nil {
		return Outlet{}, err
	}
	if err := spec.check(); err != nil {
		return Outlet{}, err
	}
	switch _, err := g.records.Outlet(ctx, spec.ID); {
	case err == nil:
		return Outlet{}, &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState,
			Detail: "There is an outlet with this id.", Remedy: "Choose another id."}
	case !isNotFound(err):
		return Outlet{}, err
	}
	o := Outlet{ID: spec.ID, Name: spec.Name, Channel: spec.Channel, Registry: spec.Registry, CreatedAt: g.now()}
	return o, g.saveOutlet(ctx, by, LeafOutletAdded, o)
}

func (s OutletSpec) check() error {
	if !isOutletID(s.ID) {
		return invalid("The outlet's id is not acceptable.", `Use 1 to 40 lower case letters, digits and "-".`)
	}
	if err := checkName(s.Name); err != nil {
		return err
	}
	if s.Registry != "" {
		if err := checkName(s.Registry); err != nil {
			return invalid("The number in the registry is not acceptable.", "Give at most 100 characters, without control characters.")
		}
	}
	if s.Channel != truename.OwnOutlet && s.Channel != truename.Dealer {
		return invalid("The outlet's channel is not acceptable.", "It is own_outlet or dealer.")
	}
	return nil
}

func isOutletID(id string) bool {
	if len(id) == 0 || len(id) > 40 {
		return false
	}
	for _, c := range []byte(id) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// SuspendOutlet makes an outlet open no more registrations. What was opened can be ended.
func (g *Gate) SuspendOutlet(ctx context.Context, by truename.Actor, id string) (Outlet, error) {
	o, err := g.managedOutlet(ctx, by, id)
	if err != nil || o.SuspendedAt != nil {
		return o, err
	}
	now := g.now()
	o.SuspendedAt = &now
	return o, g.saveOutlet(ctx, by, LeafOutletSuspend, o)
}

// RestoreOutlet ends a suspension.
func (g *Gate) RestoreOutlet(ctx context.Context, by truename.Actor, id string) (Outlet, error) {
	o, err := g.managedOutlet(ctx, by, id)
	if err != nil || o.SuspendedAt == nil {
		return o, err
	}
	o.SuspendedAt = nil
	return o, g.saveOutlet(ctx, by, LeafOutletRestored, o)
}

// Outlets lists all outlets.
func (g *Gate) Outlets(ctx context.Context, by truename.Actor) ([]Outlet, error) {
	if err := Allow(by, OutletManage); err != nil {
		return nil, err
	}
	return g.records.Outlets(ctx)
}

func (g *Gate) managedOutlet(ctx context.Context, by truename.Actor, id string) (Outlet, error) {
	if err := Allow(by, OutletManage); err != nil {
		return Outlet{}, err
	}
	return g.records.Outlet(ctx, id)
}

func (g *Gate) saveOutlet(ctx context.Context, by truename.Actor, kind string, o Outlet) error {
	leaf, err := g.leaf(kind, by, Change{ID: o.ID, Channel: o.Channel})
	if err != nil {
		return err
	}
	return g.records.SaveOutlet(ctx, o, leaf)
}

// binding checks what a client or a member of staff is to be bound to. With an outlet the channel is the outlet's.
func (g *Gate) binding(ctx context.Context, outlet string, channel truename.Channel) (string, truename.Channel, error) {
	if channel != "" && !slices.Contains(truename.Channels, channel) {
		return "", "", invalid("The channel is unknown.", "The channels are own_outlet, dealer and self_service.")
	}
	if outlet == "" {
		return "", channel, nil
	}
	o, err := g.records.Outlet(ctx, outlet)
	if isNotFound(err) {
		return "", "", invalid("There is no such outlet.", "Add the outlet first.")
	}
	if err != nil {
		return "", "", err
	}
	if channel != "" && channel != o.Channel {
		return "", "", invalid("The outlet belongs to another channel.", "Leave the channel out.")
	}
	return o.ID, o.Channel, nil
}
