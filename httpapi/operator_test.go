package httpapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"truename"
	"truename/access"
	"truename/activation"
	"truename/api"
	"truename/audit"
	"truename/notify"
	"truename/policy"
	"truename/record"
	"truename/record/sqlite"
	"truename/registration"
	"truename/review"
	"truename/rights"
	"truename/vault"
)

var system = truename.Actor{ID: "test", Kind: truename.ActorSystem}

// desk is an API on an operator's real records, vault and policy pack, whose engine is away.
type desk struct {
	*API
	t     testing.TB
	store *record.Store
	gate  *access.Gate
}

// away is an engine that cannot do its work.
type away struct{}

func (away) Compare(context.Context, []byte, []byte, float64) (registration.Comparison, error) {
	return registration.Comparison{}, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure, Detail: "The engine is away."}
}

func newDesk(t testing.TB, change func(*Operator)) *desk {
	t.Helper()
	o, store := newOperator(t)
	if change != nil {
		change(o)
	}
	return &desk{API: newAPI(t, func(c *Config) { c.Operator = o }), t: t, store: store, gate: o.Gate}
}

func newOperator(t testing.TB) (*Operator, *record.Store) {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	master := filepath.Join(dir, "master.json")
	must(t, vault.Create(master))
	ring, err := vault.NewRing(ctx, "file:"+master)
	must(t, err)
	v, err := vault.Unlock(ctx, "file:"+master, ring)
	must(t, err)
	store, err := sqlite.Open(ctx, filepath.Join(dir, "records.db"))
	must(t, err)
	t.Cleanup(func() { store.Close() })
	pack, err := policy.LoadBuiltin("in")
	must(t, err)
	must(t, store.SavePack(ctx, pack.Ref(), pack.Text()))
	keys, err := activation.NewKeyring(time.Now())
	must(t, err)
	leaf := func(kind string, payload any) (truename.Leaf, error) { return audit.Note(kind, payload, time.Now()) }
	gate, err := access.New(store, access.Options{Leaf: leaf})
	must(t, err)
	flow := registration.New(registration.Config{Records: store, Accounts: store, Packs: store, Vault: v, Comparer: away{}, Pack: pack,
		Keys:   func(context.Context, time.Time) (activation.Keyring, error) { return keys, nil },
		Issuer: "https://operator.example", Audience: "activation"})
	seed := make([]byte, 32)
	rand.Read(seed)
	signer, err := audit.NewSigner("operator.example/log", seed)
	must(t, err)
	passkeys, err := access.NewPasskeySignIn(gate, access.PasskeyOptions{Domain: "desk.example", Name: "truename", Origins: []string{"https://desk.example"}})
	must(t, err)
	provider, err := access.NewOIDCSignIn(gate, access.OIDCOptions{Issuer: "https://login.example", ClientID: "truename", Redirect: "https://desk.example/v1/session/oidc/callback"})
	must(t, err)
	seal := func(b []byte) ([]byte, error) { return v.SealService("test", b) }
	open := func(b []byte) ([]byte, error) { return v.OpenService("test", b) }
	return &Operator{
		Gate: gate, Flow: flow, Office: rights.New(store, v, nil), Records: store,
		Desk: review.New(store, func(ctx context.Context, by truename.Actor, id string, version int, f truename.Finding) (truename.Decision, error) {
			return flow.Resolve(ctx, registration.Request{Actor: by, Version: version}, id, f)
		}, nil),
		Webhooks:  notify.NewBook(store, notify.BookOptions{Seal: seal, Open: open, Leaf: leaf}),
		Log:       func(ctx context.Context) audit.Source { return store.Log(ctx) },
		Publisher: audit.NewPublisher(signer, store.SaveCheckpoint),
		JWKS:      func(context.Context) ([]byte, error) { return keys.JWKS(time.Now()) },
		Customers: Customers{Links: access.Links{Seal: seal, Open: open}},
		Seal:      seal, Open: open, Passkeys: passkeys, OIDC: provider, PerSecond: 1e5,
	}, store
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// key gives an API key.
func (d *desk) key(outlet string, roles ...truename.Role) string {
	d.t.Helper()
	_, key, err := d.gate.AddClient(context.Background(), system, access.ClientSpec{Name: "client", Roles: roles, Outlet: outlet})
	must(d.t, err)
	return key.Reveal()
}

func (d *desk) outlet(id string, channel truename.Channel) {
	d.t.Helper()
	_, err := d.gate.AddOutlet(context.Background(), system, access.OutletSpec{ID: id, Name: id, Channel: channel, Registry: "POS"})
	must(d.t, err)
}

// ask sends JSON.
func (d *desk) ask(method, path, key, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	if key == "" {
		r.RemoteAddr = rand.Text() + ":1" // who sends nothing is slowed down by address
	}
	d.ServeHTTP(w, r)
	return w
}

func (d *desk) want(w *httptest.ResponseRecorder, status int, code truename.Code) {
	d.t.Helper()
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != status || p.Code != code || p.Remedy == "" {
		d.t.Errorf("got %d %s, want %d %s", w.Code, w.Body, status, code)
	}
}

const aRequest = `{"kind":"new_number","language":"en","msisdn":"919800000001","iccid":"8991000000000000001"}`

func (d *desk) open(key string) api.Registration {
	d.t.Helper()
	w := d.ask("POST", "/v1/registrations", key, aRequest)
	var r api.Registration
	if w.Code != http.StatusCreated || json.Unmarshal(w.Body.Bytes(), &r) != nil || w.Header().Get("Etag") != `"1"` || w.Header().Get("Location") != "/v1/registrations/"+r.ID {
		d.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return r
}

// Nothing but what is meant for everybody answers without credentials, and nothing but what a role may.
func TestEveryOperationIsGuarded(t *testing.T) {
	d := newDesk(t, nil)
	d.outlet("shop", truename.OwnOutlet)
	public := map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true, "/v1/audit/checkpoint": true, "/v1/audit/key": true, tilePath: true, "/.well-known/jwks.json": true}
	administrator, activating := d.key("", truename.RoleAdministrator), d.key("", truename.RoleActivation)
	checked := 0
	var document map[string]any
	must(t, json.Unmarshal(get(t, d, "/openapi.json").Body.Bytes(), &document))
	for path, item := range document["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			if public[path] || strings.HasPrefix(path, "/v1/session") {
				continue
			}
			checked++
			address := strings.NewReplacer("{id}", "01982222-2222-7222-8222-222222222222", "{consent}", "x", "{capture}", "x", "{party}", "applicant", "{kind}", "live").Replace(path)
			w := d.ask(strings.ToUpper(method), address, "", "{}")
			if w.Code != http.StatusUnauthorized || w.Header().Get("Www-Authenticate") == "" {
				t.Errorf("%s %s answers %d without credentials", method, path, w.Code)
			}
			allowed := 0
			for _, key := range []string{administrator, activating} {
				if w := d.ask(strings.ToUpper(method), address, key, "{}"); w.Code != http.StatusForbidden {
					allowed++
				}
			}
			if allowed > 1 && path != "/v1/policy" && path != "/v1/caller" {
				t.Errorf("%s %s is for administrators and the activation system alike", method, path)
			}
		}
	}
	if checked < 35 {
		t.Errorf("only %d operations", checked)
	}
}

