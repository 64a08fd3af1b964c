package notify_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"

	"truename"
	"truename/notify"
)

// post is an operator's sender with a receiver of somebody else: a real server with TLS on the loopback network, which the
// sender is allowed to call.
type post struct {
	*notify.Sender
	records *records
	safe    safe
	clock   *clock
	server  *httptest.Server
	webhook string // id
	id      string // of the delivery in question
	secrets []truename.Private
	options notify.Options
	log     *bytes.Buffer
}

func newPost(t *testing.T, receive http.HandlerFunc) *post {
	t.Helper()
	p := &post{records: openRecords(t), safe: openSafe(t), clock: &clock{t: time.Now().UTC().Truncate(time.Second)}, log: &bytes.Buffer{},
		webhook: "0198eeee-eeee-7eee-8eee-eeeeeeeeeeee", secrets: []truename.Private{newSecret(t, notify.HMAC), newSecret(t, notify.Ed25519)}}
	p.server = httptest.NewTLSServer(receive)
	t.Cleanup(p.server.Close)
	must(t, p.records.SaveWebhook(t.Context(), truename.Webhook{ID: p.webhook, Version: 1, URL: p.server.URL + "/hook?token=t0psecret",
		Secrets: p.safe.sealed(t, p.secrets...)}))
	p.add(t)
	roots := x509.NewCertPool()
	roots.AddCert(p.server.Certificate())
	p.options = notify.Options{Source: "https://operator.example/truename", Open: p.safe.open, Leaf: leaf, Roots: roots, Now: p.clock.now,
		Targets: notify.Targets{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, Log: slog.New(slog.NewTextHandler(p.log, nil))}
	p.start(t)
	return p
}

// add makes an event happen now, whose delivery is the one in question from here on.
func (p *post) add(t *testing.T) {
	t.Helper()
	p.id = p.records.delivery(t, p.records.event(t, p.clock.now()).ID).ID
}

// hook gives the webhook as it is stored.
func (p *post) hook(t *testing.T) truename.Webhook {
	t.Helper()
	w, err := p.records.Webhook(t.Context(), p.webhook)
	must(t, err)
	return w
}

// change changes the stored webhook.
func (p *post) change(t *testing.T, change func(*truename.Webhook)) {
	t.Helper()
	w := p.hook(t)
	w.Version++
	change(&w)
	must(t, p.records.SaveWebhook(t.Context(), w))
}

// delivery gives the delivery as it is stored.
func (p *post) delivery(t *testing.T) truename.Delivery {
	t.Helper()
	d, _, _, err := p.records.Store.Delivery(t.Context(), p.id)
	must(t, err)
	return d
}

// takeJobs gives the times of the jobs planned since it was last asked, and checks that each is about the delivery.
func (p *post) takeJobs(t *testing.T) []time.Time {
	t.Helper()
	p.records.mu.Lock()
	defer p.records.mu.Unlock()
	var at []time.Time
	for _, j := range p.records.jobs {
		if j.Kind != truename.JobDeliver || j.ID != p.id {
			t.Fatalf("job %+v", j)
		}
		at = append(at, j.At)
	}
	p.records.jobs = nil
	return at
}

// start makes the sender of the options anew.
func (p *post) start(t *testing.T) {
	t.Helper()
	sender, err := notify.New(p.records, p.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sender.Close)
	p.Sender = sender
}

func (p *post) deliver(t *testing.T) truename.Delivery {
	t.Helper()
	must(t, p.Deliver(t.Context(), p.id))
	return p.delivery(t)
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestDeliverSendsASignedCloudEvent(t *testing.T) {
	var got *http.Request
	var body []byte
	p := newPost(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	})
	d := p.deliver(t)
	if d.State != truename.DeliveryDelivered || d.Attempts != 1 || d.Status != 202 || d.NextAt != nil || len(p.takeJobs(t)) != 0 {
		t.Errorf("delivery %+v", d)
	}
	if got.Method != "POST" || got.URL.Path != "/hook" || got.URL.RawQuery != "token=t0psecret" || got.Header.Get("Content-Type") != "application/cloudevents+json" {
		t.Errorf("%s %s %v", got.Method, got.URL, got.Header)
	}
	if got.Header.Get("webhook-id") != d.Event || got.Header.Get("webhook-timestamp") != strconv.FormatInt(p.clock.now().Unix(), 10) {
		t.Errorf("headers %v", got.Header)
	}
	public, err := notify.PublicKey(p.secrets[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{p.secrets[0].Reveal(), public} { // both live secrets
		if err := notify.Verify(got.Header, body, p.clock.now(), key); err != nil {
			t.Error(err)
		}
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"specversion": "1.0", "id": d.Event, "source": "https://operator.example/truename", "type": "dev.truename.registration.approved",
		"subject": "0198bbbb-bbbb-7bbb-8bbb-bbbbbbbbbbbb", "time": p.clock.now().Format(time.RFC3339), "datacontenttype": "application/json",
		"data": map[string]any{"decision": "0198cccc-cccc-7ccc-8ccc-cccccccccccc"}}
	if d := cmp.Diff(want, fields); d != "" {
		t.Errorf("CloudEvent (-want +got):\n%s", d)
	}
	if strings.Contains(p.log.String(), "t0psecret") || !strings.Contains(p.log.String(), "status=202") {
		t.Errorf("log: %s", p.log)
	}
}

// What is over is not sent again, however often its job runs.
func TestDeliverIsOverOnce(t *testing.T) {
	var n atomic.Int32
	p := newPost(t, func(http.ResponseWriter, *http.Request) { n.Add(1) })
	for range 3 {
		p.deliver(t)
	}
	if n.Load() != 1 {
		t.Errorf("sent %d times", n.Load())
	}
	must(t, p.records.DeleteWebhook(t.Context(), p.webhook))
	if err := p.Deliver(t.Context(), p.id); err != nil {
		t.Errorf("a delivery that is gone: %v", err)
	}
}

// The whole schedule, to its end: ten attempts, the waits of the standard, at most a tenth longer.
func TestSchedule(t *testing.T) {
	var ids []string
	p := newPost(t, func(w http.ResponseWriter, r *http.Request) {
		ids = append(ids, r.Header.Get("webhook-id"))
		w.WriteHeader(http.StatusInternalServerError)
	})
	waits := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}
	for i, want := range waits {
		d := p.deliver(t)
		at := p.takeJobs(t)
		if d.State != truename.DeliveryPending || d.Attempts != i+1 || d.Status != 500 || d.NextAt == nil || len(at) != 1 || !at[0].Equal(*d.NextAt) {
			t.Fatalf("attempt %d: %+v, jobs %v", i+1, d, at)
		}
		if got := at[0].Sub(p.clock.now()); got < want || got > want+want/10 {
			t.Errorf("after attempt %d: wait %v, want %v and at most a tenth more", i+1, got, want)
		}
		p.clock.set(at[0])
	}
	d := p.deliver(t)
	if d.State != truename.DeliveryFailed || d.Attempts != 10 || d.NextAt != nil || len(p.takeJobs(t)) != 0 {
		t.Errorf("at the end: %+v", d)
	}
	if p.hook(t).Disabled != nil {
		t.Error("the webhook is disabled")
	}
	if len(ids) != 10 {
		t.Errorf("sent %d times", len(ids))
	}
	for _, got := range ids {
		if got != d.Event {
			t.Errorf("message id %s", got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	var text string
	p := newPost(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", text)
		w.WriteHeader(http.StatusTooManyRequests)
	})
	for _, c := range []struct {
		text     string
		min, max time.Duration
	}{
		{"120", 2 * time.Minute, 2 * time.Minute},
		{"1", 5 * time.Second, 5500 * time.Millisecond}, // not earlier than the schedule
		{"999999999", 24 * time.Hour, 24 * time.Hour},
		{"99999999999999999999", 5 * time.Second, 5500 * time.Millisecond},
		{"-5", 5 * time.Second, 5500 * time.Millisecond},
		{"soon", 5 * time.Second, 5500 * time.Millisecond},
		{p.clock.now().Add(time.Hour).Format(http.TimeFormat), time.Hour, time.Hour},
		{p.clock.now().Add(-time.Hour).Format(http.TimeFormat), 5 * time.Second, 5500 * time.Millisecond},
	} {
		p.add(t)
		text = c.text
		p.deliver(t)
		if at := p.takeJobs(t); len(at) != 1 || at[0].Sub(p.clock.now()) < c.min || at[0].Sub(p.clock.now()) > c.max {
			t.Errorf("Retry-After %q: next %v, want after %v to %v", c.text, at, c.min, c.max)
		}
	}
}

func TestGoneDisablesTheWebhook(t *testing.T) {
	p := newPost(t, status(http.StatusGone))
	first := p.id
	p.add(t)
	second := p.id
	p.id = first
	d := p.deliver(t)
	w := p.hook(t)
	if d.State != truename.DeliveryFailed || d.Status != 410 || w.Disabled == nil || w.DisabledFor != "gone" || w.Version != 2 {
		t.Errorf("delivery %+v, webhook %+v", d, w)
	}
	if d := cmp.Diff([]string{notify.LeafWebhookDisabled}, p.records.kinds(t)); d != "" {
		t.Errorf("leaves: %s", d)
	}
	// What else was on its way is not sent.
	p.server.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("sent to a disabled webhook") })
	p.id = second
	if d := p.deliver(t); d.State != truename.DeliveryFailed || d.Attempts != 0 {
		t.Errorf("delivery %+v", d)
	}
}

func TestGoneMeansTheAddressThatAnswered(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*truename.Webhook)
		want   truename.Code
	}{
		"renamed meanwhile":      {func(w *truename.Webhook) { w.Types = []truename.EventType{"x"} }, "gone"},
		"disabled meanwhile":     {func(w *truename.Webhook) { w.Disabled, w.DisabledFor = &w.CreatedAt, "operator" }, "operator"},
		"sent elsewhere already": {func(w *truename.Webhook) { w.URL = "https://new.example/" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t, status(http.StatusGone))
			p.records.meanwhile = c.change
			if d := p.deliver(t); d.State != truename.DeliveryFailed || p.hook(t).DisabledFor != c.want {
				t.Errorf("delivery %+v, webhook %+v", d, p.hook(t))
			}
		})
	}
}

