package evaluation

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Values of the exact interval as tables print them (Clopper and Pearson 1934; also R's binom.test).
func TestExactInterval(t *testing.T) {
	tests := []struct {
		k, n         int64
		lower, upper float64
	}{
		{0, 10, 0, 0.3084971}, {10, 10, 0.6915029, 1}, {1, 10, 0.0025286, 0.4450161}, {5, 10, 0.1870860, 0.8129140},
		{0, 100, 0, 0.0362167}, {1, 20, 0.0012651, 0.2487328}, {10, 100, 0.0490047, 0.1762226}, {0, 0, 0, 1},
	}
	for _, test := range tests {
		got := exactInterval(test.k, test.n)
		if math.Abs(got[0]-test.lower) > 1e-6 || math.Abs(got[1]-test.upper) > 1e-6 {
			t.Errorf("%d of %d: got %v, want [%v, %v]", test.k, test.n, got, test.lower, test.upper)
		}
	}
}

// The bounds are where the tails of the binomial distribution hold 2.5 %, summed term by term here.
func TestExactIntervalAgainstTheBinomial(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 400).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "k")
		got := exactInterval(k, n)
		if share := float64(k) / float64(n); !(got[0] <= share && share <= got[1]) {
			t.Fatalf("%v does not hold %v", got, share)
		}
		if k < n {
			if tail := binomial(n, 0, k, got[1]); math.Abs(tail-0.025) > 1e-9 {
				t.Fatalf("P(X ≤ %d) = %v at the upper bound", k, tail)
			}
		}
		if k > 0 {
			if tail := binomial(n, k, n, got[0]); math.Abs(tail-0.025) > 1e-9 {
				t.Fatalf("P(X ≥ %d) = %v at the lower bound", k, tail)
			}
		}
	})
}

// binomial is P(from ≤ X ≤ to) for n trials of probability p.
func binomial(n, from, to int64, p float64) float64 {
	gamma := func(v int64) float64 {
		g, _ := math.Lgamma(float64(v) + 1)
		return g
	}
	var sum float64
	for k := from; k <= to; k++ {
		sum += math.Exp(gamma(n) - gamma(k) - gamma(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
	}
	return sum
}

func TestExactIntervalOfMillions(t *testing.T) {
	got := exactInterval(726, 7_260_000)
	// Normal approximation: 1e-4 ± 1.96·√(1e-4/7.26e6).
	if math.Abs(got[0]-9.29e-5) > 2e-7 || math.Abs(got[1]-1.0755e-4) > 2e-7 {
		t.Errorf("got %v", got)
	}
}

func TestRuleOfThree(t *testing.T) {
	for n, want := range map[int64]float64{0: 1, 3: 1, 300: 0.01, 30_000: 1e-4} {
		if got := ruleOfThree(n); got != want {
			t.Errorf("%d: got %v, want %v", n, got, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	sorted := []float64{0, 1, 2, 3, 4}
	for q, want := range map[float64]float64{0: 0, 0.25: 1, 0.5: 2, 0.875: 3.5, 1: 4} {
		if got := quantile(sorted, q); got != want {
			t.Errorf("%v: got %v, want %v", q, got, want)
		}
	}
	if got := quantile([]float64{7}, 0.975); got != 7 {
		t.Errorf("of one value: %v", got)
	}
}
