package visual

import (
	"math"

	"truename/capture"
	"truename/models"
)

// photo is the picture with its halved copies, so that any part can be shown at any size without aliasing, at a cost
// that depends on the target only. The copies take a third of the picture's memory.
type photo struct {
	levels []*capture.Image
}

func newPhoto(img *capture.Image) *photo {
	p := &photo{levels: []*capture.Image{img}}
	for last := img; min(last.Width, last.Height) >= 64; {
		last = halved(last)
		p.levels = append(p.levels, last)
	}
	return p
}

func (p *photo) size() (w, h float64) {
	return float64(p.levels[0].Width), float64(p.levels[0].Height)
}

func halved(m *capture.Image) *capture.Image {
	w, h := m.Width/2, m.Height/2
	out := &capture.Image{Width: w, Height: h, Pix: make([]byte, 3*w*h)}
	stride := 3 * m.Width
	for y := range h {
		src := m.Pix[2*y*stride:]
		dst := out.Pix[3*w*y:][:3*w]
		for i, j := 0, 0; i < len(dst); i, j = i+3, j+6 {
			a, b := src[j:j+6], src[stride+j:stride+j+6]
			dst[i] = byte((int(a[0]) + int(a[3]) + int(b[0]) + int(b[3]) + 2) / 4)
			dst[i+1] = byte((int(a[1]) + int(a[4]) + int(b[1]) + int(b[4]) + 2) / 4)
			dst[i+2] = byte((int(a[2]) + int(a[5]) + int(b[2]) + int(b[5]) + 2) / 4)
		}
	}
	return out
}

// level gives the copy that is best sampled at so many pixels of the picture per target pixel, and its reduction.
func (p *photo) level(scale float64) (*capture.Image, float64) {
	at := 0
	for s := scale; s >= 1.5 && at+1 < len(p.levels); s /= 2 {
		at++
	}
	return p.levels[at], float64(int(1) << at)
}

// view is a part of the picture to look at: w × h pixels whose places in the picture toPhoto gives, perhaps by way of
// places on the document, where rectangles may be hidden: what lies in them is grey whatever the picture shows.
type view struct {
	w, h    int
	toPhoto homography
	toPage  homography
	hidden  []Rect
}

// rgb samples a view, bilinearly; beyond the picture's edge its outermost pixels are repeated.
func (p *photo) rgb(v view, put func(i int, r, g, b float32)) {
	img, unit := p.level(v.toPhoto.scaleAt(Point{float64(v.w) / 2, float64(v.h) / 2}))
	m := v.toPhoto
	maxX, maxY := float64(img.Width-1), float64(img.Height-1)
	stride := 3 * img.Width
	for y := range v.h {
		fy := float64(y) + 0.5
		for x := range v.w {
			i := y*v.w + x
			fx := float64(x) + 0.5
			if len(v.hidden) > 0 && v.hides(Point{fx, fy}) {
				put(i, 200, 200, 200)
				continue
			}
			d := 1 / ((m[6]*fx + m[7]*fy + m[8]) * unit)
			sx := (m[0]*fx+m[1]*fy+m[2])*d - 0.5
			sy := (m[3]*fx+m[4]*fy+m[5])*d - 0.5
			if !(sx > 0) {
				sx = 0
			} else if sx > maxX {
				sx = maxX
			}
			if !(sy > 0) {
				sy = 0
			} else if sy > maxY {
				sy = maxY
			}
			ix, iy := int(sx), int(sy)
			ax, ay := float32(sx-float64(ix)), float32(sy-float64(iy))
			right, down := 3, stride
			if ix == img.Width-1 {
				right = 0
			}
			if iy == img.Height-1 {
				down = 0
			}
			a := img.Pix[iy*stride+3*ix:]
			c := a[down:]
			w00, w10, w01, w11 := (1-ax)*(1-ay), ax*(1-ay), (1-ax)*ay, ax*ay
			put(i, w00*float32(a[0])+w10*float32(a[right])+w01*float32(c[0])+w11*float32(c[right]),
				w00*float32(a[1])+w10*float32(a[right+1])+w01*float32(c[1])+w11*float32(c[right+1]),
				w00*float32(a[2])+w10*float32(a[right+2])+w01*float32(c[2])+w11*float32(c[right+2]))
		}
	}
}

func (v view) hides(p Point) bool {
	at := v.toPage.apply(p)
	for _, r := range v.hidden {
		if r.contains(at) {
			return true
		}
	}
	return false
}

// input fills a network's input, of which the view is the left part of each row; the rest keeps the pad's value.
func (p *photo) input(dst []float32, in models.Input, pad float32, v view) {
	plane := in.Width * in.Height
	place := [3]int{0, plane, 2 * plane}
	if in.Colour == models.ColourBGR {
		place = [3]int{2 * plane, plane, 0}
	}
	var gain, bias [3]float32
	for c := range 3 {
		k := place[c] / plane
		mean, std := in.Mean[min(k, len(in.Mean)-1)], in.Std[min(k, len(in.Std)-1)]
		gain[c], bias[c] = 1/std, -mean/std
		for i := range plane {
			dst[place[c]+i] = pad*gain[c] + bias[c]
		}
	}
	p.rgb(v, func(i int, r, g, b float32) {
		at := i/v.w*in.Width + i%v.w
		dst[place[0]+at] = r*gain[0] + bias[0]
		dst[place[1]+at] = g*gain[1] + bias[1]
		dst[place[2]+at] = b*gain[2] + bias[2]
	})
}

// image gives a view as a picture.
func (p *photo) image(v view) *capture.Image {
	out := &capture.Image{Width: v.w, Height: v.h, SourceWidth: v.w, SourceHeight: v.h, Pix: make([]byte, 3*v.w*v.h)}
	p.rgb(v, func(i int, r, g, b float32) {
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = byte(r+0.5), byte(g+0.5), byte(b+0.5)
	})
	return out
}

// grey gives the luma of a view (ITU-R BT.601).
func (p *photo) grey(v view) *plane {
	out := newPlane(v.w, v.h)
	p.rgb(v, func(i int, r, g, b float32) { out.v[i] = 0.299*r + 0.587*g + 0.114*b })
	return out
}

// plane is a picture of one channel.
type plane struct {
	w, h int
	v    []float32
}

func newPlane(w, h int) *plane { return &plane{w, h, make([]float32, w*h)} }

// at gives a value between pixels; places beyond the edge have the value at the edge.
func (p *plane) at(x, y float64) float32 {
	x, y = max(0, min(x-0.5, float64(p.w-1))), max(0, min(y-0.5, float64(p.h-1)))
	if math.IsNaN(x) || math.IsNaN(y) {
		return 0
	}
	ix, iy := min(int(x), p.w-2), min(int(y), p.h-2)
	ax, ay := float32(x-float64(ix)), float32(y-float64(iy))
	i := iy*p.w + ix
	top := p.v[i] + (p.v[i+1]-p.v[i])*ax
	bottom := p.v[i+p.w] + (p.v[i+p.w+1]-p.v[i+p.w])*ax
	return top + (bottom-top)*ay
}
