package liveness

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// pose is what a person who goes all the way shows at the peak of an action.
func pose(a Action, share float64) Moment {
	m := Moment{Found: true, Size: 60}
	switch a {
	case TurnLeft:
		m.Yaw = -24 * share
	case TurnRight:
		m.Yaw = 24 * share
	case LookUp:
		m.Pitch = 17 * share
	case LookDown:
		m.Pitch = -17 * share
	case ComeCloser:
		m.Size = 60 * (1 + 0.4*share)
	}
	return m
}

const frameTime = 125 * time.Millisecond

// play lets a person follow who does the given actions, one after each reveal, whatever was asked for.
func play(c Challenge, does []Action) Following {
	var f Following
	at := time.Duration(0)
	show := func(m Moment) {
		m.At = at
		f.Next(c, m)
		at += frameTime
	}
	for _, a := range does {
		for range 200 {
			if f.Phase != "" && f.Phase != PhaseSettle {
				break
			}
			show(pose(a, 0))
		}
		for _, share := range []float64{0, 0.3, 0.8, 1, 1, 0.6, 0.2} {
			show(pose(a, share))
		}
	}
	for range 20 {
		show(pose(TurnLeft, 0))
	}
	return f
}

func drawn(access Access, actions ...Action) Challenge {
	c := Challenge{Access: access}
	for _, a := range actions {
		c.Steps = append(c.Steps, Step{a, 500 * time.Millisecond})
	}
	return c
}

func TestFollowing(t *testing.T) {
	all := []Action{TurnLeft, LookUp, ComeCloser, LookDown, TurnRight}
	tests := []struct {
		name  string
		c     Challenge
		does  []Action
		phase Phase
		why   Break
		step  int
	}{
		{"as asked", drawn(Access{}, all...), all, PhaseDone, "", 5},
		{"the same twice", drawn(Access{}, TurnLeft, TurnLeft), []Action{TurnLeft, TurnLeft}, PhaseDone, "", 2},
		{"slowly", drawn(Access{Slower: true}, all...), all, PhaseDone, "", 5},
		{"little", drawn(Access{SmallTurn: true}, all...), all, PhaseDone, "", 5},
		{"the other side", drawn(Access{}, TurnLeft, TurnRight), []Action{TurnRight, TurnRight}, PhaseBroken, BreakWrong, 0},
		{"the second one wrong", drawn(Access{}, TurnLeft, TurnRight), []Action{TurnLeft, LookUp}, PhaseBroken, BreakWrong, 1},
		{"closer instead of up", drawn(Access{}, LookUp), []Action{ComeCloser}, PhaseBroken, BreakWrong, 0},
		{"all movements in turn", drawn(Access{}, TurnRight), all, PhaseBroken, BreakWrong, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := play(test.c, test.does)
			if f.Phase != test.phase || f.Break != test.why || f.Step != test.step {
				t.Errorf("phase %q, break %q, step %d; want %q, %q, %d", f.Phase, f.Break, f.Step, test.phase, test.why, test.step)
			}
		})
	}
}

func TestFollowingTakesTooLong(t *testing.T) {
	tests := map[string]struct {
		show func(at time.Duration) Moment
		want Break
	}{
		"a face that does not move": {func(time.Duration) Moment { return pose(TurnLeft, 0) }, BreakLate},
		"never straight ahead":      {func(time.Duration) Moment { return pose(TurnLeft, 1) }, BreakLost},
		"nobody":                    {func(time.Duration) Moment { return Moment{} }, BreakLost},
		"always moving": {func(at time.Duration) Moment {
			return pose(TurnLeft, float64(at/frameTime%2)*0.7)
		}, BreakLost},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var f Following
			for at := time.Duration(0); at < time.Minute && f.Phase != PhaseBroken; at += frameTime {
				m := test.show(at)
				m.At = at
				f.Next(drawn(Access{}, TurnLeft), m)
			}
			if f.Break != test.want {
				t.Errorf("break %q, want %q", f.Break, test.want)
			}
		})
	}
}

