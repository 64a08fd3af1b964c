package verification_test

import (
	"bytes"
	"image/jpeg"
	"testing"

	"truename"
	"truename/face"
	"truename/models"
	"truename/picture"
)

// BenchmarkAnalyze measures the way from bytes to template, for profiles; `truename bench` compares it with the
// networks alone.
func BenchmarkAnalyze(b *testing.B) {
	var drawn bytes.Buffer
	if err := jpeg.Encode(&drawn, picture.DrawnFace(250, 250), &jpeg.Options{Quality: 90}); err != nil {
		b.Fatal(err)
	}
	for _, effort := range []face.Effort{face.EffortFast, face.EffortAccurate} {
		b.Run(string(effort), func(b *testing.B) {
			e := engine(b, models.DefaultPack, effort)
			b.ReportAllocs()
			for b.Loop() {
				img, err := e.Decode(b.Context(), drawn.Bytes())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := e.Analyze(b.Context(), img, truename.UseLive); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
