package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"truename"
	"truename/access"
	"truename/verification"
)

// Verifier compares the live sample with the portrait, both the bytes of a picture file, at the target false-match
// rate. An unusable sample is a result. Errors are [truename.Error]s; one about one picture has its Sample set. Verify
// should return soon after its context is done, but a request does not wait for that.
type Verifier interface {
	Verify(ctx context.Context, portrait, live []byte, targetFMR float64) (*verification.Result, error)
}

// verificationParts are what a verification is asked for with.
var verificationParts = []formPart{{"portrait", 0, true, 0}, {"live", 0, true, 0}, {"target_fmr", 32, false, 0}}

func (a *API) registerVerifications(api huma.API) {
	op := verificationOperation(api.OpenAPI().Components.Schemas, a.limits, a.config.TargetFMR)
	op.Middlewares = huma.Middlewares{a.admit(verificationParts)}
	if o := a.config.Operator; o != nil && !o.OpenVerification {
		a.guard(&op, access.VerificationRun)
	}
	huma.Register(api, op, a.verify)
	api.OpenAPI().Paths[op.Path].Post.RequestBody = verificationBody(a.config.TargetFMR)
}

// admitted is a request that has a place and whose form has arrived.
type admitted struct {
	form  form
	place *place
}

type admittedKey struct{}

// admit gives a request a place, and only then reads its form.
func (a *API) admit(parts []formPart) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(hc)
		if err := a.admitted(hc, parts, next); err != nil {
			a.refuse(w, r, err)
		}
	}
}

// admitted answers the request, or gives the error that keeps it from being looked at.
func (a *API) admitted(hc huma.Context, parts []formPart, next func(huma.Context)) error {
	r, w := humago.Unwrap(hc)
	connection := http.NewResponseController(w)
	// Lets an early answer be sent before the body is read. Only HTTP/1 needs it, and only a real connection has it.
	_ = connection.EnableFullDuplex()
	_ = connection.SetWriteDeadline(time.Now().Add(a.limits.RequestTimeout + writeGrace))

	if r.ContentLength > a.limits.MaxBodyBytes {
		return bodyTooLarge(a.limits.MaxBodyBytes)
	}
	place := a.admission.enter()
	if place == nil {
		return busy("All workers are occupied and the queue is full.")
	}
	defer place.release()
	ctx, cancel := context.WithTimeout(hc.Context(), a.limits.RequestTimeout)
	defer cancel()

	body := &pacedBody{
		r:          http.MaxBytesReader(w, r.Body, a.limits.MaxBodyBytes),
		connection: connection,
		until:      time.Now().Add(min(a.limits.BodyTimeout, a.limits.RequestTimeout)),
		stall:      a.limits.StallTimeout,
	}
	f, err := readForm(r, body, parts, a.limits.MaxPictureBytes)
	if err != nil {
		return err
	}
	// From here on net/http watches the connection for the client going away; an old deadline would end that.
	_ = connection.SetReadDeadline(time.Time{})
	next(huma.WithContext(hc, context.WithValue(ctx, admittedKey{}, &admitted{f, place})))
	return nil
}

// writeGrace is the time for sending an answer to a slow client.
const writeGrace = 15 * time.Second

// pacedBody gives each read of a body until the stall limit, and the body as a whole until its own.
type pacedBody struct {
	r          io.Reader
	connection *http.ResponseController
	until      time.Time
	stall      time.Duration
}

func (b *pacedBody) Read(p []byte) (int, error) {
	deadline := time.Now().Add(b.stall)
	if deadline.After(b.until) {
		deadline = b.until
	}
	if err := b.connection.SetReadDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return b.r.Read(p)
}

// verifyOutput is a result as JSON. It is encoded before the status is sent, so that what cannot be encoded becomes
// a problem.
type verifyOutput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        []byte
}

// verify is the handler of POST /v1/verifications.
func (a *API) verify(ctx context.Context, _ *struct{}) (*verifyOutput, error) {
	request := ctx.Value(admittedKey{}).(*admitted)
	start := time.Now()
	result, err := a.run(ctx, request)
	if err != nil && ctx.Err() == context.Canceled {
		gone := problemOf(truename.AsError(timeout()), requestID(ctx)) // for the log: nobody reads it
		gone.Status = statusClientGone
		return nil, gone
	}
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	body, err := json.Marshal(result)
	if err != nil {
		return nil, a.problem(ctx, engineFailure("The engine gave a result that cannot be told.", err))
	}
	a.metrics.outcome(result.Outcome, time.Since(start))
	return &verifyOutput{ContentType: "application/json", Body: body}, nil
}

// run waits for a worker and verifies. When the time is over or the client has gone it does not wait for the verifier,
// which keeps worker and place until it returns.
func (a *API) run(ctx context.Context, request *admitted) (*verification.Result, error) {
	target := a.config.TargetFMR
	if text, given := request.form["target_fmr"]; given {
		var err error
		if target, err = parseTarget(string(text)); err != nil {
			return nil, err
		}
	}
	release, err := a.admission.work(ctx)
	if err != nil {
		return nil, busy("No worker became free in time.")
	}
	type answer struct {
		result *verification.Result
		err    error
	}
	answers := make(chan answer, 1)
	request.place.hold()
	go func() {
		result, err := a.ask(ctx, request.form, target)
		// Free first, then answer: a client that sends its next request at once must not be told that all is busy.
		release()
		request.place.release()
		answers <- answer{result, err}
	}()
	select {
	case got := <-answers:
		if got.err != nil && ctx.Err() != nil {
			return nil, timeout()
		}
		return got.result, got.err
	case <-ctx.Done():
		return nil, timeout()
	}
}

// ask calls the verifier. A panic becomes an error, as it would otherwise end the program; so does an answer that is
// not one.
func (a *API) ask(ctx context.Context, f form, target float64) (result *verification.Result, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			a.logPanic(ctx, fault)
			result, err = nil, internal()
		}
	}()
	result, err = a.config.Verifier.Verify(ctx, f["portrait"], f["live"], target)
	if err != nil {
		return nil, err
	}
	if !coherent(result) {
		return nil, engineFailure("The engine gave a result that contradicts itself.", nil)
	}
	return result, nil
}

// coherent says whether a result is one of the three there are. Nothing else may read as a match.
func coherent(r *verification.Result) bool {
	if r == nil {
		return false
	}
	switch r.Outcome {
	case truename.OutcomeMatch:
		return r.Score != nil && *r.Score >= r.Threshold && len(r.Reasons) == 0
	case truename.OutcomeNoMatch:
		return r.Score != nil && *r.Score < r.Threshold && len(r.Reasons) == 0
	case truename.OutcomeUnusable:
		return r.Score == nil && len(r.Reasons) > 0
	}
	return false
}

func busy(detail string) error {
	return &truename.Error{Kind: truename.KindBusy, Code: truename.CodeBusy, Detail: detail}
}

func timeout() error {
	return &truename.Error{Kind: truename.KindTimeout, Code: truename.CodeTimeout, Detail: "The verification did not finish in time."}
}

func engineFailure(detail string, cause error) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure, Detail: detail, Cause: cause}
}

func internal() error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: CodeInternal, Detail: "The server failed."}
}
