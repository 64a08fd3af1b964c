package audit_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/audit"
)

// exported writes a log and reads the directory back into memory.
func exported(t testing.TB, l *memoryLog) fstest.MapFS {
	t.Helper()
	dir := t.TempDir()
	if _, err := audit.Export(context.Background(), dir, l); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = &fstest.MapFile{Data: data, Mode: 0o644}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestExport(t *testing.T) {
	for _, size := range []int{0, 1, 2, 255, 256, 257, 511, 512, 700, 65536, 65793} {
		if testing.Short() && size > 700 {
			continue
		}
		l := newLog(t, size)
		r, err := audit.VerifyExport(exported(t, l), l.signer.VerifierKey(), l.signed)
		if err != nil {
			t.Fatalf("%d leaves: %v", size, err)
		}
		// The checkpoint counts as the newest, as part of the history, and as the trusted one.
		want := audit.Report{Origin: "registry.example.com/audit", Size: int64(size), Root: l.head(t).Root, Leaves: int64(size), Checkpoints: 3}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("%d leaves: %s", size, diff)
		}
	}
}

func TestExportLayout(t *testing.T) {
	var names []string
	for name := range exported(t, newLog(t, 600)) {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{"checkpoint", "checkpoints/600", "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2",
		"tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// TestExportGrows: one directory takes the log again and again, and holds the earlier checkpoints against it.
func TestExportGrows(t *testing.T) {
	dir := t.TempDir()
	l := newLog(t, 0)
	for i, more := range []int{0, 3, 250, 3, 1, 300} {
		l.grow(t, more)
		if _, err := audit.Export(context.Background(), dir, l); err != nil {
			t.Fatal(err)
		}
		r, err := audit.VerifyExport(os.DirFS(dir), l.signer.VerifierKey())
		if err != nil {
			t.Fatal(err)
		}
		if want := i + 2; r.Checkpoints != want {
			t.Errorf("round %d: %d checkpoints compared, want %d", i, r.Checkpoints, want)
		}
	}
	// A log that is shorter by now does not overwrite the longer one.
	_, err := audit.Export(context.Background(), dir, newLog(t, 300))
	if e := truename.AsError(err); err == nil || e.Kind != truename.KindConflict {
		t.Errorf("a shorter log: %v", err)
	}
	if _, err := audit.VerifyExport(os.DirFS(dir), l.signer.VerifierKey()); err != nil {
		t.Errorf("after the refusal: %v", err)
	}
	// Nor does one of that length whose history is another: the checkpoints that prove it stay.
	same := newLog(t, 0)
	same.append(t, audit.Commit("other", nil, seed("other"), start).Data)
	same.grow(t, 556)
	_, err = audit.Export(context.Background(), dir, same)
	if e := truename.AsError(err); err == nil || e.Kind != truename.KindConflict {
		t.Errorf("a rewritten log: %v", err)
	}
	// Another history that is longer is written, and found out.
	other := newLog(t, 0)
	other.append(t, audit.Commit("other", nil, seed("other"), start).Data)
	other.grow(t, 600)
	if _, err := audit.Export(context.Background(), dir, other); err != nil {
		t.Fatal(err)
	}
	if r, err := audit.VerifyExport(os.DirFS(dir), l.signer.VerifierKey()); err == nil {
		t.Errorf("another history: %+v", r)
	}
}

// TestExportHistory: stored checkpoints go with the export, and narrow down where a log was rewritten.
func TestExportHistory(t *testing.T) {
	honest := newLog(t, 0)
	var earlier [][]byte
	for range 10 {
		honest.grow(t, 50)
		earlier = append(earlier, honest.signed)
	}
	dir := t.TempDir()
	if _, err := audit.Export(t.Context(), dir, honest, earlier...); err != nil {
		t.Fatal(err)
	}
	if r, err := audit.VerifyExport(os.DirFS(dir), honest.signer.VerifierKey()); err != nil || r.Checkpoints != 11 {
		t.Errorf("%+v, %v", r, err)
	}
	// Leaf 230 and all hashes over it are rewritten; the signatures cannot be.
	forged := newLog(t, 230)
	forged.append(t, audit.Commit("other", nil, seed("other"), start).Data)
	forged.grow(t, 269)
	forged.signed = honest.signed
	dir = t.TempDir()
	if _, err := audit.Export(t.Context(), dir, forged, earlier...); err != nil {
		t.Fatal(err)
	}
	r, err := audit.VerifyExport(os.DirFS(dir), honest.signer.VerifierKey())
	if first, ok := r.FirstBad(); err == nil || !ok || first.From != 200 || first.To != 250 {
		t.Errorf("%+v, %v", r, err)
	}
	// A checkpoint of more leaves than the newest: something is lost.
	_, err = audit.Export(t.Context(), t.TempDir(), newLog(t, 100), earlier...)
	if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid {
		t.Errorf("a longer one: %v", err)
	}
}

// brokenLog is a log whose database has lost something.
type brokenLog struct {
	*memoryLog
	size int64
	lost int // leaves
	err  error
}

func (b brokenLog) Size(context.Context) (int64, error) { return b.size, b.err }

func (b brokenLog) Leaves(ctx context.Context, from, to int64) ([][]byte, error) {
	return b.memoryLog.Leaves(ctx, from, to-int64(b.lost))
}

func TestExportOfABrokenLog(t *testing.T) {
	l := newLog(t, 20)
	for name, b := range map[string]brokenLog{
		"leaves lost":   {l, 20, 1, nil},
		"size below":    {l, 19, 0, nil},
		"database away": {l, 20, 0, errors.New("away")},
	} {
		dir := t.TempDir()
		if _, err := audit.Export(context.Background(), dir, b); err == nil {
			t.Errorf("%s: exported", name)
		}
		if _, err := os.Stat(filepath.Join(dir, "checkpoint")); err == nil {
			t.Errorf("%s: a checkpoint was written", name)
		}
	}
	if _, err := audit.Export(context.Background(), filepath.Join(t.TempDir(), "a", "b"), l); err != nil {
		t.Errorf("a directory that is not there yet: %v", err)
	}
}
