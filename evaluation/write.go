package evaluation

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ReportFile is the name of the report in its folder.
const ReportFile = "index.html"

// WriteReport writes the report to dir/index.html: one self-contained page. Photos is the folder that the samples are in;
// with nil the page holds neither pictures nor names. With pictures it is personal data, so that only the owner may
// read the file, and the folder if it is made here.
func (e *Evaluation) WriteReport(dir string, photos fs.FS) error {
	page, err := e.renderReport(photos)
	if err != nil {
		return err
	}
	folder, file := fs.FileMode(0o755), fs.FileMode(0o644)
	if photos != nil {
		folder, file = 0o700, 0o600
	}
	if err := os.MkdirAll(dir, folder); err != nil {
		return fmt.Errorf("make the report's folder: %w", err)
	}
	// A reader never sees half a page, and a page that was readable by others does not stay so.
	draft, err := os.CreateTemp(dir, ".report-*")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer os.Remove(draft.Name()) // fails once it has its name
	_, err = draft.Write(page)
	if err == nil {
		err = draft.Chmod(file)
	}
	if closed := draft.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(draft.Name(), filepath.Join(dir, ReportFile))
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
