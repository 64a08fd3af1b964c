package vault

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"truename"
)

// stored is what an operator of the first version has kept: a master key file and what was sealed under it. It must
// open for ever. The keys in it protect nothing.
type stored struct {
	Master                                                     json.RawMessage
	Ring, SubjectKey, Evidence, Service, Index, Protected      []byte
	Subject, Purpose, Recogniser, Gallery, Plain, Name, Number string
	Template, InGallery                                        []float32
}

func TestWhatTheFirstVersionSealedStillOpens(t *testing.T) {
	body, err := os.ReadFile("testdata/version1.json")
	if err != nil {
		t.Fatal(err)
	}
	var old stored
	if err := json.Unmarshal(body, &old); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "master.json")
	if err := os.WriteFile(path, old.Master, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := Unlock(t.Context(), "file:"+path, old.Ring)
	if err != nil {
		t.Fatal(err)
	}
	s := truename.Subject{ID: old.Subject, Key: old.SubjectKey}
	if got, err := v.Open(t.Context(), s, truename.EvidenceFields, old.Evidence); err != nil || string(got) != old.Plain {
		t.Errorf("evidence: %q, %v", got, err)
	}
	if got, err := v.OpenService(old.Name, old.Service); err != nil || string(got) != old.Plain {
		t.Errorf("service: %q, %v", got, err)
	}
	if d := cmp.Diff(old.Index, v.Index("msisdn", old.Number)); d != "" {
		t.Errorf("index (-want +got):\n%s", d)
	}
	near := cmpopts.EquateApprox(0, 1e-6)
	if got, err := v.Unprotect(t.Context(), s, old.Purpose, old.Recogniser, old.Protected); err != nil || !cmp.Equal(old.Template, got, near) {
		t.Errorf("template: %v, %v", got, err)
	}
	p, err := v.Projection(old.Gallery, old.Recogniser, len(old.Template))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Apply(old.Template); err != nil || !cmp.Equal(old.InGallery, got, near) {
		t.Errorf("gallery: %v, %v", got, err)
	}
}

// Lists that would run together when strung together are told apart.
func TestBindIsUnambiguous(t *testing.T) {
	seen := map[string]string{}
	for _, list := range [][]string{{"a"}, {"a", ""}, {"a", "", ""}, {"", "a"}, {"ab", "c"}, {"a", "bc"}, {"a", "b", "c"}, {"abc"},
		{"a\x00\x00\x00\x01b"}, {"a", "b"}, {""}} {
		b := string(bind(list[0], list[1:]...))
		if was, ok := seen[b]; ok {
			t.Errorf("%q is encoded like %s", list, was)
		}
		seen[b] = fmt.Sprintf("%q", list)
	}
}

func TestOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := private(f, os.Geteuid()); err != nil {
		t.Errorf("the owner's own: %v", err)
	}
	_, err = private(f, os.Geteuid()+1)
	if e := truename.AsError(err); e.Code != truename.CodeVault {
		t.Errorf("another's: %v", err)
	}
}

// rotations of every size are orthogonal, and undone.
func TestRotationIsOrthogonal(t *testing.T) {
	for size := 1; size <= 512; size *= 2 {
		r := newRotation([32]byte{byte(size)}, size)
		columns := make([][]float64, size)
		for i := range columns {
			columns[i] = make([]float64, size)
			columns[i][i] = 1
			r.apply(columns[i])
		}
		for i, a := range columns {
			for j, b := range columns[:i+1] {
				var dot float64
				for k := range a {
					dot += a[k] * b[k]
				}
				if i == j {
					dot--
				}
				if math.Abs(dot) > 1e-12 {
					t.Fatalf("size %d: columns %d and %d: %g off", size, i, j, dot)
				}
			}
		}
		v := make([]float64, size)
		for i := range v {
			v[i] = float64(i)
		}
		want := append([]float64(nil), v...)
		r.apply(v)
		r.undo(v)
		if d := cmp.Diff(want, v, cmpopts.EquateApprox(0, 1e-9)); d != "" {
			t.Errorf("size %d is not undone:\n%s", size, d)
		}
	}
}