func TestRedirectsAreFailures(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		p := newPost(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/hook" {
				t.Error("the redirect was followed")
			}
			http.Redirect(w, r, "/elsewhere", code)
		})
		if d := p.deliver(t); d.State != truename.DeliveryPending || d.Status != code {
			t.Errorf("%+v", d)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	for name, receive := range map[string]http.HandlerFunc{
		"endless body": func(w http.ResponseWriter, r *http.Request) {
			for block := make([]byte, 64<<10); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		},
		"body that never comes": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t, receive)
			if d := p.deliver(t); d.State != truename.DeliveryDelivered {
				t.Errorf("%+v", d)
			}
		})
	}
	t.Run("endless headers", func(t *testing.T) {
		p := newPost(t, func(w http.ResponseWriter, r *http.Request) {
			for i := range 1000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 1000))
			}
		})
		if d := p.deliver(t); d.State != truename.DeliveryPending || d.Status != 0 {
			t.Errorf("%+v", d)
		}
	})
}

// A receiver that does not answer: the attempt ends with its time, and counts. One that this process ends does not.
func TestSlowReceivers(t *testing.T) {
	arrived := make(chan struct{}, 1)
	p := newPost(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // no answer, not even to who has just hung up
	})
	ctx, stop := context.WithCancel(t.Context())
	go func() { <-arrived; stop() }()
	if err := p.Deliver(ctx, p.id); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if d := p.delivery(t); d.State != truename.DeliveryPending || d.Attempts != 0 {
		t.Errorf("%+v", d)
	}
	if testing.Short() {
		t.Skip("takes 20 seconds")
	}
	d := p.deliver(t)
	if d.State != truename.DeliveryPending || d.Attempts != 1 || d.Status != 0 || len(p.takeJobs(t)) != 1 {
		t.Errorf("%+v", d)
	}
}

