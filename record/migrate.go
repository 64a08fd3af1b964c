package record

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"

	"truename"
)

// silent is the logger of libraries that have nothing to say which is not also an error.
var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

// migrate brings the schema to the newest version. There is no way back: a database of a newer program is refused.
func (s *Store) migrate(ctx context.Context) error {
	return s.fail(s.engine.Exclusive(ctx, func() error {
		provider, err := goose.NewProvider(s.engine.Dialect, s.engine.Write, s.engine.Migrations,
			goose.WithTableName("schema_version"), goose.WithSlog(silent), goose.WithDisableGlobalRegistry(true))
		if err != nil {
			return err
		}
		stored, newest, err := provider.GetVersions(ctx)
		if err != nil {
			return err
		}
		if stored > newest {
			return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords,
				Detail: fmt.Sprintf("The records were written by a newer version of the program: schema %d, known up to %d.", stored, newest),
				Remedy: "Start the newer program, or restore a backup."}
		}
		if _, err := provider.Up(ctx); err != nil {
			return err
		}
		jobs, err := rivermigrate.New(s.engine.Jobs, &rivermigrate.Config{Logger: silent})
		if err != nil {
			return err
		}
		_, err = jobs.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	}))
}
