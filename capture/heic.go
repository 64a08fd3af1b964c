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
	if f.mismatch != nil {
		return nil, f.mismatch
	}
	// The decoder applies irot and imir, which are normative. EXIF counts only for files that have neither, so that
	// nothing is turned twice.
	s := &source{format: "heic", width: f.width, height: f.height, orientation: upright}
	if !f.transformed {
		s.orientation = readOrientation(f.exif)
	}
	s.memory = func(int) int64 { return 0 } // the sandbox has a budget of its own
	s.decode = func(ctx context.Context, n int) (*Image, error) {
		if !f.whole {
			return nil, truncated(nil)
		}
		return d.heic.decode(ctx, data, f.width, f.height, func(m image.Image) (*Image, error) {
			// Where clap crops the picture it is smaller than ispe.
			return render(ctx, m.Bounds().Dx(), m.Bounds().Dy(), s.orientation, n, rowsOf(m, f.colours))
		})
	}
	return s, nil
}
