package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"truename"
	"truename/api"
	"truename/audit"
)

// Policy reads the policy in force: the consent texts to be shown.
func (c *Client) Policy(ctx context.Context) (api.Policy, error) {
	return get[api.Policy](ctx, c, "/v1/policy", nil)
}

// Caller says who the key belongs to.
func (c *Client) Caller(ctx context.Context) (api.Caller, error) {
	return get[api.Caller](ctx, c, "/v1/caller", nil)
}

// Open opens a registration.
func (c *Client) Open(ctx context.Context, o api.Opening, w Write) (api.Registration, error) {
	return post[api.Registration](ctx, c, "/v1/registrations", o, w)
}

// Registration reads a registration, with what is missing.
func (c *Client) Registration(ctx context.Context, id string) (api.Registration, error) {
	return get[api.Registration](ctx, c, of(id, ""), nil)
}

// Registrations reads a page of registrations, the newest first. State may be empty.
func (c *Client) Registrations(ctx context.Context, state truename.RegistrationState, after string, limit int) (api.RegistrationPage, error) {
	q := url.Values{}
	if state != "" {
		q.Set("state", string(state))
	}
	if after != "" {
		q.Set("after", after)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return get[api.RegistrationPage](ctx, c, "/v1/registrations", q)
}

// GiveConsent records a consent.
func (c *Client) GiveConsent(ctx context.Context, id string, g api.ConsentGiven, w Write) (truename.Consent, error) {
	return post[truename.Consent](ctx, c, of(id, "/consents"), g, w)
}

// WithdrawConsent withdraws a consent.
func (c *Client) WithdrawConsent(ctx context.Context, id, consent string, w Write) (api.Registration, error) {
	return post[api.Registration](ctx, c, of(id, "/consents/"+url.PathEscape(consent)+"/withdrawal"), nil, w)
}

// RecordDocument records what was read from a document, and its portrait; nil: none.
func (c *Client) RecordDocument(ctx context.Context, id string, d api.Document, portrait []byte, w Write) (truename.Finding, error) {
	fields, err := json.Marshal(d)
	if err != nil {
		return truename.Finding{}, fmt.Errorf("client: encode the document: %w", err)
	}
	return postForm[truename.Finding](ctx, c, of(id, "/document"), []formPart{{"fields", "", fields}, {"portrait", "portrait", portrait}}, w)
}

// CompareFace compares the live photo with the portrait; a nil portrait is the one recorded with the document.
func (c *Client) CompareFace(ctx context.Context, id string, party truename.Party, live, portrait []byte, w Write) (truename.Finding, error) {
	return postForm[truename.Finding](ctx, c, of(id, "/face"), []formPart{{"party", "", []byte(party)}, {"live", "live", live}, {"portrait", "portrait", portrait}}, w)
}

// CheckInPerson records what a member of staff saw at the counter; the key is that person's session.
func (c *Client) CheckInPerson(ctx context.Context, id string, check api.InPersonCheck, w Write) (truename.Finding, error) {
	return post[truename.Finding](ctx, c, of(id, "/in-person"), check, w)
}

// RecordSignals records the operator's own signals.
func (c *Client) RecordSignals(ctx context.Context, id string, s api.Signals, w Write) (truename.Finding, error) {
	return post[truename.Finding](ctx, c, of(id, "/signals"), s, w)
}

// Decide asks for the decision.
func (c *Client) Decide(ctx context.Context, id string, w Write) (api.Decision, error) {
	return post[api.Decision](ctx, c, of(id, "/decision"), nil, w)
}

// Decision reads the latest decision.
func (c *Client) Decision(ctx context.Context, id string) (api.Decision, error) {
	return get[api.Decision](ctx, c, of(id, "/decision"), nil)
}

// Withdraw ends a registration at the customer's wish.
func (c *Client) Withdraw(ctx context.Context, id string, w Write) (api.Registration, error) {
	return post[api.Registration](ctx, c, of(id, "/withdrawal"), nil, w)
}

// Appeal appeals a refusal at the customer's wish.
func (c *Client) Appeal(ctx context.Context, id string, w Write) (api.Registration, error) {
	return post[api.Registration](ctx, c, of(id, "/appeal"), nil, w)
}

// Activation gets the activation token of an approved registration. Check it with [activation.Verify].
func (c *Client) Activation(ctx context.Context, id string, w Write) (api.Activation, error) {
	return post[api.Activation](ctx, c, of(id, "/activation"), nil, w)
}

// ConfirmActivation tells that the number was activated on the strength of the token's decision.
func (c *Client) ConfirmActivation(ctx context.Context, id, decision string, w Write) (api.Registration, error) {
	return post[api.Registration](ctx, c, of(id, "/activation/confirmation"), api.Confirmation{Decision: decision}, w)
}

// JWKS reads the public keys of activation tokens, to be kept for [activation.Verify].
func (c *Client) JWKS(ctx context.Context) ([]byte, error) {
	return c.do(ctx, request{method: http.MethodGet, path: "/.well-known/jwks.json"})
}

// Receipt reads the receipt of the latest decision. Check it with its method Verify, offline.
func (c *Client) Receipt(ctx context.Context, id string) (audit.Receipt, error) {
	body, err := c.do(ctx, request{method: http.MethodGet, path: of(id, "/receipt")})
	if err != nil {
		return audit.Receipt{}, err
	}
	return audit.ParseReceipt(body)
}

// AuditKey reads the verifier key of the audit log. Whoever checks the operator keeps it from elsewhere.
func (c *Client) AuditKey(ctx context.Context) (string, error) {
	body, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/audit/key"})
	return strings.TrimSpace(string(body)), err
}

// Verification is what a comparison outside a registration has measured.
type Verification struct {
	Outcome truename.Outcome `json:"outcome"`
	Score   *float64         `json:"score"` // nil: nothing was compared
	FMR     *float64         `json:"fmr"`
	Model   string           `json:"model"`
}

// Verify compares a live photo with a portrait, outside a registration. Nothing is kept of it.
func (c *Client) Verify(ctx context.Context, portrait, live []byte) (Verification, error) {
	return postForm[Verification](ctx, c, "/v1/verifications", []formPart{{"portrait", "portrait", portrait}, {"live", "live", live}}, Write{})
}

// Claim claims a referral; the key is a reviewer's session.
func (c *Client) Claim(ctx context.Context, id string, w Write) (truename.Review, error) {
	return post[truename.Review](ctx, c, "/v1/reviews/"+url.PathEscape(id)+"/claim", nil, w)
}

// Resolve resolves a claimed referral.
func (c *Client) Resolve(ctx context.Context, id string, v api.Verdict, w Write) (api.Decision, error) {
	return post[api.Decision](ctx, c, "/v1/reviews/"+url.PathEscape(id)+"/resolution", v, w)
}

// of gives the path of a registration, or of something of it.
func of(id, what string) string { return "/v1/registrations/" + url.PathEscape(id) + what }

// formPart is a part of a form; one without content is left out.
type formPart struct {
	name, file string
	content    []byte
}

func postForm[T any](ctx context.Context, c *Client, path string, parts []formPart, w Write) (T, error) {
	var none T
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, p := range parts {
		if len(p.content) == 0 {
			continue
		}
		create := form.CreateFormField
		if p.file != "" {
			create = func(name string) (io.Writer, error) { return form.CreateFormFile(name, p.file) }
		}
		part, err := create(p.name)
		if err == nil {
			_, err = part.Write(p.content)
		}
		if err != nil {
			return none, fmt.Errorf("client: encode the form: %w", err)
		}
	}
	if err := form.Close(); err != nil {
		return none, fmt.Errorf("client: encode the form: %w", err)
	}
	return exchange[T](ctx, c, request{method: http.MethodPost, path: path, contentType: form.FormDataContentType(), body: body.Bytes(), key: w.key(), version: w.Version})
}
