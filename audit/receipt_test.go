package audit_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"truename"
	"truename/audit"
)

// decision is one with most fields set.
func decision() truename.Decision {
	return truename.Decision{
		ID: "01938f6e-0000-7000-8000-000000000001", Registration: "01938f6e-0000-7000-8000-000000000002",
		Ruling: truename.Ruling{Verdict: truename.Approve, Reasons: []truename.Reason{{Code: "all_passed", Rule: "cn.portrait", Source: "MIIT <2019> & law", Party: truename.Applicant}},
			Obligations: []truename.Obligation{{Code: "no_sms", Hours: 24}}, Pack: truename.PackRef{Name: "cn", Version: "2026.11", Digest: "ab"}},
		Case: truename.Case{Kind: truename.NewNumber, Channel: truename.Dealer, Route: truename.RouteFace, At: start, OpenedBy: "staff-1",
			Parties: []truename.PartyFacts{{Party: truename.Applicant, Document: truename.CNResidentID, Country: "CHN", Age: 34, Holdings: 2}},
			Findings: []truename.Finding{{ID: "f1", Stage: truename.StageComparison, Party: truename.Applicant, State: truename.FindingPassed,
				Measures: map[string]float64{"score": 0.7312, "fmr": 1e-7}, Labels: map[string]string{"source": "chip"}, By: "staff-1", At: start}}},
		At: start, By: "staff-1",
	}
}

// TestDecisionPayload holds the canonical form still: receipts issued with it must verify for ever.
func TestDecisionPayload(t *testing.T) {
	const want = `{"at":"2026-11-24T09:00:00.123456Z","by":"staff-1","case":{"at":"2026-11-24T09:00:00.123456Z","channel":"dealer",` +
		`"findings":[{"at":"2026-11-24T09:00:00.123456Z","by":"staff-1","id":"f1","labels":{"source":"chip"},"measures":{"fmr":1e-7,"score":0.7312},` +
		`"party":"applicant","stage":"comparison","state":"passed"}],"kind":"new_number","opened_by":"staff-1",` +
		`"parties":[{"age":34,"country":"CHN","document":"cn_resident_id","holdings":2,"party":"applicant"}],"route":"face"},` +
		`"id":"01938f6e-0000-7000-8000-000000000001","registration":"01938f6e-0000-7000-8000-000000000002",` +
		`"ruling":{"obligations":[{"code":"no_sms","hours":24}],"pack":{"digest":"ab","name":"cn","version":"2026.11"},` +
		`"reasons":[{"code":"all_passed","party":"applicant","rule":"cn.portrait","source":"MIIT <2019> & law"}],"verdict":"approve"}}`
	d := decision()
	got, err := audit.DecisionPayload(d)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	// Nothing that storing does changes it.
	d.Salt, d.Leaf = seed("salt"), 17
	zone := time.FixedZone("CST", 8*3600)
	d.At, d.Case.At, d.Case.Findings[0].At = d.At.In(zone), d.Case.At.Truncate(time.Microsecond), d.Case.Findings[0].At.In(zone)
	if again, err := audit.DecisionPayload(d); err != nil || string(again) != want {
		t.Errorf("stored: %s, %v", again, err)
	}
	if d.Case.Findings[0].At.Location() != zone {
		t.Error("the caller's findings were changed")
	}
}

