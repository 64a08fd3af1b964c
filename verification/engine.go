package verification

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"truename"
	"truename/capture"
	"truename/face"
	"truename/match"
	"truename/models"
	"truename/onnx"
)

// Config says which networks are used and how.
type Config struct {
	// Store is the folder of installed packs and of the inference library.
	Store string
	// Pack is the name of an embedded pack or the path of a manifest.
	Pack string
	// AllowNonCommercial states that a pack licensed for non-commercial use may be used.
	AllowNonCommercial bool
	Effort             face.Effort
	// Slots is how many pictures are analysed side by side, one thread each; at least 1.
	Slots int
	// Limits of the pictures taken in.
	Limits capture.Limits
}

// Engine verifies. It is safe for concurrent use.
type Engine struct {
	decoder     *capture.Decoder
	faces       *face.Engine
	calibration match.Calibration
	// uncalibrated says why scores cannot be given a rate; nil when they can.
	uncalibrated error
	slots        int
}

// Open loads the runtime, the pack and its calibration. A pack without a calibration for the effort is opened, so
// that it can be calibrated, but [Engine.Verify] refuses to work with it.
func Open(c Config) (*Engine, error) {
	if c.Slots < 1 {
		return nil, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: "No picture can be analysed with fewer than one worker.", Remedy: "Choose one worker or more."}
	}
	pack, err := models.Find(c.Store, c.Pack, c.AllowNonCommercial)
	if err != nil {
		return nil, err
	}
	library, err := pack.RuntimeLibrary()
	if err != nil {
		return nil, err
	}
	if err := onnx.Start(library); err != nil {
		return nil, err
	}
	faces, err := face.Load(pack, c.Effort, c.Slots)
	if err != nil {
		return nil, err
	}
	e := &Engine{decoder: capture.NewDecoder(c.Limits), faces: faces, slots: c.Slots}
	table, err := pack.Model(models.RoleRecogniser).Calibration(string(c.Effort))
	if err != nil {
		e.uncalibrated = &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeModelPack,
			Detail: "The recogniser has no calibration for this effort, so a score would mean nothing.",
			Remedy: "Make one with: truename calibrate", Cause: err}
	} else {
		e.calibration = match.NewCalibration(table)
	}
	return e, nil
}

// Close frees the networks.
func (e *Engine) Close() { e.faces.Close() }

// Model identifies the recogniser and the effort.
func (e *Engine) Model() string { return e.faces.Model() }

// Ready says why [Engine.Verify] would refuse to work; nil when it would not.
func (e *Engine) Ready(context.Context) error { return e.uncalibrated }

// Runs gives how often each network has run so far.
func (e *Engine) Runs() map[models.Role]int64 { return e.faces.Runs() }

// RunBare runs the networks without the work around them, see [face.Engine.RunBare].
func (e *Engine) RunBare(ctx context.Context, runs map[models.Role]int64) error {
	return e.faces.RunBare(ctx, runs)
}

// Decode reads a picture for analysis. Errors are [truename.Error]s.
//
// This and all other work on a picture stays on one thread: a goroutine that comes back from a run of a network may
// else go on at another core, where nothing is in the cache, which makes a picture take up to a sixth longer.
func (e *Engine) Decode(ctx context.Context, data []byte) (*capture.Image, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return e.decoder.Decode(ctx, data)
}

// Analyze finds and measures the face in a decoded picture.
func (e *Engine) Analyze(ctx context.Context, img *capture.Image, use truename.Use) (*face.Analysis, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return e.faces.Analyze(ctx, img, use)
}

// Extract finds the main face and its template only, whatever the quality; see [face.Engine.Extract].
func (e *Engine) Extract(ctx context.Context, img *capture.Image) (*face.Analysis, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return e.faces.Extract(ctx, img)
}

// Detail of a verification beyond its result: what a drawing of it needs; nil for a picture that could not be read. It
// holds personal data.
type Detail struct {
	Images   [2]*capture.Image // portrait, live
	Analyses [2]*face.Analysis
}

// Verify compares live with portrait, both the bytes of a picture file, at the target false-match rate. An unusable
// sample is a result; bytes that are no picture, a target that the calibration does not support and failures of the
// engine are [truename.Error]s, those about one picture with Sample set.
func (e *Engine) Verify(ctx context.Context, portrait, live []byte, targetFMR float64) (*Result, error) {
	result, _, err := e.VerifyDetailed(ctx, portrait, live, targetFMR)
	if err != nil {
		return nil, err
	}
	return result, nil
}

