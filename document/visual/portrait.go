package visual

import (
	"context"
	"math"

	"truename"
)

// mostPortraitPixels bounds a portrait's width: recognition reads no more.
const mostPortraitPixels = 900

// portrait finds the holder's portrait where the template has it, at the picture's own resolution, and says whether it can
// be compared: the limits are those of package face for portraits.
func (r *Reader) portrait(ctx context.Context, p *photo, t *Template, out *Reading) error {
	place := rectOf(t.Portrait)
	scale := min(out.toPhoto.scaleAt(place.centre()), mostPortraitPixels/place.W)
	if !(scale > 0.5) || math.IsInf(scale, 0) {
		scale = 0.5
	}
	img := out.render(p, place, scale)
	a, err := r.faces.Analyze(ctx, img, truename.UsePortrait)
	if err != nil {
		return err
	}
	found := &Portrait{Image: img, Place: out.toPhoto.quad(place.quad()), Usable: true}
	for _, problem := range a.Problems() {
		found.Usable = false
		found.Problems = append(found.Problems, problem.Code)
	}
	limit := 0.0
	for _, m := range a.Quality {
		if m.Name == "inter_eye_distance" {
			found.InterEyePX, limit = m.Value, m.Limit
		}
	}
	f := Finding{Check: "portrait", State: truename.FindingPassed, Value: found.InterEyePX, Limit: limit, Unit: "px"}
	if a.Faces == 0 {
		f.State, f.Reason = truename.FindingUndecided, ReasonPortrait
	} else {
		out.Portrait = found
		if !found.Usable {
			f.State, f.Reason = truename.FindingUndecided, found.Problems[0]
		}
	}
	out.Findings = append(out.Findings, f)
	return nil
}
