package liveness

import (
	"math"
	"slices"
	"time"

	"truename"
	"truename/face"
	"truename/match"
)

// Limits of continuity, see docs/liveness.md for where they come from.
var (
	// samePerson: the lowest score of a session's templates with each other.
	samePerson = limit{pass: 0.50, fail: 0.36}
	// cut: the sharpest change between neighbouring frames, see [Evidence.sharpestCut].
	cutLimit = limit{pass: 3.5, fail: 7}
	// spike: the sharpest change of the whole picture that lasts for one frame only, see [Evidence.sharpestSpike].
	spikeLimit = limit{pass: 4, fail: 8}
	// repeated: the share of frames that are another frame again.
	repeatLimit = limit{pass: 0.05, fail: 0.25}
	// gap: the longest time, in seconds, without a face or without frames. Who is there afterwards is compared anew.
	gapLimit = limit{pass: 60, fail: 240}
	// clock: by how many seconds frames arrived before they can have been taken.
	clockLimit = limit{pass: 2, fail: 5}
)

// measureContinuity looks for one person in one uncut film.
func (e *Evidence) measureContinuity() (Fact, error) {
	f := Fact{Name: FactContinuity, Margin: 1, Measures: map[string]float64{}}
	same, templates, err := e.leastScore()
	if err != nil {
		return f, err
	}
	f.Measures["templates"] = float64(templates)
	if templates < 2 {
		f.weakest(unclear, ReasonFewFrames)
	} else {
		f.Measures["least_score"] = same
		f.weakest(samePerson.margin(same), ReasonAnotherPerson)
	}
	cut := e.sharpestCut()
	f.Measures["cut"] = cut
	f.weakest(cutLimit.margin(cut), ReasonCut)

	spike := e.sharpestSpike()
	f.Measures["spike"] = spike
	f.weakest(spikeLimit.margin(spike), ReasonCut)

	repeated, nearest := e.repeats()
	f.Measures["repeated"], f.Measures["nearest"] = repeated, nearest
	f.weakest(repeatLimit.margin(repeated), ReasonRepeated)

	if e.unnamedParts() > 0 {
		f.weakest(unclear, ReasonLost)
	}
	gap := e.longestGap().Seconds()
	f.Measures["gap_s"] = gap
	// Nobody in the picture for long is no attack by itself.
	f.weakest(math.Max(gapLimit.margin(gap), -0.9), ReasonLost)

	early := e.clockError().Seconds()
	f.Measures["early_s"] = early
	f.weakest(clockLimit.margin(early), ReasonClock)

	crowd := e.crowd()
	f.Measures["several_faces"] = crowd
	f.weakest(math.Max(limit{0.15, 0.6}.margin(crowd), -0.9), truename.ReasonSeveralFaces)
	return f, nil
}

// leastScore compares the templates of each two parts of the session and gives the lowest score: a face that changes
// slowly is far from the first in the end, even when neighbours agree. A part that has several templates is represented by
// the best of them, as one frame may be blurred or half hidden; see [Evidence.wantsTemplate].
func (e *Evidence) leastScore() (least float64, n int, err error) {
	parts := map[int][]face.Template{}
	for _, f := range e.frames {
		if f.template.Vector != nil {
			parts[f.part] = append(parts[f.part], f.template)
			n++
		}
	}
	least = 1
	for i, a := range parts {
		for j, b := range parts {
			if j >= i {
				continue
			}
			score, err := bestScore(a, b)
			if err != nil {
				return 0, 0, err
			}
			least = min(least, score)
		}
	}
	return least, n, nil
}

func bestScore(a, b []face.Template) (float64, error) {
	best := -1.0
	for _, s := range a {
		for _, t := range b {
			score, err := match.Score(s, t)
			if err != nil {
				return 0, err
			}
			best = max(best, score)
		}
	}
	return best, nil
}

// lost is for how long a face or the frames may be away before it counts as another part of the session.
const lost = 1500 * time.Millisecond

// unnamedParts counts the parts with frames of a face, but for the last, of which it is not known who they show: the face
// was away before, and no template was made after. A movement may follow such an absence at once, so a part of a few
// frames counts too.
func (e *Evidence) unnamedParts() int {
	named, faces := map[int]bool{}, map[int]int{}
	last := 0
	for _, f := range e.frames {
		last = f.part
		if f.Found {
			faces[f.part]++
		}
		named[f.part] = named[f.part] || f.template.Vector != nil
	}
	n := 0
	for part := range faces {
		if !named[part] && (part != last || faces[part] > 8) {
			n++
		}
	}
	return n
}

// sharpestCut is the sharpest change from one frame to the next, in terms of what a moving head does within the time
// between them: a jump of its place, size or pose, or of the room around it. 1 is a fast movement.
func (e *Evidence) sharpestCut() float64 {
	worst := 0.0
	for i := 1; i < len(e.frames); i++ {
		a, b := e.frames[i-1], e.frames[i]
		if !a.Found || !b.Found {
			continue
		}
		seconds := (b.At - a.At).Seconds()
		if seconds > 0.5 {
			continue
		}
		// What a head can do grows with the time, but the noise of one measurement does not.
		dt := math.Max(seconds, 0.08)
		place := math.Hypot(b.box.Centre.X-a.box.Centre.X, b.box.Centre.Y-a.box.Centre.Y) / a.Size / (0.15 + 4*dt)
		size := math.Abs(math.Log(b.Size/a.Size)) / (0.05 + 0.8*dt)
		turn := math.Hypot(math.Hypot(b.Yaw-a.Yaw, b.Pitch-a.Pitch), b.roll-a.roll) / (6 + 110*dt)
		room := e.roomChange(i) / 12
		worst = max(worst, place, size, turn, room)
	}
	return worst
}

