package capture

import (
	"context"
	"image"
)

// decodeReducedJPEG decodes a JPEG at 1/2, 1/4 or 1/8 of its width and height. The inverse cosine transform is done
// for that size directly, from the low frequencies of each block, which is both a better reduction than averaging and
// much less work. It does what cameras write: 8 bits, Huffman coding, sequential or progressive, grey or Y'CbCr with
// chroma in full or half resolution; for anything else it returns errNotFast.
func decodeReducedJPEG(ctx context.Context, data []byte, n int) (image.Image, error) {
	d := &reducedJPEG{ctx: ctx, data: data, size: 8 / n}
	d.place, d.slots = reducedPlaces(d.size), d.size*d.size
	for at := 2; ; {
		marker, next, err := nextMarker(data, at)
		if err != nil {
			return nil, errNotFast
		}
		if marker == markerEOI {
			return d.finish()
		}
		if marker == markerTEM || marker == markerSOI || marker&^7 == markerRST0 || next+2 > len(data) {
			return nil, errNotFast
		}
		length := be16(data[next:])
		if length < 2 || next+length > len(data) {
			return nil, errNotFast
		}
		body := data[next+2 : next+length]
		at = next + length
		if marker == markerSOS {
			if at, err = d.scan(body, at); err != nil {
				return nil, err
			}
			continue
		}
		if err := d.segment(marker, body); err != nil {
			return nil, err
		}
	}
}

// reducedJPEG is the state of one decode.
type reducedJPEG struct {
	ctx         context.Context
	data        []byte
	size        int // of a reduced block: 4, 2 or 1
	place       [64]uint8
	slots       int // size², the place of what is dropped
	header      jpegHeader
	progressive bool
	wide, high  int // maximum sampling factors
	mcusX       int
	mcusY       int
	planes      []reducedPlane
	dc, ac      [4]huffman
	restart     int
	bits        jpegBits
	eobRun      int // progressive: blocks without further coefficients in this band
}

// reducedPlane is one component.
type reducedPlane struct {
	h, v             int
	blocksX, blocksY int     // that carry picture, as scans of one component have them
	stride           int     // blocks in a row, with those that fill up the last MCU
	coefficients     []int16 // progressive: 64 for each block, in zigzag order
	pix              []byte
	predicted        int32 // DC
	dcTable, acTable int
	quantisation     [64]int32 // zigzag order; taken at the component's scan
}

// reducedPlaces says for each coefficient in zigzag order where it goes in a block of size × size; those of higher
// frequency go to one slot behind it.
func reducedPlaces(size int) (place [64]uint8) {
	for k, natural := range zigzag {
		x, y := int(natural)%8, int(natural)/8
		place[k] = uint8(size * size)
		if x < size && y < size {
			place[k] = uint8(y*size + x)
		}
	}
	return place
}

func (d *reducedJPEG) segment(marker byte, body []byte) error {
	switch marker {
	case markerDHT:
		return d.huffmanTables(body)
	case markerDRI:
		if len(body) != 2 {
			return errNotFast
		}
		d.restart = be16(body)
		return nil
	case markerDAC, markerJPG, 0xdc: // arithmetic coding, reserved, number of lines
		return errNotFast
	case 0xee: // Adobe: RGB or YCCK may be declared
		if len(body) >= 12 && string(body[:5]) == "Adobe" && body[11] != 1 {
			return errNotFast
		}
		return nil
	}
	if err := d.header.segment(marker, body); err != nil {
		return errNotFast
	}
	if marker >= markerSOF0 && marker <= 0xcf {
		return d.frame()
	}
	return nil
}

func (d *reducedJPEG) huffmanTables(body []byte) error {
	for len(body) > 0 {
		if len(body) < 17 {
			return errNotFast
		}
		total := 0
		for _, n := range body[1:17] {
			total += int(n)
		}
		class, id := body[0]>>4, body[0]&15
		if class > 1 || id > 3 || total == 0 || total > 256 || len(body) < 17+total {
			return errNotFast
		}
		table := &d.dc[id]
		if class == 1 {
			table = &d.ac[id]
		}
		if err := table.define(body[1:17], body[17:17+total]); err != nil {
			return err
		}
		body = body[17+total:]
	}
	return nil
}

