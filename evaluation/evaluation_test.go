package evaluation

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pelletier/go-toml/v2"

	"truename/models"
)

// at makes a template in the plane, at an angle from the first axis: the cosine of two of them is that of the angle between.
func at(degrees float64) []float32 {
	return []float32{float32(math.Cos(degrees * math.Pi / 180)), float32(math.Sin(degrees * math.Pi / 180))}
}

// Two folds by hand. Scores: fold 1 genuine cos 20° and cos 80°, impostor cos 90° and cos 70°; fold 2 genuine cos 10° and a
// failure to acquire, impostor cos 60° and one that was not compared.
func TestPairsProtocolByHand(t *testing.T) {
	templates := Templates{
		"A/A_0001.jpg": at(0), "A/A_0002.jpg": at(20), "A/A_0003.jpg": at(80), "B/B_0001.jpg": at(90),
		"C/C_0001.jpg": at(0), "C/C_0002.jpg": at(10), "C/C_0003.jpg": nil, "D/D_0001.jpg": at(60),
	}
	pairs := &Pairs{[]Fold{
		{{"A/A_0001.jpg", "A/A_0002.jpg"}, {"A/A_0001.jpg", "A/A_0003.jpg"}, {"A/A_0001.jpg", "B/B_0001.jpg"}, {"A/A_0002.jpg", "B/B_0001.jpg"}},
		{{"C/C_0001.jpg", "C/C_0002.jpg"}, {"C/C_0001.jpg", "C/C_0003.jpg"}, {"C/C_0001.jpg", "D/D_0001.jpg"}, {"C/C_0003.jpg", "D/D_0001.jpg"}},
	}}
	e, err := Evaluate(t.Context(), Options{Model: "plane", Pairs: pairs}, templates)
	if err != nil {
		t.Fatal(err)
	}
	// Fold 1 is judged at halfway between cos 60° and cos 10° (best on fold 2): cos 20° is right, cos 80° wrong, both
	// impostors right: 3 of 4. Fold 2 is judged between cos 70° and cos 20° = 0.64: cos 10° right, the failure wrong,
	// cos 60° right: 2 of 3, as the pair that was not compared is not judged.
	want := PairsResult{Genuine: 4, Impostor: 3, Accuracy: (0.75 + 2.0/3) / 2, AccuracyStd: (0.75 - 2.0/3) / math.Sqrt2, AccuracyCI: exactInterval(5, 7),
		// FNMR is 2/4 between cos 80° and cos 20°; FMR passes from 2/3 to 1/3 at cos 70°: they meet halfway.
		EER:      0.5,
		TARAtFAR: Rates{"1e-2": nil, "1e-3": nil, "1e-4": nil, "1e-5": nil, "1e-6": nil}, Thresholds: Rates{"1e-2": nil, "1e-3": nil, "1e-4": nil, "1e-5": nil, "1e-6": nil}}
	if diff := cmp.Diff(want, e.Result.Pairs, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Error(diff)
	}
	if e.Result.Images != 8 || e.Result.FailuresToAcquire != 1 || !slices.Equal(e.Failures, []Sample{"C/C_0003.jpg"}) {
		t.Errorf("%d images, %d failures: %v", e.Result.Images, e.Result.FailuresToAcquire, e.Failures)
	}
}

func TestOneFoldIsJudgedOnItself(t *testing.T) {
	templates := Templates{"A/A_0001.jpg": at(0), "A/A_0002.jpg": at(20), "B/B_0001.jpg": at(90)}
	pairs := &Pairs{[]Fold{{{"A/A_0001.jpg", "A/A_0002.jpg"}, {"A/A_0001.jpg", "B/B_0001.jpg"}}}}
	e, err := Evaluate(t.Context(), Options{Pairs: pairs}, templates)
	if err != nil {
		t.Fatal(err)
	}
	if !e.SelfTuned || e.Result.Pairs.Accuracy != 1 || e.Result.Pairs.AccuracyStd != 0 || e.Result.AllPairs != nil || e.Result.Errata != nil {
		t.Errorf("got %+v", e.Result)
	}
}

