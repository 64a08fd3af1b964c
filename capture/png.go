package capture

import (
	"context"
	"fmt"
	"image/png"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// pngChunks is what the chunks (ISO/IEC 15948) say.
type pngChunks struct {
	header []byte // IHDR: width, height, bit depth, colour type, compression, filter, interlace
	exif   []byte
	whole  bool // IEND was reached
}

// openPNG reads the chunks. Of an animated PNG the default picture is taken, as decoders that know no animation do.
func openPNG(data []byte) (*source, error) {
	c, err := readPNGChunks(data)
	if err != nil {
		return nil, err
	}
	width, height := be32(c.header), be32(c.header[4:])
	s := &source{format: "png", width: width, height: height, orientation: readOrientation(c.exif)}
	s.memory = func(n int) int64 {
		pixels := int64(width) * int64(height)
		need := pixels * pngPixelBytes(c.header[8])
		if c.header[12] != 0 { // interlaced: the passes are decoded beside the whole
			need *= 2
		}
		return need + 3*pixels/int64(n*n)
	}
	s.decode = func(ctx context.Context, n int) (*Image, error) {
		if !c.whole {
			return nil, truncated(nil)
		}
		m, err := png.Decode(&contextReader{ctx, data})
		if isTruncated(classify(err)) {
			return nil, corrupt(err) // the file is whole, so its compressed data is not
		}
		if err != nil {
			return nil, err
		}
		return render(ctx, width, height, s.orientation, n, rowsOf(m, jfif))
	}
	return s, nil
}

// readPNGChunks walks to IEND, or to where the file was cut off: the header of such a file still counts, because a
// picture that is too large is refused as that, not as incomplete.
func readPNGChunks(data []byte) (pngChunks, error) {
	var c pngChunks
	for at := len(pngSignature); at+12 <= len(data); {
		length, kind := be32(data[at:]), string(data[at+4:at+8])
		if c.header == nil && (kind != "IHDR" || length != 13) {
			return c, corrupt(fmt.Errorf("the first chunk is no proper IHDR"))
		}
		if length > len(data)-at-12 {
			break
		}
		body := data[at+8 : at+8+length]
		switch {
		case c.header == nil:
			c.header = body
		case kind == "eXIf" && c.exif == nil:
			c.exif = body
		case kind == "IEND":
			c.whole = true
			return c, nil
		}
		at += 12 + length
	}
	if c.header == nil {
		return c, truncated(nil)
	}
	return c, nil
}

// pngPixelBytes is at least what image/png allocates for a pixel.
func pngPixelBytes(depth byte) int64 {
	if depth == 16 {
		return 8
	}
	return 4
}
