package barcode

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/qrcode"
	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"truename"
	"truename/capture"
)

// encode draws a code, one pixel a module with its quiet zone.
func encode(t testing.TB, kind Symbology, content string) image.Image {
	t.Helper()
	var matrix *gozxing.BitMatrix
	var err error
	if kind == QR {
		matrix, err = qrcode.NewQRCodeWriter().Encode(content, gozxing.BarcodeFormat_QR_CODE, 1, 1, nil)
	} else {
		matrix, err = datamatrix.NewDataMatrixWriter().Encode(content, gozxing.BarcodeFormat_DATA_MATRIX, 1, 1, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	const quiet = 4
	m := image.NewGray(image.Rect(0, 0, matrix.GetWidth()+2*quiet, matrix.GetHeight()+2*quiet))
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			m.SetGray(x, y, color.Gray{0xf0})
			if x >= quiet && y >= quiet && x < quiet+matrix.GetWidth() && y < quiet+matrix.GetHeight() && matrix.Get(x-quiet, y-quiet) {
				m.SetGray(x, y, color.Gray{0x18})
			}
		}
	}
	return m
}

// scene is a photo: a background with grain, and codes on it.
func scene(width, height int, grain int, seed uint64) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := 0; i < len(m.Pix); i += 4 {
		v := byte(150 + rng.IntN(2*grain+1) - grain)
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = v, v-10, v-20, 0xff
	}
	return m
}

// place draws a code into a scene: at a place, with modules of some pixels, turned by some degrees.
func place(m *image.RGBA, code image.Image, x, y, module, degrees float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	half := float64(code.Bounds().Dx()) / 2
	draw.BiLinear.Transform(m, f64.Aff3{module * cos, -module * sin, x - module*(cos*half-sin*half),
		module * sin, module * cos, y - module*(sin*half+cos*half)}, code, code.Bounds(), draw.Over, nil)
}

func picture(m *image.RGBA) *capture.Image {
	out := &capture.Image{Width: m.Rect.Dx(), Height: m.Rect.Dy()}
	for i := 0; i < len(m.Pix); i += 4 {
		out.Pix = append(out.Pix, m.Pix[i:i+3]...)
	}
	return out
}

// withoutPlaces compares codes by what they say.
func withoutPlaces() cmp.Option { return cmpopts.IgnoreFields(Code{}, "Points", "Bytes") }

func TestRead(t *testing.T) {
	long := strings.Repeat("2374971804270526477833002468783965837992554564899874087591661303561346432389832", 12)
	for name, c := range map[string]struct {
		content string
		kind    Symbology
		module  float64
		degrees float64
		grain   int
		width   int
	}{
		"QR":                       {"PHL;1234;JUAN", QR, 6, 0, 20, 1200},
		"QR, small":                {"PHL;1234;JUAN", QR, 3, 0, 10, 1200},
		"QR, turned by 30 degrees": {"PHL;1234;JUAN", QR, 6, 30, 20, 1200},
		"QR, upside down":          {"PHL;1234;JUAN", QR, 6, 180, 20, 1200},
		"QR, Chinese":              {"居民身份证 样本", QR, 6, 12, 20, 1200},
		"QR, of a thousand digits": {long, QR, 5, 4, 10, 1600},
		"QR, coarse grain":         {"PHL;1234;JUAN", QR, 8, 8, 100, 1200},
		"Data Matrix":              {"DC03SAMPLE0001", DataMatrix, 8, 0, 10, 1000},
		"Data Matrix, turned":      {"DC03SAMPLE0001", DataMatrix, 8, 10, 10, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			m := scene(c.width, c.width*3/4, c.grain, 7)
			place(m, encode(t, c.kind, c.content), float64(c.width)/2, float64(c.width)*3/8, c.module, c.degrees)
			got, err := NewReader(Limits{MaxTime: time.Minute}).Read(context.Background(), picture(m))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Code{{Symbology: c.kind, Text: c.content}}, got, withoutPlaces()); diff != "" {
				t.Error(diff)
			}
			if len(got) != 1 {
				return
			}
			for _, p := range got[0].Points {
				if math.Hypot(p.X-float64(c.width)/2, p.Y-float64(c.width)*3/8) > 80*c.module {
					t.Errorf("a point at %v", p)
				}
			}
		})
	}
}

// A picture with more pixels than the limit is searched reduced, and places are still those of the picture.
func TestReadReduced(t *testing.T) {
	m := scene(1600, 1200, 20, 7)
	place(m, encode(t, QR, "PHL;1234;JUAN"), 400, 800, 12, 5)
	got, err := NewReader(Limits{MaxPixels: 300_000, MaxTime: time.Minute}).Read(context.Background(), picture(m))
	if err != nil || len(got) != 1 || got[0].Text != "PHL;1234;JUAN" {
		t.Fatal(got, err)
	}
	for _, p := range got[0].Points {
		if d := math.Hypot(p.X-400, p.Y-800); d < 60 || d > 200 {
			t.Errorf("a pattern at %v", p)
		}
	}
}

