package main

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"truename"
	"truename/activation"
	"truename/audit"
	"truename/client"
	"truename/httpapi"
	"truename/registration"
	"truename/verification"
)

// Whatever breaks, the answer is never "approved": each test breaks one thing under a real API on real records, says what the
// customer gets, and that it works again when the cause is gone.

// noEngine is the verifier of an API under which no face is compared.
type noEngine struct{}

func (noEngine) Verify(context.Context, []byte, []byte, float64) (*verification.Result, error) {
	return nil, errors.New("no engine")
}

// assembled is an operator's API as the server has it, but for the networks, with a clock and a logger of the test's.
func (s *site) assembled(now func() time.Time, logger *slog.Logger, comparer registration.Comparer) *operator {
	s.t.Helper()
	if comparer == nil {
		comparer = noComparer{}
	}
	o, err := s.flags.operator(s.t.Context(), comparer)
	must(s.t, err)
	s.t.Cleanup(o.close)
	if now != nil {
		c := o.flow.Config
		c.Now = now
		o.flow = registration.New(c)
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	served, err := o.served(serveCommand{PerSecond: 1e5})
	must(s.t, err)
	a, err := httpapi.New(httpapi.Config{Verifier: noEngine{}, TargetFMR: 1e-4, Limits: httpapi.DefaultLimits(), Logger: logger, Operator: served})
	must(s.t, err)
	server := httptest.NewServer(a)
	s.t.Cleanup(server.Close)
	s.moved(server.URL)
	return o
}

// quietSite is an operator without a server yet; its clients send once.
func quietSite(t testing.TB, policy string) *site {
	t.Helper()
	s := &site{t: t, log: &syncBuffer{}}
	s.flags = operatorFlags{Data: t.TempDir(), packFlag: packFlag{Policy: policy}, Issuer: "https://operator.example", Audience: "activation"}
	return s
}

func (s *site) seeded() *site {
	s.t.Helper()
	s.seed()
	for _, c := range []*client.Client{s.agent, s.carrier, s.privacy} {
		c.Attempts = 1
	}
	return s
}

// wantApproved asks for a decision, which has to be an approval.
func (s *site) wantApproved(id string) string {
	s.t.Helper()
	d, err := s.agent.Decide(s.t.Context(), id, client.Write{})
	must(s.t, err)
	if d.Verdict != truename.Approve {
		s.t.Fatalf("%s: %+v", d.Verdict, d.Explanation)
	}
	return d.ID
}

// wantUndecided checks that a registration is open and has no decision.
func (s *site) wantUndecided(o *operator, id string) {
	s.t.Helper()
	snapshot, err := o.store.Snapshot(s.t.Context(), id)
	must(s.t, err)
	if snapshot.Registration.State != truename.StateOpen || snapshot.Decision != nil || snapshot.Own != nil {
		s.t.Errorf("the registration is %s, with decision %v", snapshot.Registration.State, snapshot.Decision)
	}
}

// Without a network's file there is no server. One that runs has the networks in memory and goes on telling people apart.
func TestModelFileRemoved(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the networks three times")
	}
	ctx := t.Context()
	models := t.TempDir()
	must(t, os.CopyFS(models, os.DirFS(store)))
	gone, kept := filepath.Join(models, "faceplugin", "fr_feature.onnx"), filepath.Join(t.TempDir(), "kept")
	must(t, os.Rename(gone, kept))
	s := quietSite(t, "in").seeded()
	if status, said := s.stillborn("--models-dir=" + models); status != exitFailure || !strings.Contains(said, string(truename.CodeModelPack)) || !strings.Contains(said, "truename models install") {
		t.Errorf("status %d\n%s", status, said)
	}
	must(t, os.Rename(kept, gone))
	server := s.spawn(nil, "--models-dir="+models)
	must(t, os.Rename(gone, kept))
	for live, want := range map[string]truename.FindingState{"SeanConnery.jpg": truename.FindingFailed, "cage2_crop.jpg": truename.FindingPassed} {
		r := s.consented(len(live), truename.RouteFace, truename.PurposeIdentity, truename.PurposeFaceVerification)
		_, err := s.agent.RecordDocument(ctx, r.ID, passport("N1234567"), photo(t, "cage.jpg"), client.Write{})
		must(t, err)
		f, err := s.agent.CompareFace(ctx, r.ID, "", photo(t, live), nil, client.Write{})
		must(t, err)
		d, err := s.agent.Decide(ctx, r.ID, client.Write{})
		must(t, err)
		if f.State != want || (d.Verdict == truename.Approve) != (want == truename.FindingPassed) {
			t.Errorf("%s: %s, %s", live, f.State, d.Verdict)
		}
	}
	if status := server.end(); status != 0 {
		t.Errorf("status %d", status)
	}
	if status, said := s.stillborn("--models-dir=" + models); status != exitFailure || !strings.Contains(said, string(truename.CodeModelPack)) {
		t.Errorf("status %d %s", status, said)
	}
}

