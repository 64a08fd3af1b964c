package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"filippo.io/age"

	"truename"
	"truename/api"
	"truename/client"
	"truename/record/sqlite"
)

// secret is something that must be nowhere in the clear, in the forms in which it might be.
type secret struct {
	name  string
	forms map[string][]byte
}

// newSecret gives the forms of some bytes.
func newSecret(name string, plain []byte) secret {
	s := secret{name, map[string][]byte{
		"plain": plain, "hex": []byte(hex.EncodeToString(plain)), "HEX": bytes.ToUpper([]byte(hex.EncodeToString(plain))),
	}}
	// In base64 the same bytes look in three ways, by what comes before them; what depends on the neighbours is cut off.
	for shift := range 3 {
		for alphabet, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			text := encoding.EncodeToString(append(make([]byte, shift), plain...))
			first := []int{0, 2, 3}[shift]
			s.forms[alphabet+string(rune('0'+shift))] = []byte(text[first : len(text)-2])
		}
	}
	return s
}

// textSecret adds the forms of a text.
func textSecret(name, text string) secret {
	s := newSecret(name, []byte(text))
	var little, big []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		little, big = binary.LittleEndian.AppendUint16(little, unit), binary.BigEndian.AppendUint16(big, unit)
	}
	s.forms["UTF-16 LE"], s.forms["UTF-16 BE"] = little, big
	s.forms["lower case"] = []byte(strings.ToLower(text))
	s.forms["query"], s.forms["path"] = []byte(url.QueryEscape(text)), []byte(url.PathEscape(text))
	return s
}

// in names the first form that is in data; empty: none is.
func (s secret) in(data []byte) string {
	for name, form := range s.forms {
		if bytes.Contains(data, form) {
			return name
		}
	}
	return ""
}

// templateSecrets are pieces of a template as 32-bit and 64-bit numbers.
func templateSecrets(name string, vector []float32) []secret {
	var all []secret
	for from := 0; from+16 <= len(vector); from += 16 {
		var short, long []byte
		for _, x := range vector[from : from+16] {
			short = binary.LittleEndian.AppendUint32(short, math.Float32bits(x))
			long = binary.LittleEndian.AppendUint64(long, math.Float64bits(float64(x)))
		}
		all = append(all, newSecret(name, short), newSecret(name, long))
	}
	return all
}

// pictureSecrets are pieces of 64 bytes of a picture file, but for those that other files of its kind have too.
func pictureSecrets(name string, file []byte) []secret {
	var all []secret
	for from := 1024; from+64 <= len(file); from += 512 {
		all = append(all, newSecret(name, file[from:from+64]))
	}
	return all
}

func TestSearchFinds(t *testing.T) {
	s := textSecret("name", canaryName)
	noise := bytes.Repeat([]byte("some other text "), 100)
	if s.in(noise) != "" {
		t.Error("found where it is not")
	}
	for shift := range 3 {
		around := append(noise[:shift:shift], canaryName+" and more"...)
		for name, data := range map[string][]byte{"plain": around, "base64": []byte(base64.StdEncoding.EncodeToString(around)),
			"base64url": []byte(base64.URLEncoding.EncodeToString(around)), "hex": []byte(hex.EncodeToString(around))} {
			if s.in(append(slices.Clone(noise), data...)) == "" {
				t.Errorf("not found as %s after %d bytes", name, shift)
			}
		}
	}
	if s.in(s.forms["UTF-16 LE"]) == "" || s.in([]byte("?name="+url.QueryEscape(canaryName))) == "" {
		t.Error("not found as UTF-16 or in an address")
	}
}

// places are the bytes in which nothing may be found, by name.
type places map[string][]byte

// folder adds every file below a folder.
func (p places) folder(t testing.TB, name, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			p[name+"/"+filepath.Base(path)], err = os.ReadFile(path)
		}
		return err
	}))
}

// hold says where a secret is that must be nowhere.
func (p places) hold(t testing.TB, secrets []secret) {
	t.Helper()
	for name, data := range p {
		for _, s := range secrets {
			if form := s.in(data); form != "" {
				t.Errorf("%s: the %s is there as %s", name, s.name, form)
			}
		}
	}
}

