package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"truename"
)

// bomb is a PNG whose header promises width × height, padded to 100 kB.
func bomb(width, height uint32) []byte {
	header := binary.BigEndian.AppendUint32(nil, width)
	header = binary.BigEndian.AppendUint32(header, height)
	header = append(header, 8, 2, 0, 0, 0)
	b := append([]byte(pngSignature), pngChunk("IHDR", header)...)
	b = append(b, pngChunk("IDAT", make([]byte, 100_000))...)
	return append(b, pngChunk("IEND", nil)...)
}

// resized changes the dimensions in the headers of a fixture.
func resized(t *testing.T, data []byte, marker string, skip int, dimensions ...byte) []byte {
	t.Helper()
	at := bytes.Index(data, []byte(marker))
	if at < 0 {
		t.Fatalf("no %q", marker)
	}
	out := bytes.Clone(data)
	copy(out[at+skip:], dimensions)
	return out
}

func half(data []byte) []byte { return data[:len(data)/2] }

func TestRefusals(t *testing.T) {
	jpeg := encodeJPEG(t, photo(400, 300), 90)
	png := encodePNG(t, photo(120, 90))
	damaged := bytes.Clone(png)
	damaged[len(damaged)/2] ^= 0xff
	tests := []struct {
		name string
		data []byte
		want truename.Code
		kind truename.Kind
	}{
		{"empty", nil, truename.CodeTruncated, truename.KindInvalid},
		{"text", []byte("Dear sir or madam, please find attached"), truename.CodeUnsupportedType, truename.KindUnsupported},
		{"one byte", []byte("x"), truename.CodeUnsupportedType, truename.KindUnsupported},
		{"GIF", []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00"), truename.CodeUnsupportedType, truename.KindUnsupported},
		{"PDF", []byte("%PDF-1.7\n"), truename.CodeUnsupportedType, truename.KindUnsupported},
		{"animated WebP", fixture(t, "animated.webp"), truename.CodeUnsupportedType, truename.KindUnsupported},
		{"AVIF", append([]byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmiaf"), 0, 0, 0, 8, 'f', 'r', 'e', 'e'), truename.CodeUnsupportedType, truename.KindUnsupported},
		{"MP4", []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"), truename.CodeUnsupportedType, truename.KindUnsupported},
		{"12-bit JPEG", resized(t, jpeg, "\xff\xc0", 4, 12), truename.CodeUnsupportedType, truename.KindUnsupported},
		{"arithmetic JPEG", resized(t, jpeg, "\xff\xc0", 1, 0xc9), truename.CodeUnsupportedType, truename.KindUnsupported},

		{"too many bytes", make([]byte, 21<<20), truename.CodeTooLarge, truename.KindTooLarge},
		{"PNG of 50,000 × 50,000", bomb(50_000, 50_000), truename.CodeTooManyPixels, truename.KindTooLarge},
		{"PNG of 2³¹ × 2³¹", bomb(1<<31-1, 1<<31-1), truename.CodeTooManyPixels, truename.KindTooLarge},
		{"PNG of 50,000 × 50,000, cut", half(bomb(50_000, 50_000)), truename.CodeTooManyPixels, truename.KindTooLarge},
		{"JPEG of 65,535 × 65,535", resized(t, jpeg, "\xff\xc0", 5, 0xff, 0xff, 0xff, 0xff), truename.CodeTooManyPixels, truename.KindTooLarge},
		{"WebP of 16,384 × 16,384", resized(t, fixture(t, "lossless.webp"), "VP8L", 9, 0xff, 0xff, 0xff, 0x0f), truename.CodeTooManyPixels, truename.KindTooLarge},
		{"HEIC of 2³¹ × 2³¹", resized(t, fixture(t, "bars.heic"), "ispe", 8, 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff), truename.CodeTooManyPixels, truename.KindTooLarge},

		{"half a JPEG", half(jpeg), truename.CodeTruncated, truename.KindInvalid},
		{"half a progressive JPEG", half(fixture(t, "progressive-2x2.jpg")), truename.CodeTruncated, truename.KindInvalid},
		{"JPEG without its end", jpeg[:len(jpeg)-2], truename.CodeTruncated, truename.KindInvalid},
		{"JPEG header only", jpeg[:20], truename.CodeTruncated, truename.KindInvalid},
		{"half a PNG", half(png), truename.CodeTruncated, truename.KindInvalid},
		{"PNG signature", png[:8], truename.CodeTruncated, truename.KindInvalid},
		{"half a lossy WebP", half(fixture(t, "lossy.webp")), truename.CodeTruncated, truename.KindInvalid},
		{"half a lossless WebP", half(fixture(t, "lossless.webp")), truename.CodeTruncated, truename.KindInvalid},
		{"half a HEIC", half(fixture(t, "bars.heic")), truename.CodeTruncated, truename.KindInvalid},
		{"HEIC without its last byte", fixture(t, "bars.heic")[:len(fixture(t, "bars.heic"))-1], truename.CodeTruncated, truename.KindInvalid},

		{"PNG with a flipped byte", damaged, truename.CodeCorrupt, truename.KindInvalid},
		{"JPEG of height 0", resized(t, jpeg, "\xff\xc0", 5, 0, 0), truename.CodeCorrupt, truename.KindInvalid},
		{"HEIC that is smaller than it says", resized(t, fixture(t, "bars.heic"), "ispe", 8, 0, 0, 0, 8, 0, 0, 0, 8), truename.CodeCorrupt, truename.KindInvalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			img, err := testDecoder().Decode(t.Context(), test.data)
			var e *truename.Error
			if !errors.As(err, &e) {
				t.Fatalf("picture %v, error %v", img != nil, err)
			}
			if e.Code != test.want || e.Kind != test.kind || e.Detail == "" || e.Remedy == "" || img != nil {
				t.Errorf("%s %s: %v; want %s %s", e.Kind, e.Code, err, test.kind, test.want)
			}
			if len(test.data) == 0 && !strings.Contains(e.Detail, "empty") {
				t.Errorf("detail %q", e.Detail)
			}
		})
	}
}

func TestRefusingAllocatesLittle(t *testing.T) {
	data := bomb(50_000, 50_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := testDecoder().Decode(t.Context(), data); err == nil {
		t.Fatal("accepted")
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10 {
		t.Errorf("%d bytes allocated", used)
	}
}

func TestSmallest(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 1, 1))
	m.SetRGBA(0, 0, color.RGBA{10, 200, 30, 255})
	for name, data := range map[string][]byte{"png": encodePNG(t, m), "jpeg": encodeJPEG(t, m, 100)} {
		img := decode(t, data)
		if img.Width != 1 || img.Height != 1 || img.Format != name {
			t.Errorf("%s: %d × %d", img.Format, img.Width, img.Height)
		}
		checkPatches(t, img, []patch{{0, 0, 10, 200, 30}}, 3)
	}
}

func TestJPEGQuality(t *testing.T) {
	m := photo(40, 30)
	for _, q := range []int{1, 10, 35, 50, 75, 90, 98, 100} {
		if got := decode(t, encodeJPEG(t, m, q)).JPEGQuality; got != q {
			t.Errorf("quality %d, want %d", got, q)
		}
	}
}

func TestReduction(t *testing.T) {
	l := Limits{WorkingPixels: 3_000_000}
	for _, test := range []struct{ w, h, want int }{
		{250, 250, 1}, {2448, 2448, 1}, {4000, 3000, 2}, {4032, 3024, 2}, {6000, 4000, 2}, {8000, 6000, 4}, {50_000_000, 1, 4},
	} {
		if got := l.reduction(test.w, test.h); got != test.want {
			t.Errorf("%d × %d: 1/%d, want 1/%d", test.w, test.h, got, test.want)
		}
	}
	if got := (Limits{}).reduction(8000, 6000); got != 1 {
		t.Errorf("without WorkingPixels: 1/%d", got)
	}
}

// manyScans is a progressive JPEG of width × height that refines nothing, again and again.
func manyScans(t *testing.T, scans int) []byte {
	t.Helper()
	data := resized(t, fixture(t, "progressive-grey.jpg"), "\xff\xc2", 5, 0x17, 0x70, 0x17, 0x70) // 6000 × 6000
	start := bytes.Index(data, []byte("\xff\xda"))
	// A Huffman table with one code, for the longest end-of-band run, and scans of nothing but such runs.
	table := append([]byte{0xff, markerDHT, 0, 20, 0x10, 1}, make([]byte, 15)...)
	table = append(table, 0xe0)
	out := append(bytes.Clone(data[:start]), table...)
	scan := []byte{0xff, markerSOS, 0, 8, 1, 1, 0, 1, 63, 0x00}
	blocks := 750 * 750
	bits := (blocks/(1<<14) + 1) * 15 // a zero for the code, 14 zeros: a run of 2¹⁴
	scan = append(scan, make([]byte, bits/8+2)...)
	for range scans {
		out = append(out, scan...)
	}
	return append(out, 0xff, markerEOI)
}

func TestTimeLimit(t *testing.T) {
	data := manyScans(t, 20_000)
	for name, limits := range map[string]Limits{
		"in full": {MaxTime: 50 * time.Millisecond},
		"reduced": {MaxTime: 50 * time.Millisecond, WorkingPixels: 1_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewDecoder(limits).Decode(t.Context(), data)
			if e := truename.AsError(err); e.Code != truename.CodeTimeout || e.Kind != truename.KindTimeout {
				t.Error(err)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range []string{"baseline-2x2.jpg", "depth16.png", "lossy.webp", "bars.heic"} {
		_, err := testDecoder().Decode(ctx, fixture(t, name))
		if e := truename.AsError(err); e.Code != truename.CodeTimeout {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWaitingEndsWithContext(t *testing.T) {
	d := NewDecoder(Limits{})
	if err := d.memory.Acquire(t.Context(), d.budget); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := d.Decode(ctx, fixture(t, "baseline-2x2.jpg"))
	if e := truename.AsError(err); e.Code != truename.CodeTimeout {
		t.Error(err)
	}
	d.memory.Release(d.budget)
	if _, err := d.Decode(t.Context(), fixture(t, "baseline-2x2.jpg")); err != nil {
		t.Error("memory was not given back:", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	// The budget of 6 bytes for each of 10,000 pixels lets one or two pictures of 96 × 64 pass at a time.
	d := NewDecoder(Limits{MaxPixels: 10_000, MaxTime: 5 * time.Minute})
	var wg sync.WaitGroup
	for _, name := range []string{"baseline-2x2.jpg", "progressive-2x2.jpg", "depth16.png", "lossy.webp", "bars.heic"} {
		data := fixture(t, name)
		for range 8 {
			wg.Go(func() {
				if _, err := d.Decode(t.Context(), data); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
	wg.Wait()
	if !d.memory.TryAcquire(d.budget) {
		t.Error("memory was not given back")
	}
}
