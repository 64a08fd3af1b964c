// Command shop is a reference for a point of sale: it carries a customer's request from consent to decision.
//
//	shop -order ORDER.json -document DOCUMENT.json -portrait FILE -live FILE
//	shop -route in_person -order ORDER.json -document DOCUMENT.json
//	shop -registration ID …     go on with one that was begun
//
// What is still needed is never known in advance: a policy may ask for other things for another request. So the program asks
// truename what is missing, gathers that, and asks again.
//
// The API key (role agent) is in the environment: KEY. The number, the SIM and what was read from the document are in files, so
// that they are in no list of processes.
//
// Exit statuses:
//
//	0  approved
//	1  refused; the customer was told why, what to do and where to appeal
//	2  the command line, a file or the request is wrong
//	3  truename did not answer: run it again, with -registration if one was printed
//	4  something is still needed: a consent, another picture, the two checks at the counter; what it is was printed
//	5  referred: people look at it, and truename's event tells how it ended
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"truename"
	"truename/api"
	"truename/client"
)

const (
	exitApproved    = 0
	exitRefused     = 1
	exitUsage       = 2
	exitUnavailable = 3
	exitNeeded      = 4
	exitReferred    = 5
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// settings are the command line.
type settings struct {
	server, registration, order, document, portrait, live string
	kind, route, language, ticket, orders, logKey         string
	agreed, asIs                                          bool
}

func (s *settings) flags(errs io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("shop", flag.ContinueOnError)
	f.SetOutput(errs)
	f.StringVar(&s.server, "server", os.Getenv("TRUENAME"), "address of truename")
	f.StringVar(&s.registration, "registration", "", "`id` of a registration to go on with")
	f.StringVar(&s.order, "order", "", "`file` with the order: {\"msisdn\": …, \"iccid\": …}")
	f.StringVar(&s.document, "document", "", "`file` with what was read from the document, as the API takes it: the schema Document")
	f.StringVar(&s.portrait, "portrait", "", "`file` with the document's portrait")
	f.StringVar(&s.live, "live", "", "`file` with the photo taken now")
	f.StringVar(&s.kind, "kind", "new_number", "what the customer asks for")
	f.StringVar(&s.route, "route", "face", "face, or in_person: two members of staff look at the customer and the document instead")
	f.StringVar(&s.language, "language", "en", "the customer's language")
	f.StringVar(&s.ticket, "ticket", "", "the shop's own `number` of this request: run again with it, the program opens no second registration")
	f.StringVar(&s.orders, "orders", "", "`folder` in which the order is kept for the activation: REGISTRATION.json")
	f.StringVar(&s.logKey, "log-key", "", "verifier `key` of the audit log, had by another way: the receipt of the decision is checked with it, offline")
	f.BoolVar(&s.agreed, "agreed", false, "the customer has read the texts and agreed to all of them: do not ask")
	f.BoolVar(&s.asIs, "as-it-is", false, "ask for the decision although a picture could not be used: people will look")
	return f
}

func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	var s settings
	flags := s.flags(errs)
	if flags.Parse(args) != nil {
		return exitUsage
	}
	key := os.Getenv("KEY")
	if s.server == "" || key == "" || flags.NArg() != 0 || (s.order == "") == (s.registration == "") {
		fmt.Fprintln(errs, "shop: name the server with -server or TRUENAME, put the API key into KEY, and give -order or -registration")
		return exitUsage
	}
	c := &counter{settings: s, truename: &client.Client{Server: s.server, Key: truename.Private(key)}, customer: bufio.NewScanner(in), out: out}
	status, err := c.serve(ctx)
	if err == nil {
		return status
	}
	fmt.Fprintln(errs, "shop:", err)
	var p *client.Problem
	var local *wrong
	switch {
	case errors.As(err, &local):
		return exitUsage
	case errors.As(err, &p) && p.Status < http.StatusInternalServerError && p.Status != http.StatusTooManyRequests:
		return exitUsage
	}
	return exitUnavailable
}

// wrong is an error in a file or in an answer at the counter.
type wrong struct{ text string }

func (w *wrong) Error() string { return w.text }

// readJSON reads a file that must hold nothing but the members of v. What is in it is not repeated.
func readJSON(path string, v any) error {
	file, err := os.Open(path)
	if err != nil {
		return &wrong{"a file cannot be opened: check -order and -document"}
	}
	defer file.Close()
	d := json.NewDecoder(io.LimitReader(file, 64<<10))
	d.DisallowUnknownFields()
	if d.Decode(v) != nil {
		return &wrong{"a file is not the JSON that is wanted: check -order and -document"}
	}
	return nil
}

// order is the customer's request, as the shop's own system has it.
type order struct {
	Kind   truename.RegistrationKind `json:"kind"`
	MSISDN api.Personal              `json:"msisdn"`
	ICCID  api.Personal              `json:"iccid,omitempty"`
}
