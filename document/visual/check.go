package visual

import (
	"context"
	"math"
	"slices"
	"time"

	"truename"
	"truename/capture"
)

// Limits of the image checks. How they were found: docs/documents.md.
const (
	leastPixelsPerMM = 8.0  // an 18-digit number's digits are then some 20 pixels high
	mostOutsideMM    = 0.8  // of the document beyond the picture's edge
	mostEdgeMM       = 0.42 // width of the transition from paper to ink
	mostGlare        = 0.03 // share of the document's area that is burnt out
	leastColour      = 6.0  // of 255: how much colours differ from the picture's general tint
	mostMoire        = 16.0 // a spectral line's height over its neighbourhood
	mostBezel        = 0.5  // how much more of a narrow frame around the document is black than beyond
)

// unknown fills in what can be said of a picture without a known document.
func (r *Reading) unknown(p *photo, outlines []candidate) {
	w, h := p.size()
	r.Corners = Quad{{0, 0}, {w, 0}, {w, h}, {0, h}}
	if len(outlines) > 0 {
		r.Corners, r.Located = outlines[0].quad, true
	}
	r.Findings = []Finding{{Check: "document", State: truename.FindingUndecided, Limit: 1, Reason: ReasonUnknownDocument}}
}

// checkPicture makes the findings about the picture, the portrait and the dates.
func (r *Reader) checkPicture(ctx context.Context, p *photo, t *Template, out *Reading, lines []Rect, today time.Time) error {
	out.Page = out.render(p, Rect{0, 0, out.WidthMM, out.HeightMM}, 10)
	located := Finding{Check: "located", State: truename.FindingPassed, Value: 1, Limit: 1}
	if !out.Located {
		located = Finding{Check: "located", State: truename.FindingUndecided, Limit: 1, Reason: ReasonNotLocated}
	}
	out.Findings = append(out.Findings, located,
		atLeast("resolution", out.resolution(p), leastPixelsPerMM, "px/mm", ReasonResolution),
		atMost("crop", out.outsideMM(p), mostOutsideMM, "mm", ReasonDocumentCropped),
		atMost("blur", out.edgeWidth(p, lines), mostEdgeMM, "mm", ReasonDocumentBlurred),
		atMost("glare", glare(out.Page), mostGlare, "", ReasonGlare),
		atLeast("grey_copy", colour(out.Page), leastColour, "", ReasonGreyCopy),
		atMost("moire", out.moire(p), mostMoire, "", ReasonScreen),
		atMost("bezel", out.bezel(p), mostBezel, "", ReasonScreen),
	)
	if err := ended(ctx); err != nil {
		return err
	}
	if t.Portrait != nil {
		if err := r.portrait(ctx, p, t, out); err != nil {
			return err
		}
	}
	out.dates(today)
	return nil
}

func atLeast(check string, value, limit float64, unit string, reason truename.Code) Finding {
	f := Finding{Check: check, State: truename.FindingPassed, Value: value, Limit: limit, Unit: unit}
	if !(value >= limit) { // what cannot be measured does not pass
		f.State, f.Reason = truename.FindingUndecided, reason
	}
	return f
}

func atMost(check string, value, limit float64, unit string, reason truename.Code) Finding {
	f := Finding{Check: check, State: truename.FindingPassed, Value: value, Limit: limit, Unit: unit}
	if !(value <= limit) {
		f.State, f.Reason = truename.FindingUndecided, reason
	}
	return f
}

// render shows a part of the document at so many pixels per millimetre, hidden places painted over.
func (r *Reading) render(p *photo, part Rect, scale float64) *capture.Image {
	v := view{w: max(2, int(part.W*scale)), h: max(2, int(part.H*scale)), hidden: r.hidden}
	v.toPage = homography{1 / scale, 0, part.X, 0, 1 / scale, part.Y, 0, 0, 1}
	v.toPhoto = v.toPage.then(r.toPhoto)
	return p.image(v)
}

// resolution is the least number of the file's pixels per millimetre anywhere on the document.
func (r *Reading) resolution(p *photo) float64 {
	img := p.levels[0]
	reduction := 1.0
	if img.SourceWidth > img.Width {
		reduction = float64(img.SourceWidth) / float64(img.Width)
	}
	least := math.Inf(1)
	for _, c := range (Rect{0, 0, r.WidthMM, r.HeightMM}).quad() {
		least = min(least, r.toPhoto.scaleAt(c)*reduction)
	}
	return least
}

// outsideMM is by how much the corner that lies farthest outside of the picture does.
func (r *Reading) outsideMM(p *photo) float64 {
	w, h := p.size()
	var worst float64
	for i, c := range r.Corners {
		off := max(-c.X, -c.Y, c.X-w, c.Y-h, 0)
		worst = max(worst, off/r.toPhoto.scaleAt(Rect{0, 0, r.WidthMM, r.HeightMM}.quad()[i]))
	}
	return worst
}

// edgeWidth estimates how wide the transition from paper to ink is: a line's contrast over its steepest change. The
// median of the lines' values is given, in millimetres.
func (r *Reading) edgeWidth(p *photo, lines []Rect) float64 {
	const scale = 20
	var widths []float64
	for _, l := range lines[:min(len(lines), 16)] {
		part := l.clip(Rect{0, 0, r.WidthMM, r.HeightMM})
		part.W = min(part.W, 16)
		if part.W < 2 || part.H < 1 {
			continue
		}
		v := view{w: int(part.W * scale), h: int(part.H * scale), toPhoto: homography{1.0 / scale, 0, part.X, 0, 1.0 / scale, part.Y, 0, 0, 1}.then(r.toPhoto)}
		g := p.grey(v)
		values := slices.Clone(g.v)
		slices.Sort(values)
		contrast := float64(values[len(values)*97/100] - values[len(values)*3/100])
		var steps []float64
		for y := range g.h {
			for x := 2; x < g.w-2; x++ {
				i := y*g.w + x
				steps = append(steps, math.Abs(float64(g.v[i+2]-g.v[i-2]))/4)
			}
		}
		slices.Sort(steps)
		if steep := steps[len(steps)*98/100]; steep > 0 && contrast > 12 {
			widths = append(widths, contrast/steep/scale)
		}
	}
	if len(widths) == 0 {
		return math.Inf(1)
	}
	slices.Sort(widths)
	return widths[len(widths)/2]
}

