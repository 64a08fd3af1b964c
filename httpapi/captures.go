package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"truename"
	"truename/access"
	"truename/api"
	"truename/liveness"
)

func (a *API) registerCaptures(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "begin-capture", Method: http.MethodPost, Path: "/v1/customer/capture", Tags: []string{tagCustomer},
		Summary: "Begin a capture session", DefaultStatus: http.StatusCreated,
		Description: "For ten minutes, and once. The server draws movements at random and reveals them one by one. Another session ends the one before; one in which a movement was revealed counts as an attempt, also when it is left. When all places are taken the answer is 503 `busy`.",
	}, access.CustomerAct, a.beginCapture, truename.CodeConsentMissing, truename.CodeAttemptsExhausted, truename.CodeBusy, truename.CodeEngineFailure)
	frames := huma.Operation{
		OperationID: "send-frames", Method: http.MethodPost, Path: "/v1/customer/capture/{capture}/frames", Tags: []string{tagCustomer},
		Summary: "Send frames", Middlewares: huma.Middlewares{a.takeFrames},
		Description: "In the order in which they were taken, not mirrored, about eight a second. Each has a nonce of its own, and each nonce and each frame is taken once: what comes again is answered 409. Requests need no Idempotency-Key: after a lost answer, read the session and go on. Frames are measured and forgotten, but for one that is compared with the portrait.",
	}
	register(a, h, frames, access.CustomerAct, a.sendFrames, CodeCaptureExpired, CodeMalformedBody, CodeUnsupportedMediaType, truename.CodeTooLarge, truename.CodeBusy,
		CodeBodyTimeout, truename.CodeUnsupportedType, truename.CodeTooManyPixels, truename.CodeTruncated, truename.CodeCorrupt, truename.CodeConsentMissing,
		truename.CodeAttemptsExhausted, truename.CodeTimeout, truename.CodeEngineFailure)
	describeForm(h, frames.Path, "The part meta, and one to eight parts named frame, in the same order.", []string{"meta", "frame"}, map[string]*huma.Schema{
		"meta":  {Type: huma.TypeString, Description: `JSON: [{"nonce":"…","at_ms":123}], a member for each frame. at_ms is when the camera took it, in milliseconds of one clock that runs through the session.`},
		"frame": {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Format: "binary"}, Description: "JPEGs of at most 256 KiB and 1280 × 1280 pixels each."},
	})
	register(a, h, huma.Operation{
		OperationID: "read-capture", Method: http.MethodGet, Path: "/v1/customer/capture/{capture}", Tags: []string{tagCustomer},
		Summary: "Go on with a capture session", Description: "After a lost connection: the nonces that are out now, and the movement asked for.",
	}, access.CustomerAct, a.readCapture, CodeCaptureExpired, truename.CodeWrongState, truename.CodeBusy)
	register(a, h, huma.Operation{
		OperationID: "finish-capture", Method: http.MethodPost, Path: "/v1/customer/capture/{capture}/finish", Tags: []string{tagCustomer},
		Summary: "Finish a capture session", DefaultStatus: http.StatusCreated,
		Description: "The session is judged and the best frame compared with the document's portrait; both findings are the server's own, of one session. What was measured and all frames are dropped, but for a live photo where the policy keeps one.",
	}, access.CustomerAct, a.finishCapture, CodeCaptureExpired, truename.CodeBusy, truename.CodeConsentMissing, truename.CodeAttemptsExhausted,
		truename.CodeUnsupportedType, truename.CodeTooManyPixels, truename.CodeTruncated, truename.CodeCorrupt, truename.CodeTimeout)
	nullable(h, "CaptureProgress", "action", "hint")
	nullable(h, "CaptureOutcome", "comparison")
}

type captureOutput struct{ Body api.Capture }

// CaptureID is the input of an operation on a capture session.
type CaptureID struct {
	Capture string `path:"capture" maxLength:"100" doc:"id of the capture session"`
}

