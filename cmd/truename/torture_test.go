package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"truename"
	"truename/activation"
	"truename/api"
	"truename/audit"
	"truename/client"
	"truename/notify"
)

// child is the server as a process of its own, as it is killed and started again.
type child struct {
	*exec.Cmd
	log   *syncBuffer
	ended chan struct{} // closed at its end
}

// spawn starts the server as a child and waits until it answers.
func (s *site) spawn(env []string, args ...string) *child {
	s.t.Helper()
	program, err := os.Executable()
	must(s.t, err)
	c := &child{Cmd: exec.Command(program, s.line(args...)...), log: &syncBuffer{}, ended: make(chan struct{})}
	c.Env = append(os.Environ(), env...)
	c.Stderr = c.log
	out, err := c.StdoutPipe()
	must(s.t, err)
	must(s.t, c.Start())
	s.t.Cleanup(c.kill)
	address := make(chan string, 1)
	go func() {
		defer close(c.ended)
		line, _ := bufio.NewReader(out).ReadString('\n')
		_, rest, _ := strings.Cut(line, "http://")
		address <- strings.Fields(rest + " .")[0]
		_, _ = io.Copy(io.Discard, out)
		_ = c.Wait()
	}()
	select {
	case a := <-address:
		if a == "." {
			<-c.ended
			s.t.Fatalf("the server ended: %v\n%s", c.ProcessState, c.log)
		}
		s.moved("http://" + a)
	case <-time.After(2 * time.Minute):
		s.t.Fatalf("the server does not start\n%s", c.log)
	}
	return c
}

// kill ends the process as a loss of power would end it, but for the machine.
func (c *child) kill() {
	_ = c.Process.Kill()
	<-c.ended
}

// end asks the process to end and gives its exit status.
func (c *child) end() int {
	_ = c.Process.Signal(os.Interrupt)
	<-c.ended
	return c.ProcessState.ExitCode()
}

// step is one request of a customer's way to a number. Its answer is kept, to be compared with the answer to the same request
// sent again.
type step struct {
	name string
	send func(ctx context.Context, l *load, c *customer, w client.Write) (any, error)
}

// customer is somebody on that way. Customers differ by their number: some ask for a number that another one asks for, some
// are referred to a reviewer, some are refused, and three share an identity.
type customer struct {
	n        int
	steps    []step
	id       string // of the registration
	decision api.Decision
}

func (c *customer) key(s step) string { return fmt.Sprintf("customer-%d-%s", c.n, s.name) }

func newCustomer(n int) *customer {
	c := &customer{n: n, steps: []step{openStep, consentStep, documentStep, checkStep("first", 0), checkStep("second", 1), decideStep}}
	switch {
	case c.referred():
		c.steps = append(c.steps, claimStep, resolveStep, tokenStep, confirmStep)
	case !c.refused():
		c.steps = append(c.steps, tokenStep, confirmStep)
	}
	return c
}

func (c *customer) rival() bool    { return c.n%10 == 3 }
func (c *customer) referred() bool { return c.n%10 == 5 }
func (c *customer) refused() bool  { return c.n%10 == 7 }

var openStep = step{"open", func(ctx context.Context, l *load, c *customer, w client.Write) (any, error) {
	number := c.n
	if c.rival() {
		number--
	}
	o := newNumber(number, truename.RouteInPerson)
	o.ICCID = api.Personal(fmt.Sprintf("8991%015d", c.n))
	r, err := l.agent.Open(ctx, o, w)
	if err == nil {
		c.id = r.ID
	}
	return r, err
}}

var consentStep = step{"consent", func(ctx context.Context, l *load, c *customer, w client.Write) (any, error) {
	return l.agent.GiveConsent(ctx, c.id, api.ConsentGiven{Purpose: truename.PurposeIdentity, TextVersion: l.text, Language: "en"}, w)
}}

var documentStep = step{"document", func(ctx context.Context, l *load, c *customer, w client.Write) (any, error) {
	d := passport(fmt.Sprintf("P%07d", c.n/3))
	if c.referred() {
		d.Source = "desk"
	}
	return l.agent.RecordDocument(ctx, c.id, d, nil, w)
}}

