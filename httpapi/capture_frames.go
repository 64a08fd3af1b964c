package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"truename"
	"truename/api"
	"truename/liveness"
	"truename/registration"
)

const (
	maxMeta = 4 << 10
	// maxFramesBody is the largest body with frames: all that a batch can hold, and what stands around the parts.
	maxFramesBody = maxBatch*(liveness.MaxFrameBytes+1<<10) + maxMeta + overhead
)

// frameParts are what frames are sent with.
var frameParts = []formPart{{"meta", maxMeta, true, 0}, {"frame", liveness.MaxFrameBytes, true, maxBatch}}

type turnKey struct{}

// arrival is a session with the turn on it, and when the frames for it were there.
type arrival struct {
	*capturing
	at time.Time
}

// takeFrames gives a request the turn on its session, and only then reads its frames: no session has more than one body in
// memory, and frames are taken in the order in which they were sent.
func (a *API) takeFrames(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	if err := a.tookFrames(hc, next); err != nil {
		a.refuse(w, r, err)
	}
}

// tookFrames answers the request, or gives the error that keeps its frames from being looked at.
func (a *API) tookFrames(hc huma.Context, next func(huma.Context)) error {
	r, w := humago.Unwrap(hc)
	connection := http.NewResponseController(w)
	_ = connection.EnableFullDuplex() // an early answer can be sent before the body is read
	_ = connection.SetWriteDeadline(time.Now().Add(2*a.limits.RequestTimeout + writeGrace))
	if r.ContentLength > maxFramesBody {
		return bodyTooLarge(maxFramesBody)
	}
	c, err := a.turnOn(hc.Context(), hc.Param("capture"))
	if err != nil {
		return err
	}
	defer c.leave()
	// The consent may have been withdrawn since the session was begun.
	if err := a.mayCapture(hc.Context(), c.registration); err != nil {
		if truename.AsError(err).Code == truename.CodeConsentMissing {
			a.captures.remove(c, false)
		}
		return err
	}
	ctx, cancel := context.WithTimeout(hc.Context(), a.limits.RequestTimeout)
	defer cancel()
	body := &pacedBody{r: http.MaxBytesReader(w, r.Body, maxFramesBody), connection: connection,
		until: time.Now().Add(min(a.limits.BodyTimeout, a.limits.RequestTimeout)), stall: a.limits.StallTimeout}
	f, err := readForm(r, body, frameParts, liveness.MaxFrameBytes)
	if err != nil {
		return err
	}
	_ = connection.SetReadDeadline(time.Time{})
	ctx = context.WithValue(ctx, admittedKey{}, &admitted{form: f})
	next(huma.WithContext(hc, context.WithValue(ctx, turnKey{}, arrival{c, a.captures.now()})))
	return nil
}

// sendFrames measures the frames of a request, one by one.
func (a *API) sendFrames(ctx context.Context, _ *CaptureID) (*captureOutput, error) {
	c := ctx.Value(turnKey{}).(arrival)
	frames, err := framesOf(ctx.Value(admittedKey{}).(*admitted).form)
	if err != nil {
		return nil, err
	}
	var failed error
	for i, f := range frames {
		if i > 0 && c.session.State != liveness.StateOpen {
			break // the last step was followed, or one was not, within this request
		}
		failed, err = a.takeFrame(ctx, c, f)
		if err != nil {
			return nil, err
		}
	}
	if failed != nil { // the newest frame was lost to the engine, which says nothing about the person
		return nil, failed
	}
	return &captureOutput{c.shown()}, nil
}

// takeFrame measures one frame. failed is an inference that failed; the frame is used up, and the session goes on.
func (a *API) takeFrame(ctx context.Context, c arrival, f liveness.Frame) (failed, err error) {
	release, err := a.admission.turn(ctx)
	if err != nil {
		return nil, busy("No worker became free in time.")
	}
	defer release()
	c.touched = c.at
	measured := c.evidence.Frames()
	_, err = a.examine(ctx, c, f)
	switch e := truename.AsError(err); {
	case err == nil:
		if best, ok := c.evidence.Best(); ok && best == measured && c.evidence.Frames() > measured {
			c.best = f.JPEG
		}
		c.newest = f.JPEG
		return nil, nil
	case e.Kind == truename.KindUnavailable:
		c.newest = f.JPEG
		a.config.Logger.ErrorContext(ctx, "frame not measured", "request_id", requestID(ctx), "code", e.Code)
		return err, nil
	}
	return nil, err
}

// examine lets the engine look at a frame. A panic is a failure of the engine.
func (a *API) examine(ctx context.Context, c arrival, f liveness.Frame) (o liveness.Offer, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			a.logPanic(ctx, fault)
			err = engineFailure("The engine failed on a frame.", nil)
		}
	}()
	return a.captures.customers.Examiner.Receive(ctx, c.session, c.evidence, c.registration, c.at, f)
}

// framesOf puts the parts of a form together.
func framesOf(f form) ([]liveness.Frame, error) {
	meta, err := metaOf(f["meta"])
	if err != nil {
		return nil, err
	}
	var frames []liveness.Frame
	for i, m := range meta {
		jpeg := f[numbered("frame", i)]
		if jpeg == nil {
			return nil, invalid("", "The form has fewer frames than the part meta has members.", "Send a member of meta for each frame, in the same order.")
		}
		frames = append(frames, liveness.Frame{Nonce: m.Nonce, Captured: m.AtMS, JPEG: jpeg})
	}
	if f[numbered("frame", len(meta))] != nil {
		return nil, invalid("", "The form has more frames than the part meta has members.", "Send a member of meta for each frame, in the same order.")
	}
	return frames, nil
}

// metaOf reads the part meta.
func metaOf(text []byte) ([]api.FrameMeta, error) {
	var meta []api.FrameMeta
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&meta); err != nil || decoder.More() || len(meta) == 0 || len(meta) > maxBatch {
		return nil, invalid("", "The part meta is not the JSON that belongs to the frames.", fmt.Sprintf(`Send [{"nonce":"…","at_ms":123}], with one to %d members.`, maxBatch))
	}
	return meta, nil
}

// compareCaptured compares the session's best frame with the document's portrait, as the comparison that belongs to its finding
// of liveness. Where the policy's cap on comparisons is reached there is none.
func (a *API) compareCaptured(ctx context.Context, by registration.Request, c *capturing) (*truename.Finding, error) {
	release, err := a.admission.work(ctx)
	if err != nil {
		return nil, busy("No worker became free in time.")
	}
	defer release()
	if by.Key != "" {
		by.Key += " comparison" // the request makes two findings
	}
	by.Version = 0 // the first of them has changed the registration
	f, err := a.config.Operator.Flow.CompareFace(ctx, by, c.registration, registration.FaceShown{Party: truename.Applicant, Live: c.compared(), Capture: c.id})
	var e *truename.Error
	if errors.As(err, &e) && (e.Code == truename.CodeAttemptsExhausted || e.Sample == truename.UseLive) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a.metrics.comparison(f.State)
	shown := told(f)
	return &shown, nil
}
