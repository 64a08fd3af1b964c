package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"time"

	"truename"
	"truename/activation"
	"truename/client"
)

// activator activates registrations. It is safe for concurrent use, by several processes too: the ledger decides.
type activator struct {
	truename         *client.Client
	keys             keySet
	issuer, audience string
	orders           string // folder
	used             ledger
	command          string
	log              io.Writer
}

// activate goes the whole way for one registration: ledger, order, token, command, confirmation. nil: the number is active and
// truename knows it.
func (a *activator) activate(ctx context.Context, registration string) error {
	before, err := a.used.of(registration)
	switch {
	case err != nil:
		return err
	case before.reached == confirmed:
		return refused("A token of this registration was used, and its number is active. Nothing was done.")
	case before.reached == activated: // by an earlier run, which did not come to tell truename
		return a.confirm(ctx, before)
	}
	ordered, err := readOrder(a.orders, registration)
	if err != nil {
		return err
	}
	token, err := a.truename.Activation(ctx, registration, client.Write{})
	if err != nil {
		return &outcome{cause(err, exitRefused), err}
	}
	claims, err := a.verify(ctx, token.Token)
	if err != nil {
		return err
	}
	if err := ordered.matches(registration, claims); err != nil {
		return err
	}
	use, err := a.used.begin(registration, claims.ID)
	if err != nil {
		return err
	}
	if err := a.carryOut(ctx, ordered, claims); err != nil {
		return err
	}
	if err := a.used.mark(use, activated); err != nil {
		return err
	}
	return a.confirm(ctx, use)
}

// verify asks nobody whether the token is good: the key set says it.
func (a *activator) verify(ctx context.Context, token string) (activation.Claims, error) {
	keys, err := a.keys.forToken(ctx, token)
	if err != nil {
		return activation.Claims{}, err
	}
	claims, err := activation.Verify(token, keys, a.audience, time.Now())
	if err != nil {
		return claims, &outcome{exitRefused, err}
	}
	if claims.Issuer != a.issuer {
		return claims, refused("The token is of another issuer. Do not activate; check -issuer.")
	}
	return claims, nil
}

// carryOut activates the number. From here on it may be active: whatever stops it is unclear until somebody has looked.
func (a *activator) carryOut(ctx context.Context, o order, c activation.Claims) error {
	for _, must := range c.Obligations {
		fmt.Fprintf(a.log, "activation: %s: obligation %s, %d hours\n", c.Registration, must.Code, must.Hours)
	}
	if a.command == "" {
		return nil
	}
	input, err := json.Marshal(struct {
		Registration string `json:"registration"`
		Decision     string `json:"decision"`
		order
		Obligations []truename.Obligation `json:"obligations"`
	}{c.Registration, c.Decision, o, c.Obligations})
	if err != nil {
		return a.used.unclear(c.Registration, err)
	}
	// The command is not stopped with this program: half an activation is worse than a late one.
	command := exec.CommandContext(context.WithoutCancel(ctx), a.command)
	command.Stdin = bytes.NewReader(input)
	command.Stderr = a.log
	if err := command.Run(); err != nil {
		return a.used.unclear(c.Registration, fmt.Errorf("the program did not succeed: %w", err))
	}
	return nil
}

// confirm tells truename. Until it knows, the approval lapses and frees its place; so an interrupt does not stop it.
func (a *activator) confirm(ctx context.Context, u use) error {
	// The decision is the request's key: the same confirmation sent again, even by another run, has its effect once.
	_, err := a.truename.ConfirmActivation(context.WithoutCancel(ctx), u.registration, u.decision, client.Write{Key: "confirm-" + u.decision})
	if err != nil {
		return &outcome{cause(err, exitAttention), fmt.Errorf("%s is activated, but not confirmed: %w", u.registration, err)}
	}
	return a.used.mark(u, confirmed)
}

// cause gives the exit status of a request that failed: whether truename has said no, or did not say anything that is final.
func cause(err error, no int) int {
	var p *client.Problem
	if errors.As(err, &p) && p.Status < http.StatusInternalServerError && p.Status != http.StatusTooManyRequests {
		return no
	}
	if no == exitAttention {
		return exitUnconfirmed
	}
	return exitUnavailable
}
