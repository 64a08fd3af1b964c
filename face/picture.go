package face

import (
	"math"

	"truename/capture"
	"truename/models"
)

// picture is an image with its halved copies, made when first needed, so that a region can be shrunk by any factor
// at a cost that depends on the target only, without aliasing.
type picture struct {
	levels []*capture.Image
}

func newPicture(img *capture.Image) *picture { return &picture{levels: []*capture.Image{img}} }

func (p *picture) size() (width, height float64) {
	return float64(p.levels[0].Width), float64(p.levels[0].Height)
}

// level gives the copy that is best sampled at the given number of source pixels per target pixel, and how many
// source pixels one of its pixels is wide.
func (p *picture) level(scale float64) (*capture.Image, float64) {
	want := 0
	for s := scale; s > 1.6; s /= 2 {
		want++
	}
	for len(p.levels) <= want {
		last := p.levels[len(p.levels)-1]
		if last.Width < 2 || last.Height < 2 {
			break
		}
		p.levels = append(p.levels, halve(last))
	}
	want = min(want, len(p.levels)-1)
	return p.levels[want], float64(int(1) << want)
}

// halve averages blocks of 2×2 pixels; an odd last row or column is dropped.
func halve(src *capture.Image) *capture.Image {
	w, h := src.Width/2, src.Height/2
	dst := &capture.Image{Width: w, Height: h, Pix: make([]byte, 3*w*h)}
	stride := 3 * src.Width
	for y := range h {
		top := src.Pix[2*y*stride:][:6*w]
		bottom := src.Pix[(2*y+1)*stride:][:6*w]
		out := dst.Pix[3*y*w:][:3*w]
		for i, j := 0, 0; i+2 < len(out); i, j = i+3, j+6 {
			out[i] = byte((int(top[j]) + int(top[j+3]) + int(bottom[j]) + int(bottom[j+3]) + 2) >> 2)
			out[i+1] = byte((int(top[j+1]) + int(top[j+4]) + int(bottom[j+1]) + int(bottom[j+4]) + 2) >> 2)
			out[i+2] = byte((int(top[j+2]) + int(top[j+5]) + int(bottom[j+2]) + int(bottom[j+5]) + 2) >> 2)
		}
	}
	return dst
}

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
	if m.B == 0 && m.D == 0 {
		sampleStraight(t, img, m, beyond)
		return
	}
	for y := range t.height {
		// Pixel centres: target (x+½, y+½) to source, whose sample positions are at centres, too.
		sx := m.A*0.5 + m.B*(float64(y)+0.5) + m.C - 0.5
		sy := m.D*0.5 + m.E*(float64(y)+0.5) + m.F - 0.5
		row := y * t.rowStep
		last := float64(t.width - 1)
		if inside(img, sx, sy) && inside(img, sx+last*m.A, sy+last*m.D) {
			t.turnedRow(row, img, sx, sy, m.A, m.D)
			continue
		}
		for range t.width {
			r, g, b := at(img, sx, sy, beyond)
			t.put(row, r, g, b)
			row += t.colStep
			sx += m.A
			sy += m.D
		}
	}
}

// inside says whether all four pixels around (x, y) are in the image, with some room for rounding.
func inside(img *capture.Image, x, y float64) bool {
	return x >= 0.01 && y >= 0.01 && x < float64(img.Width)-1.01 && y < float64(img.Height)-1.01
}

// turnedRow fills a row whose samples all lie inside, which spares the tests of at. Positions are counted in 1/65536
// pixel; the error that the steps add up to stays below a hundredth of a pixel over 1,000 of them.
func (t *target) turnedRow(to int, img *capture.Image, x, y, dx, dy float64) {
	const one = 1 << 16
	fx, fy := int64(x*one), int64(y*one)
	stepX, stepY := int64(math.Round(dx*one)), int64(math.Round(dy*one))
	stride := 3 * img.Width
	for range t.width {
		i := int(fy>>16)*stride + 3*int(fx>>16)
		p := img.Pix[i : i+6 : i+6]
		q := img.Pix[i+stride : i+stride+6 : i+stride+6]
		wx, wy := float32(fx&(one-1))*(1.0/one), float32(fy&(one-1))*(1.0/one)
		w11 := wx * wy
		w10 := wy - w11
		w01 := wx - w11
		w00 := 1 - wx - w10
		t.put(to,
			w00*float32(p[0])+w01*float32(p[3])+w10*float32(q[0])+w11*float32(q[3]),
			w00*float32(p[1])+w01*float32(p[4])+w10*float32(q[1])+w11*float32(q[4]),
			w00*float32(p[2])+w01*float32(p[5])+w10*float32(q[2])+w11*float32(q[5]))
		to += t.colStep
		fx += stepX
		fy += stepY
	}
}