// An agent bound to an outlet neither sees nor changes what is elsewhere, and does not learn that it exists.
func TestAgentsSeeTheirOutletOnly(t *testing.T) {
	d := newDesk(t, nil)
	d.outlet("shop-1", truename.OwnOutlet)
	d.outlet("shop-2", truename.Dealer)
	one, two := d.key("shop-1", truename.RoleAgent), d.key("shop-2", truename.RoleAgent)
	r := d.open(one)
	if r.Outlet != "shop-1" || r.Channel != truename.OwnOutlet {
		t.Errorf("opened at %s, %s", r.Outlet, r.Channel)
	}
	for _, path := range []string{"", "/consents", "/decision", "/receipt"} {
		d.want(d.ask("GET", "/v1/registrations/"+r.ID+path, two, ""), 404, truename.CodeNotFound)
	}
	for _, path := range []string{"/decision", "/withdrawal", "/appeal"} {
		d.want(d.ask("POST", "/v1/registrations/"+r.ID+path, two, ""), 404, truename.CodeNotFound)
	}
	d.want(d.ask("POST", "/v1/registrations/"+r.ID+"/consents", two, `{"purpose":"identity","text_version":"x","language":"en"}`), 404, truename.CodeNotFound)
	for key, want := range map[string]int{one: 1, two: 0} {
		for _, query := range []string{"", "?outlet=shop-1", "?channel=own_outlet"} {
			var page api.RegistrationPage
			must(t, json.Unmarshal(d.ask("GET", "/v1/registrations"+query, key, "").Body.Bytes(), &page))
			if len(page.Items) != want {
				t.Errorf("%d registrations with %q, want %d", len(page.Items), query, want)
			}
		}
	}
	other := strings.Replace(aRequest, `"kind"`, `"outlet":"shop-1","kind"`, 1)
	d.want(d.ask("POST", "/v1/registrations", two, other), 403, truename.CodeForbidden)
}

