package specimen

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// Photo is a photographed card.
type Photo struct {
	Image *image.RGBA
	// Corners of the card in pixels of the photo: top left, top right, bottom right, bottom left of the card.
	Corners [4][2]float64
}

// Photograph makes the photo of a scene. rng gives the noise.
func (c *Card) Photograph(s Scene, rng *rand.Rand) *Photo {
	toCard, corners := s.project(c.WidthMM, c.HeightMM)
	out := image.NewRGBA(image.Rect(0, 0, s.Width, s.Height))
	ground := newGround(s.Ground, s.GroundSeed)
	light := make([]float32, 3*s.Width*s.Height)
	levels := pyramid(c.Image)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for y := w; y < s.Height; y += workers {
				for x := range s.Width {
					px := s.at(c, levels, toCard, ground, float64(x)+0.5, float64(y)+0.5)
					copy(light[3*(y*s.Width+x):], px[:])
				}
			}
		})
	}
	wg.Wait()
	blur(light, s.Width, s.Height, s.Blur)
	smear(light, s.Width, s.Height, s.Motion, s.MotionAngle)
	for i := range s.Width * s.Height {
		var px [3]uint8
		for k := range 3 {
			v := float64(light[3*i+k])
			v += rng.NormFloat64() * s.Noise * (0.5 + v/255)
			px[k] = uint8(max(0, min(255, v+0.5)))
		}
		out.SetRGBA(i%s.Width, i/s.Width, color.RGBA{px[0], px[1], px[2], 255})
	}
	return &Photo{Image: out, Corners: corners}
}

// at gives what the lens sees at a point of the photo.
func (s *Scene) at(c *Card, levels []*image.RGBA, toCard [9]float64, g *ground, x, y float64) [3]float32 {
	w := toCard[6]*x + toCard[7]*y + toCard[8]
	u, v := (toCard[0]*x+toCard[1]*y+toCard[2])/w, (toCard[3]*x+toCard[4]*y+toCard[5])/w // millimetres on the card
	px := g.at(x/float64(s.Width)*4, y/float64(s.Width)*4)
	d := outside(u, v, c.WidthMM, c.HeightMM, 3.18)
	scale := 0.05 // millimetres per photo pixel, for the level of the pyramid
	if s.Width > 0 {
		scale = math.Abs(1/w) * math.Hypot(toCard[0], toCard[3])
	}
	if d > 0 { // a soft shadow around the card
		shade := float32(1 - 0.35*math.Exp(-d/1.2))
		for k := range px {
			px[k] *= shade
		}
	}
	cover := max(0, min(1, 0.5-d/scale))
	if cover > 0 {
		p := c.look(s, levels, u, v, scale)
		for k := range px {
			px[k] += (p[k] - px[k]) * float32(cover)
		}
	}
	sin, cos := math.Sincos(s.GradientAngle * math.Pi / 180)
	t := ((x/float64(s.Width)-0.5)*cos + (y/float64(s.Height)-0.5)*sin) * s.Gradient
	for k, tint := range [3]float64{1 + s.Warmth, 1, 1 - s.Warmth} {
		px[k] *= float32(s.Light * (1 + t) * tint)
	}
	if s.Glare > 0 && cover > 0 {
		r := math.Hypot(u-s.GlareX*c.WidthMM, (v-s.GlareY*c.HeightMM)*1.6) / s.GlareMM
		for k := range px {
			px[k] += float32(s.Glare * math.Exp(-r*r))
		}
	}
	return px
}

