package visual

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"truename/capture"
	"truename/face"
	"truename/models"
)

// Reader reads documents. It is safe for concurrent use; its memory grows with the pictures being read only.
type Reader struct {
	nets      *networks
	faces     *face.Engine
	templates []Template
	// words are the labels of each template as classes of the recogniser.
	words [][][]int
}

// Load reads, checks and loads the pack's networks of OCR, each with the given number of slots: so many pictures can be
// read side by side, one thread each. [onnx.Start] must have succeeded. faces finds and measures portraits; the reader
// does not close it. A label with a character that the recogniser does not know is an error.
func Load(pack *models.Pack, faces *face.Engine, templates []Template, slots int) (*Reader, error) {
	nets, err := loadNetworks(pack, slots)
	if err != nil {
		return nil, err
	}
	r := &Reader{nets: nets, faces: faces, templates: templates}
	classes := map[string]int{}
	for i, c := range nets.characters {
		if _, ok := classes[c]; !ok {
			classes[c] = i
		}
	}
	for _, t := range templates {
		words := make([][]int, len(t.Labels))
		for i, l := range t.Labels {
			var ok bool
			if words[i], ok = spell(l.Text, classes); !ok {
				nets.close()
				return nil, templateError(t.ID, errUnknownLetter(l.Text))
			}
		}
		r.words = append(r.words, words)
	}
	return r, nil
}

type errUnknownLetter string

func (e errUnknownLetter) Error() string {
	return "label " + string(e) + " has a character that the recogniser does not know"
}

// Close frees the networks. No reading may be under way.
func (r *Reader) Close() { r.nets.close() }

// Read finds the document in a picture, reads its fields and checks picture and fields. today is what expiry and the
// plausibility of dates are measured by. A picture without a known document is not an error: see Reading.Template. Errors
// are those of the networks and of the context.
func (r *Reader) Read(ctx context.Context, img *capture.Image, today time.Time) (*Reading, error) {
	start := time.Now()
	p := newPhoto(img)
	outlines := locate(p)
	if err := ended(ctx); err != nil {
		return nil, err
	}
	out := &Reading{}
	out.Timings.Locate = time.Since(start)
	start = time.Now()
	m, pg, err := r.identify(ctx, p, outlines)
	if err != nil {
		return nil, err
	}
	out.Timings.Recognise = time.Since(start)
	if m == nil {
		out.unknown(p, outlines)
		return out, nil
	}
	start = time.Now()
	out.Template, out.Country, out.Document, out.Side = m.template.ID, m.template.Country, m.template.Document, m.template.Side
	out.WidthMM, out.HeightMM, out.Located = m.template.Width, m.template.Height, pg.located
	out.toPhoto = m.toPlane.then(pg.toPhoto)
	out.Corners = out.toPhoto.quad(Rect{0, 0, out.WidthMM, out.HeightMM}.quad())
	lines, ok := pg.linesOn(m)
	if !ok {
		out = &Reading{Timings: out.Timings}
		out.unknown(p, outlines)
		return out, nil
	}
	out.hidden = hiddenPlaces(m)
	for i := range m.template.Fields {
		values, err := r.field(ctx, p, m, out, lines, &m.template.Fields[i])
		if err != nil {
			return nil, err
		}
		out.Values = append(out.Values, values...)
	}
	out.crossCheck(m.template)
	out.Timings.Fields = time.Since(start)
	start = time.Now()
	if err := r.checkPicture(ctx, p, m.template, out, lines, today); err != nil {
		return nil, err
	}
	out.Timings.Checks = time.Since(start)
	return out, nil
}

// page is a part of the picture that is taken for a document, as a plane in nominal millimetres.
type page struct {
	size    Rect
	toPhoto homography
	located bool
	lines   []Rect
	seen    [][]found
}

// nominal is the size that a page has before its template is known.
func nominal() Rect { return Rect{0, 0, 85.60, 53.98} }

