package attacks

import (
	"math"

	"truename/capture"
)

// Sheet is a picture on paper or on a screen, held before the camera.
type Sheet struct {
	// Width and Height on the camera's picture when held straight, in pixels.
	Width, Height float64
	// Bend is the angle in degrees between the sheet's left and right edge: it is part of a cylinder with an upright
	// axis, its middle toward the camera. 0 is flat.
	Bend float64
	// Opaque, when not nil, says where the picture (0..1 each way) is there at all: holes show what is behind.
	Opaque func(u, v float64) bool
	// Camera is the distance of the camera in pixels.
	Camera float64
}

// Show draws the picture as the sheet shows it onto behind, its centre in the middle.
func (s Sheet) Show(img, behind *capture.Image, v View) *capture.Image {
	out := blank(behind.Width, behind.Height)
	copy(out.Pix, behind.Pix)
	g := newGrid(img, math.Max(3, float64(img.Width)/48))
	kx, ky := s.Width/float64(img.Width), s.Height/float64(img.Height)
	cx, cy := float64(behind.Width)/2, float64(behind.Height)/2
	var opaque func(x, y float64) bool
	if s.Opaque != nil {
		opaque = func(x, y float64) bool { return s.Opaque(x/float64(img.Width), y/float64(img.Height)) }
	}
	g.draw(out, img, func(i int) (float64, float64, float64) {
		gx, gy := g.at(i)
		x, y, z := (gx-float64(img.Width)/2)*kx, (gy-float64(img.Height)/2)*ky, 0.0
		if s.Bend != 0 {
			total := s.Bend * math.Pi / 180
			radius := s.Width / total
			sin, cos := math.Sincos(x / radius)
			x, z = radius*sin, radius*(1-cos)
		}
		x, y, z = turned(x, y, z, v)
		z -= s.Camera * (1 - 1/v.Closer)
		k := s.Camera / (s.Camera + z)
		return cx + v.X + x*k, cy + v.Y + y*k, z
	}, opaque)
	return out
}

// Print changes a picture's colours as a printer does: less contrast and saturation, black that is not black, paper that
// is not white, and a white margin. It does not simulate halftone dots, gloss or creases.
func Print(img *capture.Image) *capture.Image {
	const margin = 0.04
	mx, my := int(margin*float64(img.Width)), int(margin*float64(img.Height))
	out := blank(img.Width+2*mx, img.Height+2*my)
	for y := range out.Height {
		for x := range out.Width {
			p := out.Pix[3*(y*out.Width+x):]
			ix, iy := x-mx, y-my
			if ix < 0 || iy < 0 || ix >= img.Width || iy >= img.Height {
				p[0], p[1], p[2] = 236, 234, 228
				continue
			}
			q := img.Pix[3*(iy*img.Width+ix):]
			luma := 0.299*float64(q[0]) + 0.587*float64(q[1]) + 0.114*float64(q[2])
			paper := [3]float64{236, 234, 228}
			for c := range 3 {
				v := luma + 0.82*(float64(q[c])-luma)
				p[c] = level(26 + v/255*(paper[c]-26))
			}
		}
	}
	return out
}

// Room is a plain background: a wall, lit from one side, out of focus.
func Room(width, height int, tint [3]float64, seed uint64) *capture.Image {
	random := generator(seed)
	out := blank(width, height)
	type lamp struct{ x, y, r, k float64 }
	var lamps []lamp
	for range 5 {
		lamps = append(lamps, lamp{random.Float64() * float64(width), random.Float64() * float64(height), float64(width) * (0.15 + 0.3*random.Float64()), 60*random.Float64() - 25})
	}
	for y := range height {
		for x := range width {
			light := 0.0
			for _, l := range lamps {
				d2 := (float64(x)-l.x)*(float64(x)-l.x) + (float64(y)-l.y)*(float64(y)-l.y)
				light += l.k * math.Exp(-d2/(2*l.r*l.r))
			}
			p := out.Pix[3*(y*width+x):]
			for c := range 3 {
				p[c] = level(tint[c] + light)
			}
		}
	}
	return out
}
