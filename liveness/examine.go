package liveness

import (
	"context"
	"math"
	"time"

	"truename/capture"
	"truename/face"
)

// Examiner measures frames with the networks of one pack. It is safe for concurrent use; what it measures goes into the
// session's [Evidence], which is not.
type Examiner struct {
	decoder *capture.Decoder
	faces   *face.Engine
}

// NewExaminer makes an examiner of a decoder and loaded networks. A pack without a mesh or a presentation network can be
// used: what those would say is then missing, and the judgement is at best undecided.
func NewExaminer(decoder *capture.Decoder, faces *face.Engine) *Examiner {
	return &Examiner{decoder, faces}
}

// FrameLimits are those of one frame; a decoder for frames is made with them.
func FrameLimits() capture.Limits {
	l := capture.DefaultLimits()
	l.MaxBytes = MaxFrameBytes
	l.MaxPixels = 1280 * 1280
	return l
}

// Receive admits a frame, measures it and follows the challenge by it: everything that is due when a frame arrives. now
// is when it did. Errors are those of [Session.Admit], those of decoding, and, of kind unavailable, of the engine; after
// the last two the frame counts as used, but nothing is concluded from it.
func (x *Examiner) Receive(ctx context.Context, s *Session, e *Evidence, registration string, now time.Time, f Frame) (Offer, error) {
	if err := s.Admit(nil, now, registration, f); err != nil {
		return Offer{}, err
	}
	m, err := x.measure(ctx, e, s.Following, s.Since(f.Captured), now.Sub(s.FirstArrival), f.JPEG)
	if err != nil {
		return Offer{}, err
	}
	if err := s.Advance(now, m); err != nil {
		return Offer{}, err
	}
	return s.Offer(), nil
}

// measure decodes and measures one frame and adds it to the evidence. following is how far the challenge has got before
// the frame: it decides which networks see it.
func (x *Examiner) measure(ctx context.Context, e *Evidence, following Following, at, arrived time.Duration, jpeg []byte) (Moment, error) {
	img, err := x.decoder.Decode(ctx, jpeg)
	if err != nil {
		return Moment{}, err
	}
	if e.spent.Frames >= Budget.Frames {
		return Moment{}, conflict("The session has taken all the frames it takes.", "Send about eight frames a second.")
	}
	e.spent.Frames++
	f := seen{Moment: Moment{At: at}, part: e.partOf(following, at), arrived: arrived, width: img.Width, height: img.Height, live: math.NaN()}
	o, err := x.faces.Observe(ctx, img, func(o *face.Observation) face.Look { return e.look(following, f.part, o) })
	if err != nil {
		e.failures++
		return Moment{}, err
	}
	f.signature = sign(img)
	if o.Faces > 0 {
		f.Found, f.Yaw, f.Pitch, f.Size = true, o.Pose.Yaw, o.Pose.Pitch, o.Landmarks.InterEyeDistance()
		f.faces, f.dominance, f.roll, f.box = o.Faces, o.Dominance, o.Pose.Roll, o.Face
		f.landmarks, f.mesh, f.live, f.template = o.Landmarks, o.Mesh, o.Live, o.Template
		f.sharpness, f.quality = o.Sharpness, sampleQuality(o)
		f.ahead = looksAhead(o)
		f.detail = detail(img, o)
		if f.ahead {
			e.spectrum.add(img, o)
		}
	}
	e.frames = append(e.frames, f)
	return f.Moment, nil
}

// look says which networks see a frame, within the budget. The mesh is for the depth: frames straight ahead, and those
// far into a movement. The presentation network was trained on faces that look ahead, so it sees those. Templates are
// made once for each step.
func (e *Evidence) look(following Following, part int, o *face.Observation) face.Look {
	ahead := looksAhead(o)
	moving := following.Phase == PhaseAct && following.Progress > 0.4
	var l face.Look
	l.Mesh = e.spent.Mesh < Budget.Mesh && (ahead || moving)
	l.Presentation = e.spent.Presentation < Budget.Presentation && ahead && following.Phase != PhaseAct
	// A face that has just moved is blurred: the second frame of a part, or later.
	calm := len(e.frames) > 0 && e.frames[len(e.frames)-1].ahead && e.frames[len(e.frames)-1].part == part
	if ahead && calm && e.spent.Template < Budget.Template && o.Dominance >= 0.5 {
		l.Template = e.wantsTemplate(following, part)
	}
	if l.Mesh {
		e.spent.Mesh++
	}
	if l.Presentation {
		e.spent.Presentation++
	}
	if l.Template {
		e.spent.Template++
	}
	return l
}

// partOf gives the part of the session that a frame at a time belongs to. A part begins with each step, and again when
// the face or the frames were away for longer than lost: who is there then is found out anew.
func (e *Evidence) partOf(following Following, at time.Duration) int {
	if len(e.frames) == 0 {
		return 0
	}
	last := e.frames[len(e.frames)-1]
	if following.Step != e.step {
		e.step = following.Step
		return last.part + 1
	}
	for i := len(e.frames) - 1; i >= 0 && e.frames[i].part == last.part; i-- {
		if e.frames[i].Found {
			if at-e.frames[i].At > lost {
				return last.part + 1
			}
			break
		}
	}
	return last.part
}

// wantsTemplate says whether a template shall be made: one for each part while the face looks ahead, one at the end, and up
// to two more for a part whose templates are unlike those of another.
func (e *Evidence) wantsTemplate(following Following, part int) bool {
	if following.Phase != PhaseSettle && following.Phase != "" {
		return false
	}
	var here, before []face.Template
	for _, f := range e.frames {
		switch {
		case f.template.Vector == nil:
		case f.part == part:
			here = append(here, f.template)
		default:
			before = append(before, f.template)
		}
	}
	if len(here) == 0 {
		return true
	}
	if len(here) > 2 || len(before) == 0 {
		return false
	}
	score, err := bestScore(here, before)
	return err == nil && score < samePerson.pass
}

// looksAhead says whether a face looks at the camera well enough for a template.
func looksAhead(o *face.Observation) bool {
	return math.Abs(o.Pose.Yaw) <= aheadYaw && math.Abs(o.Pose.Pitch) <= aheadPitch
}

// sampleQuality is how good a frame is as a probe, 0..1: large, sharp, evenly lit, looking ahead.
func sampleQuality(o *face.Observation) float64 {
	size := math.Min(1, o.Landmarks.InterEyeDistance()/90)
	sharp := math.Min(1, o.Sharpness/0.15)
	turned := math.Max(0, 1-math.Hypot(o.Pose.Yaw, o.Pose.Pitch)/40)
	return turned * math.Sqrt(size*sharp) * (0.5 + 0.5*o.Uniformity)
}
