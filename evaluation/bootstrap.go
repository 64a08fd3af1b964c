package evaluation

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/viterin/vek/vek32"
)

// Bounds of the bootstrap: replicates × people stays near replicateBudget, so that memory and time do.
const (
	maxReplicates   = 1_000
	minReplicates   = 200
	replicateBudget = 8 << 20
)

// bootstrap re-draws the people of a population, with replacement, and recomputes the error rates at a fixed ladder of
// thresholds. Pairs are never re-drawn by themselves: pairs that share a person are not independent, and resampling
// them would make the intervals too narrow (ISO/IEC 19795-1, annex B; Bolle, Ratha, Pankanti 2004).
//
// A person drawn w times brings each of their genuine pairs w times. An impostor pair of persons p ≠ q counts w_p·w_q
// times; comparisons between two copies of one person are not impostor comparisons and are not counted.
type bootstrap struct {
	ladder []float32 // rising thresholds
	// fmr[r][k] and fnmr[r][k]: rates of replicate r at ladder[k]. fnmr is empty when nobody has a genuine pair.
	fmr, fnmr [][]float64
}

// resample scans the population once more and gives every replicate its rates.
func (p *population) resample(ctx context.Context, ladder []float32, genuine []indexed, seed uint64) (*bootstrap, error) {
	replicates := max(minReplicates, min(maxReplicates, replicateBudget/max(1, p.people)))
	weights := drawWeights(p.people, replicates, seed)
	impostor, err := p.weighImpostors(ctx, ladder, weights, replicates)
	if err != nil {
		return nil, err
	}
	b := &bootstrap{ladder: ladder}
	for r, matches := range impostor {
		if total := weightedImpostors(p.acquired, weights, r); total > 0 {
			b.fmr = append(b.fmr, suffixRates(matches, total))
			if fnmr, ok := p.weighGenuine(ladder, genuine, weights, r); ok {
				b.fnmr = append(b.fnmr, fnmr)
			}
		}
	}
	return b, nil
}

// drawWeights gives weights[person][replicate]: how often the replicate drew the person.
func drawWeights(people, replicates int, seed uint64) [][]float32 {
	memory := make([]float32, people*replicates)
	weights := make([][]float32, people)
	for i := range weights {
		weights[i] = memory[i*replicates : (i+1)*replicates]
	}
	random := rand.New(rand.NewPCG(seed, 0x19795))
	for r := range replicates {
		for range people {
			weights[random.IntN(people)][r]++
		}
	}
	return weights
}

// weighImpostors gives, per replicate and step k of the ladder, the weight of impostor comparisons that reach step k
// but not step k+1.
func (p *population) weighImpostors(ctx context.Context, ladder []float32, weights [][]float32, replicates int) ([][]float64, error) {
	type share struct {
		sums    [][]float64 // per step and replicate
		row     [][]float32 // the same for the current row, without the weight of its person
		touched []int
	}
	shares := make([]share, workers())
	for w := range shares {
		s := &shares[w]
		s.sums, s.row = make([][]float64, len(ladder)), make([][]float32, len(ladder))
		for k := range ladder {
			s.sums[k], s.row[k] = make([]float64, replicates), make([]float32, replicates)
		}
	}
	err := p.scan(ctx, func(worker, i int, scores []float32) {
		s := &shares[worker]
		person := p.person[i]
		hit := make([]bool, len(ladder))
		for k, score := range scores {
			other := p.person[i+1+k]
			if score < ladder[0] || other == person {
				continue
			}
			step := reached(ladder, score)
			if !hit[step] {
				hit[step] = true
				s.touched = append(s.touched, step)
			}
			vek32.Add_Inplace(s.row[step], weights[other])
		}
		for _, step := range s.touched {
			sums, row := s.sums[step], s.row[step]
			for r, w := range weights[person] {
				sums[r] += float64(w) * float64(row[r]) // whole numbers: exact, so the order of rows does not matter
			}
			clear(row)
		}
		s.touched = s.touched[:0]
	})
	if err != nil {
		return nil, err
	}
	matches := make([][]float64, replicates)
	for r := range matches {
		matches[r] = make([]float64, len(ladder))
		for k := range ladder {
			for w := range shares {
				matches[r][k] += shares[w].sums[k][r]
			}
		}
	}
	return matches, nil
}

