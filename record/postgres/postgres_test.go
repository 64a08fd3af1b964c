package postgres_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"truename"
	"truename/record"
	"truename/record/postgres"
	"truename/record/postgres/pgtest"
	"truename/record/recordtest"
	"truename/record/sqlite"
)

// TestMain is also the process that is killed in the middle of its work.
func TestMain(m *testing.M) {
	if url := os.Getenv("TRUENAME_TEST_HANG"); url != "" {
		s, err := postgres.Open(context.Background(), url)
		if err != nil {
			panic(err)
		}
		recordtest.Hang(s)
	}
	os.Exit(m.Run())
}

func open(t testing.TB, url string) *record.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSuite(t *testing.T) {
	server := pgtest.StartServer(t)
	recordtest.Run(t, func(t testing.TB) func() *record.Store {
		url := server.Database(t)
		return func() *record.Store { return open(t, url) }
	})
	t.Run("Crashed", func(t *testing.T) {
		url := server.Database(t)
		recordtest.Crashed(t, open(t, url), "TRUENAME_TEST_HANG="+url)
	})
	t.Run("MoveFromSQLite", func(t *testing.T) { recordtest.Moved(t, embedded(t), open(t, server.Database(t))) })
	t.Run("MoveToSQLite", func(t *testing.T) { recordtest.Moved(t, open(t, server.Database(t)), embedded(t)) })
	t.Run("OpenedByMany", func(t *testing.T) { testOpenedByMany(t, server.Database(t)) })
	t.Run("ConnectionsLost", func(t *testing.T) { testConnectionsLost(t, server.Database(t)) })
}

func embedded(t *testing.T) *record.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// testOpenedByMany: processes that start together migrate one after the other.
func testOpenedByMany(t *testing.T, url string) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	wg.Wait()
}

// testConnectionsLost: the server ends all connections in the middle of a change.
func testConnectionsLost(t *testing.T, url string) {
	s := open(t, url)
	id := recordtest.Fill(t, s)[0]
	admin, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	err = s.Transact(t.Context(), id, func(snap truename.Snapshot) (truename.Commit, error) {
		if _, err := admin.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"); err != nil {
			t.Error(err)
		}
		r := snap.Registration
		r.Version++
		return truename.Commit{Registration: &r}, nil
	})
	var e *truename.Error
	if !errors.As(err, &e) || e.Kind != truename.KindUnavailable || e.Code != truename.CodeRecords {
		t.Errorf("error is %v, want unavailable records", err)
	}
	// Each of the lost connections may say so once, then there are new ones.
	var snap truename.Snapshot
	for range 30 {
		if snap, err = s.Snapshot(t.Context(), id); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatalf("after connections were lost: %v", err)
	}
	if snap.Registration.Version != 2 {
		t.Errorf("the registration is at version %d, want 2", snap.Registration.Version)
	}
}

// TestNothingInClear looks for what only its owner knows in every file of the server.
func TestNothingInClear(t *testing.T) {
	server := pgtest.StartServer(t)
	url := server.Database(t)
	s := open(t, url)
	recordtest.Fill(t, s)
	recordtest.Secretive(t, s, func(what []byte) bool {
		found := false
		err := fs.WalkDir(os.DirFS(server.Directory()), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(filepath.Join(server.Directory(), path))
			found = found || bytes.Contains(content, what)
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return found
	})
}

func TestCannotOpen(t *testing.T) {
	for url, kind := range map[string]truename.Kind{
		"postgres://user:secret@/x?host=/no/such/directory": truename.KindUnavailable,
		"postgres://user:secret@host:port/x":                truename.KindInvalid,
	} {
		_, err := postgres.Open(t.Context(), url)
		var e *truename.Error
		if !errors.As(err, &e) || e.Kind != kind {
			t.Errorf("error is %v, want kind %s", err, kind)
		}
		if err != nil && bytes.Contains([]byte(err.Error()), []byte("secret")) {
			t.Error("the error repeats the password")
		}
	}
}

func BenchmarkStore(b *testing.B) {
	server := pgtest.StartServer(b, "fsync=on", "full_page_writes=on")
	recordtest.Benchmark(b, func(b *testing.B) *record.Store { return open(b, server.Database(b)) })
}
