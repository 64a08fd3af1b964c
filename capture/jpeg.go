package capture

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"

	"truename"
)

// JPEG markers (ITU-T T.81, table B.1), the second byte.
const (
	markerSOF0 = 0xc0 // baseline
	markerSOF2 = 0xc2 // progressive
	markerDHT  = 0xc4
	markerJPG  = 0xc8
	markerDAC  = 0xcc
	markerRST0 = 0xd0
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerDQT  = 0xdb
	markerDRI  = 0xdd
	markerAPP1 = 0xe1
	markerTEM  = 0x01
)

// jpegHeader is what stands before the first scan.
type jpegHeader struct {
	width, height int
	sof           byte
	precision     int
	components    []jpegComponent
	quantisation  [4]*[64]uint16 // zigzag order
	exif          []byte
}

type jpegComponent struct {
	id, h, v, table byte
}

func openJPEG(data []byte) (*source, error) {
	h, err := readJPEGHeader(data)
	if err != nil {
		return nil, err
	}
	if h.sof != markerSOF0 && h.sof != markerSOF0+1 && h.sof != markerSOF2 || h.precision != 8 {
		return nil, unsupported("The JPEG is of a variant that is not accepted (lossless, arithmetic coding or more than 8 bits).",
			"Save it as an ordinary JPEG.", nil)
	}
	s := &source{format: "jpeg", width: h.width, height: h.height, orientation: readOrientation(h.exif), quality: h.quality()}
	s.memory = func(n int) int64 { return h.memory() + 3*int64(h.width)*int64(h.height)/int64(n*n) }
	s.decode = func(ctx context.Context, n int) (*Image, error) {
		m, err := jpeg.Decode(&contextReader{ctx, data})
		if err != nil {
			return nil, jpegError(data, err)
		}
		return render(ctx, h.width, h.height, s.orientation, n, rowsOf(m, jfif))
	}
	s.reducedMemory = h.reducedMemory
	s.decodeReduced = func(ctx context.Context, n int) (*Image, error) {
		m, err := decodeReducedJPEG(ctx, data, n)
		if err != nil {
			return nil, err
		}
		return render(ctx, m.Bounds().Dx(), m.Bounds().Dy(), s.orientation, 1, rowsOf(m, jfif))
	}
	return s, nil
}

// jpegError tells a file that was cut off from one that is damaged: only the former lacks its end marker.
func jpegError(data []byte, err error) error {
	err = classify(err)
	if e := truename.AsError(err); e.Kind != truename.KindInvalid {
		return err
	}
	start := bytes.LastIndex(data, []byte{0xff, markerSOS})
	if end := bytes.LastIndex(data, []byte{0xff, markerEOI}); end > start {
		return corrupt(err)
	}
	return truncated(err)
}

// memory estimates what image/jpeg takes: planes of samples, and four bytes for each coefficient of a progressive one.
func (h *jpegHeader) memory() int64 {
	samples := int64(h.width) * int64(h.height) * int64(len(h.components)) // subsampling makes it less
	if h.sof == markerSOF2 {
		return 5 * samples
	}
	return samples
}

// reducedMemory estimates what a reduced decode takes, result included.
func (h *jpegHeader) reducedMemory(n int) int64 {
	pixels := int64(h.width) * int64(h.height)
	samples := pixels * int64(len(h.components))
	need := (samples + 3*pixels) / int64(n*n)
	if h.sof == markerSOF2 {
		need += 2 * samples
	}
	return need
}

// readJPEGHeader walks the segments up to the first scan.
func readJPEGHeader(data []byte) (*jpegHeader, error) {
	h := &jpegHeader{}
	for at := 2; ; {
		marker, next, err := nextMarker(data, at)
		if err != nil {
			return nil, err
		}
		at = next
		switch {
		case marker == markerSOS:
			if h.sof == 0 {
				return nil, corrupt(fmt.Errorf("scan before frame header"))
			}
			return h, nil
		case marker == markerEOI:
			return nil, corrupt(fmt.Errorf("no picture before the end marker"))
		case marker == markerSOI, marker == markerTEM, marker&^7 == markerRST0:
			continue // no payload
		}
		if at+2 > len(data) {
			return nil, truncated(nil)
		}
		length := be16(data[at:])
		if length < 2 {
			return nil, corrupt(fmt.Errorf("segment of length %d", length))
		}
		if at+length > len(data) {
			return nil, truncated(nil)
		}
		if err := h.segment(marker, data[at+2:at+length]); err != nil {
			return nil, err
		}
		at += length
	}
}

// nextMarker finds the marker at or after at, as decoders do: stray bytes before it are skipped.
func nextMarker(data []byte, at int) (marker byte, next int, err error) {
	for ; at+1 < len(data); at++ {
		if data[at] == 0xff && data[at+1] != 0 && data[at+1] != 0xff {
			return data[at+1], at + 2, nil
		}
	}
	return 0, 0, truncated(nil)
}

func (h *jpegHeader) segment(marker byte, body []byte) error {
	switch marker {
	case markerDHT, markerJPG, markerDAC:
		return nil
	case markerDQT:
		return h.quantisationTables(body)
	case markerAPP1:
		if h.exif == nil && bytes.HasPrefix(body, []byte("Exif\x00")) {
			h.exif = body
		}
		return nil
	}
	if marker >= markerSOF0 && marker <= 0xcf {
		return h.frame(marker, body)
	}
	return nil
}

func (h *jpegHeader) frame(marker byte, body []byte) error {
	if h.sof != 0 {
		return corrupt(fmt.Errorf("two frame headers"))
	}
	if len(body) < 6 || len(body) < 6+3*int(body[5]) {
		return corrupt(fmt.Errorf("frame header of %d bytes", len(body)))
	}
	h.sof, h.precision = marker, int(body[0])
	h.height, h.width = be16(body[1:]), be16(body[3:])
	for i := range int(body[5]) {
		c := body[6+3*i:]
		h.components = append(h.components, jpegComponent{id: c[0], h: c[1] >> 4, v: c[1] & 15, table: c[2] & 3})
	}
	return nil
}

func (h *jpegHeader) quantisationTables(body []byte) error {
	for len(body) > 0 {
		wide, id := body[0]>>4 != 0, body[0]&3
		size := 64
		if wide {
			size = 128
		}
		if len(body) < 1+size {
			return corrupt(fmt.Errorf("quantisation table of %d bytes", len(body)))
		}
		t := new([64]uint16)
		for i := range t {
			if wide {
				t[i] = uint16(be16(body[1+2*i:]))
			} else {
				t[i] = uint16(body[1+i])
			}
		}
		h.quantisation[id] = t
		body = body[1+size:]
	}
	return nil
}

// quality finds the quality whose scaled standard table comes closest to the luminance table; 0 without a table.
func (h *jpegHeader) quality() int {
	if len(h.components) == 0 || h.quantisation[h.components[0].table] == nil {
		return 0
	}
	table := h.quantisation[h.components[0].table]
	best, least := 0, 1<<62
	for q := 1; q <= 100; q++ {
		scale := 200 - 2*q
		if q < 50 {
			scale = 5000 / q
		}
		distance := 0
		for i, v := range standardLuminance {
			d := int(table[i]) - min(max((int(v)*scale+50)/100, 1), 255)
			distance += max(d, -d)
		}
		if distance <= least { // of equals the higher: 100 and 99 differ in few entries
			best, least = q, distance
		}
	}
	return best
}

// standardLuminance is table K.1 of ITU-T T.81, in zigzag order.
var standardLuminance = [64]byte{
	16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40,
	26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
	56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87,
	95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
}
