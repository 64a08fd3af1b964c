package liveness

import (
	"math"
	"slices"

	"truename/capture"
	"truename/face"
)

// spectrumSide is the side, in pixels of the frame, of the square of face whose spectrum is taken.
const spectrumSide = 64

// spectrum sums the power spectra of the middle of the face over frames. A screen's grid of pixels beats with the
// camera's: moiré, which is a sharp peak in it that skin, hair and noise do not have.
type spectrum struct {
	frames int
	power  []float64 // spectrumSide², zero frequency first
}

// spectrumFrames is how many frames are summed at most.
const spectrumFrames = 24

// add takes the spectrum of one frame. The square is taken at the frame's own resolution, around the tip of the nose.
func (s *spectrum) add(img *capture.Image, o *face.Observation) {
	const n = spectrumSide
	if s.frames >= spectrumFrames || img.Width < n || img.Height < n {
		return
	}
	nose := o.Landmarks[30]
	x0 := max(0, min(img.Width-n, int(nose.X)-n/2))
	y0 := max(0, min(img.Height-n, int(nose.Y)-n/2))
	grey := make([]float64, n*n)
	for y := range n {
		for x := range n {
			p := img.Pix[3*((y0+y)*img.Width+x0+x):]
			grey[y*n+x] = 0.299*float64(p[0]) + 0.587*float64(p[1]) + 0.114*float64(p[2])
		}
	}
	re, im := fourier(highPass(grey, n), n)
	if s.power == nil {
		s.power = make([]float64, n*n)
	}
	for i := range re {
		s.power[i] += re[i]*re[i] + im[i]*im[i]
	}
	s.frames++
}

// peak is how far the strongest frequency stands out: its power over that of its surroundings, in decibels, the largest
// over all frequencies that a JPEG's blocks do not make themselves. It is 0 without frames.
func (s *spectrum) peak() float64 {
	const n = spectrumSide
	if s.frames < 3 {
		return 0
	}
	best := 0.0
	for v := range n {
		for u := range n {
			fu, fv := min(u, n-u), min(v, n-v)
			if u > n/2 || math.Hypot(float64(fu), float64(fv)) < 6 || blockFrequency(fu) && fv <= 1 || blockFrequency(fv) && fu <= 1 {
				continue
			}
			around := s.around(u, v)
			if around > 0 {
				best = max(best, 10*math.Log10((s.power[v*n+u]+1e-9)/(around+1e-9)))
			}
		}
	}
	return best
}

// around is the median power in the ring about a frequency, from 3 to 6 bins away.
func (s *spectrum) around(u, v int) float64 {
	const n = spectrumSide
	var ring []float64
	for dv := -6; dv <= 6; dv++ {
		for du := -6; du <= 6; du++ {
			if r := max(du, -du, dv, -dv); r < 3 {
				continue
			}
			x, y := (u+du+n)%n, (v+dv+n)%n
			if math.Hypot(float64(min(x, n-x)), float64(min(y, n-y))) < 4 {
				continue
			}
			ring = append(ring, s.power[y*n+x])
		}
	}
	slices.Sort(ring)
	return ring[len(ring)/2]
}

// blockFrequency says whether a frequency is about a multiple of that of blocks of eight pixels.
func blockFrequency(f int) bool {
	r := f % (spectrumSide / 8)
	return r <= 1 || r >= spectrumSide/8-1
}

// highPass subtracts from each pixel the mean around it and fades out toward the border, so that neither slopes nor
// edges of the square make frequencies.
func highPass(grey []float64, n int) []float64 {
	out := make([]float64, n*n)
	for y := range n {
		for x := range n {
			sum, count := 0.0, 0.0
			for j := max(0, y-2); j <= min(n-1, y+2); j++ {
				for i := max(0, x-2); i <= min(n-1, x+2); i++ {
					sum += grey[j*n+i]
					count++
				}
			}
			window := math.Sin(math.Pi*(float64(x)+0.5)/float64(n)) * math.Sin(math.Pi*(float64(y)+0.5)/float64(n))
			// A pixel far from its surroundings is an edge; it is held back so that a few strong edges do not hide a weak
			// pattern everywhere.
			out[y*n+x] = window * 12 * math.Tanh((grey[y*n+x]-sum/count)/12)
		}
	}
	return out
}

// fourier transforms an n×n picture, n a power of two.
func fourier(grey []float64, n int) (re, im []float64) {
	re, im = slices.Clone(grey), make([]float64, n*n)
	row, column := make([]float64, n), make([]float64, n)
	for y := range n {
		fft(re[y*n:(y+1)*n], im[y*n:(y+1)*n])
	}
	for x := range n {
		for y := range n {
			row[y], column[y] = re[y*n+x], im[y*n+x]
		}
		fft(row, column)
		for y := range n {
			re[y*n+x], im[y*n+x] = row[y], column[y]
		}
	}
	return re, im
}

// fft is the transform of J. W. Cooley and J. W. Tukey (1965), in place.
func fft(re, im []float64) {
	n := len(re)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			re[i], re[j] = re[j], re[i]
			im[i], im[j] = im[j], im[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		sin, cos := math.Sincos(-2 * math.Pi / float64(size))
		for start := 0; start < n; start += size {
			wr, wi := 1.0, 0.0
			for k := start; k < start+size/2; k++ {
				l := k + size/2
				tr, ti := wr*re[l]-wi*im[l], wr*im[l]+wi*re[l]
				re[l], im[l] = re[k]-tr, im[k]-ti
				re[k], im[k] = re[k]+tr, im[k]+ti
				wr, wi = wr*cos-wi*sin, wr*sin+wi*cos
			}
		}
	}
}

// detail is the share of the finest detail of the face in its fine detail: the energy of differences of neighbouring
// pixels over that of pixels two apart. A picture that was enlarged has little.
func detail(img *capture.Image, o *face.Observation) float64 {
	x0, x1 := max(0, int(o.Face.Centre.X-o.Face.Width/2)), min(img.Width-3, int(o.Face.Centre.X+o.Face.Width/2))
	y0, y1 := max(0, int(o.Face.Centre.Y-o.Face.Height/2)), min(img.Height-1, int(o.Face.Centre.Y+o.Face.Height/2))
	var near, far float64
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			i := 3*(y*img.Width+x) + 1
			a, b, c := float64(img.Pix[i]), float64(img.Pix[i+3]), float64(img.Pix[i+6])
			near += (a - 2*b + c) * (a - 2*b + c)
			far += (a - c) * (a - c)
		}
	}
	if far == 0 {
		return 0
	}
	return near / far
}
