package truename

import "time"

// Stage is what made a finding.
type Stage string

// Stages.
const (
	StageConsent    Stage = "consent"    // labels "purpose", "given_by" (a party); a withdrawn consent is a finding too
	StageDocument   Stage = "document"   // the document was read; labels "source" (chip, ocr, reader, desk), "original" (original, copy), "portrait" (recorded)
	StageComparison Stage = "comparison" // live face against portrait; measures "score", "fmr", "threshold"; label "capture": the capture session of the live face
	StageLiveness   Stage = "liveness"   // presentation attack detection (ISO/IEC 30107-3); label "capture": the capture session that was looked at
	StageDuplicate  Stage = "duplicate"  // the same face under another identity; measure "candidates"
	StageInPerson   Stage = "in_person"  // a member of staff has checked the person against the original document
	StageHolder     Stage = "holder"     // the number is registered to the person it has to be, or to nobody where it has to be free
	StageCarrier    Stage = "carrier"    // the operator's own signals, for its own conditions; any labels and measures
	StageReview     Stage = "review"     // a reviewer's verdict; labels "verdict" (approve, refuse) and "code"
	StageAppeal     Stage = "appeal"     // the customer has appealed
)

// FindingState is what a stage concluded.
type FindingState string

// States of a finding.
const (
	FindingPassed      FindingState = "passed"
	FindingFailed      FindingState = "failed"
	FindingUndecided   FindingState = "undecided"   // measured, but in between, or the sample was not usable
	FindingUnavailable FindingState = "unavailable" // the stage could not do its work: it says nothing about the person
)

// Finding is what a stage measured about a party. It holds codes and numbers, nothing that identifies a person.
type Finding struct {
	ID      string       `json:"id"`
	Stage   Stage        `json:"stage"`
	Party   Party        `json:"party"`
	State   FindingState `json:"state"`
	Reasons []Code       `json:"reasons,omitempty"`
	// Measures are numbers, by the field's term, in the unit the term or its suffix says: score, fmr, age_days.
	Measures map[string]float64 `json:"measures,omitempty"`
	// Labels are codes in snake_case, never free text.
	Labels map[string]string `json:"labels,omitempty"`
	By     string            `json:"by"` // id of the actor on whose request it was made
	At     time.Time         `json:"at"`
}

// Latest gives the last finding of a stage about a party, nil when there is none.
func Latest(findings []Finding, s Stage, p Party) *Finding {
	for i := len(findings) - 1; i >= 0; i-- {
		if findings[i].Stage == s && findings[i].Party == p {
			return &findings[i]
		}
	}
	return nil
}