func (a *API) beginCapture(ctx context.Context, in *struct{ Body api.CaptureOpening }) (*captureOutput, error) {
	by, id, err := acting(ctx, Conditional{})
	if err != nil {
		return nil, err
	}
	if a.captures.customers.Examiner == nil {
		return nil, engineFailure("The engine that examines frames is away.", nil)
	}
	if err := a.leaveCapture(ctx, a.captures.of(id)); err != nil {
		return nil, err
	}
	if err := a.mayCapture(ctx, id); err != nil {
		return nil, err
	}
	opening, err := a.opening(ctx, id)
	if err != nil {
		return nil, err
	}
	opening.Access = liveness.Access(in.Body.Access)
	if err := a.leaveCapture(ctx, a.captures.stale()); err != nil {
		return nil, full()
	}
	c, err := a.captures.begin(opening, by.Actor, liveness.Camera(in.Body.Camera), a.expire)
	if err != nil {
		return nil, err
	}
	return &captureOutput{c.shown()}, nil
}

// leaveCapture ends a session that another one takes the place of; nil: there is none.
func (a *API) leaveCapture(ctx context.Context, c *capturing) error {
	if c == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.limits.RequestTimeout)
	defer cancel()
	if err := c.take(ctx); err != nil {
		return err
	}
	defer c.leave()
	return a.abandon(ctx, c, !a.captures.now().Before(c.session.Expires()))
}

// mayCapture says why no frame of the applicant's may be looked at.
func (a *API) mayCapture(ctx context.Context, id string) error {
	return a.config.Operator.Flow.MayCapture(ctx, id, truename.Applicant)
}

// opening gives what a session is opened with, if there is a portrait to compare it with.
func (a *API) opening(ctx context.Context, id string) (liveness.Opening, error) {
	s, err := a.config.Operator.Records.Snapshot(ctx, id) // newer than the guard's: an attempt may just have been recorded
	if err != nil {
		return liveness.Opening{}, err
	}
	pack, err := a.config.Operator.Flow.PackOf(ctx, s.Registration)
	if err != nil {
		return liveness.Opening{}, err
	}
	kept, err := a.config.Operator.Records.Evidence(ctx, id)
	if err != nil {
		return liveness.Opening{}, err
	}
	portrait := func(e truename.Sealed) bool {
		return e.Party == truename.Applicant && e.Kind == truename.EvidencePortrait
	}
	if !slices.ContainsFunc(kept, portrait) { // none was recorded, or it was dropped with a consent
		return liveness.Opening{}, &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState,
			Detail: "The document's portrait is not on record, so there is nothing to compare a face with.", Remedy: "Go on at the counter."}
	}
	o := liveness.Opening{Registration: id, Attempts: tries(&s.Registration, truename.StageLiveness)}
	o.MaxAttempts = o.Attempts + 1 // without a cap of the policy, that of the flow has been asked
	if left, capped := attemptsLeft(pack, &s.Registration); capped {
		o.MaxAttempts = o.Attempts + left
	}
	return o, nil
}

// begin draws a challenge and takes the session in. expire is called when its time is over.
func (s *captures) begin(o liveness.Opening, by truename.Actor, camera liveness.Camera, expire func(*capturing)) (*capturing, error) {
	session, err := liveness.Open(nil, s.now(), o)
	if err != nil {
		return nil, err
	}
	if s.customers.Draw != nil {
		if session.Challenge, err = s.customers.Draw(o.Access); err != nil {
			return nil, err
		}
	}
	c := &capturing{id: session.ID, registration: o.Registration, turn: make(chan struct{}, 1), by: by, session: session,
		evidence: &liveness.Evidence{Camera: camera}, touched: s.now()}
	c.timer = time.AfterFunc(liveness.Lifetime, func() { expire(c) })
	if err := s.add(c); err != nil {
		c.timer.Stop()
		return nil, err
	}
	return c, nil
}

