package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"truename"
	"truename/access"
	"truename/api"
	"truename/policy"
	"truename/registration"
)

type registrationOutput struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     api.Registration
}

// RegistrationID is the input of an operation on one registration. Inputs that others embed are exported, as huma looks at
// exported fields only.
type RegistrationID struct {
	ID string `path:"id" format:"uuid" doc:"id of the registration"`
}

// Page is the input of an operation that lists.
type Page struct {
	After string `query:"after" maxLength:"200" doc:"cursor: the next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

func (a *API) registerRegistrations(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "open-registration", Method: http.MethodPost, Path: "/v1/registrations", Tags: []string{tagRegistration},
		Summary: "Open a registration", DefaultStatus: http.StatusCreated,
		Description: "A customer's request begins. Then record consents, the document, and the live face or the checks in person, in any order; `missing` says what is still needed. Then ask for a decision.",
		Extensions:  shell(`curl -sS $TRUENAME/v1/registrations -H "Authorization: Bearer $KEY" -H "Idempotency-Key: $(uuidgen)" --json '{"kind":"new_number","language":"en","msisdn":"8613800138000","iccid":"89860012345678901234"}'`),
	}, access.RegistrationOpen, a.openRegistration)
	register(a, h, huma.Operation{
		OperationID: "list-registrations", Method: http.MethodGet, Path: "/v1/registrations", Tags: []string{tagRegistration},
		Summary:     "List registrations",
		Description: "The newest first. Who is bound to an outlet or channel sees those of it.",
	}, access.RegistrationRead, a.listRegistrations)
	register(a, h, huma.Operation{
		OperationID: "read-registration", Method: http.MethodGet, Path: "/v1/registrations/{id}", Tags: []string{tagRegistration},
		Summary:     "Read a registration",
		Description: "Where it stands, what was found, and what is missing. The ETag is its version.",
	}, access.RegistrationRead, a.readRegistration)
	register(a, h, huma.Operation{
		OperationID: "withdraw-registration", Method: http.MethodPost, Path: "/v1/registrations/{id}/withdrawal", Tags: []string{tagRegistration},
		Summary:     "Withdraw a registration",
		Description: "At the customer's wish, before the activation. Its place in the limit is free again, and everything sealed but the number is dropped.",
	}, access.RegistrationWithdraw, a.withdraw)
	register(a, h, huma.Operation{
		OperationID: "appeal", Method: http.MethodPost, Path: "/v1/registrations/{id}/appeal", Tags: []string{tagRegistration},
		Summary:     "Appeal a refusal",
		Description: "At the customer's wish, once. Two reviewers who were not involved look at the case again.",
	}, access.RegistrationAppeal, a.appeal)
	register(a, h, huma.Operation{
		OperationID: "give-consent", Method: http.MethodPost, Path: "/v1/registrations/{id}/consents", Tags: []string{tagRegistration},
		Summary: "Record a consent", DefaultStatus: http.StatusCreated,
		Description: "To one purpose, to one version of the text, in the customer's language; separate from terms of service. Nothing personal is looked at before.",
	}, access.RegistrationFill, a.giveConsent)
	register(a, h, huma.Operation{
		OperationID: "list-consents", Method: http.MethodGet, Path: "/v1/registrations/{id}/consents", Tags: []string{tagRegistration},
		Summary: "List the consents of a registration",
	}, access.ConsentRead, a.listConsents)
	register(a, h, huma.Operation{
		OperationID: "withdraw-consent", Method: http.MethodPost, Path: "/v1/registrations/{id}/consents/{consent}/withdrawal", Tags: []string{tagRegistration},
		Summary:     "Withdraw a consent",
		Description: "In any state, at the customer's wish. What it allowed is dropped at once; an undecided registration goes on by the other route, or not at all.",
	}, access.ConsentWithdraw, a.withdrawConsent)
	register(a, h, huma.Operation{
		OperationID: "check-in-person", Method: http.MethodPost, Path: "/v1/registrations/{id}/in-person", Tags: []string{tagRegistration},
		Summary: "Record a check in person", DefaultStatus: http.StatusCreated,
		Description: "A member of staff has checked the person against the original document, on the route without a face. Two different people do it.",
	}, access.RegistrationFill, a.checkInPerson, truename.CodeConsentMissing, truename.CodeAttemptsExhausted)
	register(a, h, huma.Operation{
		OperationID: "record-signals", Method: http.MethodPost, Path: "/v1/registrations/{id}/signals", Tags: []string{tagRegistration},
		Summary: "Record the operator's own signals", DefaultStatus: http.StatusCreated,
		Description: "For the operator's own conditions, which can make a decision stricter, never more lenient. Codes and numbers only: they are kept in the clear.",
	}, access.RegistrationFill, a.recordSignals, truename.CodeAttemptsExhausted)
	register(a, h, huma.Operation{
		OperationID: "read-policy", Method: http.MethodGet, Path: "/v1/policy", Tags: []string{tagRegistration},
		Summary:     "Read the policy in force",
		Description: "The consent texts to be shown, and the times that hold.",
	}, access.PolicyRead, a.readPolicy)
}

func (a *API) openRegistration(ctx context.Context, in *struct{ Body api.Opening }) (*registrationOutput, error) {
	by, err := request(ctx, Conditional{})
	if err != nil {
		return nil, err
	}
	o := in.Body
	channel, outlet, err := a.config.Operator.Gate.Place(ctx, by.Actor, o.Channel, o.Outlet)
	if err != nil {
		return nil, err
	}
	r, err := a.config.Operator.Flow.Open(ctx, by, registration.Opening{Kind: o.Kind, Channel: channel, Outlet: outlet, Route: o.Route, Language: o.Language,
		Subscription: truename.Subscription{MSISDN: o.MSISDN.Private(), ICCID: o.ICCID.Private()}})
	if err != nil {
		return nil, err
	}
	out, err := a.shown(ctx, r)
	if err != nil {
		return nil, err
	}
	out.Location = "/v1/registrations/" + r.ID
	a.metrics.step("opened")
	return out, nil
}

// shown puts a registration on the wire, with what is missing while it is open.
func (a *API) shown(ctx context.Context, r truename.Registration) (*registrationOutput, error) {
	out := &registrationOutput{ETag: etag(r.Version), Body: api.NewRegistration(r)}
	if r.State != truename.StateOpen {
		return out, nil
	}
	missing, err := a.config.Operator.Flow.Missing(ctx, r.ID)
	out.Body.Missing = []api.Requirement{}
	for _, m := range missing {
		out.Body.Missing = append(out.Body.Missing, api.Requirement(m))
	}
	return out, err
}

type registrationQuery struct {
	Page
	State   truename.RegistrationState `query:"state" enum:"open,referred,approved,refused,activated,lapsed,withdrawn"`
	Kind    truename.RegistrationKind  `query:"kind" enum:"new_number,additional_number,sim_replacement,ownership_transfer,port_in,reverification"`
	Outlet  string                     `query:"outlet" maxLength:"40"`
	Channel truename.Channel           `query:"channel" enum:"own_outlet,dealer,self_service"`
	Subject string                     `query:"subject" maxLength:"40" doc:"id of a party"`
}

func (a *API) listRegistrations(ctx context.Context, in *registrationQuery) (*struct{ Body api.RegistrationPage }, error) {
	q := truename.RegistrationQuery{State: in.State, Kind: in.Kind, Outlet: in.Outlet, Channel: in.Channel, Subject: in.Subject, After: in.After, Limit: in.Limit}
	var out struct{ Body api.RegistrationPage }
	out.Body.Items = []api.Registration{}
	actor := actorOf(ctx)
	if !bind(actor, &q.Outlet, &q.Channel) {
		return &out, nil
	}
	items, next, err := a.config.Operator.Records.Registrations(ctx, q)
	for _, r := range items {
		out.Body.Items = append(out.Body.Items, api.NewRegistration(r))
	}
	out.Body.Next = next
	return &out, err
}

// bind narrows a query to the place the actor is bound to; false: nothing of what is asked for is the actor's to see.
func bind(actor truename.Actor, outlet *string, channel *truename.Channel) bool {
	if actor.Outlet != "" {
		if *outlet != "" && *outlet != actor.Outlet {
			return false
		}
		*outlet = actor.Outlet
	}
	if actor.Channel != "" {
		if *channel != "" && *channel != actor.Channel {
			return false
		}
		*channel = actor.Channel
	}
	return true
}

func (a *API) readRegistration(ctx context.Context, in *RegistrationID) (*registrationOutput, error) {
	s, err := a.seen(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.shown(ctx, s.Registration)
}

// Change is the input of a change to a registration that has no body.
type Change struct {
	RegistrationID
	Conditional
}

// changing makes sure that the registration is the caller's to see, and says to the flows who asks.
func (a *API) changing(ctx context.Context, id string, c Conditional) (registration.Request, error) {
	if _, err := a.seen(ctx, id); err != nil {
		return registration.Request{}, err
	}
	return request(ctx, c)
}

// changed gives the registration as it is after a change.
func (a *API) changed(ctx context.Context, id string) (*registrationOutput, error) {
	s, err := a.config.Operator.Records.Snapshot(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.shown(ctx, s.Registration)
}

func (a *API) withdraw(ctx context.Context, in *Change) (*registrationOutput, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err == nil {
		err = a.config.Operator.Flow.Withdraw(ctx, by, in.ID)
	}
	if err != nil {
		return nil, err
	}
	a.captures.forget(in.ID)
	a.metrics.step("withdrawn")
	return a.changed(ctx, in.ID)
}

func (a *API) appeal(ctx context.Context, in *Change) (*registrationOutput, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err == nil {
		err = a.config.Operator.Flow.Appeal(ctx, by, in.ID)
	}
	if err != nil {
		return nil, err
	}
	a.metrics.step("appealed")
	return a.changed(ctx, in.ID)
}

func (a *API) giveConsent(ctx context.Context, in *struct {
	Change
	Body api.ConsentGiven
}) (*struct{ Body truename.Consent }, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err != nil {
		return nil, err
	}
	c, err := a.config.Operator.Flow.GiveConsent(ctx, by, in.ID, registration.ConsentGiven(in.Body))
	return &struct{ Body truename.Consent }{c}, err
}

func (a *API) listConsents(ctx context.Context, in *RegistrationID) (*struct{ Body api.Consents }, error) {
	s, err := a.seen(ctx, in.ID)
	if s.Consents == nil {
		s.Consents = []truename.Consent{}
	}
	return &struct{ Body api.Consents }{api.Consents{Items: s.Consents}}, err
}

func (a *API) withdrawConsent(ctx context.Context, in *struct {
	Change
	Consent string `path:"consent" maxLength:"40" doc:"id of the consent"`
}) (*registrationOutput, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err == nil {
		err = a.config.Operator.Flow.WithdrawConsent(ctx, by, in.ID, in.Consent)
	}
	if err != nil {
		return nil, err
	}
	a.captures.forget(in.ID)
	return a.changed(ctx, in.ID)
}

type findingOutput struct{ Body truename.Finding }

func (a *API) checkInPerson(ctx context.Context, in *struct {
	Change
	Body api.InPersonCheck
}) (*findingOutput, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err != nil {
		return nil, err
	}
	f, err := a.config.Operator.Flow.CheckInPerson(ctx, by, in.ID, in.Body.Party, in.Body.Same, in.Body.Reason)
	return &findingOutput{f}, err
}

func (a *API) recordSignals(ctx context.Context, in *struct {
	Change
	Body api.Signals
}) (*findingOutput, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err != nil {
		return nil, err
	}
	f, err := a.config.Operator.Flow.RecordSignals(ctx, by, in.ID, in.Body.Party, in.Body.Measures, in.Body.Labels)
	return &findingOutput{f}, err
}

func (a *API) readPolicy(context.Context, *struct{}) (*struct{ Body api.Policy }, error) {
	pack := a.config.Operator.Flow.Pack
	s := pack.Settings()
	p := api.Policy{Policy: pack.Ref(), TargetFMR: s.TargetFMR, RegistrationHours: s.RegistrationTTL.Hours(), ReservationHours: s.ReservationTTL.Hours(),
		AppealDays: int(s.Appeal.OpenFor.Hours() / 24), StoresPortrait: s.Store.Portrait, Consents: consentTexts(pack)}
	return &struct{ Body api.Policy }{p}, nil
}

// consentTexts gives a pack's texts, one per purpose and language.
func consentTexts(pack *policy.Pack) []api.ConsentText {
	texts := []api.ConsentText{}
	for _, purpose := range truename.Purposes {
		text := pack.Settings().Consents[purpose]
		for _, language := range []string{"zh-CN", "en"} {
			if words := text.Text[language]; words != "" {
				texts = append(texts, api.ConsentText{Purpose: purpose, Version: text.Version, Language: language, Text: words})
			}
		}
	}
	return texts
}