func TestReadSeveral(t *testing.T) {
	m := scene(1600, 1000, 15, 3)
	place(m, encode(t, QR, "first"), 300, 300, 6, 5)
	place(m, encode(t, QR, "second"), 1250, 700, 5, -10)
	got, err := NewReader(Limits{MaxTime: time.Minute}).Read(context.Background(), picture(m))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Code{{Symbology: QR, Text: "first"}, {Symbology: QR, Text: "second"}}, got, withoutPlaces(),
		cmpopts.SortSlices(func(a, b Code) bool { return a.Text < b.Text })); diff != "" {
		t.Error(diff)
	}
}

func TestBytes(t *testing.T) {
	m := scene(800, 800, 0, 1)
	place(m, encode(t, QR, "byte mode: \u00e9"), 400, 400, 6, 0)
	got, err := NewReader(Limits{}).Read(context.Background(), picture(m))
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	if want := []byte("byte mode: \xe9"); !cmp.Equal(want, got[0].Bytes) && !cmp.Equal([]byte("byte mode: \u00e9"), got[0].Bytes) {
		t.Errorf("%q", got[0].Bytes)
	}
}

func TestNothingToRead(t *testing.T) {
	for name, m := range map[string]*image.RGBA{"grain": scene(900, 600, 80, 5), "one colour": scene(900, 600, 0, 5), "tiny": scene(5, 5, 0, 5)} {
		if got, err := NewReader(Limits{MaxTime: time.Minute}).Read(context.Background(), picture(m)); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// A picture full of finder patterns makes the decoder try all threes of them, unless it is stopped.
func TestHostilePictureEnds(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 3000, 2400))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	for y := 10; y < 2380; y += 36 {
		for x := 10; x < 2980; x += 36 {
			for ring, c := range []color.Gray{{0}, {0xff}, {0}} {
				inset := []int{0, 4, 8}[ring]
				draw.Draw(m, image.Rect(x+inset, y+inset, x+28-inset, y+28-inset), image.NewUniform(c), image.Point{}, draw.Src)
			}
		}
	}
	start := time.Now()
	got, err := NewReader(Limits{MaxTime: 2 * time.Second}).Read(context.Background(), picture(m))
	if len(got) != 0 || err != nil && truename.AsError(err).Code != truename.CodeTimeout {
		t.Errorf("%v, %v", got, err)
	}
	t.Logf("%v, %v", time.Since(start), err)
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := scene(400, 400, 0, 1)
	place(m, encode(t, QR, "never read"), 200, 200, 6, 0)
	_, err := NewReader(Limits{}).Read(ctx, picture(m))
	if e := truename.AsError(err); err == nil || e.Code != truename.CodeTimeout || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestNoPicture(t *testing.T) {
	for _, m := range []*capture.Image{nil, {}, {Width: 10, Height: 10, Pix: make([]byte, 10)}, {Width: -1, Height: -1, Pix: make([]byte, 3)}} {
		if _, err := NewReader(Limits{}).Read(context.Background(), m); err == nil || truename.AsError(err).Code != truename.CodeInvalidRequest {
			t.Errorf("%v", err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for i, kind := range []Symbology{QR, DataMatrix} {
		m := encode(f, kind, fmt.Sprint("seed ", i))
		var pix []byte
		for y := range m.Bounds().Dy() {
			for x := range m.Bounds().Dx() {
				pix = append(pix, color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y)
			}
		}
		f.Add(m.Bounds().Dx(), uint8(3), pix)
	}
	f.Fuzz(func(t *testing.T, width int, module uint8, gray []byte) {
		n := int(module%6) + 1
		if width < 1 || width > 200 || len(gray) < width || len(gray) > 40_000 {
			return
		}
		height := len(gray) / width
		m := &capture.Image{Width: width * n, Height: height * n, Pix: make([]byte, 3*width*n*height*n)}
		for i := range m.Pix {
			x, y := i/3%m.Width/n, i/3/m.Width/n
			m.Pix[i] = gray[y*width+x]
		}
		codes, err := NewReader(Limits{MaxTime: 20 * time.Second}).Read(context.Background(), m)
		if err != nil || len(codes) > MaxCodes {
			t.Fatal(len(codes), err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for name, c := range map[string]struct {
		with  bool
		grain int
		width int
	}{"QR, 3 megapixels": {true, 20, 2000}, "nothing, 3 megapixels": {false, 20, 2000}, "grain, 3 megapixels": {false, 90, 2000}} {
		b.Run(name, func(b *testing.B) {
			m := scene(c.width, c.width*3/4, c.grain, 7)
			if c.with {
				place(m, encode(b, QR, "PHL;1234;JUAN"), float64(c.width)/2, float64(c.width)*3/8, 8, 8)
			}
			p, r := picture(m), NewReader(Limits{MaxTime: time.Minute})
			b.ReportAllocs()
			for b.Loop() {
				if got, err := r.Read(context.Background(), p); err != nil || (len(got) == 1) != c.with {
					b.Fatal(got, err)
				}
			}
		})
	}
}