// stillborn starts a server, as a process of its own, that has to end by itself. It gives its exit status and what it said.
func (s *site) stillborn(args ...string) (status int, said string) {
	s.t.Helper()
	program, err := os.Executable()
	must(s.t, err)
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, s.line(args...)...)
	out, _ := c.CombinedOutput()
	return c.ProcessState.ExitCode(), string(out)
}

// A database that cannot grow refuses what does not fit, whole; what was answered as approved is there afterwards, and with
// space again the same server goes on.
func TestDatabaseFull(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a disk")
	}
	t.Run("disk", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("mounting a small disk needs root")
		}
		s := quietSite(t, "in")
		mount := func(size string, flags uintptr) {
			must(t, syscall.Mount("tmpfs", s.flags.Data, "tmpfs", flags, "mode=0700,size="+size))
		}
		mount("64m", 0)
		t.Cleanup(func() { _ = syscall.Unmount(s.flags.Data, syscall.MNT_DETACH) })
		fills(t, s.seeded(), func(*child) { mount("2m", syscall.MS_REMOUNT) }, func(*child) { mount("64m", syscall.MS_REMOUNT) })
	})
	t.Run("file size", func(t *testing.T) {
		s := quietSite(t, "in").seeded()
		limit := func(c *child, bytes uint64) {
			const fileSize = 1 // RLIMIT_FSIZE
			set := [2]uint64{bytes, ^uint64(0)}
			if _, _, e := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(c.Process.Pid), fileSize, uintptr(unsafe.Pointer(&set)), 0, 0, 0); e != 0 {
				t.Fatal(e)
			}
		}
		fills(t, s, func(c *child) { limit(c, 1<<20) }, func(c *child) { limit(c, ^uint64(0)) })
	})
}

func fills(t *testing.T, s *site, shrink, grow func(*child)) {
	ctx := t.Context()
	server := s.spawn(nil)
	o := s.open()
	var ready []string
	for n := range 6 {
		ready = append(ready, o.counter(t, n, "N1234567"))
	}
	o.close()
	shrink(server)
	refused := 0
	for n := 0; refused < 3; n++ {
		if n == 2000 {
			t.Fatal("the disk is not full")
		}
		_, err := s.agent.Open(ctx, newNumber(100+n, truename.RouteInPerson), client.Write{})
		if err != nil {
			wantProblem(t, err, 503, truename.CodeRecords)
			refused++
		}
	}
	verdicts := map[string]truename.Verdict{}
	for _, id := range ready {
		d, err := s.agent.Decide(ctx, id, client.Write{})
		if err != nil {
			wantProblem(t, err, 503, truename.CodeRecords)
		}
		verdicts[id] = d.Verdict
	}
	if verdicts[ready[len(ready)-1]] != "" {
		t.Errorf("all was decided: %v", verdicts)
	}
	check := func() {
		t.Helper()
		for id, told := range verdicts {
			r, err := s.agent.Registration(ctx, id)
			must(t, err)
			if (r.State == truename.StateApproved) != (told == truename.Approve) {
				t.Errorf("a registration whose decision was answered with %q is %s", told, r.State)
			}
		}
	}
	check()
	grow(server)
	for id, told := range verdicts {
		if told == "" {
			s.wantApproved(id)
			verdicts[id] = truename.Approve
		}
	}
	check()
	if status := server.end(); status != 0 {
		t.Errorf("status %d\n%s", status, server.log)
	}
}

