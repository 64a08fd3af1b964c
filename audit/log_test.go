package audit_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"truename/audit"
)

// memoryLog is a log in memory, grown through the package as a database would.
type memoryLog struct {
	leaves [][]byte
	hashes []tlog.Hash
	signer *audit.Signer
	signed []byte // the newest checkpoint
}

var start = time.Date(2026, 11, 24, 9, 0, 0, 123456789, time.UTC)

// seed gives 32 bytes that follow from a name.
func seed(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

func newSigner(t testing.TB, origin string) *audit.Signer {
	t.Helper()
	s, err := audit.NewSigner(origin, seed(origin))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newLog makes a log of size leaves with a checkpoint.
func newLog(t testing.TB, size int) *memoryLog {
	t.Helper()
	l := &memoryLog{signer: newSigner(t, "registry.example.com/audit")}
	l.grow(t, size)
	return l
}

// grow appends leaves and signs.
func (l *memoryLog) grow(t testing.TB, leaves int) {
	t.Helper()
	for range leaves {
		n := len(l.leaves)
		l.append(t, audit.Commit("finding", fmt.Appendf(nil, "payload %d", n), seed(fmt.Sprint("salt ", n)), start).Data)
	}
	l.sign(t)
}

func (l *memoryLog) append(t testing.TB, leaf []byte) {
	t.Helper()
	hashes, err := audit.Append(int64(len(l.leaves)), leaf, l)
	if err != nil {
		t.Fatal(err)
	}
	l.leaves, l.hashes = append(l.leaves, leaf), append(l.hashes, hashes...)
}

func (l *memoryLog) sign(t testing.TB) {
	t.Helper()
	root, err := audit.Root(int64(len(l.leaves)), l)
	if err != nil {
		t.Fatal(err)
	}
	if l.signed, err = l.signer.Checkpoint(int64(len(l.leaves)), root); err != nil {
		t.Fatal(err)
	}
}

func (l *memoryLog) Size(context.Context) (int64, error) { return int64(len(l.leaves)), nil }

func (l *memoryLog) Leaves(_ context.Context, from, to int64) ([][]byte, error) {
	return l.leaves[from:to], nil
}

func (l *memoryLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(l.hashes)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		out[i] = l.hashes[index]
	}
	return out, nil
}

func (l *memoryLog) Checkpoint(context.Context) ([]byte, error) { return l.signed, nil }

// head opens the log's newest checkpoint.
func (l *memoryLog) head(t testing.TB) audit.Checkpoint {
	t.Helper()
	c, err := audit.OpenCheckpoint(l.signed, l.signer.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	return c
}
