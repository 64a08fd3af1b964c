package evaluation

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func genuineAt(score float32) judged  { return judged{score, true} }
func impostorAt(score float32) judged { return judged{score, false} }

func TestFoldAccuracyJudgesAtTheOtherFoldsThreshold(t *testing.T) {
	folds := [][]judged{
		{genuineAt(0.8), genuineAt(0.6), impostorAt(0.2), impostorAt(0.4)}, // best threshold: 0.5
		{genuineAt(0.9), genuineAt(0.45), impostorAt(0.1), impostorAt(0.3)},
	}
	// Fold 2 separates best halfway between 0.3 and 0.45: fold 1 is judged at 0.375, where the impostor of 0.4 is wrong.
	// Fold 1 separates best at 0.5, where fold 2's genuine pair of 0.45 is wrong.
	got := foldAccuracy(folds)
	if math.Abs(got.mean-0.75) > 1e-12 || got.std != 0 || got.selfTuned {
		t.Errorf("got %+v, want a mean of 0.75", got)
	}
	if want := exactInterval(6, 8); got.interval != want {
		t.Errorf("interval %v, want %v", got.interval, want)
	}
}

func TestFoldAccuracyStd(t *testing.T) {
	right := []judged{genuineAt(0.9), genuineAt(0.9), impostorAt(0.1), impostorAt(0.1)}
	half := []judged{genuineAt(0.9), genuineAt(0.1), impostorAt(0.9), impostorAt(0.1)}
	got := foldAccuracy([][]judged{right, right, half})
	// Rates 1, 1, 1/2: mean 5/6, sample variance (2·(1/6)² + (1/3)²) / 2 = 1/12.
	if math.Abs(got.mean-5.0/6) > 1e-12 || math.Abs(got.std-math.Sqrt(1.0/12)) > 1e-12 {
		t.Errorf("got %v ± %v, want 0.8333 ± 0.2887", got.mean, got.std)
	}
}

func TestFoldAccuracyOfOneFoldSaysSo(t *testing.T) {
	got := foldAccuracy([][]judged{{genuineAt(0.9), impostorAt(0.1)}})
	if !got.selfTuned || got.mean != 1 || got.std != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestFailureToAcquireIsAlwaysWrong(t *testing.T) {
	fold := []judged{genuineAt(0.9), genuineAt(failedScore), impostorAt(0.1), impostorAt(0.2)}
	if got := foldAccuracy([][]judged{fold, fold}); got.mean != 0.75 {
		t.Errorf("accuracy %v, want 0.75", got.mean)
	}
	onlyFailures := []judged{genuineAt(failedScore)}
	if got := foldAccuracy([][]judged{onlyFailures, onlyFailures}); got.mean != 0 {
		t.Errorf("accuracy of failures only is %v", got.mean)
	}
}

func TestBestThresholdHasNoBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) judged {
			if rapid.IntRange(0, 9).Draw(t, "failed") == 0 {
				return genuineAt(failedScore)
			}
			return judged{float32(rapid.IntRange(-20, 20).Draw(t, "score")) / 20, rapid.Bool().Draw(t, "genuine")}
		}), 1, 30).Draw(t, "pairs")
		right := func(threshold float64) (n int) {
			for _, p := range pairs {
				if (float64(p.score) >= threshold) == p.genuine {
					n++
				}
			}
			return n
		}
		best := right(bestThreshold(pairs))
		for step := -21; step <= 21; step++ { // between and beyond all coarse scores
			if other := (float64(step) + 0.5) / 20; right(other) > best && other >= -1 {
				t.Fatalf("%v is right on %d pairs, the chosen threshold on %d", other, right(other), best)
			}
		}
	})
}
