package main

import (
	"context"
	"fmt"
	"io"

	"truename"
	"truename/access"
)

type outletCommand struct {
	Add     outletAddCommand     `cmd:"" help:"Add a shop of the operator or a dealer's point of sale."`
	List    outletListCommand    `cmd:"" help:"List outlets."`
	Suspend outletSuspendCommand `cmd:"" help:"Let an outlet open no more registrations. What is open there can be ended."`
	Restore outletRestoreCommand `cmd:"" help:"End a suspension."`
}

type outletAddCommand struct {
	changeFlags
	ID       string `arg:"" help:"1 to 40 lower case letters, digits and \"-\"."`
	Name     string `help:"What colleagues call it." required:"" placeholder:"NAME"`
	Channel  string `help:"own_outlet or dealer." required:"" placeholder:"CHANNEL"`
	Registry string `help:"Its number in the regulator's registry of points of sale." placeholder:"NUMBER"`
}

func (c outletAddCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		made, err := o.gate.AddOutlet(ctx, shell, access.OutletSpec{ID: c.ID, Name: c.Name, Channel: truename.Channel(c.Channel), Registry: c.Registry})
		return change{what: fmt.Sprintf("add the outlet %s (%q, %s)", made.ID, made.Name, made.Channel), result: made}, err
	})
}

type outletListCommand struct{ readFlags }

func (c outletListCommand) Run(ctx context.Context, out output) error {
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		all, err := o.gate.Outlets(ctx, shell)
		return listed[access.Outlet]{Items: append([]access.Outlet{}, all...)}, func(w io.Writer) error {
			var rows [][]string
			for _, x := range all {
				state := "open"
				if x.SuspendedAt != nil {
					state = "suspended"
				}
				rows = append(rows, []string{x.ID, x.Name, string(x.Channel), x.Registry, state, timeText(x.CreatedAt)})
			}
			return printTable(w, []string{"ID", "NAME", "CHANNEL", "REGISTRY", "STATE", "ADDED"}, rows)
		}, err
	})
}

type outletSuspendCommand struct {
	changeFlags
	ID string `arg:"" help:"Id of the outlet."`
}

func (c outletSuspendCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		before, err := o.store.Outlet(ctx, c.ID)
		if err != nil {
			return change{}, err
		}
		if before.SuspendedAt != nil {
			return change{nothing: fmt.Sprintf("the outlet %s is suspended", c.ID)}, nil
		}
		after, err := o.gate.SuspendOutlet(ctx, shell, c.ID)
		return change{what: fmt.Sprintf("suspend the outlet %s (%q)", after.ID, after.Name), result: after}, err
	})
}

type outletRestoreCommand struct {
	changeFlags
	ID string `arg:"" help:"Id of the outlet."`
}

func (c outletRestoreCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		before, err := o.store.Outlet(ctx, c.ID)
		if err != nil {
			return change{}, err
		}
		if before.SuspendedAt == nil {
			return change{nothing: fmt.Sprintf("the outlet %s is not suspended", c.ID)}, nil
		}
		after, err := o.gate.RestoreOutlet(ctx, shell, c.ID)
		return change{what: fmt.Sprintf("restore the outlet %s (%q)", after.ID, after.Name), result: after}, err
	})
}
