package liveness

import (
	"math"
	"time"
)

// Moment is the pose in one frame, as the challenge is followed by.
type Moment struct {
	// At is the capture time since the session's first frame.
	At time.Duration
	// Found says whether there was a face; without one the rest is empty.
	Found bool
	// Yaw and Pitch in degrees as package face gives them: negative yaw is the person's left, negative pitch down.
	Yaw, Pitch float64
	// Size is the distance between the eyes in pixels.
	Size float64
}

// Phase of a [Following].
type Phase string

// The phases.
const (
	PhaseSettle Phase = "settle" // look straight ahead
	PhaseAct    Phase = "act"    // a step is revealed
	PhaseDone   Phase = "done"   // all steps were followed
	PhaseBroken Phase = "broken" // a step was not
)

// Break says why a challenge was not followed.
type Break string

// The breaks.
const (
	BreakWrong Break = "wrong_action" // another movement than the one asked for
	BreakLate  Break = "too_late"     // no movement within the time limit
	BreakLost  Break = "not_settled"  // the face did not come back to looking straight ahead
)

// Following is how far a person has got with a challenge. It is plain data and changes by [Following.Next] only.
//
// The rule that makes a recording's chance exactly one in [Orders]: after a step is revealed, the first movement that
// goes far enough is classified as one action, whatever was asked for, and compared with it. There is one look at each
// step, so neither a diagonal movement nor a loop of all movements has more chances than one.
type Following struct {
	Phase Phase `json:"phase"`
	Break Break `json:"break,omitempty"`
	// Moved is the movement that was made instead, with a break that is wrong_action.
	Moved Action `json:"moved,omitempty"`
	// Step is the index of the step that is revealed, or that will be.
	Step int `json:"step"`
	// Since is when the phase began, Revealed when the step was, both in capture time.
	Since    time.Duration `json:"since"`
	Revealed time.Duration `json:"revealed"`
	// Ahead is the pose of looking straight ahead, measured before each step.
	Ahead Moment `json:"ahead"`
	// Progress of the movement asked for, 0..1.
	Progress float64 `json:"progress"`
	// Spans are the steps followed so far.
	Spans []Span `json:"spans,omitempty"`

	// Last is when the newest frame was taken.
	Last time.Duration `json:"last"`

	held    []Moment
	pending Action
}

// Span is a step that was followed: when it was revealed and when the movement had gone far enough.
type Span struct {
	Action   Action        `json:"action"`
	Revealed time.Duration `json:"revealed"`
	Reached  time.Duration `json:"reached"`
	Ahead    Moment        `json:"ahead"`
}

// Looking straight ahead: within these angles of the camera, and this steady while the pause lasts.
const (
	aheadYaw, aheadPitch = 18, 22
	steady               = 5.0  // degrees about the mean
	steadySize           = 0.06 // of the size
	backWithin           = 0.55 // of the last demand, from the last time
	farthest             = 1.45 // size against the first time straight ahead, after which "closer" is hard to ask for
)

// Next follows one more frame. Frames must come in the order of their capture.
func (f *Following) Next(c Challenge, m Moment) {
	if f.Phase == PhaseSettle && m.At-f.Last > lost {
		// The connection was away while nothing was asked for: that costs no time. Once a step is revealed its time runs,
		// whatever the connection does, or it could be cut to prepare for the step.
		f.Since += m.At - f.Last
		f.held = nil
	}
	if f.Phase != PhaseDone && f.Phase != PhaseBroken {
		f.Last = m.At
	}
	switch f.Phase {
	case "":
		f.Phase, f.Since = PhaseSettle, m.At
		f.settle(c, m)
	case PhaseSettle:
		f.settle(c, m)
	case PhaseAct:
		f.act(c, m)
	}
}

// settle waits until the face has looked straight ahead for the step's pause, then reveals the step.
func (f *Following) settle(c Challenge, m Moment) {
	if m.At-f.Since > c.Access.settleLimit() {
		f.fail(BreakLost)
		return
	}
	if !m.Found || !f.isAhead(c, m) {
		f.held = nil
		return
	}
	f.held = append(f.held, m)
	mean := meanMoment(f.held)
	for !steadyAbout(mean, f.held) {
		f.held = f.held[1:]
		mean = meanMoment(f.held)
	}
	pause := pauseLeast
	if f.Step < len(c.Steps) {
		pause = c.Steps[f.Step].Pause
	}
	if len(f.held) < 3 || m.At-f.held[0].At < pause {
		return
	}
	f.held = nil
	if f.Step == len(c.Steps) {
		f.Phase, f.Since = PhaseDone, m.At
		return
	}
	mean.At = m.At
	f.Ahead, f.Phase, f.Since, f.Revealed = mean, PhaseAct, m.At, m.At
	f.pending, f.Progress = "", 0
}

