package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"truename"
	"truename/access"
	"truename/api"
	"truename/liveness"
	"truename/policy"
	"truename/registration"
)

// Customers is how customers take part in their own registrations.
type Customers struct {
	// Links makes and reads their links. Required.
	Links access.Links
	// Examiner measures the frames of capture sessions; nil: the engine is away, and none can be begun.
	Examiner *liveness.Examiner
	// Sessions is how many capture sessions there may be at once; 0: 64. Each takes at most [CaptureBytes] of memory.
	Sessions int
	// Draw draws a session's challenge; nil: [liveness.Draw] from the system's random numbers, and nothing else in service. A film
	// asks nobody for anything: tests that use one draw what it happens to show.
	Draw func(liveness.Access) (liveness.Challenge, error)
	// Now is the clock; nil: the machine's.
	Now func() time.Time
}

func (a *API) registerCustomers(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "make-link", Method: http.MethodPost, Path: "/v1/registrations/{id}/link", Tags: []string{tagRegistration},
		Summary: "Make the customer's link", DefaultStatus: http.StatusCreated,
		Description: "With it the applicant takes part on their own device: reads the texts, consents, shows their face to their own camera, sees the decision. For an hour, for this registration, and for nothing else. It is kept nowhere; another can be made at any time.",
		Extensions:  shell(`curl -sS -X POST $TRUENAME/v1/registrations/$ID/link -H "Authorization: Bearer $KEY" -H "Idempotency-Key: $(uuidgen)"`),
	}, access.RegistrationFill, a.makeLink)
	register(a, h, huma.Operation{
		OperationID: "read-own-registration", Method: http.MethodGet, Path: "/v1/customer", Tags: []string{tagCustomer},
		Summary:     "Where does my registration stand?",
		Description: "What is missing, the texts to be shown, the consents given, and the decision in words.",
	}, access.CustomerAct, a.readOwn, truename.CodePolicyPack)
	register(a, h, huma.Operation{
		OperationID: "give-own-consent", Method: http.MethodPost, Path: "/v1/customer/consents", Tags: []string{tagCustomer},
		Summary: "Consent", DefaultStatus: http.StatusCreated,
		Description: "To one purpose, to the version of the text that was shown. Nobody has to: the way without a face has the same service.",
	}, access.CustomerAct, a.giveOwnConsent)
	register(a, h, huma.Operation{
		OperationID: "withdraw-own-consent", Method: http.MethodPost, Path: "/v1/customer/consents/{consent}/withdrawal", Tags: []string{tagCustomer},
		Summary:     "Withdraw a consent",
		Description: "In any state. What it allowed is dropped at once.",
	}, access.CustomerAct, a.withdrawOwnConsent)
	register(a, h, huma.Operation{
		OperationID: "ask-own-decision", Method: http.MethodPost, Path: "/v1/customer/decision", Tags: []string{tagCustomer},
		Summary: "Ask for the decision", DefaultStatus: http.StatusCreated,
		Description: "Once; asking again gives the same decision. It is explained in the language that was asked for.",
	}, access.CustomerAct, a.decideOwn, truename.CodeIncomplete, truename.CodePolicyPack)
	register(a, h, huma.Operation{
		OperationID: "change-own-route", Method: http.MethodPost, Path: "/v1/customer/route", Tags: []string{tagCustomer},
		Summary:     "Go on without a face",
		Description: "Ends this registration: what was taken is dropped, and the outlet opens one on the route in_person, with the same service and limits. `outlets` says how.",
	}, access.CustomerAct, a.changeOwnRoute)
	register(a, h, huma.Operation{
		OperationID: "withdraw-own-registration", Method: http.MethodPost, Path: "/v1/customer/withdrawal", Tags: []string{tagCustomer},
		Summary:     "Withdraw the registration",
		Description: "Before the activation. What was taken is dropped; the link has no more use.",
	}, access.CustomerAct, a.withdrawOwn)
	register(a, h, huma.Operation{
		OperationID: "appeal-own-refusal", Method: http.MethodPost, Path: "/v1/customer/appeal", Tags: []string{tagCustomer},
		Summary:     "Appeal a refusal",
		Description: "Once. People who were not involved look at the case again.",
	}, access.CustomerAct, a.appealOwn)
	nullable(h, "Customer", "decision")
}

