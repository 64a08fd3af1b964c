package vault_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/vault"
)

// operator is one operator's keys on one master.
type operator struct {
	*vault.Vault
	uri  string
	ring []byte
}

func newOperator(t testing.TB, uri string) operator {
	t.Helper()
	ring, err := vault.NewRing(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Unlock(t.Context(), uri, ring)
	if err != nil {
		t.Fatal(err)
	}
	return operator{v, uri, ring}
}

// onFile makes an operator whose master key is in a file, and gives the file's path.
func onFile(t testing.TB) (operator, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.json")
	if err := vault.Create(path); err != nil {
		t.Fatal(err)
	}
	return newOperator(t, "file:"+path), path
}

func (o operator) subject(t testing.TB, id string) truename.Subject {
	t.Helper()
	key, err := o.NewKey(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return truename.Subject{ID: id, Key: key}
}

// wantCode checks that an error has a kind and a code, and that its sentences are there.
func wantCode(t testing.TB, err error, kind truename.Kind, code truename.Code) {
	t.Helper()
	var e *truename.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is not a *truename.Error; want %s", err, code)
	}
	if e.Kind != kind || e.Code != code || e.Detail == "" || e.Remedy == "" {
		t.Fatalf("error is %s/%s %q %q, want %s/%s", e.Kind, e.Code, e.Detail, e.Remedy, kind, code)
	}
}

func TestSealAndOpen(t *testing.T) {
	for name, o := range bothMasters(t) {
		t.Run(name, func(t *testing.T) {
			s := o.subject(t, "subject-1")
			for _, size := range []int{0, 1, 31, 1000, 300_000} {
				plain := make([]byte, size)
				rand.Read(plain)
				box, err := o.Seal(t.Context(), s, truename.EvidencePortrait, plain)
				if err != nil {
					t.Fatal(err)
				}
				if len(box) != size+29 {
					t.Errorf("a box of %d bytes for %d, documented are 29 more", len(box), size)
				}
				if size >= 31 && bytes.Contains(box, plain[:31]) {
					t.Error("the box holds plaintext")
				}
				got, err := o.Open(t.Context(), s, truename.EvidencePortrait, box)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, plain) {
					t.Errorf("%d bytes come back changed", size)
				}
				again, err := o.Seal(t.Context(), s, truename.EvidencePortrait, plain)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Equal(box, again) {
					t.Error("two boxes of the same bytes are equal")
				}
			}
		})
	}
}

func bothMasters(t *testing.T) map[string]operator {
	file, _ := onFile(t)
	return map[string]operator{"file": file, "transit": newOperator(t, newTransitServer(t).uri("30s"))}
}

func TestWrappedKeyOfAFileIs65Bytes(t *testing.T) {
	o, _ := onFile(t)
	if n := len(o.subject(t, "subject-1").Key); n != 65 {
		t.Errorf("%d bytes", n)
	}
}

func TestABoxOpensOnlyInItsPlace(t *testing.T) {
	for name, o := range bothMasters(t) {
		t.Run(name, func(t *testing.T) {
			a, b := o.subject(t, "subject-a"), o.subject(t, "subject-b")
			box, err := o.Seal(t.Context(), a, truename.EvidenceLive, []byte("face"))
			if err != nil {
				t.Fatal(err)
			}
			protected, err := o.Protect(t.Context(), a, "verification", "model", []float32{1, 2, 3})
			if err != nil {
				t.Fatal(err)
			}
			other, _ := onFile(t)
			for name, at := range map[string]struct {
				vault   operator
				subject truename.Subject
				kind    truename.EvidenceKind
			}{
				"another kind":                    {o, a, truename.EvidencePortrait},
				"another subject":                 {o, b, truename.EvidenceLive},
				"another subject with this key":   {o, truename.Subject{ID: b.ID, Key: a.Key}, truename.EvidenceLive},
				"this subject with another key":   {o, truename.Subject{ID: a.ID, Key: b.Key}, truename.EvidenceLive},
				"another operator":                {other, a, truename.EvidenceLive},
				"another operator's, same id":     {other, other.subject(t, a.ID), truename.EvidenceLive},
				"a key that is none":              {o, truename.Subject{ID: a.ID, Key: []byte("x")}, truename.EvidenceLive},
				"a key that is the box of a face": {o, truename.Subject{ID: a.ID, Key: box}, truename.EvidenceLive},
			} {
				t.Run(name, func(t *testing.T) {
					_, err := at.vault.Open(t.Context(), at.subject, at.kind, box)
					wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
					if at.subject.ID == a.ID && bytes.Equal(at.subject.Key, a.Key) && at.vault.Vault == o.Vault {
						return // only the kind differs, which templates do not have
					}
					_, err = at.vault.Compare(t.Context(), at.subject, "verification", protected, "model", []float32{1, 2, 3})
					wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
				})
			}
			_, err = o.Seal(t.Context(), a, "", nil)
			wantCode(t, err, truename.KindInvalid, truename.CodeInvalidRequest)
			_, err = o.Seal(t.Context(), truename.Subject{Key: a.Key}, truename.EvidenceLive, nil)
			wantCode(t, err, truename.KindInvalid, truename.CodeInvalidRequest)
			_, err = o.NewKey(t.Context(), "")
			wantCode(t, err, truename.KindInvalid, truename.CodeInvalidRequest)
		})
	}
}

