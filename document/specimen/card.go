package specimen

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"

	xdraw "golang.org/x/image/draw"
)

// Document names a layout; the same names as the templates of package document/visual.
type Document string

// The layouts.
const (
	ChineseFront Document = "cn-resident-front"
	ChineseBack  Document = "cn-resident-back"
	Passport     Document = "passport"
	Indonesian   Document = "id-ktp"
	ThaiCard     Document = "th-id"
)

// Documents lists the layouts.
func Documents() []Document {
	return []Document{ChineseFront, ChineseBack, Passport, Indonesian, ThaiCard}
}

// Card is a drawn document.
type Card struct {
	Document Document
	// Image shows the card and nothing else, 20 pixels per millimetre, its corners square.
	Image *image.RGBA
	// WidthMM and HeightMM are the card's size (ISO/IEC 7810 ID-1 or ICAO Doc 9303 TD3 page).
	WidthMM, HeightMM float64
	// Fields are what is printed, by the names of package document/visual: dates as YYYY-MM-DD, sex as M or F.
	Fields map[string]string
}

// pixelsPerMM that cards are drawn with.
const pixelsPerMM = 20

// Draw invents a holder and draws a document. portrait is put where the portrait belongs; nil leaves a grey outline.
func (f *Fonts) Draw(d Document, rng *rand.Rand, portrait image.Image) (*Card, error) {
	c := &Card{Document: d, WidthMM: 85.60, HeightMM: 53.98, Fields: map[string]string{}}
	if d == Passport {
		c.WidthMM, c.HeightMM = 125, 88
	}
	c.Image = image.NewRGBA(image.Rect(0, 0, int(c.WidthMM*pixelsPerMM), int(c.HeightMM*pixelsPerMM)))
	s := &sheet{fonts: f, img: c.Image, scale: pixelsPerMM, han: rng.IntN(len(f.cuts[Han]))}
	switch d {
	case ChineseFront:
		s.chineseFront(c, rng, portrait)
	case ChineseBack:
		s.chineseBack(c, rng)
	case Passport:
		s.passport(c, rng, portrait)
	case Indonesian:
		s.indonesian(c, rng, portrait)
	case ThaiCard:
		s.thai(c, rng, portrait)
	default:
		return nil, fmt.Errorf("there is no layout %q", d)
	}
	return c, nil
}

// inks of the cards.
func black() color.Color { return color.RGBA{28, 26, 30, 255} }
func blue() color.Color  { return color.RGBA{52, 96, 150, 255} }
func red() color.Color   { return color.RGBA{190, 40, 45, 255} }

// paper lays a pale ground with waves, from one colour at the left to another at the right.
func (s *sheet) paper(rng *rand.Rand, from, to color.RGBA) {
	b := s.img.Bounds()
	period, phase := 18+rng.Float64()*14, rng.Float64()*6
	for y := range b.Dy() {
		for x := range b.Dx() {
			t := float64(x) / float64(b.Dx())
			wave := math.Sin(float64(y)/period + 2.2*math.Sin(float64(x)/160+phase))
			line := 9 * math.Exp(-wave*wave*40) * (0.6 + 0.4*math.Sin(float64(x)/220))
			at := func(a, b uint8) uint8 { return uint8(max(0, float64(a)+(float64(b)-float64(a))*t-line)) }
			s.img.SetRGBA(x, y, color.RGBA{at(from.R, to.R), at(from.G, to.G), at(from.B, to.B), 255})
		}
	}
}

// portrait pastes a picture, or a grey outline of a person.
func (s *sheet) portrait(p image.Image, x, y, w, h float64) {
	r := s.rect(x, y, w, h)
	if p != nil {
		src := p.Bounds()
		// Crop to the shape of the place.
		if want := src.Dy() * r.Dx() / r.Dy(); want < src.Dx() {
			src.Min.X += (src.Dx() - want) / 2
			src.Max.X = src.Min.X + want
		}
		xdraw.BiLinear.Scale(s.img, r, p, src, draw.Src, nil)
		return
	}
	for py := r.Min.Y; py < r.Max.Y; py++ {
		for px := r.Min.X; px < r.Max.X; px++ {
			u := (float64(px-r.Min.X)/float64(r.Dx()) - 0.5) * 2
			v := float64(py-r.Min.Y) / float64(r.Dy())
			c := color.RGBA{228, 232, 236, 255}
			if math.Hypot(u/0.5, (v-0.42)/0.28) < 1 || math.Hypot(u/0.95, (v-1.05)/0.38) < 1 {
				c = color.RGBA{150, 156, 164, 255}
			}
			s.img.SetRGBA(px, py, c)
		}
	}
}
