package rights

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"truename"
	"truename/audit"
	"truename/policy"
)

// Disclosed is a piece of personal data on its way to the person it is about: JSON has the value, everything else that
// prints or logs it has not.
type Disclosed string

// Export is everything held about one person, for that person (PIPL Art. 45, GDPR Art. 15 and 20). Its JSON is the one
// place where what was sealed leaves in plain.
type Export struct {
	Subject       string               `json:"subject"`
	CreatedAt     time.Time            `json:"created_at"`
	ExportedAt    time.Time            `json:"exported_at"`
	Consents      []truename.Consent   `json:"consents" nullable:"false"`
	Accounts      []truename.Account   `json:"accounts" nullable:"false"`
	Registrations []ExportRegistration `json:"registrations" nullable:"false"`
}

// ExportRegistration is a registration in which the person took part.
type ExportRegistration struct {
	ID       string                     `json:"id"`
	As       []truename.Party           `json:"as" nullable:"false" doc:"the parts the person took"`
	Kind     truename.RegistrationKind  `json:"kind"`
	State    truename.RegistrationState `json:"state"`
	Channel  truename.Channel           `json:"channel"`
	OpenedAt time.Time                  `json:"opened_at"`
	// Findings and Reasons are those about the person and about nobody in particular: not what was found about others.
	Findings  []truename.Finding `json:"findings" nullable:"false"`
	Decisions []ExportDecision   `json:"decisions" nullable:"false"`
	Evidence  []ExportEvidence   `json:"evidence" nullable:"false"`
}

// ExportDecision is a decision, in words in the language of the registration.
type ExportDecision struct {
	At      time.Time        `json:"at"`
	Verdict truename.Verdict `json:"verdict"`
	Reasons []string         `json:"reasons" nullable:"false"`
	Remedy  []string         `json:"remedy" nullable:"false"`
	Appeal  string           `json:"appeal,omitempty"`
}

// ExportEvidence is something that was sealed. Document or number are given opened; of a picture only its size, and of a
// template only that it is there.
type ExportEvidence struct {
	Kind      truename.EvidenceKind `json:"kind"`
	CreatedAt time.Time             `json:"created_at"`
	Bytes     int                   `json:"bytes,omitempty" doc:"size of the picture"`
	Document  *ExportDocument       `json:"document,omitempty"`
	Number    *ExportNumber         `json:"number,omitempty"`
}

// ExportDocument is what was read from a document.
type ExportDocument struct {
	Type      truename.DocumentType `json:"type"`
	Country   string                `json:"country"`
	Number    Disclosed             `json:"number"`
	Name      Disclosed             `json:"name"`
	BirthDate Disclosed             `json:"birth_date"`
	Sex       Disclosed             `json:"sex,omitempty"`
	Expires   Disclosed             `json:"expires,omitempty"`
	Address   Disclosed             `json:"address,omitempty"`
}

// ExportNumber is the number and SIM that a registration is about.
type ExportNumber struct {
	MSISDN Disclosed `json:"msisdn"`
	ICCID  Disclosed `json:"iccid,omitempty"`
}

// Export gives everything held about a person. That it was given is in the audit log before it is. A subject that was
// erased gives CodeErased.
func (o *Office) Export(ctx context.Context, by truename.Actor, subject string) (Export, error) {
	v, err := o.records.SubjectView(ctx, subject)
	if err != nil {
		return Export{}, err
	}
	if v.Subject.ErasedAt != nil {
		return Export{}, erased()
	}
	x := Export{Subject: v.Subject.ID, CreatedAt: v.Subject.CreatedAt, ExportedAt: o.now().UTC(),
		Consents: orEmpty(v.Consents), Accounts: orEmpty(v.Accounts), Registrations: []ExportRegistration{}}
	for _, id := range v.Registrations {
		r, err := o.exportRegistration(ctx, v.Subject, id)
		if err != nil {
			return Export{}, err
		}
		x.Registrations = append(x.Registrations, r)
	}
	err = o.records.TransactSubject(ctx, subject, func(locked truename.SubjectView) (truename.Commit, error) {
		if locked.Subject.ErasedAt != nil {
			return truename.Commit{}, erased()
		}
		leaf, err := audit.Note("subject.exported", map[string]any{"subject": subject, "by": by.ID}, o.now())
		return truename.Commit{Leaves: []truename.Leaf{leaf}}, err
	})
	if err != nil {
		return Export{}, err
	}
	return x, nil
}

