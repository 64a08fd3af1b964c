package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"truename"
	"truename/access"
	"truename/activation"
	"truename/api"
	"truename/client"
)

// demoCommand carries three registrations through the real API of a demo operator.
type demoCommand struct {
	engineFlags
	operatorFlags
	Language string `help:"Language of the demo's customers: ${enum}." enum:"en,zh-CN" default:"en"`
	Portrait string `arg:"" help:"Picture that stands for the portrait on a document." type:"existingfile"`
	Live     string `arg:"" help:"Live photo of the same person." type:"existingfile"`
	Other    string `arg:"" help:"Live photo of somebody else." type:"existingfile"`
}

// demoKeys are what the demo operator's machines and people authenticate with. They are kept in a file that only its
// owner can read, so that who tries the demo can go on with them.
type demoKeys struct {
	Agent    string `json:"agent"`    // API key of a point of sale
	Carrier  string `json:"carrier"`  // API key of the activation system
	Reviewer string `json:"reviewer"` // id of a member of staff
}

// Run serves a demo operator on a free port of this machine, and walks three registrations through it.
func (c demoCommand) Run(ctx context.Context, out output) error {
	if c.Data == "" {
		return usage("The demo needs a folder of its own.", "Name one with --data; an operator in service is never used.", nil)
	}
	pictures, err := c.pictures()
	if err != nil {
		return err
	}
	keys, reviewer, err := c.seed(ctx)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	serve := serveCommand{engineFlags: c.engineFlags, operatorFlags: c.operatorFlags, TargetFMR: 1e-4, Queue: 8, PerSecond: 1000}
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- serve.serve(ctx, listener, io.Discard, func() { close(ready) }) }()
	select {
	case err := <-ended:
		return err
	case <-ready:
	}
	server := "http://" + listener.Addr().String()
	w := walk{out: out.Out, pictures: pictures, language: c.Language,
		agent:    &client.Client{Server: server, Key: truename.Private(keys.Agent)},
		carrier:  &client.Client{Server: server, Key: truename.Private(keys.Carrier)},
		reviewer: &client.Client{Server: server, Key: reviewer}}
	if err := w.all(ctx); err != nil {
		return err
	}
	cancel()
	return <-ended
}

type demoPictures struct{ portrait, live, other []byte }

func (c demoCommand) pictures() (p demoPictures, err error) {
	for to, name := range map[*[]byte]string{&p.portrait: c.Portrait, &p.live: c.Live, &p.other: c.Other} {
		if *to, err = os.ReadFile(name); err != nil {
			return p, usage("A picture cannot be read.", "Name three picture files.", err)
		}
	}
	return p, nil
}

// demoFile keeps the demo's keys, and marks its folder as that of a demo.
const demoFile = "demo.json"

// seed makes the demo operator, or takes the one that is there, and lets its reviewer in.
func (c demoCommand) seed(ctx context.Context) (keys demoKeys, reviewer truename.Private, err error) {
	path := filepath.Join(c.Data, demoFile)
	kept, err := os.ReadFile(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return keys, "", usage("The demo's keys cannot be read.", "Choose another folder with --data.", err)
	}
	if fresh {
		store, err := c.found(ctx)
		if store != nil {
			return keys, "", errors.Join(usage("The folder holds an operator that is no demo.", "Choose another with --data.", nil), store.Close())
		}
		if err != nil {
			return keys, "", err
		}
	} else if err := json.Unmarshal(kept, &keys); err != nil {
		return keys, "", usage("The demo's keys cannot be read.", "Remove the folder, or choose another with --data.", err)
	}
	o, err := c.operator(ctx, noComparer{})
	if err != nil {
		return keys, "", err
	}
	defer o.close()
	if fresh {
		if keys, err = o.seedDemo(ctx); err != nil {
			return keys, "", err
		}
		text, err := json.MarshalIndent(keys, "", "  ")
		if err == nil {
			err = os.WriteFile(path, append(text, '\n'), 0o600)
		}
		if err != nil {
			return keys, "", err
		}
	}
	reviewer, _, err = o.gate.IssueSession(ctx, shell, keys.Reviewer)
	return keys, reviewer, err
}

const demoOutlet = "demo-shop"

