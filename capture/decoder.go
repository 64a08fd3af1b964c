package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/semaphore"
)

// bytesPerPixel of the memory that all decodes of a [Decoder] may use at once, for each pixel of Limits.MaxPixels.
const bytesPerPixel = 6

// Decoder turns untrusted bytes into pictures and bounds the memory of all its decodes together. It is safe for
// concurrent use.
type Decoder struct {
	limits Limits
	budget int64
	memory *semaphore.Weighted
	heic   *heicSandbox
}

// NewDecoder makes a Decoder. Its decodes together use at most about 6 bytes for each pixel of Limits.MaxPixels
// (300 MB by default); a picture that needs more than that on its own (one near the limit, with 16 bits or
// progressive) waits until it is alone.
func NewDecoder(l Limits) *Decoder {
	l = l.withDefaults()
	budget := bytesPerPixel * int64(l.MaxPixels)
	return &Decoder{limits: l, budget: budget, memory: semaphore.NewWeighted(budget), heic: newHEICSandbox(l)}
}

// source is what the headers of a picture say, and the way to its pixels.
type source struct {
	format        string
	width, height int // as stored, before orientation
	orientation   orientation
	quality       int
	// memory that decoding takes, in bytes, estimated from above; it includes the result.
	memory func(reduction int) int64
	// decode gives the upright picture, reduced by a divisor of width and height (1, 2, 4 or 8).
	decode func(ctx context.Context, reduction int) (*Image, error)
	// decodeReduced, where there is one, does the same for divisors above 1 at less cost, in reducedMemory. It returns
	// errNotFast for what it does not do.
	decodeReduced func(ctx context.Context, reduction int) (*Image, error)
	reducedMemory func(reduction int) int64
}

// Decode gives the picture in data: upright, in sRGB, without metadata, and reduced if it is larger than
// Limits.WorkingPixels asks for. The type is recognised by content; file names and declared types play no part.
//
// Size, type and dimensions are checked from the headers before anything large is allocated. Then Decode waits until
// the memory it needs is free; cancelling ctx ends the wait, and the decode after it.
//
// Every error is a *truename.Error with one of the codes unsupported_type, too_large, too_many_pixels, truncated
// (also when data is empty), corrupt or timeout. Decode keeps no reference to data.
func (d *Decoder) Decode(ctx context.Context, data []byte) (*Image, error) {
	img, err := d.decode(ctx, data)
	if err != nil {
		return nil, classify(err)
	}
	return img, nil
}

func (d *Decoder) decode(ctx context.Context, data []byte) (img *Image, err error) {
	// Third-party decoders must not take the process down, whatever the bytes.
	defer func() {
		if p := recover(); p != nil {
			img, err = nil, corrupt(fmt.Errorf("panic while decoding: %v", p))
		}
	}()
	if len(data) == 0 {
		return nil, empty()
	}
	if int64(len(data)) > d.limits.MaxBytes {
		return nil, tooLarge(int64(len(data)), d.limits.MaxBytes)
	}
	src, err := d.open(data)
	if err != nil {
		return nil, err
	}
	if err := d.checkPixels(src.width, src.height); err != nil {
		return nil, err
	}
	reduction := d.limits.reduction(src.width, src.height)
	img, err = d.pixels(ctx, src, reduction)
	if err != nil {
		return nil, err
	}
	img.Format, img.JPEGQuality = src.format, src.quality
	img.SourceWidth, img.SourceHeight = src.orientation.upright(src.width, src.height)
	if reduction == 1 { // clap in HEIC crops
		img.SourceWidth, img.SourceHeight = img.Width, img.Height
	}
	return img, nil
}

// pixels decodes by the cheapest way that does it, within one limit of time.
func (d *Decoder) pixels(ctx context.Context, src *source, reduction int) (*Image, error) {
	left := d.limits.MaxTime
	if reduction > 1 && src.decodeReduced != nil {
		start := time.Now()
		img, err := d.granted(ctx, src.reducedMemory(reduction), left, func(ctx context.Context) (*Image, error) {
			return src.decodeReduced(ctx, reduction)
		})
		if !errors.Is(err, errNotFast) {
			return img, err
		}
		left -= time.Since(start)
	}
	return d.granted(ctx, src.memory(reduction), left, func(ctx context.Context) (*Image, error) {
		return src.decode(ctx, reduction)
	})
}

// granted waits until memory is free, and runs decode with a limit of time.
func (d *Decoder) granted(ctx context.Context, memory int64, limit time.Duration, decode func(context.Context) (*Image, error)) (*Image, error) {
	memory = min(memory, d.budget)
	if err := d.memory.Acquire(ctx, memory); err != nil {
		return nil, timeout(err)
	}
	defer d.memory.Release(memory)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// A context that ended before, or while waiting, may still have been granted the memory.
	if err := ctx.Err(); err != nil {
		return nil, timeout(err)
	}
	img, err := decode(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, timeout(err)
	}
	return img, err
}

// open recognises the format by its first bytes and reads the headers.
func (d *Decoder) open(data []byte) (*source, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return openJPEG(data)
	case bytes.HasPrefix(data, []byte(pngSignature)):
		return openPNG(data)
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return openWebP(data)
	case len(data) >= 12 && string(data[4:8]) == "ftyp":
		return d.openHEIC(data)
	}
	for _, signature := range []string{"\xff\xd8\xff", pngSignature} {
		if len(data) < len(signature) && signature[:len(data)] == string(data) {
			return nil, truncated(nil)
		}
	}
	return nil, unsupported("The file is not a picture of an accepted type.", acceptedTypes, nil)
}

func (d *Decoder) checkPixels(width, height int) error {
	if width <= 0 || height <= 0 {
		return corrupt(fmt.Errorf("dimensions %d × %d", width, height))
	}
	// Dividing cannot overflow, multiplying can.
	if width > d.limits.MaxPixels/height {
		return tooManyPixels(width, height, d.limits.MaxPixels)
	}
	return nil
}

// contextReader hands out data in small pieces and stops when ctx ends, so that a decoder that knows nothing of
// contexts is stopped too: soon, even where a few bytes make much work (the scans of a progressive JPEG).
type contextReader struct {
	ctx  context.Context
	data []byte
}

const contextReaderPiece = 512

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), contextReaderPiece)], r.data)
	r.data = r.data[n:]
	return n, nil
}
