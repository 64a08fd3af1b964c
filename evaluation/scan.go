package evaluation

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/viterin/vek/vek32"
)

// Blocks of the scan: rows × columns of 512 floats are 16 kB + 128 kB, which the inner caches hold.
const (
	blockRows    = 8
	blockColumns = 64
)

// Comparison is one pair of acquired samples and its score.
type Comparison struct {
	A, B  Sample
	Score float64
}

// scan compares every acquired sample with every later one on all cores, and hands out the scores row by row:
// scores[k] compares sample i with sample i+1+k. Rows arrive in no particular order; calls with the same worker
// (0..workers()−1) never overlap. The slice is reused.
func (p *population) scan(ctx context.Context, row func(worker, i int, scores []float32)) error {
	n := len(p.vectors)
	var next atomic.Int64
	var group sync.WaitGroup
	for worker := range workers() {
		group.Go(func() {
			buffer := make([]float32, blockRows*n)
			for ctx.Err() == nil {
				first := int(next.Add(blockRows)) - blockRows
				if first >= n {
					return
				}
				last := min(first+blockRows, n)
				p.compareBlock(first, last, buffer)
				for i := first; i < last; i++ {
					at := (i - first) * n
					row(worker, i, buffer[at+i+1:at+n])
				}
			}
		})
	}
	group.Wait()
	return ctx.Err()
}

// compareBlock fills buffer[(i−first)·n + j] for first ≤ i < last and i < j < n.
func (p *population) compareBlock(first, last int, buffer []float32) {
	n := len(p.vectors)
	for column := first + 1; column < n; column += blockColumns {
		end := min(column+blockColumns, n)
		for i := first; i < last; i++ {
			scores := buffer[(i-first)*n:]
			for j := max(column, i+1); j < end; j++ {
				scores[j] = compare(p.vectors[i], p.vectors[j])
			}
		}
	}
}

// compare gives the cosine of two unit vectors; rounding never leads out of −1..1.
func compare(a, b []float32) float32 { return max(-1, min(1, vek32.Dot(a, b))) }

func workers() int { return runtime.GOMAXPROCS(0) }

// allComparisons is what one scan over a population collects.
type allComparisons struct {
	genuine, impostor *distribution
	// genuinePairs are all genuine comparisons, in the order of the samples.
	genuinePairs []indexed
	// worstGenuine (lowest first) and worstImpostor (highest first) are the most wrong comparisons.
	worstGenuine, worstImpostor []indexed
}

// indexed is a comparison of samples i and j of a population.
type indexed struct {
	i, j  int
	score float32
}

func (p *population) compareAll(ctx context.Context, worst int, exact int64) (*allComparisons, error) {
	impostors := p.impostorPairs()
	var scores []float32 // of all impostors, when they are few enough
	var cursor atomic.Int64
	if impostors <= exact {
		scores = make([]float32, impostors)
	}
	type share struct {
		counted  []int64
		genuine  []indexed
		impostor *highest
	}
	shares := make([]share, workers())
	for w := range shares {
		shares[w].impostor = newHighest(worst)
		if scores == nil {
			shares[w].counted = make([]int64, bins+1)
		}
	}
	err := p.scan(ctx, func(worker, i int, row []float32) {
		s := &shares[worker]
		k := 0
		for ; k < len(row) && p.person[i+1+k] == p.person[i]; k++ {
			s.genuine = append(s.genuine, indexed{i, i + 1 + k, row[k]})
		}
		for m, score := range row[k:] {
			if score >= s.impostor.floor {
				s.impostor.add(indexed{i, i + 1 + k + m, score})
			}
		}
		if scores != nil {
			end := cursor.Add(int64(len(row) - k))
			copy(scores[end-int64(len(row)-k):end], row[k:])
			return
		}
		for _, score := range row[k:] {
			s.counted[scoreBin(score)]++
		}
	})
	if err != nil {
		return nil, err
	}

	all := &allComparisons{}
	top := newHighest(worst)
	counted := make([]int64, bins+1)
	for _, s := range shares {
		all.genuinePairs = append(all.genuinePairs, s.genuine...)
		for _, c := range s.impostor.kept {
			top.add(c)
		}
		for k, n := range s.counted {
			counted[k] += n
		}
	}
	all.worstImpostor = top.sorted()
	slices.SortFunc(all.genuinePairs, func(a, b indexed) int { return cmp.Or(cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j)) })
	all.worstGenuine = lowest(all.genuinePairs, worst)

	genuine := make([]float32, len(all.genuinePairs))
	for k, c := range all.genuinePairs {
		genuine[k] = c.score
	}
	_, failed := p.genuinePairs()
	all.genuine = newDistribution(genuine, failed)
	if scores != nil {
		all.impostor = newDistribution(scores, 0)
	} else {
		all.impostor = newCountedDistribution(counted, 0)
	}
	return all, nil
}

// highest keeps the comparisons with the highest scores; of equal scores those of the first samples, so that the
// choice does not depend on the order of arrival.
type highest struct {
	keep  int
	floor float32 // nothing below it can enter
	kept  []indexed
}

func newHighest(keep int) *highest { return &highest{keep: keep, floor: failedScore} }

func (h *highest) add(c indexed) {
	h.kept = append(h.kept, c)
	if len(h.kept) >= 8*h.keep+64 { // cut back only now and then
		h.kept = h.sorted()
		if len(h.kept) == h.keep && h.keep > 0 {
			h.floor = h.kept[h.keep-1].score
		}
	}
}

func (h *highest) sorted() []indexed {
	slices.SortFunc(h.kept, func(a, b indexed) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j))
	})
	return h.kept[:min(h.keep, len(h.kept))]
}

func lowest(all []indexed, keep int) []indexed {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b indexed) int { return cmp.Compare(a.score, b.score) })
	return sorted[:min(keep, len(sorted))]
}

func (p *population) comparisons(list []indexed) []Comparison {
	var named []Comparison
	for _, c := range list {
		named = append(named, Comparison{p.samples[c.i], p.samples[c.j], float64(c.score)})
	}
	return named
}
