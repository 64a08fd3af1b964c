package evaluation

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// counted puts scores into bins, as for sets too large to keep.
func counted(scores []float32, failed int64) *distribution {
	counts := make([]int64, bins+1)
	for _, s := range scores {
		counts[scoreBin(s)]++
	}
	return newCountedDistribution(counts, failed)
}

// By hand: of ten impostor scores, FAR 0.2 lets two match, and so on.
func TestThresholdByHand(t *testing.T) {
	impostor := []float32{0.9, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.0}
	tests := []struct {
		name    string
		scores  []float32
		allowed int64
		matches int64   // impostor scores that reach the threshold
		above   float32 // the threshold is the next number after this
	}{
		{"none may match", impostor, 0, 0, 0.9},
		{"one", impostor, 1, 1, 0.8},
		{"two", impostor, 2, 2, 0.7},
		{"nine", impostor, 9, 9, 0.0},
		{"ties are refused together", []float32{0.5, 0.5, 0.5, 0.1}, 2, 0, 0.5},
		{"ties fit", []float32{0.5, 0.5, 0.5, 0.1}, 3, 3, 0.1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDistribution(slices.Clone(test.scores), 0)
			got := d.threshold(test.allowed)
			if want := math.Nextafter32(test.above, 2); got != want {
				t.Errorf("threshold %v, want %v", got, want)
			}
			if n := d.reach(got); n != test.matches {
				t.Errorf("%d reach it, want %d", n, test.matches)
			}
		})
	}
	if got := newDistribution(slices.Clone(impostor), 0).threshold(10); got != -1 {
		t.Errorf("all may match: threshold %v, want −1", got)
	}
}

func TestAllowedMatches(t *testing.T) {
	tests := []struct {
		n       int64
		rate    float64
		allowed int64
		ok      bool
	}{
		{100, 1e-2, 1, true}, {99, 1e-2, 0, false}, {1_000_000, 1e-6, 1, true}, {999_999, 1e-6, 0, false},
		{1_999_999, 1e-6, 1, true}, {3000, 1e-3, 3, true}, {2999, 1e-3, 2, true}, {300_000, 1e-5, 3, true}, {0, 1e-2, 0, false},
	}
	for _, test := range tests {
		if allowed, ok := allowedMatches(test.n, test.rate); allowed != test.allowed || ok != test.ok {
			t.Errorf("%d·%g: got %d, %t, want %d, %t", test.n, test.rate, allowed, ok, test.allowed, test.ok)
		}
	}
}

