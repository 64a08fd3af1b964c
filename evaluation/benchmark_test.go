package evaluation

import "testing"

// LFW's development folds have 3,811 images and 7.3 million impostor pairs; so has this, nearly.
func BenchmarkCompareAll(b *testing.B) {
	samples, templates := simulated(1270, 3, 512, 1, 1)
	p, err := newPopulation(samples, templates, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(p.impostorPairs()), "impostors")
	for b.Loop() {
		if _, err := p.compareAll(b.Context(), worstPairs, MaxExactScores); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluateAllPairs(b *testing.B) {
	samples, templates := simulated(1270, 3, 512, 1, 1)
	o := Options{Model: "simulated", Pairs: &Pairs{}, AllPairs: true, Samples: samples}
	for b.Loop() {
		if _, err := Evaluate(b.Context(), o, templates); err != nil {
			b.Fatal(err)
		}
	}
}