func checkStep(name string, who int) step {
	return step{name, func(ctx context.Context, l *load, c *customer, w client.Write) (any, error) {
		check := api.InPersonCheck{Same: true}
		if c.refused() && who == 1 {
			check = api.InPersonCheck{Reason: "not_the_holder"}
		}
		return l.staff[who].CheckInPerson(ctx, c.id, check, w)
	}}
}

var decideStep = step{"decide", func(ctx context.Context, l *load, c *customer, w client.Write) (any, error) {
	d, err := l.agent.Decide(ctx, c.id, w)
	return l.decided(c, d, err)
}}

var claimStep = step{"claim", func(ctx context.Context, l *load, c *customer, w client.Write) (any, error) {
	return l.reviewer.Claim(ctx, c.id, w)
}}

var resolveStep = step{"resolve", func(ctx context.Context, l *load, c *customer, w client.Write) (any, error) {
	d, err := l.reviewer.Resolve(ctx, c.id, api.Verdict{Verdict: truename.Approve, Code: "document_genuine"}, w)
	return l.decided(c, d, err)
}}

var tokenStep = step{"token", func(ctx context.Context, l *load, c *customer, w client.Write) (any, error) {
	a, err := l.carrier.Activation(ctx, c.id, w)
	if err != nil {
		return a, err
	}
	claims, err := activation.Verify(a.Token, l.jwks, "activation", time.Now())
	if err != nil || claims.Decision != c.decision.ID || claims.Registration != c.id {
		return a, fmt.Errorf("the token says something else than the decision: %v", err)
	}
	return a, nil
}}

var confirmStep = step{"confirm", func(ctx context.Context, l *load, c *customer, w client.Write) (any, error) {
	return l.carrier.ConfirmActivation(ctx, c.id, c.decision.ID, w)
}}

// load is customers at a server that dies again and again.
type load struct {
	*site
	staff    []*client.Client
	reviewer *client.Client
	text     string // version of the consent text
	jwks     []byte

	mu       sync.Mutex
	open     chan struct{} // closed while the server is up
	up       bool
	arriving bool        // new customers still come
	next     int         // the next of them
	waiting  []*customer // whose request was not answered
	done     []*customer
	inside   int               // at work
	answers  map[string][]byte // key → answer
	asked    map[string]func(context.Context) (any, error)
	said     []api.Decision // every decision that a client was told of
	busy     atomic.Int64   // requests under way
	sent     atomic.Int64
	again    int // requests sent again after they were answered
	unsure   int // requests that a kill left without an answer
	taken    int // refused as the number was somebody else's
}

// decided notes a decision that the client was told of.
func (l *load) decided(c *customer, d api.Decision, err error) (any, error) {
	if err != nil {
		return d, err
	}
	c.decision = d
	l.mu.Lock()
	l.said = append(l.said, d)
	l.mu.Unlock()
	return d, nil
}

// letIn and shut open and close the way to the server.
func (l *load) letIn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up = true
	close(l.open)
}

func (l *load) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up {
		l.up, l.open = false, make(chan struct{})
	}
}

// take gives the next customer to work for; nil: there are none left. It waits while the server is down.
func (l *load) take() *customer {
	for {
		l.mu.Lock()
		open := l.open
		switch {
		case !l.up:
		case len(l.waiting) > 0:
			c := l.waiting[0]
			l.waiting = l.waiting[1:]
			l.inside++
			l.mu.Unlock()
			return c
		case l.arriving:
			c := newCustomer(l.next)
			l.next++
			l.inside++
			l.mu.Unlock()
			return c
		case l.inside == 0:
			l.mu.Unlock()
			return nil
		}
		l.mu.Unlock()
		<-open
		time.Sleep(2 * time.Millisecond)
	}
}

// work serves customers until none are left.
func (l *load) work() {
	for c := l.take(); c != nil; c = l.take() {
		for len(c.steps) > 0 && l.advance(c) {
		}
		l.mu.Lock()
		l.inside--
		if len(c.steps) > 0 {
			l.waiting = append(l.waiting, c)
		} else {
			l.done = append(l.done, c)
		}
		l.mu.Unlock()
		l.repeat()
	}
}