// A diagonal movement is one action or none, never whichever was asked for.
func TestDiagonalMovementIsOneAction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		access := Access{SmallTurn: rapid.Bool().Draw(t, "small")}
		ahead := Moment{Found: true, Size: 60}
		m := Moment{Found: true,
			Yaw:   rapid.Float64Range(-60, 60).Draw(t, "yaw"),
			Pitch: rapid.Float64Range(-60, 60).Draw(t, "pitch"),
			Size:  rapid.Float64Range(20, 200).Draw(t, "size"),
		}
		passes := map[Action]bool{}
		for _, a := range []Action{TurnLeft, TurnRight, LookUp, LookDown, ComeCloser} {
			f := Following{Phase: PhaseAct, Ahead: ahead}
			f.Next(drawn(access, a), m)
			m.At += frameTime
			f.Next(drawn(access, a), m)
			if f.Step == 1 {
				passes[a] = true
			}
		}
		if len(passes) > 1 {
			t.Errorf("the pose %+v passes for %v", m, passes)
		}
	})
}

// Whatever is shown, the following moves forward only, keeps to its phases and stays over once it is.
func TestFollowingProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		access := rapid.SampledFrom(variants()).Draw(t, "access")
		c, err := Draw(source(rapid.Uint64Range(0, 255).Draw(t, "seed")), access)
		if err != nil {
			t.Fatal(err)
		}
		var f Following
		at := time.Duration(0)
		for range rapid.IntRange(1, 80).Draw(t, "frames") {
			at += time.Duration(rapid.IntRange(1, 400).Draw(t, "ms")) * time.Millisecond
			m := pose(rapid.SampledFrom([]Action{TurnLeft, TurnRight, LookUp, LookDown, ComeCloser}).Draw(t, "action"),
				rapid.SampledFrom([]float64{0, 0, 0, 0.5, 1, 2}).Draw(t, "share"))
			m.At, m.Found = at, rapid.IntRange(0, 9).Draw(t, "found") > 0
			before := f
			f.Next(c, m)
			over := before.Phase == PhaseDone || before.Phase == PhaseBroken
			switch {
			case over && !cmp.Equal(before, f, cmp.AllowUnexported(Following{})):
				t.Fatalf("what was over has changed: %+v to %+v", before, f)
			case f.Step < before.Step || f.Step > before.Step+1:
				t.Fatalf("step %d after %d", f.Step, before.Step)
			case f.Step != len(f.Spans):
				t.Fatalf("step %d with %d spans", f.Step, len(f.Spans))
			case (f.Phase == PhaseBroken) != (f.Break != ""):
				t.Fatalf("phase %q with break %q", f.Phase, f.Break)
			case f.Phase == PhaseDone && f.Step != len(c.Steps):
				t.Fatalf("done after %d of %d steps", f.Step, len(c.Steps))
			}
		}
		for i, s := range f.Spans {
			if s.Action != c.Steps[i].Action || s.Reached <= s.Revealed || i > 0 && s.Revealed <= f.Spans[i-1].Reached {
				t.Fatalf("spans %+v do not follow the challenge %+v", f.Spans, c.Steps)
			}
		}
	})
}

// A connection that is lost between two steps costs no time; one that is lost after a step was revealed does not stop
// that step's clock.
func TestFollowingAfterAnAbsence(t *testing.T) {
	for name, test := range map[string]struct {
		phase Phase
		want  Phase
	}{"before a step": {PhaseSettle, PhaseAct}, "within a step": {PhaseAct, PhaseBroken}} {
		t.Run(name, func(t *testing.T) {
			var f Following
			at := time.Duration(0)
			show := func(n int) {
				for range n {
					m := pose(TurnLeft, 0)
					m.At = at
					f.Next(drawn(Access{}, TurnLeft), m)
					at += frameTime
				}
			}
			for show(1); f.Phase != test.phase; {
				show(1)
			}
			at += 2 * time.Minute
			show(8)
			if f.Phase != test.want {
				t.Errorf("phase %q (%s) afterwards, want %q", f.Phase, f.Break, test.want)
			}
		})
	}
}
