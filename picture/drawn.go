package picture

import (
	"image"
	"image/color"
	"math"
)

// DrawnFace gives a drawing of a face that the detector takes for one. It shows nobody: measurements of speed use it
// where no photo may be shipped.
func DrawnFace(width, height int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	side := float64(min(width, height))
	for y := range height {
		for x := range width {
			// u, v run from −1 to 1 over the central square.
			u := (float64(x) + 0.5 - float64(width)/2) / side * 2
			v := (float64(y) + 0.5 - float64(height)/2) / side * 2
			img.Set(x, y, drawnAt(u, v))
		}
	}
	return img
}

// drawnAt gives the colour of a point, back to front: wall, shoulders, neck, hair, skin, features.
func drawnAt(u, v float64) color.RGBA {
	c := [3]float64{150 + 30*v, 165 + 25*v, 175 + 20*v}
	paint := func(cover float64, r, g, b float64) {
		cover = max(0, min(1, cover))
		c = [3]float64{c[0] + cover*(r-c[0]), c[1] + cover*(g-c[1]), c[2] + cover*(b-c[2])}
	}
	// soft gives 1 inside an ellipse, 0 outside, with an edge of the given softness.
	soft := func(cx, cy, rx, ry, softness float64) float64 {
		d := math.Hypot((u-cx)/rx, (v-cy)/ry)
		return (1 - d) / softness
	}
	paint(soft(0, 1.15, 0.95, 0.5, 0.03), 60, 70, 95)
	paint(soft(0, 0.6, 0.22, 0.35, 0.05), 176, 128, 102)
	paint(soft(0, -0.16, 0.5, 0.62, 0.04), 45, 32, 26)
	light := 1 - 0.22*math.Abs(u+0.12)/0.4 - 0.1*math.Max(0, v)
	paint(soft(0, 0.02, 0.41, 0.56, 0.04), 222*light, 172*light, 144*light)
	paint(soft(0, -0.52, 0.44, 0.2, 0.15), 45, 32, 26)
	for _, s := range []float64{-1, 1} {
		paint(0.35*soft(s*0.17, -0.06, 0.13, 0.1, 0.7), 120, 80, 64)
		paint(0.9*soft(s*0.17, -0.155, 0.115, 0.025, 0.4), 58, 40, 32)
		paint(soft(s*0.165, -0.045, 0.085, 0.038, 0.12), 238, 234, 230)
		paint(soft(s*0.165, -0.045, 0.036, 0.036, 0.15), 84, 58, 38)
		paint(soft(s*0.165, -0.045, 0.017, 0.017, 0.2), 15, 12, 12)
		paint(soft(s*0.165-0.01, -0.056, 0.008, 0.008, 0.3), 250, 250, 250)
		paint(0.8*soft(s*0.165, -0.078, 0.092, 0.018, 0.5), 50, 34, 28)
		paint(0.5*soft(s*0.045, 0.165, 0.022, 0.014, 0.5), 90, 50, 42)
	}
	paint(0.28*soft(0.055, 0.05, 0.03, 0.14, 0.8), 140, 96, 76)
	paint(0.35*soft(-0.015, 0.1, 0.03, 0.05, 0.8), 250, 214, 190)
	paint(0.35*soft(0, 0.17, 0.09, 0.035, 0.7), 150, 98, 80)
	paint(0.9*soft(0, 0.295, 0.135, 0.045, 0.2), 168, 84, 80)
	paint(0.8*soft(0, 0.29, 0.125, 0.008, 0.5), 90, 38, 38)
	paint(0.25*soft(0, 0.4, 0.1, 0.03, 0.8), 150, 104, 84)
	return color.RGBA{clamp(c[0]), clamp(c[1]), clamp(c[2]), 0xff}
}

func clamp(x float64) uint8 { return uint8(max(0, min(255, x))) }
