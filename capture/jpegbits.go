package capture

import (
	"encoding/binary"
	"errors"
)

// errNotFast: the reduced decoder meets something it does not do. The picture then goes to image/jpeg, which has the
// last word on refusing it.
var errNotFast = errors.New("not for the reduced decoder")

// jpegBits reads the entropy-coded bits of a scan (ITU-T T.81, F.2.2.5).
type jpegBits struct {
	data []byte
	at   int
	acc  uint64 // bits that were read ahead, the next one at the top
	have int    // how many
	// beyond counts the zeros that were added behind the last real bit, before a marker or the end of data.
	beyond int
}

// fill reads ahead until at least 56 bits are there.
func (r *jpegBits) fill() {
	if r.at+8 <= len(r.data) {
		v := binary.BigEndian.Uint64(r.data[r.at:])
		// No byte is 0xff, so none is stuffed and none is a marker: a byte of ^v that is zero would borrow.
		if (^v-0x0101010101010101)&v&0x8080808080808080 == 0 {
			r.acc |= v >> (r.have & 63)
			r.at += (63 - r.have) >> 3
			r.have |= 56
			return
		}
	}
	for r.have <= 56 {
		b := byte(0)
		switch {
		case r.at >= len(r.data):
			r.beyond += 8
		case r.data[r.at] != 0xff:
			b = r.data[r.at]
			r.at++
		case r.at+1 < len(r.data) && r.data[r.at+1] == 0:
			b = 0xff
			r.at += 2
		default: // a marker stays where it is
			r.beyond += 8
		}
		r.acc |= uint64(b) << (56 - r.have)
		r.have += 8
	}
}

// overrun says whether bits behind the end were consumed.
func (r *jpegBits) overrun() bool { return r.beyond > r.have }

// bits takes n bits, at most 16.
func (r *jpegBits) bits(n int) int {
	if r.have < n {
		r.fill()
	}
	v := int(r.acc >> 1 >> (63 - n&63))
	r.acc <<= n & 63
	r.have -= n
	return v
}

// extended takes n bits as a signed value (figure F.12).
func (r *jpegBits) extended(n int) int {
	v := r.bits(n)
	if n > 0 && v < 1<<(n-1) {
		v += 1 - 1<<n
	}
	return v
}

// finish leaves the scan, or a restart interval of it: what is left of the last byte is padding. It gives the position
// of the marker that must follow.
func (r *jpegBits) finish() (at int, err error) {
	if r.have < 8 { // the marker may not have been reached yet
		r.fill()
	}
	if r.overrun() || r.have-r.beyond >= 8 || r.at+1 >= len(r.data) {
		return 0, errNotFast
	}
	at = r.at
	r.acc, r.have, r.beyond = 0, 0, 0
	return at, nil
}

// huffman is a table for decoding: a look-up for short codes, and the canonical search for long ones (F.2.2.3).
type huffman struct {
	defined bool
	// short maps the next 9 bits to length<<8 | symbol; 0 if the code is longer.
	short [1 << huffmanShort]uint16
	// pair maps the next 10 bits to value<<16 | run<<8 | bits when the code of an AC coefficient and the bits of its
	// value fit into them; 0 otherwise.
	pair    [1 << huffmanPair]int32
	maxCode [17]int32 // by length; -1 without codes
	offset  [17]int32 // of the first symbol of a length, less its first code
	symbols [256]byte
}

const (
	huffmanShort = 9
	huffmanPair  = 10
)

// define reads counts of codes by length and symbols.
func (h *huffman) define(counts, symbols []byte) error {
	*h = huffman{defined: true}
	copy(h.symbols[:], symbols)
	code, index := int32(0), int32(0)
	for length := 1; length <= 16; length++ {
		n := int32(counts[length-1])
		h.offset[length], h.maxCode[length] = index-code, -1
		if code+n > 1<<length {
			return errNotFast
		}
		if n > 0 {
			h.maxCode[length] = code + n - 1
		}
		for range n {
			if length <= huffmanShort {
				first := code << (huffmanShort - length)
				for i := range int32(1) << (huffmanShort - length) {
					h.short[first+i] = uint16(length)<<8 | uint16(h.symbols[index])
				}
			}
			code++
			index++
		}
		code <<= 1
	}
	h.definePairs()
	return nil
}

func (h *huffman) definePairs() {
	for window := range int32(1 << huffmanPair) {
		entry := h.short[window>>(huffmanPair-huffmanShort)]
		length, symbol := int32(entry>>8), int32(entry&0xff)
		size, run := symbol&15, symbol>>4
		if length == 0 || size == 0 || length+size > huffmanPair {
			continue
		}
		v := window >> (huffmanPair - length - size) & (1<<size - 1)
		if v < 1<<(size-1) {
			v += 1 - 1<<size
		}
		h.pair[window] = v<<16 | run<<8 | (length + size)
	}
}

// symbol takes the next symbol.
func (r *jpegBits) symbol(h *huffman) (byte, error) {
	if r.have < 16 {
		r.fill()
	}
	if e := h.short[r.acc>>(64-huffmanShort)]; e != 0 {
		n := int(e >> 8)
		r.acc <<= n & 63
		r.have -= n
		return byte(e), nil
	}
	for n := huffmanShort + 1; n <= 16; n++ {
		if code := int32(r.acc >> (64 - n)); code <= h.maxCode[n] {
			r.acc <<= n & 63
			r.have -= n
			return h.symbols[(h.offset[n]+code)&0xff], nil
		}
	}
	return 0, errNotFast
}
