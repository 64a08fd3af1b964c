package evaluation

import (
	"math"
	"testing"
)

// brute computes one replicate's rates from a list in which a person drawn w times appears as w copies.
func brute(p *population, weights [][]float32, r int, threshold float32) (fmr, fnmr float64) {
	var impostors, matches, genuine, misses float64
	for person, n := range p.tried {
		genuine += float64(weights[person][r]) * float64(n*(n-1)/2)
	}
	misses = genuine
	for i := range p.vectors {
		for j := range i {
			score := compare(p.vectors[i], p.vectors[j])
			wi, wj := float64(weights[p.person[i]][r]), float64(weights[p.person[j]][r])
			if p.person[i] == p.person[j] {
				if score >= threshold {
					misses -= wi
				}
				continue
			}
			impostors += wi * wj
			if score >= threshold {
				matches += wi * wj
			}
		}
	}
	return matches / impostors, misses / genuine
}

func TestReplicatesAgainstCopiesOfPeople(t *testing.T) {
	samples, templates := simulated(12, 3, 16, 1, 7)
	templates[samples[5]] = nil
	p, err := newPopulation(samples, templates, nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := p.compareAll(t.Context(), 0, MaxExactScores)
	if err != nil {
		t.Fatal(err)
	}
	steps := newLadder(all.impostor).thresholds
	const seed = 11
	b, err := p.resample(t.Context(), steps, all.genuinePairs, seed)
	if err != nil {
		t.Fatal(err)
	}
	weights := drawWeights(p.people, len(b.fmr), seed)
	for r := 0; r < len(b.fmr); r += 97 {
		for k, threshold := range steps {
			fmr, fnmr := brute(p, weights, r, threshold)
			if math.Abs(fmr-b.fmr[r][k]) > 1e-9 || math.Abs(fnmr-b.fnmr[r][k]) > 1e-9 {
				t.Fatalf("replicate %d at %v: FMR %v, FNMR %v, want %v, %v", r, threshold, b.fmr[r][k], b.fnmr[r][k], fmr, fnmr)
			}
		}
	}
}

func TestEveryReplicateDrawsAllPeopleOnAverage(t *testing.T) {
	weights := drawWeights(50, 40, 3)
	for r := range 40 {
		var sum float32
		for person := range weights {
			sum += weights[person][r]
		}
		if sum != 50 {
			t.Fatalf("replicate %d drew %v people of 50", r, sum)
		}
	}
	again, other := drawWeights(50, 40, 3), drawWeights(50, 40, 4)
	same := true
	for person := range weights {
		for r := range weights[person] {
			if weights[person][r] != again[person][r] {
				t.Fatal("one seed, two results")
			}
			same = same && weights[person][r] == other[person][r]
		}
	}
	if same {
		t.Error("two seeds, one result")
	}
}

// Pairs that share a person move together, so the interval must be wider than if pairs were independent.
func TestBootstrapIsWiderThanIndependentPairs(t *testing.T) {
	samples, templates := simulated(60, 5, 12, 1, 6)
	p, err := newPopulation(samples, templates, nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := p.compareAll(t.Context(), 0, MaxExactScores)
	if err != nil {
		t.Fatal(err)
	}
	steps := newLadder(all.impostor).thresholds
	b, err := p.resample(t.Context(), steps, all.genuinePairs, 1)
	if err != nil {
		t.Fatal(err)
	}
	for k, threshold := range steps {
		if fmr := all.impostor.matchRate(threshold); fmr > 0.2 || fmr < 0.01 {
			continue
		}
		resampled, _ := b.fmrAt(k)
		exact := exactInterval(all.impostor.reach(threshold), all.impostor.made)
		if resampled[1]-resampled[0] < 1.2*(exact[1]-exact[0]) {
			t.Errorf("at %v: bootstrap %v, independent %v", threshold, resampled, exact)
		}
	}
}

// Without a single genuine error, the rule of three over people bounds the rate.
func TestNoErrorsAreBoundedByTheRuleOfThree(t *testing.T) {
	samples, templates := simulated(150, 2, 64, 0.05, 6)
	e, err := Evaluate(t.Context(), Options{Pairs: &Pairs{}, AllPairs: true, Samples: samples, Seed: 1}, templates)
	if err != nil {
		t.Fatal(err)
	}
	if tar := *e.Result.AllPairs.TARAtFAR["1e-3"]; tar != 1 {
		t.Fatalf("TAR %v", tar)
	}
	if got := *e.Result.AllPairs.TARCI["1e-3"]; math.Abs(got[0]-0.98) > 1e-9 || got[1] != 1 {
		t.Errorf("got %v, want [1 − 3/150, 1]", got)
	}
}
