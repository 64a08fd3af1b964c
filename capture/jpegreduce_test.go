package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"truename"
)

// photo draws something with the spectrum of a photo: gradients, soft shapes at all scales, and grain.
func photo(width, height int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(1, 2))
	const octaves = 7
	var grids [octaves][3][]float64
	for o := range grids {
		n := 4<<o + 2
		for c := range 3 {
			grids[o][c] = make([]float64, n*n)
			for i := range grids[o][c] {
				grids[o][c][i] = random.Float64() - 0.5
			}
		}
	}
	for y := range height {
		for x := range width {
			var v [3]float64
			for o := range grids {
				cells := 4 << o
				fx, fy := float64(x*cells)/float64(width), float64(y*cells)/float64(height)
				ix, iy := int(fx), int(fy)
				dx, dy := fx-float64(ix), fy-float64(iy)
				for c, g := range grids[o] {
					at := iy*(cells+2) + ix
					top := g[at]*(1-dx) + g[at+1]*dx
					bottom := g[at+cells+2]*(1-dx) + g[at+cells+3]*dx
					v[c] += (top*(1-dy) + bottom*dy) * 150 / math.Pow(1.6, float64(o))
				}
			}
			grain := random.NormFloat64() * 2
			level := func(f float64) uint8 { return uint8(max(0, min(255, 128+f+grain))) }
			m.SetRGBA(x, y, color.RGBA{level(v[0]), level(v[0]*.7 + v[1]*.3), level(v[0]*.7 + v[2]*.3), 255})
		}
	}
	return m
}

func encodeJPEG(t testing.TB, m image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReducedAgainstImageJPEG(t *testing.T) {
	for _, size := range [][2]int{{320, 240}, {257, 131}, {64, 8}, {33, 47}, {1, 1}, {17, 1}, {1, 40}} {
		for _, quality := range []int{30, 75, 95} {
			data := encodeJPEG(t, photo(size[0], size[1]), quality)
			for _, n := range []int{2, 4, 8} {
				t.Run(fmt.Sprintf("%dx%d q%d 1/%d", size[0], size[1], quality, n), func(t *testing.T) {
					compareReduced(t, data, n)
				})
			}
		}
	}
}

// compareReduced compares a reduced decode with the full one averaged over squares.
func compareReduced(t *testing.T, data []byte, n int) {
	t.Helper()
	ctx := context.Background()
	full, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := full.Bounds()
	want, err := render(ctx, b.Dx(), b.Dy(), upright, n, rowsOf(full, jfif))
	if err != nil {
		t.Fatal(err)
	}
	m, err := decodeReducedJPEG(ctx, data, n)
	if err != nil {
		t.Fatal(err)
	}
	got, err := render(ctx, m.Bounds().Dx(), m.Bounds().Dy(), upright, 1, rowsOf(m, jfif))
	if err != nil {
		t.Fatal(err)
	}
	if got.Width != want.Width || got.Height != want.Height {
		t.Fatalf("%d × %d, want %d × %d", got.Width, got.Height, want.Width, want.Height)
	}
	// Averaging keeps a little of the frequencies that the transform cuts off: more of them in small pictures, whose
	// detail is as fine as their samples.
	limit := 4.0
	if b.Dx() < 200 {
		limit = 10
	}
	if e := rms(got.Pix, want.Pix); e > limit {
		t.Errorf("differs by %.1f", e)
	}
}

func rms(a, b []byte) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(a)))
}

// At 1/8 a sample is the mean of its block, so the two ways agree but for rounding and clamping.
func TestReducedEighthIsMean(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 128, 96))
	for i := range m.Pix {
		m.Pix[i] = uint8(40 + i%128 + (i/128)%7*9)
	}
	data := encodeJPEG(t, m, 90)
	full, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	want, err := render(t.Context(), 128, 96, upright, 8, rowsOf(full, jfif))
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeReducedJPEG(t.Context(), data, 8)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Width * want.Height {
		gray := got.(*image.Gray)
		g := gray.Pix[i/want.Width*gray.Stride+i%want.Width]
		if abs(int(g)-int(want.Pix[3*i])) > 1 {
			t.Fatalf("sample %d is %d, want %d", i, g, want.Pix[3*i])
		}
	}
}

// Every sampling, sequential and progressive, with restart markers: the reduced decoder does them itself.
func TestReducedVariants(t *testing.T) {
	for _, name := range []string{"baseline-1x1", "baseline-1x2", "baseline-2x1", "baseline-2x2", "progressive-1x1",
		"progressive-1x2", "progressive-2x1", "progressive-2x2", "progressive-grey", "restart", "progressive-restart"} {
		for _, n := range []int{2, 4, 8} {
			t.Run(fmt.Sprintf("%s 1/%d", name, n), func(t *testing.T) {
				m, err := decodeReducedJPEG(t.Context(), fixture(t, name+".jpg"), n)
				if err != nil {
					t.Fatal(err)
				}
				img, err := render(t.Context(), m.Bounds().Dx(), m.Bounds().Dy(), upright, 1, rowsOf(m, jfif))
				if err != nil {
					t.Fatal(err)
				}
				var want []patch
				for _, p := range bars[:4] {
					p.x, p.y = p.x/n, p.y/n
					want = append(want, p)
				}
				if name == "progressive-grey" {
					want = want[3:]
				}
				checkPatches(t, img, want, 6)
			})
		}
	}
}

func TestReducedLeavesTheRest(t *testing.T) {
	good := fixture(t, "baseline-2x2.jpg")
	for name, data := range map[string][]byte{
		"CMYK": fixture(t, "cmyk.jpg"), "cut off": half(good), "without its end": good[:len(good)-2],
	} {
		if _, err := decodeReducedJPEG(t.Context(), data, 2); !errors.Is(err, errNotFast) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := NewDecoder(Limits{WorkingPixels: 96 * 64 / 4})
	img, err := d.Decode(t.Context(), fixture(t, "cmyk.jpg"))
	if err != nil || img.Width != 48 {
		t.Errorf("%v, %v", img, err)
	}
	if _, err := d.Decode(t.Context(), half(good)); truename.AsError(err).Code != truename.CodeTruncated {
		t.Error(err)
	}
}

func BenchmarkDecode250px(b *testing.B) {
	data := encodeJPEG(b, photo(250, 250), 90)
	b.Run("image/jpeg alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Decode", func(b *testing.B) { benchmarkDecode(b, data, DefaultLimits()) })
}

func BenchmarkDecode12MP(b *testing.B) {
	data := encodeJPEG(b, photo(4000, 3000), 90)
	b.Run("image/jpeg alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
	full := DefaultLimits()
	full.WorkingPixels = 0
	b.Run("Decode in full", func(b *testing.B) { benchmarkDecode(b, data, full) })
	b.Run("Decode", func(b *testing.B) { benchmarkDecode(b, data, DefaultLimits()) })
	b.Run("Decode turned", func(b *testing.B) {
		benchmarkDecode(b, jpegWithEXIF(data, exifBlock(binary.BigEndian, 6)), DefaultLimits())
	})
}

func benchmarkDecode(b *testing.B, data []byte, l Limits) {
	d := NewDecoder(l)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(b.Context(), data); err != nil {
			b.Fatal(err)
		}
	}
}
