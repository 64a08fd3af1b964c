package liveness

import (
	"context"
	"fmt"
	"iter"
	"time"

	"truename"
	"truename/face"
)

// Recording is a session that was filmed before, for measuring: what a camera delivered, and what was asked for.
type Recording struct {
	Access Access
	// Steps are what was asked for. A film of somebody who was asked for nothing has none: the challenge is then fitted to
	// what it does, which Fit is told the number of steps for.
	Steps  []Step
	Camera Camera
	// Frames may be made as they are asked for.
	Frames iter.Seq[RecordedFrame]
}

// RecordedFrame is one of its frames: when it was taken, in milliseconds, and when it arrived.
type RecordedFrame struct {
	Captured, Arrived int64
	JPEG              []byte
}

// Replayed is what came of a recording.
type Replayed struct {
	Judgement Judgement
	Following Following
	Evidence  *Evidence
	// Challenge is the recording's, or the one fitted.
	Challenge Challenge
	// Fitted says that it was.
	Fitted bool
	// Refused is how many frames the session did not admit.
	Refused int
}

// Replay sends a recording through a session, frame by frame as if it came from a camera, and judges it. A frame that
// the session refuses, or that is no picture, is left out, as it would be in service.
func (x *Examiner) Replay(ctx context.Context, r Recording) (*Replayed, error) {
	out := &Replayed{Challenge: Challenge{Access: r.Access, Steps: r.Steps}}
	if len(r.Steps) == 0 {
		_, k := r.Access.actions()
		moments, err := x.track(ctx, r)
		if err != nil {
			return nil, err
		}
		out.Challenge, out.Fitted = Fit(moments, r.Access, k), true
	}
	if err := out.Challenge.check(); err != nil {
		return nil, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: "The recording's challenge cannot be used.", Remedy: "See docs/liveness.md for the form of a recording.", Cause: err}
	}
	const registration = "recording"
	start := time.Unix(0, 0).UTC()
	s, err := Open(nil, start, Opening{Registration: registration, MaxAttempts: 1, Access: r.Access})
	if err != nil {
		return nil, err
	}
	s.Challenge = out.Challenge
	out.Evidence = &Evidence{Camera: r.Camera}
	for f := range r.Frames {
		if s.State != StateOpen {
			break
		}
		now := start.Add(time.Duration(f.Arrived) * time.Millisecond)
		_, err := x.Receive(ctx, s, out.Evidence, registration, now, Frame{s.Nonces[0], f.Captured, f.JPEG})
		if err == nil {
			continue
		}
		switch truename.AsError(err).Kind {
		case truename.KindUnavailable, truename.KindTimeout, truename.KindBusy:
			return nil, fmt.Errorf("a recording's frame: %w", err)
		}
		out.Refused++
	}
	out.Following = s.Following
	out.Judgement, err = Judge(out.Challenge, s.Following, out.Evidence)
	return out, err
}

// track finds the pose in all frames, for fitting.
func (x *Examiner) track(ctx context.Context, r Recording) ([]Moment, error) {
	var all []Moment
	first := int64(-1)
	for f := range r.Frames {
		img, err := x.decoder.Decode(ctx, f.JPEG)
		if err != nil {
			continue
		}
		o, err := x.faces.Observe(ctx, img, func(*face.Observation) face.Look { return face.Look{} })
		if err != nil {
			return nil, err
		}
		if first < 0 {
			first = f.Captured
		}
		m := Moment{At: time.Duration(f.Captured-first) * time.Millisecond}
		if o.Faces > 0 {
			m.Found, m.Yaw, m.Pitch, m.Size = true, o.Pose.Yaw, o.Pose.Pitch, o.Landmarks.InterEyeDistance()
		}
		all = append(all, m)
	}
	return all, nil
}

// Fit gives the challenge of up to k steps that a film of free movement follows: what it does first after each time of
// looking straight ahead. A fitted challenge says nothing about the first fact; it lets films that were made for other
// purposes be measured by the others. It has one step at least, which the film may not follow.
func Fit(moments []Moment, access Access, k int) Challenge {
	c := Challenge{Access: access}
	for len(c.Steps) < k {
		var next []Step
		for _, a := range []Action{TurnLeft, TurnRight, LookUp, LookDown, ComeCloser} {
			try := Challenge{access, append(c.Steps[:len(c.Steps):len(c.Steps)], Step{a, pauseLeast})}
			var f Following
			for _, m := range moments {
				f.Next(try, m)
			}
			if len(f.Spans) == len(try.Steps) && f.Phase == PhaseDone {
				next = try.Steps
				break
			}
		}
		if next == nil {
			break
		}
		c.Steps = next
	}
	if len(c.Steps) == 0 {
		c.Steps = []Step{{TurnLeft, pauseLeast}}
	}
	return c
}
