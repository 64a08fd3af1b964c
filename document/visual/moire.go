package visual

import (
	"math"
	"math/cmplx"
	"slices"
)

const (
	// moireSide is the side, in pixels of the picture, of the squares whose spectrum is taken.
	moireSide = 128
	// lowestFrequency that counts, in cycles per square: print and its rows lie below.
	lowestFrequency = 20
)

// moire looks for the regular grid of a screen: in squares of the picture over the document, at its own resolution, the
// highest line of the spectrum over the median of its ring. Print is broken, so its spectrum is broad; a grid's is a few
// sharp lines. The median of the squares is given. Rasters of offset print can raise it, and a screen photographed so that
// the camera does not resolve its grid does not: the sign counts only where it is there.
func (r *Reading) moire(p *photo) float64 {
	w, h := p.size()
	if w < moireSide || h < moireSide {
		return 0
	}
	img := p.levels[0]
	var peaks []float64
	for _, place := range [][2]float64{{0.15, 0.25}, {0.35, 0.3}, {0.5, 0.6}, {0.3, 0.75}, {0.75, 0.85}, {0.8, 0.35}, {0.6, 0.2}} {
		at := r.toPhoto.apply(Point{place[0] * r.WidthMM, place[1] * r.HeightMM})
		x0, y0 := int(at.X)-moireSide/2, int(at.Y)-moireSide/2
		x0, y0 = max(0, min(x0, img.Width-moireSide)), max(0, min(y0, img.Height-moireSide))
		square := make([]complex128, moireSide*moireSide)
		for y := range moireSide {
			wy := 0.5 - 0.5*math.Cos(2*math.Pi*float64(y)/moireSide)
			for x := range moireSide {
				wx := 0.5 - 0.5*math.Cos(2*math.Pi*float64(x)/moireSide)
				px := img.Pix[3*((y0+y)*img.Width+x0+x):][:3]
				square[y*moireSide+x] = complex(wx*wy*(0.299*float64(px[0])+0.587*float64(px[1])+0.114*float64(px[2])), 0)
			}
		}
		peaks = append(peaks, peakOverRing(square))
	}
	slices.Sort(peaks)
	return peaks[len(peaks)/2]
}

// peakOverRing gives the highest magnitude of a square's spectrum beyond the lowest frequencies, over the median
// magnitude at the same distance from zero.
func peakOverRing(square []complex128) float64 {
	transform2(square)
	rings := make([][]float64, moireSide/2)
	for y := range moireSide {
		for x := range moireSide {
			fx, fy := x, y
			if fx > moireSide/2 {
				fx -= moireSide
			}
			if fy > moireSide/2 {
				fy -= moireSide
			}
			if d := int(math.Hypot(float64(fx), float64(fy))); d >= lowestFrequency && d < moireSide/2 {
				rings[d] = append(rings[d], cmplx.Abs(square[y*moireSide+x]))
			}
		}
	}
	var highest float64
	for _, ring := range rings[lowestFrequency:] {
		slices.Sort(ring)
		highest = max(highest, ring[len(ring)-1]/max(ring[len(ring)/2], 1))
	}
	return highest
}

// transform2 is the Fourier transform of a square, in place.
func transform2(square []complex128) {
	column := make([]complex128, moireSide)
	for y := range moireSide {
		transform(square[y*moireSide:][:moireSide])
	}
	for x := range moireSide {
		for y := range moireSide {
			column[y] = square[y*moireSide+x]
		}
		transform(column)
		for y := range moireSide {
			square[y*moireSide+x] = column[y]
		}
	}
}

// transform is the fast Fourier transform of a power of two of values, in place (J. Cooley, J. Tukey, 1965).
func transform(a []complex128) {
	n := len(a)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			a[i], a[j] = a[j], a[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		step := cmplx.Rect(1, -2*math.Pi/float64(size))
		for i := 0; i < n; i += size {
			w := complex(1, 0)
			for k := i; k < i+size/2; k++ {
				u, v := a[k], a[k+size/2]*w
				a[k], a[k+size/2] = u+v, u-v
				w *= step
			}
		}
	}
}
