package audit_test

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"truename"
	"truename/audit"
	"truename/record"
)

// TestTamperedDatabase: somebody who can write to the database, but does not have the log's key, changes the log behind the
// server's back. The next export does not verify, or cannot be made, and the first bad leaf is named.
func TestTamperedDatabase(t *testing.T) {
	const swap = "UPDATE log_leaf SET position = -1 WHERE position = 123; UPDATE log_leaf SET position = 123 WHERE position = 270; UPDATE log_leaf SET position = 270 WHERE position = -1"
	for _, c := range []struct {
		name, sql string
		refused   string // by the export, which names the leaf; empty: by the verification
		from, to  int64
	}{
		{name: "a byte flipped", sql: "UPDATE log_leaf SET data = CAST(replace(data, '\"v\":1', '\"v\":2') AS BLOB) WHERE position = 123", from: 123, to: 124},
		{name: "a leaf replaced by another", sql: "UPDATE log_leaf SET data = (SELECT data FROM log_leaf WHERE position = 7) WHERE position = 304", from: 304, to: 305},
		{name: "two swapped", sql: swap, from: 123, to: 124},
		{name: "a leaf removed", sql: "DELETE FROM log_leaf WHERE position = 123", refused: "The log has no leaf 123."},
		{name: "the last leaf removed", sql: "DELETE FROM log_leaf WHERE position = 304", refused: "The log has no leaf 304."},
		{name: "a leaf removed, the rest moved up, one added", sql: "DELETE FROM log_leaf WHERE position = 123; UPDATE log_leaf SET position = -position WHERE position > 123; " +
			"UPDATE log_leaf SET position = -position - 1 WHERE position < 0; INSERT INTO log_leaf SELECT 304, data, at FROM log_leaf WHERE position = 0", from: 123, to: 124},
		{name: "a hash altered", sql: fmt.Sprintf("UPDATE log_hash SET hash = (SELECT hash FROM log_hash WHERE position = 0) WHERE position = %d", tlog.StoredHashIndex(0, 123)), from: 123, to: 124},
		{name: "a hash removed", sql: fmt.Sprintf("DELETE FROM log_hash WHERE position = %d", tlog.StoredHashIndex(0, 123)), refused: "Hashes of the log are lost: tile/0/000 cannot be made."},
		{name: "the end cut off", sql: cutBack[:strings.LastIndex(cutBack, ";")], refused: "The log has 300 leaves, its checkpoint says 305."},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDatabase(t)
			d.exec(t, c.sql)
			dir := t.TempDir()
			_, err := audit.Export(t.Context(), dir, d.store.Log(t.Context()))
			if c.refused != "" {
				if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid || e.Detail != c.refused {
					t.Errorf("export: %v, want %q", err, c.refused)
				}
				if _, err := audit.VerifyExport(os.DirFS(dir), d.publisher.VerifierKey()); err == nil {
					t.Error("what was exported verifies")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r, err := audit.VerifyExport(os.DirFS(dir), d.publisher.VerifierKey())
			if first, ok := r.FirstBad(); err == nil || !ok || first.From != c.from || first.To != c.to {
				t.Errorf("report %+v, %v", r, err)
			}
		})
	}
}

// cutBack brings the log back to its 300 leaves, and in its last step the checkpoints too.
var cutBack = fmt.Sprintf("DELETE FROM log_leaf WHERE position >= 300; DELETE FROM log_hash WHERE position >= %d; UPDATE log_head SET size = 300; DELETE FROM log_checkpoint WHERE size > 300",
	tlog.StoredHashCount(300))

// TestDatabaseCutBack: the log is brought back to an older state that was signed. Alone it verifies, as it must; against a newer
// checkpoint it does not, and the server that has signed that one signs no more, however the log grows on.
func TestDatabaseCutBack(t *testing.T) {
	d := newDatabase(t)
	newer, err := d.store.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.exec(t, cutBack)
	for _, more := range []int{0, 3, 10} {
		for i := range more {
			d.add(fmt.Sprint("anew ", i))
		}
		if _, err := d.publisher.Publish(t.Context(), d.store.Log(t.Context())); err == nil || truename.AsError(err).Code != truename.CodeRecords {
			t.Errorf("%d leaves later: published, %v", more, err)
		}
	}
	dir := t.TempDir()
	if _, err := audit.Export(t.Context(), dir, d.store.Log(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.VerifyExport(os.DirFS(dir), d.publisher.VerifierKey()); err != nil {
		t.Errorf("alone: %v", err)
	}
	r, err := audit.VerifyExport(os.DirFS(dir), d.publisher.VerifierKey(), newer.Note)
	if first, ok := r.FirstBad(); err == nil || !ok || first.From != 300 || first.To != 305 {
		t.Errorf("against the newer checkpoint: %+v, %v", r, err)
	}
}

// database is a server's records with a log of 305 leaves and checkpoints of 300 and 305, and a way in behind its back.
type database struct {
	store     *record.Store
	publisher *audit.Publisher
	add       func(names ...string)
	path      string
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	store, path, add := openStore(t)
	d := &database{store, audit.NewPublisher(newSigner(t, "registry.example.com/audit"), store.SaveCheckpoint), add, path}
	for _, more := range []int{300, 5} {
		names := make([]string, more)
		for i := range names {
			names[i] = fmt.Sprint("leaf ", more, i)
		}
		add(names...)
		if _, err := d.publisher.Publish(t.Context(), store.Log(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (d *database) exec(t *testing.T, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", d.path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
}