// sharpestSpike is by how many times the picture and the place of the face change more between two frames than before and
// after: a movement lasts longer than one frame, a cut does not. Changes below the noise of a film count as that.
func (e *Evidence) sharpestSpike() float64 {
	n := len(e.frames)
	picture, place := make([]float64, n), make([]float64, n)
	for i := 1; i < n; i++ {
		a, b := e.frames[i-1], e.frames[i]
		late := math.Max(1, (b.At-a.At).Seconds()/0.15)
		picture[i] = b.signature.differs(a.signature) / late
		if a.Found && b.Found {
			for j, p := range b.landmarks {
				place[i] += math.Hypot(p.X-a.landmarks[j].X, p.Y-a.landmarks[j].Y) / a.Size / float64(len(b.landmarks)) / late
			}
		}
	}
	const pictureNoise, placeNoise = 1.2, 0.03
	worst := 0.0
	for i := 2; i < n-1; i++ {
		both := picture[i] / max(pictureNoise, picture[i-1], picture[i+1]) * place[i] / max(placeNoise, place[i-1], place[i+1])
		worst = max(worst, math.Sqrt(both))
	}
	return min(worst, 100)
}

// roomChange is how much the outer part of the picture changes at a frame, beyond what it does around that frame.
func (e *Evidence) roomChange(i int) float64 {
	change := func(j int) float64 {
		if j < 1 || j >= len(e.frames) {
			return 0
		}
		return e.frames[j].signature.border(e.frames[j-1].signature)
	}
	here := change(i)
	if math.IsInf(here, 0) {
		return 100
	}
	usual := math.Max(change(i-1), change(i+1))
	if math.IsInf(usual, 0) {
		usual = 0
	}
	return math.Max(0, here-1.5*usual)
}

// sameFrame is the mean difference of signatures, in levels, below which two frames are one.
const sameFrame = 0.35

// repeats gives the share of frames that are nearly the same as an earlier one, and the smallest difference of any two.
func (e *Evidence) repeats() (share, nearest float64) {
	nearest = math.Inf(1)
	again := 0
	for i, f := range e.frames {
		least := math.Inf(1)
		for j := range i {
			least = min(least, f.signature.differs(e.frames[j].signature))
		}
		if least < sameFrame {
			again++
		}
		nearest = min(nearest, least)
	}
	if len(e.frames) < 2 {
		return 0, 255
	}
	return float64(again) / float64(len(e.frames)), min(nearest, 255)
}

// longestGap is the longest time without a face, or between frames.
func (e *Evidence) longestGap() time.Duration {
	var longest, last time.Duration
	for _, f := range e.frames {
		longest = max(longest, f.At-last)
		if f.Found {
			last = f.At
		}
	}
	return longest
}

// clockError is by how much frames arrived earlier than they can have been taken, by the device's own clock: a film that
// is sent faster than it runs. Frames that arrive late are a slow network and say nothing.
func (e *Evidence) clockError() time.Duration {
	var worst time.Duration
	for _, f := range e.frames {
		// The first frame's own delay, some hundred milliseconds on a slow line, is within the limit.
		delay := f.arrived - f.At
		worst = max(worst, -delay)
	}
	return worst
}

// crowd is the share of frames in which no face is clearly the main one.
func (e *Evidence) crowd() float64 {
	found, several := 0, 0
	for _, f := range e.frames {
		if f.Found {
			found++
			if f.dominance < 0.5 {
				several++
			}
		}
	}
	if found == 0 {
		return 0
	}
	return float64(several) / float64(found)
}

// Probe is the session's probe: the mean of the templates of its best frames, at most most of them.
func (e *Evidence) Probe(most int) (face.Template, bool) {
	var best []seen
	for _, f := range e.frames {
		if f.template.Vector != nil {
			best = append(best, f)
		}
	}
	slices.SortStableFunc(best, func(a, b seen) int {
		switch {
		case a.quality > b.quality:
			return -1
		case a.quality < b.quality:
			return 1
		}
		return 0
	})
	best = best[:min(most, len(best))]
	var probe face.Template
	for _, f := range best {
		if probe.Vector == nil {
			probe = face.Template{Model: f.template.Model, Vector: make([]float32, len(f.template.Vector))}
		}
		for i, v := range f.template.Vector {
			probe.Vector[i] += v
		}
	}
	norm := 0.0
	for _, v := range probe.Vector {
		norm += float64(v) * float64(v)
	}
	if !(norm > 0) {
		return face.Template{}, false
	}
	k := float32(1 / math.Sqrt(norm))
	for i := range probe.Vector {
		probe.Vector[i] *= k
	}
	return probe, true
}
