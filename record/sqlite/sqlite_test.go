package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"truename"
	"truename/access"
	"truename/record"
	"truename/record/recordtest"
	"truename/record/sqlite"
)

// TestMain is also the process that is killed in the middle of its work.
func TestMain(m *testing.M) {
	if path := os.Getenv("TRUENAME_TEST_HANG"); path != "" {
		s, err := sqlite.Open(context.Background(), path)
		if err != nil {
			panic(err)
		}
		recordtest.Hang(s)
	}
	os.Exit(m.Run())
}

func fresh(t testing.TB) func() *record.Store {
	path := filepath.Join(t.TempDir(), "odd name %41?#.db")
	return func() *record.Store { return open(t, path) }
}

func open(t testing.TB, path string) *record.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSuite(t *testing.T) { recordtest.Run(t, fresh) }

func TestCrashed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	recordtest.Crashed(t, open(t, path), "TRUENAME_TEST_HANG="+path)
}

// A process that has died in the lead of the jobs is not waited for, however long its lease was.
func TestDeadLeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	s := open(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('dead', datetime('now', 'subsec'), datetime('now', 'subsec', '+1 day'))")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	recordtest.Due(t, s)
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "records.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	recordtest.Fill(t, open(t, path))
	files, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 3 {
		t.Errorf("%d files, want the database and those of its log", len(files))
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", f.Name(), info.Mode().Perm())
		}
	}
}

// TestNothingInClear looks for what only its owner knows in every file of the records.
func TestNothingInClear(t *testing.T) {
	directory := t.TempDir()
	s := open(t, filepath.Join(directory, "records.db"))
	recordtest.Fill(t, s)
	recordtest.Secretive(t, s, func(what []byte) bool { return inFiles(t, directory, what) })
}

// TestErasedIsGone looks for what was erased in every file of the records.
func TestErasedIsGone(t *testing.T) {
	directory := t.TempDir()
	s := open(t, filepath.Join(directory, "records.db"))
	recordtest.Fill(t, s)
	box, key := recordtest.Erased(t, s, func(box, key []byte) {
		if !inFiles(t, directory, box) || !inFiles(t, directory, key) {
			t.Error("what was written is not found: this test would find nothing")
		}
	})
	if inFiles(t, directory, box) {
		t.Error("erased evidence is still in a file")
	}
	if inFiles(t, directory, key) {
		t.Error("a destroyed key is still in a file")
	}
}

func inFiles(t *testing.T, directory string, what []byte) bool {
	t.Helper()
	found := false
	files, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(directory, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(content, what)
	}
	return found
}

// TestTwoProcesses: the command line writes while the server does.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	stores := []*record.Store{open(t, path), open(t, path)}
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			if err := stores[i%2].SaveOutlet(t.Context(), access.Outlet{ID: fmt.Sprint(i)}, truename.Leaf{Data: fmt.Append(nil, i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	size, err := stores[0].LogSize(t.Context())
	if err != nil || size != 60 {
		t.Errorf("the log has %d leaves, error %v; want 60", size, err)
	}
}

func TestCannotOpen(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "no", "such", "directory.db"), garbage, t.TempDir()} {
		_, err := sqlite.Open(t.Context(), path)
		var e *truename.Error
		if !errors.As(err, &e) || e.Kind != truename.KindUnavailable || e.Code != truename.CodeRecords {
			t.Errorf("error is %v, want unavailable records", err)
		}
	}
}

func BenchmarkStore(b *testing.B) {
	recordtest.Benchmark(b, func(b *testing.B) *record.Store { return open(b, filepath.Join(b.TempDir(), "records.db")) })
}
