// Package sqlite opens the embedded records: one SQLite file that belongs to one server process. The command line may
// use it beside the server.
//
// Invariants: a write that has succeeded is on the disk (WAL, synchronous=FULL); there is one writer at a time, and
// readers do not wait for it; the file can be read by its owner only; deleted content is overwritten with zeros.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"strconv"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"truename"
	"truename/record"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the records in a file, which is made when it is not there.
func Open(ctx context.Context, path string) (*record.Store, error) {
	if err := private(path); err != nil {
		return nil, unavailable(err)
	}
	write := openDB(address(path, "_txlock=immediate"))
	write.SetMaxOpenConns(1)
	read := openDB(address(path, "_pragma=query_only(1)"))
	read.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	read.SetMaxIdleConns(max(4, 2*runtime.NumCPU()))
	store, err := open(ctx, write, read)
	if err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	return store, nil
}

func open(ctx context.Context, write, read *sql.DB) (*record.Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return record.New(ctx, record.Engine{
		Write: write, Read: read, Migrations: files, Dialect: goose.DialectSQLite3,
		Exclusive: func(ctx context.Context, work func() error) error { return work() },
		Jobs:      riversqlite.New(write), Group: true, Alone: true, Fault: fault,
		Scrub: func(ctx context.Context) (bool, error) { return scrub(ctx, write) },
	})
}

// scrub writes the log into the database and cuts it to nothing. Readers, such as a backup, are not waited for long.
func scrub(ctx context.Context, write *sql.DB) (done bool, err error) {
	conn, err := write.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout = 100"); err != nil {
		return false, err
	}
	defer conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", busyTimeout))
	var busy, pages, moved int
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	return busy == 0, err
}

// busyTimeout is how long a writer waits for another process, in milliseconds.
const busyTimeout = 10_000

// address is the file with the settings of every connection.
func address(path, more string) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String() +
		fmt.Sprintf("?_pragma=busy_timeout(%d)", busyTimeout) +
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_pragma=temp_store(MEMORY)&" + more
}

// private makes the file, if need be, and keeps others from reading it. SQLite gives its other files the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

func unavailable(err error) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords, Detail: "The file of the records cannot be opened.",
		Remedy: "Check that the directory is there and that the server may write in it.", Cause: err}
}

// fault says what an error of SQLite means.
func fault(err error) record.Fault {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return record.Fault{What: err.Error()}
	}
	f := record.Fault{What: "SQLite code " + strconv.Itoa(e.Code())}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		f.Kind = record.FaultUnique
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		f.Kind = record.FaultReference
	}
	if e.Code()&0xff == sqlite3.SQLITE_BUSY {
		f.Kind = record.FaultAgain
	}
	return f
}