// frame checks that the frame is one that this decoder does, and allocates for it.
func (d *reducedJPEG) frame() error {
	h := &d.header
	if h.sof > markerSOF2 || h.precision != 8 || h.width == 0 || h.height == 0 {
		return errNotFast
	}
	d.progressive = h.sof == markerSOF2
	if len(h.components) == 1 {
		h.components[0].h, h.components[0].v = 1, 1 // a single component is never interleaved
	} else if !halvedChroma(h.components) {
		return errNotFast
	}
	d.wide, d.high = int(h.components[0].h), int(h.components[0].v)
	d.mcusX = (h.width + 8*d.wide - 1) / (8 * d.wide)
	d.mcusY = (h.height + 8*d.high - 1) / (8 * d.high)
	for _, c := range h.components {
		p := reducedPlane{h: int(c.h), v: int(c.v)}
		p.stride = d.mcusX * p.h
		p.blocksX = (h.width*p.h + 8*d.wide - 1) / (8 * d.wide)
		p.blocksY = (h.height*p.v + 8*d.high - 1) / (8 * d.high)
		blocks := p.stride * d.mcusY * p.v
		p.pix = make([]byte, blocks*d.slots)
		if d.progressive {
			p.coefficients = make([]int16, 64*blocks)
		}
		d.planes = append(d.planes, p)
	}
	return nil
}

// halvedChroma: Y'CbCr with chroma in full or half resolution, and not RGB by the names of its components.
func halvedChroma(c []jpegComponent) bool {
	return len(c) == 3 && (c[0].h == 1 || c[0].h == 2) && (c[0].v == 1 || c[0].v == 2) &&
		c[1].h == 1 && c[1].v == 1 && c[2].h == 1 && c[2].v == 1 &&
		c[0].id != c[1].id && c[1].id != c[2].id && c[0].id != c[2].id &&
		!(c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B')
}

// finish gives the planes as a picture.
func (d *reducedJPEG) finish() (image.Image, error) {
	if len(d.planes) == 0 {
		return nil, errNotFast
	}
	for i := range d.planes {
		p := &d.planes[i]
		if p.quantisation[0] == 0 { // no scan had this component
			return nil, errNotFast
		}
		if d.progressive {
			if err := d.transform(p); err != nil {
				return nil, err
			}
		}
	}
	n := 8 / d.size
	r := image.Rect(0, 0, (d.header.width+n-1)/n, (d.header.height+n-1)/n)
	luma := d.planes[0]
	if len(d.planes) == 1 {
		return &image.Gray{Pix: luma.pix, Stride: luma.stride * d.size, Rect: r}, nil
	}
	ratio := image.YCbCrSubsampleRatio444
	switch {
	case d.wide == 2 && d.high == 2:
		ratio = image.YCbCrSubsampleRatio420
	case d.wide == 2:
		ratio = image.YCbCrSubsampleRatio422
	case d.high == 2:
		ratio = image.YCbCrSubsampleRatio440
	}
	return &image.YCbCr{Y: luma.pix, Cb: d.planes[1].pix, Cr: d.planes[2].pix, SubsampleRatio: ratio,
		YStride: luma.stride * d.size, CStride: d.planes[1].stride * d.size, Rect: r}, nil
}

// transform does what sequential scans do at once, for all blocks of a progressive component.
func (d *reducedJPEG) transform(p *reducedPlane) error {
	var block [17]int32
	for by := range d.mcusY * p.v {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		for bx := range p.stride {
			c := p.coefficients[64*(by*p.stride+bx):][:64]
			for k, v := range c[:lastReduced[d.size]+1] {
				block[d.place[k]] = int32(v) * p.quantisation[k]
			}
			d.put(p, &block, bx, by)
		}
	}
	p.coefficients = nil
	return nil
}

// put transforms a block into its place in the plane.
func (d *reducedJPEG) put(p *reducedPlane, block *[17]int32, bx, by int) {
	stride := p.stride * d.size
	to := p.pix[by*d.size*stride+bx*d.size:]
	switch d.size {
	case 4:
		inverse4(block, to, stride)
	case 2:
		inverse2(block, to, stride)
	default:
		to[0] = pixel(block[0], 3)
	}
}