// advance sends the customer's next request, under a key that is the same whenever it is sent; false: it has to wait.
func (l *load) advance(c *customer) bool {
	s := c.steps[0]
	w := client.Write{Key: c.key(s)}
	answer, err := l.ask(func(ctx context.Context) (any, error) { return s.send(ctx, l, c, w) })
	var p *client.Problem
	switch {
	case err == nil:
		l.answered(w.Key, answer, func(ctx context.Context) (any, error) {
			return s.send(ctx, l, &customer{n: c.n, id: c.id, decision: c.decision}, w)
		})
	case !errors.As(err, &p):
		l.mu.Lock()
		l.unsure++
		l.mu.Unlock()
		return false
	case p.Code == truename.CodeNumberTaken && s.name == "decide":
		l.mu.Lock()
		l.taken++
		l.mu.Unlock()
		c.steps = nil
		return true
	default:
		l.t.Errorf("customer %d, %s: %v", c.n, s.name, err)
		c.steps = nil
		return true
	}
	c.steps = c.steps[1:]
	if s.name == "decide" && c.decision.Verdict != l.expected(c) {
		if !c.rival() && !(c.n%10 == 2) {
			l.t.Errorf("customer %d: %s, %+v", c.n, c.decision.Verdict, c.decision.Explanation)
		}
		l.mu.Lock()
		l.taken++
		l.mu.Unlock()
		c.steps = nil
	}
	return true
}

// expected is the verdict for a customer whose number nobody else wants.
func (l *load) expected(c *customer) truename.Verdict {
	switch {
	case c.referred():
		return truename.Refer
	case c.refused():
		return truename.Refuse
	}
	return truename.Approve
}

// ask sends a request once.
func (l *load) ask(send func(context.Context) (any, error)) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l.busy.Add(1)
	defer l.busy.Add(-1)
	l.sent.Add(1)
	return send(ctx)
}

func (l *load) answered(key string, answer any, again func(context.Context) (any, error)) {
	encoded, err := json.Marshal(answer)
	if err != nil {
		l.t.Error(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[key], l.asked[key] = encoded, again
}

// repeat sends a request that was answered before once more, now and then: the answer is the same.
func (l *load) repeat() {
	if rand.N(3) > 0 {
		return
	}
	l.mu.Lock()
	var key string
	for key = range l.asked { // any
		break
	}
	send, before := l.asked[key], l.answers[key]
	delete(l.asked, key)
	l.mu.Unlock()
	if send == nil {
		return
	}
	answer, err := l.ask(send)
	if p := (*client.Problem)(nil); err != nil && !errors.As(err, &p) {
		return // killed meanwhile
	}
	after, _ := json.Marshal(answer)
	if err != nil || !bytes.Equal(before, after) {
		l.t.Errorf("%s was answered\n%s\nand, sent again,\n%s %v", key, before, after, err)
	}
	l.mu.Lock()
	l.again++
	l.mu.Unlock()
}

// receiver is the carrier's receiver of events.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	count map[string]int // by id of the event
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{count: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body)
		r.mu.Lock()
		r.count[q.Header.Get(notify.HeaderID)]++
		r.mu.Unlock()
	}))
	t.Cleanup(r.Close)
	return r
}

// newLoad sets up an operator with staff and a webhook.
func newLoad(t testing.TB, records, webhook string) *load {
	t.Helper()
	s := &site{t: t, log: &syncBuffer{}}
	s.flags = operatorFlags{Data: t.TempDir(), Records: records, packFlag: packFlag{Policy: "in"}, Issuer: "https://operator.example", Audience: "activation",
		WebhookPlainHTTP: true, WebhookNetworks: []string{"127.0.0.0/8"}}
	s.seed()
	l := &load{site: s, open: make(chan struct{}), arriving: true, answers: map[string][]byte{}, asked: map[string]func(context.Context) (any, error){}}
	l.staff = []*client.Client{s.staff("Lin", "mumbai-1", truename.RoleAgent), s.staff("Ma", "mumbai-1", truename.RoleAgent)}
	l.reviewer = s.staff("Wu", "", truename.RoleReviewer)
	o := s.open()
	defer o.close()
	_, _, err := o.book.Add(t.Context(), shell, webhook, nil, "v1")
	must(t, err)
	l.text = o.pack.Settings().Consents[truename.PurposeIdentity].Version
	ring, err := o.tokens.ring(t.Context(), time.Now())
	must(t, err)
	l.jwks, err = ring.JWKS(time.Now())
	must(t, err)
	// A request is sent once: whether it is sent again is the test's to say.
	one := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	for _, c := range l.clients() {
		c.HTTP, c.Attempts = one, 1
	}
	return l
}

