package capture

// scan decodes a scan (ITU-T T.81, B.2.3) whose entropy-coded data begins at start; it gives the position behind it.
func (d *reducedJPEG) scan(body []byte, start int) (end int, err error) {
	if len(d.planes) == 0 || len(body) < 1 || len(body) != 4+2*int(body[0]) {
		return 0, errNotFast
	}
	s := jpegScan{d: d}
	for i := range int(body[0]) {
		p, err := d.planeOf(body[1+2*i], body[2+2*i])
		if err != nil {
			return 0, err
		}
		s.planes = append(s.planes, p)
	}
	tail := body[len(body)-3:]
	s.first, s.last, s.high, s.low = int(tail[0]), int(tail[1]), int(tail[2]>>4), int(tail[2]&15)
	if err := s.check(); err != nil {
		return 0, err
	}
	d.bits = jpegBits{data: d.data, at: start}
	if err := s.decode(); err != nil {
		return 0, err
	}
	return d.bits.finish()
}

// planeOf finds the component of a scan and takes the tables as they are now: later ones may replace them.
func (d *reducedJPEG) planeOf(id, tables byte) (*reducedPlane, error) {
	for i, c := range d.header.components {
		if c.id != id {
			continue
		}
		p := &d.planes[i]
		p.dcTable, p.acTable = int(tables>>4), int(tables&15)
		table := d.header.quantisation[c.table]
		if table == nil || p.dcTable > 3 || p.acTable > 3 {
			return nil, errNotFast
		}
		for k, v := range table {
			p.quantisation[k] = int32(v)
		}
		if p.quantisation[0] == 0 {
			return nil, errNotFast
		}
		return p, nil
	}
	return nil, errNotFast
}

// jpegScan is one pass over some components.
type jpegScan struct {
	d      *reducedJPEG
	planes []*reducedPlane
	// first and last coefficient, high and low bit of the successive approximation; sequential: 0, 63, 0, 0.
	first, last, high, low int
}

func (s *jpegScan) check() error {
	if n := len(s.planes); n == 0 || n > 1 && n != len(s.d.planes) {
		return errNotFast
	}
	for i, p := range s.planes {
		for _, q := range s.planes[:i] {
			if p == q {
				return errNotFast
			}
		}
		needsDC := s.first == 0 && s.high == 0
		if needsDC && !s.d.dc[p.dcTable].defined || s.last > 0 && !s.d.ac[p.acTable].defined {
			return errNotFast
		}
	}
	if !s.d.progressive {
		if s.first != 0 || s.last != 63 || s.high != 0 || s.low != 0 {
			return errNotFast
		}
		return nil
	}
	switch {
	case s.first > s.last, s.last > 63, s.low > 13,
		s.high != 0 && s.high != s.low+1,
		s.first == 0 && s.last != 0,
		s.first > 0 && len(s.planes) > 1:
		return errNotFast
	}
	return nil
}

// decode goes over the MCUs. In a scan of one component an MCU is a block, and blocks that only fill up are left out.
func (s *jpegScan) decode() error {
	d := s.d
	s.reset()
	countX, countY := d.mcusX, d.mcusY
	single := len(s.planes) == 1
	if single {
		countX, countY = s.planes[0].blocksX, s.planes[0].blocksY
	}
	left, expected := d.restart, byte(markerRST0)
	for my := range countY {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		for mx := range countX {
			if d.restart > 0 && left == 0 {
				at, err := d.bits.finish()
				if err != nil || d.data[at] != 0xff || d.data[at+1] != expected {
					return errNotFast
				}
				d.bits.at = at + 2
				expected = markerRST0 | (expected+1)&7
				left = d.restart
				s.reset()
			}
			left--
			if single {
				if err := s.block(s.planes[0], mx, my); err != nil {
					return err
				}
				continue
			}
			for _, p := range s.planes {
				for i := range p.h * p.v {
					if err := s.block(p, mx*p.h+i%p.h, my*p.v+i/p.h); err != nil {
						return err
					}
				}
			}
		}
		if d.bits.overrun() {
			return errNotFast
		}
	}
	return nil
}

func (s *jpegScan) reset() {
	s.d.eobRun = 0
	for _, p := range s.planes {
		p.predicted = 0
	}
}