func TestServiceSecrets(t *testing.T) {
	o, _ := onFile(t)
	box, err := o.SealService("webhook/1", []byte("whsec"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.OpenService("webhook/1", box)
	if err != nil || string(got) != "whsec" {
		t.Fatalf("%q, %v", got, err)
	}
	for _, name := range []string{"webhook/2", "webhook/", "webhook", ""} {
		_, err := o.OpenService(name, box)
		wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	}
	_, err = o.SealService("", nil)
	wantCode(t, err, truename.KindInvalid, truename.CodeInvalidRequest)
	other, _ := onFile(t)
	_, err = other.OpenService("webhook/1", box)
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
}

// Every bit of what is stored counts, and so does its length.
func TestAlteredBytesNeverOpen(t *testing.T) {
	for name, o := range bothMasters(t) {
		t.Run(name, func(t *testing.T) {
			s := o.subject(t, "subject-1")
			box, err := o.Seal(t.Context(), s, truename.EvidenceFields, []byte(`{"name":"x"}`))
			if err != nil {
				t.Fatal(err)
			}
			service, err := o.SealService("signing/1", []byte("key"))
			if err != nil {
				t.Fatal(err)
			}
			template := []float32{0.5, -0.25, 0.125, 1, 0.75}
			protected, err := o.Protect(t.Context(), s, "verification", "model", template)
			if err != nil {
				t.Fatal(err)
			}
			for name, stored := range map[string]struct {
				bytes []byte
				open  func(b []byte) error
			}{
				"box": {box, func(b []byte) error {
					_, err := o.Open(t.Context(), s, truename.EvidenceFields, b)
					return err
				}},
				"data key": {s.Key, func(b []byte) error {
					if len(b) == 0 {
						return nil // erased, see there
					}
					_, err := o.Open(t.Context(), truename.Subject{ID: s.ID, Key: b}, truename.EvidenceFields, box)
					return err
				}},
				"ring": {o.ring, func(b []byte) error {
					_, err := vault.Unlock(t.Context(), o.uri, b)
					return err
				}},
				"service box": {service, func(b []byte) error {
					_, err := o.OpenService("signing/1", b)
					return err
				}},
				"protected template": {protected, func(b []byte) error {
					_, err := o.Compare(t.Context(), s, "verification", b, "model", template)
					return err
				}},
			} {
				t.Run(name, func(t *testing.T) {
					if err := stored.open(stored.bytes); err != nil {
						t.Fatalf("unaltered: %v", err)
					}
					for i := range stored.bytes {
						for _, bit := range []byte{0x01, 0x80} {
							b := bytes.Clone(stored.bytes)
							b[i] ^= bit
							if err := stored.open(b); err == nil {
								t.Errorf("opens with byte %d altered", i)
							}
						}
						if i > 0 {
							wantCode(t, stored.open(stored.bytes[:i]), truename.KindUnavailable, truename.CodeVault)
						}
					}
					wantCode(t, stored.open(append(bytes.Clone(stored.bytes), 0)), truename.KindUnavailable, truename.CodeVault)
				})
			}
		})
	}
}

func TestAnErasedSubjectIsClosed(t *testing.T) {
	o, _ := onFile(t)
	s := o.subject(t, "subject-1")
	box, err := o.Seal(t.Context(), s, truename.EvidenceFields, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	protected, err := o.Protect(t.Context(), s, "verification", "model", []float32{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	for name, gone := range map[string]truename.Subject{
		"no key":              {ID: s.ID},
		"empty key":           {ID: s.ID, Key: []byte{}},
		"erased, key is left": {ID: s.ID, Key: s.Key, ErasedAt: &at},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			for name, call := range map[string]func() error{
				"Seal":    func() error { _, err := o.Seal(ctx, gone, truename.EvidenceFields, nil); return err },
				"Open":    func() error { _, err := o.Open(ctx, gone, truename.EvidenceFields, box); return err },
				"Rewrap":  func() error { _, err := o.Rewrap(ctx, gone); return err },
				"Protect": func() error { _, err := o.Protect(ctx, gone, "p", "m", []float32{1}); return err },
				"Compare": func() error {
					_, err := o.Compare(ctx, gone, "verification", protected, "model", []float32{1, 2})
					return err
				},
				"Unprotect": func() error { _, err := o.Unprotect(ctx, gone, "verification", "model", protected); return err },
			} {
				t.Run(name, func(t *testing.T) { wantCode(t, call(), truename.KindNotFound, truename.CodeErased) })
			}
		})
	}
	// A new key for the same subject does not bring anything back.
	again := o.subject(t, s.ID)
	_, err = o.Open(t.Context(), again, truename.EvidenceFields, box)
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	_, err = o.Unprotect(t.Context(), again, "verification", "model", protected)
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
}

func TestIndex(t *testing.T) {
	o, _ := onFile(t)
	other, _ := onFile(t)
	again, err := vault.Unlock(t.Context(), o.uri, o.ring)
	if err != nil {
		t.Fatal(err)
	}
	one := o.Index("msisdn", "8613800138000")
	if len(one) != 32 {
		t.Errorf("%d bytes", len(one))
	}
	if !cmp.Equal(one, again.Index("msisdn", "8613800138000")) {
		t.Error("another index after unlocking again")
	}
	seen := map[string]string{string(one): "the first"}
	for name, index := range map[string][]byte{
		"another value":    o.Index("msisdn", "8613800138001"),
		"another scope":    o.Index("iccid", "8613800138000"),
		"another operator": other.Index("msisdn", "8613800138000"),
		"a moved border":   o.Index("msisdn8", "613800138000"),
		"nothing":          o.Index("", ""),
	} {
		if was, ok := seen[string(index)]; ok {
			t.Errorf("%s has the index of %s", name, was)
		}
		seen[string(index)] = name
	}
}

func TestRotation(t *testing.T) {
	ctx := t.Context()
	o, path := onFile(t)
	s := o.subject(t, "subject-1")
	box, err := o.Seal(ctx, s, truename.EvidenceFields, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	index := o.Index("identity", "1")
	first, err := o.Master(ctx)
	if err != nil {
		t.Fatal(err)
	}
	opens := func(v *vault.Vault, s truename.Subject) error {
		_, err := v.Open(ctx, s, truename.EvidenceFields, box)
		return err
	}
	wrappedBy := func(key []byte) string {
		t.Helper()
		name, err := o.MasterOf(key)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}

	second, err := vault.RotateMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	// The running vault follows, and old keys still open.
	if now, err := o.Master(ctx); err != nil || now != second || first == second {
		t.Fatalf("master %s, %v; was %s, rotated to %s", now, err, first, second)
	}
	if got := wrappedBy(s.Key); got != first {
		t.Errorf("old key wrapped by %s, want %s", got, first)
	}
	if got := wrappedBy(o.subject(t, "subject-2").Key); got != second {
		t.Errorf("new key wrapped by %s, want %s", got, second)
	}
	if err := opens(o.Vault, s); err != nil {
		t.Errorf("old key after rotation: %v", err)
	}
	wantCode(t, vault.RetireMaster(path, second), truename.KindInvalid, truename.CodeInvalidRequest)
	wantCode(t, vault.RetireMaster(path, "12"), truename.KindInvalid, truename.CodeInvalidRequest)
	wantCode(t, vault.RetireMaster(path, "x"), truename.KindInvalid, truename.CodeInvalidRequest)

	// The job.
	moved := s
	if moved.Key, err = o.Rewrap(ctx, s); err != nil {
		t.Fatal(err)
	}
	if got := wrappedBy(moved.Key); got != second {
		t.Errorf("rewrapped key wrapped by %s, want %s", got, second)
	}
	ring, err := vault.RewrapRing(ctx, o.uri, o.uri, o.ring)
	if err != nil {
		t.Fatal(err)
	}
	for want, ring := range map[string][]byte{first: o.ring, second: ring} {
		if got, err := o.MasterOfRing(ring); err != nil || got != want {
			t.Errorf("ring wrapped by %s, %v; want %s", got, err, want)
		}
	}
	if err := vault.RetireMaster(path, first); err != nil {
		t.Fatal(err)
	}

	// What was rewrapped is all there is.
	_, err = vault.Unlock(ctx, o.uri, o.ring)
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	v, err := vault.Unlock(ctx, o.uri, ring)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, opens(v, s), truename.KindUnavailable, truename.CodeVault)
	if err := opens(v, moved); err != nil {
		t.Errorf("rewrapped key after retirement: %v", err)
	}
	if !cmp.Equal(index, v.Index("identity", "1")) {
		t.Error("rotation changed an index")
	}
}

// A process that has read the keyset before another one rotated opens what the new key has wrapped.
func TestRotationIsSeenByOtherProcesses(t *testing.T) {
	o, path := onFile(t)
	other, err := vault.Unlock(t.Context(), o.uri, o.ring)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.RotateMaster(path); err != nil {
		t.Fatal(err)
	}
	s := o.subject(t, "subject-1")
	box, err := o.Seal(t.Context(), s, truename.EvidenceFields, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(t.Context(), s, truename.EvidenceFields, box); err != nil {
		t.Error(err)
	}
}

// From the embedded default to a key service.
func TestMovingToAnotherMaster(t *testing.T) {
	ctx := t.Context()
	o, _ := onFile(t)
	s := o.subject(t, "subject-1")
	box, err := o.Seal(ctx, s, truename.EvidenceFields, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	to := newTransitServer(t).uri("30s")
	ring, err := vault.RewrapRing(ctx, o.uri, to, o.ring)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Unlock(ctx, to, ring)
	if err != nil {
		t.Fatal(err)
	}
	if s.Key, err = v.RewrapFrom(ctx, o.Vault, s); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Open(ctx, s, truename.EvidenceFields, box); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	if !cmp.Equal(o.Index("identity", "1"), v.Index("identity", "1")) {
		t.Error("moving changed an index")
	}
}

func TestUnlockNeedsTheRing(t *testing.T) {
	o, _ := onFile(t)
	other, _ := onFile(t)
	for name, ring := range map[string][]byte{"none": nil, "empty": {}, "of another version": {9, 1, 2}, "a version alone": {1},
		"of another operator": other.ring} {
		t.Run(name, func(t *testing.T) {
			_, err := vault.Unlock(t.Context(), o.uri, ring)
			wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
		})
	}
	// A data key is no ring.
	_, err := vault.Unlock(t.Context(), o.uri, append([]byte{1}, o.subject(t, "subject-1").Key...))
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
}

// Under the race detector: many users of one vault while the master rotates.
func TestConcurrency(t *testing.T) {
	o, path := onFile(t)
	projection, err := o.Projection("duplicates/1", "model", 64)
	if err != nil {
		t.Fatal(err)
	}
	template := make([]float32, 64)
	template[3] = 1
	work := func(ctx context.Context, i int) error {
		id := fmt.Sprintf("subject-%d", i)
		key, err := o.NewKey(ctx, id)
		if err != nil {
			return err
		}
		s := truename.Subject{ID: id, Key: key}
		box, err := o.Seal(ctx, s, truename.EvidenceFields, []byte(id))
		if err != nil {
			return err
		}
		if got, err := o.Open(ctx, s, truename.EvidenceFields, box); err != nil || string(got) != id {
			return fmt.Errorf("opened %q: %w", got, err)
		}
		if s.Key, err = o.Rewrap(ctx, s); err != nil {
			return err
		}
		p, err := o.Protect(ctx, s, "verification", "model", template)
		if err != nil {
			return err
		}
		if score, err := o.Compare(ctx, s, "verification", p, "model", template); err != nil || score < 0.999999 {
			return fmt.Errorf("score %g: %w", score, err)
		}
		if _, err := projection.Apply(template); err != nil {
			return err
		}
		secret, err := o.SealService(id, []byte(id))
		if err != nil {
			return err
		}
		_, err = o.OpenService(id, secret)
		return err
	}
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			for j := range 8 {
				if err := work(t.Context(), 100*i+j); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 4 {
		if _, err := vault.RotateMaster(path); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
}
