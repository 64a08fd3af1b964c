package evaluation

import "math"

// sortScores sorts rising, by counting three digits of 11 bits (radix sort): millions of scores take a tenth of the
// time of a comparison sort. Scores are finite; −0 sorts before +0, which no count depends on after normalisation.
func sortScores(scores []float32) {
	keys := make([]uint32, len(scores))
	for i, s := range scores {
		keys[i] = sortKey(s + 0) // −0 + 0 = +0
	}
	spare := make([]uint32, len(scores))
	const digit = 11
	for shift := 0; shift < 32; shift += digit {
		var next [1 << digit]int
		for _, k := range keys {
			next[k>>shift&(1<<digit-1)]++
		}
		sum := 0
		for d, n := range next {
			next[d] = sum
			sum += n
		}
		for _, k := range keys {
			d := k >> shift & (1<<digit - 1)
			spare[next[d]] = k
			next[d]++
		}
		keys, spare = spare, keys
	}
	for i, k := range keys {
		scores[i] = fromSortKey(k)
	}
}

// sortKey maps float32 to uint32 so that the order is kept: positive numbers get the sign bit set, the bits of
// negative ones are inverted.
func sortKey(f float32) uint32 {
	bits := math.Float32bits(f)
	if bits>>31 == 1 {
		return ^bits
	}
	return bits | 1<<31
}

func fromSortKey(k uint32) float32 {
	if k>>31 == 1 {
		return math.Float32frombits(k &^ (1 << 31))
	}
	return math.Float32frombits(^k)
}
