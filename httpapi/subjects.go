package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"truename"
	"truename/access"
	"truename/api"
	"truename/registration"
	"truename/rights"
)

func (a *API) registerSubjects(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "read-holdings", Method: http.MethodPost, Path: "/v1/holdings", Tags: []string{tagSubject},
		Summary:     "What does this identity hold?",
		Description: "For the person themselves, who shows the document: how many numbers are in service or reserved under their identity at this operator (CN: one-card-one-check). The document's number travels in the body, so that it is in no log.",
	}, access.AccountRead, a.holdings)
	register(a, h, huma.Operation{
		OperationID: "read-subject", Method: http.MethodGet, Path: "/v1/subjects/{id}", Tags: []string{tagSubject},
		Summary:     "Read what refers to a subject",
		Description: "Consents, accounts, registrations, and what is kept sealed, without its contents.",
	}, access.ConsentRead, a.readSubject)
	register(a, h, huma.Operation{
		OperationID: "export-subject", Method: http.MethodPost, Path: "/v1/subjects/{id}/export", Tags: []string{tagSubject},
		Summary:     "Export all that is held about a person",
		Description: "For the person (PIPL Art. 45, GDPR Art. 15 and 20). It opens what is sealed, and is in the audit log before it is given.",
	}, access.SubjectExport, a.exportSubject, truename.CodeErased)
	register(a, h, huma.Operation{
		OperationID: "plan-erasure", Method: http.MethodGet, Path: "/v1/subjects/{id}/erasure", Tags: []string{tagSubject},
		Summary: "What would an erasure do?",
	}, access.SubjectErase, a.planErasure)
	register(a, h, huma.Operation{
		OperationID: "erase-subject", Method: http.MethodPost, Path: "/v1/subjects/{id}/erasure", Tags: []string{tagSubject},
		Summary:     "Erase a person",
		Description: "Destroys the subject's key: what was sealed under it is lost everywhere, in backups too. While numbers are in service only the biometric evidence goes. It cannot be undone.",
	}, access.SubjectErase, a.eraseSubject)
	register(a, h, huma.Operation{
		OperationID: "find-account", Method: http.MethodPost, Path: "/v1/accounts/by-number", Tags: []string{tagSubject},
		Summary: "Read the account of a number",
	}, access.AccountRead, a.accountOf)
	for _, op := range []struct {
		id, verb, summary, about string
		may                      access.Operation
		do                       func(context.Context, registration.Request, string) error
	}{
		{"dispute-account", "dispute", "Dispute a number", "A person says that a number under their name is not theirs: its holder has to prove it again at once.", access.AccountDispute, a.config.Operator.Flow.Dispute},
		{"close-account", "closure", "Close a number", "At the customer's wish or at the end of the contract; it no longer counts.", access.AccountClose, a.config.Operator.Flow.CloseAccount},
	} {
		register(a, h, huma.Operation{
			OperationID: op.id, Method: http.MethodPost, Path: "/v1/accounts/{id}/" + op.verb, Tags: []string{tagSubject}, Summary: op.summary, Description: op.about,
		}, op.may, func(ctx context.Context, in *AccountID) (*accountOutput, error) {
			return a.changeAccount(ctx, in.ID, op.do)
		})
	}
	register(a, h, huma.Operation{
		OperationID: "require-reverification", Method: http.MethodPost, Path: "/v1/accounts/{id}/reverification", Tags: []string{tagSubject},
		Summary:     "Ask for a re-verification",
		Description: "The carrier has found the number at risk (Anti-Telecom and Online Fraud Law of China, Art. 11). It is suspended when the policy's time after the due date has passed without proof.",
	}, access.AccountReverify, a.requireReverification)
}

func (a *API) holdings(ctx context.Context, in *struct{ Body api.Claim }) (*struct{ Body api.Holdings }, error) {
	s, err := a.config.Operator.Flow.SubjectOf(ctx, in.Body.Country, in.Body.Type, in.Body.Number.Private())
	if err != nil {
		return nil, err
	}
	view, err := a.config.Operator.Records.SubjectView(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	out := api.Holdings{Subject: s.ID, Accounts: []truename.Account{}}
	for _, account := range view.Accounts {
		if account.State != truename.AccountClosed {
			out.Accounts = append(out.Accounts, account)
		}
	}
	return &struct{ Body api.Holdings }{out}, nil
}

type SubjectID struct {
	ID string `path:"id" maxLength:"40" doc:"id of the subject"`
}

func (a *API) readSubject(ctx context.Context, in *SubjectID) (*struct{ Body api.Subject }, error) {
	if err := unbound(actorOf(ctx)); err != nil {
		return nil, err
	}
	view, err := a.config.Operator.Records.SubjectView(ctx, in.ID)
	return &struct{ Body api.Subject }{api.NewSubject(view)}, err
}

// unbound refuses actors that are bound to a place: a subject may have been anywhere.
func unbound(a truename.Actor) error {
	if a.Outlet == "" && a.Channel == "" {
		return nil
	}
	return &truename.Error{Kind: truename.KindForbidden, Code: truename.CodeForbidden,
		Detail: "The caller is bound to an outlet or channel, and a subject is not.", Remedy: "Ask the privacy officer."}
}

func (a *API) exportSubject(ctx context.Context, in *SubjectID) (*struct{ Body rights.Export }, error) {
	x, err := a.config.Operator.Office.Export(ctx, actorOf(ctx), in.ID)
	return &struct{ Body rights.Export }{x}, err
}

type planOutput struct{ Body rights.Plan }

func (a *API) planErasure(ctx context.Context, in *SubjectID) (*planOutput, error) {
	plan, err := a.config.Operator.Office.PlanErasure(ctx, in.ID)
	return &planOutput{plan}, err
}

func (a *API) eraseSubject(ctx context.Context, in *SubjectID) (*planOutput, error) {
	plan, err := a.config.Operator.Office.Erase(ctx, actorOf(ctx), in.ID)
	if err == nil && plan.Erased {
		a.metrics.step("erased")
	}
	return &planOutput{plan}, err
}

type accountOutput struct{ Body truename.Account }

type AccountID struct {
	ID string `path:"id" maxLength:"40" doc:"id of the account"`
}

func (a *API) accountOf(ctx context.Context, in *struct{ Body api.NumberClaim }) (*accountOutput, error) {
	account, err := a.config.Operator.Flow.AccountOf(ctx, in.Body.MSISDN.Private())
	return &accountOutput{account}, err
}

func (a *API) changeAccount(ctx context.Context, id string, do func(context.Context, registration.Request, string) error) (*accountOutput, error) {
	by, err := request(ctx, Conditional{})
	if err == nil {
		err = do(ctx, by, id)
	}
	if err != nil {
		return nil, err
	}
	account, err := a.config.Operator.Records.Account(ctx, id)
	return &accountOutput{account}, err
}

func (a *API) requireReverification(ctx context.Context, in *struct {
	AccountID
	Body api.Reverification
}) (*accountOutput, error) {
	return a.changeAccount(ctx, in.ID, func(ctx context.Context, by registration.Request, id string) error {
		return a.config.Operator.Flow.RequireReverification(ctx, by, id, in.Body.Due)
	})
}
