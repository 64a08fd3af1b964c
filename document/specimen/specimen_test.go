package specimen_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"truename/document/specimen"
)

func TestDrawAndPhotograph(t *testing.T) {
	fonts, err := specimen.OpenFonts()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range specimen.Documents() {
		t.Run(string(d), func(t *testing.T) {
			make := func() (*specimen.Card, *specimen.Photo) {
				rng := rand.New(rand.NewPCG(7, 7))
				c, err := fonts.Draw(d, rng, nil)
				if err != nil {
					t.Fatal(err)
				}
				s := specimen.HandHeld(rng)
				s.Width, s.Height = s.Width/8, s.Height/8
				return c, c.Photograph(s, rng)
			}
			c, p := make()
			again, q := make()
			if !bytes.Equal(c.Image.Pix, again.Image.Pix) || !bytes.Equal(p.Image.Pix, q.Image.Pix) {
				t.Error("one seed, two pictures")
			}
			for name, v := range c.Fields {
				if v == "" {
					t.Errorf("field %s is empty", name)
				}
			}
			if n := c.Fields["number"]; d != specimen.Passport && n != "" && !strings.HasPrefix(n, "999999") && !strings.HasPrefix(n, "0") {
				t.Errorf("a number that somebody may have")
			}
			b := p.Image.Bounds()
			for _, corner := range p.Corners {
				if corner[0] < 0 || corner[1] < 0 || corner[0] > float64(b.Dx()) || corner[1] > float64(b.Dy()) {
					t.Errorf("corner %v lies outside", corner)
				}
			}
		})
	}
	if _, err := fonts.Draw("membership", rand.New(rand.NewPCG(1, 1)), nil); err == nil {
		t.Error("a layout that there is not")
	}
}