func TestBestThreshold(t *testing.T) {
	tests := []struct {
		name  string
		pairs []judged
		want  float64
	}{
		{"halfway", []judged{{0.8, true}, {0.2, false}}, 0.5},
		{"one error is less than two", []judged{{0.1, true}, {0.8, true}, {0.9, true}, {0.3, false}, {0.4, false}}, 0.6},
		{"a failure is an error everywhere", []judged{{failedScore, true}, {0.8, true}, {0.2, false}}, 0.5},
		{"ties stay together", []judged{{0.5, true}, {0.5, false}, {0.5, false}, {0.9, true}}, 0.7},
	}
	for _, test := range tests {
		if got := bestThreshold(test.pairs); math.Abs(got-test.want) > 1e-6 {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// The JSON is an interface to other programs: its keys are fixed.
func TestResultJSON(t *testing.T) {
	samples, templates := simulated(30, 2, 32, 1, 2)
	e, err := Evaluate(t.Context(), Options{Model: "simulated", Pairs: pairsAmong(samples), AllPairs: true, Samples: samples, Errata: &Errata{}, Seed: 1}, templates)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(e.Result)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	keys := func(path ...string) []string {
		at := got
		for _, p := range path {
			at = at[p].(map[string]any)
		}
		var list []string
		for k := range at {
			list = append(list, k)
		}
		slices.Sort(list)
		return list
	}
	pairs := []string{"accuracy", "accuracy_ci", "accuracy_std", "eer", "genuine", "impostor", "tar_at_far", "thresholds"}
	all := []string{"eer", "genuine", "impostor", "tar_at_far", "tar_ci", "thresholds"}
	rates := []string{"1e-2", "1e-3", "1e-4", "1e-5", "1e-6"}
	for _, test := range []struct{ got, want []string }{
		{keys(), []string{"all_pairs", "errata", "failures_to_acquire", "images", "model", "pairs", "wall_s"}},
		{keys("pairs"), pairs}, {keys("all_pairs"), all}, {keys("errata"), []string{"all_pairs", "pairs"}},
		{keys("errata", "pairs"), pairs}, {keys("errata", "all_pairs"), all},
		{keys("pairs", "tar_at_far"), rates}, {keys("pairs", "thresholds"), rates}, {keys("all_pairs", "tar_at_far"), rates},
		{keys("all_pairs", "thresholds"), rates}, {keys("all_pairs", "tar_ci"), rates},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Error(diff)
		}
	}
	for path, value := range map[string]any{"1e-2": 0.0, "1e-6": nil} { // 1,740 impostor pairs
		got := got["all_pairs"].(map[string]any)["tar_at_far"].(map[string]any)[path]
		if _, number := got.(float64); number != (value != nil) {
			t.Errorf("%s: %v", path, got)
		}
	}
	if n := got["all_pairs"].(map[string]any)["impostor"]; n != float64(60*59/2-30) {
		t.Errorf("%v impostor pairs", n)
	}
}

// pairsAmong makes a protocol of two folds: each person's first two images, and the first images of neighbours.
func pairsAmong(samples []Sample) *Pairs {
	pairs := &Pairs{make([]Fold, 2)}
	for i := 0; i+3 < len(samples); i += 2 {
		f := &pairs.Folds[i/2%2]
		*f = append(*f, Pair{samples[i], samples[i+1]}, Pair{samples[i], samples[i+2]})
	}
	return pairs
}

func TestEvaluateRefusesBadTemplates(t *testing.T) {
	samples := []Sample{"A/A_0001.jpg", "B/B_0001.jpg"}
	tests := []struct {
		name      string
		templates Templates
	}{
		{"one is missing", Templates{samples[0]: at(0)}},
		{"of two lengths", Templates{samples[0]: at(0), samples[1]: {1, 0, 0}}},
		{"not of unit length", Templates{samples[0]: at(0), samples[1]: {1, 1}}},
		{"not a number", Templates{samples[0]: at(0), samples[1]: {float32(math.NaN()), 1}}},
		{"empty", Templates{samples[0]: {}, samples[1]: {}}},
	}
	for _, test := range tests {
		_, err := Evaluate(t.Context(), Options{Pairs: &Pairs{}, AllPairs: true, Samples: samples}, test.templates)
		if err == nil {
			t.Errorf("%s: accepted", test.name)
		} else if strings.Contains(err.Error(), "A_0001") || strings.Contains(err.Error(), "B_0001") {
			t.Errorf("%s: the error names a person: %v", test.name, err)
		}
	}
}

// 200 people give enough impostor pairs for a table down to 2e-5; it must be one that a model pack accepts.
func TestCalibrationIsAcceptedByAModelPack(t *testing.T) {
	samples, templates := simulated(200, 3, 24, 1.2, 4)
	e, err := Evaluate(t.Context(), Options{Model: "simulated", Effort: "accurate", Dataset: "simulated people", Pairs: &Pairs{}, AllPairs: true, Samples: samples, Seed: 1}, templates)
	if err != nil {
		t.Fatal(err)
	}
	c := e.Calibration
	if c.Model != "simulated" || c.Effort != "accurate" || c.Dataset != "simulated people" || c.People != 200 || c.Images != 600 || c.Impostors != 600*599/2-600 {
		t.Errorf("got %+v", c)
	}
	if len(c.Rows) < 16 || math.Abs(c.Rows[0].FMR-0.5) > 0.001 {
		t.Errorf("%d rows, the first %+v", len(c.Rows), c.Rows[0])
	}
	if last := c.Rows[len(c.Rows)-1]; float64(c.Impostors)*last.FMR < 2.5 || float64(c.Impostors)*last.FMR > 6 {
		t.Errorf("the last row rests on %.1f comparisons", float64(c.Impostors)*last.FMR)
	}
	for i, r := range c.Rows {
		if !(r.FMR > 0 && r.Lower >= 0 && r.Lower <= r.FMR && r.FMR <= r.Upper && r.Upper <= 1) {
			t.Errorf("row %d: %+v", i, r)
		}
		if i > 0 {
			if p := c.Rows[i-1]; !(r.Score > p.Score && r.FMR < p.FMR && r.Lower <= p.Lower && r.Upper <= p.Upper) {
				t.Errorf("row %d: %+v after %+v", i, r, p)
			}
		}
	}
	text, err := MarshalCalibration(*c)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "# Comparison scores and false-match rates of simulated (accurate)") {
		t.Errorf("got %.200s", text)
	}
	var read models.Calibration
	if err := toml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*c, read); diff != "" {
		t.Error(diff)
	}
}

func TestCalibrationCommentKeepsToItsLines(t *testing.T) {
	text, err := MarshalCalibration(models.Calibration{Model: "a\nrows = 1", Dataset: "b\r\nmodel = 2"})
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "\n\n")
	for line := range strings.SplitSeq(head, "\n") {
		if !strings.HasPrefix(line, "# ") {
			t.Errorf("not a comment: %q", line)
		}
	}
}

func TestTooFewPairsCalibrateNothing(t *testing.T) {
	samples, templates := simulated(2, 1, 8, 1, 1)
	e, err := Evaluate(t.Context(), Options{Pairs: &Pairs{}, AllPairs: true, Samples: samples}, templates)
	if err != nil {
		t.Fatal(err)
	}
	if e.Calibration != nil {
		t.Errorf("got %+v", e.Calibration)
	}
}