// seedDemo makes an outlet, a point of sale, an activation system and a reviewer.
func (o *operator) seedDemo(ctx context.Context) (keys demoKeys, err error) {
	if _, err = o.gate.AddOutlet(ctx, shell, access.OutletSpec{ID: demoOutlet, Name: "Demo shop", Channel: truename.OwnOutlet, Registry: "DEMO-1"}); err != nil {
		return keys, err
	}
	key := func(name, outlet string, role truename.Role) (secret truename.Private) {
		if err == nil {
			_, secret, err = o.gate.AddClient(ctx, shell, access.ClientSpec{Name: name, Roles: []truename.Role{role}, Outlet: outlet})
		}
		return secret
	}
	keys.Agent = key("Demo point of sale", demoOutlet, truename.RoleAgent).Reveal()
	keys.Carrier = key("Demo activation system", "", truename.RoleActivation).Reveal()
	if err != nil {
		return keys, err
	}
	m, err := o.gate.AddStaff(ctx, shell, access.StaffSpec{Name: "Demo reviewer", Roles: []truename.Role{truename.RoleReviewer}})
	keys.Reviewer = m.ID
	return keys, err
}

// walk carries the demo's registrations.
type walk struct {
	out                      io.Writer
	pictures                 demoPictures
	language                 string
	agent, carrier, reviewer *client.Client
}

func (w *walk) all(ctx context.Context) error {
	for _, story := range []struct {
		title string
		tell  func(context.Context) error
	}{
		{"1. The person on the document is there", w.approved},
		{"2. Somebody else shows the document", w.refused},
		{"3. A shop agent has typed the document: people look at it", w.referred},
	} {
		fmt.Fprintf(w.out, "\n== %s\n", story.title)
		if err := story.tell(ctx); err != nil {
			return err
		}
	}
	return nil
}

// say prints a step and what came of it.
func (w *walk) say(step, format string, args ...any) {
	fmt.Fprintf(w.out, "   %-11s %s\n", step, plain(fmt.Sprintf(format, args...)))
}

func (w *walk) approved(ctx context.Context) error {
	r, err := w.gathered(ctx, "reader", w.pictures.live)
	if err != nil {
		return err
	}
	d, err := w.decided(ctx, r, truename.Approve)
	if err != nil {
		return err
	}
	return w.activated(ctx, r, d)
}

func (w *walk) refused(ctx context.Context) error {
	r, err := w.gathered(ctx, "reader", w.pictures.other)
	if err != nil {
		return err
	}
	if _, err := w.decided(ctx, r, truename.Refuse); err != nil {
		return err
	}
	_, err = w.carrier.Activation(ctx, r.ID, client.Write{})
	var p *client.Problem
	if !errors.As(err, &p) {
		return fmt.Errorf("demo: a token for a refused registration: %w", err)
	}
	w.say("token", "none: %s", p.Detail)
	return w.receipt(ctx, r)
}

func (w *walk) referred(ctx context.Context) error {
	r, err := w.gathered(ctx, "desk", w.pictures.live)
	if err != nil {
		return err
	}
	if _, err := w.decided(ctx, r, truename.Refer); err != nil {
		return err
	}
	if _, err := w.reviewer.Claim(ctx, r.ID, client.Write{}); err != nil {
		return err
	}
	d, err := w.reviewer.Resolve(ctx, r.ID, api.Verdict{Verdict: truename.Approve, Code: "document_genuine"}, client.Write{})
	if err != nil {
		return err
	}
	w.say("review", "a reviewer who was not involved: document_genuine → %s", d.Verdict)
	if d.Verdict != truename.Approve {
		return fmt.Errorf("demo: the review ended with %s", d.Verdict)
	}
	return w.activated(ctx, r, d)
}

