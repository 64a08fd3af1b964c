package evaluation

import (
	"fmt"
	"math"
	"strings"
)

// plot is an SVG figure, ready for the template: positions in pixels of its own coordinate system.
type plot struct {
	Class         string // which screens it is for
	Width, Height float64
	Left, Top     float64 // corner of the frame
	Right, Bottom float64
	Title         string // read out instead of the figure
	XName, YName  string
	XTicks        []tick
	YTicks        []tick
	Areas, Lines  []stroke
	Rules         []rule
	Mark          *mark
	Goal          *rectangle
	Empty         string // said in place of curves
}

// tick is a line across the frame; without a label it is a fine one between decades.
type tick struct {
	At    float64
	Label string
}

// stroke is the data of an SVG path and the class that colours it.
type stroke struct{ Class, Data string }

// rule is a vertical line with a label on top, which is left out where it would touch that of a rule before it in the
// list.
type rule struct {
	X     float64
	Label string
	// Anchor is the SVG text-anchor that keeps the label inside of the frame.
	Anchor string
}

type mark struct {
	X, Y         float64
	TextX, TextY float64
	Label        string
	Anchor       string
}

type rectangle struct{ X, Y, Width, Height float64 }

// frame is an empty plot of a size, with room for labels.
func frame(class string, width, height float64) plot {
	return plot{Class: class, Width: width, Height: height, Left: 62, Top: 26, Right: width - 18, Bottom: height - 54}
}

// axis maps a value to pixels, linearly or by its logarithm.
type axis struct {
	low, high float64 // values, or exponents of ten when logarithmic
	from, to  float64 // pixels
	log       bool
}

// at gives the pixel of a value; values outside lie on the border. The logarithm of zero is the low border.
func (a axis) at(v float64) float64 {
	if a.log {
		if v <= 0 {
			return a.from
		}
		v = math.Log10(v)
	}
	share := max(0, min(1, (v-a.low)/(a.high-a.low)))
	return a.from + share*(a.to-a.from)
}

// decades gives a labelled tick per power of ten and fine ones between; when room is scarce, only every second or third
// power is labelled.
func (a axis) decades(every int, label func(exponent int) string) []tick {
	var ticks []tick
	for e := int(math.Ceil(a.low)); e <= int(math.Floor(a.high)); e++ {
		text := ""
		if (e-int(math.Floor(a.high)))%every == 0 {
			text = label(e)
		}
		ticks = append(ticks, tick{a.at(math.Pow10(e)), text})
		for m := 2; m < 10 && float64(e) < a.high && every == 1; m++ {
			if v := float64(m) * math.Pow10(e); math.Log10(v) < a.high {
				ticks = append(ticks, tick{a.at(v), ""})
			}
		}
	}
	return ticks
}

// pen draws a path.
type pen struct{ b strings.Builder }

func (p *pen) to(x, y float64) {
	command := "L"
	if p.b.Len() == 0 {
		command = "M"
	}
	fmt.Fprintf(&p.b, "%s%.1f %.1f", command, x, y)
}

func (p *pen) close() { p.b.WriteString("Z") }

// curve is a DET curve to be drawn.
type curve struct {
	class  string
	points []OperatingPoint
}

// plotDET draws FNMR over FMR, both logarithmic, with the band around the first curve and NIST's requirement: the
// region where FMR ≤ 1e-4 and FNMR ≤ 1e-2 (SP 800-63A-4).
func plotDET(class string, width, height float64, curves []curve, band []BandPoint) plot {
	p := frame(class, width, height)
	p.Title = "Detection error trade-off: false non-match rate over false match rate"
	p.XName, p.YName = "False match rate (FMR)", "False non-match rate (FNMR)"

	lowX, lowY, highY := 1e-5, 1e-2, 0.1
	for _, c := range curves {
		for _, o := range c.points {
			if o.FMR > 0 && o.FMR <= 0.1 {
				lowX = min(lowX, o.FMR)
				highY = max(highY, o.FNMR)
				if o.FNMR > 0 {
					lowY = min(lowY, o.FNMR)
				}
			}
		}
	}
	x := axis{math.Floor(math.Log10(lowX) + 1e-9), -1, p.Left, p.Right, true}
	y := axis{max(-5, min(-3, math.Floor(math.Log10(lowY)+1e-9))), math.Ceil(math.Log10(highY) - 1e-9), p.Bottom, p.Top, true}
	p.XTicks = x.decades(1, power)
	p.YTicks = y.decades(1, func(e int) string { return shortPercent(math.Pow10(e)) })

	goalX, goalY := x.at(1e-4), y.at(1e-2)
	p.Goal = &rectangle{p.Left, goalY, goalX - p.Left, p.Bottom - goalY}
	p.Mark = &mark{X: goalX, Y: goalY, TextX: goalX - 10, TextY: goalY + 19, Label: "NIST requirement", Anchor: "end"}

	if len(band) > 1 {
		var edge pen
		for _, b := range band {
			edge.to(x.at(b.FMR), y.at(b.FNMR[1]))
		}
		for i := len(band) - 1; i >= 0; i-- {
			edge.to(x.at(band[i].FMR), y.at(band[i].FNMR[0]))
		}
		edge.close()
		p.Areas = append(p.Areas, stroke{"band", edge.b.String()})
	}
	for _, c := range curves {
		if len(c.points) > 0 {
			p.Lines = append(p.Lines, stroke{c.class, staircase(c.points, x, y)})
		}
	}
	if len(p.Lines) == 0 {
		p.Empty = "No comparisons."
	}
	return p
}

