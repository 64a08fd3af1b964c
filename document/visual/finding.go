package visual

import (
	"slices"
	"time"

	"truename"
)

// Finding gives the whole reading as the finding of the stage document: passed only when every value was read with
// certainty and every check passed; failed when a check failed; undecided otherwise. Measures are the values of the
// checks by their names. id, party, by and at are the caller's.
func (r *Reading) Finding(id string, party truename.Party, by string, at time.Time) truename.Finding {
	f := truename.Finding{ID: id, Stage: truename.StageDocument, Party: party, State: truename.FindingPassed, By: by, At: at,
		Measures: map[string]float64{}, Labels: map[string]string{"source": "ocr"}}
	if r.Template == "" || len(r.Findings) == 0 {
		f.State = truename.FindingUndecided
	}
	add := func(c truename.Code) {
		if c != "" && !slices.Contains(f.Reasons, c) {
			f.Reasons = append(f.Reasons, c)
		}
	}
	for _, v := range r.Values {
		if v.State != StateRead {
			f.State = truename.FindingUndecided
			for _, c := range v.Reasons {
				add(c)
			}
		}
	}
	for _, c := range r.Findings {
		f.Measures[c.Check] = c.Value
		switch {
		case c.State == truename.FindingFailed:
			f.State = truename.FindingFailed
		case c.State != truename.FindingPassed && f.State == truename.FindingPassed:
			f.State = truename.FindingUndecided
		}
		add(c.Reason)
	}
	return f
}