// The receiver has the event, but the process dies, or the database fails, before that is written.
func TestCrashAfterSendingSendsAgain(t *testing.T) {
	var got []string
	p := newPost(t, func(w http.ResponseWriter, r *http.Request) { got = append(got, r.Header.Get("webhook-id")) })
	p.records.failSave = errDatabase
	if err := p.Deliver(t.Context(), p.id); !errors.Is(err, errDatabase) {
		t.Fatalf("error %v: the job would not run again", err)
	}
	p.records.failSave = nil
	if d := p.deliver(t); d.State != truename.DeliveryDelivered {
		t.Errorf("%+v", d)
	}
	if len(got) != 2 || got[0] != got[1] {
		t.Errorf("messages %v", got)
	}
}

// A process that is told to stop while the receiver answers still writes down the answer.
func TestAnswerIsWrittenWhileStopping(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	p := newPost(t, status(200))
	p.options.Log = slog.New(&stopping{stop: stop}) // between answer and writing
	p.start(t)
	if err := p.Deliver(ctx, p.id); err != nil {
		t.Fatal(err)
	}
	if d := p.delivery(t); d.State != truename.DeliveryDelivered {
		t.Errorf("%+v", d)
	}
}

type stopping struct {
	slog.Handler
	stop func()
}

func (*stopping) Enabled(context.Context, slog.Level) bool { return true }
func (s *stopping) Handle(context.Context, slog.Record) error {
	s.stop()
	return nil
}

