package registration

import (
	"context"
	"maps"
	"math"
	"regexp"
	"slices"

	"truename"
)

// labelCapture is the label that ties a liveness check and a comparison to one capture session.
const labelCapture = "capture"

var captureForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// MayCapture says why no capture session of a party's face may begin: CodeConsentMissing, CodeAttemptsExhausted, or a state,
// route or document that does not allow it. It is asked before the first frame is taken; [Flow.RecordLiveness] asks again.
func (f *Flow) MayCapture(ctx context.Context, id string, party truename.Party) error {
	s, err := f.Records.Snapshot(ctx, id)
	if err != nil {
		return err
	}
	if err := f.over(&s.Registration); err != nil {
		return err
	}
	return f.mayLookAtFace(ctx, s, truename.StageLiveness, party)
}

// RecordLiveness records what presentation attack detection (ISO/IEC 30107-3) concluded about a capture session, whose id is
// the finding's label "capture". The finding is made by this server, from frames that it holds; by is on whose request. No
// route takes one from a client.
//
// Stage, ID, By and At are set here. State, reasons, measures (finite numbers) and labels (codes) are the caller's. A session
// gives one finding. Live is the picture file of the session that is to be compared, for a reviewer to look at; it is kept only
// where the pack stores live photos, and may be empty. The comparison that counts with this finding is the one of the same
// session: [FaceShown].Capture.
func (f *Flow) RecordLiveness(ctx context.Context, by Request, id string, finding truename.Finding, live []byte) (truename.Finding, error) {
	finding.Stage = truename.StageLiveness
	finding.Reasons, finding.Measures, finding.Labels = slices.Clone(finding.Reasons), maps.Clone(finding.Measures), maps.Clone(finding.Labels)
	if err := checkLiveness(finding); err != nil {
		return truename.Finding{}, err
	}
	capture := finding.Labels[labelCapture]
	return f.gather(ctx, by, id, finding, func(s truename.Snapshot, r *truename.Registration, c *truename.Commit) error {
		if err := f.mayLookAtFace(ctx, s, truename.StageLiveness, finding.Party); err != nil {
			return err
		}
		for _, x := range r.Findings {
			if x.Stage == truename.StageLiveness && x.Labels[labelCapture] == capture {
				return wrongState("This capture session has given its finding already.")
			}
		}
		pack, err := f.pack(ctx, r.Pack)
		if err != nil || len(live) == 0 || !pack.Settings().Store.Live {
			return err
		}
		return f.keep(ctx, r, c, s.Subjects[r.Person(finding.Party).Subject], finding.Party, truename.EvidenceLive, live)
	})
}

// checkLiveness says what is wrong with a finding that the server has made.
func checkLiveness(finding truename.Finding) error {
	states := []truename.FindingState{truename.FindingPassed, truename.FindingFailed, truename.FindingUndecided, truename.FindingUnavailable}
	code := func(c truename.Code) bool { return codeForm.MatchString(string(c)) }
	bad := func(detail string) error { return invalid(detail, "Report this as a fault of the program.") }
	switch {
	case !slices.Contains(states, finding.State):
		return bad("The finding's state is unknown.")
	case !captureForm.MatchString(finding.Labels[labelCapture]):
		return bad("The finding names no capture session.")
	case len(finding.Reasons)+len(finding.Measures)+len(finding.Labels) > 100:
		return bad("The finding holds more than 100 codes and numbers.")
	case slices.ContainsFunc(finding.Reasons, func(c truename.Code) bool { return !code(c) }):
		return bad("A reason is not a code in snake_case.")
	}
	for name, value := range finding.Measures {
		if !code(truename.Code(name)) || math.IsNaN(value) || math.IsInf(value, 0) {
			return bad("A measure has no name in snake_case or is not a finite number.")
		}
	}
	for name, value := range finding.Labels {
		if name != labelCapture && (!code(truename.Code(name)) || !labelValue.MatchString(value)) {
			return bad("A label is not a code.")
		}
	}
	return nil
}

// labelValue is a code, or the name or digest of a model.
var labelValue = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/+-]{0,127}$`)
