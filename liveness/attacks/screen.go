package attacks

import (
	"math"

	"truename/capture"
)

// Screen is a display that a recording is played on, before the camera.
type Screen struct {
	// Pitch is how many of the camera's pixels one of the screen's is wide when held straight. Below about 2 it beats
	// with the camera's own grid: moiré.
	Pitch float64
	// Stripes is how strongly the screen's red, green and blue stripes show through the lens, 0..1.
	Stripes float64
	// Glare is the brightness of a lamp mirrored in the glass, 0..1, at GlareX, GlareY (0..1 of the screen).
	Glare, GlareX, GlareY float64
	// Black is the light of a black pixel, 0..1; Blue how much cooler its white is, 0..1.
	Black, Blue float64
	// Bezel is the width of the dark frame around it relative to the screen's width.
	Bezel float64
}

// Display gives the picture that the screen's glass shows, stripes and glare in it, as the camera would sample it with
// the given size, seen straight on. Flicker and rolling bars, the angle's effect on colours and the glass's thickness are
// not simulated.
func (s Screen) Display(img *capture.Image, width, height int, roll float64) *capture.Image {
	shown := resized(img, width, height)
	out := blank(width, height)
	sin, cos := math.Sincos(roll * math.Pi / 180)
	white := [3]float64{1 - 0.10*s.Blue, 1 - 0.03*s.Blue, 1}
	for y := range height {
		for x := range width {
			u := (float64(x)*cos - float64(y)*sin) / s.Pitch
			v := (float64(x)*sin + float64(y)*cos) / s.Pitch
			gx, gy := (float64(x)/float64(width)-s.GlareX)/0.16, (float64(y)/float64(height)-s.GlareY)/0.10
			glare := s.Glare * math.Exp(-(gx*gx+gy*gy)/2)
			row := 1 + 0.5*s.Stripes*math.Cos(2*math.Pi*v)
			p, q := out.Pix[3*(y*width+x):], shown.Pix[3*(y*width+x):]
			for c := range 3 {
				light := math.Pow(float64(q[c])/255, 2.2)*(1-s.Black) + s.Black
				light *= white[c] * row * (1 + s.Stripes*math.Cos(2*math.Pi*(u-float64(c)/3)))
				p[c] = level(255 * math.Pow(light*(1-0.3*glare)+glare, 1/2.2))
			}
		}
	}
	return out
}

// Framed puts the screen's dark frame around what it shows.
func (s Screen) Framed(img *capture.Image) *capture.Image {
	b := int(s.Bezel * float64(img.Width))
	if b < 1 {
		return img
	}
	out := blank(img.Width+2*b, img.Height+2*b)
	for i := range out.Pix {
		out.Pix[i] = 14
	}
	for y := range img.Height {
		copy(out.Pix[3*((y+b)*out.Width+b):][:3*img.Width], img.Pix[3*y*img.Width:])
	}
	return out
}