// listener keeps the bodies and headers of all that is not a success.
type listener struct {
	mu   sync.Mutex
	said bytes.Buffer
	n    int
}

func (l *listener) RoundTrip(r *http.Request) (*http.Response, error) {
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || w.StatusCode < 300 {
		return w, err
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	_ = w.Header.Write(&l.said)
	l.said.Write(body)
	w.Body = io.NopCloser(bytes.NewReader(body))
	return w, err
}

// storing writes a pack that keeps a template, with its own consent.
func storing(t testing.TB, o *operator) string {
	text := string(o.pack.Text())
	changed := strings.NewReplacer("[documents]", "[consent.text.face_retention]\nversion = \"2026-11\"\nzh-CN = \"保留模板。\"\nen = \"We keep a template.\"\n\n[documents]",
		"template = false", "template = true", `template = "0"`, `template = "30d"`).Replace(text)
	return write(t, "storing.toml", changed)
}

// A name, a document's number, a phone number, a SIM's number, pictures and templates go through a whole run, to the end and into every
// error. They are in no file, log, metric, error, event or backup; in the activation token and the person's own export only.
// Then the person is erased: an old backup does not bring them back.
func TestCanary(t *testing.T) {
	requireMedia(t)
	ctx := t.Context()
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("SQLITE_TMPDIR", temporary)
	engine, err := engineFlags{ModelsDir: store, Pack: "faceplugin", Effort: "fast"}.open(1)
	must(t, err)
	defer engine.Close()
	portrait, live := photo(t, "cage.jpg"), photo(t, "cage2_crop.jpg")
	_, detail, err := engine.VerifyDetailed(ctx, portrait, live, 1e-4)
	must(t, err)

	s := quietSite(t, "in")
	first := s.seeded().open()
	s.flags.Policy = storing(t, first)
	first.close()
	s.flags.WebhookPlainHTTP, s.flags.WebhookNetworks = true, []string{"127.0.0.0/8"}
	logged := &syncBuffer{}
	debug := slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	o := s.assembled(nil, debug, comparer{engine})
	var events syncBuffer
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.Header.Write(&events)
		_, _ = io.Copy(&events, r.Body)
	}))
	t.Cleanup(receiver.Close)
	_, _, err = o.book.Add(ctx, shell, receiver.URL, nil, "v1")
	must(t, err)
	stop, err := o.work(ctx, debug)
	must(t, err)
	t.Cleanup(func() { stop() })
	errors := &listener{}
	for _, c := range []*client.Client{s.agent, s.carrier, s.privacy} {
		c.HTTP = &http.Client{Transport: errors, Timeout: time.Minute}
	}

	const number, sim, document = "919812345678", "8991000000000098765", "CANARY42X7"
	asked := newNumber(0, truename.RouteFace)
	asked.MSISDN, asked.ICCID = number, sim
	shown := passport(document)
	shown.Address, shown.BirthDate = "1 Canary Wharf Street", "1987-03-09"
	secrets := []secret{textSecret("name", canaryName), textSecret("document number", document), textSecret("phone number", number),
		textSecret("SIM", sim), textSecret("address", "1 Canary Wharf Street"), textSecret("birth date", "1987-03-09")}
	secrets = append(secrets, templateSecrets("live template", detail.Analyses[1].Template.Vector)...)
	secrets = append(secrets, templateSecrets("portrait's template", detail.Analyses[0].Template.Vector)...)
	secrets = append(secrets, pictureSecrets("portrait", portrait)...)
	secrets = append(secrets, pictureSecrets("live photo", live)...)

	// Every error that has the values in its hands.
	wrong := func(err error) {
		t.Helper()
		if err == nil {
			t.Error("accepted")
		}
	}
	bad := asked
	bad.Language = canaryName
	_, err = s.agent.Open(ctx, bad, client.Write{})
	wrong(err)
	bad = asked
	bad.MSISDN += " x"
	_, err = s.agent.Open(ctx, bad, client.Write{Key: "k"})
	wrong(err)
	_, err = s.agent.Registration(ctx, canaryName)
	wrong(err)
	r, err := s.agent.Open(ctx, asked, client.Write{Key: number}) // a client may choose its keys badly
	must(t, err)
	_, err = s.agent.RecordDocument(ctx, r.ID, shown, nil, client.Write{})
	wantProblem(t, err, 403, truename.CodeConsentMissing)
	for _, p := range []truename.Purpose{truename.PurposeIdentity, truename.PurposeFaceVerification, truename.PurposeFaceRetention} {
		_, err := s.agent.GiveConsent(ctx, r.ID, api.ConsentGiven{Purpose: p, TextVersion: "2026-11", Language: "en"}, client.Write{})
		must(t, err)
	}
	for _, spoil := range []func(*api.Document){
		func(d *api.Document) { d.Country = canaryName }, func(d *api.Document) { d.Number = api.Personal(document + strings.Repeat("9", 40)) },
		func(d *api.Document) { d.BirthDate = canaryName }, func(d *api.Document) { d.Name += api.Personal(strings.Repeat(canaryName, 20)) },
		func(d *api.Document) { d.Type = canaryName }, func(d *api.Document) { d.Source = canaryName },
	} {
		d := shown
		spoil(&d)
		_, err := s.agent.RecordDocument(ctx, r.ID, d, portrait, client.Write{})
		wrong(err)
	}
	_, err = s.agent.RecordDocument(ctx, r.ID, shown, portrait, client.Write{Key: document})
	must(t, err)
	other := shown
	other.Number = document + "9"
	_, err = s.agent.RecordDocument(ctx, r.ID, other, portrait, client.Write{})
	wrong(err)
	_, err = s.agent.CompareFace(ctx, r.ID, "", live[:1000], nil, client.Write{})
	wrong(err)
	_, err = s.agent.CompareFace(ctx, r.ID, "", live, live, client.Write{})
	wrong(err)
	f, err := s.agent.CompareFace(ctx, r.ID, "", live, nil, client.Write{})
	must(t, err)
	if f.State != truename.FindingPassed {
		t.Fatalf("comparison %s", f.State)
	}
	_, err = s.carrier.ConfirmActivation(ctx, r.ID, canaryName, client.Write{})
	wrong(err)
	kinds := map[truename.EvidenceKind]int{}
	evidence, err := o.store.Evidence(ctx, r.ID)
	must(t, err)
	for _, e := range evidence {
		kinds[e.Kind]++
	}
	if kinds[truename.EvidencePortrait] != 1 || kinds[truename.EvidenceLive] != 1 || kinds[truename.EvidenceTemplate] != 1 || kinds[truename.EvidenceFields] != 1 {
		t.Fatalf("sealed: %v", kinds) // else there is nothing to be found
	}
	everywhere := places{}
	everywhere.folder(t, "records before the decision", s.flags.Data)

	decision := s.wantApproved(r.ID)
	token, err := s.carrier.Activation(ctx, r.ID, client.Write{})
	must(t, err)
	_, err = s.carrier.ConfirmActivation(ctx, r.ID, decision, client.Write{})
	must(t, err)
	stays := o.counter(t, 7, "N7654321") // somebody else

	for deadline := time.Now().Add(time.Minute); !strings.Contains(events.String(), "registration.activated"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the events do not arrive")
		}
	}
	export := filepath.Join(t.TempDir(), "log")
	status, _, said := program(ctx, "audit", "export", export, "--data="+s.flags.Data, "--policy="+s.flags.Policy, "--issuer="+s.flags.Issuer)
	if status != 0 {
		t.Fatal(said)
	}
	var backup, keys bytes.Buffer
	must(t, o.store.Backup(ctx, &backup))
	must(t, o.store.BackupKeys(ctx, &keys))
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	files := t.TempDir()
	status, _, said = program(ctx, "backup", filepath.Join(files, "backup.age"), "--recipient", identity.Recipient().String(), "--data="+s.flags.Data, "--policy="+s.flags.Policy, "--issuer="+s.flags.Issuer)
	if status != 0 {
		t.Fatal(said)
	}
	metrics, err := http.Get(s.address + "/metrics")
	must(t, err)
	everywhere["metrics"], err = io.ReadAll(metrics.Body)
	metrics.Body.Close()
	must(t, err)
	everywhere["log"], everywhere["server's log"] = []byte(logged.String()), []byte(s.log.String())
	everywhere["events"], everywhere["errors"] = []byte(events.String()), errors.said.Bytes()
	everywhere["backup, not encrypted"], everywhere["backup of the keys, not encrypted"] = backup.Bytes(), keys.Bytes()
	everywhere.folder(t, "records", s.flags.Data)
	everywhere.folder(t, "backup", files)
	everywhere.folder(t, "audit log", export)
	everywhere.folder(t, "temporary files", temporary)
	everywhere.hold(t, secrets)

	// The search would find: what is there is found.
	for _, name := range []string{"records before the decision/records.db-wal", "backup, not encrypted", "events"} {
		if textSecret("id", r.ID).in(everywhere[name]) == "" {
			t.Errorf("%s: the registration's id is not there", name)
		}
	}
	if !strings.Contains(string(everywhere["log"]), `"level":"DEBUG"`) || errors.n < 12 || len(everywhere["metrics"]) < 1000 {
		t.Errorf("the log is not of level debug, or %d errors are too few, or the metrics are short", errors.n)
	}
	if textSecret("phone number", number).in([]byte(token.Token)) == "" {
		t.Error("the token lacks the number")
	}
	subject := o.subjectOf(t, r.ID)
	_, given, _ := program(ctx, "subject", "export", subject, "--data="+s.flags.Data, "--policy="+s.flags.Policy, "--issuer="+s.flags.Issuer)
	for _, x := range secrets[:6] {
		if x.in([]byte(given)) == "" {
			t.Errorf("the export lacks the %s", x.name)
		}
	}

	s.forgotten(o, r.ID, stays, backup.Bytes(), evidence)
}

