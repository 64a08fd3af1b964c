package visual

import "math"

const (
	// leastLabel: the mean probability (geometric) of a label's letters for it to count as found.
	leastLabel = 0.4
	// longestGap between neighbouring letters of a label, in steps of the recogniser: two letters' widths.
	longestGap = 14
)

// sighting is a label found in a line: how surely, and where in the line its first and last letters stand (0..1).
type sighting struct {
	p, from, to float64
}

// look searches a line for the letters of a word, in their order and not far apart, wherever it makes them likeliest.
// It does not read the line: of everything else that is written there nothing is learned.
func (t *script) look(word []int) (s sighting, ok bool) {
	n := len(word)
	if n == 0 || t.steps < n {
		return s, false
	}
	// best[i][s]: the highest sum of logarithms for the first i+1 letters, the last of them at step s; came: from where.
	best := make([][]float64, n)
	came := make([][]int, n)
	for i, c := range word {
		best[i], came[i] = make([]float64, t.steps), make([]int, t.steps)
		for s := range t.steps {
			own := math.Log(max(float64(t.p[s*t.classes+c]), 1e-3))
			if i == 0 {
				best[i][s] = own
				continue
			}
			best[i][s], came[i][s] = math.Inf(-1), -1
			for k := max(0, s-longestGap); k < s; k++ {
				if v := best[i-1][k] + own; v > best[i][s] {
					best[i][s], came[i][s] = v, k
				}
			}
		}
	}
	end := 0
	for s, v := range best[n-1] {
		if v > best[n-1][end] {
			end = s
		}
	}
	s.p = math.Exp(best[n-1][end] / float64(n))
	if !(s.p >= leastLabel) {
		return s, false
	}
	start := end
	for i := n - 1; i > 0; i-- {
		start = came[i][start]
	}
	s.from, s.to = (float64(start)+0.5)/t.length, (float64(end)+0.5)/t.length
	return s, true
}

// spell gives the classes of a word's letters, without its spaces; ok is false when the network does not know one.
func spell(word string, characters map[string]int) (classes []int, ok bool) {
	for _, r := range word {
		if r == ' ' {
			continue
		}
		c, known := characters[string(r)]
		if !known {
			return nil, false
		}
		classes = append(classes, c)
	}
	return classes, len(classes) > 0
}