// nullable documents members of a schema that may be null: huma has no nullable references, and lists of values without null.
func nullable(h huma.API, schema string, members ...string) {
	for _, name := range members {
		p := h.OpenAPI().Components.Schemas.Map()[schema].Properties[name]
		if p.Ref != "" {
			p.AnyOf, p.Ref = []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}, ""
		} else if len(p.Enum) > 0 {
			p.Nullable, p.Enum = true, append(p.Enum, nil)
		}
	}
}

// customer is who acts in a request with a link, and what stood in the records when it came.
type customer struct {
	link access.Link
	seen truename.Snapshot
}

type customerKey struct{}

func customerOf(ctx context.Context) customer { return ctx.Value(customerKey{}).(customer) }

// guardCustomer makes an operation one that only a customer may use, in the registration of their link: there is no other that
// a handler could be asked for.
func (a *API) guardCustomer(op *huma.Operation) {
	op.Security = []map[string][]string{{"link": {}}}
	op.Middlewares = append(huma.Middlewares{func(hc huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(hc)
		c, err := a.customer(r)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		ctx := context.WithValue(hc.Context(), actorKey{}, c.link.Actor())
		next(huma.WithContext(hc, context.WithValue(ctx, customerKey{}, c)))
	}}, op.Middlewares...)
}

// customer says in whose registration a request acts. Who comes with other credentials that hold is forbidden to.
func (a *API) customer(r *http.Request) (customer, error) {
	authorization := r.Header.Get("Authorization")
	if !access.IsLink(authorization) {
		actor, err := a.caller(r)
		if err == nil {
			err = access.Allow(actor, access.CustomerAct)
		}
		if err == nil { // no other actor may; should one, it has no registration
			err = internal()
		}
		return customer{}, err
	}
	link, err := a.config.Operator.Customers.Links.Read(authorization)
	if err != nil {
		if slow := a.strangers.Allow(address(r)); slow != nil {
			err = slow
		}
		return customer{}, err
	}
	if err := access.Allow(link.Actor(), access.CustomerAct); err != nil {
		return customer{}, err
	}
	if err := a.limiter.Allow(link.Actor().ID); err != nil {
		return customer{}, err
	}
	seen, err := a.config.Operator.Records.Snapshot(r.Context(), link.Registration)
	if err == nil {
		err = a.takesPart(&seen.Registration)
	}
	return customer{link, seen}, err
}

// takesPart says why a registration has no use for a customer's link any more.
func (a *API) takesPart(r *truename.Registration) error {
	ended := r.State == truename.StateWithdrawn || r.State == truename.StateLapsed
	if ended || r.State == truename.StateOpen && a.captures.now().After(r.ExpiresAt) {
		return &truename.Error{Kind: truename.KindUnauthenticated, Code: truename.CodeUnauthenticated,
			Detail: "The registration that the link is for has ended.", Remedy: "Ask at the outlet for a new registration."}
	}
	return nil
}

type linkOutput struct{ Body api.Link }

func (a *API) makeLink(ctx context.Context, in *Change) (*linkOutput, error) {
	s, err := a.seen(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	by, err := request(ctx, in.Conditional)
	if err != nil {
		return nil, err
	}
	if by.Version != 0 && by.Version != s.Registration.Version {
		return nil, &truename.Error{Kind: truename.KindPrecondition, Code: truename.CodeStale, Detail: "The registration has been changed by somebody else."}
	}
	if a.takesPart(&s.Registration) != nil {
		return nil, &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState, Detail: "The registration has ended: the customer has no more part in it."}
	}
	token, link, err := a.config.Operator.Customers.Links.Make(s.Registration.ID, truename.Applicant)
	if err != nil {
		return nil, err
	}
	return &linkOutput{api.Link{Token: token.Reveal(), ExpiresAt: link.ExpiresAt, Path: "/c/#" + token.Reveal()}}, nil
}

