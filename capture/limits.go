package capture

import "time"

// Limits of what a [Decoder] takes in. A field that is zero or negative has the value of [DefaultLimits], except
// WorkingPixels: nothing is ever unlimited by omission.
type Limits struct {
	// MaxBytes of one file.
	MaxBytes int64
	// MaxPixels of one picture (width × height), by its own header.
	MaxPixels int
	// MaxTime of one decode, from the moment its memory was granted.
	MaxTime time.Duration
	// WorkingPixels is about how many pixels the stages that follow need. A picture with more than twice as many is
	// reduced to 1/2, 1/4 or 1/8 of its width and height while it is decoded, whichever comes closest; so the result
	// has at most twice WorkingPixels, and at least half as many unless the file had fewer. 0: never reduce.
	WorkingPixels int
}

// DefaultLimits are 20 MB, 50 megapixels, 10 seconds, and 3 megapixels to work with: a face that fills a third of the
// width then still has more than 500 pixels across, several times what recognition reads.
func DefaultLimits() Limits {
	return Limits{MaxBytes: 20 << 20, MaxPixels: 50_000_000, MaxTime: 10 * time.Second, WorkingPixels: 3_000_000}
}

// withDefaults fills in what was left out.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	if l.MaxBytes <= 0 {
		l.MaxBytes = d.MaxBytes
	}
	if l.MaxPixels <= 0 {
		l.MaxPixels = d.MaxPixels
	}
	if l.MaxTime <= 0 {
		l.MaxTime = d.MaxTime
	}
	return l
}

// reduction gives the divisor (1, 2, 4 or 8) of width and height that brings a picture closest to WorkingPixels.
func (l Limits) reduction(width, height int) int {
	n := 1
	for l.WorkingPixels > 0 && n < 8 && width*height/(n*n) > 2*l.WorkingPixels {
		n *= 2
	}
	return n
}
