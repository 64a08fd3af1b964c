package evaluation

import (
	"math"

	"github.com/pelletier/go-toml/v2"
)

// Row of a calibration table: the share FMR of impostor comparisons reached Score; Lower and Upper bound its 95 %
// confidence interval.
type Row struct {
	Score float64 `toml:"score" json:"score"`
	FMR   float64 `toml:"fmr" json:"fmr"`
	Lower float64 `toml:"lower" json:"lower"`
	Upper float64 `toml:"upper" json:"upper"`
}

// CalibrationTable maps comparison scores of one recogniser to false-match rates, from 0.5 down to what the number of
// impostor comparisons supports (N·FMR ≥ 1). Rows are ordered by strictly rising score and falling FMR; the bounds
// fall too, not strictly.
type CalibrationTable struct {
	Dataset   string `toml:"dataset" json:"dataset"`
	People    int    `toml:"people" json:"people"`       // with at least one acquired sample
	Images    int    `toml:"images" json:"images"`       // acquired
	Impostors int64  `toml:"impostors" json:"impostors"` // comparisons
	Rows      []Row  `toml:"rows" json:"rows"`
}

// TOML gives the table as text for a model manifest.
func (t *CalibrationTable) TOML() ([]byte, error) { return toml.Marshal(t) }

// rowsPerDecade of FMR; whole decades are rows.
const rowsPerDecade = 10

// ladderOf gives rising thresholds with log-spaced false-match rates, from 0.5 down to one comparison in n.
func ladderOf(impostor *distribution) []float32 {
	var ladder []float32
	for k := 3; ; k++ { // 10^-0.3 = 0.501
		allowed, ok := allowedMatches(impostor.made, min(0.5, math.Pow(10, -float64(k)/rowsPerDecade)))
		if !ok {
			return ladder
		}
		t := impostor.threshold(allowed)
		// Ties can give neighbouring targets one threshold, and a threshold that nothing reaches has no rate.
		if n := len(ladder); impostor.reach(t) > 0 && (n == 0 || t > ladder[n-1] && impostor.reach(t) < impostor.reach(ladder[n-1])) {
			ladder = append(ladder, t)
		}
	}
}

// calibrate makes the table from the resampled rates at the ladder. The interval is the bootstrap's, widened to the
// exact binomial one: where a handful of impostor comparisons remain, the bootstrap cannot see what it has not drawn.
func calibrate(dataset string, p *population, impostor *distribution, b *bootstrap) CalibrationTable {
	table := CalibrationTable{Dataset: dataset, Images: len(p.samples), Impostors: impostor.made}
	for _, n := range p.acquired {
		if n > 0 {
			table.People++
		}
	}
	for k, t := range b.ladder {
		row := Row{Score: float64(t), FMR: impostor.matchRate(t)}
		interval := b.fmrInterval(impostor, k)
		row.Lower, row.Upper = interval[0], interval[1]
		if k > 0 {
			row.Lower = min(row.Lower, table.Rows[k-1].Lower)
			row.Upper = min(row.Upper, table.Rows[k-1].Upper)
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// fmrInterval is the interval of the FMR at step k of the ladder; it holds the measured rate.
func (b *bootstrap) fmrInterval(impostor *distribution, k int) Interval {
	matches := impostor.reach(b.ladder[k])
	interval := exactInterval(matches, impostor.made)
	if resampled, ok := b.fmrAt(k); ok {
		interval = interval.widen(resampled)
	}
	return interval
}
