package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"truename"
	"truename/api"
	"truename/client"
)

// counter serves one customer.
type counter struct {
	settings
	truename *client.Client
	customer *bufio.Scanner
	out      io.Writer
	policy   api.Policy
}

// serve goes from the request to the decision, and gives the exit status.
func (c *counter) serve(ctx context.Context) (int, error) {
	var err error
	if c.policy, err = c.truename.Policy(ctx); err != nil {
		return 0, err
	}
	r, err := c.begin(ctx)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(c.out, "Registration %s (%s, %s)\n", r.ID, r.Kind, r.Route)
	for {
		next := c.next(r)
		if next == nil {
			return c.decide(ctx, r)
		}
		done, err := c.gather(ctx, r, *next)
		if err != nil {
			return 0, err
		}
		if !done {
			fmt.Fprintf(c.out, "To go on: shop -registration %s …\n", r.ID)
			return exitNeeded, nil
		}
		if r, err = c.truename.Registration(ctx, r.ID); err != nil {
			return 0, err
		}
	}
}

// next is what is to be gathered now; nil: nothing more.
func (c *counter) next(r api.Registration) *api.Requirement {
	if r.State != truename.StateOpen {
		return nil
	}
	// Consents first: a document is not taken with its portrait before there is one to the face.
	if i := slices.IndexFunc(r.Missing, func(m api.Requirement) bool { return m.Stage == truename.StageConsent }); i >= 0 {
		return &r.Missing[i]
	}
	if len(r.Missing) > 0 {
		return &r.Missing[0]
	}
	// A comparison that says nothing about the customer was made, so it is not missing; but a better picture may do.
	f := truename.Latest(r.Findings, truename.StageComparison, truename.Applicant)
	if f != nil && (f.State == truename.FindingUndecided || f.State == truename.FindingUnavailable) && !c.asIs {
		return &api.Requirement{Stage: truename.StageComparison, Party: truename.Applicant}
	}
	return nil
}

// begin opens the registration, or takes up one that was opened before.
func (c *counter) begin(ctx context.Context) (api.Registration, error) {
	if c.registration != "" {
		return c.truename.Registration(ctx, c.registration)
	}
	o := order{Kind: truename.RegistrationKind(c.kind)}
	if err := readJSON(c.order, &o); err != nil {
		return api.Registration{}, err
	}
	var w client.Write
	if c.ticket != "" {
		w.Key = "shop-ticket-" + c.ticket
	}
	r, err := c.truename.Open(ctx, api.Opening{Kind: o.Kind, Route: truename.Route(c.route), Language: c.language, MSISDN: o.MSISDN, ICCID: o.ICCID}, w)
	if err == nil && c.orders != "" {
		err = c.keepOrder(r.ID, o)
	}
	if err != nil {
		return r, err
	}
	// Opened before under the same ticket, the answer is that of then: it stands elsewhere now.
	return c.truename.Registration(ctx, r.ID)
}

// keepOrder writes down what was ordered: the activation compares the token with it, and not with what truename says.
func (c *counter) keepOrder(registration string, o order) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if os.MkdirAll(c.orders, 0o700) != nil || os.WriteFile(filepath.Join(c.orders, registration+".json"), append(text, '\n'), 0o600) != nil {
		return &wrong{"the order cannot be kept: check -orders"}
	}
	return nil
}

// gather does one thing that is missing. False: it cannot be done now, and why was said.
func (c *counter) gather(ctx context.Context, r api.Registration, m api.Requirement) (done bool, err error) {
	if m.Party != truename.Applicant {
		fmt.Fprintf(c.out, "Needed: %s of the %s. This program serves applicants only.\n", m.Stage, m.Party)
		return false, nil
	}
	switch m.Stage {
	case truename.StageConsent:
		return c.consent(ctx, r, m.Purpose)
	case truename.StageDocument:
		return c.readDocument(ctx, r)
	case truename.StageComparison:
		return c.compare(ctx, r)
	case truename.StageInPerson:
		c.sayInPerson(r)
		return false, nil
	}
	fmt.Fprintf(c.out, "Needed: %s. This program cannot do that.\n", m.Stage)
	return false, nil
}