// A job that runs twice because its process died after writing does not send before its time, and is not lost.
func TestJobOfThePastIsPlannedAnew(t *testing.T) {
	var n atomic.Int32
	p := newPost(t, func(w http.ResponseWriter, r *http.Request) { n.Add(1); w.WriteHeader(500) })
	p.deliver(t)
	p.clock.set(p.takeJobs(t)[0])
	d := p.deliver(t) // the next one is in five minutes
	p.takeJobs(t)
	again := p.deliver(t)
	at := p.takeJobs(t)
	if n.Load() != 2 || len(at) != 1 || !at[0].Equal(*d.NextAt) {
		t.Errorf("sent %d times, jobs %v", n.Load(), at)
	}
	if d := cmp.Diff(d, again); d != "" {
		t.Errorf("the delivery changed:\n%s", d)
	}
}

func TestFailuresOfTheEngineAreNoAttempts(t *testing.T) {
	sent := func(http.ResponseWriter, *http.Request) { t.Error("sent") }
	for name, c := range map[string]struct {
		change func(t *testing.T, p *post)
		want   error
	}{
		"records are away":  {func(_ *testing.T, p *post) { p.records.failRead = errDatabase }, errDatabase},
		"vault is away":     {func(_ *testing.T, p *post) { p.options.Open = func([]byte) ([]byte, error) { return nil, errDatabase } }, errDatabase},
		"no secret":         {hooked(func(_ *testing.T, p *post, w *truename.Webhook) { w.Secrets = nil }), nil},
		"a secret is wrong": {hooked(func(t *testing.T, p *post, w *truename.Webhook) { w.Secrets = p.safe.sealed(t, "x") }), nil},
		"a secret of another vault": {hooked(func(t *testing.T, p *post, w *truename.Webhook) {
			w.Secrets = openSafe(t).sealed(t, p.secrets...)
		}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t, sent)
			c.change(t, p)
			p.start(t)
			if err := p.Deliver(t.Context(), p.id); err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v", err)
			}
			if d := p.delivery(t); d.State != truename.DeliveryPending || d.Attempts != 0 {
				t.Errorf("%+v", d)
			}
		})
	}
}

// hooked changes the stored webhook.
func hooked(change func(*testing.T, *post, *truename.Webhook)) func(*testing.T, *post) {
	return func(t *testing.T, p *post) { p.change(t, func(w *truename.Webhook) { change(t, p, w) }) }
}

// addressed gives the stored webhook another address.
func addressed(address func(*post) string) func(*testing.T, *post) {
	return hooked(func(_ *testing.T, p *post, w *truename.Webhook) { w.URL = address(p) })
}

// Receivers that may not be called, or that cannot be trusted, get nothing.
func TestRefusedReceivers(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, p *post){
		"loopback, not allowed": func(_ *testing.T, p *post) { p.options.Targets.Allowed = nil },
		"another network allowed": func(_ *testing.T, p *post) {
			p.options.Targets.Allowed = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		},
		"unknown authority": func(_ *testing.T, p *post) { p.options.Roots = x509.NewCertPool() },
		"http, not allowed": addressed(func(p *post) string { return "http://" + p.server.Listener.Addr().String() }),
		"a user name":       addressed(func(p *post) string { return strings.Replace(p.server.URL, "://", "://u:p@", 1) }),
		"the server speaks TLS": addressed(func(p *post) string {
			p.options.Targets.PlainHTTP = true
			return "http://" + p.server.Listener.Addr().String()
		}),
		"nobody listens":           addressed(func(*post) string { return "https://127.0.0.1:1/" }),
		"name that does not exist": addressed(func(*post) string { return "https://hooks.invalid/" }),
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
			change(t, p)
			p.start(t)
			d := p.deliver(t)
			if d.State != truename.DeliveryPending || d.Attempts != 1 || d.Status != 0 && name != "the server speaks TLS" || len(p.takeJobs(t)) != 1 {
				t.Errorf("%+v", d)
			}
			if strings.Contains(p.log.String(), "t0psecret") || !strings.Contains(p.log.String(), "status=") {
				t.Errorf("log: %s", p.log)
			}
		})
	}
}

