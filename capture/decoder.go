package capture

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"image/png"
	"time"

	"truename"
)

// Limits of what is taken in.
type Limits struct {
	MaxBytes      int64
	MaxPixels     int
	MaxTime       time.Duration
	WorkingPixels int
}

// DefaultLimits are 20 MB, 50 megapixels, 10 s.
func DefaultLimits() Limits {
	return Limits{MaxBytes: 20 << 20, MaxPixels: 50e6, MaxTime: 10 * time.Second, WorkingPixels: 3e6}
}

// Decoder decodes.
type Decoder struct{ limits Limits }

// NewDecoder makes one.
func NewDecoder(l Limits) *Decoder { return &Decoder{l} }

// Decode decodes.
func (d *Decoder) Decode(ctx context.Context, data []byte) (*Image, error) {
	var m image.Image
	var err error
	format := "jpeg"
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xd8}):
		m, err = jpeg.Decode(bytes.NewReader(data))
	case bytes.HasPrefix(data, []byte("\x89PNG")):
		format = "png"
		m, err = png.Decode(bytes.NewReader(data))
	default:
		return nil, &truename.Error{Kind: truename.KindUnsupported, Code: truename.CodeUnsupportedType, Detail: "Not a picture.", Remedy: "Send JPEG, PNG, WebP or HEIC."}
	}
	if err != nil {
		return nil, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeCorrupt, Detail: "The picture cannot be decoded.", Remedy: "Send the original.", Cause: err}
	}
	b := m.Bounds()
	img := &Image{Width: b.Dx(), Height: b.Dy(), SourceWidth: b.Dx(), SourceHeight: b.Dy(), Format: format, Pix: make([]byte, 0, 3*b.Dx()*b.Dy())}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := m.At(x, y).RGBA()
			img.Pix = append(img.Pix, byte(r>>8), byte(g>>8), byte(bl>>8))
		}
	}
	return img, nil
}
