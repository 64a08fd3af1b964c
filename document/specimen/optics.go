package specimen

import (
	"image"
	"math"
)

// pyramid gives an image and its halved copies.
func pyramid(m *image.RGBA) []*image.RGBA {
	levels := []*image.RGBA{m}
	for m.Bounds().Dx() > 64 {
		w, h := m.Bounds().Dx()/2, m.Bounds().Dy()/2
		half := image.NewRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				for k := range 4 {
					i := m.PixOffset(2*x, 2*y) + k
					sum := int(m.Pix[i]) + int(m.Pix[i+4]) + int(m.Pix[i+m.Stride]) + int(m.Pix[i+m.Stride+4])
					half.Pix[half.PixOffset(x, y)+k] = uint8((sum + 2) / 4)
				}
			}
		}
		levels = append(levels, half)
		m = half
	}
	return levels
}

// bilinear samples the two levels that fit (scale: pixels of the whole image per sample) and blends them.
func bilinear(levels []*image.RGBA, x, y, scale float64) [3]float32 {
	at := max(0, min(math.Log2(max(scale, 1)), float64(len(levels)-1)))
	low := int(at)
	p := sample(levels[low], x/float64(int(1)<<low), y/float64(int(1)<<low))
	if low+1 < len(levels) {
		q := sample(levels[low+1], x/float64(int(2)<<low), y/float64(int(2)<<low))
		for k := range p {
			p[k] += (q[k] - p[k]) * float32(at-float64(low))
		}
	}
	return p
}

func sample(m *image.RGBA, x, y float64) (p [3]float32) {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	x, y = max(0, min(x-0.5, float64(w-1)-1e-6)), max(0, min(y-0.5, float64(h-1)-1e-6))
	ix, iy := int(x), int(y)
	fx, fy := float32(x-float64(ix)), float32(y-float64(iy))
	i := m.PixOffset(ix, iy)
	for k := range 3 {
		a, b := float32(m.Pix[i+k]), float32(m.Pix[i+4+k])
		c, d := float32(m.Pix[i+m.Stride+k]), float32(m.Pix[i+m.Stride+4+k])
		p[k] = (a+(b-a)*fx)*(1-fy) + (c+(d-c)*fx)*fy
	}
	return p
}

// blur by a Gaussian of so many pixels, in place.
func blur(light []float32, w, h int, sigma float64) {
	if sigma <= 0 {
		return
	}
	r := int(math.Ceil(3 * sigma))
	kernel := make([]float32, 2*r+1)
	var sum float32
	for i := range kernel {
		d := float64(i-r) / sigma
		kernel[i] = float32(math.Exp(-d * d / 2))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	pass := func(n, step, lines, lineStep int) {
		row := make([]float32, n)
		for k := range 3 {
			for l := range lines {
				base := l*lineStep + k
				for i := range row {
					row[i] = light[base+i*step]
				}
				for i := range row {
					var v float32
					for j, f := range kernel {
						v += f * row[max(0, min(n-1, i+j-r))]
					}
					light[base+i*step] = v
				}
			}
		}
	}
	pass(w, 3, h, 3*w)
	pass(h, 3*w, w, 3)
}

// smear averages along a line of so many pixels, in place.
func smear(light []float32, w, h int, length, angle float64) {
	if length < 0.5 {
		return
	}
	const taps = 5
	sin, cos := math.Sincos(angle * math.Pi / 180)
	src := append([]float32{}, light...)
	for y := range h {
		for x := range w {
			var p [3]float32
			for t := range taps {
				d := (float64(t)/(taps-1) - 0.5) * length
				fx, fy := float64(x)+d*cos, float64(y)+d*sin
				fx, fy = max(0, min(fx, float64(w-1)-1e-6)), max(0, min(fy, float64(h-1)-1e-6))
				ix, iy := int(fx), int(fy)
				ax, ay := float32(fx-float64(ix)), float32(fy-float64(iy))
				i := 3 * (iy*w + ix)
				for k := range 3 {
					top := src[i+k] + (src[i+3+k]-src[i+k])*ax
					bottom := src[i+3*w+k] + (src[i+3*w+3+k]-src[i+3*w+k])*ax
					p[k] += (top + (bottom-top)*ay) / taps
				}
			}
			copy(light[3*(y*w+x):], p[:])
		}
	}
}

// ground is what a card lies on.
type ground struct {
	kind  int
	seed  uint32
	a, b  [3]float64
	turn  [2]float64
	grain float64
}

func newGround(kind int, seed uint64) *ground {
	g := &ground{kind: kind, seed: uint32(seed)}
	tone := func(i int) float64 { return float64(hash(uint32(seed>>32), uint32(i), 7)) / math.MaxUint32 }
	base := 40 + 170*tone(0)
	for k := range 3 {
		g.a[k] = max(8, min(250, base+60*(tone(1+k)-0.5)))
		g.b[k] = max(8, min(250, g.a[k]+70*(tone(5)-0.5)))
	}
	g.turn[0], g.turn[1] = math.Sincos(math.Pi * tone(6))
	g.grain = 4 + 10*tone(7)
	return g
}

// at gives the colour at a place, in quarters of the photo's width.
func (g *ground) at(x, y float64) (p [3]float32) {
	u, v := x*g.turn[1]-y*g.turn[0], x*g.turn[0]+y*g.turn[1]
	var t float64
	switch g.kind % 5 {
	case 0: // plain
		t = 0.5 + 0.3*g.noise(u, v)
	case 1: // wood
		t = 0.5 + 0.5*math.Sin(14*(v+0.25*g.noise(u*0.7, v*2))+3*g.noise(u*2, v*12))
	case 2: // cloth
		t = 0.5 + 0.25*math.Sin(150*u) + 0.25*math.Sin(150*v)
	case 3: // stone
		t = 0.5 + 0.4*g.noise(u*3, v*3) + 0.25*g.noise(u*11, v*11)
	case 4: // tiles
		fu, fv := u-math.Floor(u), v-math.Floor(v)
		t = 0.4 + 0.2*g.noise(u*2, v*2)
		if fu < 0.03 || fv < 0.03 {
			t = 1
		}
	}
	fine := g.grain * g.noise(u*60, v*60)
	for k := range p {
		p[k] = float32(max(0, min(255, g.a[k]+(g.b[k]-g.a[k])*t+fine)))
	}
	return p
}

// noise is smooth value noise, −1..1, about one bump per unit.
func (g *ground) noise(x, y float64) float64 {
	ix, iy := math.Floor(x), math.Floor(y)
	fx, fy := x-ix, y-iy
	fx, fy = fx*fx*(3-2*fx), fy*fy*(3-2*fy)
	at := func(dx, dy float64) float64 {
		return float64(hash(uint32(int32(ix+dx)), uint32(int32(iy+dy)), g.seed))/math.MaxUint32*2 - 1
	}
	top := at(0, 0) + (at(1, 0)-at(0, 0))*fx
	bottom := at(0, 1) + (at(1, 1)-at(0, 1))*fx
	return top + (bottom-top)*fy
}

func hash(a, b, c uint32) uint32 {
	h := a*0x9E3779B1 ^ b*0x85EBCA77 ^ c*0xC2B2AE3D
	h ^= h >> 15
	h *= 0x2C1B3C6D
	h ^= h >> 12
	h *= 0x297A2D39
	return h ^ h>>15
}
