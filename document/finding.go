package document

import "truename"

// Check names something that was measured on a document. Codes are stable, in snake_case.
type Check string

// Checks of the document packages. A package below document adds its own where the word belongs to it alone.
const (
	CheckNumber      Check = "number"       // the document's number keeps its scheme
	CheckMRZ         Check = "mrz"          // the machine readable zone was found and every check digit holds
	CheckExpiry      Check = "expiry"       // the document has not expired
	CheckBirthDate   Check = "birth_date"   // the birth date exists and lies in the past
	CheckSpecimen    Check = "specimen"     // issued by a state that exists, not a specimen
	CheckConsistency Check = "consistency"  // what stands twice on the document agrees
	CheckComposition Check = "composition"  // fields hold only what the standard lets them hold
	CheckNameWhole   Check = "name_whole"   // the name was not truncated
	CheckReadQuality Check = "read_quality" // every character was read with certainty
)

// Finding is what one check of a document came to. It holds codes and numbers, no personal data.
type Finding struct {
	Check Check                 `json:"check"`
	State truename.FindingState `json:"state"`
	// Reasons say why the state is not passed.
	Reasons []truename.Code `json:"reasons,omitempty"`
	// Place is where on the document: "line 2, position 20", the name of a field; empty for the whole.
	Place string `json:"place,omitempty"`
	// Measures are numbers by name, in the unit the name says.
	Measures map[string]float64 `json:"measures,omitempty"`
}

// Worst gives the state of all findings together: failed before unavailable before undecided before passed. Of no
// findings it is unavailable: nothing was measured.
func Worst(findings []Finding) truename.FindingState {
	order := []truename.FindingState{truename.FindingPassed, truename.FindingUndecided, truename.FindingUnavailable, truename.FindingFailed}
	if len(findings) == 0 {
		return truename.FindingUnavailable
	}
	worst := 0
	for _, f := range findings {
		rank := len(order) - 1 // a state nobody knows is no pass
		for i, s := range order {
			if s == f.State {
				rank = i
			}
		}
		worst = max(worst, rank)
	}
	return order[worst]
}