// VerifyDetailed is Verify that also gives the decoded pictures and what was found in them. Beside an error about the
// bytes of a picture it still gives a result, for those who report it as one: unusable, that error among its reasons,
// and what was found in the other picture.
func (e *Engine) VerifyDetailed(ctx context.Context, portrait, live []byte, targetFMR float64) (*Result, *Detail, error) {
	start := time.Now()
	if e.uncalibrated != nil {
		return nil, nil, e.uncalibrated
	}
	threshold, err := e.calibration.Threshold(targetFMR)
	if err != nil {
		return nil, nil, err
	}
	r := &Result{Outcome: truename.OutcomeUnusable, Threshold: threshold, TargetFMR: targetFMR, Model: e.Model(), Reasons: []Reason{}}
	detail, decoding, errs := e.examine(ctx, portrait, live)
	for i, err := range errs {
		if err != nil && !aboutBytes(err) {
			return nil, nil, err
		}
		r.Reasons = append(append(r.Reasons, unreadable(err)...), reasons(detail.Analyses[i])...)
	}
	p, l := detail.Analyses[0], detail.Analyses[1]
	r.Portrait, r.Live = describe(detail.Images[0], p), describe(detail.Images[1], l)

	matching := time.Now()
	if len(r.Reasons) == 0 {
		score, err := match.Score(p.Template, l.Template)
		if err != nil {
			return nil, nil, err
		}
		rate := e.calibration.FMR(score)
		r.Score, r.FMR, r.FMRInterval = &score, &rate.Value, &[2]float64{rate.Lower, rate.Upper}
		r.Outcome = truename.OutcomeNoMatch
		if score >= threshold {
			r.Outcome = truename.OutcomeMatch
		}
	}
	var stages face.Timings
	for _, a := range detail.Analyses {
		if a != nil {
			stages.Detect += a.Timings.Detect
			stages.Landmarks += a.Timings.Landmarks
			stages.Quality += a.Timings.Quality
			stages.Template += a.Timings.Template
		}
	}
	r.TimingsMS = map[string]float64{
		"decode":    ms(decoding[0] + decoding[1]),
		"detect":    ms(stages.Detect),
		"landmarks": ms(stages.Landmarks),
		"quality":   ms(stages.Quality),
		"template":  ms(stages.Template),
		"match":     ms(time.Since(matching)),
		"total":     ms(time.Since(start)),
	}
	return r, detail, cmp.Or(errs[0], errs[1])
}

// examine decodes and analyses both pictures, side by side where there is more than one slot. What failed has an
// error in its place.
func (e *Engine) examine(ctx context.Context, portrait, live []byte) (*Detail, [2]time.Duration, [2]error) {
	var (
		detail   Detail
		decoding [2]time.Duration
		errs     [2]error
	)
	one := func(i int, data []byte, use truename.Use) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		// A panic here would end the whole program: this may run in a goroutine of its own.
		defer func() {
			if p := recover(); p != nil {
				errs[i] = about(&truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure,
					Detail: "The engine failed on a picture.", Remedy: "Try another picture.", Cause: fmt.Errorf("panic: %v", p)}, use)
			}
		}()
		start := time.Now()
		img, err := e.decoder.Decode(ctx, data)
		decoding[i] = time.Since(start)
		if err == nil {
			detail.Images[i] = img
			detail.Analyses[i], err = e.faces.Analyze(ctx, img, use)
		}
		errs[i] = about(err, use)
	}
	if e.slots > 1 {
		var wg sync.WaitGroup
		wg.Go(func() { one(0, portrait, truename.UsePortrait) })
		one(1, live, truename.UseLive)
		wg.Wait()
	} else {
		one(0, portrait, truename.UsePortrait)
		one(1, live, truename.UseLive)
	}
	return &detail, decoding, errs
}

// aboutBytes says whether an error is the fault of a picture's bytes.
func aboutBytes(err error) bool {
	switch truename.AsError(err).Kind {
	case truename.KindInvalid, truename.KindTooLarge, truename.KindUnsupported:
		return true
	}
	return false
}

// unreadable gives an error about a picture's bytes as a reason; none for nil.
func unreadable(err error) []Reason {
	if err == nil {
		return nil
	}
	e := truename.AsError(err)
	return []Reason{{Sample: e.Sample, Code: e.Code, Detail: e.Detail, Remedy: e.Remedy}}
}

// about notes which sample an error is about. The error is copied, as it may be shared.
func about(err error, use truename.Use) error {
	var e *truename.Error
	if !errors.As(err, &e) {
		return err
	}
	copied := *e
	copied.Sample = use
	return &copied
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
