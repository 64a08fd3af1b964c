package face

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"truename/capture"
	"truename/models"
)

// TestSampleFollowsTheDefinition compares with interpolation as one writes it down, on maps of any angle that reach
// beyond the picture on any side, enlarge, and shrink less than the pyramid begins to help.
func TestSampleFollowsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		img := &capture.Image{Width: rapid.IntRange(1, 60).Draw(t, "width"), Height: rapid.IntRange(1, 60).Draw(t, "height")}
		img.Pix = make([]byte, 3*img.Width*img.Height)
		for i := range img.Pix {
			img.Pix[i] = byte(random.Uint32())
		}
		in := models.Input{Width: rapid.IntRange(1, 70).Draw(t, "columns"), Height: rapid.IntRange(1, 70).Draw(t, "rows"),
			Layout: rapid.SampledFrom([]string{"NCHW", "NHWC"}).Draw(t, "layout"), Colour: models.ColourRGB, Mean: []float32{0}, Std: []float32{1}}
		angle, scale := rapid.Float64Range(-180, 180).Draw(t, "angle"), rapid.Float64Range(0.05, 1.5).Draw(t, "scale")
		n := float64(in.Width)
		m := square(n, Point{rapid.Float64Range(-80, 120).Draw(t, "x"), rapid.Float64Range(-80, 120).Draw(t, "y")}, scale*n, angle)
		dst := make([]float32, 3*in.Width*in.Height)
		newPicture(img, new(scratch)).sample(dst, in, m, edge)
		plane, column := in.Width*in.Height, 1
		if in.Layout == "NHWC" {
			plane, column = 1, 3
		}
		for y := range in.Height {
			for x := range in.Width {
				p := m.Apply(Point{float64(x) + 0.5, float64(y) + 0.5})
				for c := range 3 {
					got, want := float64(dst[(y*in.Width+x)*column+c*plane]), interpolated(img, p.X-0.5, p.Y-0.5, c)
					if math.Abs(got-want) > 1.5 { // 255 times the error of a position
						t.Fatalf("(%d, %d), channel %d: %v, want %v", x, y, c, got, want)
					}
				}
			}
		}
	})
}

// interpolated is bilinear interpolation between pixel centres, the outermost pixels repeated.
func interpolated(img *capture.Image, x, y float64, c int) float64 {
	x, y = min(max(x, 0), float64(img.Width-1)), min(max(y, 0), float64(img.Height-1))
	pixel := func(x, y float64) float64 {
		return float64(img.Pix[3*(min(int(y), img.Height-1)*img.Width+min(int(x), img.Width-1))+c])
	}
	wx, wy := x-math.Floor(x), y-math.Floor(y)
	return (1-wy)*((1-wx)*pixel(x, y)+wx*pixel(x+1, y)) + wy*((1-wx)*pixel(x, y+1)+wx*pixel(x+1, y+1))
}

// TestSampleSurvivesAnyMap: what a network makes of odd pictures may be anything.
func TestSampleSurvivesAnyMap(t *testing.T) {
	values := []float64{0, 1, -1, 1e-9, 1e9, -1e9, 1e300, math.Inf(1), math.Inf(-1), math.NaN()}
	img := &capture.Image{Width: 5, Height: 4, Pix: make([]byte, 60)}
	in := models.Input{Width: 9, Height: 7, Layout: "NCHW", Colour: models.ColourGrey, Mean: []float32{0}, Std: []float32{1}}
	dst := make([]float32, 63)
	rapid.Check(t, func(t *rapid.T) {
		any := func() float64 { return rapid.SampledFrom(values).Draw(t, "value") }
		m := Affine{any(), any(), any(), any(), any(), any()}
		for _, beyond := range []outside{edge, {grey: 127, fixed: true}} {
			newPicture(img, new(scratch)).sample(dst, in, m, beyond)
		}
	})
}
