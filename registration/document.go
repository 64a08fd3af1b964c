package registration

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"truename"
)

// DocumentShown is what was read from a document.
type DocumentShown struct {
	Party  truename.Party
	Fields truename.DocumentFields
	// Source says how it was read: chip, ocr, reader (a certified reading device), desk (typed by staff).
	Source string
	// Original: the original was shown, not a copy.
	Original bool
	// Portrait is the document's portrait as a picture file; empty on the route without a face, where none is taken.
	Portrait []byte
}

// Sources of a document's fields.
var Sources = []string{"chip", "ocr", "reader", "desk"}

// fieldsPlain is the sealed form of [truename.DocumentFields]; the wrapped values would redact themselves.
type fieldsPlain struct {
	Type      truename.DocumentType `json:"type"`
	Country   string                `json:"country"`
	Number    string                `json:"number"`
	Name      string                `json:"name"`
	BirthDate string                `json:"birth_date"`
	Sex       string                `json:"sex,omitempty"`
	Expires   string                `json:"expires,omitempty"`
	Address   string                `json:"address,omitempty"`
}

func plainFields(d truename.DocumentFields) fieldsPlain {
	return fieldsPlain{d.Type, d.Country, normalNumber(d.Number.Reveal()), strings.TrimSpace(d.Name.Reveal()), d.BirthDate.Reveal(),
		d.Sex.Reveal(), d.Expires.Reveal(), d.Address.Reveal()}
}

func (p fieldsPlain) fields() truename.DocumentFields {
	return truename.DocumentFields{Type: p.Type, Country: p.Country, Number: truename.Private(p.Number), Name: truename.Private(p.Name),
		BirthDate: truename.Private(p.BirthDate), Sex: truename.Private(p.Sex), Expires: truename.Private(p.Expires), Address: truename.Private(p.Address)}
}

// check says what is wrong with the fields, without repeating them.
func (p fieldsPlain) check(now time.Time) error {
	again := "Read the document again."
	birth, birthErr := time.Parse(time.DateOnly, p.BirthDate)
	_, expiryErr := time.Parse(time.DateOnly, p.Expires)
	if err := p.checkIdentity(); err != nil {
		return err
	}
	switch {
	case p.Name == "" || len(p.Name) > 300:
		return invalid("The name is missing or too long.", again)
	case birthErr != nil || birth.After(now) || birth.Year() < 1880:
		return invalid("The date of birth is not a possible date (YYYY-MM-DD).", again)
	case p.Expires != "" && expiryErr != nil:
		return invalid("The date of expiry is not a date (YYYY-MM-DD).", again+" Leave it out for a document without an end.")
	case len(p.Sex) > 20 || len(p.Address) > 600:
		return invalid("A field is too long.", again)
	}
	return nil
}

// checkIdentity says what is wrong with what identifies the document's holder.
func (p fieldsPlain) checkIdentity() error {
	switch {
	case !codeForm.MatchString(string(p.Type)) || len(p.Type) > 40:
		return invalid("The type of document is missing.", "Name it, for example cn_resident_id or passport.")
	case !countryForm.MatchString(p.Country):
		return invalid("The issuing country is not an ISO 3166-1 alpha-3 code.", "Use for example CHN.")
	case len(p.Number) < 4 || len(p.Number) > 30:
		return invalid("The document's number does not have 4 to 30 letters and digits.", "Read the document again.")
	}
	return nil
}

var countryForm = regexp.MustCompile(`^[A-Z]{3}$`)

// normalNumber keeps letters and digits, in upper case: one document has one number however it is written.
func normalNumber(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z':
			return c
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		case c >= '０' && c <= '９': // full-width digits, as a Chinese keyboard types them
			return c - '０' + '0'
		}
		return -1
	}, s)
}

// identityScheme gives the numbering that a document type uses: several Chinese documents carry the resident's one
// citizen number, so they are one identity and share one limit.
func identityScheme(p fieldsPlain) string {
	switch p.Type {
	case truename.CNResidentID, truename.CNTemporaryID, truename.CNHouseholdBooklet:
		return "cn_citizen_number"
	}
	return string(p.Type)
}

// identityIndex is the blind index of the identity on a document.
func (f *Flow) identityIndex(p fieldsPlain) []byte {
	return f.Vault.Index("identity", p.Country+"\x00"+identityScheme(p)+"\x00"+p.Number)
}

// RecordDocument takes what was read from a party's document, finds out whether the identity is a known subject, and
// seals fields and portrait under its key.
func (f *Flow) RecordDocument(ctx context.Context, by Request, id string, d DocumentShown) (truename.Finding, error) {
	plain := plainFields(d.Fields)
	if err := plain.check(f.Now()); err != nil {
		return truename.Finding{}, err
	}
	if !slices.Contains(Sources, d.Source) {
		return truename.Finding{}, invalid("The source of the fields is unknown.", "Use one of chip, ocr, reader, desk.")
	}
	original := "copy"
	if d.Original {
		original = "original"
	}
	finding := truename.Finding{Stage: truename.StageDocument, Party: d.Party, State: truename.FindingPassed,
		Labels: map[string]string{"source": d.Source, "original": original, "type": string(plain.Type)}, Measures: map[string]float64{}}
	return f.gather(ctx, by, id, finding, func(s truename.Snapshot, r *truename.Registration, c *truename.Commit) error {
		if err := needConsent(s, d.Party, truename.PurposeIdentity); err != nil {
			return err
		}
		if err := f.mayReadAgain(ctx, s, d.Party); err != nil {
			return err
		}
		pack, err := f.pack(ctx, r.Pack)
		if err != nil {
			return err
		}
		store := pack.Settings().Store
		subject, err := f.bind(ctx, s, r, c, d.Party, f.identityIndex(plain))
		if err != nil {
			return err
		}
		person := r.Person(d.Party)
		person.Document, person.Country = plain.Type, plain.Country
		// What was taken with another reading of the document goes with it.
		for _, kind := range []truename.EvidenceKind{truename.EvidencePortrait, truename.EvidenceLive, truename.EvidenceTemplate} {
			if err := f.replace(ctx, r, c, d.Party, kind); err != nil {
				return err
			}
		}
		if store.Fields {
			err = f.keepFields(ctx, r, c, subject, d.Party, plain)
		} else {
			err = noteFacts(finding, plain, f.Now())
		}
		if err != nil || len(d.Portrait) == 0 {
			return err
		}
		finding.Labels["portrait"] = portraitRecorded
		return f.keepPortrait(ctx, s, r, c, subject, d, store.Portrait)
	})
}

