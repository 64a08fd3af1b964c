package face

import (
	"math"

	"truename/capture"
)

// patch is the part of a picture that a crop is made of, its pixels unpacked for arithmetic on three channels at
// once: red, green and blue stand in lanes of 21 bits of one word, low to high.
type patch struct {
	// x, y are the place of the patch's first pixel in the picture.
	x, y          int
	width, height int
	// pix holds (width+1)·(height+1) pixels: the last column and row once more, so that every pixel has a neighbour.
	pix []uint64
}

const (
	laneBits = 21
	laneMask = 1<<laneBits - 1
	// weightOne is the weight 1 of an interpolation: a lane has room for 255 times that.
	weightBits = laneBits - 8
	weightOne  = 1 << weightBits
	// pixelBits is how many binary places positions have. The error that a row's steps add up to stays below a
	// hundredth of a pixel over 1,000 of them.
	pixelBits = 16
	// longest is the largest side of a patch, so that a position within takes 32 bits.
	longest = 1<<16 - 1
)

// fixed gives a position with pixelBits binary places. What is not a number, or farther away than any picture is
// large, becomes a position that is far outside.
func fixed(v float64) int64 {
	const far = 1 << 20
	if !(v > -far) {
		v = -far
	}
	return int64(math.Round(min(v, far) * (1 << pixelBits)))
}

// cut takes from the picture what the map m of a target's rows from..to reaches, or what is nearest to that.
func (p *patch) cut(img *capture.Image, m Affine, width, from, to int) {
	reach := func(a, b, c float64, size int) (start, length int) {
		w, y1, y2 := a*float64(width), b*float64(from), b*float64(to)
		low := int(fixed(c+min(w, 0)+min(y1, y2)) >> pixelBits)
		high := int(fixed(c+max(w, 0)+max(y1, y2)) >> pixelBits)
		start = min(max(low-1, 0), size-1)
		return start, min(max(high+2, start+1)-start, size-start, longest)
	}
	p.x, p.width = reach(m.A, m.B, m.C, img.Width)
	p.y, p.height = reach(m.D, m.E, m.F, img.Height)
	stride := p.width + 1
	if n := stride * (p.height + 1); cap(p.pix) < n {
		p.pix = make([]uint64, n)
	} else {
		p.pix = p.pix[:n]
	}
	for y := range p.height {
		src := img.Pix[3*((p.y+y)*img.Width+p.x):][:3*p.width]
		row := p.pix[y*stride:][:stride]
		for x := range row[:p.width] {
			row[x] = uint64(src[0]) | uint64(src[1])<<laneBits | uint64(src[2])<<(2*laneBits)
			src = src[3:]
		}
		row[p.width] = row[p.width-1]
	}
	copy(p.pix[p.height*stride:], p.pix[(p.height-1)*stride:p.height*stride])
}

// row interpolates at (x, y), (x+dx, y+dy) and so on, positions relative to the patch with pixelBits binary places,
// and gives sums of the four pixels around each, weighted by shares of weightOne. Beyond the patch its outermost
// pixels repeat.
func (p *patch) row(sums []uint64, x, y, dx, dy int64) {
	right, bottom := int64(p.width-1)<<pixelBits, int64(p.height-1)<<pixelBits
	x1, x2 := span(x, dx, 0, right+1, len(sums))
	y1, y2 := span(y, dy, 0, bottom+1, len(sums))
	from := max(x1, y1)
	to := max(min(x2, y2), from)
	clamped := func(i int) {
		p.row(sums[i:i+1], min(max(x+int64(i)*dx, 0), right), min(max(y+int64(i)*dy, 0), bottom), 0, 0)
	}
	for i := range from {
		clamped(i)
	}
	for i := to; i < len(sums); i++ {
		clamped(i)
	}
	// Both positions step in one word, x above y: y is never negative here, so that what it carries is right. This
	// and the lanes are half of the time that four weights for each channel would take.
	const shift, fraction = pixelBits - weightBits, 1<<pixelBits - 1
	at, step := uint64((x+int64(from)*dx)<<32+y+int64(from)*dy), uint64(dx<<32+dy)
	pix, stride := p.pix, p.width+1
	within := sums[from:to]
	for i := range within {
		wx, wy := at>>32&fraction>>shift, at&fraction>>shift
		both := (wx*wy + weightOne/2) >> weightBits
		corner := int(uint32(at)>>pixelBits)*stride + int(at>>(32+pixelBits))
		top, low := pix[corner:corner+2:corner+2], pix[corner+stride:corner+stride+2:corner+stride+2]
		within[i] = top[0]*(weightOne-wx-wy+both) + top[1]*(wx-both) + low[0]*(wy-both) + low[1]*both
		at += step
	}
}

// span gives the steps i, from ≤ i < to within 0..n, for which low ≤ at + i·step < high.
func span(at, step, low, high int64, n int) (from, to int) {
	// ceil gives the least i with i·d ≥ v, within 0..n, for d > 0.
	ceil := func(v, d int64) int {
		if v <= 0 {
			return 0
		}
		return int(min((v-1)/d+1, int64(n)))
	}
	switch {
	case step > 0:
		return ceil(low-at, step), ceil(high-at, step)
	case step < 0:
		return ceil(at-high+1, -step), ceil(at-low+1, -step)
	case low <= at && at < high:
		return 0, n
	}
	return n, n
}

// lanes takes the three channels of a sum apart.
func lanes(s uint64) (red, green, blue float32) {
	return float32(int32(s & laneMask)), float32(int32(s >> laneBits & laneMask)), float32(int32(s >> (2 * laneBits)))
}