func (o *operator) subjectOf(t testing.TB, registration string) string {
	t.Helper()
	s, err := o.store.Snapshot(t.Context(), registration)
	must(t, err)
	return s.Registration.Person(truename.Applicant).Subject
}

// forgotten erases the applicant of a registration, restores older records with the newest keys, and tries to open what is sealed
// there: of that person nothing opens, of somebody else everything.
func (s *site) forgotten(o *operator, goes, stays string, records []byte, sealed []truename.Sealed) {
	t, ctx := s.t, s.t.Context()
	t.Helper()
	subject := o.subjectOf(t, goes)
	person, err := o.store.Subject(ctx, subject)
	must(t, err)
	for _, e := range sealed {
		if _, err := o.vault.Open(ctx, person, e.Kind, e.Box); err != nil {
			t.Fatal(err)
		}
	}
	snapshot, err := o.store.Snapshot(ctx, goes)
	must(t, err)
	for _, line := range [][]string{{"account", "close", snapshot.Own.ID}, {"subject", "erase", subject}} {
		if status, _, said := program(ctx, append(line, "--yes", "--data="+s.flags.Data, "--policy="+s.flags.Policy, "--issuer="+s.flags.Issuer)...); status != 0 {
			t.Fatal(said)
		}
	}
	var keys bytes.Buffer
	must(t, o.store.BackupKeys(ctx, &keys))

	elsewhere := s.flags
	elsewhere.Data = t.TempDir()
	must(t, os.WriteFile(filepath.Join(elsewhere.Data, "master.json"), read(t, filepath.Join(s.flags.Data, "master.json")), 0o600))
	empty, err := sqlite.Open(ctx, filepath.Join(elsewhere.Data, "records.db"))
	must(t, err)
	must(t, empty.Restore(ctx, bytes.NewReader(records)))
	must(t, empty.RestoreKeys(ctx, &keys))
	must(t, empty.Close())
	restored, err := elsewhere.operator(ctx, noComparer{})
	must(t, err)
	defer restored.close()
	kept, err := restored.store.Evidence(ctx, goes)
	must(t, err)
	if len(kept) == 0 {
		t.Fatal("the old records have nothing of the person: nothing is shown by this")
	}
	person, err = restored.store.Subject(ctx, subject)
	must(t, err)
	for _, e := range append(kept, sealed...) {
		if plain, err := restored.vault.Open(ctx, person, e.Kind, e.Box); err == nil || plain != nil {
			t.Errorf("the %s of an erased person opens", e.Kind)
		}
	}
	if fields, err := restored.flow.Fields(ctx, stays, truename.Applicant); err != nil || fields.Name.Reveal() != canaryName {
		t.Errorf("somebody else's fields do not open: %v", err)
	}
}

