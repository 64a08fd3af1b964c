package capture

import (
	"bytes"
	"encoding/binary"

	"github.com/bep/imagemeta"
)

// orientation is the value of EXIF's tag 0x0112: what has to be done to the stored rows and columns to see the picture
// upright.
type orientation int

const (
	upright     orientation = 1
	mirrored    orientation = 2 // left to right
	halfTurn    orientation = 3
	flipped     orientation = 4 // top to bottom
	transposed  orientation = 5 // mirrored on the diagonal from the top left
	quarterTurn orientation = 6 // clockwise
	transversed orientation = 7 // mirrored on the diagonal from the top right
	threeTurns  orientation = 8 // a quarter turn anticlockwise
)

// upright gives the dimensions after the orientation was applied.
func (o orientation) upright(width, height int) (int, int) {
	if o >= transposed && o <= threeTurns {
		return height, width
	}
	return width, height
}

// steps says where a stored pixel (x, y) of a picture of width × height goes: to pixel first + x·right + y·down of the
// upright picture, counted row by row.
func (o orientation) steps(width, height int) (first, right, down int) {
	w, h := width, height
	switch o {
	case mirrored:
		return w - 1, -1, w
	case halfTurn:
		return w*h - 1, -1, -w
	case flipped:
		return (h - 1) * w, 1, -w
	case transposed: // the upright picture is h wide
		return 0, h, 1
	case quarterTurn:
		return h - 1, h, -1
	case transversed:
		return w*h - 1, -h, -1
	case threeTurns:
		return (w - 1) * h, -h, 1
	}
	return 0, 1, w
}

const (
	// maxEXIF is how much of an EXIF block is looked at: no more fits into a JPEG segment, where nearly all come from.
	maxEXIF = 64 << 10
	// maxEXIFTags that are walked before the search is given up.
	maxEXIFTags = 500
)

// readOrientation finds the orientation in an EXIF block, a TIFF structure with or without the "Exif" prefix. Whatever
// is wrong with the block, the picture is taken as upright: metadata never makes a good picture unusable.
func readOrientation(exif []byte) (o orientation) {
	o = upright
	exif = bytes.TrimPrefix(exif, []byte("Exif\x00\x00"))
	if len(exif) < 8+2+12 {
		return o
	}
	exif = exif[:min(len(exif), maxEXIF)]
	defer func() {
		if recover() != nil {
			o = upright
		}
	}()
	const name, ifd = "Orientation", "IFD0" // of the picture itself, not of its thumbnail (IFD1)
	// The error is of no interest: what was found before it counts.
	_, _ = imagemeta.Decode(imagemeta.Options{
		R:            bytes.NewReader(exif),
		ImageFormat:  imagemeta.TIFF,
		Sources:      imagemeta.EXIF,
		LimitNumTags: maxEXIFTags,
		LimitTagSize: 16,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool {
			return t.Tag == name && t.Namespace == ifd
		},
		HandleTag: func(t imagemeta.TagInfo) error {
			if v, ok := t.Value.(uint16); ok && v >= uint16(upright) && v <= uint16(threeTurns) {
				o = orientation(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return o
}

// be16 and be32 read big-endian numbers, the order of JPEG, PNG and HEIC.
func be16(b []byte) int { return int(binary.BigEndian.Uint16(b)) }
func be32(b []byte) int { return int(binary.BigEndian.Uint32(b)) }
