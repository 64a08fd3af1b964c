package visual

import (
	"cmp"
	"math"
	"slices"
)

// found is a label at its place on a plane (the rectified page or the turned picture), by the middle of its letters.
type found struct {
	label  int
	centre Point
	// left is where its first letter stands, height that of its line.
	left   Point
	height float64
	p      float64
}

// match is a template that fits: with the map from its millimetres to the plane.
type match struct {
	template *Template
	labels   []found
	// share of the labels' letters that were found where they belong, 0..1.
	share   float64
	toPlane homography
}

// tolerance, in millimetres, within which a label may be off its place on a page whose outline was found, and after
// the page was aligned by its labels.
const (
	tolerance        = 8.0
	alignedTolerance = 2.0
)

// matchPage finds the template whose labels stand where they belong on a page of the given size, its outline found.
func (r *Reader) matchPage(seen [][]found, page Rect, trust float64) *match {
	var best *match
	for i := range r.templates {
		t := &r.templates[i]
		scale := homography{page.W / t.Width, 0, 0, 0, page.H / t.Height, 0, 0, 0, 1}
		m := &match{template: t, toPlane: scale}
		total := 0
		for k, l := range t.Labels {
			total += len([]rune(l.Text))
			if f, ok := bestLabel(seen[i], k, t, scale, tolerance); ok {
				m.labels = append(m.labels, f)
			}
		}
		m.align(page, trust)
		for _, f := range m.labels {
			m.share += float64(len([]rune(t.Labels[f.label].Text))) / float64(total)
		}
		if m.share >= t.Least && len(m.labels) >= 2 && (best == nil || m.share > best.share) {
			best = m
		}
	}
	return best
}

// bestLabel gives the surest sighting of a label near its place, or anywhere when it has none.
func bestLabel(seen []found, label int, t *Template, toPlane homography, within float64) (best found, ok bool) {
	for _, f := range seen {
		if f.label != label {
			continue
		}
		score := f.p
		if box := t.Labels[label].Box; box != nil {
			off := f.centre.minus(toPlane.apply(rectOf(box).centre())).length()
			if off > within {
				continue
			}
			score -= off / within * 0.5
		}
		if !ok || score > best.p {
			best, ok = f, true
			best.p = score
		}
	}
	return best, ok
}

// align fits the map from template to plane to the labels that have places, drawn to the outline's corners as far as
// those are trusted; labels that then lie off are dropped.
func (m *match) align(page Rect, trust float64) {
	for range 3 {
		var pairs []pair
		for _, f := range m.labels {
			if box := m.template.Labels[f.label].Box; box != nil {
				pairs = append(pairs, pair{rectOf(box).centre(), f.centre, 1})
			}
		}
		if len(pairs) < 2 {
			return
		}
		if trust > 0 {
			for i, c := range (Rect{0, 0, m.template.Width, m.template.Height}).quad() {
				pairs = append(pairs, pair{c, page.quad()[i], trust})
			}
		}
		if len(pairs) < 3 {
			return
		}
		fit, ok := fitAffine(pairs)
		if !ok {
			return
		}
		m.toPlane = fit
		worst, at := 0.0, -1
		for i, f := range m.labels {
			if box := m.template.Labels[f.label].Box; box != nil {
				if d := fit.apply(rectOf(box).centre()).minus(f.centre).length(); d > worst {
					worst, at = d, i
				}
			}
		}
		if worst <= alignedTolerance {
			return
		}
		m.labels = slices.Delete(m.labels, at, at+1)
	}
}

// matchPicture finds the template whose labels stand to each other as they should, somewhere in the picture, upright:
// of all pairs of labels the similarity with which most others agree.
func (r *Reader) matchPicture(seen [][]found) *match {
	var best *match
	for i := range r.templates {
		t := &r.templates[i]
		all := slices.Clone(seen[i])
		slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(b.p, a.p) })
		all = slices.DeleteFunc(all, func(f found) bool { return t.Labels[f.label].Box == nil })
		all = all[:min(len(all), 24)]
		total := 0
		for _, l := range t.Labels {
			total += len([]rune(l.Text))
		}
		for a := range all {
			for b := a + 1; b < len(all); b++ {
				if all[a].label == all[b].label {
					continue
				}
				from := func(f found) pair { return pair{rectOf(t.Labels[f.label].Box).centre(), f.centre, 1} }
				fit, ok := fitSimilarity(from(all[a]), from(all[b]))
				scale := math.Hypot(fit[0], fit[3])
				if !ok || math.Abs(math.Atan2(fit[3], fit[0])) > 0.35 || !(scale > 0) {
					continue
				}
				m := &match{template: t, toPlane: fit}
				for k := range t.Labels {
					if t.Labels[k].Box == nil {
						continue
					}
					if f, ok := bestLabel(all, k, t, fit, 4*scale); ok {
						m.labels = append(m.labels, f)
						m.share += float64(len([]rune(t.Labels[k].Text))) / float64(total)
					}
				}
				if len(m.labels) >= 3 && m.share >= t.Least && (best == nil || m.share > best.share) {
					best = m
				}
			}
		}
	}
	if best != nil {
		var pairs []pair
		for _, f := range best.labels {
			pairs = append(pairs, pair{rectOf(best.template.Labels[f.label].Box).centre(), f.centre, 1})
		}
		// Weak pseudo-pairs at the corners keep the map close to the similarity where labels say little.
		for _, c := range (Rect{0, 0, best.template.Width, best.template.Height}).quad() {
			pairs = append(pairs, pair{c, best.toPlane.apply(c), 0.1})
		}
		if fit, ok := fitAffine(pairs); ok {
			best.toPlane = fit
		}
	}
	return best
}