// mayReadAgain refuses another reading of a document after which the face could not be compared any more: the comparisons
// before it would no longer count, and the registration could never be decided.
func (f *Flow) mayReadAgain(ctx context.Context, s truename.Snapshot, party truename.Party) error {
	if tries(&s.Registration, truename.StageComparison, party) == 0 {
		return nil
	}
	return f.attempt(ctx, s, truename.StageComparison, party)
}

func (f *Flow) keepFields(ctx context.Context, r *truename.Registration, c *truename.Commit, subject truename.Subject, party truename.Party, plain fieldsPlain) error {
	body, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	return f.keep(ctx, r, c, subject, party, truename.EvidenceFields, body)
}

// Where the fields may not be stored, the finding says what the policy has to know of them.
const (
	measureAge   = "age_years"
	labelExpired = "expired"
)

// noteFacts writes into a document's finding what its sealed fields would have said.
func noteFacts(finding truename.Finding, plain fieldsPlain, now time.Time) error {
	d, err := plain.dates()
	if err != nil {
		return err
	}
	finding.Measures[measureAge], finding.Labels[labelExpired] = float64(age(d.birth, now)), "no"
	if d.expired(now) {
		finding.Labels[labelExpired] = "yes"
	}
	return nil
}

// keepPortrait seals the portrait until the comparison, where consent and pack allow it.
func (f *Flow) keepPortrait(ctx context.Context, s truename.Snapshot, r *truename.Registration, c *truename.Commit, subject truename.Subject, d DocumentShown, stored bool) error {
	if r.Route != truename.RouteFace {
		return wrongState("This registration takes the route without a face: no portrait is taken.")
	}
	if err := needConsent(s, d.Party, truename.PurposeFaceVerification); err != nil {
		return err
	}
	if !stored {
		return invalid("Under this policy pack no portrait may be kept, not even until the comparison.",
			"Send the portrait together with the live photo.")
	}
	return f.keep(ctx, r, c, subject, d.Party, truename.EvidencePortrait, d.Portrait)
}

// bind makes the party the subject that the identity belongs to. A provisional subject that turns out to be known is
// dropped, and what was sealed for it is sealed anew under the known subject's key.
func (f *Flow) bind(ctx context.Context, s truename.Snapshot, r *truename.Registration, c *truename.Commit, party truename.Party, index []byte) (truename.Subject, error) {
	person := r.Person(party)
	if person == nil {
		return truename.Subject{}, wrongState("The party has not consented yet, so it takes no part.")
	}
	for _, other := range r.Parties {
		if other.Party != party && bytes.Equal(s.Subjects[other.Subject].Index, index) {
			return truename.Subject{}, invalid("Two parties of one registration have the same identity.", "Each party shows its own document.")
		}
	}
	mine := s.Subjects[person.Subject]
	if bytes.Equal(mine.Index, index) {
		return mine, nil
	}
	if mine.Index != nil {
		return truename.Subject{}, wrongState("The party has already shown a document of another identity; another person needs another registration.")
	}
	known, err := f.Records.SubjectByIndex(ctx, index)
	if e := truename.AsError(err); err != nil && e.Kind == truename.KindNotFound {
		mine.Index = index
		c.Subjects = append(c.Subjects, mine)
		return mine, nil
	}
	if err != nil {
		return truename.Subject{}, err
	}
	evidence, err := f.Records.Evidence(ctx, r.ID)
	if err != nil {
		return truename.Subject{}, err
	}
	for _, e := range evidence {
		if e.Subject != mine.ID {
			continue
		}
		body, err := f.Vault.Open(ctx, mine, e.Kind, e.Box)
		if err != nil {
			return truename.Subject{}, err
		}
		box, err := f.seal(ctx, r.ID, known, e.Party, e.Kind, body)
		if err != nil {
			return truename.Subject{}, err
		}
		c.Evidence, c.DropEvidence = append(c.Evidence, box), append(c.DropEvidence, e.ID)
	}
	for _, consent := range s.Consents {
		if consent.Subject == mine.ID {
			consent.Subject = known.ID
			c.Consents = append(c.Consents, consent)
		}
	}
	c.DropSubjects = append(c.DropSubjects, mine.ID)
	person.Subject = known.ID
	return known, nil
}

// Fields opens what was read from a party's document.
func (f *Flow) Fields(ctx context.Context, id string, party truename.Party) (truename.DocumentFields, error) {
	s, err := f.Records.Snapshot(ctx, id)
	if err != nil {
		return truename.DocumentFields{}, err
	}
	var p fieldsPlain
	err = f.open(ctx, s, party, truename.EvidenceFields, &p)
	return p.fields(), err
}
