package registration

import (
	"context"
	"maps"
	"math"
	"regexp"
	"slices"
	"time"

	"truename"
)

// gather records a finding, with whatever more belongs to it, while the registration is open.
func (f *Flow) gather(ctx context.Context, by Request, id string, finding truename.Finding,
	more func(truename.Snapshot, *truename.Registration, *truename.Commit) error) (truename.Finding, error) {
	finding.ID, finding.By, finding.At = by.id("finding", id), by.Actor.ID, f.Now().UTC()
	if !slices.Contains(truename.Parties, finding.Party) {
		return finding, invalid("The party is unknown.", "Use one of applicant, guardian, proxy, transferor.")
	}
	err := f.change(ctx, id, by, func(s truename.Snapshot) (truename.Commit, error) {
		r := next(s)
		known, err := repeated(r, finding)
		if err != nil {
			return truename.Commit{}, err
		}
		if known != nil {
			finding = *known
			return truename.Commit{}, errDone
		}
		if _, err := advance(r.State, stepGather); err != nil {
			return truename.Commit{}, err
		}
		if err := f.over(r); err != nil {
			return truename.Commit{}, err
		}
		if err := alive(s, finding.Party); err != nil {
			return truename.Commit{}, err
		}
		if err := f.attempt(ctx, s, finding.Stage, finding.Party); err != nil {
			return truename.Commit{}, err
		}
		commit := truename.Commit{Registration: r}
		if err := more(s, r, &commit); err != nil {
			return truename.Commit{}, err
		}
		f.count(s, &commit, finding)
		r.Findings = append(r.Findings, finding)
		leaf, err := f.leaf("finding", map[string]any{"registration": r.ID, "version": r.Version, "finding": finding})
		commit.Leaves = []truename.Leaf{leaf}
		return commit, err
	})
	if err != nil {
		return truename.Finding{}, err // what was measured and not recorded is nobody's to know
	}
	return finding, nil
}

// Reasons why a check of a person against the original document fails.
const (
	ReasonNotTheHolder    truename.Code = "not_the_holder" // another person is on the document
	ReasonDocumentAltered truename.Code = "document_altered"
	ReasonDocumentExpired truename.Code = "document_expired"
	ReasonNotOriginal     truename.Code = "not_original" // a copy, or a picture on a screen
	ReasonCoerced         truename.Code = "coerced"      // the person seems to be made to do this
	ReasonOther           truename.Code = "other"
)

// InPersonReasons lists every reason that a failed check can have.
var InPersonReasons = []truename.Code{ReasonNotTheHolder, ReasonDocumentAltered, ReasonDocumentExpired, ReasonNotOriginal, ReasonCoerced, ReasonOther}

// CheckInPerson records that a member of staff has checked a party against the original document, on the route without
// a face. Two different people do it; the policy counts them.
func (f *Flow) CheckInPerson(ctx context.Context, by Request, id string, party truename.Party, same bool, reason truename.Code) (truename.Finding, error) {
	if by.Actor.Kind != truename.ActorStaff {
		return truename.Finding{}, &truename.Error{Kind: truename.KindForbidden, Code: truename.CodeForbidden,
			Detail: "Only a member of staff can check a person against a document.", Remedy: "Sign in as yourself."}
	}
	finding := truename.Finding{Stage: truename.StageInPerson, Party: party, State: truename.FindingPassed}
	switch {
	case same && reason != "":
		return finding, invalid("A check that passes has no reason.", "Leave the reason out, or say that it is not the same person.")
	case !same && !slices.Contains(InPersonReasons, reason):
		return finding, invalid("A check that fails needs a reason from the list.",
			"Use one of not_the_holder, document_altered, document_expired, not_original, coerced, other.")
	case !same:
		finding.State, finding.Reasons = truename.FindingFailed, []truename.Code{reason}
	}
	return f.gather(ctx, by, id, finding, func(s truename.Snapshot, r *truename.Registration, _ *truename.Commit) error {
		if r.Person(party) == nil || r.Person(party).Document == "" {
			return wrongState("The party's document has not been recorded yet.")
		}
		for _, p := range r.Parties {
			if by.Actor.Subject != "" && by.Actor.Subject == p.Subject {
				return &truename.Error{Kind: truename.KindForbidden, Code: truename.CodeForbidden,
					Detail: "Nobody checks a registration in which they take part.", Remedy: "Ask a colleague."}
			}
		}
		for _, x := range slices.Backward(r.Findings) {
			if x.Party == party && x.Stage == truename.StageDocument {
				break // a check of another reading of the document
			}
			if x.Party == party && x.Stage == truename.StageInPerson && x.By == by.Actor.ID {
				return wrongState("This member of staff has already checked this party; a second pair of eyes is needed.")
			}
		}
		return needConsent(s, party, truename.PurposeIdentity)
	})
}

var (
	codeForm = regexp.MustCompile(`^[a-z][a-z0-9_]{1,63}$`)
	// longNumber is what could be the number of a phone or a document.
	longNumber = regexp.MustCompile(`[0-9]{6}`)
)

// RecordSignals records the operator's own signals about a party (risk score, device seen before, one-time code), for
// the conditions it has written itself. They can make a decision stricter, never more lenient.
func (f *Flow) RecordSignals(ctx context.Context, by Request, id string, party truename.Party, measures map[string]float64, labels map[string]string) (truename.Finding, error) {
	if len(measures)+len(labels) == 0 || len(measures)+len(labels) > 32 {
		return truename.Finding{}, invalid("One to 32 signals can be recorded at once.", "Send fewer, or at least one.")
	}
	for name, value := range measures {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return truename.Finding{}, invalid("A signal's value is not a finite number.", "Leave out what was not measured.")
		}
		if !codeForm.MatchString(name) || longNumber.MatchString(name) {
			return truename.Finding{}, invalid("A signal's name is not in snake_case, or has a long number in it.", "Use for example sim_swap_risk.")
		}
	}
	for name, value := range labels {
		if !codeForm.MatchString(name) || !codeForm.MatchString(value) || longNumber.MatchString(name+"_"+value) {
			return truename.Finding{}, invalid("A label's name or value is not a code in snake_case, or has a long number in it.",
				"Send codes, never text and nobody's number: signals are stored in the clear.")
		}
	}
	finding := truename.Finding{Stage: truename.StageCarrier, Party: party, State: truename.FindingPassed,
		Measures: maps.Clone(measures), Labels: maps.Clone(labels)}
	return f.gather(ctx, by, id, finding, func(truename.Snapshot, *truename.Registration, *truename.Commit) error { return nil })
}

// consentFinding makes the finding of a consent given or withdrawn.
func consentFinding(c truename.Consent, state truename.FindingState, by string, at time.Time) truename.Finding {
	return truename.Finding{ID: newID(), Stage: truename.StageConsent, Party: c.Party, State: state,
		Labels: map[string]string{"purpose": string(c.Purpose), "given_by": string(c.GivenBy)}, By: by, At: at}
}
