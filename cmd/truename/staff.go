package main

import (
	"context"
	"fmt"
	"io"

	"truename"
	"truename/access"
)

type staffCommand struct {
	Add     staffAddCommand     `cmd:"" help:"Add a member of staff."`
	List    staffListCommand    `cmd:"" help:"List members of staff."`
	Invite  staffInviteCommand  `cmd:"" help:"Print an invitation to register a passkey, once."`
	Disable staffDisableCommand `cmd:"" help:"Keep a member of staff out, and end their sessions."`
	Enable  staffEnableCommand  `cmd:"" help:"Let a member of staff in again."`
	Session staffSessionCommand `cmd:"" help:"Print a session token for a terminal, once. The audit log names the shell."`
}

type staffAddCommand struct {
	changeFlags
	Name        string   `arg:"" help:"What colleagues call them."`
	Role        []string `help:"What they may do: agent, reviewer, privacy_officer, administrator, auditor, activation. May be repeated." required:"" placeholder:"ROLE"`
	Outlet      string   `help:"Bind them to this outlet; an agent needs one." placeholder:"ID"`
	Channel     string   `help:"Bind them to this channel." placeholder:"CHANNEL"`
	Subject     string   `help:"The subject they are as a customer, so that nobody reviews their own case." placeholder:"ID"`
	LoginIssuer string   `help:"Claim \"iss\" of their identity at an identity provider." placeholder:"URL"`
	Login       string   `help:"Claim \"sub\" of the same identity." placeholder:"SUB"`
}

func (c staffAddCommand) Run(ctx context.Context, out output) error {
	spec := access.StaffSpec{Name: c.Name, Roles: roles(c.Role), Outlet: c.Outlet, Channel: truename.Channel(c.Channel),
		Subject: c.Subject, Issuer: c.LoginIssuer, Login: c.Login}
	return c.change(ctx, out, func(o *operator) (change, error) {
		if known, err := o.store.StaffByLogin(ctx, c.LoginIssuer, c.Login); err == nil && c.Login != "" {
			return change{}, &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState,
				Detail: "This login is another member of staff's: " + known.ID + ".", Remedy: "Give the login of this person, or enable that member of staff again."}
		}
		made, err := o.gate.AddStaff(ctx, shell, spec)
		return change{
			what:   fmt.Sprintf("add the member of staff %q with the roles %s%s", made.Name, list(made.Roles), bound(made.Outlet, made.Channel)),
			tell:   fmt.Sprintf("id: %s\nThey sign in by an identity provider, or by a passkey after: truename staff invite %s --yes\n", made.ID, made.ID),
			result: made,
		}, err
	})
}

type staffListCommand struct{ readFlags }

func (c staffListCommand) Run(ctx context.Context, out output) error {
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		all, err := o.gate.StaffMembers(ctx, shell)
		return listed[access.Staff]{Items: append([]access.Staff{}, all...)}, func(w io.Writer) error {
			var rows [][]string
			for _, m := range all {
				state := "enabled"
				if m.DisabledAt != nil {
					state = "disabled"
				}
				rows = append(rows, []string{m.ID, m.Name, list(m.Roles), m.Outlet, string(m.Channel), state, timeText(m.CreatedAt)})
			}
			return printTable(w, []string{"ID", "NAME", "ROLES", "OUTLET", "CHANNEL", "STATE", "ADDED"}, rows)
		}, err
	})
}

type staffInviteCommand struct {
	changeFlags
	ID string `arg:"" help:"Id of the member of staff."`
}

func (c staffInviteCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		secret, made, err := o.gate.Invite(ctx, shell, c.ID)
		return change{
			what:   fmt.Sprintf("invite the member of staff %s to register a passkey", c.ID),
			tell:   fmt.Sprintf("invitation: %s\nIt is shown this once, and good once until %s.\n", secret.Reveal(), timeText(made.ExpiresAt)),
			result: map[string]any{"staff": made.Staff, "invitation": secret.Reveal(), "expires_at": made.ExpiresAt},
		}, err
	})
}

type staffDisableCommand struct {
	changeFlags
	ID string `arg:"" help:"Id of the member of staff."`
}

func (c staffDisableCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		before, err := o.store.Staff(ctx, c.ID)
		if err != nil {
			return change{}, err
		}
		if before.DisabledAt != nil {
			return change{nothing: fmt.Sprintf("the member of staff %s is disabled", c.ID)}, nil
		}
		after, err := o.gate.DisableStaff(ctx, shell, c.ID)
		return change{what: fmt.Sprintf("disable the member of staff %s (%q) and end their sessions", c.ID, after.Name), result: after}, err
	})
}

type staffEnableCommand struct {
	changeFlags
	ID string `arg:"" help:"Id of the member of staff."`
}

func (c staffEnableCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		before, err := o.store.Staff(ctx, c.ID)
		if err != nil {
			return change{}, err
		}
		if before.DisabledAt == nil {
			return change{nothing: fmt.Sprintf("the member of staff %s is enabled", c.ID)}, nil
		}
		after, err := o.gate.EnableStaff(ctx, shell, c.ID)
		return change{what: fmt.Sprintf("enable the member of staff %s (%q)", c.ID, after.Name), result: after}, err
	})
}

type staffSessionCommand struct {
	changeFlags
	ID string `arg:"" help:"Id of the member of staff."`
}

func (c staffSessionCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		token, made, err := o.gate.IssueSession(ctx, shell, c.ID)
		return change{
			what: fmt.Sprintf("let the member of staff %s in at a terminal", c.ID),
			tell: fmt.Sprintf("token: %s\nIt is shown this once, and good until %s, longer while it is used. Send it as: Authorization: Bearer TOKEN\n",
				token.Reveal(), timeText(made.ExpiresAt)),
			result: map[string]any{"staff": made.Staff, "token": token.Reveal(), "expires_at": made.ExpiresAt},
		}, err
	})
}