// What is wrong with a body is said by place; what was sent is not repeated.
func TestProblemsNamePlacesAndNoValues(t *testing.T) {
	d := newDesk(t, nil)
	d.outlet("shop", truename.OwnOutlet)
	key := d.key("shop", truename.RoleAgent)
	const canary = "330102199001011234"
	for body, place := range map[string]string{
		`{"kind":"` + canary + `","language":"en","msisdn":"919800000001"}`:        "body.kind",
		`{"kind":"new_number","language":"en","msisdn":"` + canary + `"}`:          "body.msisdn",
		`{"kind":"new_number","language":"en"}`:                                    "msisdn",
		`{"kind":"new_number","language":"en","msisdn":919800000001}`:              "body.msisdn",
		`{"` + canary + `":1,"kind":"new_number","language":"en","msisdn":"9198"}`: "body",
		`{"kind":` + canary:  "",
		`[` + canary + `]`:   "",
		`{"kind":"` + canary: "",
	} {
		w := d.ask("POST", "/v1/registrations", key, body)
		if json.Valid([]byte(body)) {
			d.want(w, 422, truename.CodeInvalidRequest)
		} else {
			d.want(w, 400, CodeMalformedBody)
		}
		if strings.Contains(w.Body.String(), canary) || !strings.Contains(w.Body.String(), place) {
			t.Errorf("%s: %s", body, w.Body)
		}
	}
	d.want(d.ask("POST", "/v1/registrations", key, `{"x":"`+strings.Repeat("x", maxJSON)+`"}`), 413, truename.CodeTooLarge)
	d.want(d.ask("GET", "/v1/registrations?msisdn="+canary, key, ""), 422, truename.CodeInvalidRequest)
	d.want(d.ask("GET", "/v1/registrations/"+canary, key, ""), 422, truename.CodeInvalidRequest)
	d.want(d.ask("POST", "/v1/registrations", key, aRequest, "If-Match", "zz", headerKey, "with space"), 422, truename.CodeInvalidRequest)
}

