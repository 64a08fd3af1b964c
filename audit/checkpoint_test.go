package audit_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"truename"
	"truename/audit"
)

func TestCheckpointForm(t *testing.T) {
	l := newLog(t, 5)
	head := l.head(t)
	text, signature, ok := strings.Cut(string(l.signed), "\n\n")
	if want := fmt.Sprintf("registry.example.com/audit\n5\n%s", head.Root); text != want || !ok {
		t.Errorf("text %q, want %q", text, want)
	}
	if !strings.HasPrefix(signature, "— registry.example.com/audit ") || !strings.HasSuffix(signature, "\n") {
		t.Errorf("signature line %q", signature)
	}
	if head.Size != 5 || head.Origin != "registry.example.com/audit" {
		t.Errorf("read back %+v", head)
	}
	// The key is published in the library's own form, and the signature is plain Ed25519 over the text.
	v, err := note.NewVerifier(l.signer.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Fields(signature)[2])
	if err != nil {
		t.Fatal(err)
	}
	public := ed25519.NewKeyFromSeed(seed("registry.example.com/audit")).Public().(ed25519.PublicKey)
	if !v.Verify([]byte(text+"\n"), raw[4:]) || !ed25519.Verify(public, []byte(text+"\n"), raw[4:]) {
		t.Error("the signature is not Ed25519 over the text")
	}
}

