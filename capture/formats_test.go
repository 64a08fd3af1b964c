package capture

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// testDecoder is shared, because each Decoder compiles the HEIC module for itself.
// Its time limit is one that no slow machine reaches: under the race detector compiling the HEIC module alone can take
// more than the default.
var testDecoder = sync.OnceValue(func() *Decoder {
	limits := DefaultLimits()
	limits.MaxTime = 5 * time.Minute
	return NewDecoder(limits)
})

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t testing.TB, data []byte) *Image {
	t.Helper()
	img, err := testDecoder().Decode(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

type patch struct {
	x, y    int
	r, g, b int
}

// bars is the picture of testdata/make.sh: the middle of each stripe, and two places of the ramp.
var bars = []patch{
	{12, 16, 200, 40, 40}, {36, 16, 40, 160, 60}, {60, 16, 50, 70, 190}, {84, 16, 128, 128, 128},
	{4, 48, 10, 10, 10}, {72, 48, 193, 193, 193},
}

var greyBars = []patch{{84, 16, 128, 128, 128}, {4, 48, 10, 10, 10}, {72, 48, 193, 193, 193}}

// halfBars is the same, half transparent on white.
var halfBars = []patch{{12, 16, 228, 148, 148}, {36, 16, 148, 208, 158}, {60, 16, 152, 162, 222}, {84, 16, 192, 192, 192}}

func TestColours(t *testing.T) {
	tests := []struct {
		file      string
		format    string
		want      []patch
		tolerance int
	}{
		{"baseline-1x1.jpg", "jpeg", bars, 4},
		{"baseline-1x2.jpg", "jpeg", bars, 4},
		{"baseline-2x1.jpg", "jpeg", bars, 4},
		{"baseline-2x2.jpg", "jpeg", bars, 4},
		{"progressive-1x1.jpg", "jpeg", bars, 4},
		{"progressive-1x2.jpg", "jpeg", bars, 4},
		{"progressive-2x1.jpg", "jpeg", bars, 4},
		{"progressive-2x2.jpg", "jpeg", bars, 4},
		{"progressive-grey.jpg", "jpeg", greyBars, 4},
		{"restart.jpg", "jpeg", bars, 4},
		{"cmyk.jpg", "jpeg", bars, 4},
		{"depth16.png", "png", bars, 0},
		{"interlaced.png", "png", bars, 0},
		{"palette.png", "png", bars, 8},
		{"half.png", "png", halfBars, 1},
		{"lossy.webp", "webp", bars, 4},
		{"lossless.webp", "webp", bars, 0},
		{"half.webp", "webp", halfBars, 4},
		{"bars.heic", "heic", bars, 4},
		{"bars444.heic", "heic", bars, 4},
		{"grey.heic", "heic", greyBars, 4},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			img := decode(t, fixture(t, test.file))
			if img.Format != test.format || img.Width != 96 || img.Height != 64 || img.SourceWidth != 96 || img.SourceHeight != 64 {
				t.Errorf("%s, %d × %d of %d × %d", img.Format, img.Width, img.Height, img.SourceWidth, img.SourceHeight)
			}
			if (img.JPEGQuality > 0) != (test.format == "jpeg") {
				t.Errorf("quality %d", img.JPEGQuality)
			}
			checkPatches(t, img, test.want, test.tolerance)
		})
	}
}

func checkPatches(t *testing.T, img *Image, want []patch, tolerance int) {
	t.Helper()
	for _, p := range want {
		at := 3 * (p.y*img.Width + p.x)
		r, g, b := int(img.Pix[at]), int(img.Pix[at+1]), int(img.Pix[at+2])
		if max(abs(r-p.r), abs(g-p.g), abs(b-p.b)) > tolerance {
			t.Errorf("(%d, %d) is %d %d %d, want %d %d %d ± %d", p.x, p.y, r, g, b, p.r, p.g, p.b, tolerance)
		}
	}
}

func abs(v int) int { return max(v, -v) }
