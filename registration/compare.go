package registration

import (
	"bytes"
	"context"
	"errors"

	"truename"
)

// FaceShown is a live face, and the portrait where it was not recorded with the document.
type FaceShown struct {
	Party    truename.Party
	Live     []byte // picture file
	Portrait []byte // picture file; empty: the one recorded with the document
	// Capture is the capture session that Live was taken in: said by the server, which holds the session's frames, and never by
	// a client. Empty: a photo of no session, which does not count together with a liveness check.
	Capture string
}

// CompareFace compares a party's live face with the portrait. An unusable picture is an undecided finding that says why;
// a failure of the engine is an unavailable one. Bytes that are no picture are an error and no finding.
func (f *Flow) CompareFace(ctx context.Context, by Request, id string, shown FaceShown) (truename.Finding, error) {
	s, err := f.Records.Snapshot(ctx, id)
	if err != nil {
		return truename.Finding{}, err
	}
	if shown.Capture != "" && !captureForm.MatchString(shown.Capture) {
		return truename.Finding{}, invalid("The capture session's id is not in its form.", "Use the id that the session was given.")
	}
	asked := truename.Finding{ID: by.id("finding", id), Stage: truename.StageComparison, Party: shown.Party}
	if known, err := repeated(&s.Registration, asked); err != nil || known != nil {
		return deref(known), err
	}
	// All gates come before the first look at the face.
	if err := f.mayLookAtFace(ctx, s, truename.StageComparison, shown.Party); err != nil {
		return truename.Finding{}, err
	}
	pack, err := f.pack(ctx, s.Registration.Pack)
	if err != nil {
		return truename.Finding{}, err
	}
	settings := pack.Settings()
	portrait, err := f.reference(ctx, s, shown)
	if err != nil {
		return truename.Finding{}, err
	}
	result, err := f.Comparer.Compare(ctx, portrait, shown.Live, settings.TargetFMR)
	finding, err := comparisonFinding(shown.Party, result, settings.TargetFMR, err)
	if err != nil {
		return truename.Finding{}, err
	}
	if finding.Labels != nil && len(shown.Portrait) > 0 {
		finding.Labels["portrait"] = "sent"
	}
	if finding.Labels != nil && shown.Capture != "" {
		finding.Labels[labelCapture] = shown.Capture
	}
	return f.gather(ctx, by, id, finding, func(now truename.Snapshot, r *truename.Registration, c *truename.Commit) error {
		// The world may have changed during the comparison: a consent withdrawn, a document replaced.
		if err := f.mayLookAtFace(ctx, now, truename.StageComparison, shown.Party); err != nil {
			return err
		}
		if read(now, shown.Party).ID != read(s, shown.Party).ID {
			return stale() // what was compared is not the portrait of the document that counts now
		}
		subject := now.Subjects[r.Person(shown.Party).Subject]
		if settings.Store.Portrait && len(shown.Portrait) > 0 {
			if err := f.keep(ctx, r, c, subject, shown.Party, truename.EvidencePortrait, shown.Portrait); err != nil {
				return err
			}
		}
		if settings.Store.Live {
			if err := f.keep(ctx, r, c, subject, shown.Party, truename.EvidenceLive, shown.Live); err != nil {
				return err
			}
		}
		retain := settings.Store.Template && consented(now.Consents, shown.Party, truename.PurposeFaceRetention)
		if !retain || finding.State != truename.FindingPassed {
			return nil
		}
		protected, err := f.Vault.Protect(ctx, subject, string(truename.PurposeFaceRetention), result.Live.Model, result.Live.Vector)
		if err != nil {
			return err
		}
		return f.keep(ctx, r, c, subject, shown.Party, truename.EvidenceTemplate, protected)
	})
}

// reference gives the portrait to compare with: the one recorded with the document. Another one can only be sent where
// none was recorded; else whoever takes the live photo could choose what it is compared with.
func (f *Flow) reference(ctx context.Context, s truename.Snapshot, shown FaceShown) ([]byte, error) {
	if read(s, shown.Party).Labels["portrait"] != portraitRecorded {
		if len(shown.Portrait) == 0 {
			return nil, invalid("There is no portrait to compare with.", "Record the document's portrait, or send it with the live photo.")
		}
		return shown.Portrait, nil
	}
	recorded, err := f.unseal(ctx, s, shown.Party, truename.EvidencePortrait)
	switch {
	case err != nil && truename.AsError(err).Code == truename.CodeNotFound:
		return nil, wrongState("The portrait recorded with the document has been dropped; record the document again.")
	case err != nil:
		return nil, err
	case len(shown.Portrait) > 0 && !bytes.Equal(shown.Portrait, recorded):
		return nil, invalid("A portrait was recorded with the document; the live face is compared with that one.", "Send the live photo alone.")
	}
	return recorded, nil
}

