package visual

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/document"
)

func TestDocumentFindings(t *testing.T) {
	r := &Reading{Findings: []Finding{{Check: "glare", State: truename.FindingUndecided, Value: 0.2, Limit: 0.03, Reason: ReasonGlare}},
		Values: []Value{{Name: "name", Text: "x", Confidence: 0.9, State: StateRead}, {Name: "sex", State: StateMissing, Reasons: []truename.Code{ReasonMissing}}}}
	want := []document.Finding{
		{Check: "glare", State: truename.FindingUndecided, Reasons: []truename.Code{ReasonGlare}, Measures: map[string]float64{"glare": 0.2, "limit": 0.03}},
		{Check: document.CheckReadQuality, Place: "name", State: truename.FindingPassed, Measures: map[string]float64{"confidence": 0.9}},
		{Check: document.CheckReadQuality, Place: "sex", State: truename.FindingUndecided, Reasons: []truename.Code{ReasonMissing}, Measures: map[string]float64{"confidence": 0}},
	}
	if diff := cmp.Diff(want, r.DocumentFindings()); diff != "" {
		t.Error(diff)
	}
	if document.Worst(r.DocumentFindings()) != truename.FindingUndecided {
		t.Error("a doubtful reading passes")
	}
}
