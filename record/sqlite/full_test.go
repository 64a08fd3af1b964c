package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"truename"
	"truename/record"
	"truename/record/recordtest"
)

// TestFull: when the disk is full, commits fail as a whole, what was there stays, and with space again work goes on.
func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	first, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	recordtest.Fill(t, first)
	var pages int
	db, err := sql.Open("sqlite", address(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.QueryRow("PRAGMA page_count").Scan(&pages), db.Close(), first.Close()); err != nil {
		t.Fatal(err)
	}

	full := openWith(t, path, fmt.Sprintf("_pragma=max_page_count(%d)", pages+20))
	recordtest.Full(t, full, func() *record.Store {
		if err := full.Close(); err != nil {
			t.Fatal(err)
		}
		return openWith(t, path, "")
	})
}

func openWith(t *testing.T, path, setting string) *record.Store {
	t.Helper()
	write, err := sql.Open("sqlite", address(path, "_txlock=immediate&"+setting))
	if err != nil {
		t.Fatal(err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", address(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(context.WithoutCancel(t.Context()), write, read)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestNewerSchema: a database that a newer program has written is left alone.
func TestNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	db, err := sql.Open("sqlite", address(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("INSERT INTO schema_version (version_id, is_applied) VALUES (999, 1)"); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), path)
	var e *truename.Error
	if !errors.As(err, &e) || e.Kind != truename.KindUnavailable || e.Code != truename.CodeRecords {
		t.Errorf("error is %v, want unavailable records", err)
	}
}
