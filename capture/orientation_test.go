package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// exifBlock is a TIFF structure with one entry, the orientation.
func exifBlock(order binary.AppendByteOrder, o int) []byte {
	mark := "MM"
	if order.String() == "LittleEndian" {
		mark = "II"
	}
	b := order.AppendUint16([]byte(mark), 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0x0112)
	b = order.AppendUint16(b, 3)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, uint16(o))
	b = order.AppendUint16(b, 0)
	return order.AppendUint32(b, 0)
}

func jpegWithEXIF(data, exif []byte) []byte {
	body := append([]byte("Exif\x00\x00"), exif...)
	out := append([]byte{}, data[:2]...)
	out = append(out, 0xff, markerAPP1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(append(out, body...), data[2:]...)
}

func pngChunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func pngWithEXIF(data, exif []byte) []byte {
	const header = 8 + 25
	return append(append(append([]byte{}, data[:header]...), pngChunk("eXIf", exif)...), data[header:]...)
}

// webpWithEXIF puts a simple WebP of the given size into an extended one.
func webpWithEXIF(data, exif []byte, width, height int) []byte {
	chunk := func(kind string, body []byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
		b = append(b, body...)
		return append(b, make([]byte, len(body)%2)...)
	}
	w, h := width-1, height-1
	extended := []byte{8, 0, 0, 0, byte(w), byte(w >> 8), 0, byte(h), byte(h >> 8), 0}
	body := append([]byte("WEBP"), chunk("VP8X", extended)...)
	body = append(append(body, data[12:]...), chunk("EXIF", exif)...)
	return chunk("RIFF", body)
}

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// stored gives the picture that has to be stored so that orientation o shows m. Written after the table of the EXIF
// specification, which says where the first stored row and column are seen.
func stored(m *image.RGBA, o int) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	sw, sh := w, h
	if o >= 5 {
		sw, sh = h, w
	}
	s := image.NewRGBA(image.Rect(0, 0, sw, sh))
	for y := range sh {
		for x := range sw {
			var c color.RGBA
			switch o {
			case 1: // row 0 is seen at the top, column 0 at the left
				c = m.RGBAAt(x, y)
			case 2: // top, right
				c = m.RGBAAt(w-1-x, y)
			case 3: // bottom, right
				c = m.RGBAAt(w-1-x, h-1-y)
			case 4: // bottom, left
				c = m.RGBAAt(x, h-1-y)
			case 5: // left, top
				c = m.RGBAAt(y, x)
			case 6: // right, top
				c = m.RGBAAt(w-1-y, x)
			case 7: // right, bottom
				c = m.RGBAAt(w-1-y, h-1-x)
			case 8: // left, bottom
				c = m.RGBAAt(y, h-1-x)
			}
			s.SetRGBA(x, y, c)
		}
	}
	return s
}

func rgbOf(m *image.RGBA) []byte {
	var pix []byte
	for i := 0; i < len(m.Pix); i += 4 {
		pix = append(pix, m.Pix[i:i+3]...)
	}
	return pix
}

func TestOrientations(t *testing.T) {
	want := photo(37, 22) // nothing about it is symmetric
	for o := 1; o <= 8; o++ {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			exif := exifBlock(order, o)
			t.Run(fmt.Sprintf("png %d %s", o, order), func(t *testing.T) {
				got := decode(t, pngWithEXIF(encodePNG(t, stored(want, o)), exif))
				if got.Width != 37 || got.Height != 22 || !bytes.Equal(got.Pix, rgbOf(want)) {
					t.Errorf("not the upright picture (%d × %d)", got.Width, got.Height)
				}
			})
			t.Run(fmt.Sprintf("jpeg %d %s", o, order), func(t *testing.T) {
				data := encodeJPEG(t, stored(want, o), 100)
				got := decode(t, jpegWithEXIF(data, exif))
				checkTurned(t, decode(t, data), got, o)
			})
			t.Run(fmt.Sprintf("webp %d %s", o, order), func(t *testing.T) {
				data := fixture(t, "lossless.webp")
				plain := decode(t, data)
				checkTurned(t, plain, decode(t, webpWithEXIF(data, exif, plain.Width, plain.Height)), o)
			})
		}
	}
}

// checkTurned compares with the stored picture, turned by the specification's table.
func checkTurned(t *testing.T, plain, got *Image, o int) {
	t.Helper()
	turned := image.NewRGBA(image.Rect(0, 0, got.Width, got.Height))
	for i := range got.Width * got.Height {
		turned.SetRGBA(i%got.Width, i/got.Width, color.RGBA{got.Pix[3*i], got.Pix[3*i+1], got.Pix[3*i+2], 255})
	}
	back := stored(turned, o)
	if back.Rect.Dx() != plain.Width || back.Rect.Dy() != plain.Height || !bytes.Equal(rgbOf(back), plain.Pix) {
		t.Error("not turned as the orientation says")
	}
}

