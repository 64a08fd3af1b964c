package face

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"truename/capture"
	"truename/models"
)

func drawAffine(t *rapid.T) Affine {
	angle := rapid.Float64Range(-180, 180).Draw(t, "angle")
	side := rapid.Float64Range(1, 500).Draw(t, "side")
	centre := Point{rapid.Float64Range(-200, 200).Draw(t, "x"), rapid.Float64Range(-200, 200).Draw(t, "y")}
	return square(112, centre, side, angle)
}

func TestSimilarityRecoversWhatWasDone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawAffine(t)
		var to []Point
		for _, p := range arcFace {
			to = append(to, m.Apply(p))
		}
		got := similarity(arcFace, to)
		for _, p := range arcFace {
			if d := distance(got.Apply(p), m.Apply(p)); d > 1e-6 {
				t.Fatalf("off by %v", d)
			}
		}
	})
}

func TestSquare(t *testing.T) {
	m := square(10, Point{50, 60}, 20, 90)
	// Turned clockwise by 90°, the crop's top left is the square's top right.
	for from, want := range map[Point]Point{{5, 5}: {50, 60}, {0, 0}: {60, 50}, {10, 0}: {60, 70}} {
		if got := m.Apply(from); distance(got, want) > 1e-9 {
			t.Errorf("%v maps to %v, want %v", from, got, want)
		}
	}
	if math.Abs(m.scale()-2) > 1e-9 || math.Abs(m.angle()-90) > 1e-9 {
		t.Errorf("scale %v, angle %v", m.scale(), m.angle())
	}
}

// TestSampleIsExactOnAPlane: bilinear interpolation of a picture whose values rise linearly gives the plane itself,
// for straight and turned maps, in every layout and order of channels.
func TestSampleIsExactOnAPlane(t *testing.T) {
	const n = 64
	img := &capture.Image{Width: n, Height: n, Pix: make([]byte, 3*n*n)}
	for y := range n {
		for x := range n {
			img.Pix[3*(y*n+x)] = byte(2 * x)
			img.Pix[3*(y*n+x)+1] = byte(2 * y)
			img.Pix[3*(y*n+x)+2] = byte(x + y)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		angle := rapid.SampledFrom([]float64{0, 0, 17, -90}).Draw(t, "angle")
		m := square(16, Point{32, 32}, rapid.Float64Range(8, 24).Draw(t, "side"), angle)
		in := models.Input{Width: 16, Height: 16, Layout: rapid.SampledFrom([]string{"NCHW", "NHWC"}).Draw(t, "layout"),
			Colour: rapid.SampledFrom([]models.Colour{models.ColourRGB, models.ColourBGR}).Draw(t, "colour"),
			Mean:   []float32{10, 20, 30}, Std: []float32{2, 4, 5}}
		dst := make([]float32, 3*16*16)
		newPicture(img, new(scratch)).sample(dst, in, m, edge)
		for y := range 16 {
			for x := range 16 {
				p := m.Apply(Point{float64(x) + 0.5, float64(y) + 0.5})
				want := [3]float64{2 * (p.X - 0.5), 2 * (p.Y - 0.5), p.X + p.Y - 1}
				if in.Colour == models.ColourBGR {
					want[0], want[2] = want[2], want[0]
				}
				for c := range 3 {
					i := c*256 + y*16 + x
					if in.Layout == "NHWC" {
						i = (y*16+x)*3 + c
					}
					if got := float64(dst[i]*in.Std[c] + in.Mean[c]); math.Abs(got-want[c]) > 0.01 {
						t.Fatalf("channel %d at %d,%d: %v, want %v", c, x, y, got, want[c])
					}
				}
			}
		}
	})
}

func TestHalvingAverages(t *testing.T) {
	img := &capture.Image{Width: 3, Height: 2, Pix: []byte{
		0, 10, 20, 4, 14, 24, 255, 255, 255,
		8, 18, 28, 12, 22, 32, 255, 255, 255}}
	got := halve(img)
	if got.Width != 1 || got.Height != 1 || got.Pix[0] != 6 || got.Pix[1] != 16 || got.Pix[2] != 26 {
		t.Errorf("halved to %+v", got)
	}
}
