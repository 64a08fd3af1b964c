package main

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"truename"
)

type webhookCommand struct {
	Add     webhookAddCommand     `cmd:"" help:"Send events to an address, and print what its receiver checks signatures with, once."`
	List    webhookListCommand    `cmd:"" help:"List webhooks."`
	Rotate  webhookRotateCommand  `cmd:"" help:"Give a webhook a new secret, and print it once. Events are signed with it and the one before, until that is retired."`
	Retire  webhookRetireCommand  `cmd:"" help:"End the older of two secrets."`
	Enable  webhookEnableCommand  `cmd:"" help:"Send events again, from now on."`
	Disable webhookDisableCommand `cmd:"" help:"Send no more events, until it is enabled."`
	Remove  webhookRemoveCommand  `cmd:"" help:"End a webhook, with its deliveries. The events stay."`
}

type webhookAddCommand struct {
	changeFlags
	URL    string   `arg:"" help:"Address of the receiver: https."`
	Type   []string `help:"Type of event to send; may be repeated. Default: every type, those of later versions too." placeholder:"TYPE"`
	Scheme string   `help:"How events are signed: v1 (HMAC, a shared secret) or v1a (Ed25519, the receiver holds the public key only)." default:"v1" enum:"v1,v1a"`
}

func (c webhookAddCommand) Run(ctx context.Context, out output) error {
	var types []truename.EventType
	for _, t := range c.Type {
		if err := oneOf("type", t, truename.EventTypes...); err != nil {
			return err
		}
		types = append(types, truename.EventType(t))
	}
	return c.change(ctx, out, func(o *operator) (change, error) {
		made, secret, err := o.book.Add(ctx, shell, c.URL, types, c.Scheme)
		if err != nil {
			return change{}, err
		}
		return shown("send "+typesText(types)+" to "+hostOf(c.URL), made, secret), nil
	})
}

// shown is a change that tells a secret.
func shown(what string, w truename.Webhook, secret truename.Private) change {
	return change{
		what:   what,
		tell:   fmt.Sprintf("id:  %s\nkey: %s\nThe key is shown this once: the receiver checks signatures with it.\n", w.ID, secret.Reveal()),
		result: map[string]any{"webhook": w, "key": secret.Reveal()},
	}
}

func typesText(types []truename.EventType) string {
	if len(types) == 0 {
		return "events of every type"
	}
	return "the events " + list(types)
}

// hostOf names where a webhook is, without what may be secret in its address.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	return u.Scheme + "://" + u.Host
}

type webhookListCommand struct{ readFlags }

func (c webhookListCommand) Run(ctx context.Context, out output) error {
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		all, err := o.store.Webhooks(ctx)
		return listed[truename.Webhook]{Items: append([]truename.Webhook{}, all...)}, func(w io.Writer) error {
			var rows [][]string
			for _, x := range all {
				state := "enabled"
				if x.Disabled != nil {
					state = "disabled: " + string(x.DisabledFor)
				}
				rows = append(rows, []string{x.ID, x.URL, typesText(x.Types), state, fmt.Sprint(len(x.Secrets)), timeText(x.CreatedAt)})
			}
			return printTable(w, []string{"ID", "URL", "EVENTS", "STATE", "SECRETS", "ADDED"}, rows)
		}, err
	})
}

// webhookFlags say which webhook is changed.
type webhookFlags struct {
	changeFlags
	ID string `arg:"" help:"Id of the webhook."`
}

// revise changes a webhook, unless it is so already.
func (f webhookFlags) revise(ctx context.Context, out output, what, already string, do func(o *operator) (truename.Webhook, error)) error {
	return f.change(ctx, out, func(o *operator) (change, error) {
		before, err := o.store.Webhook(ctx, f.ID)
		if err != nil {
			return change{}, err
		}
		after, err := do(o)
		if err != nil {
			return change{}, err
		}
		if after.Version == before.Version {
			return change{nothing: fmt.Sprintf("webhook %s %s", f.ID, already)}, nil
		}
		return change{what: fmt.Sprintf("%s webhook %s at %s", what, f.ID, hostOf(after.URL)), result: after}, nil
	})
}

type webhookRotateCommand struct{ webhookFlags }

func (c webhookRotateCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		before, err := o.store.Webhook(ctx, c.ID)
		if err != nil {
			return change{}, err
		}
		what := "give webhook " + c.ID + " a new secret beside the one it has"
		if len(before.Secrets) > 1 {
			what = "give webhook " + c.ID + " a new secret in the place of the older of its two"
		}
		after, secret, err := o.book.Rotate(ctx, shell, c.ID)
		if err != nil {
			return change{}, err
		}
		return shown(what, after, secret), nil
	})
}

type webhookRetireCommand struct{ webhookFlags }

func (c webhookRetireCommand) Run(ctx context.Context, out output) error {
	return c.revise(ctx, out, "retire the older secret of", "has one secret", func(o *operator) (truename.Webhook, error) {
		return o.book.Retire(ctx, shell, c.ID)
	})
}

type webhookEnableCommand struct{ webhookFlags }

func (c webhookEnableCommand) Run(ctx context.Context, out output) error {
	return c.revise(ctx, out, "enable", "is enabled", func(o *operator) (truename.Webhook, error) {
		return o.book.Enable(ctx, shell, c.ID)
	})
}

type webhookDisableCommand struct{ webhookFlags }

func (c webhookDisableCommand) Run(ctx context.Context, out output) error {
	return c.revise(ctx, out, "disable", "is disabled", func(o *operator) (truename.Webhook, error) {
		return o.book.Disable(ctx, shell, c.ID)
	})
}

type webhookRemoveCommand struct{ webhookFlags }

func (c webhookRemoveCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		w, err := o.store.Webhook(ctx, c.ID)
		if err != nil {
			return change{}, err
		}
		err = o.book.Remove(ctx, shell, c.ID)
		return change{what: fmt.Sprintf("remove webhook %s at %s, with its deliveries", c.ID, hostOf(w.URL))}, err
	})
}
