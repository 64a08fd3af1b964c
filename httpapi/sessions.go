package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"truename"
	"truename/access"
	"truename/api"
)

// registerSessions lets members of staff in and out. Machines need no session: they send their key.
func (a *API) registerSessions(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "read-caller", Method: http.MethodGet, Path: "/v1/caller", Tags: []string{tagSession},
		Summary: "Who am I?", Description: "What the credentials stand for.",
	}, access.PolicyRead, a.readCaller)
	a.session(h, http.MethodDelete, "/v1/session", "sign-out", "Sign out", "", "", a.signOut)
	if a.config.Operator.Passkeys != nil {
		a.session(h, http.MethodPost, "/v1/session/passkey/options", "begin-passkey", "Begin to sign in by passkey",
			"Gives the options for navigator.credentials.get, and a cookie that ties the sign-in to the browser.", "", a.beginPasskey)
		a.session(h, http.MethodPost, "/v1/session/passkey", "finish-passkey", "Sign in by passkey",
			"Takes what navigator.credentials.get gave; the answer sets the session's cookie.", "the credential, as JSON", a.finishPasskey)
		a.session(h, http.MethodPost, "/v1/session/invitation/options", "begin-invitation", "Begin to register a passkey",
			"With an invitation of an administrator. Gives the options for navigator.credentials.create.", `{"invitation":"tni_…"}`, a.beginInvitation)
		a.session(h, http.MethodPost, "/v1/session/invitation", "finish-invitation", "Register a passkey",
			"Takes what navigator.credentials.create gave; the invitation is used up.", "the credential, as JSON", a.finishInvitation)
	}
	if a.config.Operator.OIDC != nil {
		a.session(h, http.MethodGet, "/v1/session/oidc", "begin-oidc", "Sign in at the identity provider", "Sends the browser there.", "", a.beginOIDC)
		a.session(h, http.MethodGet, "/v1/session/oidc/callback", "finish-oidc", "Come back from the identity provider",
			"The provider sends the browser here; the answer sets the session's cookie and goes on to the page.", "", a.finishOIDC)
	}
}

// session adds an operation of signing in or out: cookies go both ways, which huma's handlers do not do.
func (a *API) session(h huma.API, method, path, id, summary, about, body string, serve func(http.ResponseWriter, *http.Request) error) {
	op := &huma.Operation{OperationID: id, Method: method, Path: path, Tags: []string{tagSession}, Summary: summary, Description: about,
		Responses: problemResponses(h.OpenAPI().Components.Schemas, map[string]*huma.Response{"200": {Description: summary + "."}},
			truename.CodeInvalidRequest, truename.CodeUnauthenticated, truename.CodeForbidden, truename.CodeRateLimited, truename.CodeRecords, CodeCrossOrigin)}
	if body != "" {
		op.RequestBody = &huma.RequestBody{Required: true, Description: body, Content: map[string]*huma.MediaType{
			"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}}
	}
	h.OpenAPI().AddOperation(op)
	a.mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, r *http.Request) {
		if err := a.strangers.Allow("session " + address(r)); err != nil {
			a.refuse(w, r, err)
			return
		}
		if err := serve(w, r); err != nil {
			a.refuse(w, r, err)
		}
	})
}

func (a *API) readCaller(ctx context.Context, _ *struct{}) (*struct{ Body api.Caller }, error) {
	by := actorOf(ctx)
	return &struct{ Body api.Caller }{api.Caller{ID: by.ID, Kind: string(by.Kind), Roles: by.Roles, Outlet: by.Outlet, Channel: by.Channel}}, nil
}

func (a *API) signOut(w http.ResponseWriter, r *http.Request) error {
	gate := a.config.Operator.Gate
	if cookie, err := r.Cookie(access.SessionCookieName); err == nil {
		if err := gate.SignOut(r.Context(), truename.Private(cookie.Value)); err != nil {
			return err
		}
	}
	http.SetCookie(w, gate.SessionCookie(""))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) beginPasskey(w http.ResponseWriter, _ *http.Request) error {
	ceremony, options, err := a.config.Operator.Passkeys.BeginSignIn()
	return begun(w, ceremony, options, err)
}

// begun answers with the options of a ceremony and ties it to the browser.
func begun(w http.ResponseWriter, ceremony truename.Private, options []byte, err error) error {
	if err != nil {
		return err
	}
	http.SetCookie(w, access.CeremonyCookie(ceremony))
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(options)
	return nil
}

func (a *API) finishPasskey(w http.ResponseWriter, r *http.Request) error {
	body, err := credential(r)
	if err != nil {
		return err
	}
	token, _, err := a.config.Operator.Passkeys.FinishSignIn(r.Context(), ceremony(r), body)
	if err != nil {
		return err
	}
	a.letIn(w, token)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// letIn gives the browser its session.
func (a *API) letIn(w http.ResponseWriter, token truename.Private) {
	http.SetCookie(w, a.config.Operator.Gate.SessionCookie(token))
	http.SetCookie(w, access.CeremonyCookie(""))
}

func (a *API) beginInvitation(w http.ResponseWriter, r *http.Request) error {
	body, err := credential(r)
	if err != nil {
		return err
	}
	var in struct {
		Invitation truename.Private `json:"invitation"`
	}
	if json.Unmarshal(body, &in) != nil || in.Invitation == "" {
		return invalid("", "The body is not the JSON of an invitation.", `Send {"invitation": "…"}.`)
	}
	ceremony, options, err := a.config.Operator.Passkeys.BeginRegistration(r.Context(), in.Invitation)
	return begun(w, ceremony, options, err)
}

func (a *API) finishInvitation(w http.ResponseWriter, r *http.Request) error {
	body, err := credential(r)
	if err != nil {
		return err
	}
	if _, err := a.config.Operator.Passkeys.FinishRegistration(r.Context(), ceremony(r), body); err != nil {
		return err
	}
	http.SetCookie(w, access.CeremonyCookie(""))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) beginOIDC(w http.ResponseWriter, r *http.Request) error {
	ceremony, address, err := a.config.Operator.OIDC.Begin(r.Context())
	if err != nil {
		return err
	}
	http.SetCookie(w, access.CeremonyCookie(ceremony))
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// onward is the page after the identity provider: the session's cookie is not sent along a redirect that began elsewhere.
const onward = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>truename</title><a href="/">truename</a>`

func (a *API) finishOIDC(w http.ResponseWriter, r *http.Request) error {
	token, _, err := a.config.Operator.OIDC.Finish(r.Context(), ceremony(r), r.URL.Query())
	if err != nil {
		return err
	}
	a.letIn(w, token)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, onward)
	return nil
}

// ceremony gives the token of the sign-in that the browser has begun.
func ceremony(r *http.Request) truename.Private {
	cookie, err := r.Cookie(access.CeremonyCookieName)
	if err != nil {
		return ""
	}
	return truename.Private(cookie.Value)
}

// credential reads a small body.
func credential(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, access.MaxCredentialBody+1))
	if err != nil {
		return nil, malformed("The body does not arrive whole.")
	}
	if len(body) > access.MaxCredentialBody {
		return nil, bodyTooLarge(access.MaxCredentialBody)
	}
	return body, nil
}
