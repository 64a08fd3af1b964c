package barcode

import (
	"math"

	"truename/capture"
)

const (
	minSide      = 21        // modules of the smallest QR code: less cannot hold one
	matrixPixels = 1_500_000 // for Data Matrix, which is small and read in parts
)

// plane is the brightness of a picture, one byte a pixel.
type plane struct {
	pix           []byte
	width, height int
	scale         float64 // how many pixels of the first plane one of this is wide
	origin        float64 // how many pixels of the picture one of the first plane is wide
}

// window is a part of a plane.
type window struct{ x, y, width, height int }

// luminance gives a picture's brightness (ITU-R BT.601), reduced by a whole number when it has more than maxPixels.
func luminance(m *capture.Image, maxPixels int) plane {
	n := 1
	for (m.Width/n)*(m.Height/n) > maxPixels {
		n++
	}
	p := plane{width: m.Width / n, height: m.Height / n, scale: 1, origin: float64(n)}
	p.pix = make([]byte, p.width*p.height)
	for y := range p.height {
		for x := range p.width {
			sum := 0
			for dy := range n {
				row := 3 * ((y*n+dy)*m.Width + x*n)
				for dx := range n {
					c := m.Pix[row+3*dx : row+3*dx+3]
					sum += 299*int(c[0]) + 587*int(c[1]) + 114*int(c[2])
				}
			}
			p.pix[y*p.width+x] = byte(sum / (1000 * n * n))
		}
	}
	return p
}

// halved gives a plane of half the width and height: means of two by two pixels.
func (p plane) halved() plane {
	h := plane{width: p.width / 2, height: p.height / 2, scale: 2 * p.scale, origin: p.origin}
	h.pix = make([]byte, h.width*h.height)
	for y := range h.height {
		upper, lower := p.pix[2*y*p.width:], p.pix[(2*y+1)*p.width:]
		for x := range h.width {
			h.pix[y*h.width+x] = byte((int(upper[2*x]) + int(upper[2*x+1]) + int(lower[2*x]) + int(lower[2*x+1]) + 2) / 4)
		}
	}
	return h
}

func (p plane) whole() window { return window{0, 0, p.width, p.height} }

// windows gives the whole, and overlapping parts of half its size.
func (p plane) windows() []window {
	all := []window{p.whole()}
	for i := range 3 {
		for j := range 3 {
			all = append(all, window{j * p.width / 4, i * p.height / 4, p.width / 2, p.height / 2})
		}
	}
	return all
}

// blank paints the surroundings of a code white, in place, so that it is not found again. Points are in the pixels of the
// first plane; those of a QR code are inside it, up to half of its side away from its edge.
func (p plane) blank(points []Point) {
	if len(points) == 0 {
		return
	}
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, at := range points {
		left, right = math.Min(left, at.X), math.Max(right, at.X)
		top, bottom = math.Min(top, at.Y), math.Max(bottom, at.Y)
	}
	margin := math.Max(right-left, bottom-top) / 4
	clamp := func(v float64, limit int) int { return max(0, min(limit, int(v/p.scale))) }
	x0, x1 := clamp(left-margin, p.width), clamp(right+margin, p.width)
	for y := clamp(top-margin, p.height); y < clamp(bottom+margin, p.height); y++ {
		row := p.pix[y*p.width+x0 : y*p.width+x1]
		for i := range row {
			row[i] = 0xff
		}
	}
}
