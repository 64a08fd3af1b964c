package evaluation

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"truename/models"
)

// MarshalCalibration gives the table as TOML for a model pack, with a comment on top that says what it rests on.
func MarshalCalibration(c models.Calibration) ([]byte, error) {
	text, err := toml.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("write the calibration table: %w", err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Comparison scores and false-match rates of %s (%s), made by `truename calibrate`.\n", oneLine(c.Model), oneLine(c.Effort))
	fmt.Fprintf(&out, "# Measured on %s: %d pictures of %d people, %d impostor comparisons.\n", oneLine(c.Dataset), c.Images, c.People, c.Impostors)
	out.WriteString("# Label errors of the data set were left in: they raise the lowest rates, which errs on the safe side.\n")
	out.WriteString("# lower and upper bound each rate with 95 % confidence, by a bootstrap over people (ISO/IEC 19795-1).\n\n")
	out.Write(text)
	return out.Bytes(), nil
}

// oneLine keeps a name from leaving its comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// The ladder of thresholds has stepsPerDecade log-spaced rates; every third of them is a row of the calibration table,
// down to the rate that fewestMatches impostor comparisons make.
const (
	stepsPerDecade = 12
	stepsPerRow    = 3
	fewestMatches  = 3
)

// ladder is a list of rising thresholds whose false-match rates fall.
type ladder struct {
	thresholds []float32
	rows       []int // indices of those that become rows of a calibration table
}

// newLadder aims at false-match rates from 0.5 down to one comparison in n; whole decades are among them.
func newLadder(impostor *distribution) ladder {
	var l ladder
	for k := stepsPerDecade / 4; ; k++ { // one step above 0.46, which 0.5 takes
		rate := min(0.5, math.Pow(10, -float64(k)/stepsPerDecade))
		allowed, ok := allowedMatches(impostor.made, rate)
		if !ok {
			return l
		}
		t := impostor.threshold(allowed)
		matches := impostor.reach(t)
		// Ties can give neighbouring rates one threshold, and a threshold that nothing reaches has no rate.
		if n := len(l.thresholds); matches == 0 || n > 0 && matches >= impostor.reach(l.thresholds[n-1]) {
			continue
		}
		if k%stepsPerRow == 0 && matches >= fewestMatches {
			l.rows = append(l.rows, len(l.thresholds))
		}
		l.thresholds = append(l.thresholds, t)
	}
}

// calibrate makes the table from the resampled rates along the ladder. With fewer than two rows the data cannot
// calibrate anything, and the table is nil.
func calibrate(o Options, p *population, impostor *distribution, l ladder, b *bootstrap) *models.Calibration {
	if len(l.rows) < 2 {
		return nil
	}
	table := &models.Calibration{Model: o.Model, Effort: o.Effort, Dataset: o.Dataset, Images: len(p.samples), Impostors: impostor.made}
	for _, n := range p.acquired {
		if n > 0 {
			table.People++
		}
	}
	for _, k := range l.rows {
		t := l.thresholds[k]
		interval := b.fmrInterval(impostor, k)
		row := models.CalibrationRow{Score: float64(t), FMR: impostor.matchRate(t), Lower: interval[0], Upper: interval[1]}
		if n := len(table.Rows); n > 0 { // bounds fall with the rate, though not strictly
			row.Lower = min(row.Lower, table.Rows[n-1].Lower)
			row.Upper = max(row.FMR, min(row.Upper, table.Rows[n-1].Upper))
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// fmrInterval is the interval of the FMR at step k of the ladder: the bootstrap's, widened to the exact binomial one,
// because where a handful of impostor comparisons match, the bootstrap cannot see what it has not drawn. It holds the
// measured rate.
func (b *bootstrap) fmrInterval(impostor *distribution, k int) Interval {
	matches := impostor.reach(b.ladder[k])
	interval := exactInterval(matches, impostor.made)
	if resampled, ok := b.fmrAt(k); ok {
		interval = interval.widen(resampled)
	}
	return interval
}
