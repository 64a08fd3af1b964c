package evaluation

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// oracle compares all pairs one by one, the plain way.
func oracle(samples []Sample, templates Templates) (genuine, impostor []Comparison, failed int64) {
	for i, a := range samples {
		for _, b := range samples[:i] {
			va, vb := templates[a], templates[b]
			if va == nil || vb == nil {
				if a.Person() == b.Person() {
					failed++
				}
				continue
			}
			var dot float64
			for k := range va {
				dot += float64(va[k]) * float64(vb[k])
			}
			c := Comparison{b, a, dot}
			if a.Person() == b.Person() {
				genuine = append(genuine, c)
			} else {
				impostor = append(impostor, c)
			}
		}
	}
	return genuine, impostor, failed
}

func TestCompareAllAgainstTheOracle(t *testing.T) {
	for _, test := range []struct {
		name                      string
		people, images, dimension int
		noise                     float64
		lost                      int // every so many-th sample fails
	}{
		{"512 numbers", 40, 3, 512, 1, 0},
		{"128 numbers, failures", 33, 4, 128, 1.2, 7},
		{"an odd dimension", 25, 3, 37, 1, 5},
		{"one number", 6, 2, 1, 0.1, 0},
		{"more than a block", 70, 2, 16, 0.8, 11},
		{"one person", 1, 5, 8, 0.5, 0},
		{"nobody acquired", 3, 2, 8, 0.5, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			samples, templates := simulated(test.people, test.images, test.dimension, test.noise, 3)
			for i, s := range samples {
				if test.lost > 0 && i%test.lost == 0 {
					templates[s] = nil
				}
			}
			genuine, impostor, failed := oracle(samples, templates)
			p, err := newPopulation(samples, templates, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, exact := range []int64{MaxExactScores, -1} {
				all, err := p.compareAll(t.Context(), 5, exact)
				if err != nil {
					t.Fatal(err)
				}
				if all.genuine.made != int64(len(genuine)) || all.impostor.made != int64(len(impostor)) || all.genuine.failed != failed {
					t.Fatalf("%d genuine, %d impostor, %d failed; want %d, %d, %d", all.genuine.made, all.impostor.made, all.genuine.failed,
						len(genuine), len(impostor), failed)
				}
				// The two sums differ in the last digits: compare counts halfway between neighbouring scores.
				checkCounts(t, "genuine", all.genuine, genuine, 0)
				tolerance := 0.0
				if exact < 0 {
					tolerance = 1.0 / binScale
				}
				checkCounts(t, "impostor", all.impostor, impostor, tolerance)
				checkWorst(t, p.comparisons(all.worstGenuine), genuine, func(a, b Comparison) int { return cmp.Compare(a.Score, b.Score) })
				checkWorst(t, p.comparisons(all.worstImpostor), impostor, func(a, b Comparison) int { return cmp.Compare(b.Score, a.Score) })
			}
		})
	}
}

func checkCounts(t *testing.T, name string, d *distribution, want []Comparison, tolerance float64) {
	t.Helper()
	scores := make([]float64, len(want))
	for k, c := range want {
		scores[k] = c.Score
	}
	slices.Sort(scores)
	for k := 1; k < len(scores); k++ {
		if scores[k]-scores[k-1] < 1e-5+2*tolerance {
			continue
		}
		middle := (scores[k] + scores[k-1]) / 2
		if n := d.reach(float32(middle)); n != int64(len(scores)-k) {
			t.Fatalf("%s: %d reach %v, want %d", name, n, middle, len(scores)-k)
		}
	}
}

func checkWorst(t *testing.T, got, all []Comparison, worse func(a, b Comparison) int) {
	t.Helper()
	slices.SortFunc(all, worse)
	if len(got) != min(5, len(all)) {
		t.Fatalf("%d worst comparisons of %d", len(got), len(all))
	}
	for k := range got {
		if d := got[k].Score - all[k].Score; d > 1e-5 || d < -1e-5 {
			t.Errorf("worst %d: %v, want %v", k, got[k], all[k])
		}
	}
}

func TestOrderOfSamplesDoesNotMatter(t *testing.T) {
	samples, templates := simulated(60, 3, 64, 1.5, 9)
	templates[samples[4]] = nil
	pairs := &Pairs{[]Fold{{{samples[0], samples[1]}, {samples[0], samples[3]}}, {{samples[6], samples[7]}, {samples[9], samples[20]}}}}
	run := func(samples []Sample) *Evaluation {
		e, err := Evaluate(t.Context(), Options{Model: "simulated", Pairs: pairs, AllPairs: true, Samples: samples, Seed: 5}, templates)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	turned := slices.Clone(samples)
	slices.Reverse(turned)
	if diff := gocmp.Diff(run(samples), run(append(turned, samples[0]))); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluateStopsWhenCancelled(t *testing.T) {
	samples, templates := simulated(50, 2, 16, 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Evaluate(ctx, Options{Pairs: &Pairs{}, AllPairs: true, Samples: samples}, templates); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