func (l *load) clients() []*client.Client {
	return append([]*client.Client{l.agent, l.carrier, l.privacy, l.reviewer}, l.staff...)
}

// begin starts the server and gives the time until it answers.
func (l *load) begin() (*child, time.Duration) {
	l.t.Helper()
	began := time.Now()
	c := l.spawn(nil, "--webhook-plain-http", "--webhook-networks=127.0.0.0/8")
	for _, x := range l.clients() {
		x.Server = l.address
	}
	return c, time.Since(began)
}

// checkpoint asks for the newest signed head of the audit log; nil when the server does not answer.
func (l *load) checkpoint() []byte {
	answer, err := http.Get(l.address + "/v1/audit/checkpoint")
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	note, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return nil
	}
	return note
}

// database opens the records as a database, for what the program itself never asks.
func (l *load) database() *sql.DB {
	l.t.Helper()
	driver, address := "sqlite", filepath.Join(l.flags.Data, "records.db")
	if l.flags.Records != "" {
		driver, address = "pgx", l.flags.Records
	}
	db, err := sql.Open(driver, address)
	must(l.t, err)
	return db
}

// number asks the database for one.
func (l *load) number(query string) (n int) {
	l.t.Helper()
	db := l.database()
	defer db.Close()
	must(l.t, db.QueryRow(query).Scan(&n))
	return n
}

// rounds is how often the server is killed: TRUENAME_TORTURE says another number than the one of every run.
func rounds(t testing.TB, usual int) int {
	if testing.Short() {
		t.Skip("kills a server again and again")
	}
	if n, err := strconv.Atoi(os.Getenv("TRUENAME_TORTURE")); err == nil {
		return n
	}
	return usual
}

// The server is killed at random moments under load and started again. Nothing that a client was told is lost or changed,
// nothing is done twice, every decision has its leaf in a log that has only grown, and every event is delivered.
func TestTortureSQLite(t *testing.T) {
	n := rounds(t, 6)
	t.Parallel() // the two wait more than they work
	torture(t, "", n, 400*time.Millisecond)
}

// Of PostgreSQL only the server of this program is killed: the database's own way back from a crash is its makers'. The first
// requests of a process wait for its connections, so the moments lie over a longer time.
func TestTorturePostgreSQL(t *testing.T) {
	n := rounds(t, 20)
	t.Parallel()
	torture(t, engines["postgres"](t), max(2, n/10), 1500*time.Millisecond)
}

func torture(t *testing.T, records string, rounds int, longest time.Duration) {
	receiver := newReceiver(t)
	l := newLoad(t, records, receiver.URL)
	server, _ := l.begin()
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(l.work)
	}
	var kept [][]byte // checkpoints, one of each round
	var starts []time.Duration
	under, midway, lost := 0, 0, 0
	for round := range rounds {
		if round%20 == 19 {
			t.Logf("round %d: %d requests", round+1, l.sent.Load())
		}
		watch, watched := make(chan struct{}), make(chan []byte)
		go func() {
			var newest []byte
			for {
				select {
				case <-watch:
					watched <- newest
					return
				case <-time.After(20 * time.Millisecond):
					if note := l.checkpoint(); note != nil {
						newest = note
					}
				}
			}
		}()
		l.letIn()
		time.Sleep(rand.N(longest))
		if n := int(l.busy.Load()); n > 0 {
			under += n
			midway++
		}
		_ = server.Process.Kill()
		l.shut()
		<-server.ended
		close(watch)
		if note := <-watched; note != nil {
			kept = append(kept, note)
		}
		var took time.Duration
		server, took = l.begin()
		starts = append(starts, took)
		lost += l.number("SELECT count(*) FROM answer") - l.answeredSoFar() - lost
		l.continuous(kept)
	}

	// What is left is brought to its end.
	l.mu.Lock()
	l.arriving = false
	l.mu.Unlock()
	if records != "" {
		l.agePostgreSQL()
	}
	l.letIn()
	workers.Wait()
	settled := time.Now()
	deadline := settled.Add(3 * time.Minute)
	for l.number("SELECT count(*) FROM delivery WHERE state = 'pending'") > 0 {
		if time.Now().After(deadline) {
			t.Error("deliveries are pending for ever")
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	drained := time.Since(settled)
	kept = append(kept, l.checkpoint())
	if status := server.end(); status != 0 {
		t.Errorf("the server ended with %d\n%s", status, server.log)
	}
	slices.Sort(starts)
	duplicates := l.whole(receiver)
	l.verified(kept)
	t.Logf("%d kills, %d of them under %d requests; %d requests, %d without an answer and sent again, %d answered ones sent again; %d answers kept that did not arrive; %d customers, %d decisions told, %d numbers taken by others; restart median %v, slowest %v; %d events delivered, %d of them more than once, the last %v after the last request",
		rounds, midway, under, l.sent.Load(), l.unsure, l.again, lost, len(l.done), len(l.said), l.taken,
		starts[len(starts)/2].Round(time.Millisecond), starts[len(starts)-1].Round(time.Millisecond), len(receiver.count), duplicates, drained.Round(time.Millisecond))
}

// agePostgreSQL lets the time pass after which a job that a dead process had begun is another one's: it is moved back instead of
// waited for.
func (l *load) agePostgreSQL() {
	l.t.Helper()
	db := l.database()
	defer db.Close()
	_, err := db.Exec("UPDATE river_job SET attempted_at = attempted_at - interval '2 minutes' WHERE state = 'running'")
	must(l.t, err)
}

// answeredSoFar is how many requests got an answer.
func (l *load) answeredSoFar() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.answers)
}