// Twenty requests under one key at once: one effect, and every answer is that of it, or says to come back.
func TestRepeatedRequestsAtOnce(t *testing.T) {
	d := newDesk(t, nil)
	d.outlet("shop", truename.OwnOutlet)
	key := d.key("shop", truename.RoleAgent)
	answers := make([]*httptest.ResponseRecorder, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = d.ask("POST", "/v1/registrations", key, aRequest, headerKey, "one") })
	}
	all.Wait()
	last := d.ask("POST", "/v1/registrations", key, aRequest, headerKey, "one")
	if last.Code != http.StatusCreated || last.Header().Get("Idempotency-Replayed") != "true" || last.Header().Get("Etag") != `"1"` || last.Header().Get("Location") == "" {
		t.Fatalf("sent again: %d %v", last.Code, last.Header())
	}
	done := 0
	for _, w := range answers {
		if w.Code == http.StatusCreated {
			done++
			if !bytes.Equal(w.Body.Bytes(), last.Body.Bytes()) {
				t.Error("another answer")
			}
			continue
		}
		d.want(w, 409, truename.CodeInProgress)
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	if done == 0 {
		t.Error("nobody was answered")
	}
	d.want(d.ask("POST", "/v1/registrations", key, strings.Replace(aRequest, "en", "de", 1), headerKey, "one"), 409, truename.CodeKeyReused)
	another := d.key("shop", truename.RoleAgent)
	if w := d.ask("POST", "/v1/registrations", another, strings.Replace(aRequest, "en", "de", 1), headerKey, "one"); w.Code != http.StatusCreated {
		t.Errorf("a key of another client: %d", w.Code)
	}
	items, _, err := d.store.Registrations(t.Context(), truename.RegistrationQuery{})
	must(t, err)
	if len(items) != 2 {
		t.Errorf("%d registrations", len(items))
	}
}

// slowRecords take their time for what every write needs, and say whether its request was still under way then.
type slowRecords struct {
	Records
	pause time.Duration
	over  atomic.Int32
}

func (s *slowRecords) Snapshot(ctx context.Context, id string) (truename.Snapshot, error) {
	time.Sleep(s.pause)
	if ctx.Err() != nil {
		s.over.Add(1)
	}
	return s.Records.Snapshot(ctx, id)
}

// The time for a body's pauses is not the time for the work: a write that has to wait, for a lock or a key service, is done
// and answered, with a key and without.
func TestSlowWorkIsNotCutOff(t *testing.T) {
	slow := &slowRecords{}
	d := newDesk(t, func(o *Operator) {
		slow.Records, o.Records = o.Records, slow
	})
	d.outlet("shop", truename.OwnOutlet)
	r, key := d.open(d.key("shop", truename.RoleAgent)), d.key("shop", truename.RoleAgent)
	slow.pause = 200 * time.Millisecond
	d.API.limits.StallTimeout = 20 * time.Millisecond
	server := httptest.NewServer(d)
	defer server.Close()
	for _, header := range []string{"", "one"} {
		for path, body := range map[string]string{"signals": `{"labels":{"otp":"confirmed"}}`, "withdrawal": ""} {
			q, err := http.NewRequest("POST", server.URL+"/v1/registrations/"+r.ID+"/"+path, strings.NewReader(body))
			must(t, err)
			q.Header.Set("Authorization", "Bearer "+key)
			q.Header.Set("Content-Type", "application/json")
			if header != "" {
				q.Header.Set(headerKey, header+path)
			}
			w, err := http.DefaultClient.Do(q)
			must(t, err)
			w.Body.Close()
			if w.StatusCode == http.StatusGatewayTimeout || slow.over.Load() != 0 {
				t.Errorf("%s with key %q: %d, ended %d times before its time", path, header, w.StatusCode, slow.over.Load())
			}
		}
	}
}

func TestCallersAreLimited(t *testing.T) {
	d := newDesk(t, func(o *Operator) { o.PerSecond = 1 })
	key := d.key("", truename.RoleAuditor)
	limited := 0
	for range 10 {
		if w := d.ask("GET", "/v1/caller", key, ""); w.Code == http.StatusTooManyRequests {
			d.want(w, 429, truename.CodeRateLimited)
			if w.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			limited++
		}
	}
	if limited < 7 {
		t.Errorf("%d of 10 were limited", limited)
	}
	strangers := 0
	for range 40 {
		if d.ask("GET", "/v1/caller", "tn_wrong", "").Code == http.StatusTooManyRequests {
			strangers++
		}
	}
	if strangers < 15 {
		t.Errorf("%d of 40 strangers were limited", strangers)
	}
}

