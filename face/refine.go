package face

import "context"

// refine finds the landmarks of a detected face.
func (e *Engine) refine(ctx context.Context, pic *picture, d Detection) (*Landmarks, error) {
	return e.locate(ctx, pic, e.landmarks.boxCrop(d), false)
}

// template makes the template.
func (e *Engine) template(ctx context.Context, pic *picture, l *Landmarks) (Template, error) {
	v, err := e.features(ctx, pic, similarity(e.alignTo(), l.Five()))
	return Template{e.Model(), v}, err
}

func (e *Engine) alignTo() []Point {
	var to []Point
	for _, p := range e.recogniser.Crop.Points {
		to = append(to, Point{p[0], p[1]})
	}
	return to
}