// Ten genuine pairs of which one failed, 100 impostors of which one scores 0.55: at FAR 1e-2 it may match, so the threshold
// lies just above the second highest, 0.35. Two genuine scores (0.3, 0.2) miss it, and so does the failure: FNMR 0.3.
func TestPointsByHand(t *testing.T) {
	genuine := newDistribution([]float32{0.9, 0.8, 0.7, 0.65, 0.6, 0.5, 0.4, 0.3, 0.2}, 1)
	scores := []float32{0.55, 0.35}
	for range 98 {
		scores = append(scores, 0)
	}
	impostor := newDistribution(scores, 0)
	got := pointsOf(genuine, impostor)
	want := Point{Target: "1e-2", FAR: 1e-2, Supported: true, Threshold: float64(math.Nextafter32(0.35, 2)), FMR: 0.01, Matches: 1, FNMR: 0.3, GenuineMisses: 3,
		FMRInterval: exactInterval(1, 100), FNMRInterval: exactInterval(3, 10)}
	if diff := cmp.Diff(want, got[0], cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
	for i, key := range []string{"1e-3", "1e-4", "1e-5", "1e-6"} {
		if p := got[i+1]; p.Target != key || p.Supported {
			t.Errorf("100 comparisons cannot support %s: %+v", key, p)
		}
	}
	tar, thresholds, intervals := rates(got)
	if *tar["1e-2"] != 0.7 || tar["1e-3"] != nil || thresholds["1e-6"] != nil || intervals["1e-4"] != nil || len(tar) != 5 {
		t.Errorf("got %v, %v, %v", tar, thresholds, intervals)
	}
}

func TestEqualErrorRateByHand(t *testing.T) {
	tests := []struct {
		name              string
		genuine, impostor []float32
		failed            int64
		want              float64
	}{
		{"apart", []float32{0.8, 0.9}, []float32{0.1, 0.2}, 0, 0},
		{"one in four on each side", []float32{0.25, 0.7, 0.8, 0.9}, []float32{0.1, 0.2, 0.15, 0.5}, 0, 0.25},
		{"the wrong way round", []float32{0.1, 0.2}, []float32{0.8, 0.9}, 0, 1},
		{"half of the genuine pairs failed", []float32{0.9}, []float32{0.1}, 1, 0.5},
	}
	for _, test := range tests {
		got := equalErrorRate(newDistribution(slices.Clone(test.genuine), test.failed), newDistribution(slices.Clone(test.impostor), 0))
		if math.Abs(got-test.want) > 1e-6 {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// scores draws cosines with many ties.
func scores(minimum int) *rapid.Generator[[]float32] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float32 {
		if rapid.Bool().Draw(t, "coarse") {
			return float32(rapid.IntRange(-10, 10).Draw(t, "tenths")) / 10
		}
		return rapid.Float32Range(-1, 1).Draw(t, "score")
	}), minimum, 300)
}

func TestThresholdRespectsTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := scores(1).Draw(t, "impostors")
		allowed := rapid.Int64Range(0, int64(len(list))+1).Draw(t, "allowed")
		for name, d := range map[string]*distribution{"kept": newDistribution(slices.Clone(list), 0), "counted": counted(list, 0)} {
			threshold := d.threshold(allowed)
			n := int64(0)
			for _, s := range list {
				if s >= threshold {
					n++
				}
			}
			if n > allowed {
				t.Fatalf("%s: %d of %d match at %v, %d allowed", name, n, len(list), threshold, allowed)
			}
			if n != d.reach(threshold) {
				t.Fatalf("%s: reach says %d, there are %d", name, d.reach(threshold), n)
			}
			// One step lower, too many match: the threshold is the smallest.
			lower := math.Nextafter32(threshold, -2)
			if name == "counted" {
				lower = edge(scoreBin(threshold) - 1)
			}
			if threshold > -1 && d.reach(lower) <= allowed {
				t.Fatalf("%s: %v would do as well as %v", name, lower, threshold)
			}
		}
	})
}

func TestRatesAreMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		failed := rapid.Int64Range(0, 5).Draw(t, "failed")
		genuine := newDistribution(scores(1).Draw(t, "genuine"), failed)
		impostor := newDistribution(scores(1).Draw(t, "impostor"), 0)
		curve := detCurve(genuine, impostor)
		for k := 1; k < len(curve); k++ {
			a, b := curve[k-1], curve[k]
			if b.FMR > a.FMR || b.FNMR < a.FNMR || b.Score < a.Score {
				t.Fatalf("from %+v to %+v", a, b)
			}
		}
		eer := equalErrorRate(genuine, impostor)
		if !(eer >= 0 && eer <= 1) {
			t.Fatalf("EER %v", eer)
		}
		tar := 2.0
		for _, p := range pointsOf(genuine, impostor) {
			if p.Supported && (1-p.FNMR > tar || p.FMR > p.FAR || p.FNMR < float64(failed)/float64(genuine.made+failed)) {
				t.Fatalf("at %s: %+v", p.Target, p)
			}
			if p.Supported {
				tar = 1 - p.FNMR
			}
		}
	})
}

func TestOrderOfScoresDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := scores(1).Draw(t, "scores")
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		a, b := newDistribution(slices.Clone(list), 0), newDistribution(slices.Clone(shuffled), 0)
		if !slices.Equal(a.sorted, b.sorted) {
			t.Fatalf("%v differs from %v", a.sorted, b.sorted)
		}
		slices.Sort(list)
		if !slices.Equal(a.sorted, list) {
			t.Fatalf("sorted to %v", a.sorted)
		}
	})
}

func TestHistogramCountsEveryScoreOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := scores(0).Draw(t, "scores")
		for _, d := range []*distribution{newDistribution(slices.Clone(list), 0), counted(list, 0)} {
			var sum int64
			for _, n := range d.histogram(200) {
				if n < 0 {
					t.Fatal("a negative count")
				}
				sum += n
			}
			if sum != int64(len(list)) {
				t.Fatalf("%d of %d scores counted", sum, len(list))
			}
		}
	})
}
