package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"truename"
	"truename/access"
	"truename/api"
	"truename/audit"
)

func (a *API) registerDecisions(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "decide", Method: http.MethodPost, Path: "/v1/registrations/{id}/decision", Tags: []string{tagRegistration},
		Summary: "Ask for the decision", DefaultStatus: http.StatusCreated,
		Description: "Once, when nothing is missing any more. Whatever failed, and whatever could not be done, refers or refuses; asking again gives the same decision. The explanation is for the customer: the reasons, what to do about them, where to appeal.",
		Extensions:  shell(`curl -sS -X POST $TRUENAME/v1/registrations/$ID/decision -H "Authorization: Bearer $KEY" -H "Idempotency-Key: $(uuidgen)"`),
	}, access.RegistrationFill, a.decide, truename.CodeIncomplete, truename.CodePolicyPack)
	register(a, h, huma.Operation{
		OperationID: "read-decision", Method: http.MethodGet, Path: "/v1/registrations/{id}/decision", Tags: []string{tagRegistration},
		Summary: "Read the latest decision",
	}, access.RegistrationRead, a.readDecision)
	register(a, h, huma.Operation{
		OperationID: "read-receipt", Method: http.MethodGet, Path: "/v1/registrations/{id}/receipt", Tags: []string{tagRegistration},
		Summary:     "Read the receipt of the latest decision",
		Description: "The decision, its leaf in the audit log, a proof that the log has it, and a signed checkpoint: verifiable offline, years later, with `truename audit receipt`.",
	}, access.RegistrationRead, a.readReceipt)
	register(a, h, huma.Operation{
		OperationID: "issue-activation", Method: http.MethodPost, Path: "/v1/registrations/{id}/activation", Tags: []string{tagActivation},
		Summary: "Get the activation token", DefaultStatus: http.StatusCreated,
		Description: "Of an approved registration: a short-lived EdDSA JWT for one activation, verifiable offline against /.well-known/jwks.json.",
	}, access.ActivationIssue, a.issueActivation)
	register(a, h, huma.Operation{
		OperationID: "confirm-activation", Method: http.MethodPost, Path: "/v1/registrations/{id}/activation/confirmation", Tags: []string{tagActivation},
		Summary:     "Confirm the activation",
		Description: "The carrier's system has activated the number. Without it the approval lapses and frees its place in the limit.",
	}, access.ActivationConfirm, a.confirmActivation, truename.CodeTokenInvalid)
}

type decisionOutput struct{ Body api.Decision }

func (a *API) decide(ctx context.Context, in *Change) (*decisionOutput, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err != nil {
		return nil, err
	}
	d, err := a.config.Operator.Flow.Decide(ctx, by, in.ID)
	if err != nil {
		return nil, err
	}
	a.metrics.decision(d.Ruling.Verdict)
	return a.explained(ctx, d)
}

// explained puts a decision on the wire, in the words of the registration's language.
func (a *API) explained(ctx context.Context, d truename.Decision) (*decisionOutput, error) {
	s, err := a.config.Operator.Records.Snapshot(ctx, d.Registration)
	if err != nil {
		return nil, err
	}
	e, err := a.config.Operator.Flow.Explain(ctx, d, s.Registration.Language)
	if err != nil {
		return nil, err
	}
	return &decisionOutput{api.NewDecision(d, e, s.Registration.Language)}, nil
}

func (a *API) decided(ctx context.Context, id string) (truename.Decision, error) {
	s, err := a.seen(ctx, id)
	if err != nil {
		return truename.Decision{}, err
	}
	if s.Decision == nil {
		return truename.Decision{}, &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound,
			Detail: "The registration has not been decided.", Remedy: "Ask for the decision first."}
	}
	return *s.Decision, nil
}

func (a *API) readDecision(ctx context.Context, in *RegistrationID) (*decisionOutput, error) {
	d, err := a.decided(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.explained(ctx, d)
}

func (a *API) readReceipt(ctx context.Context, in *RegistrationID) (*struct{ Body audit.Receipt }, error) {
	d, err := a.decided(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	log := a.config.Operator.Log(ctx)
	checkpoint, err := a.config.Operator.Publisher.Publish(ctx, log)
	if err != nil {
		return nil, err
	}
	leaves, err := log.Leaves(ctx, d.Leaf, d.Leaf+1)
	if err != nil {
		return nil, err
	}
	receipt, err := audit.NewReceipt(d, leaves[0], checkpoint, log)
	return &struct{ Body audit.Receipt }{receipt}, err
}

func (a *API) issueActivation(ctx context.Context, in *Change) (*struct{ Body api.Activation }, error) {
	if _, err := a.changing(ctx, in.ID, in.Conditional); err != nil {
		return nil, err
	}
	token, err := a.config.Operator.Flow.Token(ctx, in.ID)
	return &struct{ Body api.Activation }{api.Activation{Token: token}}, err
}

func (a *API) confirmActivation(ctx context.Context, in *struct {
	Change
	Body api.Confirmation
}) (*registrationOutput, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err != nil {
		return nil, err
	}
	r, err := a.config.Operator.Flow.Confirm(ctx, by, in.ID, in.Body.Decision)
	if err != nil {
		return nil, err
	}
	a.metrics.step("activated")
	return a.shown(ctx, r)
}
