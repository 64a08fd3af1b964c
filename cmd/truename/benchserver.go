package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"truename"
	"truename/access"
	"truename/api"
	"truename/client"
)

type benchCommand struct {
	Engine benchEngineCommand `cmd:"" default:"withargs" help:"The engine: stages, throughput, cold start, memory (the default)."`
	Server benchServerCommand `cmd:"" help:"The server: verifications and whole registrations over HTTP, beside the bare engine."`
}

// benchServerCommand measures a server in this process, on an operator of its own that is gone afterwards.
type benchServerCommand struct {
	engineFlags
	Records  string        `help:"An empty database: postgres://… (default: a new SQLite file)." placeholder:"URL"`
	Clients  int           `help:"Clients at once; 0: two for each core." default:"0"`
	Rounds   int           `help:"How often each part runs, in turn." default:"4"`
	Period   time.Duration `name:"seconds" help:"How long each part runs each time." default:"4s"`
	JSON     bool          `help:"Print JSON."`
	Portrait string        `arg:"" help:"Picture of the document's portrait." type:"existingfile"`
	Live     string        `arg:"" help:"Live photo of the same person." type:"existingfile"`
}

// benchServerReport is what a run prints. The parts run in turn, so that a noisy machine is noisy for all of them.
type benchServerReport struct {
	Model   string `json:"model"`
	Records string `json:"records"` // "sqlite", "postgres"
	Cores   int    `json:"cores"`
	Clients int    `json:"clients"`
	// Engine is bare verifications of the same pictures by as many callers.
	Engine        benchRate `json:"engine"`
	Verifications benchRate `json:"verifications"` // POST /v1/verifications
	// Registrations are whole ones, from opening to the confirmed activation: eight requests, one comparison.
	Registrations benchRate `json:"registrations"`
	// RecordsOnly are whole ones on the route without a face: nine requests, no inference.
	RecordsOnly benchRate `json:"records_only"`
	// Shares of the engine's rate.
	VerificationShare float64 `json:"verification_share"`
	RegistrationShare float64 `json:"registration_share"`
}

type benchRate struct {
	PerSecond float64 `json:"per_s"`
	MedianMS  float64 `json:"median_ms"`
	P99MS     float64 `json:"p99_ms"`
}

func (c benchServerCommand) Run(ctx context.Context, out output) error {
	data, err := os.MkdirTemp("", "truename-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	if c.Clients == 0 {
		c.Clients = 2 * runtime.GOMAXPROCS(0)
	}
	portrait, live, err := c.pictures()
	if err != nil {
		return err
	}
	flags := operatorFlags{Data: data, Records: c.Records, packFlag: packFlag{Policy: "in"}, Issuer: "https://bench.invalid", Audience: "activation"}
	load, err := c.prepare(ctx, flags, portrait, live)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serving, cancel := context.WithCancel(ctx)
	defer cancel()
	serve := serveCommand{engineFlags: c.engineFlags, operatorFlags: flags, TargetFMR: 1e-4, Queue: 4 * c.Clients, PerSecond: 1e6, OpenVerification: true}
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- serve.serve(serving, listener, io.Discard, func() { close(ready) }) }()
	select {
	case err := <-ended:
		return err
	case <-ready:
	}
	load.reach("http://" + listener.Addr().String())
	engine, err := c.open(runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	defer engine.Close()
	r := benchServerReport{Model: engine.Model(), Records: "sqlite", Cores: runtime.GOMAXPROCS(0), Clients: c.Clients}
	if flags.onServer() {
		r.Records = "postgres"
	}
	parts := []*benchPart{
		{rate: &r.Engine, do: func(ctx context.Context, _ int) error { _, err := engine.Verify(ctx, portrait, live, 1e-4); return err }},
		{rate: &r.Verifications, do: load.verify},
		{rate: &r.Registrations, do: load.register},
		{rate: &r.RecordsOnly, do: load.registerInPerson},
	}
	for range c.Rounds {
		for _, p := range parts {
			if err := p.run(ctx, c.Clients, c.Period); err != nil {
				return err
			}
		}
	}
	for _, p := range parts {
		p.report()
	}
	r.VerificationShare, r.RegistrationShare = r.Verifications.PerSecond/r.Engine.PerSecond, r.Registrations.PerSecond/r.Engine.PerSecond
	cancel()
	if err := <-ended; err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out.Out, r)
	}
	return r.print(out.Out)
}

func (c benchServerCommand) pictures() (portrait, live []byte, err error) {
	if portrait, err = os.ReadFile(c.Portrait); err == nil {
		live, err = os.ReadFile(c.Live)
	}
	if err != nil {
		return nil, nil, usage("A picture cannot be read.", "Name two picture files.", err)
	}
	return portrait, live, nil
}

func (r benchServerReport) print(w io.Writer) error {
	row := func(name string, x benchRate, share float64) []string {
		s := ""
		if share > 0 {
			s = fmt.Sprintf("%.0f %%", 100*share)
		}
		return []string{name, fmt.Sprintf("%.1f", x.PerSecond), fmt.Sprintf("%.0f", x.MedianMS), fmt.Sprintf("%.0f", x.P99MS), s}
	}
	fmt.Fprintf(w, "%s, %s, %d cores, %d clients\n\n", r.Model, r.Records, r.Cores, r.Clients)
	return printTable(w, []string{"PART", "PER SECOND", "MEDIAN MS", "P99 MS", "OF THE ENGINE"}, [][]string{
		row("engine alone", r.Engine, 1),
		row("verifications over HTTP", r.Verifications, r.VerificationShare),
		row("registrations over HTTP", r.Registrations, r.RegistrationShare),
		row("the same without a face", r.RecordsOnly, 0),
	})
}

