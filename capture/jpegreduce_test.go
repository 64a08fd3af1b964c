package capture

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
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
	t.Log(rms(got.Pix, want.Pix))
}

func rms(a, b []byte) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(a)))
}

func BenchmarkReduce(b *testing.B) {
	data := encodeJPEG(b, photo(4000, 3000), 90)
	b.Log(len(data))
	for _, n := range []int{2, 4, 8} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			t := cpuMS()
			for b.Loop() {
				if _, err := decodeReducedJPEG(context.Background(), data, n); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpuMS()-t)/float64(b.N), "cpu-ms/op")
		})
	}
	b.Run("std", func(b *testing.B) {
		t := cpuMS()
		for b.Loop() {
			jpeg.Decode(bytes.NewReader(data))
		}
		b.ReportMetric((cpuMS()-t)/float64(b.N), "cpu-ms/op")
	})
}