// glare is the share of a page's pixels that are burnt out: white in all channels, in patches, while the paper is not.
func glare(page *capture.Image) float64 {
	burnt := 0
	const block = 6 // pixels: 0.6 mm
	for y := 0; y+block <= page.Height; y += block {
		for x := 0; x+block <= page.Width; x += block {
			white := true
			for dy := 0; dy < block && white; dy++ {
				for dx := 0; dx < block; dx++ {
					px := page.Pix[3*((y+dy)*page.Width+x+dx):][:3]
					if min(px[0], px[1], px[2]) < 246 {
						white = false
						break
					}
				}
			}
			if white {
				burnt++
			}
		}
	}
	return float64(burnt*block*block) / float64(page.Width*page.Height)
}

// colour is how much the channels differ after the picture's general tint was taken out: the standard deviation of
// R − a·G and B − b·G. Lamps tint a black-and-white copy, but all of it alike.
func colour(page *capture.Image) float64 {
	var sum float64
	for _, c := range []int{0, 2} {
		var n, sg, sc, sgg, sgc, scc float64
		for i := 0; i+2 < len(page.Pix); i += 3 * 7 {
			g, v := float64(page.Pix[i+1]), float64(page.Pix[i+c])
			if g > 250 || v > 250 {
				continue
			}
			n, sg, sc, sgg, sgc, scc = n+1, sg+g, sc+v, sgg+g*g, sgc+g*v, scc+v*v
		}
		if n < 100 {
			return 0
		}
		vg, vc, cov := sgg/n-sg*sg/n/n, scc/n-sc*sc/n/n, sgc/n-sg*sc/n/n
		sum += max(0, vc-cov*cov/max(vg, 1e-9))
	}
	return math.Sqrt(sum)
}

// bezel is how much darker a narrow frame around the document is than what lies farther out: the share of black in it
// less the share of black there, 0..1. A screen's edge is black and narrow, a black table goes on.
func (r *Reading) bezel(p *photo) float64 {
	return max(0, r.black(p, 1.5, 3, 4.5)-r.black(p, 11, 14, 17))
}

// black is the share of black on lines around the document at distances in millimetres. Where nothing of them lies in
// the picture nothing is known: 0 for the near, and so for the whole.
func (r *Reading) black(p *photo, distances ...float64) float64 {
	w, h := p.size()
	dark, all := 0, 0
	img := p.levels[0]
	for _, d := range distances {
		frame := Rect{-d, -d, r.WidthMM + 2*d, r.HeightMM + 2*d}.quad()
		for i := range frame {
			for k := range 40 {
				at := r.toPhoto.apply(between(frame[i], frame[(i+1)%4], float64(k)/40))
				if !(at.X >= 0 && at.Y >= 0 && at.X < w && at.Y < h) {
					continue
				}
				all++
				px := img.Pix[3*(int(at.Y)*img.Width+int(at.X)):][:3]
				if max(px[0], px[1], px[2]) < 40 {
					dark++
				}
			}
		}
	}
	if all < 80 {
		return 0
	}
	return float64(dark) / float64(all)
}

// dates makes the findings about expiry and plausibility.
func (r *Reading) dates(today time.Time) {
	day := func(name string) (time.Time, bool) {
		v := r.Value(name)
		if v == nil {
			return time.Time{}, false
		}
		t, err := time.Parse(time.DateOnly, v.Text.Reveal())
		return t, err == nil
	}
	today = time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
	for _, name := range []string{"valid_until", "expiry_date"} {
		if until, ok := day(name); ok {
			f := Finding{Check: "expiry", State: truename.FindingPassed, Value: until.Sub(today).Hours() / 24, Unit: "days"}
			if until.Before(today) {
				f.State, f.Reason = truename.FindingFailed, ReasonExpired
			}
			r.Findings = append(r.Findings, f)
		}
	}
	wrong, seen := 0, 0
	judge := func(name string, ok bool) {
		seen++
		if !ok {
			wrong++
			v := r.Value(name)
			v.State = StateUnsure
			v.Reasons = append(v.Reasons, ReasonDates)
		}
	}
	birth, born := day("birth_date")
	if born {
		judge("birth_date", !birth.After(today) && birth.After(today.AddDate(-130, 0, 0)))
	}
	for _, name := range []string{"valid_from", "issue_date"} {
		if from, ok := day(name); ok {
			judge(name, !from.After(today) && from.After(today.AddDate(-60, 0, 0)) && (!born || !from.Before(birth)))
		}
	}
	for _, name := range []string{"valid_until", "expiry_date"} {
		if until, ok := day(name); ok {
			judge(name, until.Before(today.AddDate(60, 0, 0)) && until.After(today.AddDate(-60, 0, 0)))
		}
	}
	if seen > 0 {
		f := Finding{Check: "dates", State: truename.FindingPassed, Value: float64(wrong)}
		if wrong > 0 {
			f.State, f.Reason = truename.FindingFailed, ReasonDates
		}
		r.Findings = append(r.Findings, f)
	}
}