// consent shows the text for a purpose and records the answer, which is the customer's to give for each purpose alone.
func (c *counter) consent(ctx context.Context, r api.Registration, purpose truename.Purpose) (bool, error) {
	i := slices.IndexFunc(c.policy.Consents, func(t api.ConsentText) bool { return t.Purpose == purpose && t.Language == r.Language })
	if i < 0 {
		return false, &wrong{fmt.Sprintf("there is no text for %s in %q", purpose, r.Language)}
	}
	text := c.policy.Consents[i]
	fmt.Fprintf(c.out, "\n%s\n", text.Text)
	if !c.agrees() {
		fmt.Fprintln(c.out, "Not agreed.")
		if purpose == truename.PurposeFaceVerification {
			fmt.Fprintln(c.out, "There is a way without a photo, with the same service: begin again with -route in_person.")
		}
		return false, nil
	}
	_, err := c.truename.GiveConsent(ctx, r.ID, api.ConsentGiven{Purpose: purpose, TextVersion: text.Version, Language: text.Language}, client.Write{})
	return err == nil, err
}

func (c *counter) agrees() bool {
	if c.agreed {
		return true
	}
	fmt.Fprint(c.out, "Agreed? yes/no: ")
	return c.customer.Scan() && slices.Contains([]string{"yes", "是", "同意"}, strings.TrimSpace(c.customer.Text()))
}

func (c *counter) readDocument(ctx context.Context, r api.Registration) (bool, error) {
	if c.document == "" {
		fmt.Fprintln(c.out, "Needed: the document. Give -document.")
		return false, nil
	}
	var d api.Document
	if err := readJSON(c.document, &d); err != nil {
		return false, err
	}
	var portrait []byte
	if r.Route == truename.RouteFace && c.policy.StoresPortrait {
		var err error
		if portrait, err = c.picture(c.portrait); portrait == nil {
			return false, err
		}
	}
	f, err := c.truename.RecordDocument(ctx, r.ID, d, portrait, client.Write{})
	if err == nil {
		fmt.Fprintf(c.out, "Document: %s\n", found(f))
	}
	return err == nil, err
}

// compare sends the live photo, with the portrait where the policy does not let truename keep it.
func (c *counter) compare(ctx context.Context, r api.Registration) (bool, error) {
	live, err := c.picture(c.live)
	if live == nil {
		return false, err
	}
	var portrait []byte
	if !c.policy.StoresPortrait {
		if portrait, err = c.picture(c.portrait); portrait == nil {
			return false, err
		}
	}
	f, err := c.truename.CompareFace(ctx, r.ID, truename.Applicant, live, portrait, client.Write{})
	if err != nil {
		return false, err
	}
	fmt.Fprintf(c.out, "Face: %s\n", found(f))
	if f.State == truename.FindingUndecided || f.State == truename.FindingUnavailable {
		fmt.Fprintln(c.out, "That says nothing about the customer. Take another picture, or have it decided -as-it-is, by people.")
		return false, nil
	}
	return true, nil
}

// picture reads a file; nil without an error: there is none, and that was said.
func (c *counter) picture(path string) ([]byte, error) {
	if path == "" {
		fmt.Fprintln(c.out, "Needed: the pictures. Give -portrait and -live.")
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil || len(data) == 0 {
		return nil, &wrong{"a picture cannot be read: check -portrait and -live"}
	}
	return data, nil
}

// found says a finding in one line.
func found(f truename.Finding) string {
	text := string(f.State)
	for _, reason := range f.Reasons {
		text += " " + string(reason)
	}
	return text
}

// sayInPerson says what two people have to do. Each does it signed in as themselves: this program's key is a machine's, and a
// machine looks at nobody.
func (c *counter) sayInPerson(r api.Registration) {
	fmt.Fprintf(c.out, `
Two members of staff check the customer, each for themselves, the second without being told what the first has found:
  1. Take the original document into your hand: not a copy, not a picture. Is it genuine and valid?
  2. Look at the portrait and at the customer. Are they one person?
  3. Record it, signed in as yourself:
       POST %s/v1/registrations/%s/in-person   {"same": true}
     or, when not, with the reason:             {"same": false, "reason": "not_the_holder"}
Nobody takes a photo. The customer gets the same service as anybody.
`, strings.TrimSuffix(c.server, "/"), r.ID)
}