// isAhead says whether the face looks at the camera and, once a step was followed, is back from it.
func (f *Following) isAhead(c Challenge, m Moment) bool {
	if math.Abs(m.Yaw) > aheadYaw || math.Abs(m.Pitch) > aheadPitch {
		return false
	}
	if len(f.Spans) == 0 {
		return true
	}
	first := f.Spans[0].Ahead
	for _, e := range extents(c.Access.demand(), first, m) {
		if e.action != ComeCloser && e.extent > backWithin || e.action == ComeCloser && m.Size > first.Size*farthest {
			return false
		}
	}
	// Having come closer one goes back, too: else the next step would be measured from there.
	last := f.Spans[len(f.Spans)-1]
	return last.Action != ComeCloser || extentOf(c.Access.demand(), ComeCloser, last.Ahead, m) <= backWithin
}

// act waits for a movement to go far enough, in two frames running, and compares it with the one asked for.
func (f *Following) act(c Challenge, m Moment) {
	if m.At-f.Revealed > c.Access.StepLimit() {
		f.fail(BreakLate)
		return
	}
	if !m.Found {
		f.pending = ""
		return
	}
	want := c.Steps[f.Step].Action
	d := c.Access.demand()
	f.Progress = max(0, min(1, extentOf(d, want, f.Ahead, m)))
	moved := classify(d, f.Ahead, m)
	if moved == "" || moved != f.pending {
		f.pending = moved
		return
	}
	if moved != want {
		f.Moved = moved
		f.fail(BreakWrong)
		return
	}
	f.Spans = append(f.Spans, Span{want, f.Revealed, m.At, f.Ahead})
	f.Step++
	f.Phase, f.Since, f.pending, f.Progress = PhaseSettle, m.At, "", 0
}

func (f *Following) fail(why Break) { f.Phase, f.Break = PhaseBroken, why }

// dominance by which one movement must exceed all others to be that movement.
const dominance = 1.2

// classify gives the one action that a pose amounts to, "" when it goes far enough in none or in two alike.
func classify(d demand, ahead, m Moment) Action {
	var best, second extent
	for _, e := range extents(d, ahead, m) {
		if e.extent > best.extent {
			best, second = e, best
		} else if e.extent > second.extent {
			second = e
		}
	}
	if best.extent < 1 || best.extent < dominance*second.extent {
		return ""
	}
	return best.action
}

// extent is how far a pose has gone toward an action: 1 is as far as asked for.
type extent struct {
	action Action
	extent float64
}

func extents(d demand, ahead, m Moment) [5]extent {
	yaw, pitch := m.Yaw-ahead.Yaw, m.Pitch-ahead.Pitch
	return [5]extent{
		{TurnLeft, -yaw / d.turn},
		{TurnRight, yaw / d.turn},
		{LookUp, pitch / d.up},
		{LookDown, -pitch / d.down},
		{ComeCloser, math.Log(m.Size/ahead.Size) / math.Log(d.closer)},
	}
}

func extentOf(d demand, a Action, ahead, m Moment) float64 {
	for _, e := range extents(d, ahead, m) {
		if e.action == a {
			return e.extent
		}
	}
	return 0
}

func meanMoment(ms []Moment) Moment {
	mean := Moment{Found: true, At: ms[len(ms)-1].At}
	for _, m := range ms {
		mean.Yaw += m.Yaw / float64(len(ms))
		mean.Pitch += m.Pitch / float64(len(ms))
		mean.Size += m.Size / float64(len(ms))
	}
	return mean
}

func steadyAbout(mean Moment, ms []Moment) bool {
	for _, m := range ms {
		if math.Abs(m.Yaw-mean.Yaw) > steady || math.Abs(m.Pitch-mean.Pitch) > steady ||
			math.Abs(m.Size/mean.Size-1) > steadySize {
			return false
		}
	}
	return true
}