// The environment is read once in a process, so the test runs in one of its own. The receiver has a name, because addresses of
// the loopback network are never called through a proxy.
func TestNoProxyFromTheEnvironment(t *testing.T) {
	const again = "TRUENAME_TEST_PROXY"
	if os.Getenv(again) == "" {
		var asked atomic.Int32
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); w.WriteHeader(502) }))
		defer proxy.Close()
		c := exec.Command(os.Args[0], "-test.run=^TestNoProxyFromTheEnvironment$", "-test.v")
		c.Env = append(os.Environ(), again+"=1", "HTTPS_PROXY="+proxy.URL, "https_proxy="+proxy.URL, "HTTP_PROXY="+proxy.URL, "NO_PROXY=", "no_proxy=")
		out, err := c.CombinedOutput()
		if err != nil || asked.Load() != 0 || !bytes.Contains(out, []byte("--- PASS")) {
			t.Errorf("%v, proxy asked %d times:\n%s", err, asked.Load(), out)
		}
		return
	}
	p := newPost(t, status(200))
	p.options.Resolver = newDNS(t, netip.MustParseAddr("127.0.0.1")).resolver()
	p.start(t)
	p.change(t, func(w *truename.Webhook) { w.URL = p.named(t) })
	if d := p.deliver(t); d.State != truename.DeliveryDelivered {
		t.Errorf("%+v; log: %s", d, p.log)
	}
}

// named is the server's address with the name in its certificate.
func (p *post) named(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(p.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "https://example.com:" + port + "/hook"
}

// A name that is public when it is registered and points to this machine when it is called.
func TestRebindingGainsNothing(t *testing.T) {
	p := newPost(t, func(http.ResponseWriter, *http.Request) { t.Error("a name led to the loopback network") })
	dns := newDNS(t, netip.MustParseAddr("127.0.0.1"))
	p.options.Targets.Allowed = nil
	p.options.Resolver = dns.resolver()
	p.start(t)
	p.change(t, func(w *truename.Webhook) { w.URL = p.named(t) })
	if err := p.ValidateURL(p.named(t)); err != nil {
		t.Fatal(err)
	}
	if d := p.deliver(t); d.State != truename.DeliveryPending || d.Status != 0 || d.Attempts != 1 {
		t.Errorf("%+v", d)
	}
	if dns.asked() == 0 || !strings.Contains(p.log.String(), string(notify.CodeTargetRefused)) {
		t.Errorf("%d questions; log: %s", dns.asked(), p.log)
	}
	// The same name, resolved the same way, is called when its network is allowed: it was the check that held it back.
	p.server.Config.Handler = status(200)
	p.options.Targets.Allowed = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	p.start(t)
	p.clock.set(p.takeJobs(t)[0])
	if d := p.deliver(t); d.State != truename.DeliveryDelivered {
		t.Errorf("%+v; log: %s", d, p.log)
	}
}

// nameserver is a DNS server on the loopback network that answers every question for an IPv4 address with the same one.
type nameserver struct {
	net.PacketConn
	mu sync.Mutex
	n  int
}

func newDNS(t *testing.T, answer netip.Addr) *nameserver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s := &nameserver{PacketConn: c}
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				s.mu.Lock()
				s.n++
				s.mu.Unlock()
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body: &dnsmessage.AResource{A: answer.As4()}}}
			}
			if packed, err := m.Pack(); err == nil {
				_, _ = c.WriteTo(packed, from)
			}
		}
	}()
	return s
}

func (s *nameserver) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

func (s *nameserver) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", s.LocalAddr().String())
	}}
}

func TestNewChecksItsOptions(t *testing.T) {
	for name, change := range map[string]func(*notify.Options){
		"no source": func(o *notify.Options) { o.Source = "" }, "a source with a password": func(o *notify.Options) { o.Source = "https://u:p@x/" },
		"no vault": func(o *notify.Options) { o.Open = nil }, "no audit": func(o *notify.Options) { o.Leaf = nil },
	} {
		o := notify.Options{Source: "/truename", Open: safe{}.open, Leaf: leaf}
		change(&o)
		if _, err := notify.New(&records{}, o); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
