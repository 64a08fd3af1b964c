package face

import (
	"truename/capture"
	"truename/models"
)

// outside says what lies beyond the picture's edge: its outermost pixels repeated, or a grey value.
type outside struct {
	grey  float32
	fixed bool
}

var edge = outside{}

// sample fills a network's input with the region that toSource describes: it maps target coordinates (pixels of the
// input) to source coordinates. Interpolation is bilinear on the level of the pyramid that fits.
func (p *picture) sample(dst []float32, in models.Input, toSource Affine, beyond outside) {
	img, unit := p.level(toSource.scale())
	m := Affine{toSource.A / unit, toSource.B / unit, toSource.C / unit, toSource.D / unit, toSource.E / unit, toSource.F / unit}
	t := newTarget(dst, in)
	if cap(p.sums) < t.width {
		p.sums = make([]uint64, t.width)
	}
	// In bands, whose patches stay in the processor's cache.
	const band = 32
	for y := 0; y < t.height; y += band {
		p.sampleBand(&t, img, m, y, min(y+band, t.height), beyond)
	}
}

// sampleBand fills the target's rows from..to.
func (p *picture) sampleBand(t *target, img *capture.Image, m Affine, from, to int, beyond outside) {
	src := &p.patch
	src.cut(img, m, t.width, from, to)
	// Pixel centres: target (x+½, y+½) to source, whose sample positions are at centres, too.
	originX, originY := m.C-0.5-float64(src.x), m.F-0.5-float64(src.y)
	stepX, stepY := fixed(m.A), fixed(m.D)
	// A position is outside when it is beyond the outermost pixels' outer edges.
	left, right := fixed(-0.5-float64(src.x)), fixed(float64(img.Width-src.x)-0.5)
	top, bottom := fixed(-0.5-float64(src.y)), fixed(float64(img.Height-src.y)-0.5)
	for y := from; y < to; y++ {
		x := fixed(m.A*0.5 + m.B*(float64(y)+0.5) + originX)
		y0 := fixed(m.D*0.5 + m.E*(float64(y)+0.5) + originY)
		first, end := 0, t.width
		if beyond.fixed {
			x1, x2 := span(x, stepX, left, right, t.width)
			y1, y2 := span(y0, stepY, top, bottom, t.width)
			first = max(x1, y1)
			end = max(min(x2, y2), first)
			t.fill(y*t.rowStep, 0, first, beyond.grey)
			t.fill(y*t.rowStep, end, t.width, beyond.grey)
		}
		sums := p.sums[:end-first]
		src.row(sums, x+int64(first)*stepX, y0+int64(first)*stepY, stepX, stepY)
		t.store(y*t.rowStep+first*t.colStep, sums)
	}
}

// target is a network's input being filled: where pixels go, in which order of channels, how normalised.
type target struct {
	dst              []float32
	width, height    int
	grey             bool
	rowStep, colStep int
	// red, green, blue are the channels' places relative to a pixel's.
	red, green, blue int
	// x = value·gain + bias, for red, green, blue.
	gain, bias [3]float32
}

func newTarget(dst []float32, in models.Input) target {
	t := target{dst: dst, width: in.Width, height: in.Height, grey: in.Colour == models.ColourGrey}
	n := in.Channels()
	planeStep := in.Width * in.Height
	t.rowStep, t.colStep = in.Width, 1
	if in.Layout == "NHWC" {
		planeStep, t.rowStep, t.colStep = 1, in.Width*n, n
	}
	place := [3]int{0, 1, 2}
	if in.Colour == models.ColourBGR {
		place = [3]int{2, 1, 0}
	}
	if !t.grey {
		t.red, t.green, t.blue = place[0]*planeStep, place[1]*planeStep, place[2]*planeStep
	}
	for c := range 3 {
		mean, std := in.Mean[0], in.Std[0]
		if len(in.Mean) == 3 {
			mean = in.Mean[place[c]]
		}
		if len(in.Std) == 3 {
			std = in.Std[place[c]]
		}
		t.gain[c], t.bias[c] = 1/std, -mean/std
	}
	return t
}

// store writes a row's sums, see [patch.row], from place i on.
func (t *target) store(i int, sums []uint64) {
	const unit = 1.0 / weightOne
	r, g, b := t.gain[0]*unit, t.gain[1]*unit, t.gain[2]*unit
	switch {
	case t.grey:
		dst := t.dst[i:][:len(sums)]
		for x, s := range sums {
			red, green, blue := lanes(s)
			dst[x] = luma(red, green, blue)*r + t.bias[0]
		}
	case t.colStep == 1:
		reds, greens, blues := t.dst[i+t.red:][:len(sums)], t.dst[i+t.green:][:len(sums)], t.dst[i+t.blue:][:len(sums)]
		for x, s := range sums {
			red, green, blue := lanes(s)
			reds[x] = red*r + t.bias[0]
			greens[x] = green*g + t.bias[1]
			blues[x] = blue*b + t.bias[2]
		}
	default:
		for _, s := range sums {
			red, green, blue := lanes(s)
			pixel := t.dst[i:][:3]
			pixel[t.red] = red*r + t.bias[0]
			pixel[t.green] = green*g + t.bias[1]
			pixel[t.blue] = blue*b + t.bias[2]
			i += t.colStep
		}
	}
}

// fill writes a grey value to the pixels from..to of the row that begins at place i.
func (t *target) fill(i, from, to int, grey float32) {
	for x := from; x < to; x++ {
		at := i + x*t.colStep
		t.dst[at+t.red] = grey*t.gain[0] + t.bias[0]
		if !t.grey {
			t.dst[at+t.green] = grey*t.gain[1] + t.bias[1]
			t.dst[at+t.blue] = grey*t.gain[2] + t.bias[2]
		}
	}
}

// luma after ITU-R BT.601, the grey that the pack's grey networks were measured with.
func luma(r, g, b float32) float32 { return 0.299*r + 0.587*g + 0.114*b }
