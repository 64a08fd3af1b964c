package visual

import (
	"truename"
	"truename/document"
)

// DocumentFindings gives the findings in the form that all packages about documents share. A value's measure has the
// check's name, its limit is named "limit".
func (r *Reading) DocumentFindings() []document.Finding {
	var all []document.Finding
	for _, f := range r.Findings {
		d := document.Finding{Check: document.Check(f.Check), State: f.State, Measures: map[string]float64{f.Check: f.Value, "limit": f.Limit}}
		if f.Reason != "" {
			d.Reasons = []truename.Code{f.Reason}
		}
		all = append(all, d)
	}
	for _, v := range r.Values {
		d := document.Finding{Check: document.CheckReadQuality, Place: v.Name, State: truename.FindingPassed, Measures: map[string]float64{"confidence": v.Confidence}}
		if v.State != StateRead {
			d.State, d.Reasons = truename.FindingUndecided, v.Reasons
		}
		all = append(all, d)
	}
	return all
}
