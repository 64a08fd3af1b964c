package audit_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"truename"
	"truename/audit"
)

func TestLeafForm(t *testing.T) {
	leaf := audit.Commit("decision", []byte("payload"), bytes.Repeat([]byte{7}, 32), start.In(time.FixedZone("CST", 8*3600)))
	// SHA-256 of "truename audit leaf v1\n", 32 times 0x07, "payload"; computed with sha256sum.
	const want = `{"v":1,"kind":"decision","at":"2026-11-24T09:00:00.123456Z","commitment":"fTAK7JIiaTCMrcxs/JOtMlnOCjR4vVHUxYMi16K3jMI="}`
	if string(leaf.Data) != want {
		t.Errorf("leaf\n%s, want\n%s", leaf.Data, want)
	}
	if !leaf.At.Equal(start.Truncate(time.Microsecond)) {
		t.Errorf("leaf's time %s", leaf.At)
	}
}

// TestLeafOpens: a leaf opens with its payload and salt, and with nothing that differs in a bit.
func TestLeafOpens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "payload")
		salt := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "salt")
		kind := rapid.StringMatching(`[a-z0-9._-]{1,64}`).Draw(t, "kind")
		at := time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at"))
		leaf := audit.Commit(kind, payload, salt, at)
		if err := audit.Open(leaf.Data, payload, salt); err != nil {
			t.Fatal(err)
		}
		e, err := audit.ParseLeaf(leaf.Data)
		if err != nil || e.Kind != kind || !e.At.Equal(at) || bytes.ContainsAny(leaf.Data, "\n") {
			t.Fatalf("parsed %+v, %v", e, err)
		}
		if audit.Open(leaf.Data, append(bytes.Clone(payload), 0), salt) == nil {
			t.Fatal("opened with a longer payload")
		}
		other := bytes.Clone(salt)
		other[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		if audit.Open(leaf.Data, payload, other) == nil {
			t.Fatal("opened with another salt")
		}
		// The border between salt and payload cannot be moved.
		if len(payload) > 0 && audit.Open(leaf.Data, payload[1:], append(bytes.Clone(salt), payload[0])) == nil {
			t.Fatal("opened with a longer salt")
		}
	})
}

func TestSaltsDiffer(t *testing.T) {
	a, err := audit.NewSalt()
	b, err2 := audit.NewSalt()
	if errors.Join(err, err2) != nil || len(a) != audit.SaltSize || bytes.Equal(a, b) {
		t.Errorf("%x and %x, %v %v", a, b, err, err2)
	}
}

func TestLeafRefused(t *testing.T) {
	good := string(audit.Commit("decision", nil, seed("s"), start).Data)
	for name, leaf := range map[string]string{
		"empty":            "",
		"another version":  strings.Replace(good, `"v":1`, `"v":2`, 1),
		"white space":      good + " ",
		"another order":    `{"kind":"decision",` + strings.Replace(good[1:], `"kind":"decision",`, "", 1),
		"a field twice":    strings.Replace(good, `"v":1`, `"v":1,"v":1`, 1),
		"a field too many": strings.Replace(good, `"v":1`, `"v":1,"name":"x"`, 1),
		"another case":     strings.Replace(good, `"kind"`, `"KIND"`, 1),
		"another zone":     strings.Replace(good, "123456Z", "123456+00:00", 1),
		"kind with spaces": strings.Replace(good, `"decision"`, `"a decision"`, 1),
		"no commitment":    good[:strings.Index(good, `"commitment"`)] + `"commitment":""}`,
		"too long":         good[:len(good)-1] + strings.Repeat(" ", audit.MaxLeaf) + "}",
	} {
		_, err := audit.ParseLeaf([]byte(leaf))
		if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid || e.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
		if audit.Open([]byte(leaf), nil, seed("s")) == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestCommitPanicsOnWrongPrograms(t *testing.T) {
	for name, call := range map[string]func(){
		"short salt": func() { audit.Commit("decision", nil, []byte("short"), start) },
		"free text":  func() { audit.Commit("Zhang San applied", nil, seed("s"), start) },
		"no kind":    func() { audit.Commit("", nil, seed("s"), start) },
		"year 10000": func() { audit.Commit("decision", nil, seed("s"), start.AddDate(8000, 0, 0)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			call()
		}()
	}
}

func FuzzParseLeaf(f *testing.F) {
	f.Add(audit.Commit("decision", nil, seed("s"), start).Data)
	f.Add([]byte(`{"v":1}`))
	f.Fuzz(func(t *testing.T, leaf []byte) {
		e, err := audit.ParseLeaf(leaf)
		if err != nil {
			return
		}
		if len(e.Commitment) != 32 || e.Kind == "" || bytes.ContainsAny(leaf, "\n") {
			t.Errorf("accepted %q", leaf)
		}
	})
}