// keyService is the part of a transit engine's API that wrapping needs, with a real key, over TLS; it can be sick.
type keyService struct {
	*httptest.Server
	key  cipher.AEAD
	sick atomic.Pointer[http.HandlerFunc]
}

func newKeyService(t *testing.T) *keyService {
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	must(t, err)
	k := &keyService{}
	k.key, err = cipher.NewGCMWithRandomNonce(block)
	must(t, err)
	k.Server = httptest.NewUnstartedServer(k)
	k.Config.ErrorLog = log.New(io.Discard, "", 0)
	k.StartTLS()
	t.Cleanup(k.Close)
	t.Setenv("VAULT_CACERT", write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate().Raw}))))
	t.Setenv("VAULT_TOKEN", "s.test")
	return k
}

func (k *keyService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if sick := k.sick.Load(); sick != nil {
		(*sick)(w, r)
		return
	}
	var in struct {
		Plaintext, Ciphertext string
		AD                    string `json:"associated_data"`
	}
	out := map[string]string{}
	err := json.NewDecoder(r.Body).Decode(&in)
	if err == nil && strings.HasSuffix(r.URL.Path, "/encrypt/truename") {
		plain, _ := base64.StdEncoding.DecodeString(in.Plaintext)
		out["ciphertext"] = "vault:v1:" + base64.StdEncoding.EncodeToString(k.key.Seal(nil, nil, plain, []byte(in.AD)))
	} else if err == nil {
		box, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(in.Ciphertext, "vault:v1:"))
		var plain []byte
		plain, err = k.key.Open(nil, nil, box, []byte(in.AD))
		out["plaintext"] = base64.StdEncoding.EncodeToString(plain)
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"errors": []string{"refused"}})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": out})
}

