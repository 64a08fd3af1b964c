package sqlite

import (
	"database/sql"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"truename/record/recordtest"
)

var update = flag.Bool("update", false, "write the fixture of the newest schema, if there is none")

// TestMigrations takes the records of every version of the schema to the newest one.
func TestMigrations(t *testing.T) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	newest := int64(0)
	for _, f := range versions(t, files) {
		newest = max(newest, f)
	}
	fixtures := recordtest.Fixtures(t)
	if _, there := fixtures[newest]; !there {
		if *update {
			writeFixture(t, newest)
		}
		t.Fatalf("the schema's version %d has no fixture: run this test with -update before it is released", newest)
	}
	for version, rows := range fixtures {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "records.db")
			db, err := sql.Open("sqlite", address(path, "_txlock=immediate"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithTableName("schema_version"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := provider.UpTo(t.Context(), version); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(rows); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			recordtest.CheckFixture(t, s)
		})
	}
}

func versions(t *testing.T, files fs.FS) []int64 {
	t.Helper()
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var list []int64
	for _, name := range names {
		v, err := goose.NumericComponent(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// writeFixture writes the rows of filled records as SQL that both engines understand, but for X'…'.
func writeFixture(t *testing.T, version int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "records.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	recordtest.Fill(t, s)
	s.Close()
	db, err := sql.Open("sqlite", address(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out strings.Builder
	for _, table := range tables(t, db) {
		if table == "log_head" {
			out.WriteString("DELETE FROM log_head;\n")
		}
		rows, err := db.Query("SELECT * FROM " + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			literals := make([]string, len(values))
			for i, v := range values {
				switch v := v.(type) {
				case nil:
					literals[i] = "NULL"
				case []byte:
					literals[i] = "X'" + hex.EncodeToString(v) + "'"
				case string:
					literals[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
				default:
					literals[i] = fmt.Sprint(v)
				}
			}
			fmt.Fprintf(&out, "INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(columns, ", "), strings.Join(literals, ", "))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(fmt.Sprintf("../recordtest/testdata/v%d.sql", version), []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tables gives our own tables, in the order in which they were made, which is one in which they can be filled.
func tables(t *testing.T, db *sql.DB) []string {
	t.Helper()
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'river_%' AND name NOT LIKE 'sqlite_%' AND name <> 'schema_version' ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	return slices.Clip(list)
}