// continuous checks that the log continues the newest checkpoint that anybody has seen.
func (l *load) continuous(kept [][]byte) {
	l.t.Helper()
	if len(kept) == 0 {
		return
	}
	o := l.site.open()
	defer o.close()
	old, err := audit.OpenCheckpoint(kept[len(kept)-1], o.publisher.VerifierKey())
	must(l.t, err)
	log := o.store.Log(l.t.Context())
	size, err := log.Size(l.t.Context())
	must(l.t, err)
	if size < old.Size {
		l.t.Fatalf("the log has %d leaves; a checkpoint covers %d", size, old.Size)
	}
	root, err := audit.Root(size, log)
	must(l.t, err)
	proof, err := audit.Consistency(old.Size, size, log)
	must(l.t, err)
	must(l.t, audit.CheckConsistency(old, audit.Checkpoint{Origin: old.Origin, Size: size, Root: root}, proof))
}

// whole checks the records against what clients were told, and gives how many events were delivered more than once.
func (l *load) whole(r *receiver) (duplicates int) {
	t, ctx := l.t, l.t.Context()
	t.Helper()
	o := l.site.open()
	defer o.close()
	for _, d := range l.said {
		stored, err := o.store.Decision(ctx, d.ID)
		if err != nil || stored.Ruling.Verdict != d.Verdict || stored.Registration != d.Registration {
			t.Errorf("decision %s, of which a client was told that it is %s: %s, %v", d.ID, d.Verdict, stored.Ruling.Verdict, err)
		}
	}
	ids := map[string]bool{}
	for _, c := range l.done {
		ids[c.id] = true
	}
	registrations, decisions := 0, 0
	for q := (truename.RegistrationQuery{Limit: 500}); ; {
		page, next, err := o.store.Registrations(ctx, q)
		must(t, err)
		for _, x := range page {
			registrations++
			if !ids[x.ID] {
				t.Errorf("registration %s is nobody's: it was opened twice", x.ID)
			}
			decisions += l.sound(o, x)
		}
		if next == "" {
			break
		}
		q.After = next
	}
	if registrations != len(ids) || len(ids) != len(l.done) {
		t.Errorf("%d registrations, %d ids, %d customers", registrations, len(ids), len(l.done))
	}
	if n := l.number("SELECT count(*) FROM (SELECT number FROM account WHERE state IN ('active', 'suspended') GROUP BY number HAVING count(*) > 1) AS twice"); n != 0 {
		t.Errorf("%d numbers have two holders", n)
	}
	if n := l.number("SELECT count(*) FROM decision"); n != decisions {
		t.Errorf("%d decisions, %d of them of registrations", n, decisions)
	}
	size, err := o.store.LogSize(ctx)
	must(t, err)
	leaves := 0
	for from := int64(0); from < size; from += 10_000 {
		part, err := o.store.Leaves(ctx, from, min(size, from+10_000))
		must(t, err)
		for _, leaf := range part {
			e, err := audit.ParseLeaf(leaf)
			must(t, err)
			if e.Kind == audit.KindDecision {
				leaves++
			}
		}
	}
	if leaves != decisions {
		t.Errorf("%d leaves of decisions, %d decisions", leaves, decisions)
	}
	return l.delivered(o, r)
}

