package visual

import (
	"cmp"
	"math"
	"slices"
)

// textLine is a line of text found in a text map: its outline in the map's pixels, the long sides along the text, in no
// certain reading direction (the corners run clockwise from one end of a long side).
type textLine struct {
	quad  Quad
	score float64
}

const (
	// leastTextScore: mean probability of a region below which it is not text (PaddleOCR's box_thresh).
	leastTextScore = 0.5
	// growth of a region, which the network shrinks: area × growth / circumference is added all around (PaddleOCR's
	// unclip_ratio, differentiable binarisation by M. Liao et al., 2020).
	growth = 1.6
	// mostLines of a picture; what is found beyond, the least certain, is left out.
	mostLines = 120
)

// readTextMap gives the lines in a map of w × h probabilities: connected regions above the threshold, the smallest
// rectangle around each, grown back to the letters' size.
func readTextMap(probability []float32, w, h int, threshold float32) []textLine {
	seen := make([]bool, w*h)
	var lines []textLine
	var stack, region []int
	for start := range probability {
		if seen[start] || !(probability[start] > threshold) {
			continue
		}
		region, stack = region[:0], append(stack[:0], start)
		seen[start] = true
		var sum float64
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			region = append(region, i)
			sum += float64(probability[i])
			x, y := i%w, i/w
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					nx, ny := x+dx, y+dy
					if nx < 0 || ny < 0 || nx >= w || ny >= h {
						continue
					}
					if j := ny*w + nx; !seen[j] && probability[j] > threshold {
						seen[j] = true
						stack = append(stack, j)
					}
				}
			}
		}
		score := sum / float64(len(region))
		if len(region) < 12 || score < leastTextScore {
			continue
		}
		q := smallestRect(hull(outline(region, w)))
		width, height := q.sides()
		if height < 2.5 {
			continue
		}
		d := width * height * growth / (2 * (width + height))
		lines = append(lines, textLine{grow(q, d), score})
	}
	slices.SortStableFunc(lines, func(a, b textLine) int { return cmp.Compare(b.score, a.score) })
	return lines[:min(len(lines), mostLines)]
}

// outline gives the first and last pixel of each row of a region, by their outer corners.
func outline(region []int, w int) []Point {
	type span struct{ lo, hi int }
	rows := map[int]span{}
	for _, i := range region {
		x, y := i%w, i/w
		s, ok := rows[y]
		if !ok {
			s = span{x, x}
		}
		rows[y] = span{min(s.lo, x), max(s.hi, x)}
	}
	points := make([]Point, 0, 4*len(rows))
	for y, s := range rows {
		for _, x := range []int{s.lo, s.hi + 1} {
			points = append(points, Point{float64(x), float64(y)}, Point{float64(x), float64(y + 1)})
		}
	}
	return points
}

// hull gives the convex hull of points (A. Andrew's monotone chain, 1979).
func hull(points []Point) []Point {
	slices.SortFunc(points, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y))
	})
	half := func(points []Point) []Point {
		var chain []Point
		for _, p := range points {
			for len(chain) >= 2 && cross(chain[len(chain)-1].minus(chain[len(chain)-2]), p.minus(chain[len(chain)-1])) <= 0 {
				chain = chain[:len(chain)-1]
			}
			chain = append(chain, p)
		}
		return chain[:len(chain)-1]
	}
	lower := half(points)
	slices.Reverse(points)
	return append(lower, half(points)...)
}

// smallestRect gives the rectangle of least area around a convex polygon: one of its sides lies on one of the
// polygon's (H. Freeman, R. Shapira, 1975). The first side is a long one, and runs to the right where it can.
func smallestRect(polygon []Point) Quad {
	best, least := Quad{}, math.Inf(1)
	for i, a := range polygon {
		d := polygon[(i+1)%len(polygon)].minus(a)
		if d.length() < 1e-9 {
			continue
		}
		u := d.times(1 / d.length())
		n := Point{-u.Y, u.X}
		loU, hiU, loN, hiN := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
		for _, p := range polygon {
			pu, pn := p.X*u.X+p.Y*u.Y, p.X*n.X+p.Y*n.Y
			loU, hiU, loN, hiN = min(loU, pu), max(hiU, pu), min(loN, pn), max(hiN, pn)
		}
		if area := (hiU - loU) * (hiN - loN); area < least {
			least = area
			at := func(pu, pn float64) Point { return Point{pu*u.X + pn*n.X, pu*u.Y + pn*n.Y} }
			best = Quad{at(loU, loN), at(hiU, loN), at(hiU, hiN), at(loU, hiN)}
		}
	}
	// A square region is taken as upright: its one character tells nothing about the direction.
	if w, h := best.sides(); h > 1.3*w {
		best = Quad{best[1], best[2], best[3], best[0]}
	} else if h > w/1.3 && math.Abs(best[1].X-best[0].X) < math.Abs(best[1].Y-best[0].Y) {
		best = Quad{best[1], best[2], best[3], best[0]}
	}
	if best[1].X < best[0].X {
		best = best.turned()
	}
	return best
}

// grow moves the sides of a rectangle outward by d.
func grow(q Quad, d float64) Quad {
	u, n := q[1].minus(q[0]), q[3].minus(q[0])
	u, n = u.times(d/max(u.length(), 1e-9)), n.times(d/max(n.length(), 1e-9))
	return Quad{q[0].minus(u).minus(n), q[1].plus(u).minus(n), q[2].plus(u).plus(n), q[3].minus(u).plus(n)}
}
