package attacks

import (
	"math"
	"math/rand/v2"

	"truename/liveness"
)

// cue is one frame to be made: when, and how the head or the picture is held.
type cue struct {
	captured int64
	view     View
	// step counts the movements begun, share is how far the present one has gone, 0..1; ended says that it is over.
	step  int
	share float64
	ended bool
}

// over says whether so many movements are over.
func (q cue) over(steps int) bool { return q.step > steps || q.step == steps && q.ended }

// interval between frames in milliseconds, before jitter.
const interval = 125

// script gives the frames of somebody who follows the challenge in a person's time: reading, moving, holding, going back,
// swaying a little all the while. reach says how far each action goes.
func script(c liveness.Challenge, random *rand.Rand, reach func(liveness.Action) View) []cue {
	type movement struct {
		from, to, back, end float64 // when it begins, is reached, goes back, is over
		view                View
	}
	var movements []movement
	at := 0.0
	for _, s := range c.Steps {
		// The step is revealed after its pause of looking straight ahead, which may begin when the last movement is over.
		begin := at + float64(s.Pause.Milliseconds()) + 650 + 350*random.Float64()
		m := movement{from: begin, view: reach(s.Action)}
		m.to = m.from + 550 + 300*random.Float64()
		m.back = m.to + 400 + 250*random.Float64()
		m.end = m.back + 450 + 250*random.Float64()
		at = m.end
		movements = append(movements, m)
	}
	end := at + 1100
	phases := [6]float64{}
	for i := range phases {
		phases[i] = 2 * math.Pi * random.Float64()
	}
	var cues []cue
	for t := 0.0; t < end; t += interval + math.Round(18*(random.Float64()-0.5)) {
		q := cue{captured: 1000 + int64(t), view: View{Closer: 1}}
		for _, m := range movements {
			if t < m.from {
				break
			}
			q.step++
			q.share = smooth((t-m.from)/(m.to-m.from)) * (1 - smooth((t-m.back)/(m.end-m.back)))
			q.ended = t >= m.end
			q.view = m.view.part(q.share)
		}
		s := t / 1000
		q.view.Yaw += 0.8*math.Sin(1.1*s+phases[0]) + 0.3*random.NormFloat64()
		q.view.Pitch += 0.6*math.Sin(0.9*s+phases[1]) + 0.3*random.NormFloat64()
		q.view.Roll += 0.5 * math.Sin(0.7*s+phases[2])
		q.view.X += 2*math.Sin(0.8*s+phases[3]) + 0.4*random.NormFloat64()
		q.view.Y += 1.2*math.Sin(1.0*s+phases[4]) + 0.3*random.NormFloat64()
		q.view.Closer *= 1 + 0.008*math.Sin(0.6*s+phases[5])
		cues = append(cues, q)
	}
	return cues
}

// part gives a share of a movement.
func (v View) part(share float64) View {
	return View{Yaw: share * v.Yaw, Pitch: share * v.Pitch, Roll: share * v.Roll, X: share * v.X, Y: share * v.Y,
		Closer: 1 + share*(v.Closer-1)}
}

// headReach is how far a person goes who watches the percentage: somewhat beyond what is asked for.
func headReach(access liveness.Access, random *rand.Rand) func(liveness.Action) View {
	return func(a liveness.Action) View {
		k := 0.95 + 0.2*random.Float64()
		if access.SmallTurn {
			k *= 0.62
		}
		v := View{Closer: 1, Roll: 1.5 * random.NormFloat64()}
		switch a {
		case liveness.TurnLeft:
			v.Yaw = -26 * k
		case liveness.TurnRight:
			v.Yaw = 26 * k
		case liveness.LookUp:
			v.Pitch = 27 * k
		case liveness.LookDown:
			v.Pitch = -27 * k
		case liveness.ComeCloser:
			v.Closer = 1 + 0.42*k
		}
		return v
	}
}

// tiltReach is how far somebody tilts a photo who tries to make it look like the movement.
func tiltReach(random *rand.Rand) func(liveness.Action) View {
	return func(a liveness.Action) View {
		k := 0.8 + 0.5*random.Float64()
		v := View{Closer: 1}
		switch a {
		case liveness.TurnLeft:
			v.Yaw = -38 * k
		case liveness.TurnRight:
			v.Yaw = 38 * k
		case liveness.LookUp:
			v.Pitch = 38 * k
		case liveness.LookDown:
			v.Pitch = -38 * k
		case liveness.ComeCloser:
			v.Closer = 1.38
		}
		return v
	}
}

// slideReach is how far somebody moves a photo in its plane.
func slideReach(random *rand.Rand) func(liveness.Action) View {
	return func(a liveness.Action) View {
		k := 25 + 25*random.Float64()
		v := View{Closer: 1, Roll: 6 * random.NormFloat64()}
		switch a {
		case liveness.TurnLeft:
			v.X = k
		case liveness.TurnRight:
			v.X = -k
		case liveness.LookUp:
			v.Y = -0.6 * k
		case liveness.LookDown:
			v.Y = 0.6 * k
		case liveness.ComeCloser:
			v.Closer = 1.38
		}
		return v
	}
}

// zoomReach enlarges whatever is asked for.
func zoomReach(random *rand.Rand) func(liveness.Action) View {
	return func(liveness.Action) View { return View{Closer: 1.25 + 0.25*random.Float64()} }
}

func stillReach(liveness.Action) View { return View{Closer: 1} }
