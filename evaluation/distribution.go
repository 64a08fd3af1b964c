package evaluation

import (
	"math"
	"slices"
)

// MaxExactScores is the number of scores up to which all are kept (64 MB). Beyond it they are counted in 2^16 bins of
// width 2^-15, and thresholds are bin edges: still never above the target rate, at most 3.1e-5 too high.
const MaxExactScores = 16 << 20

const (
	bins     = 1 << 16
	binScale = bins / 2 // bins per unit of score
)

// distribution holds the scores of one kind of comparison, genuine or impostor.
type distribution struct {
	sorted []float32 // rising; nil when the scores were counted
	// atLeast[k] is the number of scores ≥ edge(k), for k in 0..bins+1; nil when sorted is used.
	atLeast []int64
	made    int64 // comparisons made
	failed  int64 // pairs that could not be compared because a sample could not be acquired
}

func newDistribution(scores []float32, failed int64) *distribution {
	sortScores(scores)
	return &distribution{sorted: scores, made: int64(len(scores)), failed: failed}
}

// newCountedDistribution takes the number of scores in each bin: counted[k] is the number in [edge(k), edge(k+1)), for
// k in 0..bins.
func newCountedDistribution(counted []int64, failed int64) *distribution {
	d := &distribution{failed: failed, atLeast: make([]int64, bins+2)}
	for k := bins; k >= 0; k-- {
		d.atLeast[k] = d.atLeast[k+1] + counted[k]
	}
	d.made = d.atLeast[0]
	return d
}

// reach counts the scores ≥ t. For counted scores it is exact at bin edges and rounds up elsewhere.
func (d *distribution) reach(t float32) int64 {
	if d.atLeast != nil {
		return d.atLeast[scoreBin(t)]
	}
	i, _ := slices.BinarySearch(d.sorted, t)
	return int64(len(d.sorted) - i)
}

// threshold gives the smallest score that at most allowed scores reach. It may lie above 1.
func (d *distribution) threshold(allowed int64) float32 {
	if allowed >= d.made {
		return -1
	}
	if d.atLeast != nil {
		k, _ := slices.BinarySearchFunc(d.atLeast, allowed, func(n, allowed int64) int {
			if n > allowed {
				return -1
			}
			return 1
		})
		return edge(k)
	}
	// The (allowed+1)-th highest score must not match, so the threshold is the next number above it: tied scores are
	// rejected with it.
	refused := d.sorted[int64(len(d.sorted))-1-allowed]
	return math.Nextafter32(refused, 2)
}

// matchRate is the share of comparisons made that score t or more: the FMR of impostors.
func (d *distribution) matchRate(t float32) float64 { return ratio(d.reach(t), d.made) }

// rejectRate is the share of pairs that do not match at t, failures included: the FRR of genuine pairs.
func (d *distribution) rejectRate(t float32) float64 {
	return ratio(d.made-d.reach(t)+d.failed, d.made+d.failed)
}

// allowedMatches gives floor(n·rate), and whether n supports the rate at all (n·rate ≥ 1). The slack, relative
// and tiny, absorbs that a decimal rate such as 1e-6 is not exact in binary.
func allowedMatches(n int64, rate float64) (int64, bool) {
	allowed := int64(math.Floor(float64(n) * rate * (1 + 1e-12)))
	return allowed, allowed >= 1
}

// equalErrorRate is where FMR and FRR are equal. Between the two neighbouring float32 thresholds on either side of the
// crossing, the straight line is taken.
func equalErrorRate(genuine, impostor *distribution) float64 {
	// FRR − FMR rises with the threshold: find the first threshold at which it is not negative, by bisecting the
	// float32 numbers themselves.
	crossed := func(t float32) bool { return genuine.rejectRate(t) >= impostor.matchRate(t) }
	low, high := sortKey(-1), sortKey(math.Nextafter32(1, 2))
	if crossed(fromSortKey(low)) {
		return genuine.rejectRate(-1)
	}
	for high-low > 1 {
		if mid := low + (high-low)/2; crossed(fromSortKey(mid)) {
			high = mid
		} else {
			low = mid
		}
	}
	before, after := fromSortKey(low), fromSortKey(high)
	above := impostor.matchRate(before) - genuine.rejectRate(before)
	below := genuine.rejectRate(after) - impostor.matchRate(after)
	share := above / (above + below)
	return impostor.matchRate(before) + share*(impostor.matchRate(after)-impostor.matchRate(before))
}

// histogram counts the scores in equal bins over −1..1, for display.
func (d *distribution) histogram(n int) []int64 {
	counts := make([]int64, n)
	previous := d.made
	for k := range n {
		next := int64(0)
		if k < n-1 {
			next = d.reach(float32(-1 + 2*float64(k+1)/float64(n)))
		}
		counts[k] = previous - next
		previous = next
	}
	return counts
}

// scoreBin gives the bin that t falls into. The score 1 has a bin of its own, and so has what lies above.
func scoreBin(t float32) int {
	if t > 1 {
		return bins + 1
	}
	return max(0, binScale+int(math.Floor(float64(t)*binScale))) // a product with a power of two is exact, a sum would round
}

// edge is the lower end of bin k, exact in float32.
func edge(k int) float32 {
	if k > bins {
		return math.Nextafter32(1, 2)
	}
	return float32(float64(k)/binScale - 1)
}

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
