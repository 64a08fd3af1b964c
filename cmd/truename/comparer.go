package main

import (
	"context"
	"net/netip"

	"truename/notify"
	"truename/registration"
	"truename/verification"
)

// comparer lets registrations use the engine.
type comparer struct{ engine *verification.Engine }

func (c comparer) Compare(ctx context.Context, portrait, live []byte, target float64) (registration.Comparison, error) {
	result, details, err := c.engine.VerifyDetailed(ctx, portrait, live, target)
	if err != nil {
		return registration.Comparison{}, err
	}
	compared := registration.Comparison{Outcome: result.Outcome, Threshold: result.Threshold, Model: result.Model}
	for _, reason := range result.Reasons {
		compared.Reasons = append(compared.Reasons, reason.Code)
	}
	if result.Score != nil {
		compared.Score, compared.FMR, compared.Live = *result.Score, *result.FMR, details.Analyses[1].Template
	}
	return compared, nil
}

// noComparer is the comparer of commands that compare nothing.
type noComparer struct{}

func (noComparer) Compare(context.Context, []byte, []byte, float64) (registration.Comparison, error) {
	return registration.Comparison{}, usage("This command does not compare faces.", "Use the server.", nil)
}

// targets says where webhooks may be.
func (f operatorFlags) targets() (notify.Targets, error) {
	t := notify.Targets{PlainHTTP: f.WebhookPlainHTTP}
	for _, network := range f.WebhookNetworks {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return t, usage("A network for webhooks is not in CIDR form.", "Use for example 10.0.0.0/8.", err)
		}
		t.Allowed = append(t.Allowed, prefix)
	}
	return t, nil
}
