package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"truename"
)

// FuzzDecode holds Decode to its contract, whatever the bytes.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, ".sh") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)*2/3])
	}
	f.Add(jpegWithEXIF(encodeJPEG(f, photo(20, 14), 80), exifBlock(binary.BigEndian, 6)))
	f.Add(pngWithEXIF(encodePNG(f, photo(20, 14)), exifBlock(binary.BigEndian, 5)))
	f.Add([]byte{})

	const maxPixels = 1 << 16
	whole := NewDecoder(Limits{MaxBytes: 1 << 20, MaxPixels: maxPixels, MaxTime: 2 * time.Second})
	reducing := NewDecoder(Limits{MaxBytes: 1 << 20, MaxPixels: maxPixels, MaxTime: 2 * time.Second, WorkingPixels: 1000})
	codes := []truename.Code{truename.CodeUnsupportedType, truename.CodeTooLarge, truename.CodeTooManyPixels,
		truename.CodeTruncated, truename.CodeCorrupt, truename.CodeTimeout}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, d := range []*Decoder{whole, reducing} {
			img, err := d.Decode(context.Background(), data)
			if err != nil {
				var e *truename.Error
				if !errors.As(err, &e) || !slices.Contains(codes, e.Code) || img != nil {
					t.Fatalf("error %v, picture %v", err, img != nil)
				}
				continue
			}
			if img.Width < 1 || img.Height < 1 || len(img.Pix) != 3*img.Width*img.Height ||
				img.SourceWidth*img.SourceHeight > maxPixels || img.Width > img.SourceWidth || img.Height > img.SourceHeight {
				t.Fatalf("%d × %d of %d × %d, %d bytes", img.Width, img.Height, img.SourceWidth, img.SourceHeight, len(img.Pix))
			}
		}
	})
}

// FuzzReducedJPEG: a picture of the reduced decoder has the dimensions that the header promises, with all its rows.
func FuzzReducedJPEG(f *testing.F) {
	files, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := readJPEGHeader(data)
		if err != nil || h.width*h.height > 1<<16 || len(data) < 3 {
			return
		}
		for _, n := range []int{2, 4, 8} {
			m, err := decodeReducedJPEG(context.Background(), data, n)
			if err != nil {
				continue
			}
			if b := m.Bounds(); b.Dx() != (h.width+n-1)/n || b.Dy() != (h.height+n-1)/n {
				t.Fatalf("1/%d of %d × %d is %v", n, h.width, h.height, b)
			}
			if _, err := render(context.Background(), m.Bounds().Dx(), m.Bounds().Dy(), upright, 1, rowsOf(m, jfif)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
