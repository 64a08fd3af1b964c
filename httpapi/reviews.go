package httpapi

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"truename"
	"truename/access"
	"truename/api"
	"truename/review"
)

func (a *API) registerReviews(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "list-reviews", Method: http.MethodGet, Path: "/v1/reviews", Tags: []string{tagReview},
		Summary:     "List referrals",
		Description: "The longest waiting first.",
	}, access.ReviewRead, a.listReviews)
	register(a, h, huma.Operation{
		OperationID: "read-review", Method: http.MethodGet, Path: "/v1/reviews/{id}", Tags: []string{tagReview},
		Summary:     "Read a referral",
		Description: "The registration, why it was referred, and which pictures there are. The ETag is the review's version.",
	}, access.ReviewRead, a.readReview)
	register(a, h, huma.Operation{
		OperationID: "claim-review", Method: http.MethodPost, Path: "/v1/reviews/{id}/claim", Tags: []string{tagReview},
		Summary:     "Claim a referral",
		Description: "For half an hour, or longer by claiming again. Whoever opened the case, took its evidence, judged it before or is its subject cannot.",
	}, access.ReviewResolve, a.claim)
	register(a, h, huma.Operation{
		OperationID: "release-review", Method: http.MethodPost, Path: "/v1/reviews/{id}/release", Tags: []string{tagReview},
		Summary: "Give a claimed referral back",
	}, access.ReviewResolve, a.release)
	register(a, h, huma.Operation{
		OperationID: "resolve-review", Method: http.MethodPost, Path: "/v1/reviews/{id}/resolution", Tags: []string{tagReview},
		Summary:     "Resolve a referral",
		Description: "With a coded reason. Where the policy asks for four eyes the answer stays `refer` until a second reviewer agrees. A standing refusal cannot be overruled.",
	}, access.ReviewResolve, a.resolve)
	register(a, h, huma.Operation{
		OperationID: "look-at-evidence", Method: http.MethodGet, Path: "/v1/reviews/{id}/evidence/{party}/{kind}", Tags: []string{tagReview},
		Summary:     "Look at a picture of a referral",
		Description: "For the reviewer who has claimed it. Each look is in the audit log.",
	}, access.ReviewResolve, a.look, truename.CodeVault, truename.CodeErased)
}

type reviewQuery struct {
	Page
	Open    bool             `query:"open" default:"true" doc:"those not resolved only"`
	Outlet  string           `query:"outlet" maxLength:"40"`
	Channel truename.Channel `query:"channel" enum:"own_outlet,dealer,self_service"`
	Mine    bool             `query:"mine" doc:"those the caller has claimed only"`
}

func (a *API) listReviews(ctx context.Context, in *reviewQuery) (*struct{ Body api.ReviewPage }, error) {
	q := truename.ReviewQuery{Open: in.Open, Outlet: in.Outlet, Channel: in.Channel, After: in.After, Limit: in.Limit}
	actor := actorOf(ctx)
	if in.Mine {
		q.ClaimedBy = actor.ID
	}
	var out struct{ Body api.ReviewPage }
	out.Body.Items = []truename.Review{}
	if !bind(actor, &q.Outlet, &q.Channel) {
		return &out, nil
	}
	items, next, err := a.config.Operator.Records.Reviews(ctx, q)
	out.Body.Items, out.Body.Next = append(out.Body.Items, items...), next
	return &out, err
}

type reviewOutput struct {
	ETag string `header:"ETag"`
	Body truename.Review
}

func (a *API) readReview(ctx context.Context, in *RegistrationID) (*struct {
	ETag string `header:"ETag"`
	Body api.Review
}, error) {
	s, err := a.seen(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if s.Review == nil || s.Decision == nil {
		return nil, &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound, Detail: "The registration was never referred.", Remedy: "Read the list of referrals."}
	}
	decision, err := a.explained(ctx, *s.Decision)
	if err != nil {
		return nil, err
	}
	evidence, err := a.pictures(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var out struct {
		ETag string `header:"ETag"`
		Body api.Review
	}
	out.ETag = etag(s.Review.Version)
	out.Body = api.Review{Review: *s.Review, Item: api.NewRegistration(s.Registration), Decision: decision.Body, Evidence: evidence}
	return &out, nil
}

// pictures lists what a reviewer can look at.
func (a *API) pictures(ctx context.Context, id string) ([]api.Evidence, error) {
	all, err := a.config.Operator.Records.Evidence(ctx, id)
	found := []api.Evidence{}
	for _, e := range all {
		p := api.Evidence{Party: e.Party, Kind: e.Kind}
		if (e.Kind == truename.EvidencePortrait || e.Kind == truename.EvidenceLive) && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	return found, err
}

func (a *API) claim(ctx context.Context, in *Change) (*reviewOutput, error) {
	return a.reviewing(ctx, in, a.config.Operator.Desk.Claim)
}

func (a *API) release(ctx context.Context, in *Change) (*reviewOutput, error) {
	return a.reviewing(ctx, in, a.config.Operator.Desk.Release)
}

func (a *API) reviewing(ctx context.Context, in *Change, do func(context.Context, truename.Actor, string, int) (truename.Review, error)) (*reviewOutput, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err != nil {
		return nil, err
	}
	r, err := do(ctx, by.Actor, in.ID, by.Version)
	return &reviewOutput{etag(r.Version), r}, err
}

func (a *API) resolve(ctx context.Context, in *struct {
	RegistrationID
	Body api.Verdict
}) (*decisionOutput, error) {
	by, err := a.changing(ctx, in.ID, Conditional{})
	if err != nil {
		return nil, err
	}
	d, err := a.config.Operator.Desk.Resolve(ctx, by.Actor, in.ID, review.Verdict{Verdict: in.Body.Verdict, Code: in.Body.Code})
	if err != nil {
		return nil, err
	}
	a.metrics.decision(d.Ruling.Verdict)
	return a.explained(ctx, d)
}

type pictureOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *API) look(ctx context.Context, in *struct {
	RegistrationID
	Party truename.Party        `path:"party" enum:"applicant,guardian,proxy,transferor"`
	Kind  truename.EvidenceKind `path:"kind" enum:"portrait,live"`
}) (*pictureOutput, error) {
	by, err := a.changing(ctx, in.ID, Conditional{})
	if err != nil {
		return nil, err
	}
	picture, err := a.config.Operator.Flow.Look(ctx, by, in.ID, in.Party, in.Kind)
	return &pictureOutput{http.DetectContentType(picture), picture}, err
}
