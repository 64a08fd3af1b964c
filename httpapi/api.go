package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/validation"

	"truename"
	"truename/access"
)

// Config is what an [API] is made of.
type Config struct {
	// Verifier does the verifications. Required.
	Verifier Verifier
	// Ready says why verifications cannot be done now; nil when they can. An error should be a [truename.Error]. It is
	// called for each request to /readyz, so it must be quick. Without the function the API is always ready.
	Ready func(context.Context) error
	// Page answers at / and every other path that is not the API's own. Optional. Its 404 and 405 become problem
	// documents.
	Page http.Handler
	// TargetFMR is the false-match rate that is accepted unless a request asks for another, 1e-6 to 1e-1.
	TargetFMR float64
	// Operator is whose registrations are served; nil: only verifications are, of which nothing is kept.
	Operator *Operator
	Limits   Limits
	// TLS makes [Serve] speak TLS; nil: a proxy does.
	TLS *tls.Config
	// Logger gets the access log and failures, without personal data. Required.
	Logger *slog.Logger
}

// API answers requests. It is safe for concurrent use; make it with [New].
type API struct {
	config    Config
	limits    Limits
	mux       *http.ServeMux
	admission *admission
	metrics   *metrics
	limiter   *access.Limiter // by caller
	strangers *access.Limiter // by address, of who sends credentials that do not hold
	origin    *http.CrossOriginProtection
	underway  underway
	captures  *captures
	lingering chan struct{}
	draining  atomic.Bool
}

// New makes the API. It starts nothing: see [Serve]. The error says what is wrong with the configuration.
func New(c Config) (*API, error) {
	if c.Verifier == nil || c.Logger == nil {
		return nil, errors.New("httpapi: a verifier and a logger are required")
	}
	if !(c.TargetFMR >= minTargetFMR && c.TargetFMR <= maxTargetFMR) {
		return nil, fmt.Errorf("httpapi: the target false-match rate must be %g to %g", minTargetFMR, maxTargetFMR)
	}
	if err := c.Limits.Check(); err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	a := &API{
		config:    c,
		limits:    c.Limits,
		mux:       http.NewServeMux(),
		admission: newAdmission(c.Limits),
		origin:    http.NewCrossOriginProtection(),
		lingering: make(chan struct{}, maxLingering),
	}
	a.metrics = newMetrics(a.admission)
	if err := a.limitCallers(); err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	if err := a.route(); err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	return a, nil
}

// limitCallers makes the limits on how often one caller may ask, and on capture sessions.
func (a *API) limitCallers() (err error) {
	if a.config.Operator == nil {
		return nil
	}
	a.captures = newCaptures(a.config.Operator.Customers)
	a.metrics.sessions(a.captures)
	if a.limiter, err = access.NewLimiter(access.LimiterOptions{PerSecond: a.config.Operator.PerSecond}); err != nil {
		return err
	}
	a.strangers, err = access.NewLimiter(access.LimiterOptions{PerSecond: 1, Burst: 20})
	return err
}

// route registers every operation, its 405, the reference and the page.
func (a *API) route() error {
	api := humago.New(a.mux, documentConfig(a.asProblem))
	a.registerVerifications(api)
	if a.config.Operator != nil {
		a.registerRegistrations(api)
		a.registerEvidence(api)
		a.registerDecisions(api)
		a.registerReviews(api)
		a.registerSubjects(api)
		a.registerCustomers(api)
		a.registerCaptures(api)
		a.registerWebhooks(api)
		a.registerAudit(api)
		a.registerSessions(api)
	}
	a.registerHealth(api)
	a.registerMetrics(api)

	document := api.OpenAPI()
	finishDocument(document)
	for path, item := range document.Paths {
		if path == tilePath {
			path = tilePattern
		}
		a.mux.HandleFunc(path, a.methodNotAllowed(allowed(item)))
	}
	if err := a.registerReference(document); err != nil {
		return err
	}
	a.mux.Handle("/", a.page(a.config.Page))
	return nil
}

// allowed gives the value of the Allow header (RFC 9110, 10.2.1) of a path.
func allowed(item *huma.PathItem) string {
	var methods []string
	if item.Get != nil {
		methods = append(methods, http.MethodGet, http.MethodHead)
	}
	for _, m := range []struct {
		name string
		op   *huma.Operation
	}{{http.MethodPost, item.Post}, {http.MethodPut, item.Put}, {http.MethodDelete, item.Delete}} {
		if m.op != nil {
			methods = append(methods, m.name)
		}
	}
	return strings.Join(methods, ", ")
}

func (a *API) methodNotAllowed(allow string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		a.refuse(w, r, &truename.Error{Kind: truename.KindInvalid, Code: CodeMethodNotAllowed,
			Detail: "This path has no such method."})
	}
}

