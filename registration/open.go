package registration

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"time"

	"truename"
)

// Opening is a customer's request.
type Opening struct {
	Kind         truename.RegistrationKind
	Channel      truename.Channel
	Outlet       string // empty for self-service
	Route        truename.Route
	Language     string
	Subscription truename.Subscription
}

var (
	msisdnForm   = regexp.MustCompile(`^[1-9][0-9]{7,14}$`)
	iccidForm    = regexp.MustCompile(`^[0-9]{18,20}$`)
	languageForm = regexp.MustCompile(`^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}$`)
)

// maxOutlet bounds an outlet's id, in bytes.
const maxOutlet = 100

// check says what is wrong with an opening, without repeating what is personal.
func (o Opening) check() error {
	needsSIM := o.Kind != truename.Reverification && o.Kind != truename.OwnershipTransfer
	iccid := o.Subscription.ICCID.Reveal()
	switch {
	case !slices.Contains(truename.RegistrationKinds, o.Kind):
		return invalid("The kind of registration is unknown.", "Use one of new_number, additional_number, sim_replacement, ownership_transfer, port_in, reverification.")
	case !slices.Contains(truename.Channels, o.Channel):
		return invalid("The channel is unknown.", "Use one of own_outlet, dealer, self_service.")
	case (o.Channel == truename.SelfService) != (o.Outlet == ""):
		return invalid("An outlet is named exactly when the channel is not self_service.", "Name the outlet, or choose the other channel.")
	case len(o.Outlet) > maxOutlet:
		return invalid("The outlet's id is too long.", "Use the id the outlet was registered under.")
	case o.Route != truename.RouteFace && o.Route != truename.RouteInPerson:
		return invalid("The route is unknown.", "Use face or in_person.")
	case !languageForm.MatchString(o.Language):
		return invalid("The language is not a BCP 47 tag.", "Use for example zh-CN or en.")
	case !msisdnForm.MatchString(o.Subscription.MSISDN.Reveal()):
		return invalid("The number is not in E.164 form.", "Give country code and number, 8 to 15 digits, without + or spaces.")
	case needsSIM && !iccidForm.MatchString(iccid), !needsSIM && iccid != "" && !iccidForm.MatchString(iccid):
		return invalid("The ICCID does not have 18 to 20 digits.", "Read it again from the SIM.")
	}
	return nil
}

// Open begins a registration: a provisional subject for the applicant gets a key, and the number goes under it.
func (f *Flow) Open(ctx context.Context, by Request, o Opening) (truename.Registration, error) {
	if err := o.check(); err != nil {
		return truename.Registration{}, err
	}
	if err := f.clock.check(time.Time{}); err != nil {
		return truename.Registration{}, err
	}
	now := f.Now().UTC()
	settings := f.Pack.Settings()
	subject, err := f.newSubject(ctx, by.id("subject"))
	if err != nil {
		return truename.Registration{}, err
	}
	r := &truename.Registration{
		ID: by.id("registration"), Version: 1, Kind: o.Kind, Channel: o.Channel, Outlet: o.Outlet, Route: o.Route,
		State: truename.StateOpen, Pack: f.Pack.Ref(), Language: o.Language,
		OpenedBy: by.Actor.ID, OpenedAt: now, ExpiresAt: now.Add(settings.RegistrationTTL),
		Number:  f.Vault.Index("msisdn", o.Subscription.MSISDN.Reveal()),
		SIM:     f.simIndex(o.Subscription.ICCID),
		Parties: []truename.PartyRecord{{Party: truename.Applicant, Subject: subject.ID}},
	}
	box, err := f.sealNumber(ctx, r.ID, subject, o.Subscription)
	if err != nil {
		return truename.Registration{}, err
	}
	commit, err := f.moved(r, by)
	if err != nil {
		return truename.Registration{}, err
	}
	commit.Subjects = []truename.Subject{subject}
	commit.Evidence = []truename.Sealed{box}
	commit.Jobs = []truename.Job{{Kind: truename.JobLapse, ID: r.ID, At: r.ExpiresAt}}
	err = f.Records.Create(ctx, commit)
	if e := truename.AsError(err); err != nil && e.Kind == truename.KindConflict && by.Key != "" {
		s, err := f.Records.Snapshot(ctx, r.ID) // the same request, sent again
		if err == nil && !sameOpening(s.Registration, *r) {
			err = keyReused()
		}
		if err != nil {
			return truename.Registration{}, err
		}
		return s.Registration, nil
	}
	return *r, err
}

