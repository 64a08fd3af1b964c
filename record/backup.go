package record

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"strings"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"truename"
)

// A backup is a stream of lines of JSON, the same for every database, so that records can move from one to another: a
// head, then for each table a line that names it and its columns and one line for each row, then an end with the number
// of rows and the SHA-256 of everything before it. In a row, bytes are {"b": base64}.
//
// The subjects' keys are not in it. They are a stream of their own, of which only the newest is to be kept: an old backup
// then holds nothing that could open what an erased subject's key has sealed.

// backupFormat is the version of the form.
const backupFormat = 1

// Parts of a backup.
const (
	partRecords = "records"
	partKeys    = "keys"
)

// backupTables are what a backup contains, in an order in which they can be written. Sessions and invitations are not.
var backupTables = []string{"pack", "keyring", "outlet", "client", "staff", "passkey", "webhook", "subject", "registration", "party", "consent",
	"evidence", "account", "log_head", "log_leaf", "log_hash", "log_checkpoint", "decision", "review", "event", "delivery", "answer"}

// Names of tables that are not tables of the database.
const (
	jobTable = "job" // columns kind, id, at
	keyTable = "key" // columns subject, wrapped_key
)

// backupLine is any line of a backup that is not a row.
type backupLine struct {
	Format  int      `json:"truename_backup,omitempty"`
	Part    string   `json:"part,omitempty"`
	Schema  int64    `json:"schema,omitempty"`
	Table   string   `json:"table,omitempty"`
	Columns []string `json:"columns,omitempty"`
	End     bool     `json:"end,omitempty"`
	Rows    int64    `json:"rows,omitempty"`
	Sum     string   `json:"sha256,omitempty"`
}

// backupBytes are bytes in a row.
type backupBytes struct {
	B []byte `json:"b"`
}

// Backup writes one state of all records, but for the subjects' keys, while work goes on. It is not encrypted.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	return s.backup(ctx, w, partRecords, func(tx *sql.Tx, out *backupWriter) error {
		for _, table := range backupTables {
			columns, err := s.columns(ctx, tx, table)
			if err != nil {
				return err
			}
			if table == "subject" {
				columns = without(columns, "wrapped_key")
			}
			if err := out.table(ctx, tx, table, columns, "SELECT "+strings.Join(columns, ", ")+" FROM "+table); err != nil {
				return err
			}
		}
		return s.backupJobs(ctx, tx, out)
	})
}

// BackupKeys writes the wrapped keys of all subjects that have not been erased. It is written after Backup and takes the
// place of the one before.
func (s *Store) BackupKeys(ctx context.Context, w io.Writer) error {
	return s.backup(ctx, w, partKeys, func(tx *sql.Tx, out *backupWriter) error {
		return out.table(ctx, tx, keyTable, []string{"subject", "wrapped_key"}, "SELECT id, wrapped_key FROM subject WHERE wrapped_key IS NOT NULL")
	})
}

func (s *Store) backup(ctx context.Context, w io.Writer, part string, fill func(*sql.Tx, *backupWriter) error) error {
	out := newBackupWriter(w)
	return s.read(ctx, func(tx *sql.Tx) error {
		var schema int64
		if err := tx.QueryRowContext(ctx, "SELECT MAX(version_id) FROM schema_version").Scan(&schema); err != nil {
			return err
		}
		if err := out.line(backupLine{Format: backupFormat, Part: part, Schema: schema}); err != nil {
			return err
		}
		if err := fill(tx, out); err != nil {
			return err
		}
		return out.end()
	})
}

// backupJobs writes the jobs that are still to be done.
func (s *Store) backupJobs(ctx context.Context, tx *sql.Tx, out *backupWriter) error {
	if err := out.line(backupLine{Table: jobTable, Columns: []string{"kind", "id", "at"}}); err != nil {
		return err
	}
	pending := river.NewJobListParams().First(1000).OrderBy(river.JobListOrderByID, river.SortOrderAsc).
		States(rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled)
	for {
		found, err := s.jobs.JobListTx(ctx, tx, pending)
		if err != nil {
			return err
		}
		for _, job := range found.Jobs {
			var t task
			if err := json.Unmarshal(job.EncodedArgs, &t); err != nil {
				return err
			}
			// In whole milliseconds, as every database takes them back.
			if err := out.row([]any{t.Job, t.ID, micros(wholeMillis(job.ScheduledAt))}); err != nil {
				return err
			}
		}
		if len(found.Jobs) < 1000 {
			return nil
		}
		pending = pending.After(found.LastCursor)
	}
}

// columns gives the columns of a table, in the order of the schema.
func (s *Store) columns(ctx context.Context, q querier, table string) ([]string, error) {
	rows, err := q.QueryContext(ctx, "SELECT * FROM "+table+" WHERE 1 = 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Columns()
}

func without(list []string, drop string) []string {
	var kept []string
	for _, s := range list {
		if s != drop {
			kept = append(kept, s)
		}
	}
	return kept
}

type backupWriter struct {
	to   *bufio.Writer
	sum  hash.Hash
	rows int64
}

func newBackupWriter(w io.Writer) *backupWriter {
	sum := sha256.New()
	return &backupWriter{to: bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16), sum: sum}
}

// table writes the rows of a query.
func (w *backupWriter) table(ctx context.Context, q querier, name string, columns []string, query string) error {
	if err := w.line(backupLine{Table: name, Columns: columns}); err != nil {
		return err
	}
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				values[i] = backupBytes{b}
			}
		}
		if err := w.row(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (w *backupWriter) row(values []any) error {
	w.rows++
	return w.line(values)
}

func (w *backupWriter) line(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := w.to.Write(append(line, '\n')); err != nil {
		return unwritable(err)
	}
	return nil
}

func (w *backupWriter) end() error {
	if err := w.to.Flush(); err != nil {
		return unwritable(err)
	}
	if err := w.line(backupLine{End: true, Rows: w.rows, Sum: hex.EncodeToString(w.sum.Sum(nil))}); err != nil {
		return err
	}
	if err := w.to.Flush(); err != nil {
		return unwritable(err)
	}
	return nil
}

func unwritable(err error) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords, Detail: "The backup could not be written.",
		Remedy: "Check that there is space left.", Cause: err}
}