// at interpolates between the four pixels around (x, y), where pixel (0, 0) is at the origin.
func at(img *capture.Image, x, y float64, beyond outside) (r, g, b float32) {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx), int(fy)
	wx, wy := float32(x-fx), float32(y-fy)
	if ix >= 0 && iy >= 0 && ix+1 < img.Width && iy+1 < img.Height {
		i := 3 * (iy*img.Width + ix)
		p := img.Pix[i : i+6 : i+6]
		i += 3 * img.Width
		q := img.Pix[i : i+6 : i+6]
		w11 := wx * wy
		w10 := wy - w11
		w01 := wx - w11
		w00 := 1 - wx - w10
		return w00*float32(p[0]) + w01*float32(p[3]) + w10*float32(q[0]) + w11*float32(q[3]),
			w00*float32(p[1]) + w01*float32(p[4]) + w10*float32(q[1]) + w11*float32(q[4]),
			w00*float32(p[2]) + w01*float32(p[5]) + w10*float32(q[2]) + w11*float32(q[5])
	}
	for dy := range 2 {
		for dx := range 2 {
			w := (1 - wx)
			if dx == 1 {
				w = wx
			}
			if dy == 1 {
				w *= wy
			} else {
				w *= 1 - wy
			}
			px, py := ix+dx, iy+dy
			if beyond.fixed && (px < 0 || py < 0 || px >= img.Width || py >= img.Height) {
				r, g, b = r+w*beyond.grey, g+w*beyond.grey, b+w*beyond.grey
				continue
			}
			i := 3 * (min(max(py, 0), img.Height-1)*img.Width + min(max(px, 0), img.Width-1))
			r += w * float32(img.Pix[i])
			g += w * float32(img.Pix[i+1])
			b += w * float32(img.Pix[i+2])
		}
	}
	return r, g, b
}

// sampleStraight is sample for maps that do not turn: the columns' positions and weights are the same in every row.
func sampleStraight(t target, img *capture.Image, m Affine, beyond outside) {
	type column struct {
		left, right int
		weight      float32
		outside     bool
	}
	columns := make([]column, t.width)
	for x := range columns {
		sx := m.A*(float64(x)+0.5) + m.C - 0.5
		fx := math.Floor(sx)
		columns[x] = column{
			left:    3 * min(max(int(fx), 0), img.Width-1),
			right:   3 * min(max(int(fx)+1, 0), img.Width-1),
			weight:  float32(sx - fx),
			outside: beyond.fixed && (sx < -0.5 || sx > float64(img.Width)-0.5),
		}
	}
	for y := range t.height {
		sy := m.E*(float64(y)+0.5) + m.F - 0.5
		fy := math.Floor(sy)
		wy := float32(sy - fy)
		rowOutside := beyond.fixed && (sy < -0.5 || sy > float64(img.Height)-0.5)
		top := img.Pix[3*min(max(int(fy), 0), img.Height-1)*img.Width:][:3*img.Width]
		bottom := img.Pix[3*min(max(int(fy)+1, 0), img.Height-1)*img.Width:][:3*img.Width]
		to := y * t.rowStep
		for _, c := range columns {
			if rowOutside || c.outside {
				t.put(to, beyond.grey, beyond.grey, beyond.grey)
				to += t.colStep
				continue
			}
			w11 := c.weight * wy
			w10 := wy - w11
			w01 := c.weight - w11
			w00 := 1 - c.weight - w10
			p, q := top[c.left:c.left+3:c.left+3], top[c.right:c.right+3:c.right+3]
			u, v := bottom[c.left:c.left+3:c.left+3], bottom[c.right:c.right+3:c.right+3]
			t.put(to,
				w00*float32(p[0])+w01*float32(q[0])+w10*float32(u[0])+w11*float32(v[0]),
				w00*float32(p[1])+w01*float32(q[1])+w10*float32(u[1])+w11*float32(v[1]),
				w00*float32(p[2])+w01*float32(q[2])+w10*float32(u[2])+w11*float32(v[2]))
			to += t.colStep
		}
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

func (t *target) put(i int, r, g, b float32) {
	if t.grey {
		t.dst[i] = luma(r, g, b)*t.gain[0] + t.bias[0]
		return
	}
	t.dst[i+t.red] = r*t.gain[0] + t.bias[0]
	t.dst[i+t.green] = g*t.gain[1] + t.bias[1]
	t.dst[i+t.blue] = b*t.gain[2] + t.bias[2]
}

// luma after ITU-R BT.601, the grey that the pack's grey networks were measured with.
func luma(r, g, b float32) float32 { return 0.299*r + 0.587*g + 0.114*b }
