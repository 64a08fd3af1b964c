package record

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"truename"
)

// maxLine is the longest line of a backup: the evidence of one kind, in base64, with room to spare.
const maxLine = 64 << 20

// Restore writes a backup into empty records: all of it or nothing. Subjects have no keys then, until RestoreKeys. A
// backup of another database's engine is as good as one of the same.
func (s *Store) Restore(ctx context.Context, r io.Reader) error {
	in := newBackupReader(r)
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if in.begun { // the stream cannot be read twice
			return errors.New("another transaction was in the way of the restoration")
		}
		if err := in.head(partRecords); err != nil {
			return err
		}
		if err := s.checkSchema(ctx, tx, in.schema); err != nil {
			return err
		}
		if err := checkEmpty(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM log_head"); err != nil {
			return err
		}
		if err := s.restoreTables(ctx, tx, in); err != nil {
			return err
		}
		var leaves, size int64
		if err := tx.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM log_leaf), (SELECT COALESCE(MAX(size), -1) FROM log_head)").Scan(&leaves, &size); err != nil {
			return err
		}
		if leaves != size {
			return damaged("its audit log is not whole")
		}
		return nil
	})
}

// RestoreKeys gives restored subjects their keys back. Keys of subjects that are unknown, erased, or have a key are left out.
func (s *Store) RestoreKeys(ctx context.Context, r io.Reader) error {
	in := newBackupReader(r)
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if in.begun {
			return errors.New("another transaction was in the way of the restoration")
		}
		if err := in.head(partKeys); err != nil {
			return err
		}
		return in.rows(func(table string, columns []string) error {
			if table != keyTable || !slices.Equal(columns, []string{"subject", "wrapped_key"}) {
				return damaged("it names an unknown table")
			}
			return nil
		}, func(row []any) error {
			_, err := tx.ExecContext(ctx, "UPDATE subject SET wrapped_key = $1 WHERE id = $2 AND erased_at IS NULL AND wrapped_key IS NULL", row[1], row[0])
			return err
		})
	})
}

// checkSchema refuses the backup of a newer program.
func (s *Store) checkSchema(ctx context.Context, q querier, schema int64) error {
	var known int64
	if err := q.QueryRowContext(ctx, "SELECT MAX(version_id) FROM schema_version").Scan(&known); err != nil {
		return err
	}
	if schema < 1 || schema > known {
		return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: "The backup was written by a newer version of the program.", Remedy: "Restore it with that version."}
	}
	return nil
}

// checkEmpty refuses to mix a backup with what is there.
func checkEmpty(ctx context.Context, q querier) error {
	for _, table := range backupTables {
		var n int64
		query := "SELECT COUNT(*) FROM (SELECT 1 FROM " + table + " LIMIT 1) AS first"
		if table == "log_head" {
			query = "SELECT size FROM log_head"
		}
		if err := q.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return err
		}
		if n != 0 {
			return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState,
				Detail: "The records are not empty.", Remedy: "Restore into a new file or database."}
		}
	}
	return nil
}

func (s *Store) restoreTables(ctx context.Context, tx *sql.Tx, in *backupReader) error {
	var insert string
	var jobs bool
	seen := map[string]bool{}
	return in.rows(func(table string, columns []string) error {
		if jobs = table == jobTable; jobs {
			if !slices.Equal(columns, []string{"kind", "id", "at"}) {
				return damaged("its jobs have other columns")
			}
			return nil
		}
		if !slices.Contains(backupTables, table) || seen[table] {
			return damaged("it names an unknown table, or one twice")
		}
		seen[table] = true
		known, err := s.columns(ctx, tx, table)
		if err != nil {
			return err
		}
		for i, c := range columns { // so that what stands in the backup is never taken for SQL
			if !slices.Contains(known, c) || slices.Contains(columns[:i], c) {
				return damaged("it names an unknown column")
			}
		}
		insert = "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " + list(1, len(columns))
		return nil
	}, func(row []any) error {
		if !jobs {
			_, err := tx.ExecContext(ctx, insert, row...)
			return err
		}
		kind, isKind := row[0].(string)
		id, isID := row[1].(string)
		at, isAt := row[2].(int64)
		if !isKind || !isID || !isAt {
			return damaged("a job is not one")
		}
		return s.insertJobs(ctx, tx, []truename.Job{{Kind: truename.JobKind(kind), ID: id, At: timeOf(at)}}, time.Time{}) // as it was
	})
}

func damaged(why string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
		Detail: "This is not a whole backup: " + why + ".", Remedy: "Use another backup."}
}

// backupReader reads a backup line by line.
type backupReader struct {
	from   *bufio.Reader
	sum    hash.Hash
	begun  bool
	schema int64
}

func newBackupReader(r io.Reader) *backupReader {
	return &backupReader{from: bufio.NewReaderSize(r, 1<<16), sum: sha256.New()}
}

// next reads a line, without adding it to the sum.
func (r *backupReader) next() ([]byte, error) {
	r.begun = true
	var line []byte
	for {
		part, err := r.from.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, damaged("a line is too long")
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case err == io.EOF:
			return nil, damaged("it ends before its end")
		case err != bufio.ErrBufferFull:
			return nil, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
				Detail: "The backup cannot be read.", Remedy: "Check file and key.", Cause: err}
		}
	}
}

// head reads the first line.
func (r *backupReader) head(part string) error {
	line, err := r.next()
	if err != nil {
		return err
	}
	r.sum.Write(line)
	var head backupLine
	if json.Unmarshal(line, &head) != nil || head.Format != backupFormat || head.Part != part {
		return damaged("it does not begin like one")
	}
	r.schema = head.Schema
	return nil
}

// rows gives every table and every row, to the end, and checks that nothing is missing or was changed.
func (r *backupReader) rows(table func(name string, columns []string) error, row func([]any) error) error {
	width, count := 0, int64(0)
	for {
		line, err := r.next()
		if err != nil {
			return err
		}
		if line[0] == '[' {
			values, err := parseRow(line)
			if err != nil {
				return err
			}
			if width == 0 || len(values) != width {
				return damaged("a row has too few or too many values")
			}
			if err := row(values); err != nil {
				return err
			}
			count++
			r.sum.Write(line)
			continue
		}
		var l backupLine
		if json.Unmarshal(line, &l) != nil {
			return damaged("a line cannot be read")
		}
		if l.End {
			if l.Rows != count || l.Sum != hex.EncodeToString(r.sum.Sum(nil)) {
				return damaged("its check sum does not fit")
			}
			return nil
		}
		if l.Table == "" || len(l.Columns) == 0 {
			return damaged("a line cannot be read")
		}
		if err := table(l.Table, l.Columns); err != nil {
			return err
		}
		width = len(l.Columns)
		r.sum.Write(line)
	}
}

// parseRow reads the values of a row: string, int64, []byte or nil.
func parseRow(line []byte) ([]any, error) {
	var raw []json.RawMessage
	if json.Unmarshal(line, &raw) != nil {
		return nil, damaged("a row cannot be read")
	}
	values := make([]any, len(raw))
	for i, v := range raw {
		var err error
		switch {
		case bytes.Equal(v, []byte("null")):
		case v[0] == '"':
			var s string
			err = json.Unmarshal(v, &s)
			values[i] = s
		case v[0] == '{':
			var b backupBytes
			err = json.Unmarshal(v, &b)
			if b.B == nil {
				b.B = []byte{}
			}
			values[i] = b.B
		default:
			var n int64
			err = json.Unmarshal(v, &n)
			values[i] = n
		}
		if err != nil {
			return nil, damaged("a value cannot be read")
		}
	}
	return values, nil
}