// Under a pack that stores no faces, nothing of a face reaches the disk: neither a picture nor a template, in no table, not in the
// write-ahead log, and no temporary file can be made at all. The process is killed, so that nothing is tidied up.
func TestNoFaceOnDisk(t *testing.T) {
	requireMedia(t)
	ctx := t.Context()
	portrait, match, stranger := photo(t, "cage.jpg"), photo(t, "cage2_crop.jpg"), photo(t, "SeanConnery.jpg")
	engine, err := engineFlags{ModelsDir: store, Pack: "faceplugin", Effort: "fast"}.open(1)
	must(t, err)
	defer engine.Close()
	var secrets []secret
	for name, file := range map[string][]byte{"live photo": match, "stranger's photo": stranger} {
		_, detail, err := engine.VerifyDetailed(ctx, portrait, file, 1e-4)
		must(t, err)
		for _, a := range detail.Analyses {
			secrets = append(secrets, templateSecrets("template of the portrait or "+name, a.Template.Vector)...)
		}
		secrets = append(secrets, pictureSecrets(name, file)...)
	}
	secrets = append(secrets, pictureSecrets("portrait", portrait)...)

	run := func(t *testing.T, policy string, stored bool) {
		s := quietSite(t, policy).seeded()
		nowhere := filepath.Join(t.TempDir(), "no", "such", "folder")
		server := s.spawn([]string{"TMPDIR=" + nowhere, "SQLITE_TMPDIR=" + nowhere})
		for n, file := range [][]byte{match, stranger} {
			r := s.consented(n+1, truename.RouteFace, truename.PurposeIdentity, truename.PurposeFaceVerification)
			_, err := s.agent.RecordSignals(ctx, r.ID, api.Signals{Labels: map[string]string{"otp": "confirmed"}}, client.Write{})
			must(t, err)
			_, err = s.agent.RecordDocument(ctx, r.ID, passport([]string{"N1234567", "N7654321"}[n]), nil, client.Write{})
			must(t, err)
			f, err := s.agent.CompareFace(ctx, r.ID, "", file, portrait, client.Write{})
			must(t, err)
			if want := []truename.FindingState{truename.FindingPassed, truename.FindingFailed}[n]; f.State != want {
				t.Fatalf("comparison %s, want %s", f.State, want)
			}
			if stored {
				continue // at a decision the pictures go
			}
			d, err := s.agent.Decide(ctx, r.ID, client.Write{})
			must(t, err)
			if want := []truename.Verdict{truename.Approve, truename.Refer}[n]; d.Verdict != want {
				t.Fatalf("%s, want %s: %+v", d.Verdict, want, d.Explanation)
			}
		}
		server.kill()
		everywhere := places{"log": []byte(server.log.String())}
		everywhere.folder(t, "records", s.flags.Data)
		if len(everywhere["records/records.db-wal"]) == 0 {
			t.Error("there is no write-ahead log to be searched")
		}
		everywhere.hold(t, secrets)
		o := s.open()
		defer o.close()
		l := &load{site: s}
		if n := l.number("SELECT count(*) FROM evidence WHERE kind IN ('portrait', 'live', 'template')"); (n > 0) != stored {
			t.Errorf("%d pictures and templates are kept, sealed", n)
		}
		if n := l.number("SELECT count(*) FROM evidence WHERE kind IN ('fields', 'number')"); n == 0 {
			t.Error("nothing is kept at all: nothing is shown by this")
		}
	}
	t.Run("id", func(t *testing.T) { run(t, "id", false) })
	t.Run("a pack that stores", func(t *testing.T) { run(t, "in", true) }) // the count is able to be another
}