// identify tries the outlines, then the words alone, and gives the template that fits best with the page it is on; nil
// when none does.
func (r *Reader) identify(ctx context.Context, p *photo, outlines []candidate) (*match, *page, error) {
	var best *match
	var bestPage *page
	try := func(q Quad, located bool, trust float64) error {
		for turn := range 2 {
			pg, err := r.lookAt(ctx, p, q, located)
			if err != nil || pg == nil {
				return err
			}
			if m := r.matchPage(pg.seen, pg.size, trust); m != nil && (best == nil || m.share > best.share) {
				best, bestPage = m, pg
			}
			// Whether the page stands on its head was voted on; where no template fits, the vote may have been wrong.
			if best != nil || turn == 1 || len(pg.lines) == 0 {
				return nil
			}
			q = pg.toPhoto.quad(pg.size.quad()).turned()
		}
		return nil
	}
	for _, o := range outlines[:min(len(outlines), 2)] {
		if err := try(o.quad, true, 0.25); err != nil {
			return nil, nil, err
		}
		if best != nil && best.share > 0.6 {
			return best, bestPage, nil
		}
	}
	quads, err := r.byWords(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	for _, q := range quads {
		share := 0.0
		if best != nil {
			share = best.share
		}
		// A page placed by its words is aligned by them once more, which takes perspective into account bit by bit.
		if err := try(q, false, 0); err != nil {
			return nil, nil, err
		}
		if best != nil && best.share > max(0.6, share) {
			break
		}
	}
	return best, bestPage, nil
}

// lookAt rectifies a page, turns it upright by its text, and searches its lines for the labels of all templates.
func (r *Reader) lookAt(ctx context.Context, p *photo, q Quad, located bool) (*page, error) {
	pg := &page{size: nominal(), located: located}
	in := r.nets.detector.Input
	raster := Rect{0, 0, float64(in.Width), float64(in.Height)}
	var ok bool
	if pg.toPhoto, ok = rectToQuad(pg.size, q); !ok {
		return nil, nil
	}
	toPage := homography{pg.size.W / raster.W, 0, 0, 0, pg.size.H / raster.H, 0, 0, 0, 1}
	lines, err := r.nets.find(ctx, p, view{w: in.Width, h: in.Height, toPhoto: toPage.then(pg.toPhoto)})
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		q := toPage.quad(l.quad)
		pg.lines = append(pg.lines, bounds(q[:]))
	}
	if err := r.standUpright(ctx, p, pg); err != nil {
		return nil, err
	}
	pg.seen, err = r.sightings(ctx, p, pg.lines, pg.toPhoto)
	return pg, err
}

// standUpright turns a page around if most of its longest lines stand on their heads.
func (r *Reader) standUpright(ctx context.Context, p *photo, pg *page) error {
	longest := slices.Clone(pg.lines)
	slices.SortStableFunc(longest, func(a, b Rect) int { return cmp.Compare(b.W, a.W) })
	var sum float64
	n := min(len(longest), 7)
	for _, l := range longest[:n] {
		u, err := r.nets.upright(ctx, p, pg.toPhoto.quad(l.quad()))
		if err != nil {
			return err
		}
		sum += u - 0.5
	}
	if sum >= 0 {
		return nil
	}
	w, h := pg.size.W, pg.size.H
	pg.toPhoto = homography{-1, 0, w, 0, -1, h, 0, 0, 1}.then(pg.toPhoto)
	for i, l := range pg.lines {
		pg.lines[i] = Rect{w - l.X - l.W, h - l.Y - l.H, l.W, l.H}
	}
	return nil
}

// mostSearched bounds the lines that labels are searched in.
const mostSearched = 60