func TestSignerRefused(t *testing.T) {
	for _, origin := range []string{"", "two words", "a+b", "a\nb", "a\u00a0b", "\xff"} {
		if _, err := audit.NewSigner(origin, seed("s")); err == nil {
			t.Errorf("origin %q accepted", origin)
		}
	}
	if _, err := audit.NewSigner("a", []byte("short")); err == nil {
		t.Error("a short seed was accepted")
	}
	// The text of a key may hold plus signs of its own.
	for i := range 200 {
		if _, err := audit.NewSigner("a", seed(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCheckpointRefused(t *testing.T) {
	l := newLog(t, 5)
	good := string(l.signed)
	sign := func(text string) string {
		s, err := note.NewSigner(privateKey(t, "registry.example.com/audit"))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := note.Sign(&note.Note{Text: text}, s)
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	root := l.head(t).Root.String()
	foreign, err := newSigner(t, "other.example.com").Checkpoint(5, l.head(t).Root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenCheckpoint([]byte(sign("registry.example.com/audit\n5\n"+root+"\nextension\n")), l.signer.VerifierKey()); err != nil {
		t.Errorf("an extension line is allowed: %v", err)
	}
	for name, c := range map[string]string{
		"empty":             "",
		"no signature":      good[:strings.Index(good, "\n\n")+2],
		"another size":      strings.Replace(good, "\n5\n", "\n6\n", 1),
		"another key":       string(foreign),
		"leading zero":      sign("registry.example.com/audit\n05\n" + root + "\n"),
		"negative size":     sign("registry.example.com/audit\n-5\n" + root + "\n"),
		"plus sign":         sign("registry.example.com/audit\n+5\n" + root + "\n"),
		"size of 64 bits":   sign("registry.example.com/audit\n9223372036854775807\n" + root + "\n"),
		"short root":        sign("registry.example.com/audit\n5\nAAAA\n"),
		"loose root":        sign("registry.example.com/audit\n5\n" + root[:42] + "B=" + "\n"),
		"two lines":         sign("registry.example.com/audit\n5\n"),
		"empty line":        sign("registry.example.com/audit\n5\n" + root + "\n\nx\n"),
		"another origin":    sign("other.example.com\n5\n" + root + "\n"),
		"too many bytes":    good + strings.Repeat("— x AAAAAAAA\n", 6000),
		"control character": strings.Replace(good, "registry", "regis\x00try", 1),
	} {
		_, err := audit.OpenCheckpoint([]byte(c), l.signer.VerifierKey())
		if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid || e.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := audit.OpenCheckpoint(l.signed, "not a key"); truename.AsError(err).Code != truename.CodeInvalidRequest {
		t.Errorf("a malformed key: %v", err)
	}
}

// privateKey gives a key in the library's text form, made apart from the package under test.
func privateKey(t *testing.T, name string) string {
	t.Helper()
	private := ed25519.NewKeyFromSeed(seed(name))
	vkey, err := note.NewEd25519VerifierKey(name, private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return "PRIVATE+KEY+" + vkey[:len(name)+9] + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, private.Seed()...))
}

func newCosigner(t *testing.T, name, key string) *audit.Cosigner {
	t.Helper()
	c, err := audit.NewCosigner(name, seed(key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCosignatureForm builds the message and the key id of C2SP tlog-cosignature by hand.
func TestCosignatureForm(t *testing.T) {
	l := newLog(t, 5)
	w := newCosigner(t, "witness.example.com/w1", "w1")
	line, err := w.Cosign(l.signed, time.Unix(1679315147, 0))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(line))
	sig, err := base64.StdEncoding.DecodeString(f[2])
	if err != nil || len(sig) != 4+8+64 || f[0] != "—" || f[1] != "witness.example.com/w1" {
		t.Fatalf("line %q: %v", line, err)
	}
	text, _, _ := strings.Cut(string(l.signed), "\n\n")
	message := "cosignature/v1\ntime 1679315147\n" + text + "\n"
	public := ed25519.NewKeyFromSeed(seed("w1")).Public().(ed25519.PublicKey)
	if !ed25519.Verify(public, []byte(message), sig[12:]) {
		t.Error("the signature is not over the message of the specification")
	}
	if got := fmt.Sprintf("%x", sig[4:12]); got != "00000000641850cb" {
		t.Errorf("time %s", got)
	}
	id := seed("witness.example.com/w1\n\x04" + string(public))[:4]
	if diff := cmp.Diff(id, sig[:4]); diff != "" {
		t.Errorf("key id: %s", diff)
	}
	vkey := fmt.Sprintf("witness.example.com/w1+%x+%s", id, base64.StdEncoding.EncodeToString(append([]byte{4}, public...)))
	if w.VerifierKey() != vkey {
		t.Errorf("verifier key %s, want %s", w.VerifierKey(), vkey)
	}
	parsed, err := audit.ParseWitness(vkey)
	if err != nil || parsed.VerifierKey() != vkey {
		t.Errorf("parsed %v, %v", parsed, err)
	}
}

func TestCosignatures(t *testing.T) {
	l := newLog(t, 5)
	a, b, c := newCosigner(t, "a.example", "a"), newCosigner(t, "b.example", "b"), newCosigner(t, "c.example", "c")
	twin := newCosigner(t, "twin.example", "a") // the key of a under another name
	cosign := func(checkpoint []byte, w *audit.Cosigner, at time.Time) []byte {
		t.Helper()
		line, err := w.Cosign(checkpoint, at)
		if err != nil {
			t.Fatal(err)
		}
		out, err := audit.AddCosignature(checkpoint, line, w.Witness)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	signed := cosign(l.signed, a, start)
	signed = cosign(signed, b, start)
	signed = cosign(signed, a, start.Add(time.Minute)) // again, later
	signed = cosign(signed, twin, start)
	if _, err := audit.OpenCheckpoint(signed, l.signer.VerifierKey()); err != nil {
		t.Fatalf("the log's own signature: %v", err)
	}
	if n := strings.Count(string(signed), "— "); n != 4 {
		t.Errorf("%d signatures, want 4", n)
	}
	all := []*audit.Witness{a.Witness, b.Witness, c.Witness, twin.Witness}
	got, err := audit.VerifyCosignatures(signed, all, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []audit.Cosignature{
		{Witness: "a.example", At: start.Add(time.Minute).Truncate(time.Second)},
		{Witness: "b.example", At: start.Truncate(time.Second)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := audit.VerifyCosignatures(signed, all, 3); truename.AsError(err).Code != audit.CodeAuditInvalid {
		t.Errorf("three witnesses, of which one is there twice and one not at all: %v", err)
	}
	for _, quorum := range []int{-1, 0, 5} {
		if _, err := audit.VerifyCosignatures(signed, all, quorum); truename.AsError(err).Code != truename.CodeInvalidRequest {
			t.Errorf("quorum %d: %v", quorum, err)
		}
	}
	// A co-signature holds for the text it was made for.
	other := newLog(t, 6)
	line := func(w *audit.Cosigner, checkpoint []byte) []byte {
		t.Helper()
		line, err := w.Cosign(checkpoint, start)
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	for name, bad := range map[string][]byte{
		"of another checkpoint": line(a, l.signed),
		"empty":                 nil,
		"not a line":            []byte("a.example x\n"),
		"by another witness":    line(b, other.signed),
		"two lines":             append(line(a, other.signed), line(b, other.signed)...),
	} {
		if _, err := audit.AddCosignature(other.signed, bad, a.Witness); truename.AsError(err).Code != audit.CodeAuditInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A forged line of one witness does not take away another's word.
	forged := strings.Replace(string(cosign(l.signed, b, start)), "\n\n", "\n\n"+string(line(a, other.signed)), 1)
	if got, err := audit.VerifyCosignatures([]byte(forged), all, 1); err != nil || len(got) != 1 || got[0].Witness != "b.example" {
		t.Errorf("with a forged line: %v, %v", got, err)
	}
}

func TestWitnessRefused(t *testing.T) {
	l := newSigner(t, "log.example")
	good := newCosigner(t, "w.example", "w").VerifierKey()
	for _, vkey := range []string{"", "w.example", l.VerifierKey(), good + "A", good[:len(good)-4], strings.Replace(good, "w.example", "v.example", 1), " " + good} {
		if _, err := audit.ParseWitness(vkey); truename.AsError(err).Code != truename.CodeInvalidRequest {
			t.Errorf("%q: %v", vkey, err)
		}
	}
	if _, err := audit.NewCosigner("w", []byte("short")); err == nil {
		t.Error("a short seed was accepted")
	}
}

func FuzzOpenCheckpoint(f *testing.F) {
	l := newLog(f, 5)
	w, err := audit.NewCosigner("w.example", seed("w"))
	if err != nil {
		f.Fatal(err)
	}
	line, err := w.Cosign(l.signed, start)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(l.signed, line)
	f.Fuzz(func(t *testing.T, checkpoint, line []byte) {
		if head, err := audit.OpenCheckpoint(checkpoint, l.signer.VerifierKey()); err == nil && head != l.head(t) {
			t.Errorf("accepted %+v, which was never signed", head)
		}
		out, err := audit.AddCosignature(checkpoint, line, w.Witness)
		if err != nil {
			return
		}
		if _, err := audit.VerifyCosignatures(out, []*audit.Witness{w.Witness}, 1); err != nil {
			t.Errorf("added, but does not verify: %v", err)
		}
	})
}
