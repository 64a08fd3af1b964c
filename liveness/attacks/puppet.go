package attacks

import (
	"math"

	"truename/capture"
)

// puppet shows a source's head in any view: a film's own movements are taken back in part, so that the view asked for is
// about the view that is seen, while its blinks, lips and noise stay.
type puppet struct {
	src   *Source
	heads map[*capture.Image]*Head
	// yaw, pitch and size are the source's usual pose and distance between the eyes.
	yaw, pitch, size float64
	start            float64
}

func newPuppet(src *Source, startMS float64) *puppet {
	p := &puppet{src: src, heads: map[*capture.Image]*Head{}, start: startMS}
	n := float64(len(src.shots))
	for _, s := range src.shots {
		p.yaw += s.seen.Pose.Yaw / n
		p.pitch += s.seen.Pose.Pitch / n
		p.size += s.seen.Landmarks.InterEyeDistance() / n
	}
	return p
}

// show gives the picture for a cue.
func (p *puppet) show(q cue) *capture.Image {
	s := p.src.at(p.start + float64(q.captured))
	h := p.heads[s.img]
	if h == nil {
		h = Model(s.img, s.seen)
		p.heads[s.img] = h
	}
	const back = 0.85
	v := q.view
	v.Yaw -= back * (s.seen.Pose.Yaw - p.yaw)
	v.Pitch -= back * (s.seen.Pose.Pitch - p.pitch)
	v.Closer *= p.size / s.seen.Landmarks.InterEyeDistance()
	return h.Show(v)
}

// onto brings a picture to a size by cutting or by repeating its border, its middle staying in the middle.
func onto(img *capture.Image, width, height int) *capture.Image {
	if img.Width == width && img.Height == height {
		return img
	}
	return cropped(img, (img.Width-width)/2, (img.Height-height)/2, width, height)
}

// blend mixes two pictures of one size: share 0 is a, 1 is b.
func blend(a, b *capture.Image, share float64) *capture.Image {
	out := blank(a.Width, a.Height)
	for i := range out.Pix {
		out.Pix[i] = level((1-share)*float64(a.Pix[i]) + share*float64(b.Pix[i]))
	}
	return out
}

// worn gives b's face in the shape and place of a's: each point of a's mesh shows what b's mesh shows there; around the
// face it fades into a. This is how face-swapping programs begin; they then match light and colour, as is done here
// by the means of the channels only.
func worn(a, b shot) *capture.Image {
	out := blank(a.img.Width, a.img.Height)
	copy(out.Pix, a.img.Pix)
	g := newGrid(a.img, math.Max(3, a.seen.Landmarks.InterEyeDistance()/12))
	eyes := a.seen.Landmarks.InterEyeDistance()
	type place struct{ x, y float64 }
	from := make([]place, len(g.depth))
	for i := range from {
		x, y := g.at(i)
		var sx, sy, weight, nearest = 0.0, 0.0, 0.0, math.Inf(1)
		for j, p := range a.seen.Mesh {
			d2 := (p.X-x)*(p.X-x) + (p.Y-y)*(p.Y-y)
			nearest = math.Min(nearest, d2)
			w := 1e-9 / (1 + d2)
			if d2 < 0.12*eyes*eyes {
				w += math.Exp(-d2 / (2 * 0.01 * eyes * eyes))
			}
			sx += w * b.seen.Mesh[j].X
			sy += w * b.seen.Mesh[j].Y
			weight += w
		}
		from[i] = place{sx / weight, sy / weight}
		if inside(a.seen.Mesh, x, y) {
			// The blend begins inside of the outline.
			g.share[i] = 1
		} else {
			g.share[i] = 1 - smooth(math.Sqrt(nearest)/(0.25*eyes))
		}
	}
	gainA, gainB := channelMeans(a), channelMeans(b)
	for y := range out.Height {
		for x := range out.Width {
			cx, cy := (float64(x)+0.5)/g.step, (float64(y)+0.5)/g.step
			c, r := min(int(cx), g.columns-2), min(int(cy), g.rows-2)
			fx, fy := cx-float64(c), cy-float64(r)
			var sx, sy, share float64
			for _, k := range [4]struct {
				i int
				w float64
			}{{r*g.columns + c, (1 - fx) * (1 - fy)}, {r*g.columns + c + 1, fx * (1 - fy)}, {(r+1)*g.columns + c, (1 - fx) * fy}, {(r+1)*g.columns + c + 1, fx * fy}} {
				sx += k.w * from[k.i].x
				sy += k.w * from[k.i].y
				share += k.w * g.share[k.i]
			}
			if share <= 0 {
				continue
			}
			red, green, blue := pixel(b.img, sx, sy)
			p := out.Pix[3*(y*out.Width+x):]
			for i, v := range [3]float64{red, green, blue} {
				p[i] = level((1-share)*float64(p[i]) + share*v*gainA[i]/gainB[i])
			}
		}
	}
	return out
}

// channelMeans gives the mean of each channel over the face.
func channelMeans(s shot) [3]float64 {
	var sum [3]float64
	n := 0.0
	for _, p := range s.seen.Mesh {
		r, g, b := pixel(s.img, p.X, p.Y)
		sum[0], sum[1], sum[2], n = sum[0]+r, sum[1]+g, sum[2]+b, n+1
	}
	for i := range sum {
		sum[i] = math.Max(1, sum[i]/n)
	}
	return sum
}
