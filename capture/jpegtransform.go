package capture

// zigzag gives the natural index (row·8 + column) of a coefficient (ITU-T T.81, figure A.6).
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// lastReduced is the last coefficient in zigzag order that a block of that size takes up.
var lastReduced = [5]int{1: 0, 2: 4, 4: 24}

// A block of 8 × 8 coefficients F reduced to m × m is the inverse transform of size m of its m × m lowest frequencies,
// scaled by m/8. In one dimension, with everything scaled by √8:
//
//	f(x) = F(0) + √2 · Σ F(u) cos((2x+1)uπ/2m), u = 1 … m−1
//
// so in two dimensions an eighth of it is the sample.

// inverse4 gives 4 × 4 samples. cos(2π/8) · √2 is 1, so only F(1) and F(3) are multiplied.
func inverse4(b *[17]int32, to []byte, stride int) {
	const (
		c1, c3   = 10703, 4433 // √2·cos(π/8), √2·cos(3π/8), scaled by 2¹³
		fraction = 13
		keep     = 2 // bits of fraction between the passes
	)
	var t [16]int32
	for x := range 4 {
		f0, f1, f2, f3 := b[x], b[4+x], b[8+x], b[12+x]
		if f1|f2|f3 == 0 {
			v := f0 << keep
			t[x], t[4+x], t[8+x], t[12+x] = v, v, v, v
			continue
		}
		even0, even1 := (f0+f2)<<keep, (f0-f2)<<keep
		odd0 := (f1*c1 + f3*c3 + 1<<(fraction-keep-1)) >> (fraction - keep)
		odd1 := (f1*c3 - f3*c1 + 1<<(fraction-keep-1)) >> (fraction - keep)
		t[x], t[4+x], t[8+x], t[12+x] = even0+odd0, even1+odd1, even1-odd1, even0-odd0
	}
	for y := range 4 {
		row := t[4*y : 4*y+4 : 4*y+4]
		even0, even1 := row[0]+row[2], row[0]-row[2]
		odd0 := (row[1]*c1 + row[3]*c3 + 1<<(fraction-1)) >> fraction
		odd1 := (row[1]*c3 - row[3]*c1 + 1<<(fraction-1)) >> fraction
		out := to[y*stride : y*stride+4 : y*stride+4]
		out[0], out[1] = pixel(even0+odd0, 3+keep), pixel(even1+odd1, 3+keep)
		out[2], out[3] = pixel(even1-odd1, 3+keep), pixel(even0-odd0, 3+keep)
	}
}

// inverse2 gives 2 × 2 samples: √2·cos(π/4) is 1.
func inverse2(b *[17]int32, to []byte, stride int) {
	s0, d0, s1, d1 := b[0]+b[1], b[0]-b[1], b[2]+b[3], b[2]-b[3]
	to[0], to[1] = pixel(s0+s1, 3), pixel(d0+d1, 3)
	to[stride], to[stride+1] = pixel(s0-s1, 3), pixel(d0-d1, 3)
}

// pixel rounds v / 2^shift to a sample around 128.
func pixel(v int32, shift int) byte {
	v = (v+1<<(shift-1))>>shift + 128
	if uint32(v) < 256 {
		return byte(v)
	}
	return byte(^(v >> 31))
}
