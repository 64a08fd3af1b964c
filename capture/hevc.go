package capture

import (
	"errors"
	"fmt"
)

// hevcExtent finds the dimensions that the decoder will work with: those of the sequence parameter set (ITU-T H.265,
// 7.3.2.2) in a decoder configuration record (ISO/IEC 14496-15, 8.3.3.1).
func hevcExtent(record []byte) (extent, error) {
	const sps = 33
	r := &fields{rest: record}
	r.take(22)
	for range r.number(1) {
		kind := r.number(1) & 0x3f
		for range r.number(2) {
			unit := r.take(r.number(2))
			if r.short {
				return extent{}, errBox
			}
			if kind == sps {
				return spsExtent(unit)
			}
		}
	}
	return extent{}, errors.New("no sequence parameter set")
}

func spsExtent(unit []byte) (extent, error) {
	b := &hevcBits{data: withoutEmulation(unit)}
	b.skip(16 + 4) // unit header, video parameter set
	layers := b.number(3)
	b.skip(1 + 88 + 8) // general profile and level
	var profiles, levels [8]bool
	for i := range layers {
		profiles[i], levels[i] = b.number(1) == 1, b.number(1) == 1
	}
	if layers > 0 {
		b.skip(2 * (8 - layers))
	}
	for i := range layers {
		if profiles[i] {
			b.skip(88)
		}
		if levels[i] {
			b.skip(8)
		}
	}
	b.exponential() // id
	if b.exponential() == 3 {
		b.skip(1)
	}
	e := extent{b.exponential(), b.exponential()}
	if b.at > 8*len(b.data) || e.width < 1 || e.height < 1 {
		return extent{}, errors.New("sequence parameter set cut off")
	}
	return e, nil
}

// covers says whether coded dimensions fit shown ones: coding rounds up to blocks, of at most 64 samples.
func (e extent) covers(shown extent) error {
	const block = 64
	if e.width < shown.width || e.width >= shown.width+block || e.height < shown.height || e.height >= shown.height+block {
		return fmt.Errorf("%d × %d are coded, %d × %d are said to be", e.width, e.height, shown.width, shown.height)
	}
	return nil
}

// withoutEmulation removes the bytes that keep start codes out of a unit.
func withoutEmulation(unit []byte) []byte {
	var out []byte
	zeros := 0
	for _, b := range unit {
		if zeros >= 2 && b == 3 {
			zeros = 0
			continue
		}
		out = append(out, b)
		if b == 0 {
			zeros++
		} else {
			zeros = 0
		}
	}
	return out
}

// hevcBits reads bits; behind the end they are zero.
type hevcBits struct {
	data []byte
	at   int
}

func (b *hevcBits) skip(n int) { b.at += n }

func (b *hevcBits) number(n int) int {
	v := 0
	for range n {
		v <<= 1
		if b.at>>3 < len(b.data) {
			v |= int(b.data[b.at>>3]>>(7-b.at&7)) & 1
		}
		b.at++
	}
	return v
}

// exponential reads an Exp-Golomb code (9.2).
func (b *hevcBits) exponential() int {
	zeros := 0
	for zeros < 32 && b.at < 8*len(b.data) && b.number(1) == 0 {
		zeros++
	}
	return 1<<zeros - 1 + b.number(zeros)
}
