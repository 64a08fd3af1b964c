package capture

import (
	"context"
	"image"
)

// openHEIC reads the boxes; the samples are decoded in a sandbox.
func (d *Decoder) openHEIC(data []byte) (*source, error) {
	f, err := readHEIF(data)
	if err != nil {
		return nil, err
	}
	// Any item may be decoded on the way to the primary one, so each has to stay within the limit.
	for _, e := range f.extents {
		if err := d.checkPixels(e.width, e.height); err != nil {
			return nil, err
		}
	}
	// The decoder applies irot and imir, which are normative. EXIF counts only for files that have neither, so that
	// nothing is turned twice.
	s := &source{format: "heic", width: f.width, height: f.height, orientation: upright}
	if !f.transformed {
		s.orientation = readOrientation(f.exif)
	}
	s.memory = func(n int) int64 {
		pixels := int64(f.width) * int64(f.height)
		return heicBaseBytes + heicPixelBytes*pixels + 3*pixels/int64(n*n)
	}
	s.decode = func(ctx context.Context, n int) (img *Image, err error) {
		if !f.whole {
			return nil, truncated(nil)
		}
		err = d.heic.decode(ctx, data, f.width, f.height, func(m image.Image) error {
			s.width, s.height = m.Bounds().Dx(), m.Bounds().Dy() // smaller than ispe where clap crops
			img, err = render(ctx, s.width, s.height, s.orientation, n, rowsOf(m, f.colours))
			return err
		})
		return img, err
	}
	return s, nil
}