// InLanguage is the input of an operation whose answer has sentences.
type InLanguage struct {
	Language string `query:"language" maxLength:"35" doc:"of the answer's sentences, BCP 47: zh-CN, en; left out: the registration's"`
}

// Own is the input of a change that a customer makes in their registration.
type Own struct {
	InLanguage
	Conditional
}

type customerOutput struct {
	ETag string `header:"ETag"`
	Body api.Customer
}

func (a *API) readOwn(ctx context.Context, in *InLanguage) (*customerOutput, error) {
	return a.own(ctx, customerOf(ctx).seen, in.Language)
}

// own puts a registration on the customer's wire.
func (a *API) own(ctx context.Context, s truename.Snapshot, language string) (*customerOutput, error) {
	flow := a.config.Operator.Flow
	if language == "" {
		language = s.Registration.Language
	}
	pack, err := flow.PackOf(ctx, s.Registration)
	if err != nil {
		return nil, err
	}
	body := api.Customer{Registration: api.NewCustomerRegistration(s.Registration), Missing: []api.Requirement{}, Consents: []truename.Consent{},
		Policy: customerPolicy(pack, &s.Registration), Document: "counter", Outlets: atTheCounter(language)}
	for _, c := range s.Consents {
		if c.Party == truename.Applicant {
			body.Consents = append(body.Consents, c)
		}
	}
	if s.Registration.State == truename.StateOpen {
		missing, err := flow.Missing(ctx, s.Registration.ID)
		if err != nil {
			return nil, err
		}
		for _, m := range missing {
			body.Missing = append(body.Missing, api.Requirement(m))
		}
	}
	if s.Decision != nil {
		if body.Decision, err = a.inWords(ctx, *s.Decision, language); err != nil {
			return nil, err
		}
	}
	return &customerOutput{ETag: etag(s.Registration.Version), Body: body}, nil
}

func (a *API) inWords(ctx context.Context, d truename.Decision, language string) (*api.Decision, error) {
	e, err := a.config.Operator.Flow.Explain(ctx, d, language)
	said := api.NewDecision(d, e, language)
	return &said, err
}

func customerPolicy(pack *policy.Pack, r *truename.Registration) api.CustomerPolicy {
	p := api.CustomerPolicy{Consents: consentTexts(pack), StoresPortrait: pack.Settings().Store.Portrait, Liveness: pack.Liveness()}
	if left, capped := attemptsLeft(pack, r); capped {
		p.AttemptsLeft = &left
	}
	return p
}

// attemptsLeft is how many capture sessions can still give a finding: each gives one of liveness and one of comparison.
func attemptsLeft(pack *policy.Pack, r *truename.Registration) (left int, capped bool) {
	for _, stage := range []truename.Stage{truename.StageLiveness, truename.StageComparison} {
		most, has := pack.Settings().RetryCaps[stage]
		if !has {
			continue
		}
		if rest := max(0, most-tries(r, stage)); !capped || rest < left {
			left, capped = rest, true
		}
	}
	return left, capped
}

// tries counts the applicant's findings of a stage.
func tries(r *truename.Registration, stage truename.Stage) (n int) {
	for _, f := range r.Findings {
		if f.Stage == stage && f.Party == truename.Applicant {
			n++
		}
	}
	return n
}

// atTheCounter says how everything is done without a device and without a face.
func atTheCounter(language string) string {
	if strings.HasPrefix(strings.ToLower(language), "zh") {
		return "您随时可以改到营业厅办理：请携带证件原件，由两名工作人员当面核对，无需拍摄人脸，服务和号码数量限制完全相同。"
	}
	return "You can always do this at an outlet instead: bring your original document. Two members of staff check it in person, no face is photographed, and service and limits are the same."
}

// acting says to the flows who asks, and gives the registration's id.
func acting(ctx context.Context, c Conditional) (registration.Request, string, error) {
	by, err := request(ctx, c)
	return by, customerOf(ctx).link.Registration, err
}

