package registration

import (
	"context"
	"slices"

	"truename"
)

// ConsentGiven is a consent as the customer gave it: to one purpose, to one version of the text, in one language.
type ConsentGiven struct {
	Party       truename.Party
	GivenBy     truename.Party // empty: the party itself
	Purpose     truename.Purpose
	TextVersion string
	Language    string
}

// GiveConsent records a consent. The text's version must be the pack's present one, in a language the pack has it in.
func (f *Flow) GiveConsent(ctx context.Context, by Request, id string, c ConsentGiven) (truename.Consent, error) {
	if c.GivenBy == "" {
		c.GivenBy = c.Party
	}
	var given truename.Consent
	err := f.change(ctx, id, by, func(s truename.Snapshot) (truename.Commit, error) {
		r := next(s)
		consentID := by.id("consent", id)
		if i := slices.IndexFunc(s.Consents, func(c truename.Consent) bool { return c.ID == consentID }); i >= 0 {
			given = s.Consents[i]
			if given.Party != c.Party || given.GivenBy != c.GivenBy || given.Purpose != c.Purpose ||
				given.TextVersion != c.TextVersion || given.Language != c.Language {
				return truename.Commit{}, keyReused()
			}
			return truename.Commit{}, errDone
		}
		if _, err := advance(r.State, stepGather); err != nil {
			return truename.Commit{}, err
		}
		pack, err := f.pack(ctx, r.Pack)
		if err != nil {
			return truename.Commit{}, err
		}
		text, known := pack.Settings().Consents[c.Purpose]
		switch {
		case !slices.Contains(truename.Parties, c.Party):
			return truename.Commit{}, invalid("The party is unknown.", "Use one of applicant, guardian, proxy, transferor.")
		case c.GivenBy != c.Party && (c.GivenBy != truename.Guardian || c.Party != truename.Applicant):
			return truename.Commit{}, invalid("Only a guardian consents for somebody else, and only for an applicant.", "Let the party itself consent.")
		case !known:
			return truename.Commit{}, invalid("The pack has no consent for this purpose.", "Read the pack's consents.")
		case c.TextVersion != text.Version:
			return truename.Commit{}, invalid("This version of the consent text is not in force.", "Show the present text, version "+text.Version+".")
		case text.Text[c.Language] == "":
			return truename.Commit{}, invalid("The consent text does not exist in this language.", "Show it in a language the pack has.")
		}
		for _, err := range []error{f.over(r), alive(s, c.Party), tooOften(s.Consents, c)} {
			if err != nil {
				return truename.Commit{}, err
			}
		}
		commit := truename.Commit{Registration: r}
		person := r.Person(c.Party)
		if person == nil {
			subject, err := f.newSubject(ctx, by.id("subject", id, string(c.Party)))
			if err != nil {
				return truename.Commit{}, err
			}
			commit.Subjects = []truename.Subject{subject}
			r.Parties = append(r.Parties, truename.PartyRecord{Party: c.Party, Subject: subject.ID})
			person = r.Person(c.Party)
		}
		now := f.Now().UTC()
		given = truename.Consent{ID: consentID, Registration: r.ID, Subject: person.Subject, Party: c.Party, Purpose: c.Purpose,
			TextVersion: c.TextVersion, Language: c.Language, GivenAt: now, GivenBy: c.GivenBy, RecordedBy: by.Actor.ID}
		commit.Consents = []truename.Consent{given}
		r.Findings = append(r.Findings, consentFinding(given, truename.FindingPassed, by.Actor.ID, now))
		leaf, err := f.leaf("consent.given", given)
		commit.Leaves = []truename.Leaf{leaf}
		return commit, err
	})
	return given, err
}

// tooOften bounds how often a consent is given: each withdrawal can be followed by another.
func tooOften(consents []truename.Consent, c ConsentGiven) error {
	times := 0
	for _, x := range consents {
		if x.Party == c.Party && x.Purpose == c.Purpose {
			times++
		}
	}
	if times < maxFindings {
		return nil
	}
	return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeAttemptsExhausted,
		Detail: "This consent has been given too often in one registration.", Remedy: "Open a new registration."}
}

// WithdrawConsent withdraws a consent, in any state, and every other one of the same party to the same purpose in this
// registration: what is withdrawn is the will, not the record. What it allowed is dropped at once; an undecided registration goes
// on without it: by the other route, or not at all.
func (f *Flow) WithdrawConsent(ctx context.Context, by Request, id, consent string) error {
	return f.change(ctx, id, by, func(s truename.Snapshot) (truename.Commit, error) {
		i := slices.IndexFunc(s.Consents, func(c truename.Consent) bool { return c.ID == consent })
		if i < 0 {
			return truename.Commit{}, &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound,
				Detail: "The registration has no such consent.", Remedy: "Read its consents."}
		}
		c := s.Consents[i]
		if c.WithdrawnAt != nil {
			return truename.Commit{}, errDone
		}
		now := f.Now().UTC()
		var withdrawn []truename.Consent
		for _, x := range s.Consents {
			if x.Party == c.Party && x.Purpose == c.Purpose && x.WithdrawnAt == nil {
				x.WithdrawnAt = &now
				withdrawn = append(withdrawn, x)
			}
		}
		r := next(s)
		r.Findings = append(r.Findings, consentFinding(c, truename.FindingFailed, by.Actor.ID, now))
		evidence, err := f.Records.Evidence(ctx, id)
		if err != nil {
			return truename.Commit{}, err
		}
		commit := truename.Commit{Registration: r, Consents: withdrawn}
		for _, e := range evidence {
			if e.Party == c.Party && allowedBy(e.Kind, c.Purpose, r.State) {
				commit.DropEvidence = append(commit.DropEvidence, e.ID)
			}
		}
		event, err := f.event(r, truename.EventConsentWithdrawn)
		if err != nil {
			return truename.Commit{}, err
		}
		leaf, err := f.leaf("consent.withdrawn", map[string]any{"consent": c.ID, "by": by.Actor.ID})
		commit.Events, commit.Leaves = []truename.Event{event}, []truename.Leaf{leaf}
		return commit, err
	})
}

// allowedBy says whether evidence is kept only on the strength of a consent to a purpose.
func allowedBy(k truename.EvidenceKind, p truename.Purpose, state truename.RegistrationState) bool {
	switch p {
	case truename.PurposeFaceVerification:
		return k == truename.EvidencePortrait || k == truename.EvidenceLive
	case truename.PurposeFaceRetention:
		return k == truename.EvidenceTemplate
	case truename.PurposeIdentity: // the fields behind a number stay as long as the law asks: package rights
		behind := state == truename.StateApproved || state == truename.StateActivated
		return k.Biometric() || k == truename.EvidenceFields && !behind
	}
	return false
}

// consented says whether a consent of the party to the purpose is in force.
func consented(consents []truename.Consent, party truename.Party, purpose truename.Purpose) bool {
	return slices.ContainsFunc(consents, func(c truename.Consent) bool {
		return c.Party == party && c.Purpose == purpose && c.WithdrawnAt == nil
	})
}

// needConsent is the gate before anything that touches a document or a face.
func needConsent(s truename.Snapshot, party truename.Party, purpose truename.Purpose) error {
	if consented(s.Consents, party, purpose) {
		return nil
	}
	return &truename.Error{Kind: truename.KindForbidden, Code: truename.CodeConsentMissing,
		Detail: "No consent of the " + string(party) + " to " + string(purpose) + " is on record.",
		Remedy: "Show the consent text and record the answer first; without consent to a face, use the route in_person."}
}
