package policy

import (
	"maps"
	"time"

	"truename"
)

// Settings is what a pack says to the flows, beside its rulings. Each call of [Pack.Settings] gives a copy.
type Settings struct {
	// TargetFMR is the false-match rate that comparisons are held to: above 0, at most 1e-3.
	TargetFMR float64
	// RetryCaps is how often a stage may be tried per party; a stage that is not named has no cap of the pack's.
	RetryCaps map[truename.Stage]int
	// RegistrationTTL is how long a registration stays open, ReservationTTL how long an approval holds its place,
	// TokenTTL how long an activation token is valid.
	RegistrationTTL, ReservationTTL, TokenTTL time.Duration
	Retention                                 Retention
	Store                                     Store
	// Consents are the texts to be shown, one per purpose the pack knows.
	Consents       map[truename.Purpose]ConsentText
	Reverification Reverification
	Appeal         Appeal
	// RequireOutletRegistry: only outlets on the operator's register may open registrations.
	RequireOutletRegistry bool
}

// Retention is how long evidence is kept. Portrait and Live count from the decision, 0: dropped at the decision. Fields
// and Template, when above 0, stay while the number is in service and AfterEnd longer; without a number they count
// from the decision.
type Retention struct {
	Fields, Portrait, Live, Template, AfterEnd time.Duration
}

// Store says what may reach the disk at all, sealed; what may not is compared in memory and forgotten.
type Store struct {
	Portrait bool `toml:"portrait"`
	Live     bool `toml:"live"`
	Template bool `toml:"template"`
	Fields   bool `toml:"fields"`
}

// ConsentText is the text a consent is given to, by language (BCP 47: "zh-CN", "en").
type ConsentText struct {
	Version string
	Text    map[string]string
}

// Reverification says when a number has to be proved again: After its activation (0: only on the carrier's demand), and
// how long after the due date it is suspended.
type Reverification struct {
	After, SuspendAfter time.Duration
}

// Appeal says how a refusal is appealed: how many reviewers look at it, within which time after the appeal they answer, for
// how long after the refusal the customer can appeal, and the sentence that says where to turn, by language.
type Appeal struct {
	Eyes    int
	Within  time.Duration
	OpenFor time.Duration
	Text    map[string]string
}

// Settings gives what the pack says to the flows.
func (p *Pack) Settings() Settings {
	f := &p.form
	s := Settings{
		TargetFMR:       f.Face.TargetFMR,
		RetryCaps:       maps.Clone(f.Attempts.Caps),
		RegistrationTTL: f.Times.Registration.d(), ReservationTTL: f.Times.Reservation.d(), TokenTTL: f.Times.Token.d(),
		Retention: Retention{Fields: f.Retention.Fields.d(), Portrait: f.Retention.Portrait.d(), Live: f.Retention.Live.d(),
			Template: f.Retention.Template.d(), AfterEnd: f.Retention.AfterEnd.d()},
		Store:                 f.Store.Store,
		Consents:              map[truename.Purpose]ConsentText{},
		Reverification:        Reverification{After: f.Reverification.After.d(), SuspendAfter: f.Reverification.SuspendAfter.d()},
		Appeal:                Appeal{Eyes: appealEyes, Within: f.Appeal.Within.d(), OpenFor: openFor(f.Appeal.OpenFor), Text: f.Appeal.Text.byLanguage()},
		RequireOutletRegistry: f.Outlets.Registry,
	}
	for purpose, t := range f.Consent.Texts {
		s.Consents[purpose] = ConsentText{Version: t.Version, Text: t.words.byLanguage()}
	}
	return s
}

// openFor gives the time within which a refusal can be appealed. It is never none: a refusal without redress is none that
// this software makes (NIST SP 800-63A-4).
func openFor(s span) time.Duration {
	if s == 0 {
		return defaultAppeal
	}
	return s.d()
}

// Limit gives how many numbers an identity may hold under the document it has shown. False: the document is not accepted,
// so there is no place at all and the number is 0.
func (p *Pack) Limit(f truename.PartyFacts) (int, bool) {
	if _, ok := p.accepted(f.Document); !ok {
		return 0, false
	}
	if n, ok := p.form.Limit.ByDocument[f.Document]; ok {
		return n, true
	}
	return p.form.Limit.Numbers, true
}

func (p *Pack) accepted(t truename.DocumentType) (accept, bool) {
	for _, a := range p.form.Documents.Accept {
		if a.Type == t {
			return a, true
		}
	}
	return accept{}, false
}