// staircase draws measured points without inventing any between them: an error rate keeps its value until the
// threshold passes the next score. Points beyond the frame's right border are left out.
func staircase(points []OperatingPoint, x, y axis) string {
	var line pen
	lastY := 0.0
	for _, o := range points {
		px, py := x.at(o.FMR), y.at(o.FNMR)
		if line.b.Len() > 0 && py != lastY {
			line.to(px, lastY)
		}
		if line.b.Len() == 0 || px < x.to {
			line.to(px, py)
		} else {
			line.b.Reset() // still on the right border: start again from here
			line.to(px, py)
		}
		lastY = py
	}
	return line.b.String()
}

// plotScores draws the share of comparisons per bin of the score, logarithmic, for impostors and genuine pairs.
func plotScores(class string, width, height float64, genuine, impostor []int64, rules []rule) plot {
	p := frame(class, width, height)
	p.Title = "Distribution of comparison scores of genuine and impostor pairs"
	p.XName, p.YName = "Comparison score (cosine)", "Share of comparisons per bin"

	shares := [2][]float64{sharesOf(impostor), sharesOf(genuine)}
	least, first, last := 1e-2, len(impostor), 0
	for _, s := range shares {
		for k, v := range s {
			if v > 0 {
				least, first, last = min(least, v), min(first, k), max(last, k)
			}
		}
	}
	if first > last {
		p.Empty = "No comparisons."
		first, last = 0, len(impostor)-1
	}
	bin := 2 / float64(len(impostor))
	// Whole tenths around the scores that occur.
	low := math.Floor((-1+float64(first)*bin)*10-1e-9) / 10
	high := math.Ceil((-1+float64(last+1)*bin)*10-1e-9) / 10
	x := axis{max(-1, low), min(1, high), p.Left, p.Right, false}
	y := axis{math.Floor(math.Log10(least) + 1e-9), 0, p.Bottom, p.Top, true}
	every := 2
	if width < 500 {
		every = 4
	}
	for tenth := int(math.Round(x.low * 10)); tenth <= int(math.Round(x.high*10)); tenth++ {
		t := tick{At: x.at(float64(tenth) / 10)}
		if tenth%every == 0 {
			t.Label = strings.Replace(fmt.Sprintf("%.1f", float64(tenth)/10), "-", "−", 1)
		}
		p.XTicks = append(p.XTicks, t)
	}
	every = 1
	if y.high-y.low > 5 {
		every = 2
	}
	p.YTicks = y.decades(every, power)

	for i, name := range []string{"impostor", "genuine"} {
		area, line := steps(shares[i], x, y, bin)
		p.Areas = append(p.Areas, stroke{name, area})
		p.Lines = append(p.Lines, stroke{name, line})
	}
	for _, r := range rules {
		r.X = x.at(r.X)
		r.Anchor = "middle"
		for _, other := range p.Rules {
			if other.Label != "" && math.Abs(other.X-r.X) < 36 {
				r.Label = ""
			}
		}
		p.Rules = append(p.Rules, r)
	}
	return p
}

func sharesOf(counts []int64) []float64 {
	var sum int64
	for _, n := range counts {
		sum += n
	}
	shares := make([]float64, len(counts))
	for k, n := range counts {
		shares[k] = ratio(n, sum)
	}
	return shares
}

// steps draws a histogram as a filled area and its outline.
func steps(shares []float64, x, y axis, bin float64) (area, outline string) {
	first, last := -1, -1
	for k, v := range shares {
		if v > 0 {
			if first < 0 {
				first = k
			}
			last = k
		}
	}
	if first < 0 {
		return "", ""
	}
	var line pen
	left := func(k int) float64 { return x.at(-1 + float64(k)*bin) }
	line.to(left(first), y.from)
	for k := first; k <= last; k++ {
		line.to(left(k), y.at(shares[k]))
		line.to(left(k+1), y.at(shares[k]))
	}
	line.to(left(last+1), y.from)
	return line.b.String() + "Z", line.b.String()
}

// Positions that the template needs, derived from the frame.

func (p plot) FrameWidth() float64  { return p.Right - p.Left }
func (p plot) FrameHeight() float64 { return p.Bottom - p.Top }
func (p plot) MiddleX() float64     { return (p.Left + p.Right) / 2 }
func (p plot) MiddleY() float64     { return (p.Top + p.Bottom) / 2 }
func (p plot) BelowAxis() float64   { return p.Bottom + 20 }
func (p plot) LeftOfAxis() float64  { return p.Left - 8 }
func (p plot) AboveFrame() float64  { return p.Top - 8 }
func (p plot) Base() float64        { return p.Height - 8 }