// The log over HTTP is the log of the records: the tiles' hashes give the checkpoint's root.
func TestLogByTiles(t *testing.T) {
	d := newDesk(t, nil)
	d.outlet("shop", truename.OwnOutlet)
	key := d.key("shop", truename.RoleAgent)
	for range 5 {
		d.open(key)
	}
	vkey := strings.TrimSpace(get(t, d, "/v1/audit/key").Body.String())
	c, err := audit.OpenCheckpoint(get(t, d, "/v1/audit/checkpoint").Body.Bytes(), vkey)
	must(t, err)
	if c.Size < 7 {
		t.Fatalf("size %d", c.Size)
	}
	entries, err := audit.ParseEntries(get(t, d, fmt.Sprintf("/v1/audit/tile/entries/000.p/%d", c.Size)).Body.Bytes())
	must(t, err)
	tile := get(t, d, fmt.Sprintf("/v1/audit/tile/0/000.p/%d", c.Size)).Body.Bytes()
	hashes := map[int64]tlog.Hash{}
	for i, leaf := range entries {
		if want := tlog.RecordHash(leaf); !bytes.Equal(tile[i*tlog.HashSize:(i+1)*tlog.HashSize], want[:]) {
			t.Fatalf("the hash of leaf %d is another", i)
		}
		stored, err := tlog.StoredHashes(int64(i), leaf, reader(hashes))
		must(t, err)
		for j, h := range stored {
			hashes[tlog.StoredHashIndex(0, int64(i))+int64(j)] = h
		}
	}
	root, err := tlog.TreeHash(c.Size, reader(hashes))
	must(t, err)
	if root != c.Root {
		t.Error("the leaves give another root")
	}
	for _, path := range []string{"0/001", "0/000", "9/000", "x", "entries/000", "0/../0/000", "0/000.p/300"} {
		if w := get(t, d, "/v1/audit/tile/"+path); w.Code < 300 || w.Code >= 500 {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
}

type reader map[int64]tlog.Hash

func (r reader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, i := range indexes {
		list = append(list, r[i])
	}
	return list, nil
}

// With the engine away the registration is referred, and it is never approved.
func TestEngineAwayIsReferred(t *testing.T) {
	d := newDesk(t, nil)
	d.outlet("shop", truename.OwnOutlet)
	key := d.key("shop", truename.RoleAgent)
	r := d.open(key)
	pack, err := policy.LoadBuiltin("in")
	must(t, err)
	for _, p := range []truename.Purpose{truename.PurposeIdentity, truename.PurposeFaceVerification} {
		body := fmt.Sprintf(`{"purpose":%q,"text_version":%q,"language":"en"}`, p, pack.Settings().Consents[p].Version)
		if w := d.ask("POST", "/v1/registrations/"+r.ID+"/consents", key, body); w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	post := func(path string, parts ...part) *httptest.ResponseRecorder {
		contentType, body := encode(t, parts...)
		return d.ask("POST", "/v1/registrations/"+r.ID+path, key, string(body), "Content-Type", contentType, headerKey, "key"+path)
	}
	fields := `{"type":"passport","country":"IND","number":"N1234567","name":"A B","birth_date":"1990-05-17","expires":"2040-01-01","source":"chip","original":true}`
	d.want(post("/document", part{"fields", "", `{"name":"x","x":1}`}), 422, truename.CodeInvalidRequest)
	if w := post("/document", part{"fields", "", fields}, part{"portrait", "p.jpg", "JPEG"}); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for range 2 { // sent again, with another boundary, it is the same request
		w := post("/face", part{"live", "l.jpg", "JPEG"})
		var f truename.Finding
		if json.Unmarshal(w.Body.Bytes(), &f); w.Code != http.StatusCreated || f.State != truename.FindingUnavailable {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	w := d.ask("POST", "/v1/registrations/"+r.ID+"/decision", key, "")
	var decision api.Decision
	if json.Unmarshal(w.Body.Bytes(), &decision); decision.Verdict != truename.Refer {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w = d.ask("GET", "/v1/registrations/"+r.ID, key, "")
	var read api.Registration
	if json.Unmarshal(w.Body.Bytes(), &read); len(read.Findings) != 4 || w.Header().Get("Etag") != fmt.Sprintf("%q", fmt.Sprint(read.Version)) {
		t.Errorf("%d findings, ETag %s", len(read.Findings), w.Header().Get("Etag"))
	}
}
