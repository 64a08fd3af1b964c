package audit_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"truename/audit"
)

// TestTreeAgainstOracle compares roots and every proof of every size with another implementation of RFC 6962.
func TestTreeAgainstOracle(t *testing.T) {
	const sizes = 300
	l := newLog(t, sizes)
	roots := oracleRoots(t, l.leaves)
	for size := range int64(sizes + 1) {
		root, err := audit.Root(size, l)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(root[:], roots[size]) {
			t.Fatalf("root of %d leaves: %x, the oracle says %x", size, root, roots[size])
		}
	}
	for size := int64(1); size <= sizes; size++ {
		for index := range size {
			p, err := audit.Inclusion(size, index, l)
			if err != nil {
				t.Fatal(err)
			}
			leaf := rfc6962.DefaultHasher.HashLeaf(l.leaves[index])
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(size), leaf, plain(p), roots[size]); err != nil {
				t.Fatalf("inclusion of %d in %d: %v", index, size, err)
			}
		}
		for older := range size + 1 {
			p, err := audit.Consistency(older, size, l)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(older), uint64(size), plain(p), roots[older], roots[size]); err != nil {
				t.Fatalf("consistency of %d with %d: %v", older, size, err)
			}
		}
	}
}

func oracleRoots(t *testing.T, leaves [][]byte) [][]byte {
	t.Helper()
	r := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	roots := [][]byte{rfc6962.DefaultHasher.EmptyRoot()}
	for _, leaf := range leaves {
		if err := r.Append(rfc6962.DefaultHasher.HashLeaf(leaf), nil); err != nil {
			t.Fatal(err)
		}
		root, err := r.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, root)
	}
	return roots
}

func plain(hashes []tlog.Hash) [][]byte {
	out := make([][]byte, len(hashes))
	for i := range hashes {
		out[i] = hashes[i][:]
	}
	return out
}

// TestConsistencyHolds: a proof between two sizes of one log is accepted, and no other proof, size or root is.
func TestConsistencyHolds(t *testing.T) {
	l := newLog(t, 600)
	rapid.Check(t, func(t *rapid.T) {
		older := rapid.Int64Range(0, 600).Draw(t, "older")
		newer := rapid.Int64Range(older, 600).Draw(t, "newer")
		at := func(size int64) audit.Checkpoint {
			root, err := audit.Root(size, l)
			if err != nil {
				t.Fatal(err)
			}
			return audit.Checkpoint{Origin: "a", Size: size, Root: root}
		}
		a, b := at(older), at(newer)
		p, err := audit.Consistency(older, newer, l)
		if err != nil {
			t.Fatal(err)
		}
		if err := audit.CheckConsistency(a, b, p); err != nil {
			t.Fatalf("%d to %d: %v", older, newer, err)
		}
		wrong := a
		wrong.Root[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if audit.CheckConsistency(wrong, b, p) == nil {
			t.Fatal("accepted another older root")
		}
		if audit.CheckConsistency(a, audit.Checkpoint{Origin: "b", Size: b.Size, Root: b.Root}, p) == nil {
			t.Fatal("accepted another log")
		}
		if audit.CheckConsistency(a, b, append(p, tlog.Hash{})) == nil {
			t.Fatal("accepted a longer proof")
		}
		if older < newer && audit.CheckConsistency(b, a, p) == nil {
			t.Fatal("accepted a shorter log as newer")
		}
	})
}

func TestTreeRefusesWhatCannotBe(t *testing.T) {
	l := newLog(t, 3)
	for name, err := range map[string]error{
		"append to a negative size": errOf(audit.Append(-1, []byte("x"), l)),
		"append without hashes":     errOf(audit.Append(7, []byte("x"), l)),
		"append too long a leaf":    errOf(audit.Append(3, make([]byte, audit.MaxLeaf+1), l)),
		"root of a negative size":   errOf(audit.Root(-1, l)),
		"root beyond the log":       errOf(audit.Root(4, l)),
		"root beyond all bounds":    errOf(audit.Root(1<<62, l)),
		"inclusion beyond the size": errOf(audit.Inclusion(3, 3, l)),
		"inclusion of -1":           errOf(audit.Inclusion(3, -1, l)),
		"consistency backwards":     errOf(audit.Consistency(3, 2, l)),
		"consistency from -1":       errOf(audit.Consistency(-1, 2, l)),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestAppendTakesTheLongestLeaf(t *testing.T) {
	l := newLog(t, 0)
	l.append(t, bytes.Repeat([]byte("x"), audit.MaxLeaf))
	l.sign(t)
	leaves, err := audit.ParseEntries(audit.EntriesTile(l.leaves))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(l.leaves, leaves); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkAppend(b *testing.B) {
	l := newLog(b, 0)
	leaf := audit.Commit("decision", []byte("payload"), seed("salt"), start).Data
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		l.append(b, leaf)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
}
