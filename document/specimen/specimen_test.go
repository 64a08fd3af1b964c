package specimen_test

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"testing"

	"truename/document/specimen"
	"truename/picture"
)

func TestScratch(t *testing.T) {
	dir := os.Getenv("SPECIMEN_OUT")
	if dir == "" {
		t.Skip()
	}
	f, err := specimen.OpenFonts()
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range specimen.Documents() {
		rng := rand.New(rand.NewPCG(uint64(i), 5))
		c, err := f.Draw(d, rng, picture.DrawnFace(400, 500))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		png.Encode(&b, c.Image)
		os.WriteFile(fmt.Sprintf("%s/%s.png", dir, d), b.Bytes(), 0o644)
		s := specimen.HandHeld(rng)
		p := c.Photograph(s, rng)
		b.Reset()
		jpeg.Encode(&b, p.Image, &jpeg.Options{Quality: s.Quality})
		os.WriteFile(fmt.Sprintf("%s/%s.jpg", dir, d), b.Bytes(), 0o644)
		fmt.Println(d, c.Fields, p.Corners)
	}
}
