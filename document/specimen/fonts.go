package specimen

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"os"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"truename"
)

// Typeface names what a text is set in.
type Typeface string

// The typefaces. Han has several cuts, one of which a card is set in throughout.
const (
	Han   Typeface = "han"
	Latin Typeface = "latin"
	Bold  Typeface = "bold"
	OCRB  Typeface = "ocr-b"
	Thai  Typeface = "thai"
)

// Fonts holds the parsed fonts. It is not safe for concurrent use: glyphs are drawn from shared memory.
type Fonts struct {
	cuts  map[Typeface][]*sfnt.Font
	faces map[faceKey]font.Face
}

type faceKey struct {
	font *sfnt.Font
	size float64
}

// files of Debian's packages, by typeface.
func files() map[Typeface][]string {
	const dir = "/usr/share/fonts/"
	return map[Typeface][]string{
		Han:   {dir + "opentype/noto/NotoSansCJK-Regular.ttc", dir + "truetype/droid/DroidSansFallbackFull.ttf"},
		Latin: {dir + "truetype/liberation/LiberationSans-Regular.ttf"},
		Bold:  {dir + "truetype/liberation/LiberationSans-Bold.ttf"},
		OCRB:  {dir + "opentype/ocr-b/OCRBS.otf"},
		Thai:  {dir + "truetype/tlwg/Garuda.ttf"},
	}
}

// OpenFonts reads the fonts from where Debian's packages put them. A missing one is an error that says which packages
// to install.
func OpenFonts() (*Fonts, error) {
	f := &Fonts{cuts: map[Typeface][]*sfnt.Font{}, faces: map[faceKey]font.Face{}}
	for typeface, list := range files() {
		for _, file := range list {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, fontError(err)
			}
			collection, err := opentype.ParseCollection(data)
			if err != nil {
				return nil, fontError(fmt.Errorf("%s: %w", file, err))
			}
			// Noto's collection begins with the Japanese cut, its third is the one for simplified Chinese.
			at := 0
			if collection.NumFonts() >= 5 {
				at = 2
			}
			cut, err := collection.Font(at)
			if err != nil {
				return nil, fontError(fmt.Errorf("%s: %w", file, err))
			}
			f.cuts[typeface] = append(f.cuts[typeface], cut)
		}
	}
	return f, nil
}

func fontError(cause error) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: CodeFonts, Detail: "A font that specimens are drawn with cannot be read.",
		Remedy: "On Debian, install fonts-noto-cjk, fonts-droid-fallback, fonts-liberation, fonts-ocr-b and fonts-tlwg-garuda-ttf.", Cause: cause}
}

// CodeFonts: a font is missing or cannot be read.
const CodeFonts truename.Code = "fonts"

// face gives a cut at a size in pixels.
func (f *Fonts) face(cut *sfnt.Font, size float64) font.Face {
	key := faceKey{cut, math.Round(size*4) / 4}
	if face, ok := f.faces[key]; ok {
		return face
	}
	face, err := opentype.NewFace(cut, &opentype.FaceOptions{Size: key.size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err) // only nil options are refused
	}
	f.faces[key] = face
	return face
}

// has says whether a cut has a glyph for a character.
func has(cut *sfnt.Font, r rune) bool {
	var b sfnt.Buffer
	i, err := cut.GlyphIndex(&b, r)
	return err == nil && i != 0
}

// sheet is the card that is being drawn, in millimetres.
type sheet struct {
	fonts *Fonts
	img   *image.RGBA
	scale float64 // pixels per millimetre
	han   int     // which cut of Han
}

// text is one line to set: its left edge and the middle of its height, the size of the letters' square, in millimetres.
type text struct {
	s       string
	x, y    float64
	size    float64
	face    Typeface
	ink     color.Color
	spacing float64 // added after each character
}

// set draws a line and gives where it ends, in millimetres.
func (s *sheet) set(t text) float64 {
	cuts := s.fonts.cuts[t.face]
	cut := cuts[0]
	if t.face == Han {
		cut = cuts[s.han%len(cuts)]
	}
	face := s.fonts.face(cut, t.size*s.scale)
	capital := face.Metrics().CapHeight
	if t.face == Han {
		capital = fixed.I(int(t.size * s.scale * 0.76)) // the body of a Chinese character above the baseline
	}
	d := font.Drawer{Dst: s.img, Src: image.NewUniform(t.ink), Face: face,
		Dot: fixed.Point26_6{X: toFixed(t.x * s.scale), Y: toFixed(t.y*s.scale) + capital/2}}
	for _, r := range t.s {
		d.Face = face
		if !has(cut, r) { // a Chinese cut without Latin letters
			d.Face = s.fonts.face(s.fonts.cuts[Latin][0], t.size*s.scale)
		}
		d.DrawString(string(r))
		d.Dot.X += toFixed(t.spacing * s.scale)
	}
	return float64(d.Dot.X) / 64 / s.scale
}

func toFixed(v float64) fixed.Int26_6 { return fixed.Int26_6(math.Round(v * 64)) }

func (s *sheet) rect(x, y, w, h float64) image.Rectangle {
	return image.Rect(int(x*s.scale), int(y*s.scale), int((x+w)*s.scale), int((y+h)*s.scale))
}