// sound checks one registration, and gives the number of its decisions.
func (l *load) sound(o *operator, r truename.Registration) int {
	t, ctx := l.t, l.t.Context()
	t.Helper()
	all, err := o.store.Decisions(ctx, r.ID)
	must(t, err)
	s, err := o.store.Snapshot(ctx, r.ID)
	must(t, err)
	want := 1
	switch {
	case r.State == truename.StateOpen: // its number was taken at that very moment
		want = 0
	case s.Review != nil:
		want = 2 // that of the policy, and the one after the review
	}
	if len(all) != want || want > 0 && r.Decision != all[want-1].ID {
		t.Errorf("registration %s, %s: %d decisions, want %d, the last standing", r.ID, r.State, len(all), want)
		return len(all)
	}
	for _, d := range all {
		leaf, err := o.store.LeafAt(ctx, d.Leaf)
		must(t, err)
		payload, err := audit.DecisionPayload(d)
		must(t, err)
		if err := audit.Open(leaf.Data, payload, d.Salt); err != nil {
			t.Errorf("decision %s: %v", d.ID, err)
		}
		if _, same, err := o.flow.Replay(ctx, d); err != nil || !same {
			t.Errorf("decision %s is ruled otherwise now: %v", d.ID, err)
		}
	}
	approved := want > 0 && all[want-1].Ruling.Verdict == truename.Approve
	if (r.State == truename.StateActivated) != approved {
		t.Errorf("registration %s is %s, approved %v", r.ID, r.State, approved)
	}
	if (s.Own != nil && s.Own.State == truename.AccountActive) != approved {
		t.Errorf("registration %s has the account %+v, approved %v", r.ID, s.Own, approved)
	}
	events, _, err := o.store.Events(ctx, truename.EventQuery{Registration: r.ID, Limit: 100})
	must(t, err)
	seen := map[truename.EventType]int{}
	for _, e := range events {
		if seen[e.Type]++; seen[e.Type] > 1 {
			t.Errorf("registration %s: %s twice", r.ID, e.Type)
		}
	}
	if seen[truename.EventRegistrationOpened] != 1 || (seen[truename.EventRegistrationActivated] == 1) != approved {
		t.Errorf("registration %s, %s: events %v", r.ID, r.State, seen)
	}
	return len(all)
}

// delivered checks that every event has arrived, and nothing that is none.
func (l *load) delivered(o *operator, r *receiver) (duplicates int) {
	t, ctx := l.t, l.t.Context()
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	known := 0
	for q := (truename.EventQuery{Limit: 1000}); ; {
		page, next, err := o.store.Events(ctx, q)
		must(t, err)
		for _, e := range page {
			known++
			switch n := r.count[e.ID]; {
			case n == 0:
				t.Errorf("event %s, %s, was never delivered", e.ID, e.Type)
			case n > 1:
				duplicates++
			}
		}
		if next == "" {
			break
		}
		q.After = next
	}
	if known != len(r.count) {
		t.Errorf("%d events, %d delivered", known, len(r.count))
	}
	return duplicates
}

// verified exports the log and verifies it as anybody does, against every checkpoint that was seen.
func (l *load) verified(kept [][]byte) {
	t := l.t
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	operator := []string{"--data=" + l.flags.Data, "--policy=in", "--issuer=" + l.flags.Issuer}
	if l.flags.Records != "" {
		operator = append(operator, "--records="+l.flags.Records)
	}
	status, out, said := program(t.Context(), append([]string{"audit", "export", dir}, operator...)...)
	if status != 0 {
		t.Fatalf("audit export: %d %s%s", status, out, said)
	}
	_, key, _ := program(t.Context(), append([]string{"audit", "key"}, operator...)...)
	line := []string{"audit", "verify", dir, "--key=" + strings.TrimSpace(key)}
	for i, note := range kept {
		line = append(line, "--trusted="+write(t, fmt.Sprint("checkpoint-", i), string(note)))
	}
	if status, out, said := program(t.Context(), line...); status != 0 {
		t.Errorf("audit verify: %d %s%s", status, out, said)
	}
}