// look gives the card's surface at a point, in millimetres.
func (c *Card) look(s *Scene, levels []*image.RGBA, u, v, scale float64) [3]float32 {
	p := bilinear(levels, u*pixelsPerMM, v*pixelsPerMM, scale*pixelsPerMM)
	if s.Grey {
		y := 0.299*p[0] + 0.587*p[1] + 0.114*p[2]
		y = max(12, min(246, (y-128)*1.25+132))
		p = [3]float32{y, y, y}
	}
	if s.Screen > 0 { // red, green and blue stripes with dark gaps between the rows
		pitch := c.WidthMM / float64(s.Screen)
		row := math.Mod(v, pitch) / pitch
		for k := range p {
			stripe := math.Mod(u/pitch+float64(k)/3, 1)
			p[k] = p[k]*float32(0.45+1.2*math.Exp(-18*(stripe-0.5)*(stripe-0.5)))*float32(0.8+0.3*math.Sin(row*math.Pi)) + 8
		}
	}
	return p
}

// outside is the distance from a rounded rectangle, negative within.
func outside(u, v, w, h, r float64) float64 {
	dx, dy := math.Abs(u-w/2)-w/2+r, math.Abs(v-h/2)-h/2+r
	return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - r
}

// project gives the map from the photo to the card (millimetres) and the card's corners in the photo.
func (s *Scene) project(w, h float64) (toCard [9]float64, corners [4][2]float64) {
	rad := math.Pi / 180
	st, ct := math.Sincos(s.Turn * rad)
	sp, cp := math.Sincos(s.Pitch * rad)
	sy, cy := math.Sincos(s.Yaw * rad)
	// Turned in its plane, then tilted about the horizontal and the vertical axis, seen from a distance of 2.6 widths.
	ex := [3]float64{cy * ct, cp*st + sp*sy*ct, sp*st - cp*sy*ct}
	ey := [3]float64{-cy * st, cp*ct - sp*sy*st, sp*ct + cp*sy*st}
	far := 2.6 * w
	see := func(x, y float64) [2]float64 {
		x, y = x-w/2, y-h/2
		z := far + ex[2]*x + ey[2]*y
		return [2]float64{(ex[0]*x + ey[0]*y) / z, (ex[1]*x + ey[1]*y) / z}
	}
	var lo, hi [2]float64
	for i, m := range [4][2]float64{{0, 0}, {w, 0}, {w, h}, {0, h}} {
		corners[i] = see(m[0], m[1])
		for k := range 2 {
			if i == 0 || corners[i][k] < lo[k] {
				lo[k] = corners[i][k]
			}
			if i == 0 || corners[i][k] > hi[k] {
				hi[k] = corners[i][k]
			}
		}
	}
	size := [2]float64{float64(s.Width), float64(s.Height)}
	zoom := s.Fill * min(size[0]/(hi[0]-lo[0]), size[1]/(hi[1]-lo[1]))
	shift := [2]float64{s.ShiftX, s.ShiftY}
	for i := range corners {
		for k := range 2 {
			room := size[k] - zoom*(hi[k]-lo[k])
			corners[i][k] = zoom*(corners[i][k]-(lo[k]+hi[k])/2) + size[k]/2 + shift[k]*room/2*0.9
		}
	}
	return homography(corners, [4][2]float64{{0, 0}, {w, 0}, {w, h}, {0, h}}), corners
}

// homography gives the projective map that brings four points onto four others, by elimination.
func homography(from, to [4][2]float64) (m [9]float64) {
	var a [8][9]float64
	for i := range 4 {
		x, y, u, v := from[i][0], from[i][1], to[i][0], to[i][1]
		a[2*i] = [9]float64{x, y, 1, 0, 0, 0, -u * x, -u * y, u}
		a[2*i+1] = [9]float64{0, 0, 0, x, y, 1, -v * x, -v * y, v}
	}
	for i := range 8 {
		best := i
		for j := i; j < 8; j++ {
			if math.Abs(a[j][i]) > math.Abs(a[best][i]) {
				best = j
			}
		}
		a[i], a[best] = a[best], a[i]
		for j := range 8 {
			if j == i {
				continue
			}
			f := a[j][i] / a[i][i]
			for k := i; k < 9; k++ {
				a[j][k] -= f * a[i][k]
			}
		}
	}
	for i := range 8 {
		m[i] = a[i][8] / a[i][i]
	}
	m[8] = 1
	return m
}
