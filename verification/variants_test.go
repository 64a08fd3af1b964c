package verification_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
)

// header gives a PNG that says it is so large, and has nothing but that.
func header(width, height uint32) []byte {
	chunk := func(kind string, body []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		b = append(append(b, kind...), body...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	b := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(size, 8, 2, 0, 0, 0))...)
	b = append(b, chunk("IDAT", []byte{0x78, 0x9c, 3, 0, 0, 0, 0, 1})...)
	return append(b, chunk("IEND", nil)...)
}

// stored gives the pixels of an upright image as a file with EXIF orientation o has them: row 0 and column 0 of the
// file are, in the upright picture, for o = 1 to 8, the top and left, top and right, bottom and right, bottom and left,
// left and top, right and top, right and bottom, left and bottom.
func stored(upright *image.RGBA, o int) *image.RGBA {
	w, h := upright.Rect.Dx(), upright.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if o >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			right, bottom := w-1-x, h-1-y
			at := [9]image.Point{1: {x, y}, 2: {right, y}, 3: {right, bottom}, 4: {x, bottom},
				5: {y, x}, 6: {y, right}, 7: {bottom, right}, 8: {bottom, x}}[o]
			out.SetRGBA(at.X, at.Y, upright.RGBAAt(x, y))
		}
	}
	return out
}

// withOrientation puts an EXIF orientation into a JPEG.
func withOrientation(data []byte, o int) []byte {
	exif := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00")
	exif = append(exif, byte(o), 0, 0, 0, 0, 0, 0)
	out := append([]byte{}, data[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(exif)+2))
	return append(append(out, exif...), data[2:]...)
}

// cmykJPEG gives a JPEG in inverted CMYK with Adobe's marker, as print software makes it. Each colour is encoded as a
// grey picture, and becomes a scan of its own in one file.
func cmykJPEG(t testing.TB, img *image.RGBA) []byte {
	t.Helper()
	w, h := img.Rect.Dx(), img.Rect.Dy()
	planes := [4]*image.Gray{}
	for i := range planes {
		planes[i] = image.NewGray(image.Rect(0, 0, w, h))
	}
	for y := range h {
		for x := range w {
			p := img.RGBAAt(x, y)
			c, m, yellow, k := color.RGBToCMYK(p.R, p.G, p.B)
			for i, v := range []byte{c, m, yellow, k} {
				planes[i].Pix[y*w+x] = 255 - v
			}
		}
	}
	out := []byte("\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00")
	for i, plane := range planes {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, plane, &jpeg.Options{Quality: 92}); err != nil {
			t.Fatal(err)
		}
		data := b.Bytes()
		for at := 2; ; {
			marker, length := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
			segment := data[at : at+2+length]
			at += len(segment)
			switch marker {
			case 0xdb, 0xc4: // tables: the same for all
				if i == 0 {
					out = append(out, segment...)
				}
			case 0xc0: // the frame: one with four components instead
				if i == 0 {
					out = append(out, 0xff, 0xc0, 0, 20)
					out = append(append(out, segment[4:9]...), 4)
					for id := range byte(4) {
						out = append(out, id+1, 0x11, 0)
					}
				}
			case 0xda: // the scan: of the i-th component, up to the end marker
				out = append(out, 0xff, 0xda, 0, 8, 1, byte(i+1), 0, 0, 63, 0)
				out = append(out, data[at:len(data)-2]...)
			}
			if marker == 0xda {
				break
			}
		}
	}
	return append(out, 0xff, 0xd9)
}