// changedOwn gives the customer's view after a change.
func (a *API) changedOwn(ctx context.Context, id, language string) (*customerOutput, error) {
	s, err := a.config.Operator.Records.Snapshot(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.own(ctx, s, language)
}

func (a *API) giveOwnConsent(ctx context.Context, in *struct {
	Conditional
	Body api.CustomerConsent
}) (*struct{ Body truename.Consent }, error) {
	by, id, err := acting(ctx, in.Conditional)
	if err != nil {
		return nil, err
	}
	c, err := a.config.Operator.Flow.GiveConsent(ctx, by, id, registration.ConsentGiven{Party: truename.Applicant, Purpose: in.Body.Purpose,
		TextVersion: in.Body.TextVersion, Language: in.Body.Language})
	return &struct{ Body truename.Consent }{c}, err
}

func (a *API) withdrawOwnConsent(ctx context.Context, in *struct {
	Own
	Consent string `path:"consent" maxLength:"40" doc:"id of the consent"`
}) (*customerOutput, error) {
	by, id, err := acting(ctx, in.Conditional)
	if err != nil {
		return nil, err
	}
	mine := func(c truename.Consent) bool { return c.ID == in.Consent && c.Party == truename.Applicant }
	if !slices.ContainsFunc(customerOf(ctx).seen.Consents, mine) {
		return nil, &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound, Detail: "The registration has no such consent of yours.", Remedy: "Read its consents."}
	}
	// An attempt that was begun is recorded while it may be. If it cannot be, the withdrawal stands all the same.
	if err := a.leaveCapture(ctx, a.captures.of(id)); err != nil {
		a.config.Logger.ErrorContext(ctx, "capture session not recorded", "request_id", requestID(ctx), "code", truename.AsError(err).Code)
	}
	if err := a.config.Operator.Flow.WithdrawConsent(ctx, by, id, in.Consent); err != nil {
		return nil, err
	}
	a.captures.forget(id)
	return a.changedOwn(ctx, id, in.Language)
}

func (a *API) decideOwn(ctx context.Context, in *Own) (*decisionOutput, error) {
	by, id, err := acting(ctx, in.Conditional)
	if err != nil {
		return nil, err
	}
	d, err := a.config.Operator.Flow.Decide(ctx, by, id)
	if err != nil {
		return nil, err
	}
	a.metrics.decision(d.Ruling.Verdict)
	a.captures.forget(id)
	language := in.Language
	if language == "" {
		language = customerOf(ctx).seen.Registration.Language
	}
	said, err := a.inWords(ctx, d, language)
	if err != nil {
		return nil, err
	}
	return &decisionOutput{*said}, nil
}

// changeOwnRoute ends the registration. A route is chosen when it is opened, as everything after that hangs on it.
func (a *API) changeOwnRoute(ctx context.Context, in *struct {
	Own
	Body api.RouteChange
}) (*customerOutput, error) {
	if r := customerOf(ctx).seen.Registration; r.Route == in.Body.Route || r.State != truename.StateOpen {
		return nil, &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState,
			Detail: "The route can be left only while the registration is open and on the route with a face.", Remedy: "Read the registration for its state."}
	}
	return a.withdrawOwn(ctx, &in.Own)
}

func (a *API) withdrawOwn(ctx context.Context, in *Own) (*customerOutput, error) {
	by, id, err := acting(ctx, in.Conditional)
	if err == nil {
		err = a.config.Operator.Flow.Withdraw(ctx, by, id)
	}
	if err != nil {
		return nil, err
	}
	a.captures.forget(id)
	a.metrics.step("withdrawn")
	return a.changedOwn(ctx, id, in.Language)
}

func (a *API) appealOwn(ctx context.Context, in *Own) (*customerOutput, error) {
	by, id, err := acting(ctx, in.Conditional)
	if err == nil {
		err = a.config.Operator.Flow.Appeal(ctx, by, id)
	}
	if err != nil {
		return nil, err
	}
	a.metrics.step("appealed")
	return a.changedOwn(ctx, id, in.Language)
}
