// Command activation is a reference for a carrier's activation system: it activates a number only on the strength of a token
// of truename that it has verified itself, at most once, and for the number and SIM that were ordered.
//
//	activation [flags] REGISTRATION    activate one registration
//	activation [flags] -listen ADDR    activate what truename's webhook says is approved
//
// The API key (role activation) is in the environment: CARRIER_KEY. No number or SIM is taken from or written to the command
// line, the environment or the log.
//
// Exit statuses:
//
//	0  the number was activated, and truename knows it
//	1  refused: nothing was activated; there is no valid token, or it is not for this order, or it was used
//	2  the command line or a file is wrong; nothing was activated
//	3  truename did not answer; nothing was activated: run it again
//	4  the number was activated, but truename does not know it yet: run it again, it only confirms
//	5  somebody has to look: a run stopped in the middle and the number may be active; or it is active and truename refuses the
//	   confirmation, because the approval has lapsed. What to do is said
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"truename"
	"truename/client"
)

const (
	exitDone        = 0
	exitRefused     = 1
	exitUsage       = 2
	exitUnavailable = 3
	exitUnconfirmed = 4
	exitAttention   = 5
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings are the command line.
type settings struct {
	server, audience, issuer, keys, orders, state, command string
	listen, webhookKeys                                    string
}

func (s *settings) flags(errs io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("activation", flag.ContinueOnError)
	f.SetOutput(errs)
	f.StringVar(&s.server, "server", os.Getenv("TRUENAME"), "address of truename")
	f.StringVar(&s.issuer, "issuer", "https://truename.invalid", "whose tokens are taken: what the server was given as --issuer")
	f.StringVar(&s.audience, "audience", "activation", "whom tokens must be for: what the server was given as --audience")
	f.StringVar(&s.orders, "orders", "orders", "`folder` with the carrier's own orders, REGISTRATION.json each: kind, msisdn, iccid")
	f.StringVar(&s.state, "state", "state", "`folder` for what is kept: the ledger of tokens that were used, and the key set")
	f.StringVar(&s.keys, "jwks", "", "`file` with the key set, had by another way; without it the set is fetched once and kept in -state")
	f.StringVar(&s.command, "run", "", "`program` that activates; it gets the order and the obligations as JSON on standard input, and its exit status 0 says that the number is active. Without it nothing is activated, only said")
	f.StringVar(&s.listen, "listen", "", "`address` to receive truename's webhooks at")
	f.StringVar(&s.webhookKeys, "webhook-keys", "", "`file` with the keys that webhooks are verified with, one a line; read again each time, so that they can be rotated")
	return f
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var s settings
	flags := s.flags(errs)
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	a, err := s.activator(errs)
	switch {
	case err != nil:
	case s.listen != "" && flags.NArg() == 0 && s.webhookKeys != "":
		err = listen(ctx, s, a, out)
	case s.listen == "" && flags.NArg() == 1:
		if err = a.activate(ctx, flags.Arg(0)); err == nil {
			fmt.Fprintf(out, "activated %s\n", flags.Arg(0))
		}
	default:
		err = usage("Give one registration, or -listen and -webhook-keys.")
	}
	if err != nil {
		fmt.Fprintln(errs, "activation:", explain(err))
	}
	return status(err)
}

// activator checks the settings and makes the folders.
func (s settings) activator(log io.Writer) (*activator, error) {
	key := os.Getenv("CARRIER_KEY")
	if s.server == "" || key == "" {
		return nil, usage("Name the server with -server or TRUENAME, and put the API key into CARRIER_KEY.")
	}
	used, err := openLedger(s.state)
	if err != nil {
		return nil, err
	}
	to := &client.Client{Server: s.server, Key: truename.Private(key)}
	return &activator{truename: to, keys: keySet{file: s.keys, kept: s.state, truename: to}, issuer: s.issuer, audience: s.audience,
		orders: s.orders, used: used, command: s.command, log: log}, nil
}

// outcome is an error with the exit status that it means.
type outcome struct {
	status int
	error
}

func (o *outcome) Unwrap() error { return o.error }

func usage(text string) error { return &outcome{exitUsage, errors.New(text)} }

func refused(text string) error { return &outcome{exitRefused, errors.New(text)} }

func status(err error) int {
	var o *outcome
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &o):
		return o.status
	}
	return exitUnavailable
}

// explain says an error in words that hold nothing of a token or an order.
func explain(err error) string {
	var invalid *truename.Error
	if errors.As(err, &invalid) {
		return fmt.Sprintf("%s: %s %s", invalid.Code, invalid.Detail, invalid.Remedy)
	}
	return err.Error()
}
