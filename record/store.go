package record

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"truename"
)

// Engine is a database that is open, with the few things in which databases differ.
type Engine struct {
	// Write is for transactions that change something, Read for the others; they may be the same.
	Write, Read *sql.DB
	// Lock is what a SELECT ends with whose rows are to be locked; empty where the whole database is.
	Lock string
	// Snapshot is the isolation level under which a reading transaction sees one state of the database.
	Snapshot sql.IsolationLevel
	// Migrations are the files of the schema, Dialect the one they are written in.
	Migrations fs.FS
	Dialect    goose.Dialect
	// Exclusive runs work while no other process migrates the same database.
	Exclusive func(ctx context.Context, work func() error) error
	// Jobs inserts and works jobs in the same database.
	Jobs riverdriver.Driver[*sql.Tx]
	// Group: the database takes one writer at a time, so those who wait for it share a transaction.
	Group bool
	// Alone: one process at a time answers requests and works jobs with this database.
	Alone bool
	// Fault says what an error of the driver means.
	Fault func(error) Fault
	// Scrub removes what was deleted from files where copies linger, if no reader is in the way; nil: there is no way.
	Scrub func(ctx context.Context) (done bool, err error)
}

// Fault is what an error of a driver means.
type Fault struct {
	Kind FaultKind
	// What names the error without repeating a value: "SQLSTATE 53100", "SQLITE_FULL".
	What string
}

// FaultKind is a kind of [Fault].
type FaultKind int

// Kinds of fault.
const (
	FaultOther     FaultKind = iota // the database could not do its work
	FaultUnique                     // the value is there already
	FaultReference                  // something refers to the row, or the row refers to nothing
	FaultAgain                      // another transaction was in the way; the same one may succeed now
	FaultValue                      // the database cannot hold or compare with this value, for instance text with a NUL
)

// Store is the records. It is safe for concurrent use.
type Store struct {
	engine Engine
	jobs   *river.Client[*sql.Tx] // inserts only
	group  *group                 // nil: each writer has its own transaction
	// scrubber removes what was deleted.
	scrubber scrubber
}

// New migrates an engine's database and makes a store of it. It is called by the packages of the engines.
func New(ctx context.Context, e Engine) (*Store, error) {
	s := &Store{engine: e, scrubber: scrubber{scrub: e.Scrub}}
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	var err error
	if s.jobs, err = river.NewClient(e.Jobs, &river.Config{Logger: silent, MaxAttempts: maxAttempts}); err != nil {
		return nil, s.fail(err)
	}
	if e.Group {
		s.group = newGroup(s)
	}
	return s, nil
}

// Close ends all connections. Jobs must have been stopped before.
func (s *Store) Close() error {
	s.scrubber.end()
	if s.group != nil {
		s.group.close()
	}
	err := s.engine.Write.Close()
	if s.engine.Read != s.engine.Write {
		err = errors.Join(s.engine.Read.Close(), err)
	}
	return err
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.fail(s.engine.Read.QueryRowContext(ctx, "SELECT 1").Scan(&one))
}

// Vacuum gives free space back and overwrites what was deleted, as far as the database can.
func (s *Store) Vacuum(ctx context.Context) error {
	if _, err := s.engine.Write.ExecContext(ctx, "VACUUM"); err != nil {
		return s.fail(err)
	}
	s.scrubber.now(ctx)
	return nil
}

// querier is a transaction or a database.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// work is what a transaction does. It ends at the first error of the database.
type work = func(ctx context.Context, tx *sql.Tx) error

// write runs work in one transaction, again when another one was in the way. Work may so run several times.
func (s *Store) write(ctx context.Context, w work) error {
	if s.group != nil {
		return s.fail(s.group.join(ctx, w))
	}
	return s.fail(s.alone(ctx, w))
}

// alone runs work in a transaction of its own.
func (s *Store) alone(ctx context.Context, w work) error {
	for try := 0; ; try++ {
		err := once(ctx, s.engine.Write, nil, func(tx *sql.Tx) error { return w(ctx, tx) })
		if err == nil || ctx.Err() != nil || try == 7 || !s.again(err) {
			return err
		}
		time.Sleep(rand.N(time.Millisecond << min(try, 5)))
	}
}

// read runs work on one state of the database.
func (s *Store) read(ctx context.Context, work func(tx *sql.Tx) error) error {
	return s.fail(once(ctx, s.engine.Read, &sql.TxOptions{ReadOnly: true, Isolation: s.engine.Snapshot}, work))
}

func once(ctx context.Context, db *sql.DB, o *sql.TxOptions, work func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := work(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// errAgain makes [Store.write] start again: what was read before the locks is no longer so.
var errAgain = errors.New("changed meanwhile")

func (s *Store) again(err error) bool {
	var own *refusal
	return !errors.As(err, &own) && (errors.Is(err, errAgain) || s.engine.Fault(err).Kind == FaultAgain)
}

// refusal carries an error of the caller's own function through a transaction, unchanged.
type refusal struct{ err error }

func (r *refusal) Error() string { return r.err.Error() }

// fail turns a driver's error into one that may cross the package's border.
func (s *Store) fail(err error) error {
	var own *refusal
	var known *truename.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own.err
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &truename.Error{Kind: truename.KindTimeout, Code: truename.CodeTimeout,
			Detail: "The time for this request is over, or the caller has gone.", Remedy: "Send it again.", Cause: err}
	case errors.Is(err, sql.ErrNoRows):
		return notFound()
	}
	fault := s.engine.Fault(err)
	switch fault.Kind {
	case FaultUnique:
		return staleConflict()
	case FaultReference:
		return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState,
			Detail: "Something else still refers to this, or what it refers to is gone.", Remedy: "Read it again."}
	case FaultValue:
		return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: "A value contains characters that cannot be stored.", Remedy: "Leave out control characters."}
	}
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords, Detail: "The records could not be read or written.",
		Remedy: "Try again; if it persists, see the server's log.", Cause: errors.New(fault.What)}
}

func notFound() error {
	return &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound,
		Detail: "There is no such record.", Remedy: "Check the identifier."}
}

// stale: the version to be replaced is not the stored one.
func stale() error {
	return &truename.Error{Kind: truename.KindPrecondition, Code: truename.CodeStale,
		Detail: "It has been changed by somebody else.", Remedy: "Read it again and decide anew what to do."}
}

// staleConflict: somebody else has just recorded the same identity or id.
func staleConflict() error {
	return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeStale,
		Detail: "Somebody else has just recorded this.", Remedy: "Read it again and decide anew what to do."}
}

func numberTaken() error {
	return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeNumberTaken,
		Detail: "The number is held or reserved by somebody else.", Remedy: "Choose another number, or end the other registration first."}
}