func (a *API) notFound(w http.ResponseWriter, r *http.Request) {
	a.refuse(w, r, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeNotFound, Detail: "Nothing is at this path."})
}

// page wraps the handler of all other paths, so that what it does not have becomes a problem document.
func (a *API) page(next http.Handler) http.Handler {
	if next == nil {
		return http.HandlerFunc(a.notFound)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&pageWriter{ResponseWriter: w, api: a, r: r}, r)
	})
}

// pageWriter replaces a page's 404 and 405 by problem documents.
type pageWriter struct {
	http.ResponseWriter
	api      *API
	r        *http.Request
	replaced bool
}

func (w *pageWriter) WriteHeader(status int) {
	if status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.replaced = true
	for _, name := range []string{"Content-Encoding", "Content-Length", "Content-Type", "Etag", "Last-Modified"} {
		w.Header().Del(name)
	}
	if status == http.StatusMethodNotAllowed {
		w.api.methodNotAllowed(w.Header().Get("Allow"))(w.ResponseWriter, w.r)
		return
	}
	w.api.notFound(w.ResponseWriter, w.r)
}

func (w *pageWriter) Write(p []byte) (int, error) {
	if w.replaced {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *pageWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// refuse answers with a problem document, from where the body may not have been read.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	a.problem(r.Context(), err).write(w)
	a.linger(w, r)
}

// problem makes the document of an error, counts it, and logs it when someone has to look after the server.
func (a *API) problem(ctx context.Context, err error) *Problem {
	e := truename.AsError(err)
	p := problemOf(e, requestID(ctx))
	switch {
	case e.Kind == truename.KindUnavailable && e.Code != CodeShuttingDown && e.Code != CodeInternal:
		attrs := []any{"request_id", p.RequestID, "code", e.Code, "detail", e.Detail}
		if e.Cause != nil {
			attrs = append(attrs, "cause", e.Cause.Error())
		}
		a.config.Logger.ErrorContext(ctx, "engine unavailable", attrs...)
	case e.Code == truename.CodeBusy:
		p.retryAfter = max(retryAfter(e), a.admission.retryAfter())
	case e.Kind == truename.KindLimited:
		p.retryAfter = retryAfter(e)
	case e.Code == truename.CodeInProgress:
		p.retryAfter = 1
	}
	a.metrics.problem(p.Code)
	return p
}

// places says where in a request something is wrong and what is expected there; what was sent is not repeated.
func places(details []*huma.ErrorDetail) string {
	var list []string
	for _, d := range details {
		place, expected := d.Location, d.Message
		if expected == validation.MsgUnexpectedProperty { // its name is the client's own
			place = place[:max(0, strings.LastIndexByte(place, '.'))]
		}
		expected, _, _ = strings.Cut(expected, ": ") // what follows may repeat the value
		if !strings.HasPrefix(expected, "expected ") && expected != validation.MsgUnexpectedProperty {
			expected = "cannot be read"
		}
		if placeForm.MatchString(place) && len(list) < 5 {
			list = append(list, place+": "+expected)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, "; ") + ")"
}

// placeForm is a place in a request that has a name of ours: not a member that the client made up.
var placeForm = regexp.MustCompile(`^(body|query|path|header)(\.[a-zA-Z_][a-zA-Z0-9_-]{0,39}|\[[0-9]{1,4}\]){0,6}$`)

// asProblem turns an error that huma itself found in a request into a problem document. Values from the request are
// not repeated.
func (a *API) asProblem(hc huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	e := &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: "The request has a parameter that is not known or not valid" + places(model.Errors) + ".",
		Remedy: "Send only what the reference at /docs lists."}
	switch model.Status {
	case http.StatusBadRequest:
		e.Code, e.Detail, e.Remedy = CodeMalformedBody, "The body is not JSON"+places(model.Errors)+".", "Send the JSON object that the reference at /docs describes."
	case http.StatusUnsupportedMediaType:
		e.Kind, e.Code, e.Detail, e.Remedy = truename.KindUnsupported, CodeUnsupportedMediaType, "The body's Content-Type is not application/json.", "Send JSON and say so: Content-Type: application/json."
	case http.StatusRequestEntityTooLarge:
		e = &truename.Error{Kind: truename.KindTooLarge, Code: truename.CodeTooLarge, Detail: "The body has more than " + byteCount(maxJSON) + ".", Remedy: "Send less."}
	}
	if model.Status >= http.StatusInternalServerError {
		e = &truename.Error{Kind: truename.KindUnavailable, Code: CodeInternal, Detail: "The server failed."}
	}
	p := a.problem(hc.Context(), e)
	p.Status = model.Status // already chosen
	return p, nil
}