func (o *Office) exportRegistration(ctx context.Context, subject truename.Subject, id string) (ExportRegistration, error) {
	s, err := o.records.Snapshot(ctx, id)
	if err != nil {
		return ExportRegistration{}, err
	}
	r := &s.Registration
	x := ExportRegistration{ID: r.ID, As: []truename.Party{}, Kind: r.Kind, State: r.State, Channel: r.Channel, OpenedAt: r.OpenedAt,
		Findings: []truename.Finding{}, Decisions: []ExportDecision{}, Evidence: []ExportEvidence{}}
	for _, p := range r.Parties {
		if p.Subject == subject.ID {
			x.As = append(x.As, p.Party)
		}
	}
	for _, f := range r.Findings {
		if slices.Contains(x.As, f.Party) {
			x.Findings = append(x.Findings, f)
		}
	}
	if x.Decisions, err = o.exportDecisions(ctx, r, x.As); err != nil {
		return x, err
	}
	x.Evidence, err = o.exportEvidence(ctx, subject, id)
	return x, err
}

func (o *Office) exportDecisions(ctx context.Context, r *truename.Registration, as []truename.Party) ([]ExportDecision, error) {
	decisions, err := o.records.Decisions(ctx, r.ID)
	if err != nil || len(decisions) == 0 {
		return []ExportDecision{}, err
	}
	text, err := o.records.Pack(ctx, r.Pack.Digest)
	if err != nil {
		return nil, err
	}
	pack, err := policy.Load(text)
	if err != nil {
		return nil, err
	}
	all := make([]ExportDecision, 0, len(decisions))
	for _, d := range decisions {
		ruling := d.Ruling
		ruling.Reasons = slices.DeleteFunc(slices.Clone(ruling.Reasons), func(reason truename.Reason) bool {
			return reason.Party != "" && !slices.Contains(as, reason.Party)
		})
		e := pack.Explain(ruling, r.Language)
		all = append(all, ExportDecision{At: d.At, Verdict: ruling.Verdict, Reasons: orEmpty(e.Reasons), Remedy: orEmpty(e.Remedy), Appeal: e.Appeal})
	}
	return all, nil
}

// exportEvidence opens what is kept of this person; a registration can hold evidence of others, which stays sealed.
func (o *Office) exportEvidence(ctx context.Context, subject truename.Subject, id string) ([]ExportEvidence, error) {
	sealed, err := o.records.Evidence(ctx, id)
	if err != nil {
		return nil, err
	}
	all := []ExportEvidence{}
	for _, e := range sealed {
		if e.Subject != subject.ID {
			continue
		}
		x := ExportEvidence{Kind: e.Kind, CreatedAt: e.CreatedAt}
		if e.Kind != truename.EvidenceTemplate {
			plain, err := o.vault.Open(ctx, subject, e.Kind, e.Box)
			if err != nil {
				return nil, err
			}
			switch e.Kind {
			case truename.EvidenceFields:
				err = json.Unmarshal(plain, &x.Document)
			case truename.EvidenceNumber:
				err = json.Unmarshal(plain, &x.Number)
			default:
				x.Bytes = len(plain)
			}
			clear(plain)
			if err != nil {
				return nil, err
			}
		}
		all = append(all, x)
	}
	return all, nil
}

func erased() error {
	return &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeErased,
		Detail: "The subject was erased: nothing about it can be opened any more.", Remedy: "There is nothing left to export."}
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
