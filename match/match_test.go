package match

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"truename"
	"truename/face"
	"truename/models"
)

var table = &models.Calibration{Model: "m", Effort: "fast", Dataset: "d", Impostors: 100_000, Rows: []models.CalibrationRow{
	{Score: 0.1, FMR: 1e-1, Lower: 0.09, Upper: 0.11},
	{Score: 0.3, FMR: 1e-3, Lower: 0.8e-3, Upper: 1.2e-3},
	{Score: 0.4, FMR: 1e-4, Lower: 0, Upper: 2e-4},
}}

func TestScore(t *testing.T) {
	unit := func(model string, v ...float32) face.Template { return face.Template{Model: model, Vector: v} }
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		a, b face.Template
		want float64
		code truename.Code
	}{
		"same":             {unit("m", 1, 0), unit("m", 1, 0), 1, ""},
		"opposite":         {unit("m", 1, 0), unit("m", -1, 0), -1, ""},
		"orthogonal":       {unit("m", 1, 0), unit("m", 0, 1), 0, ""},
		"rounding above 1": {unit("m", 1, 1e-3), unit("m", 1, 1e-3), 1, ""},
		"other model":      {unit("m", 1, 0), unit("n", 1, 0), 0, truename.CodeModelPack},
		"other length":     {unit("m", 1, 0), unit("m", 1), 0, truename.CodeModelPack},
		"empty":            {unit("m"), unit("m"), 0, truename.CodeModelPack},
		"not a number":     {unit("m", nan), unit("m", 1), 0, truename.CodeEngineFailure},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Score(c.a, c.b)
			if c.code != "" {
				var e *truename.Error
				if !errors.As(err, &e) || e.Code != c.code {
					t.Fatalf("error %v, want code %s", err, c.code)
				}
				return
			}
			if err != nil || math.Abs(got-c.want) > 1e-6 {
				t.Fatalf("Score = %v, %v; want %v", got, err, c.want)
			}
		})
	}
}

func TestThresholdAndFMRAtTheRows(t *testing.T) {
	c := NewCalibration(table)
	for _, row := range table.Rows {
		score, err := c.Threshold(row.FMR)
		if err != nil || math.Abs(score-row.Score) > 1e-12 {
			t.Errorf("Threshold(%g) = %v, %v; want %v", row.FMR, score, err, row.Score)
		}
		if got := c.FMR(row.Score); math.Abs(got.Value-row.FMR) > 1e-12 {
			t.Errorf("FMR(%v) = %v, want %v", row.Score, got, row.FMR)
		}
	}
	if got := c.FMR(0.9); got != (Rate{1e-4, 0, 2e-4}) {
		t.Errorf("beyond the table: %v, want the last row as an upper bound", got)
	}
	if got := c.FMR(-0.5); got != (Rate{1, 0.09, 1}) {
		t.Errorf("below the table: %v", got)
	}
}

func TestThresholdRefusesWhatTheDataDoNotSupport(t *testing.T) {
	for _, target := range []float64{0.99e-4, 0, -1, 0.2, math.NaN(), math.Inf(1)} {
		if score, err := NewCalibration(table).Threshold(target); err == nil {
			t.Errorf("Threshold(%v) = %v, want an error", target, score)
		}
	}
}

func TestFMRFallsWithScoreAndInvertsThreshold(t *testing.T) {
	c := NewCalibration(table)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(-1, 1).Draw(t, "a")
		b := rapid.Float64Range(-1, 1).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		ra, rb := c.FMR(a), c.FMR(b)
		if ra.Value < rb.Value {
			t.Fatalf("FMR(%v)=%v < FMR(%v)=%v", a, ra, b, rb)
		}
		if !(ra.Lower <= ra.Value && ra.Value <= ra.Upper) {
			t.Fatalf("FMR(%v) = %v is outside of its interval", a, ra)
		}
		target := math.Pow(10, rapid.Float64Range(-4, -1).Draw(t, "log target"))
		score, err := c.Threshold(target)
		if err != nil {
			t.Fatal(err)
		}
		if back := c.FMR(score).Value; math.Abs(back/target-1) > 1e-6 {
			t.Fatalf("FMR(Threshold(%v)) = %v", target, back)
		}
	})
}