// A key service that fails or hangs is a problem of its own name: nothing is opened, decided or given.
func TestKeyServiceAway(t *testing.T) {
	ctx := t.Context()
	k := newKeyService(t)
	s := quietSite(t, "in")
	s.flags.Vault = "hcvault://" + k.Listener.Addr().String() + "/transit/keys/truename?timeout=300ms"
	o := s.seeded().assembled(nil, nil, nil)
	id, approved := o.counter(t, 1, "N1234567"), o.counter(t, 2, "N1234567")
	s.wantApproved(approved)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	for name, sick := range map[string]http.HandlerFunc{
		"sealed":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"forbidden": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"nonsense":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"data":{}}`) },
		"hanging": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			k.sick.Store(&sick)
			defer k.sick.Store(nil)
			_, err := s.agent.Open(ctx, newNumber(3, truename.RouteInPerson), client.Write{})
			wantProblem(t, err, 503, truename.CodeVault)
			_, err = s.agent.Decide(ctx, id, client.Write{})
			wantProblem(t, err, 503, truename.CodeVault)
			_, err = s.carrier.Activation(ctx, approved, client.Write{})
			wantProblem(t, err, 503, truename.CodeVault)
			s.wantUndecided(o, id)
			if _, err := s.flags.operator(ctx, noComparer{}); err == nil || truename.AsError(err).Code != truename.CodeVault {
				t.Errorf("without its key service the operator opens: %v", err)
			}
		})
	}
	s.wantApproved(id)
	_, err := s.carrier.Activation(ctx, approved, client.Write{})
	must(t, err)
}

// Without the master key's file no key is wrapped, so nobody new comes in, and no process starts. What was begun is finished
// with the key in memory. Nothing makes another master key.
func TestMasterKeyRemoved(t *testing.T) {
	ctx := t.Context()
	s := quietSite(t, "in").seeded()
	o := s.assembled(nil, nil, nil)
	id := o.counter(t, 1, "N1234567")
	file, kept := filepath.Join(s.flags.Data, "master.json"), filepath.Join(t.TempDir(), "kept")
	must(t, os.Rename(file, kept))
	_, err := s.agent.Open(ctx, newNumber(2, truename.RouteInPerson), client.Write{})
	wantProblem(t, err, 503, truename.CodeVault)
	s.wantApproved(id)
	status, _, said := program(ctx, "audit", "checkpoint", "--data="+s.flags.Data, "--policy=in", "--issuer="+s.flags.Issuer)
	if status != exitFailure || !strings.Contains(said, "master key file does not exist") {
		t.Errorf("status %d %s", status, said)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("another master key was made")
	}
	must(t, os.Rename(kept, file))
	_, err = s.agent.Open(ctx, newNumber(2, truename.RouteInPerson), client.Write{})
	must(t, err)
}

// With a clock that jumps, either way, or lies before the log nothing is decided and no token given. A clock that jumped under the
// running process opens nothing either.
func TestClockJumps(t *testing.T) {
	ctx := t.Context()
	for name, jump := range map[string]time.Duration{"back": -10 * time.Minute, "ahead": 48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			s := quietSite(t, "in").seeded()
			var offset atomic.Int64
			clock := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
			o := s.assembled(clock, nil, nil)
			id, approved := o.counter(t, 1, "N1234567"), o.counter(t, 2, "N1234567")
			s.wantApproved(approved)
			offset.Store(int64(jump))
			refused := func() {
				t.Helper()
				_, err := s.agent.Decide(ctx, id, client.Write{})
				wantProblem(t, err, 503, truename.CodeClock)
				_, err = s.agent.Open(ctx, newNumber(3, truename.RouteInPerson), client.Write{})
				wantProblem(t, err, 503, truename.CodeClock)
				_, err = s.carrier.Activation(ctx, approved, client.Write{})
				wantProblem(t, err, 503, truename.CodeClock)
				s.wantUndecided(o, id)
			}
			refused()
			offset.Store(0)
			refused() // that is one more jump: it has to stand for a minute
			// A process that starts with the right clock goes on at once; one with a clock that is behind the log does not.
			offset.Store(int64(-10 * time.Minute))
			s.assembled(clock, nil, nil)
			_, err := s.agent.Decide(ctx, id, client.Write{})
			wantProblem(t, err, 503, truename.CodeClock)
			_, err = s.carrier.Activation(ctx, approved, client.Write{})
			wantProblem(t, err, 503, truename.CodeClock)
			s.wantUndecided(o, id)
			s.assembled(nil, nil, nil)
			s.wantApproved(id)
			_, err = s.carrier.Activation(ctx, approved, client.Write{})
			must(t, err)
		})
	}
}

// A registration is ruled by the pack it was opened under. When that pack's text was damaged in the database, or made more
// lenient, it is ruled by none.
func TestStoredPolicyDamaged(t *testing.T) {
	ctx := t.Context()
	s := quietSite(t, "in").seeded()
	o := s.assembled(nil, nil, nil)
	id := o.counter(t, 1, "N1234567")
	text := o.pack.Text()
	s.flags.Policy = "strict" // the operator has another pack now
	for name, damaged := range map[string][]byte{
		"nonsense":  []byte("\x00\x01"),
		"cut off":   text[:len(text)/2],
		"bit":       bytes.Replace(text, []byte("eyes = 2"), []byte("eyes = 3"), 1),
		"leniently": bytes.Replace(text, []byte("numbers = 9"), []byte("numbers = 99"), 1),
		"gone":      {},
	} {
		t.Run(name, func(t *testing.T) {
			s.storedPack(text, damaged)
			defer s.storedPack(damaged, text)
			o := s.assembled(nil, nil, nil)
			_, err := s.agent.Decide(ctx, id, client.Write{})
			wantProblem(t, err, 503, truename.CodePolicyPack)
			s.wantUndecided(o, id)
			must(t, o.flow.Lapse(ctx, id)) // its time is not over: nothing happens to it
			s.wantUndecided(o, id)
		})
	}
	s.assembled(nil, nil, nil)
	s.wantApproved(id)

	s.flags.Policy = write(t, "broken.toml", strings.Replace(string(text), "eyes = 2", "eyes = 0", 1))
	if status, said := s.stillborn(); status != exitUnusable || !strings.Contains(said, string(truename.CodePolicyPack)) {
		t.Errorf("status %d %s", status, said)
	}
}

// storedPack replaces the text of a pack in the database.
func (s *site) storedPack(old, text []byte) {
	s.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.flags.Data, "records.db"))
	must(s.t, err)
	defer db.Close()
	r, err := db.Exec("UPDATE pack SET body = $1 WHERE body = $2", text, old)
	must(s.t, err)
	if n, _ := r.RowsAffected(); n != 1 {
		s.t.Fatalf("%d packs replaced", n)
	}
}

// A write-ahead log that lost its end takes the last commits with it: a storage that lied about what is on the disk. What is left is
// of one moment before; a decision that is lost does not count, although a client was told of it; and who kept a
// checkpoint or a receipt sees that something is missing. With the whole file everything is there.
func TestWALCutOff(t *testing.T) {
	ctx := t.Context()
	s := quietSite(t, "in").seeded()
	o := s.assembled(nil, nil, nil)
	id := o.counter(t, 1, "N1234567")
	before, err := os.Stat(filepath.Join(s.flags.Data, "records.db-wal"))
	must(t, err)
	decision := s.wantApproved(id)
	a, err := s.carrier.Activation(ctx, id, client.Write{})
	must(t, err)
	checkpoint, err := o.publisher.Publish(ctx, o.store.Log(ctx))
	must(t, err)
	trusted := write(t, "checkpoint", string(checkpoint))
	ring, err := o.tokens.ring(ctx, time.Now())
	must(t, err)
	jwks, err := ring.JWKS(time.Now())
	must(t, err)

	// As a killed process leaves them.
	for name, cut := range map[string]func(wal []byte) []byte{
		"whole":    func(wal []byte) []byte { return wal },
		"cut off":  func(wal []byte) []byte { return wal[:before.Size()] },
		"torn":     func(wal []byte) []byte { return wal[:before.Size()+700] },
		"bad page": func(wal []byte) []byte { wal[before.Size()+100] ^= 1; return wal },
	} {
		t.Run(name, func(t *testing.T) {
			copied := *s
			copied.t, copied.flags.Data = t, t.TempDir()
			for _, file := range []string{"records.db", "records.db-wal", "master.json"} {
				data := read(t, filepath.Join(s.flags.Data, file))
				if strings.HasSuffix(file, "-wal") {
					data = cut(data)
				}
				must(t, os.WriteFile(filepath.Join(copied.flags.Data, file), data, 0o600))
			}
			o := copied.assembled(nil, nil, nil)
			defer s.moved(s.address)
			dir := filepath.Join(t.TempDir(), "log")
			flags := []string{"--data=" + copied.flags.Data, "--policy=in", "--issuer=" + s.flags.Issuer}
			status, out, said := program(ctx, append([]string{"audit", "export", dir}, flags...)...)
			if status != 0 {
				t.Fatalf("audit export: %d %s%s", status, out, said)
			}
			verified := func(more ...string) int {
				status, _, _ := program(ctx, append([]string{"audit", "verify", dir, "--key=" + o.publisher.VerifierKey()}, more...)...)
				return status
			}
			if name == "whole" {
				_, err := copied.carrier.ConfirmActivation(ctx, id, decision, client.Write{})
				must(t, err)
				if status := verified("--trusted=" + trusted); status != 0 {
					t.Errorf("audit verify: %d", status)
				}
				return
			}
			copied.wantUndecided(o, id)
			if _, err := activation.Verify(a.Token, jwks, "activation", time.Now()); err != nil {
				t.Error(err) // of that the carrier's system knows nothing
			}
			_, err := copied.carrier.ConfirmActivation(ctx, id, decision, client.Write{})
			wantProblem(t, err, 409, truename.CodeWrongState)
			if with, without := verified("--trusted="+trusted), verified(); with != exitNoMatch || without != 0 {
				t.Errorf("audit verify: %d with the checkpoint that was kept, %d without", with, without)
			}
			if head, err := audit.OpenCheckpoint(checkpoint, o.publisher.VerifierKey()); err != nil || head.Size == 0 {
				t.Errorf("%+v, %v", head, err)
			}
			copied.wantApproved(id) // the work goes on, with another decision
		})
	}
}
