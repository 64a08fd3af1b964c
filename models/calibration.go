package models

import (
	"errors"
	"fmt"
)

// Calibration maps comparison scores of one recogniser, run with one effort, to false-match rates. It is made by
// `truename calibrate` from a run over all pairs of a data set, and is plain data, stored as TOML beside the manifest.
type Calibration struct {
	// Model is the recogniser's id, Effort how templates were made ("fast", "accurate").
	Model  string `toml:"model"`
	Effort string `toml:"effort"`
	// Dataset names the pictures; People, Images and Impostors (comparisons) say how much it rests on.
	Dataset   string `toml:"dataset"`
	People    int    `toml:"people"`
	Images    int    `toml:"images"`
	Impostors int64  `toml:"impostors"`
	// Rows, ordered by rising score and falling FMR.
	Rows []CalibrationRow `toml:"rows"`
}

// CalibrationRow: the share FMR of impostor comparisons reached Score or more; Lower and Upper bound the 95 %
// confidence interval of that share, from a bootstrap over people (ISO/IEC 19795-1: comparisons that share people
// are not independent).
type CalibrationRow struct {
	Score float64 `toml:"score"`
	FMR   float64 `toml:"fmr"`
	Lower float64 `toml:"lower"`
	Upper float64 `toml:"upper"`
}

func (c *Calibration) check() error {
	if c.Model == "" || c.Effort == "" || c.Dataset == "" || c.Impostors < 1 {
		return errors.New("model, effort, dataset and impostors must be stated")
	}
	if len(c.Rows) < 2 {
		return errors.New("fewer than two rows")
	}
	for i, r := range c.Rows {
		if !(r.FMR > 0 && r.FMR <= 1 && r.Lower <= r.FMR && r.FMR <= r.Upper && r.Lower >= 0) {
			return fmt.Errorf("row %d: want 0 ≤ lower ≤ fmr ≤ upper, 0 < fmr ≤ 1", i+1)
		}
		if i > 0 && !(r.Score > c.Rows[i-1].Score && r.FMR < c.Rows[i-1].FMR) {
			return fmt.Errorf("row %d: scores must rise and rates fall", i+1)
		}
	}
	return nil
}

// Tables gives all calibrations of a recogniser.
func (m *Model) Tables() []Calibration { return m.tables }
