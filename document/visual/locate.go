package visual

import (
	"cmp"
	"math"
	"slices"
)

// candidate is a quadrilateral that may be the document's outline, its long sides at top and bottom.
type candidate struct {
	quad Quad
	// support is how much of the outline lies on edges of the picture, 0..1.
	support, score float64
}

// locateSide is the longer side, in pixels, of the copy that outlines are searched in.
const locateSide = 420

// locate searches for the outline of a card or page: long straight edges by a Hough transform, of these all
// quadrilaterals of the right shape, the one whose four sides lie on edges best. The corners are then refined in a
// finer copy. The best few come first; none is found in a picture without such an outline.
func locate(p *photo) []candidate {
	w, h := p.size()
	unit := max(w, h) / locateSide
	small := shrunk(p, unit)
	e := findEdges(small)
	found := e.quads(e.lines())
	if len(found) == 0 {
		return nil
	}
	fine := max(1, max(w, h)/1280)
	grey := shrunk(p, fine)[3]
	for i := range found {
		for k := range found[i].quad {
			found[i].quad[k] = found[i].quad[k].times(unit)
		}
		found[i].quad = refine(grey, fine, found[i].quad, 2.2*unit)
	}
	return found
}

// shrunk gives red, green, blue and luma of a copy at so many pixels of the picture per pixel.
func shrunk(p *photo, unit float64) [4]*plane {
	w, h := p.size()
	v := view{w: max(2, int(w/unit)), h: max(2, int(h/unit)), toPhoto: homography{unit, 0, 0, 0, unit, 0, 0, 0, 1}}
	var out [4]*plane
	for i := range out {
		out[i] = newPlane(v.w, v.h)
	}
	p.rgb(v, func(i int, r, g, b float32) {
		out[0].v[i], out[1].v[i], out[2].v[i] = r, g, b
		out[3].v[i] = 0.299*r + 0.587*g + 0.114*b
	})
	return out
}

// edges are the gradients of a picture: of each pixel those of the channel that changes most.
type edges struct {
	w, h   int
	gx, gy []float32
	// weak is the length of a gradient that counts as an edge.
	weak float32
}

func findEdges(channels [4]*plane) *edges {
	w, h := channels[0].w, channels[0].h
	e := &edges{w: w, h: h, gx: make([]float32, w*h), gy: make([]float32, w*h)}
	for _, c := range channels[:3] {
		s := smooth(c)
		for y := 1; y < h-1; y++ {
			for x := 1; x < w-1; x++ {
				i := y*w + x
				gx := (s.v[i+1] - s.v[i-1]) / 2
				gy := (s.v[i+w] - s.v[i-w]) / 2
				if gx*gx+gy*gy > e.gx[i]*e.gx[i]+e.gy[i]*e.gy[i] {
					e.gx[i], e.gy[i] = gx, gy
				}
			}
		}
	}
	lengths := make([]float32, 0, w*h/4)
	for i := 0; i < w*h; i += 4 {
		lengths = append(lengths, float32(math.Hypot(float64(e.gx[i]), float64(e.gy[i]))))
	}
	slices.Sort(lengths)
	// The outline is a small part of the pixels; but in a flat picture noise must not become edges.
	e.weak = max(1.2, min(4, lengths[len(lengths)*3/4]))
	return e
}

// smooth by a binomial filter of five, which takes away weaves and grain.
func smooth(p *plane) *plane {
	pass := func(src *plane, step int) *plane {
		out := newPlane(src.w, src.h)
		n := len(src.v)
		for i := range src.v {
			a, b, c, d := i-2*step, i-step, i+step, i+2*step
			if a < 0 || d >= n {
				out.v[i] = src.v[i]
				continue
			}
			out.v[i] = (src.v[a] + 4*src.v[b] + 6*src.v[i] + 4*src.v[c] + src.v[d]) / 16
		}
		return out
	}
	return pass(pass(p, 1), p.w)
}

// line is x·cos + y·sin = rho.
type line struct {
	cos, sin, rho, angle float64
	votes                float32
}

const angleSteps = 180

