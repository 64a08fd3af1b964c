package attacks

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"truename/liveness"
)

func trial(species string, bonaFide bool, outcome liveness.Outcome, score float64) Trial {
	return Trial{Species: species, BonaFide: bonaFide, Judgement: liveness.Judgement{Outcome: outcome, Score: score,
		Facts: []liveness.Fact{{Name: liveness.FactDepth, Margin: score}}}}
}

func TestMeasure(t *testing.T) {
	trials := []Trial{
		trial("film", true, liveness.OutcomeBonaFide, 0.5),
		trial("film", true, liveness.OutcomeUndecided, -0.5),
		trial("turned", true, liveness.OutcomeAttack, -1.5),
		trial("turned", true, liveness.OutcomeBonaFide, 0.2),
		trial("photo", false, liveness.OutcomeAttack, -2),
		trial("photo", false, liveness.OutcomeBonaFide, 0.1),
		trial("photo", false, liveness.OutcomeUndecided, -0.2),
		trial("photo", false, liveness.OutcomeUnavailable, 0),
		{Species: "hidden", Beyond: true, Judgement: liveness.Judgement{Outcome: liveness.OutcomeBonaFide, Score: 1}},
	}
	p := Measure(trials)
	if p.BPCER != 0.25 || p.NotPassed != 0.5 {
		t.Errorf("BPCER %v, not passed %v; want 0.25, 0.5", p.BPCER, p.NotPassed)
	}
	third := 1.0 / 3
	if diff := cmp.Diff(map[string]float64{"photo": third}, p.APCER); diff != "" {
		t.Errorf("APCER:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]float64{"film": 0.5, "turned": 0, "photo": third, "hidden": 0}, p.Undecided); diff != "" {
		t.Errorf("undecided:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"film": 2, "turned": 2, "photo": 3, "hidden": 1}, p.Trials); diff != "" {
		t.Errorf("trials:\n%s", diff)
	}
	if p.Unavailable["photo"] != 1 || p.Beyond["hidden"] != 1 {
		t.Errorf("unavailable %v, beyond %v", p.Unavailable, p.Beyond)
	}
	if f := p.Facts[liveness.FactDepth]; f.BPCER != 0.25 || f.NotPassed != 0.5 || f.APCER["photo"] != third {
		t.Errorf("depth alone: %+v", f)
	}
	for i, o := range p.DET {
		if i > 0 && (o.NotPassed < p.DET[i-1].NotPassed || o.APCER > p.DET[i-1].APCER) {
			t.Errorf("the trade-off turns back at %+v", o)
		}
	}
}

func TestUpperBound(t *testing.T) {
	for _, test := range []struct {
		k, n int
		want float64
	}{{0, 30, 0.0950}, {0, 60, 0.0487}, {1, 30, 0.1486}, {3, 50, 0.1478}, {5, 5, 1}} {
		if got := upperBound(test.k, test.n); math.Abs(got-test.want) > 1e-3 {
			t.Errorf("%d of %d: %.4f, want %.4f", test.k, test.n, got, test.want)
		}
	}
}

func TestReport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "report")
	p := Measure([]Trial{trial("film", true, liveness.OutcomeBonaFide, 0.5), trial("still_photo", false, liveness.OutcomeAttack, -2), trial("<b>", false, liveness.OutcomeAttack, -2)})
	if err := WriteReport(dir, p, "m/fast"); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"still_photo", "fingers", "&lt;b&gt;", "95.0 %", "<path"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}
