package record

import (
	"bytes"
	"errors"
	"testing"

	"truename"
)

// FuzzBackup: whatever a backup contains, reading it ends, with all rows of their table's width, or with an error that
// says the input is at fault.
func FuzzBackup(f *testing.F) {
	var whole bytes.Buffer
	w := newBackupWriter(&whole)
	for _, line := range []any{backupLine{Format: backupFormat, Part: partRecords, Schema: 1}, backupLine{Table: "pack", Columns: []string{"digest", "body"}}} {
		if err := w.line(line); err != nil {
			f.Fatal(err)
		}
	}
	if err := errors.Join(w.row([]any{"d", backupBytes{[]byte("text")}}), w.row([]any{nil, int64(-1)}), w.end()); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add([]byte(`{"truename_backup":1,"part":"records","schema":1}` + "\n[[]]\n"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := newBackupReader(bytes.NewReader(stream))
		err := r.head(partRecords)
		width, rows := 0, 0
		if err == nil {
			err = r.rows(func(_ string, columns []string) error { width = len(columns); return nil }, func(row []any) error {
				if rows++; len(row) != width {
					t.Errorf("a row of %d values in a table of %d columns", len(row), width)
				}
				return nil
			})
		}
		var e *truename.Error
		if err != nil && (!errors.As(err, &e) || e.Kind != truename.KindInvalid) {
			t.Errorf("error is %v, want invalid", err)
		}
		if bytes.Equal(stream, whole.Bytes()) && (err != nil || rows != 2) {
			t.Errorf("a whole backup gives %d rows and %v", rows, err)
		}
	})
}

// FuzzCursor: a cursor that is accepted means one place, whatever was typed.
func FuzzCursor(f *testing.F) {
	f.Add(formatCursor(1762076999123456, "01a20e97-1418-7b39-85da-10ca257bc2d3"))
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		at, id, err := parseCursor(s)
		if err != nil {
			return
		}
		again, same, err := parseCursor(formatCursor(at, id))
		if err != nil || again != at || same != id {
			t.Errorf("(%d, %q) comes back as (%d, %q), %v", at, id, again, same, err)
		}
	})
}