func TestDecisionPayloadOfNothing(t *testing.T) {
	const want = `{"at":"0001-01-01T00:00:00Z","by":"","case":{"at":"0001-01-01T00:00:00Z","channel":"","findings":[],"kind":"","opened_by":"","parties":[],"route":""},` +
		`"id":"","registration":"","ruling":{"pack":{"digest":"","name":"","version":""},"reasons":[],"verdict":""}}`
	for name, d := range map[string]truename.Decision{
		"nil":   {},
		"empty": {Ruling: truename.Ruling{Reasons: []truename.Reason{}}, Case: truename.Case{Parties: []truename.PartyFacts{}, Findings: []truename.Finding{}}},
	} {
		got, err := audit.DecisionPayload(d)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	d := decision()
	d.Case.Findings[0].Measures["score"] = math.NaN()
	if _, err := audit.DecisionPayload(d); err == nil {
		t.Error("a measure that is no number was accepted")
	}
}

// newReceipt puts a decision into a log of other leaves, as leaf 300 of 378.
func newReceipt(t testing.TB) (audit.Receipt, *memoryLog) {
	t.Helper()
	l := newLog(t, 300)
	d := decision()
	d.Salt, d.Leaf = seed("decision's salt"), int64(len(l.leaves))
	payload, err := audit.DecisionPayload(d)
	if err != nil {
		t.Fatal(err)
	}
	leaf := audit.Commit(audit.KindDecision, payload, d.Salt, d.At).Data
	l.append(t, leaf)
	l.grow(t, 77)
	r, err := audit.NewReceipt(d, leaf, l.signed, l)
	if err != nil {
		t.Fatal(err)
	}
	return r, l
}

func TestReceipt(t *testing.T) {
	r, l := newReceipt(t)
	if err := r.Verify(l.signer.VerifierKey()); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := audit.ParseReceipt(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Verify(l.signer.VerifierKey()); err != nil {
		t.Errorf("after a round trip: %v", err)
	}
}

func TestReceiptTampered(t *testing.T) {
	for name, tamper := range map[string]func(*audit.Receipt, *memoryLog){
		"verdict":        func(r *audit.Receipt, _ *memoryLog) { r.Decision.Ruling.Verdict = truename.Refuse },
		"a measure":      func(r *audit.Receipt, _ *memoryLog) { r.Decision.Case.Findings[0].Measures["score"] = 0.7313 },
		"a holding":      func(r *audit.Receipt, _ *memoryLog) { r.Decision.Case.Parties[0].Holdings = 0 },
		"the time":       func(r *audit.Receipt, _ *memoryLog) { r.Decision.At = r.Decision.At.Add(time.Microsecond) },
		"pack's digest":  func(r *audit.Receipt, _ *memoryLog) { r.Decision.Ruling.Pack.Digest = "ac" },
		"salt":           func(r *audit.Receipt, _ *memoryLog) { r.Decision.Salt = seed("another") },
		"no salt":        func(r *audit.Receipt, _ *memoryLog) { r.Decision.Salt = nil },
		"index":          func(r *audit.Receipt, _ *memoryLog) { r.Index, r.Decision.Leaf = 299, 299 },
		"index alone":    func(r *audit.Receipt, _ *memoryLog) { r.Index = 299 },
		"negative index": func(r *audit.Receipt, _ *memoryLog) { r.Index, r.Decision.Leaf = -1, -1 },
		"beyond":         func(r *audit.Receipt, _ *memoryLog) { r.Index, r.Decision.Leaf = 378, 378 },
		"another leaf":   func(r *audit.Receipt, l *memoryLog) { r.Leaf = string(l.leaves[0]) },
		"shorter proof":  func(r *audit.Receipt, _ *memoryLog) { r.Proof = r.Proof[1:] },
		"longer proof":   func(r *audit.Receipt, _ *memoryLog) { r.Proof = append(r.Proof, tlog.Hash{}) },
		"proof":          func(r *audit.Receipt, _ *memoryLog) { r.Proof[3][0] ^= 1 },
		"no proof":       func(r *audit.Receipt, _ *memoryLog) { r.Proof = nil },
		"checkpoint":     func(r *audit.Receipt, _ *memoryLog) { r.Checkpoint = strings.Replace(r.Checkpoint, "378", "379", 1) },
		"no checkpoint":  func(r *audit.Receipt, _ *memoryLog) { r.Checkpoint = "" },
		"another tree":   func(r *audit.Receipt, _ *memoryLog) { r.Checkpoint = string(newLog(t, 378).signed) },
		// A leaf of another kind, with the same content, in a log that is signed: it is no decision.
		"another kind": func(r *audit.Receipt, l *memoryLog) {
			payload, err := audit.DecisionPayload(r.Decision)
			if err != nil {
				t.Fatal(err)
			}
			leaf := audit.Commit("finding", payload, r.Decision.Salt, start).Data
			d := r.Decision
			d.Leaf = int64(len(l.leaves))
			l.append(t, leaf)
			l.sign(t)
			if *r, err = audit.NewReceipt(d, leaf, l.signed, l); err != nil {
				t.Fatal(err)
			}
		},
	} {
		r, l := newReceipt(t)
		tamper(&r, l)
		err := r.Verify(l.signer.VerifierKey())
		if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid || e.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, _ := newReceipt(t)
	if err := r.Verify(newSigner(t, "other.example.com").VerifierKey()); err == nil {
		t.Error("verified with another log's key")
	}
}

func TestReceiptNotIssuedBeforeTheCheckpoint(t *testing.T) {
	r, l := newReceipt(t)
	old := newLog(t, 300)
	if _, err := audit.NewReceipt(r.Decision, []byte(r.Leaf), old.signed, l); err == nil {
		t.Error("a checkpoint that does not cover the leaf was accepted")
	}
}

func TestReceiptJSONRefused(t *testing.T) {
	r, _ := newReceipt(t)
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for name, bad := range map[string]string{
		"empty":                   "",
		"null twice":              "null null",
		"an array":                "[" + good + "]",
		"cut":                     good[:len(good)-1],
		"more behind":             good + good,
		"unknown field":           strings.Replace(good, `"index"`, `"note":"approved","index"`, 1),
		"a field twice":           strings.Replace(good, `"verdict":"approve"`, `"verdict":"refuse","verdict":"approve"`, 1),
		"a field in another case": strings.Replace(good, `"verdict":"approve"`, `"verdict":"approve","Verdict":"refuse"`, 1),
		"a measure twice":         strings.Replace(good, `"fmr":`, `"fmr":1,"fmr":`, 1),
		"wrong type":              strings.Replace(good, `"index":300`, `"index":"300"`, 1),
		"fraction":                strings.Replace(good, `"index":300`, `"index":300.5`, 1),
		"short hash":              strings.Replace(good, `"proof":["`, `"proof":["AA==","`, 1),
		"too long":                good + strings.Repeat(" ", audit.MaxReceipt),
	} {
		if bad == good {
			t.Fatalf("%s: nothing changed", name)
		}
		_, err := audit.ParseReceipt([]byte(bad))
		if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid || e.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReceipt(f *testing.F) {
	r, l := newReceipt(f)
	data, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	want, err := audit.DecisionPayload(r.Decision)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"decision":{"salt":null},"proof":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := audit.ParseReceipt(data)
		if err != nil || r.Verify(l.signer.VerifierKey()) != nil {
			return
		}
		if got, err := audit.DecisionPayload(r.Decision); err != nil || string(got) != string(want) {
			t.Errorf("verified a decision that is not in the log: %s", got)
		}
	})
}

// TestExportedReceipt: an auditor with an export, the log's key and the decision as JSON needs nobody to tell whether the decision
// is in the log as it reads.
func TestExportedReceipt(t *testing.T) {
	want, l := newReceipt(t)
	files, vkey := exported(t, l), l.signer.VerifierKey()
	shown, err := json.Marshal(want.Decision)
	if err != nil {
		t.Fatal(err)
	}
	d, err := audit.ParseDecision(shown)
	if err != nil {
		t.Fatal(err)
	}
	got, err := audit.ExportedReceipt(files, vkey, d)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not the receipt that the operator gives (-want +got):\n%s", diff)
	}
	for name, c := range map[string]struct {
		decision func(*truename.Decision)
		export   func(fstest.MapFS)
		vkey     string
		wants    string // in the error
	}{
		"another verdict":    {decision: func(d *truename.Decision) { d.Ruling.Verdict = truename.Refuse }, wants: "does not commit"},
		"another salt":       {decision: func(d *truename.Decision) { d.Salt = seed("another") }, wants: "does not commit"},
		"another leaf":       {decision: func(d *truename.Decision) { d.Leaf = 5 }, wants: "not about a decision"},
		"a leaf not there":   {decision: func(d *truename.Decision) { d.Leaf = 378 }, wants: "covers 378 leaves, not leaf 378"},
		"a negative leaf":    {decision: func(d *truename.Decision) { d.Leaf = -1 }, wants: "not leaf -1"},
		"the leaf altered":   {export: editLeaves("tile/entries/001.p/122", func(b [][]byte) [][]byte { b[44][3] ^= 1; return b }), wants: "Leaf 300 is not in the log"},
		"the leaf cut off":   {export: editLeaves("tile/entries/001.p/122", func(b [][]byte) [][]byte { return b[:44] }), wants: "lacks leaf 300"},
		"the entries gone":   {export: remove("tile/entries/001.p/122"), wants: "lacks leaf 300"},
		"a hash altered":     {export: flip("tile/0/001.p/122", 44*32), wants: "do not lead"},
		"a tile gone":        {export: remove("tile/1/000.p/1"), wants: "do not lead"},
		"the checkpoint old": {export: put("checkpoint", newLog(t, 300).signed), wants: "covers 300 leaves, not leaf 300"},
		"no checkpoint":      {export: remove("checkpoint"), wants: "no readable checkpoint"},
		"another key":        {vkey: newSigner(t, "other.example.com").VerifierKey(), wants: "expected key"},
	} {
		files, d, key := clone(files), want.Decision, vkey
		if c.export != nil {
			c.export(files)
		}
		if c.decision != nil {
			c.decision(&d)
		}
		if c.vkey != "" {
			key = c.vkey
		}
		r, err := audit.ExportedReceipt(files, key, d)
		if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid || !strings.Contains(e.Detail, c.wants) || r.Checkpoint != "" {
			t.Errorf("%s: %v, want an error with %q", name, err, c.wants)
		}
	}
	// Damage elsewhere in the export is not this decision's.
	elsewhere := clone(files)
	remove("tile/entries/000")(elsewhere)
	editLeaves("tile/entries/001.p/122", func(b [][]byte) [][]byte { b[45][3] ^= 1; return b })(elsewhere)
	if _, err := audit.ExportedReceipt(elsewhere, vkey, want.Decision); err != nil {
		t.Errorf("damage elsewhere: %v", err)
	}
}

func TestParseDecisionRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "not an object": "[]", "an unknown field": `{"colour":1}`, "a field twice": `{"by":"a","By":"b"}`,
		"something behind": `{} {}`, "a receipt": `{"decision":{}}`, "too long": `{"by":"` + strings.Repeat("a", audit.MaxReceipt) + `"}`,
	} {
		d, err := audit.ParseDecision([]byte(text))
		if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid || e.Remedy == "" || d.By != "" {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}

// FuzzParseDecision: what is read in full says the same when it is written and read again.
func FuzzParseDecision(f *testing.F) {
	d := decision()
	d.Salt, d.Leaf = seed("salt"), 7
	shown, err := json.Marshal(d)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shown)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := audit.ParseDecision(data)
		if err != nil {
			return
		}
		payload, err := audit.DecisionPayload(d)
		if err != nil {
			return
		}
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		d, err = audit.ParseDecision(again)
		if err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		if p, err := audit.DecisionPayload(d); err != nil || string(p) != string(payload) {
			t.Errorf("payload %s, then %s, %v", payload, p, err)
		}
	})
}