// benchPart is one kind of work, done by several at once.
type benchPart struct {
	rate  *benchRate
	do    func(ctx context.Context, n int) error
	spent time.Duration
	times []time.Duration
}

var benchSerial atomic.Int64 // numbers what is done, so that no two registrations are of one person

// run works for a while; what is under way at the end is finished and counted with its time.
func (p *benchPart) run(ctx context.Context, clients int, d time.Duration) error {
	start := time.Now()
	var mu sync.Mutex
	var failed error
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for time.Since(start) < d {
				began := time.Now()
				err := p.do(ctx, int(benchSerial.Add(1)))
				took := time.Since(began)
				mu.Lock()
				p.times = append(p.times, took)
				failed = errors.Join(failed, err)
				stop := failed != nil
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	all.Wait()
	p.spent += time.Since(start)
	return failed
}

func (p *benchPart) report() {
	slices.Sort(p.times)
	ms := func(share float64) float64 {
		return float64(p.times[min(len(p.times)-1, int(share*float64(len(p.times))))].Microseconds()) / 1000
	}
	*p.rate = benchRate{PerSecond: float64(len(p.times)) / p.spent.Seconds(), MedianMS: ms(0.5), P99MS: ms(0.99)}
}

// benchLoad is what the clients of a run need.
type benchLoad struct {
	portrait, live []byte
	texts          map[truename.Purpose]string
	agent, carrier *client.Client
	staff          [2]*client.Client
}

// prepare makes the operator, its machines and its people.
func (c benchServerCommand) prepare(ctx context.Context, f operatorFlags, portrait, live []byte) (*benchLoad, error) {
	o, err := f.operator(ctx, noComparer{})
	if err != nil {
		return nil, err
	}
	defer o.close()
	keys, err := o.seedDemo(ctx)
	if err != nil {
		return nil, err
	}
	l := &benchLoad{portrait: portrait, live: live, texts: map[truename.Purpose]string{},
		agent: &client.Client{Key: truename.Private(keys.Agent)}, carrier: &client.Client{Key: truename.Private(keys.Carrier)}}
	for p, text := range o.pack.Settings().Consents {
		l.texts[p] = text.Version
	}
	for i := range l.staff {
		m, err := o.gate.AddStaff(ctx, shell, access.StaffSpec{Name: "Agent", Roles: []truename.Role{truename.RoleAgent}, Outlet: demoOutlet})
		if err != nil {
			return nil, err
		}
		token, _, err := o.gate.IssueSession(ctx, shell, m.ID)
		if err != nil {
			return nil, err
		}
		l.staff[i] = &client.Client{Key: token}
	}
	return l, nil
}

func (l *benchLoad) reach(server string) {
	for _, c := range []*client.Client{l.agent, l.carrier, l.staff[0], l.staff[1]} {
		c.Server = server
	}
}

func (l *benchLoad) verify(ctx context.Context, _ int) error {
	v, err := l.agent.Verify(ctx, l.portrait, l.live)
	if err == nil && v.Outcome != truename.OutcomeMatch {
		return fmt.Errorf("bench: the outcome is %s: are the pictures of one person?", v.Outcome)
	}
	return err
}

func (l *benchLoad) register(ctx context.Context, n int) error {
	id, err := l.open(ctx, n, truename.RouteFace, l.portrait, truename.PurposeIdentity, truename.PurposeFaceVerification)
	if err != nil {
		return err
	}
	if _, err := l.agent.CompareFace(ctx, id, truename.Applicant, l.live, nil, client.Write{}); err != nil {
		return err
	}
	return l.finish(ctx, id)
}

func (l *benchLoad) registerInPerson(ctx context.Context, n int) error {
	id, err := l.open(ctx, n, truename.RouteInPerson, nil, truename.PurposeIdentity)
	if err != nil {
		return err
	}
	for _, who := range l.staff {
		if _, err := who.CheckInPerson(ctx, id, api.InPersonCheck{Same: true}, client.Write{}); err != nil {
			return err
		}
	}
	return l.finish(ctx, id)
}

func (l *benchLoad) open(ctx context.Context, n int, route truename.Route, portrait []byte, purposes ...truename.Purpose) (string, error) {
	r, err := l.agent.Open(ctx, api.Opening{Kind: truename.NewNumber, Route: route, Language: "en",
		MSISDN: api.Personal(fmt.Sprintf("91%010d", n)), ICCID: api.Personal(fmt.Sprintf("8991%015d", n))}, client.Write{})
	if err != nil {
		return "", err
	}
	for _, p := range purposes {
		if _, err := l.agent.GiveConsent(ctx, r.ID, api.ConsentGiven{Purpose: p, TextVersion: l.texts[p], Language: "en"}, client.Write{}); err != nil {
			return "", err
		}
	}
	_, err = l.agent.RecordDocument(ctx, r.ID, api.Document{Type: truename.Passport, Country: "IND", Number: api.Personal(fmt.Sprintf("N%09d", n)), Name: "BENCH",
		BirthDate: "1990-05-17", Expires: "2040-01-01", Source: "chip", Original: true}, portrait, client.Write{})
	return r.ID, err
}

func (l *benchLoad) finish(ctx context.Context, id string) error {
	d, err := l.agent.Decide(ctx, id, client.Write{})
	if err != nil {
		return err
	}
	if d.Verdict != truename.Approve {
		return fmt.Errorf("bench: the registration is decided %s: are the pictures of one person?", d.Verdict)
	}
	if _, err := l.carrier.Activation(ctx, id, client.Write{}); err != nil {
		return err
	}
	_, err = l.carrier.ConfirmActivation(ctx, id, d.ID, client.Write{})
	return err
}