// shown gives what the person's device may know.
func (c *capturing) shown() api.Capture {
	o := c.session.Offer()
	out := api.Capture{Capture: c.id, Nonces: o.Nonces, ExpiresAt: o.Expires.UTC(), Steps: o.Steps, Progress: api.CaptureProgress{
		Phase: "neutral", Step: min(o.Step, max(0, o.Steps-1)), Steps: o.Steps, Frames: c.session.Frames, Finished: o.State != liveness.StateOpen}}
	p := &out.Progress
	p.Percent = int(100 * (float64(o.Step) + o.Progress) / float64(max(1, o.Steps)))
	if o.Phase == liveness.PhaseAct && o.State == liveness.StateOpen {
		action := string(o.Action)
		p.Phase, p.Action = "moving", &action
	}
	if p.Finished {
		p.Phase, p.Percent = "done", 100
	}
	if hint := string(c.evidence.Guide(o.Phase)); hint != "" && !p.Finished {
		p.Hint = &hint
	}
	if out.Nonces == nil || p.Finished {
		out.Nonces = []string{}
	}
	if len(out.Nonces) > 0 {
		out.Nonce = out.Nonces[0]
	}
	return out
}

// turnOn gives a session of the customer's, with the turn on it; its time is not over. leave gives the turn back.
func (a *API) turnOn(ctx context.Context, id string) (*capturing, error) {
	c, err := a.captures.find(id, customerOf(ctx).link.Registration)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.limits.RequestTimeout)
	defer cancel()
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	if !a.captures.now().Before(c.session.Expires()) {
		err := a.abandon(ctx, c, true)
		c.leave()
		if err == nil {
			err = expired()
		}
		return nil, err
	}
	if _, err := a.captures.find(id, c.registration); err != nil { // it ended while this request waited
		c.leave()
		return nil, err
	}
	return c, nil
}

func (a *API) readCapture(ctx context.Context, in *CaptureID) (*captureOutput, error) {
	c, err := a.turnOn(ctx, in.Capture)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	return &captureOutput{c.shown()}, nil
}

type finishInput struct {
	CaptureID
	Conditional
}

func (a *API) finishCapture(ctx context.Context, in *finishInput) (*struct{ Body api.CaptureOutcome }, error) {
	by, id, err := acting(ctx, in.Conditional)
	if err != nil {
		return nil, err
	}
	c, err := a.turnOn(ctx, in.Capture)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	if c.newest == nil {
		return nil, &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState, Detail: "No frame has come in this capture session.", Remedy: "Send frames first."}
	}
	if c.recorded == nil {
		f, err := a.config.Operator.Flow.RecordLiveness(ctx, by, id, c.judged(a.captures.now()), c.compared())
		if err != nil {
			return nil, err
		}
		c.recorded = &f
		a.metrics.capture(f.State)
	}
	comparison, err := a.compareCaptured(ctx, by, c)
	if err != nil {
		return nil, err
	}
	_ = c.session.Close() // it was open or complete
	a.captures.remove(c, false)
	return &struct{ Body api.CaptureOutcome }{api.CaptureOutcome{Liveness: told(*c.recorded), Comparison: comparison}}, nil
}

// compared is the frame that is compared.
func (c *capturing) compared() []byte {
	if c.best != nil {
		return c.best
	}
	return c.newest
}

// acted are the reasons that say what a person can do differently, and those that say nothing about them. The others would tell
// an attacker what gave an attack away.
var acted = []truename.Code{liveness.ReasonNotFollowed, liveness.ReasonWrongAction, liveness.ReasonLost, liveness.ReasonFewFrames, truename.CodeEngineFailure}

// told gives a finding as the customer may see it: without what was measured.
func told(f truename.Finding) truename.Finding {
	f.Measures, f.Labels = nil, nil
	if f.Stage == truename.StageLiveness {
		f.Reasons = slices.DeleteFunc(slices.Clone(f.Reasons), func(r truename.Code) bool { return !slices.Contains(acted, r) })
	}
	return f
}
