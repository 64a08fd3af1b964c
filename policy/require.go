package policy

import (
	"slices"

	"truename"
)

// Requirement is a finding that must be gathered.
type Requirement struct {
	Stage truename.Stage `json:"stage"`
	Party truename.Party `json:"party"`
	// Purpose of a consent; empty for other stages.
	Purpose truename.Purpose `json:"purpose,omitempty"`
}

// Missing gives what must still be gathered before a ruling makes sense, in the order in which it is best gathered; nil
// when nothing is. A finding that did not pass is not missing: it was gathered. The exception is a consent, which is
// missing until it is given. A check in person is missing until as many different people have made it as the pack asks for.
func (p *Pack) Missing(c truename.Case) []Requirement {
	var missing []Requirement
	for _, r := range p.required(&c) {
		if p.missing(&c, r) {
			missing = append(missing, r)
		}
	}
	return missing
}

// required gives all that the pack requires for a case.
func (p *Pack) required(c *truename.Case) []Requirement {
	var all []Requirement
	document := func(party truename.Party) {
		all = append(all, Requirement{truename.StageConsent, party, truename.PurposeIdentity},
			Requirement{Stage: truename.StageDocument, Party: party})
	}
	person := func(party truename.Party) {
		document(party)
		all = append(all, p.verification(c.Route, party)...)
	}
	switch {
	case c.Person(truename.Proxy) != nil: // the applicant is absent: the proxy shows both documents
		document(truename.Applicant)
		person(truename.Proxy)
	case p.minor(c) && p.form.Guardian.Minor == "document":
		document(truename.Applicant)
	default:
		person(truename.Applicant)
	}
	if p.minor(c) && !p.form.Guardian.Holds {
		person(truename.Guardian)
	}
	if c.Kind == truename.OwnershipTransfer {
		person(truename.Transferor)
	}
	if party, ok := holder(c.Kind); ok {
		all = append(all, Requirement{Stage: truename.StageHolder, Party: party})
	}
	return all
}

// verification gives what ties a present person to the document, by route.
func (p *Pack) verification(route truename.Route, party truename.Party) []Requirement {
	if route == truename.RouteInPerson {
		return []Requirement{{Stage: truename.StageInPerson, Party: party}}
	}
	all := []Requirement{{truename.StageConsent, party, truename.PurposeFaceVerification}}
	if p.liveness == needed {
		all = append(all, Requirement{Stage: truename.StageLiveness, Party: party})
	}
	all = append(all, Requirement{Stage: truename.StageComparison, Party: party})
	if p.duplicate == needed {
		all = append(all, Requirement{Stage: truename.StageDuplicate, Party: party})
	}
	return all
}

// holder gives the party that must be the holder of the number.
func holder(k truename.RegistrationKind) (truename.Party, bool) {
	switch k {
	case truename.SIMReplacement, truename.Reverification:
		return truename.Applicant, true
	case truename.OwnershipTransfer:
		return truename.Transferor, true
	}
	return "", false
}

// minor says whether the applicant needs a guardian.
func (p *Pack) minor(c *truename.Case) bool {
	a := c.Person(truename.Applicant)
	return a != nil && a.Age >= 0 && a.Age < p.form.Guardian.Under
}

func (p *Pack) missing(c *truename.Case, r Requirement) bool {
	switch r.Stage {
	case truename.StageConsent:
		return !p.consented(c, r.Party, r.Purpose)
	case truename.StageDocument:
		person := c.Person(r.Party)
		return person == nil || person.Document == "" || truename.Latest(c.Findings, r.Stage, r.Party) == nil
	case truename.StageInPerson:
		checks := checksInPerson(c, r.Party)
		settled := slices.ContainsFunc(checks, func(f truename.Finding) bool { return f.State != truename.FindingPassed })
		return !settled && len(checks) < p.form.InPerson.Eyes
	}
	return latestSince(c, r.Stage, r.Party) == nil
}

// consented says whether a consent to a purpose is in force that was given by whoever could give it: by the party itself, or
// for an applicant who needs a guardian by the guardian. What was given before a withdrawal counts for nothing.
func (p *Pack) consented(c *truename.Case, party truename.Party, purpose truename.Purpose) bool {
	by := party
	if party == truename.Applicant && p.minor(c) && !p.form.Guardian.Holds {
		by = truename.Guardian
	}
	for _, f := range slices.Backward(c.Findings) {
		if f.Stage != truename.StageConsent || f.Party != party || f.Labels["purpose"] != string(purpose) {
			continue
		}
		if f.State != truename.FindingPassed {
			return false
		}
		if f.Labels["given_by"] == string(by) {
			return true
		}
	}
	return false
}

// latestConsent gives the last word of a party on a purpose, nil when it has said none.
func latestConsent(c *truename.Case, party truename.Party, purpose truename.Purpose) *truename.Finding {
	for i := len(c.Findings) - 1; i >= 0; i-- {
		f := &c.Findings[i]
		if f.Stage == truename.StageConsent && f.Party == party && f.Labels["purpose"] == string(purpose) {
			return f
		}
	}
	return nil
}

// latestSince gives the last finding of a stage about a party. What was compared with a document or checked against it
// counts only if no other reading of the document came after it.
func latestSince(c *truename.Case, s truename.Stage, party truename.Party) *truename.Finding {
	for i := len(c.Findings) - 1; i >= 0; i-- {
		f := &c.Findings[i]
		switch {
		case f.Party != party:
		case f.Stage == s:
			return f
		case f.Stage == truename.StageDocument && s == truename.StageComparison:
			return nil
		}
	}
	return nil
}

// checksInPerson gives the last check of each member of staff, since the document was last read, in the order they were
// made. Checks by nobody do not count.
func checksInPerson(c *truename.Case, party truename.Party) []truename.Finding {
	var checks []truename.Finding
	for _, f := range c.Findings {
		if f.Party != party {
			continue
		}
		switch f.Stage {
		case truename.StageDocument:
			checks = nil
		case truename.StageInPerson:
			checks = slices.DeleteFunc(checks, func(old truename.Finding) bool { return old.By == f.By })
			if f.By != "" || f.State != truename.FindingPassed {
				checks = append(checks, f)
			}
		}
	}
	return checks
}
