package capture

import (
	"context"
	"encoding/binary"
	"fmt"

	"golang.org/x/image/webp"
)

// webpChunks is what the chunks of the container (RFC 9649) say.
type webpChunks struct {
	width, height int
	animated      bool
	exif          []byte
	whole         bool // as long as its header says, with a picture in it
}

func openWebP(data []byte) (*source, error) {
	c, err := readWebPChunks(data)
	if err != nil {
		return nil, err
	}
	if c.animated {
		return nil, unsupported("The WebP is animated.", "Send a still picture.", nil)
	}
	s := &source{format: "webp", width: c.width, height: c.height, orientation: readOrientation(c.exif)}
	s.memory = func(n int) int64 {
		pixels := int64(c.width) * int64(c.height)
		// Planes and an alpha channel that is decoded as a picture of its own; or, lossless, the work of its transforms.
		return 8*pixels + 3*pixels/int64(n*n)
	}
	s.decode = func(ctx context.Context, n int) (*Image, error) {
		if !c.whole {
			return nil, truncated(nil)
		}
		m, err := webp.Decode(&contextReader{ctx, data})
		if isTruncated(classify(err)) {
			return nil, corrupt(err) // the container is whole, so what is in it is not
		}
		if err != nil {
			return nil, err
		}
		return render(ctx, c.width, c.height, s.orientation, n, rowsOf(m, bt601Studio))
	}
	return s, nil
}

// readWebPChunks walks the chunks; a picture that was cut off still has its dimensions read.
func readWebPChunks(data []byte) (webpChunks, error) {
	c := webpChunks{}
	size := int64(binary.LittleEndian.Uint32(data[4:])) + 8
	c.whole = size <= int64(len(data))
	data = data[:min(size, int64(len(data)))]
	picture := false
	for at := 12; at+8 <= len(data); {
		kind := string(data[at : at+4])
		length := int64(binary.LittleEndian.Uint32(data[at+4:]))
		body := data[at+8:]
		if length > int64(len(body)) {
			c.whole = false
		} else {
			body = body[:length]
		}
		width, height, err := webpDimensions(kind, body)
		if err != nil {
			return c, err
		}
		if width > 0 {
			if c.width > 0 && (c.width != width || c.height != height) {
				return c, corrupt(fmt.Errorf("a canvas of %d × %d and a picture of %d × %d", c.width, c.height, width, height))
			}
			c.width, c.height = width, height
		}
		switch kind {
		case "VP8X":
			c.animated = body[0]&2 != 0
		case "ANIM", "ANMF":
			c.animated = true
		case "EXIF":
			if c.exif == nil {
				c.exif = body
			}
		case "VP8 ", "VP8L":
			picture = true
		}
		if length > int64(len(data)) {
			break
		}
		at += 8 + int(length+length%2)
	}
	if c.width == 0 {
		if c.whole {
			return c, corrupt(fmt.Errorf("no picture in the container"))
		}
		return c, truncated(nil)
	}
	c.whole = c.whole && (picture || c.animated)
	return c, nil
}

// webpDimensions reads them from the chunks that have them; zero for the others.
func webpDimensions(kind string, body []byte) (width, height int, err error) {
	need := map[string]int{"VP8X": 10, "VP8 ": 10, "VP8L": 5}[kind]
	if len(body) < need {
		return 0, 0, truncated(nil)
	}
	switch kind {
	case "VP8X":
		return 1 + le24(body[4:]), 1 + le24(body[7:]), nil
	case "VP8 ": // key frame: 3 bytes of tag, the start code, then 14 bits each beside 2 bits of scale
		if body[0]&1 != 0 || body[3] != 0x9d || body[4] != 0x01 || body[5] != 0x2a {
			return 0, 0, corrupt(fmt.Errorf("no key frame"))
		}
		return int(binary.LittleEndian.Uint16(body[6:])) & 0x3fff, int(binary.LittleEndian.Uint16(body[8:])) & 0x3fff, nil
	case "VP8L":
		if body[0] != 0x2f {
			return 0, 0, corrupt(fmt.Errorf("no lossless signature"))
		}
		bits := int(binary.LittleEndian.Uint32(body[1:]))
		return 1 + bits&0x3fff, 1 + bits>>14&0x3fff, nil
	}
	return 0, 0, nil
}

func le24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
