package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"time"

	"truename"
	"truename/access"
)

type clientCommand struct {
	Add    clientAddCommand    `cmd:"" help:"Add an API client and print its key, once."`
	List   clientListCommand   `cmd:"" help:"List API clients."`
	Revoke clientRevokeCommand `cmd:"" help:"End a client's key, from the next request on."`
}

type clientAddCommand struct {
	changeFlags
	Name        string   `arg:"" help:"What colleagues call it."`
	Role        []string `help:"What it may do: agent, privacy_officer, administrator, auditor, activation. May be repeated." required:"" placeholder:"ROLE"`
	Outlet      string   `help:"Bind it to this outlet: it does not see others." placeholder:"ID"`
	Channel     string   `help:"Bind it to this channel." placeholder:"CHANNEL"`
	Expires     string   `help:"Date or time from which the key is worth nothing: 2027-01-31, or RFC 3339." placeholder:"TIME"`
	Certificate string   `help:"Client certificate (PEM or DER) that must come with the key." type:"existingfile" placeholder:"FILE"`
}

func (c clientAddCommand) Run(ctx context.Context, out output) error {
	spec := access.ClientSpec{Name: c.Name, Roles: roles(c.Role), Outlet: c.Outlet, Channel: truename.Channel(c.Channel)}
	var err error
	if spec.ExpiresAt, err = timeOf("expires", c.Expires); err != nil {
		return err
	}
	if spec.Certificate, err = readCertificate(c.Certificate); err != nil {
		return err
	}
	return c.change(ctx, out, func(o *operator) (change, error) {
		made, key, err := o.gate.AddClient(ctx, shell, spec)
		return change{
			what:   fmt.Sprintf("add the API client %q with the roles %s%s", made.Name, list(made.Roles), bound(made.Outlet, made.Channel)),
			tell:   fmt.Sprintf("id:  %s\nkey: %s\nThe key is shown this once. Send it as: Authorization: Bearer KEY\n", made.ID, key.Reveal()),
			result: map[string]any{"client": made, "key": key.Reveal()},
		}, err
	})
}

func roles(names []string) []truename.Role {
	var all []truename.Role
	for _, n := range names {
		all = append(all, truename.Role(n))
	}
	return all
}

// bound says what somebody is bound to.
func bound(outlet string, channel truename.Channel) string {
	switch {
	case outlet != "":
		return fmt.Sprintf(", bound to the outlet %s (%s)", outlet, channel)
	case channel != "":
		return fmt.Sprintf(", bound to the channel %s", channel)
	}
	return ""
}

// timeOf reads a date (its first moment, UTC) or a time; nil for nothing.
func timeOf(flag, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			t = t.UTC()
			return &t, nil
		}
	}
	return nil, usage(fmt.Sprintf("The value of --%s is no date and no time.", flag), "Write 2027-01-31, or 2027-01-31T12:00:00Z.", nil)
}

// maxCertificate bounds a certificate's file, in bytes.
const maxCertificate = 64 << 10

// readCertificate gives a certificate's DER; nil for no file.
func readCertificate(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readSmall(path, maxCertificate)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(data); block != nil {
		if block.Type != "CERTIFICATE" {
			return nil, usage("The file holds no certificate.", "Give the client's certificate, not its key.", nil)
		}
		return block.Bytes, nil
	}
	return data, nil
}

// readSmall reads a file that is not to be longer than a limit, in bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usage("The file cannot be opened.", "Check its path and permissions.", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, usage("The file cannot be read.", "Check its path and permissions.", err)
	}
	if int64(len(data)) > limit {
		return nil, usage(fmt.Sprintf("The file is longer than %d bytes.", limit), "Check that it is the right one.", nil)
	}
	return data, nil
}

type clientListCommand struct{ readFlags }

func (c clientListCommand) Run(ctx context.Context, out output) error {
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		all, err := o.gate.Clients(ctx, shell)
		return listed[access.Client]{Items: append([]access.Client{}, all...)}, func(w io.Writer) error {
			var rows [][]string
			for _, x := range all {
				rows = append(rows, []string{x.ID, x.Name, list(x.Roles), x.Outlet, string(x.Channel), clientState(x, time.Now()), timeText(x.CreatedAt), timeOrNone(x.ExpiresAt)})
			}
			return printTable(w, []string{"ID", "NAME", "ROLES", "OUTLET", "CHANNEL", "STATE", "ADDED", "EXPIRES"}, rows)
		}, err
	})
}

func clientState(c access.Client, now time.Time) string {
	switch {
	case c.RevokedAt != nil:
		return "revoked"
	case c.ExpiresAt != nil && !now.Before(*c.ExpiresAt):
		return "expired"
	case len(c.CertificateHash) > 0:
		return "active, with certificate"
	}
	return "active"
}

type clientRevokeCommand struct {
	changeFlags
	ID string `arg:"" help:"Id of the client."`
}

func (c clientRevokeCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		before, err := o.store.Client(ctx, c.ID)
		if err != nil {
			return change{}, err
		}
		if before.RevokedAt != nil {
			return change{nothing: fmt.Sprintf("the key of client %s is revoked", c.ID)}, nil
		}
		after, err := o.gate.RevokeClient(ctx, shell, c.ID)
		return change{what: fmt.Sprintf("revoke the key of client %s (%q)", c.ID, after.Name), result: after}, err
	})
}
