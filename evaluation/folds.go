package evaluation

import (
	"cmp"
	"math"
	"slices"
)

// judged is one pair of the protocol that could be judged: a comparison, or a genuine pair that failed to acquire.
type judged struct {
	score   float32 // below every threshold when a sample failed to acquire
	genuine bool
}

// failedScore is lower than every threshold: a non-match always.
const failedScore = -2

// accuracy is the share of right decisions over folds.
type accuracy struct {
	mean, std float64
	interval  Interval
	// selfTuned: there is one fold, so that the threshold had to be chosen on the pairs that it is judged on.
	selfTuned bool
}

// foldAccuracy tests each fold at the threshold that is best on all other folds; std is the sample standard deviation
// over folds (divisor folds − 1; 0 for one fold). With one fold the threshold is chosen on that fold itself, which is
// optimistic. The interval is Clopper–Pearson over all decisions.
func foldAccuracy(folds [][]judged) accuracy {
	var rates []float64
	var right, total int64
	for k, fold := range folds {
		var others []judged
		for m, other := range folds {
			if m != k || len(folds) == 1 {
				others = append(others, other...)
			}
		}
		if len(fold) == 0 || len(others) == 0 {
			continue // errata may have emptied it
		}
		t := bestThreshold(others)
		n := int64(0)
		for _, j := range fold {
			if (float64(j.score) >= t) == j.genuine {
				n++
			}
		}
		rates = append(rates, ratio(n, int64(len(fold))))
		right, total = right+n, total+int64(len(fold))
	}
	a := accuracy{interval: exactInterval(right, total), selfTuned: len(folds) == 1}
	for _, r := range rates {
		a.mean += r / float64(len(rates))
	}
	if len(rates) > 1 {
		var square float64
		for _, r := range rates {
			square += (r - a.mean) * (r - a.mean)
		}
		a.std = math.Sqrt(square / float64(len(rates)-1))
	}
	return a
}

// bestThreshold gives a threshold of highest accuracy: halfway between the two scores that it separates. Of several
// equally good ones it takes the middle one.
func bestThreshold(pairs []judged) float64 {
	sorted := slices.Clone(pairs)
	slices.SortFunc(sorted, func(a, b judged) int { return cmp.Compare(a.score, b.score) })
	right := 0 // at a threshold below all scores, genuine pairs that were acquired are right
	for _, j := range sorted {
		if j.genuine && j.score > failedScore {
			right++
		}
	}
	best := right
	good := []float64{-1}
	for i := 0; i < len(sorted); {
		score := sorted[i].score
		for ; i < len(sorted) && sorted[i].score == score; i++ {
			switch {
			case score == failedScore: // wrong at every threshold
			case sorted[i].genuine:
				right--
			default:
				right++
			}
		}
		if score == failedScore || right < best {
			continue
		}
		t := math.Nextafter(float64(score), 2)
		if i < len(sorted) {
			t = (float64(score) + float64(sorted[i].score)) / 2
		}
		if right > best {
			best, good = right, good[:0]
		}
		good = append(good, t)
	}
	return good[len(good)/2]
}
