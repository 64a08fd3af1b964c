package main

import (
	"context"
	"fmt"

	"truename"
	"truename/registration"
)

type accountCommand struct {
	Close   accountCloseCommand   `cmd:"" help:"End a number: at the customer's wish, or with the contract."`
	Dispute accountDisputeCommand `cmd:"" help:"Record that a person says a number under their name is not theirs: its holder has to prove it again now."`
}

type accountCloseCommand struct {
	changeFlags
	ID string `arg:"" help:"Id of the account."`
}

func (c accountCloseCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		a, err := o.store.Account(ctx, c.ID)
		if err != nil {
			return change{}, err
		}
		if a.State == truename.AccountClosed {
			return change{nothing: fmt.Sprintf("account %s is closed", c.ID)}, nil
		}
		err = o.flow.CloseAccount(ctx, registration.Request{Actor: shell}, c.ID)
		return change{what: fmt.Sprintf("close account %s, which is %s", c.ID, a.State)}, err
	})
}

type accountDisputeCommand struct {
	changeFlags
	ID string `arg:"" help:"Id of the account."`
}

func (c accountDisputeCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		err := o.flow.Dispute(ctx, registration.Request{Actor: shell}, c.ID)
		return change{what: fmt.Sprintf("make the holder of account %s prove it again, from now on", c.ID)}, err
	})
}