// lines finds the straight edges: every edge pixel votes for the lines through it that run as it does.
func (e *edges) lines() []line {
	diagonal := math.Hypot(float64(e.w), float64(e.h))
	rhos := 2*int(diagonal) + 1
	votes := make([]float32, angleSteps*rhos)
	var cos, sin [angleSteps]float64
	for a := range angleSteps {
		sin[a], cos[a] = math.Sincos(float64(a) * math.Pi / angleSteps)
	}
	for y := 2; y < e.h-2; y++ {
		for x := 2; x < e.w-2; x++ {
			i := y*e.w + x
			gx, gy := e.gx[i], e.gy[i]
			g := float32(math.Hypot(float64(gx), float64(gy)))
			if g < e.weak || !e.crest(i, gx, gy, g) {
				continue
			}
			a := int(math.Round(math.Atan2(float64(gy), float64(gx))*angleSteps/math.Pi)) + 2*angleSteps
			for d := -3; d <= 3; d++ {
				k := (a + d) % angleSteps
				rho := int(float64(x)*cos[k]+float64(y)*sin[k]+diagonal) % rhos
				votes[k*rhos+rho] += min(1, g/8) * (1 - 0.2*float32(max(d, -d)))
			}
		}
	}
	var found []line
	for a := range angleSteps {
		for r := 1; r < rhos-1; r++ {
			v := votes[a*rhos+r] + 0.5*(votes[a*rhos+r-1]+votes[a*rhos+r+1])
			if v > 0.06*float32(min(e.w, e.h)) {
				found = append(found, line{cos[a], sin[a], float64(r) + 0.5 - diagonal, float64(a) * 180 / angleSteps, v})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b line) int { return cmp.Compare(b.votes, a.votes) })
	return e.distinct(found, 44)
}

// crest says whether a gradient is the strongest across its edge.
func (e *edges) crest(i int, gx, gy, g float32) bool {
	step := 1
	if gy*gy > gx*gx {
		step = e.w
	}
	return g >= float32(math.Hypot(float64(e.gx[i-step]), float64(e.gy[i-step]))) &&
		g > float32(math.Hypot(float64(e.gx[i+step]), float64(e.gy[i+step])))
}

// distinct keeps the strongest lines, of those that nearly coincide within the picture one.
func (e *edges) distinct(sorted []line, most int) []line {
	var kept []line
	for _, l := range sorted {
		same := slices.ContainsFunc(kept, func(k line) bool {
			turn := angleBetween(l.angle, k.angle)
			if turn > 7 {
				return false
			}
			// Compare where they pass the picture's middle.
			mx, my := float64(e.w)/2, float64(e.h)/2
			a, b := l.rho-mx*l.cos-my*l.sin, k.rho-mx*k.cos-my*k.sin
			if l.cos*k.cos+l.sin*k.sin < 0 {
				b = -b
			}
			return math.Abs(a-b) < 5+turn*0.6
		})
		if !same {
			kept = append(kept, l)
			if len(kept) == most {
				break
			}
		}
	}
	return kept
}

// angleBetween two lines, 0..90 degrees.
func angleBetween(a, b float64) float64 {
	d := math.Abs(a - b)
	return min(d, 180-d)
}

func (l line) meet(k line) (Point, bool) {
	d := l.cos*k.sin - l.sin*k.cos
	if math.Abs(d) < 0.3 {
		return Point{}, false
	}
	return Point{(l.rho*k.sin - k.rho*l.sin) / d, (k.rho*l.cos - l.rho*k.cos) / d}, true
}

// quads gives the best quadrilaterals that the lines form.
func (e *edges) quads(lines []line) []candidate {
	type two struct{ a, b line }
	var pairs []two
	for i, a := range lines {
		for _, b := range lines[i+1:] {
			if angleBetween(a.angle, b.angle) < 24 {
				pairs = append(pairs, two{a, b})
			}
		}
	}
	var found []candidate
	for i, p := range pairs {
		for _, q := range pairs[i+1:] {
			if angleBetween(p.a.angle, q.a.angle) < 60 || angleBetween(p.b.angle, q.b.angle) < 60 {
				continue
			}
			var quad Quad
			ok := true
			for k, corner := range [4][2]line{{p.a, q.a}, {p.a, q.b}, {p.b, q.b}, {p.b, q.a}} {
				at, fine := corner[0].meet(corner[1])
				quad[k], ok = at, ok && fine
			}
			if !ok {
				continue
			}
			if c, fine := e.judge(quad); fine {
				found = append(found, c)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	var best []candidate
	for _, c := range found {
		if !slices.ContainsFunc(best, func(b candidate) bool { return near(b.quad, c.quad, 6) }) {
			best = append(best, c)
			if len(best) == 3 {
				break
			}
		}
	}
	return best
}

func near(a, b Quad, d float64) bool {
	for i := range a {
		if a[i].minus(b[i]).length() > d {
			return false
		}
	}
	return true
}

// judge says how well a quadrilateral does as a document's outline.
func (e *edges) judge(q Quad) (candidate, bool) {
	if q.area() < 0 {
		q = Quad{q[0], q[3], q[2], q[1]}
	}
	q = level(q)
	w, h := q.sides()
	share := q.area() / float64(e.w*e.h)
	if !q.convex() || share < 0.1 || h < 40 {
		return candidate{}, false
	}
	for i, p := range q {
		if p.X < -0.03*float64(e.w) || p.Y < -0.03*float64(e.h) || p.X > 1.03*float64(e.w) || p.Y > 1.03*float64(e.h) {
			return candidate{}, false
		}
		// Opposite sides differ by perspective only.
		if l, r := q[(i+1)%4].minus(p).length(), q[(i+2)%4].minus(q[(i+3)%4]).length(); l > 1.5*r || r > 1.5*l {
			return candidate{}, false
		}
	}
	off := min(math.Abs(math.Log(w/h/1.586)), math.Abs(math.Log(w/h/1.42)))
	if off > 0.3 {
		return candidate{}, false
	}
	var sum float64
	least := 1.0
	for i := range q {
		s := e.support(q[i], q[(i+1)%4])
		sum += s / 4
		least = min(least, s)
	}
	c := candidate{quad: q, support: 0.5*sum + 0.5*least}
	c.score = c.support * math.Exp(-off*off/(2*0.12*0.12)) * math.Pow(share, 0.3)
	return c, c.support > 0.35
}

// level turns the corners' order so that the long sides are top and bottom and the top is up, as far as can be told.
func level(q Quad) Quad {
	if w, h := q.sides(); w < h {
		q = Quad{q[1], q[2], q[3], q[0]}
	}
	if q[0].Y+q[1].Y > q[2].Y+q[3].Y {
		q = q.turned()
	}
	return q
}

// support is the share of a side that lies on an edge across it, all of it from dark to light or all from light to dark.
func (e *edges) support(a, b Point) float64 {
	const samples = 36
	d := b.minus(a)
	n := Point{-d.Y, d.X}.times(1 / max(d.length(), 1e-9))
	up, down := 0, 0
	for i := range samples {
		at := between(a, b, 0.08+0.84*(float64(i)+0.5)/samples)
		var best float32
		for k := -2; k <= 2; k++ {
			x, y := int(at.X+n.X*float64(k)), int(at.Y+n.Y*float64(k))
			if x < 1 || y < 1 || x >= e.w-1 || y >= e.h-1 {
				continue
			}
			j := y*e.w + x
			across := e.gx[j]*float32(n.X) + e.gy[j]*float32(n.Y)
			along := e.gx[j]*float32(n.Y) - e.gy[j]*float32(n.X)
			if across*across > best*best && across*across > 3*along*along {
				best = across
			}
		}
		switch {
		case best > e.weak:
			up++
		case best < -e.weak:
			down++
		}
	}
	return float64(max(up, down)) / samples
}

// refine moves each side onto the edge near it (within reach, pixels of the picture) and gives the corners where the
// sides then meet.
func refine(grey *plane, unit float64, q Quad, reach float64) Quad {
	var sides [4][2]Point
	for i := range q {
		sides[i] = [2]Point{q[i], q[(i+1)%4]}
		if a, b, ok := refineSide(grey, unit, q[i], q[(i+1)%4], reach); ok {
			sides[i] = [2]Point{a, b}
		}
	}
	out := q
	for i := range q {
		a, b := sides[(i+3)%4], sides[i]
		da, db := a[1].minus(a[0]), b[1].minus(b[0])
		d := cross(da, db)
		if math.Abs(d) < 1e-6 {
			return q
		}
		out[i] = a[0].plus(da.times(cross(b[0].minus(a[0]), db) / d))
	}
	if !near(out, q, 4*reach) || !out.convex() {
		return q
	}
	return out
}

// refineSide fits a line to the strongest edge across a side, twice, the second time without what lay off.
func refineSide(grey *plane, unit float64, a, b Point, reach float64) (Point, Point, bool) {
	d := b.minus(a)
	n := Point{-d.Y, d.X}.times(1 / max(d.length(), 1e-9))
	type sample struct{ t, off, weight float64 }
	var samples []sample
	for i := range 60 {
		t := 0.07 + 0.86*float64(i)/59
		at := between(a, b, t)
		best, off := 0.0, 0.0
		for o := -reach; o <= reach; o += unit {
			p, q := at.plus(n.times(o-unit)).times(1/unit), at.plus(n.times(o+unit)).times(1/unit)
			if g := math.Abs(float64(grey.at(q.X, q.Y) - grey.at(p.X, p.Y))); g > best {
				best, off = g, o
			}
		}
		if best > 4 {
			samples = append(samples, sample{t, off, min(best, 40)})
		}
	}
	limit := math.Inf(1)
	var c0, c1 float64
	for range 4 {
		var s, st, stt, so, sto float64
		for _, m := range samples {
			if math.Abs(m.off-c0-c1*m.t) > limit {
				continue
			}
			s, st, stt = s+m.weight, st+m.weight*m.t, stt+m.weight*m.t*m.t
			so, sto = so+m.weight*m.off, sto+m.weight*m.t*m.off
		}
		det := s*stt - st*st
		if s < 100 || det < 1e-9 {
			return a, b, false
		}
		c0, c1 = (so*stt-sto*st)/det, (s*sto-st*so)/det
		limit = max(1.2*unit, min(limit, reach)/2)
	}
	return a.plus(n.times(c0)), b.plus(n.times(c0 + c1)), true
}