// portraitRecorded is the value of the label "portrait" of a document whose portrait was sealed with it.
const portraitRecorded = "recorded"

// read gives the finding of the last reading of a party's document; an empty one when there is none.
func read(s truename.Snapshot, party truename.Party) truename.Finding {
	return deref(truename.Latest(s.Registration.Findings, truename.StageDocument, party))
}

func deref(f *truename.Finding) truename.Finding {
	if f == nil {
		return truename.Finding{}
	}
	return *f
}

// mayLookAtFace says why a face must not be looked at for a stage.
func (f *Flow) mayLookAtFace(ctx context.Context, s truename.Snapshot, stage truename.Stage, party truename.Party) error {
	r := &s.Registration
	if _, err := advance(r.State, stepGather); err != nil {
		return err
	}
	if r.Route != truename.RouteFace {
		return wrongState("This registration takes the route without a face.")
	}
	if err := needConsent(s, party, truename.PurposeFaceVerification); err != nil {
		return err
	}
	if p := r.Person(party); p == nil || p.Document == "" {
		return wrongState("The party's document has not been recorded yet.")
	}
	return f.attempt(ctx, s, stage, party)
}

// comparisonFinding turns what the comparer said into a finding. Errors about the request's own pictures stay errors: the
// caller can send others. All else is an engine that could not do its work.
func comparisonFinding(party truename.Party, c Comparison, target float64, err error) (truename.Finding, error) {
	f := truename.Finding{Stage: truename.StageComparison, Party: party}
	if err != nil {
		var e *truename.Error
		if errors.As(err, &e) && (e.Sample != "" || e.Kind == truename.KindBusy || e.Kind == truename.KindTimeout) {
			return f, err
		}
		f.State, f.Reasons = truename.FindingUnavailable, []truename.Code{truename.AsError(err).Code}
		return f, nil
	}
	f.Labels = map[string]string{"model": c.Model}
	switch {
	case c.Outcome == truename.OutcomeUnusable:
		f.State, f.Reasons = truename.FindingUndecided, c.Reasons
		return f, nil
	case c.Outcome == truename.OutcomeMatch && c.Score >= c.Threshold:
		f.State = truename.FindingPassed
	case c.Outcome == truename.OutcomeNoMatch:
		f.State, f.Reasons = truename.FindingFailed, []truename.Code{"no_match"}
	default: // an answer that contradicts itself is none
		f.State, f.Reasons = truename.FindingUnavailable, []truename.Code{truename.CodeEngineFailure}
		return f, nil
	}
	f.Measures = map[string]float64{"score": c.Score, "fmr": c.FMR, "threshold": c.Threshold, "target_fmr": target}
	return f, nil
}

// keep seals a piece of evidence with the commit, in place of what was kept of the party's before.
func (f *Flow) keep(ctx context.Context, r *truename.Registration, c *truename.Commit, s truename.Subject, p truename.Party, k truename.EvidenceKind, plain []byte) error {
	if err := f.replace(ctx, r, c, p, k); err != nil {
		return err
	}
	box, err := f.seal(ctx, r.ID, s, p, k, plain)
	c.Evidence = append(c.Evidence, box)
	return err
}

// replace drops with the commit what was kept of a party and kind before.
func (f *Flow) replace(ctx context.Context, r *truename.Registration, c *truename.Commit, p truename.Party, k truename.EvidenceKind) error {
	old, err := f.Records.Evidence(ctx, r.ID)
	for _, e := range old {
		if e.Party == p && e.Kind == k {
			c.DropEvidence = append(c.DropEvidence, e.ID)
		}
	}
	return err
}

// repeated gives the finding a repeated request has already made; nil: it has made none. A key that has made a finding of
// another stage or party came with another request.
func repeated(r *truename.Registration, asked truename.Finding) (*truename.Finding, error) {
	for i := range r.Findings {
		if known := &r.Findings[i]; known.ID == asked.ID {
			if known.Stage != asked.Stage || known.Party != asked.Party {
				return nil, keyReused()
			}
			return known, nil
		}
	}
	return nil, nil
}
