// Package postgres opens records on a PostgreSQL server, version 15 or newer, that any number of server processes share.
//
// Invariants: a write that has succeeded is on the server's disk (synchronous_commit=on); changes of one registration, one
// subject and of the end of the audit log wait for each other by row locks.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"truename"
	"truename/record"
)

//go:embed migrations/*.sql
var migrations embed.FS

// connections is how many connections one process opens at most.
const connections = 24

// migrationLock is the advisory lock that is held while the schema changes.
const migrationLock = 0x7472756e616d65

// Open opens the records in a database, given by its URL or key=value string.
func Open(ctx context.Context, url string) (*record.Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: "The address of the PostgreSQL database cannot be read.", Remedy: "Use postgres://user@host:5432/database."} // the cause may show a password
	}
	for name, value := range map[string]string{
		"application_name": "truename", "synchronous_commit": "on", "lock_timeout": "30s", "idle_in_transaction_session_timeout": "60s", "timezone": "UTC",
	} {
		config.RuntimeParams[name] = value
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	store, err := open(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return store, nil
}

func open(ctx context.Context, db *sql.DB) (*record.Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	var version int
	if err := db.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return nil, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords, Detail: "The PostgreSQL server cannot be reached.",
			Remedy: "Check that it runs and that this user may connect.", Cause: errors.New(fault(err).What)}
	}
	if version < 150000 {
		return nil, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords,
			Detail: fmt.Sprintf("The PostgreSQL server is too old: %d.", version/10000), Remedy: "Use PostgreSQL 15 or newer."}
	}
	return record.New(ctx, record.Engine{
		Write: db, Read: db, Lock: " FOR UPDATE", Snapshot: sql.LevelRepeatableRead, Migrations: files, Dialect: goose.DialectPostgres,
		Exclusive: exclusive(db), Jobs: riverdatabasesql.New(db), Fault: fault,
	})
}

// exclusive runs work while it holds the advisory lock, so that processes that start together migrate one by one.
func exclusive(db *sql.DB) func(context.Context, func() error) error {
	return func(ctx context.Context, work func() error) error {
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
			return err
		}
		defer conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
		return work()
	}
}

// fault says what an error of PostgreSQL means. What it names never has a value in it.
func fault(err error) record.Fault {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var connect *pgconn.ConnectError
		if errors.As(err, &connect) {
			return record.Fault{What: "no connection to the PostgreSQL server"}
		}
		return record.Fault{What: err.Error()}
	}
	f := record.Fault{What: "SQLSTATE " + e.Code}
	switch e.Code {
	case "23505":
		f.Kind = record.FaultUnique
	case "23503":
		f.Kind = record.FaultReference
	case "40001", "40P01", "55P03":
		f.Kind = record.FaultAgain
	case "22021", "22P05":
		f.Kind = record.FaultValue
	}
	return f
}