// sightings gives, for each template, the labels found in the lines.
func (r *Reader) sightings(ctx context.Context, p *photo, lines []Rect, toPhoto homography) ([][]found, error) {
	seen := make([][]found, len(r.templates))
	for _, l := range lines[:min(len(lines), mostSearched)] {
		if err := ended(ctx); err != nil {
			return nil, err
		}
		err := r.nets.read(ctx, p, l.quad(), toPhoto, nil, func(t *script) {
			for i, words := range r.words {
				for k, word := range words {
					if s, ok := t.look(word); ok {
						y := l.Y + l.H/2
						seen[i] = append(seen[i], found{label: k, p: s.p, height: l.H,
							centre: Point{l.X + l.W*(s.from+s.to)/2, y}, left: Point{l.X + l.W*s.from, y}})
					}
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// byWords gives outlines that follow from the text alone, most likely first: those of a template whose labels are found
// in the picture, and the picture's own edges.
func (r *Reader) byWords(ctx context.Context, p *photo) ([]Quad, error) {
	w, h := p.size()
	in := r.nets.detector.Input
	unit := max(w/float64(in.Width), h/float64(in.Height))
	lines, err := r.nets.find(ctx, p, view{w: min(in.Width, int(w/unit)), h: min(in.Height, int(h/unit)), toPhoto: homography{unit, 0, 0, 0, unit, 0, 0, 0, 1}})
	if err != nil {
		return nil, err
	}
	whole := Quad{{0, 0}, {w, 0}, {w, h}, {0, h}}
	if h > w {
		whole = Quad{whole[3], whole[0], whole[1], whole[2]}
	}
	if len(lines) < 3 {
		return []Quad{whole}, nil
	}
	for i := range lines {
		for k := range lines[i].quad {
			lines[i].quad[k] = lines[i].quad[k].times(unit)
		}
	}
	angle := direction(lines)
	sin, cos := math.Sincos(angle)
	for range 2 {
		toPhoto := homography{cos, -sin, 0, sin, cos, 0, 0, 0, 1}
		back, _ := toPhoto.inverse()
		var flat []Rect
		for _, l := range lines {
			q := back.quad(l.quad)
			flat = append(flat, bounds(q[:]))
		}
		if up, err := r.mostlyUpright(ctx, p, flat, toPhoto); err != nil {
			return nil, err
		} else if !up {
			sin, cos = -sin, -cos
			continue
		}
		seen, err := r.sightings(ctx, p, flat, toPhoto)
		if err != nil {
			return nil, err
		}
		if m := r.matchPicture(seen); m != nil {
			return []Quad{m.toPlane.then(toPhoto).quad(Rect{0, 0, m.template.Width, m.template.Height}.quad()), whole}, nil
		}
		break
	}
	return []Quad{whole}, nil
}

func (r *Reader) mostlyUpright(ctx context.Context, p *photo, lines []Rect, toPhoto homography) (bool, error) {
	longest := slices.Clone(lines)
	slices.SortStableFunc(longest, func(a, b Rect) int { return cmp.Compare(b.W, a.W) })
	var sum float64
	for _, l := range longest[:min(len(longest), 7)] {
		u, err := r.nets.upright(ctx, p, toPhoto.quad(l.quad()))
		if err != nil {
			return false, err
		}
		sum += u - 0.5
	}
	return sum >= 0, nil
}

// direction gives the angle (radians, −π/2 to π/2) in which the lines run, long lines counting more.
func direction(lines []textLine) float64 {
	var x, y float64
	for _, l := range lines {
		d := l.quad[1].minus(l.quad[0])
		w, h := l.quad.sides()
		// Doubled, opposite directions are one; the weight is how much longer than high a line is.
		a := 2 * math.Atan2(d.Y, d.X)
		x += math.Cos(a) * max(0, w-h)
		y += math.Sin(a) * max(0, w-h)
	}
	return math.Atan2(y, x) / 2
}

// linesOn gives a page's lines in the template's millimetres.
func (pg *page) linesOn(m *match) ([]Rect, bool) {
	back, ok := m.toPlane.inverse()
	if !ok {
		return nil, false
	}
	lines := make([]Rect, len(pg.lines))
	for i, l := range pg.lines {
		q := back.quad(l.quad())
		lines[i] = bounds(q[:])
	}
	return lines, true
}

// placeOf gives a region of a template, from its label where it is near one; ok is false when that was not found.
func (m *match) placeOf(region []float64, near string) (Rect, bool) {
	r := rectOf(region)
	if near == "" {
		return r, true
	}
	back, ok := m.toPlane.inverse()
	if !ok {
		return r, false
	}
	for _, f := range m.labels {
		if m.template.Labels[f.label].Text == near {
			at := back.apply(Point{f.left.X, f.left.Y - f.height*0.3})
			return Rect{at.X + r.X, at.Y + r.Y, r.W, r.H}, true
		}
	}
	return r, false
}

// hiddenPlaces gives the rectangles that are never read. One near a label that was not found cannot be told from the
// rest, so everything is hidden: nothing is read that must not be.
func hiddenPlaces(m *match) []Rect {
	var all []Rect
	for _, h := range m.template.Hidden {
		r, ok := m.placeOf(h.Region, h.Near)
		if !ok {
			r = Rect{0, 0, m.template.Width, m.template.Height}
		}
		all = append(all, r)
	}
	return all
}
