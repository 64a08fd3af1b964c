package match

import (
	"fmt"
	"math"

	"truename"
	"truename/face"
	"truename/models"
)

// DefaultTargetFMR is the false-match rate that NIST SP 800-63A-4 allows for one-to-one comparison.
const DefaultTargetFMR = 1e-4

// Score gives the cosine of two templates, −1..1. The templates must come from the same model.
func Score(reference, probe face.Template) (float64, error) {
	if reference.Model != probe.Model || len(reference.Vector) != len(probe.Vector) || len(probe.Vector) == 0 {
		return 0, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeModelPack,
			Detail: fmt.Sprintf("A template of %s cannot be compared with one of %s.", reference.Model, probe.Model),
			Remedy: "Make both templates with the same model."}
	}
	var dot float64
	for i, x := range reference.Vector {
		dot += float64(x) * float64(probe.Vector[i])
	}
	if math.IsNaN(dot) {
		return 0, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure,
			Detail: "The comparison gave no number.", Remedy: "Try other pictures."}
	}
	return max(-1, min(1, dot)), nil
}

// Rate is a false-match rate with its 95 % confidence interval.
type Rate struct{ Value, Lower, Upper float64 }

// Calibration maps the scores of one model to false-match rates by a table. Between the rows, the logarithm of the
// rate is interpolated linearly in the score.
type Calibration struct {
	table *models.Calibration
}

// NewCalibration takes a table that package models has checked.
func NewCalibration(table *models.Calibration) Calibration { return Calibration{table} }

// FMR gives the share of impostor comparisons that score at least as high as score. Below the table it is at most 1
// and at least the first row's; above it, the last row's rate is an upper bound and the lower bound is 0.
func (c Calibration) FMR(score float64) Rate {
	rows := c.table.Rows
	first, last := rows[0], rows[len(rows)-1]
	switch {
	case score < first.Score:
		return Rate{1, first.Lower, 1}
	case score >= last.Score:
		if score == last.Score {
			return Rate{last.FMR, last.Lower, last.Upper}
		}
		return Rate{last.FMR, 0, last.Upper}
	}
	i := 1
	for rows[i].Score <= score {
		i++
	}
	a, b := rows[i-1], rows[i]
	t := (score - a.Score) / (b.Score - a.Score)
	return Rate{between(a.FMR, b.FMR, t), between(a.Lower, b.Lower, t), between(a.Upper, b.Upper, t)}
}

// Threshold gives the lowest score whose false-match rate is at most target.
func (c Calibration) Threshold(target float64) (float64, error) {
	rows := c.table.Rows
	first, last := rows[0], rows[len(rows)-1]
	if !(target >= last.FMR && target <= first.FMR) {
		return 0, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: fmt.Sprintf("The target false-match rate %g is outside of what the model's calibration supports.", target),
			Remedy: fmt.Sprintf("Choose a rate between %.1g and %.1g; the table rests on %d impostor comparisons.", last.FMR, first.FMR, c.table.Impostors)}
	}
	i := 1
	for i < len(rows)-1 && rows[i].FMR > target {
		i++
	}
	a, b := rows[i-1], rows[i]
	t := math.Log(a.FMR/target) / math.Log(a.FMR/b.FMR)
	return a.Score + t*(b.Score-a.Score), nil
}

// between interpolates geometrically; where an end is zero (a lower bound), linearly.
func between(a, b, t float64) float64 {
	if a <= 0 || b <= 0 {
		return a + t*(b-a)
	}
	return a * math.Pow(b/a, t)
}