// gathered opens a registration of somebody new and gathers what the policy asks for.
func (w *walk) gathered(ctx context.Context, source string, live []byte) (api.Registration, error) {
	r, err := w.agent.Open(ctx, api.Opening{Kind: truename.NewNumber, Language: w.language,
		MSISDN: api.Personal("86138" + digits(8)), ICCID: api.Personal("8986001234" + digits(10))}, client.Write{})
	if err != nil {
		return r, err
	}
	w.say("open", "registration %s at %s, under policy %s %s", r.ID, r.Outlet, r.Policy.Name, r.Policy.Version)
	policy, err := w.agent.Policy(ctx)
	if err != nil {
		return r, err
	}
	for _, m := range r.Missing {
		if m.Stage != truename.StageConsent {
			continue
		}
		for _, text := range policy.Consents {
			if text.Purpose != m.Purpose || text.Language != w.language {
				continue
			}
			if _, err := w.agent.GiveConsent(ctx, r.ID, api.ConsentGiven{Party: m.Party, Purpose: m.Purpose, TextVersion: text.Version, Language: w.language}, client.Write{}); err != nil {
				return r, err
			}
			w.say("consent", "%s: “%s”", m.Purpose, beginning(text.Text))
		}
	}
	document := api.Document{Type: truename.CNResidentID, Country: "CHN", Number: api.Personal("999999199005" + digits(6)), Name: "张三", BirthDate: "1990-05-17",
		Expires: "2040-05-17", Source: source, Original: true}
	if _, err := w.agent.RecordDocument(ctx, r.ID, document, w.pictures.portrait, client.Write{}); err != nil {
		return r, err
	}
	w.say("document", "resident ID, original, read by %s; fields and portrait sealed under the person's own key", source)
	f, err := w.agent.CompareFace(ctx, r.ID, truename.Applicant, live, nil, client.Write{})
	if err != nil {
		return r, err
	}
	w.say("live face", "%s: %s", f.State, measures(f))
	return r, nil
}

func measures(f truename.Finding) string {
	if _, compared := f.Measures["fmr"]; !compared {
		return "not compared: " + list(f.Reasons)
	}
	return fmt.Sprintf("of different people, a share of %.2g would be as alike; %.0e is accepted", f.Measures["fmr"], f.Measures["target_fmr"])
}

// beginning gives the first words of a text.
func beginning(text string) string {
	const most = 60
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:most]) + "…"
}

func (w *walk) decided(ctx context.Context, r api.Registration, want truename.Verdict) (api.Decision, error) {
	d, err := w.agent.Decide(ctx, r.ID, client.Write{})
	if err != nil {
		return d, err
	}
	w.say("decision", "%s", strings.ToUpper(string(d.Verdict)))
	for _, reason := range d.Explanation.Reasons {
		w.say("", "%s", reason)
	}
	for _, remedy := range d.Explanation.Remedy {
		w.say("remedy", "%s", remedy)
	}
	if d.Verdict != truename.Approve && d.Explanation.Appeal != "" {
		w.say("appeal", "%s", d.Explanation.Appeal)
	}
	if d.Verdict != want {
		return d, fmt.Errorf("demo: the decision is %s and should be %s; are the pictures of whom they should be of?", d.Verdict, want)
	}
	return d, nil
}

// activated does what a carrier's activation system does.
func (w *walk) activated(ctx context.Context, r api.Registration, d api.Decision) error {
	keys, err := w.carrier.JWKS(ctx)
	if err != nil {
		return err
	}
	got, err := w.carrier.Activation(ctx, r.ID, client.Write{})
	if err != nil {
		return err
	}
	claims, err := activation.Verify(got.Token, keys, "activation", time.Now())
	if err != nil {
		return err
	}
	w.say("token", "verified offline: decision %s, valid until %s", claims.Decision, claims.Expires.Format(time.TimeOnly))
	done, err := w.carrier.ConfirmActivation(ctx, r.ID, claims.Decision, client.Write{})
	if err != nil {
		return err
	}
	w.say("confirmed", "the registration is %s", done.State)
	return w.receipt(ctx, r)
}

// receipt verifies the decision's receipt with the log's public key.
func (w *walk) receipt(ctx context.Context, r api.Registration) error {
	receipt, err := w.agent.Receipt(ctx, r.ID)
	if err != nil {
		return err
	}
	key, err := w.agent.AuditKey(ctx)
	if err != nil {
		return err
	}
	if err := receipt.Verify(key); err != nil {
		return err
	}
	w.say("receipt", "verified offline: leaf %d is in the audit log", receipt.Decision.Leaf)
	return nil
}

// digits gives random digits: nobody's number.
func digits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + rand.IntN(10)))
	}
	return b.String()
}