// heicWithProperty adds a property to the only or first item of a HEIC file as heif-enc writes it: one ipco and ipma,
// and item locations of version 0 or 1 that are absolute.
func heicWithProperty(t *testing.T, data []byte, kind string, body ...byte) []byte {
	t.Helper()
	grow := func(b []byte, at, by int) { binary.BigEndian.PutUint32(b[at:], uint32(be32(b[at:])+by)) }
	find := func(kind string) int {
		at := bytes.Index(data, []byte(kind)) - 4
		if at < 0 {
			t.Fatalf("no %s", kind)
		}
		return at
	}
	property := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	property = append(append(property, kind...), body...)
	delta := len(property) + 1

	ipco, ipma, iprp, meta, iloc := find("ipco"), find("ipma"), find("iprp"), find("meta"), find("iloc")
	list, _, err := boxes(data[ipco+8 : ipma])
	if err != nil {
		t.Fatal(err)
	}
	out := append([]byte{}, data...)
	grow(out, ipco, len(property))
	grow(out, ipma, 1)
	grow(out, iprp, delta)
	grow(out, meta, delta)
	const entry = 8 + 4 + 4 // header, version and flags, number of items
	out[ipma+entry+2]++     // associations of the first item, after its id
	items, at := be16(out[iloc+14:]), iloc+16
	if out[iloc+8] != 0 || out[iloc+12] != 0x44 {
		t.Fatal("another form of iloc")
	}
	base := int(out[iloc+13] >> 4)
	for range items {
		if base > 0 {
			grow(out, at+4, delta)
		} else {
			grow(out, at+6, delta)
		}
		at += 4 + base + 2 + 8*be16(out[at+4+base:])
	}
	end := ipma + entry + 3 + int(data[ipma+entry+2])
	tail := append([]byte{byte(0x80 | (len(list) + 1))}, out[end:]...) // essential
	out = append(out[:end:end], tail...)
	return append(append(append([]byte{}, out[:ipma]...), property...), out[ipma:]...)
}

// The files say their orientation by EXIF only; with irot or imir beside it they are turned once all the same.
func TestOrientationsHEIC(t *testing.T) {
	transformed := map[int][][]byte{
		2: {[]byte("imir\x01")}, 3: {[]byte("irot\x02")}, 4: {[]byte("imir\x00")},
		5: {[]byte("irot\x01"), []byte("imir\x00")}, 6: {[]byte("irot\x03")},
		7: {[]byte("irot\x03"), []byte("imir\x00")}, 8: {[]byte("irot\x01")},
	}
	for o := 2; o <= 8; o++ {
		data := fixture(t, fmt.Sprintf("orientation-%d.heic", o))
		both := data
		for _, p := range transformed[o] {
			both = heicWithProperty(t, both, string(p[:4]), p[4:]...)
		}
		for name, data := range map[string][]byte{"EXIF": data, "EXIF and properties": both} {
			t.Run(fmt.Sprintf("%d %s", o, name), func(t *testing.T) {
				got := decode(t, data)
				if got.Width != 96 || got.Height != 64 || got.SourceWidth != 96 {
					t.Fatalf("%d × %d", got.Width, got.Height)
				}
				checkPatches(t, got, bars, 6)
			})
		}
	}
}

func TestReducedOrientations(t *testing.T) {
	want := photo(200, 120)
	d := NewDecoder(Limits{WorkingPixels: 200 * 120 / 4})
	for o := 1; o <= 8; o++ {
		data := jpegWithEXIF(encodeJPEG(t, stored(want, o), 95), exifBlock(binary.BigEndian, o))
		got, err := d.Decode(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		if got.Width != 100 || got.Height != 60 || got.SourceWidth != 200 || got.SourceHeight != 120 {
			t.Fatalf("%d: %d × %d of %d × %d", o, got.Width, got.Height, got.SourceWidth, got.SourceHeight)
		}
		upright, err := d.Decode(t.Context(), encodePNG(t, want))
		if err != nil {
			t.Fatal(err)
		}
		if e := rms(got.Pix, upright.Pix); e > 4 {
			t.Errorf("%d: differs by %.1f", o, e)
		}
	}
}

func TestHostileEXIF(t *testing.T) {
	good := exifBlock(binary.BigEndian, 6)
	edit := func(at int, b ...byte) []byte {
		e := append([]byte{}, good...)
		copy(e[at:], b)
		return e
	}
	var loop []byte // 500 sub-directories, each pointing to the first
	loop = append(loop, good[:8]...)
	loop = append(loop, 0x01, 0xf4)
	for range 500 {
		loop = append(loop, 0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8)
	}
	tests := map[string]struct {
		exif []byte
		want orientation
	}{
		"good":                 {good, 6},
		"with the JPEG prefix": {append([]byte("Exif\x00\x00"), good...), 6},
		"empty":                {nil, upright},
		"no TIFF":              {edit(0, 'X', 'Y'), upright},
		"cut off":              {good[:13], upright},
		"directory far away":   {edit(4, 0x7f, 0xff, 0xff, 0xff), upright},
		"orientation 0":        {exifBlock(binary.BigEndian, 0), upright},
		"orientation 9":        {exifBlock(binary.BigEndian, 9), upright},
		"orientation as text":  {edit(12, 0, 2), upright},
		"a million values":     {edit(14, 0, 0x0f, 0xff, 0xff), upright},
		"many entries":         {edit(8, 0xff, 0xff), 6},
		"sub-directories loop": {loop, upright},
	}
	got, want := map[string]orientation{}, map[string]orientation{}
	for name, test := range tests {
		got[name], want[name] = readOrientation(test.exif), test.want
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