// However a vault or a projection is printed, logged or encoded, on its own or inside something: no key is shown.
func TestKeysAreNotPrinted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	ring, err := NewRing(t.Context(), "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Unlock(t.Context(), "file:"+path, ring)
	if err != nil {
		t.Fatal(err)
	}
	p, err := v.Projection("duplicates/1", "model", 4)
	if err != nil {
		t.Fatal(err)
	}
	type nested struct {
		V Vault
		W *Vault
		P Projection
		Q *Projection
		v Vault
		w *Vault
		p Projection
	}
	holder := nested{*v, v, *p, p, *v, v, *p}
	var out bytes.Buffer
	for _, x := range []any{v, *v, p, *p, holder, &holder, []*Vault{v}, map[string]Vault{"v": *v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			fmt.Fprintf(&out, verb+"\n", x)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "x", x)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "x", x)
		if b, err := json.Marshal(x); err == nil {
			out.Write(b)
		}
	}
	for _, key := range [][]byte{v.keys().index, v.keys().template} {
		for _, form := range []string{string(key[:8]), hex.EncodeToString(key)[:16], strings.ToUpper(hex.EncodeToString(key)[:16]),
			base64.StdEncoding.EncodeToString(key)[:10], strings.Trim(fmt.Sprint(key[:6]), "[]"), strings.Trim(fmt.Sprintf("%#v", key[:6]), "[]byte{}")} {
			if strings.Contains(out.String(), form) {
				t.Errorf("a key is shown, as %q", form)
			}
		}
	}
	// A rotation would show as a long list, keys of the master's own types as a list or a quoted string.
	if i := regexp.MustCompile(`(\d+,? ){8}|(0x[0-9a-f]{1,4}, ){8}`).FindStringIndex(out.String()); i != nil {
		t.Errorf("something is shown: %.80s", out.String()[i[0]:])
	}
	if got := fmt.Sprint(v, *p); got != "Vault([redacted]) Projection([redacted])" {
		t.Errorf("%q", got)
	}
}

// What a stored blob or a file claims to be never exhausts memory and never panics, and what is accepted is what is written.
func FuzzParseProtected(f *testing.F) {
	p := protected{purpose: "p", recogniser: "m", dimension: 3, vector: []float64{1, 0, 0, 0}}
	good := append(p.encode(), make([]byte, tagBytes)...)
	f.Add(good)
	f.Add([]byte{})
	f.Add([]byte{protectedVersion, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, body, tag, err := parseProtected(b)
		if err != nil {
			if truename.AsError(err).Code != truename.CodeVault {
				t.Errorf("code %s", truename.AsError(err).Code)
			}
			return
		}
		if !bytes.Equal(append(bytes.Clone(body), tag...), b) || !bytes.Equal(p.encode(), body) {
			t.Error("accepted, and written otherwise")
		}
	})
}

func FuzzParseKeyset(f *testing.F) {
	body, err := os.ReadFile("testdata/version1.json")
	if err != nil {
		f.Fatal(err)
	}
	var old stored
	if err := json.Unmarshal(body, &old); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(old.Master))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := parseKeyset(b)
		if err != nil {
			if truename.AsError(err).Code != truename.CodeVault {
				t.Errorf("code %s", truename.AsError(err).Code)
			}
			return
		}
		box, err := keys.aead.Encrypt([]byte("x"), nil)
		if err != nil {
			t.Fatalf("accepted, and does not wrap: %v", err)
		}
		if id, err := boxKey(box); err != nil || id != keys.primary {
			t.Errorf("wrapped by %d, %v; primary is %d", id, err, keys.primary)
		}
	})
}

func FuzzMasterAddress(f *testing.F) {
	for _, s := range []string{"hcvault://h:1/transit/keys/k?timeout=1s&token_file=/t", "hcvault://h/a/b/keys/c", "hcvault:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := openTransit(s)
		if err != nil {
			return
		}
		u := m.(*transit)
		if !strings.HasPrefix(u.client.Address(), "https://") || u.callTime < 1e8 || u.callTime > 3e10 {
			t.Errorf("%q is accepted as %s, %v", s, u.client.Address(), u.callTime)
		}
	})
}

func FuzzTransitKey(f *testing.F) {
	f.Add([]byte("vault:v12:eA=="))
	f.Fuzz(func(t *testing.T, b []byte) {
		name, err := (&transit{}).keyOf(b)
		if (err == nil) != strings.HasPrefix(name, "v") {
			t.Errorf("%q, %v", name, err)
		}
	})
}