// simIndex is the blind index of a SIM; nil without one.
func (f *Flow) simIndex(iccid truename.Private) []byte {
	if iccid == "" {
		return nil
	}
	return f.Vault.Index("iccid", iccid.Reveal())
}

// sameOpening says whether two registrations come of the same request.
func sameOpening(a, b truename.Registration) bool {
	return a.Kind == b.Kind && a.Channel == b.Channel && a.Outlet == b.Outlet && a.Route == b.Route && a.Language == b.Language &&
		bytes.Equal(a.Number, b.Number) && bytes.Equal(a.SIM, b.SIM)
}

func (f *Flow) newSubject(ctx context.Context, id string) (truename.Subject, error) {
	key, err := f.Vault.NewKey(ctx, id)
	return truename.Subject{ID: id, Key: key, CreatedAt: f.Now().UTC()}, err
}

// sealed number as it is encoded; [truename.Private] would redact itself.
type numberPlain struct {
	MSISDN string `json:"msisdn"`
	ICCID  string `json:"iccid"`
}

func (f *Flow) sealNumber(ctx context.Context, registration string, s truename.Subject, n truename.Subscription) (truename.Sealed, error) {
	plain, err := json.Marshal(numberPlain{n.MSISDN.Reveal(), n.ICCID.Reveal()})
	if err != nil {
		return truename.Sealed{}, err
	}
	return f.seal(ctx, registration, s, truename.Applicant, truename.EvidenceNumber, plain)
}

func (f *Flow) seal(ctx context.Context, registration string, s truename.Subject, party truename.Party, kind truename.EvidenceKind, plain []byte) (truename.Sealed, error) {
	box, err := f.Vault.Seal(ctx, s, kind, plain)
	return truename.Sealed{ID: newID(), Registration: registration, Subject: s.ID, Party: party, Kind: kind, Box: box, CreatedAt: f.Now().UTC()}, err
}

// Subscription opens the number and SIM a registration is about.
func (f *Flow) Subscription(ctx context.Context, id string) (truename.Subscription, error) {
	s, err := f.Records.Snapshot(ctx, id)
	if err != nil {
		return truename.Subscription{}, err
	}
	var n numberPlain
	if err := f.open(ctx, s, truename.Applicant, truename.EvidenceNumber, &n); err != nil {
		return truename.Subscription{}, err
	}
	return truename.Subscription{MSISDN: truename.Private(n.MSISDN), ICCID: truename.Private(n.ICCID)}, nil
}

// open unseals the newest evidence of a kind about a party into a JSON value.
func (f *Flow) open(ctx context.Context, s truename.Snapshot, party truename.Party, kind truename.EvidenceKind, into any) error {
	plain, err := f.unseal(ctx, s, party, kind)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}

// unseal gives the newest evidence of a kind about a party; nothing of that kind is not_found.
func (f *Flow) unseal(ctx context.Context, s truename.Snapshot, party truename.Party, kind truename.EvidenceKind) ([]byte, error) {
	all, err := f.Records.Evidence(ctx, s.Registration.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(all) {
		if e.Party == party && e.Kind == kind {
			return f.Vault.Open(ctx, s.Subjects[e.Subject], e.Kind, e.Box)
		}
	}
	return nil, &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound,
		Detail: "There is no such evidence of this party.", Remedy: "Record it first."}
}
