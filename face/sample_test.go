package face

import (
	"fmt"
	"testing"

	"truename/capture"
	"truename/models"
)

// BenchmarkSample measures filling the pack's inputs from a 250-pixel picture, its memory already there.
func BenchmarkSample(b *testing.B) {
	img := &capture.Image{Width: 250, Height: 250, Pix: make([]byte, 3*250*250)}
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	for _, c := range []struct {
		side  int
		angle float64
	}{{112, 3}, {192, 3}, {224, 3}, {224, 0}, {320, 0}} {
		in := models.Input{Width: c.side, Height: c.side, Layout: "NCHW", Colour: models.ColourRGB, Mean: []float32{127}, Std: []float32{128}}
		dst := make([]float32, 3*c.side*c.side)
		b.Run(fmt.Sprintf("%d px, turned by %g", c.side, c.angle), func(b *testing.B) {
			pic := newPicture(img, new(scratch))
			for b.Loop() {
				pic.sample(dst, in, square(float64(c.side), Point{125, 125}, 120, c.angle), edge)
			}
		})
	}
}
