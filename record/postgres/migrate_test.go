package postgres

import (
	"database/sql"
	"fmt"
	"io/fs"
	"regexp"
	"testing"

	"github.com/pressly/goose/v3"

	"truename/record/postgres/pgtest"
	"truename/record/recordtest"
)

// TestMigrations takes the records of every version of the schema to the newest one.
func TestMigrations(t *testing.T) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	server := pgtest.StartServer(t)
	bytes := regexp.MustCompile(`X'([0-9a-f]*)'`)
	for version, rows := range recordtest.Fixtures(t) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			url := server.Database(t)
			db, err := sql.Open("pgx", url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName("schema_version"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := provider.UpTo(t.Context(), version); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(bytes.ReplaceAllString(rows, `'\x$1'`)); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			recordtest.CheckFixture(t, s)
		})
	}
}