func (s *jpegScan) block(p *reducedPlane, bx, by int) error {
	if !s.d.progressive {
		return s.d.sequential(p, bx, by)
	}
	c := (*[64]int16)(p.coefficients[64*(by*p.stride+bx):])
	switch {
	case s.first == 0 && s.high == 0:
		diff, err := s.d.difference(p)
		p.predicted += diff
		c[0] = int16(p.predicted << s.low)
		return err
	case s.first == 0:
		c[0] |= int16(s.d.bits.bits(1) << s.low)
		return nil
	case s.high == 0:
		return s.firstPass(&s.d.ac[p.acTable], c)
	}
	return s.refine(&s.d.ac[p.acTable], c)
}

// difference reads a DC difference.
func (d *reducedJPEG) difference(p *reducedPlane) (int32, error) {
	size, err := d.bits.symbol(&d.dc[p.dcTable])
	if err != nil || size > 11 {
		return 0, errNotFast
	}
	return int32(d.bits.extended(int(size))), nil
}

// sequential decodes and transforms a block.
func (d *reducedJPEG) sequential(p *reducedPlane, bx, by int) error {
	diff, err := d.difference(p)
	if err != nil {
		return err
	}
	p.predicted += diff
	block := [17]int32{p.predicted * p.quantisation[0]}
	r, h := &d.bits, &d.ac[p.acTable]
	for k := 1; k < 64; k++ {
		if r.have < 32 { // a code and its value have at most 16 + 15 bits
			r.fill()
		}
		if e := h.pair[r.acc>>(64-huffmanPair)]; e != 0 {
			n := int(e & 0xff)
			r.acc <<= n & 63
			r.have -= n
			k += int(e >> 8 & 15)
			if k > 63 {
				return errNotFast
			}
			block[d.place[k]] = e >> 16 * p.quantisation[k]
			continue
		}
		symbol, err := r.symbol(h)
		if err != nil {
			return err
		}
		size := int(symbol & 15)
		if size == 0 {
			if symbol != 0xf0 {
				break // end of block
			}
			k += 15
			continue
		}
		k += int(symbol >> 4)
		if k > 63 {
			return errNotFast
		}
		block[d.place[k]] = int32(r.extended(size)) * p.quantisation[k]
	}
	d.put(p, &block, bx, by)
	return nil
}

// firstPass decodes the high bits of a band of coefficients (G.1.2.2).
func (s *jpegScan) firstPass(h *huffman, c *[64]int16) error {
	d := s.d
	if d.eobRun > 0 {
		d.eobRun--
		return nil
	}
	r := &d.bits
	for k := s.first; k <= s.last; k++ {
		symbol, err := r.symbol(h)
		if err != nil {
			return err
		}
		run, size := int(symbol>>4), int(symbol&15)
		if size == 0 {
			if run != 15 {
				d.eobRun = 1<<run + r.bits(run) - 1
				return nil
			}
			k += 15
			continue
		}
		k += run
		if k > s.last {
			return errNotFast
		}
		c[k] = int16(r.extended(size) << s.low)
	}
	return nil
}

// refine adds a bit to the coefficients of a band, and those that are not zero from that bit on (G.1.2.3).
func (s *jpegScan) refine(h *huffman, c *[64]int16) error {
	d, r := s.d, &s.d.bits
	k, bit := s.first, int16(1)<<s.low
	for d.eobRun == 0 && k <= s.last {
		symbol, err := r.symbol(h)
		if err != nil {
			return err
		}
		run, size, value := int(symbol>>4), int(symbol&15), int16(0)
		switch {
		case size == 1:
			value = -bit
			if r.bits(1) == 1 {
				value = bit
			}
		case size != 0:
			return errNotFast
		case run != 15:
			d.eobRun = 1<<run + r.bits(run)
		}
		if d.eobRun > 0 {
			break
		}
		// The run counts coefficients that are zero still; the others on the way are refined.
		for ; k <= s.last; k++ {
			if c[k] != 0 {
				refineOne(r, &c[k], bit)
				continue
			}
			if run == 0 {
				break
			}
			run--
		}
		if value != 0 {
			if k > s.last {
				return errNotFast
			}
			c[k] = value
		}
		k++
	}
	if d.eobRun > 0 {
		for ; k <= s.last; k++ {
			if c[k] != 0 {
				refineOne(r, &c[k], bit)
			}
		}
		d.eobRun--
	}
	return nil
}

func refineOne(r *jpegBits, c *int16, bit int16) {
	if r.bits(1) == 0 {
		return
	}
	if *c >= 0 {
		*c += bit
	} else {
		*c -= bit
	}
}