// reached gives the last step of the ladder that the score reaches; −1 for none.
func reached(ladder []float32, score float32) int {
	k, found := slices.BinarySearch(ladder, score)
	if found {
		return k
	}
	return k - 1
}

// weightedImpostors is the number of impostor comparisons in a replicate: ((Σ wn)² − Σ (wn)²) / 2 for n samples each.
func weightedImpostors(samples []int, weights [][]float32, r int) float64 {
	var sum, squares float64
	for person, n := range samples {
		wn := float64(weights[person][r]) * float64(n)
		sum += wn
		squares += wn * wn
	}
	return (sum*sum - squares) / 2
}

// weighGenuine gives the FNMR of one replicate at each step; false when it drew nobody with a genuine pair.
func (p *population) weighGenuine(ladder []float32, genuine []indexed, weights [][]float32, r int) ([]float64, bool) {
	var total float64
	for person, n := range p.tried {
		total += float64(weights[person][r]) * float64(n*(n-1)/2)
	}
	if total == 0 {
		return nil, false
	}
	matches := make([]float64, len(ladder))
	for _, c := range genuine {
		if k := reached(ladder, c.score); k >= 0 {
			matches[k] += float64(weights[p.person[c.i]][r])
		}
	}
	rates := suffixRates(matches, total)
	for k := range rates {
		rates[k] = 1 - rates[k]
	}
	return rates, true
}

// suffixRates turns "reaches step k but not k+1" into the share that reaches step k.
func suffixRates(matches []float64, total float64) []float64 {
	rates := make([]float64, len(matches))
	var sum float64
	for k := len(matches) - 1; k >= 0; k-- {
		sum += matches[k]
		rates[k] = sum / total
	}
	return rates
}

// fmrAt gives the interval of the FMR at step k.
func (b *bootstrap) fmrAt(k int) (Interval, bool) {
	if len(b.fmr) == 0 {
		return Interval{}, false
	}
	values := make([]float64, len(b.fmr))
	for r := range b.fmr {
		values[r] = b.fmr[r][k]
	}
	return percentileInterval(values), true
}

// fnmrAtRate gives the interval of the FNMR at a target FMR. Every replicate sets its own threshold, as an operator
// would who calibrates on those people: the interval holds the uncertainty of the threshold too.
func (b *bootstrap) fnmrAtRate(target float64) (Interval, bool) {
	if len(b.fnmr) == 0 || len(b.fnmr) != len(b.fmr) {
		return Interval{}, false
	}
	values := make([]float64, len(b.fnmr))
	for r := range b.fnmr {
		values[r] = interpolate(b.fmr[r], b.fnmr[r], target)
	}
	return percentileInterval(values), true
}

// interpolate reads the FNMR where the falling fmr passes target, along the logarithm of fmr.
func interpolate(fmr, fnmr []float64, target float64) float64 {
	k, _ := slices.BinarySearchFunc(fmr, target, func(v, target float64) int {
		if v > target {
			return -1
		}
		return 1
	}) // the first step at or below target
	switch {
	case k == 0:
		return fnmr[0]
	case k == len(fmr):
		return fnmr[k-1] // the replicate has not enough low rates: its strictest step
	case fmr[k] <= 0:
		return fnmr[k]
	}
	share := math.Log(fmr[k-1]/target) / math.Log(fmr[k-1]/fmr[k])
	return fnmr[k-1] + share*(fnmr[k]-fnmr[k-1])
}
