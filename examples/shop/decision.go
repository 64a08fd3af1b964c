package main

import (
	"context"
	"fmt"

	"truename"
	"truename/api"
	"truename/client"
)

// decide asks for the decision, on the registration as it was last seen, and tells it.
func (c *counter) decide(ctx context.Context, r api.Registration) (int, error) {
	var d api.Decision
	var err error
	if r.State == truename.StateOpen {
		d, err = c.truename.Decide(ctx, r.ID, client.Write{Version: r.Version})
	} else {
		d, err = c.truename.Decision(ctx, r.ID)
	}
	if err != nil {
		return 0, err
	}
	c.tell(d)
	if c.logKey != "" {
		if err := c.check(ctx, d); err != nil {
			return 0, err
		}
	}
	switch d.Verdict {
	case truename.Approve:
		return exitApproved, nil
	case truename.Refuse:
		return exitRefused, nil
	}
	return exitReferred, nil
}

// tell says the decision to the customer, in their language: why, what can be done, where to appeal.
func (c *counter) tell(d api.Decision) {
	fmt.Fprintf(c.out, "\nDecision %s: %s\n", d.ID, d.Verdict)
	for _, reason := range d.Explanation.Reasons {
		fmt.Fprintf(c.out, "  %s\n", reason)
	}
	for _, remedy := range d.Explanation.Remedy {
		fmt.Fprintf(c.out, "  > %s\n", remedy)
	}
	if d.Explanation.Appeal != "" {
		fmt.Fprintf(c.out, "  %s\n", d.Explanation.Appeal)
	}
	for _, o := range d.Obligations {
		fmt.Fprintf(c.out, "  obligation: %s, %d hours\n", o.Code, o.Hours)
	}
}

// check makes sure, without asking anybody, that the decision is in the log as it reads here.
func (c *counter) check(ctx context.Context, d api.Decision) error {
	receipt, err := c.truename.Receipt(ctx, d.Registration)
	if err != nil {
		return err
	}
	if err := receipt.Verify(c.logKey); err != nil {
		return &wrong{"the receipt does not hold: keep it, and report it"}
	}
	if receipt.Decision.ID != d.ID || receipt.Decision.Ruling.Verdict != d.Verdict {
		return &wrong{"the receipt is of another decision: keep it, and report it"}
	}
	fmt.Fprintf(c.out, "Receipt: leaf %d of the audit log, verified.\n", receipt.Index)
	return nil
}
