package registration

import (
	"context"
	"slices"
	"time"

	"truename"
)

// Bounds on attempts.
const (
	// maxFindings bounds what one registration gathers of a stage and party where the pack has no cap.
	maxFindings = 20
	// perDay is how many times the cap of one registration a person may fail at a look at the face within a day, whatever
	// the number of registrations.
	perDay = 3
	day    = 24 * time.Hour
)

// attempt refuses one more try when the pack's cap is reached: in this registration, or within a day in all of the person's.
// The route in_person knows no such cap.
func (f *Flow) attempt(ctx context.Context, s truename.Snapshot, stage truename.Stage, party truename.Party) error {
	r := &s.Registration
	pack, err := f.pack(ctx, r.Pack)
	if err != nil {
		return err
	}
	most, capped := pack.Settings().RetryCaps[stage]
	if !capped {
		most = maxFindings
	}
	if tries(r, stage, party) >= most {
		return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeAttemptsExhausted,
			Detail: "The number of attempts at this step is used up.",
			Remedy: "Ask for a decision: a person will look at the case; or open a registration on the route in_person."}
	}
	if p := r.Person(party); p != nil && failures(s.Subjects[p.Subject], stage, f.Now()) >= perDay*most {
		return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeAttemptsExhausted,
			Detail: "Too many attempts at this step have not passed for this person within a day.",
			Remedy: "Open a registration on the route in_person, or try again tomorrow."}
	}
	return nil
}

// tries counts what one registration has of a stage and party.
func tries(r *truename.Registration, stage truename.Stage, party truename.Party) (n int) {
	for _, x := range r.Findings {
		if x.Stage == stage && x.Party == party {
			n++
		}
	}
	return n
}

// failures counts a person's attempts at a stage that did not pass within a day.
func failures(s truename.Subject, stage truename.Stage, now time.Time) (n int) {
	for _, a := range s.Attempts {
		if a.Stage == stage && now.Sub(a.At) < day {
			n++
		}
	}
	return n
}

// count adds a look at a face that did not pass to the person's attempts, with the commit of its finding. The person's are
// locked with the registration, so that many registrations at once win no attempt.
func (f *Flow) count(s truename.Snapshot, c *truename.Commit, finding truename.Finding) {
	looked := finding.Stage == truename.StageComparison || finding.Stage == truename.StageLiveness
	if !looked || finding.State != truename.FindingFailed && finding.State != truename.FindingUndecided {
		return
	}
	person, known := s.Subjects[c.Registration.Person(finding.Party).Subject]
	if !known {
		return
	}
	old := slices.DeleteFunc(slices.Clone(person.Attempts), func(a truename.Attempt) bool { return finding.At.Sub(a.At) >= day })
	person.Attempts = append(old, truename.Attempt{Stage: finding.Stage, At: finding.At})
	c.Subjects = append(c.Subjects, person)
}
