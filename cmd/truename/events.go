package main

import (
	"context"
	"fmt"
	"io"

	"truename"
)

type eventsCommand struct {
	List       eventsListCommand       `cmd:"" help:"List events, the newest first."`
	Deliveries eventsDeliveriesCommand `cmd:"" help:"List deliveries of events to webhooks, the newest first."`
	Redeliver  eventsRedeliverCommand  `cmd:"" help:"Deliver an event to a webhook again, whatever became of it."`
}

type eventsListCommand struct {
	readFlags
	pageFlags
	Type         string `help:"Of this type only, for instance registration.approved." placeholder:"TYPE"`
	Registration string `help:"About this registration only." placeholder:"ID"`
}

func (c eventsListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	if err := oneOf("type", c.Type, truename.EventTypes...); err != nil {
		return err
	}
	query := truename.EventQuery{Type: truename.EventType(c.Type), Registration: c.Registration, After: c.After, Limit: c.Limit}
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		found, next, err := o.store.Events(ctx, query)
		return listed[truename.Event]{Items: append([]truename.Event{}, found...), Next: next}, func(w io.Writer) error {
			var rows [][]string
			for _, e := range found {
				rows = append(rows, []string{e.ID, timeText(e.At), string(e.Type), e.Registration})
			}
			return printPage(w, []string{"ID", "AT", "TYPE", "REGISTRATION"}, rows, next)
		}, err
	})
}

type eventsDeliveriesCommand struct {
	readFlags
	pageFlags
	State   string `help:"In this state only: pending, delivered, failed." placeholder:"STATE"`
	Webhook string `help:"To this webhook only." placeholder:"ID"`
	Event   string `help:"Of this event only." placeholder:"ID"`
}

func (c eventsDeliveriesCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	if err := oneOf("state", c.State, truename.DeliveryPending, truename.DeliveryDelivered, truename.DeliveryFailed); err != nil {
		return err
	}
	query := truename.DeliveryQuery{State: truename.DeliveryState(c.State), Webhook: c.Webhook, Event: c.Event, After: c.After, Limit: c.Limit}
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		found, next, err := o.store.Deliveries(ctx, query)
		return listed[truename.Delivery]{Items: append([]truename.Delivery{}, found...), Next: next}, func(w io.Writer) error {
			var rows [][]string
			for _, d := range found {
				status := ""
				if d.Status != 0 {
					status = fmt.Sprint(d.Status)
				}
				rows = append(rows, []string{d.ID, string(d.State), fmt.Sprint(d.Attempts), status, timeOrNone(d.NextAt), d.Event, d.Webhook})
			}
			return printPage(w, []string{"ID", "STATE", "ATTEMPTS", "STATUS", "NEXT", "EVENT", "WEBHOOK"}, rows, next)
		}, err
	})
}

type eventsRedeliverCommand struct {
	changeFlags
	ID string `arg:"" name:"delivery" help:"Id of the delivery."`
}

func (c eventsRedeliverCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		d, event, hook, err := o.store.Delivery(ctx, c.ID)
		if err != nil {
			return change{}, err
		}
		err = o.book.Redeliver(ctx, shell, c.ID)
		return change{
			what: fmt.Sprintf("deliver event %s (%s) to webhook %s again; the delivery is %s", event.ID, event.Type, hook.ID, d.State),
			tell: "The server does it, at once when it is running.\n",
		}, err
	})
}
