package liveness

import (
	"fmt"
	"math"
	"slices"
	"time"

	"truename"
)

// Reasons of a finding, beside those of [truename].
const (
	ReasonNotFollowed   truename.Code = "challenge_not_followed" // a movement did not come in time
	ReasonWrongAction   truename.Code = "challenge_wrong_action" // another movement came
	ReasonFlat          truename.Code = "face_flat"              // the face has no depth
	ReasonPicture       truename.Code = "face_is_a_picture"      // the presentation network sees a picture
	ReasonScreen        truename.Code = "screen_pattern"         // a screen's pattern
	ReasonAnotherPerson truename.Code = "another_person"         // not one person throughout
	ReasonCut           truename.Code = "film_cut"               // a jump between two frames
	ReasonRepeated      truename.Code = "frames_repeated"
	ReasonClock         truename.Code = "clock_implausible"
	ReasonLost          truename.Code = "face_lost"
	ReasonFewFrames     truename.Code = "too_few_frames"
)

// Outcome of a session.
type Outcome string

// The outcomes (ISO/IEC 30107-3: bona fide presentation, attack presentation, and non-response).
const (
	OutcomeBonaFide    Outcome = "bona_fide"
	OutcomeAttack      Outcome = "attack"
	OutcomeUndecided   Outcome = "undecided"
	OutcomeUnavailable Outcome = "unavailable" // the engine failed; it says nothing about the person
)

// Judgement is what a session's facts come to.
type Judgement struct {
	Outcome Outcome `json:"outcome"`
	// Score is the smallest margin of all facts: 0 and more is bona fide, −1 and less an attack.
	Score   float64         `json:"score"`
	Facts   []Fact          `json:"facts"`
	Signs   []Sign          `json:"signs,omitempty"`
	Reasons []truename.Code `json:"reasons,omitempty"`
	Access  Access          `json:"access"`
	Frames  int             `json:"frames"`
}

// leastFrames is how many frames a judgement needs.
const leastFrames = 12

// presentationLimit for the median of the network's probabilities; displayLimit for the peak of the spectrum in
// decibels. See docs/liveness.md for where they come from.
var (
	presentationLimit = limit{pass: 0.35, fail: 0.03}
	displayLimit      = limit{pass: 15, fail: 21}
)

// Judge fuses a session's facts. The rule: every fact must pass; one that fails clearly makes an attack; anything
// else is undecided. So the score is the smallest margin, a fact is never outvoted, and one more fact never makes an attack
// easier. Failed inferences make the session unavailable when more than a tenth of the frames are lost to them.
func Judge(c Challenge, followed Following, e *Evidence) (Judgement, error) {
	j := Judgement{Outcome: OutcomeUnavailable, Access: c.Access, Frames: len(e.frames), Signs: e.Signs()}
	if e.failures*10 > len(e.frames)+e.failures {
		j.Reasons = []truename.Code{truename.CodeEngineFailure}
		return j, nil
	}
	continuity, err := e.measureContinuity()
	if err != nil {
		return j, fmt.Errorf("comparing a session's templates: %w", err)
	}
	j.Facts = []Fact{
		measureChallenge(followed),
		e.measureDepth(c.Access, followed.Spans),
		e.measurePresentation(),
		e.measureDisplay(),
		continuity,
		e.measureInjection(),
	}
	j.Outcome, j.Score, j.Reasons = fuse(j.Facts)
	if len(e.frames) < leastFrames {
		j.Reasons = append(j.Reasons, ReasonFewFrames)
		if j.Outcome == OutcomeBonaFide {
			j.Outcome, j.Score = OutcomeUndecided, math.Min(j.Score, unclear)
		}
	}
	return j, nil
}

// fuse applies the rule.
func fuse(facts []Fact) (Outcome, float64, []truename.Code) {
	outcome, score := OutcomeBonaFide, 1.0
	var reasons []truename.Code
	for _, f := range facts {
		score = math.Min(score, f.Margin)
		if f.Passes() {
			continue
		}
		for _, r := range f.Reasons {
			if !slices.Contains(reasons, r) {
				reasons = append(reasons, r)
			}
		}
		switch {
		case f.Fails():
			outcome = OutcomeAttack
		case outcome == OutcomeBonaFide:
			outcome = OutcomeUndecided
		}
	}
	return outcome, score, reasons
}

// measureChallenge reads the challenge off the following. Not following one is no attack by itself: people mistake left
// for right, or are interrupted. It is never a pass.
func measureChallenge(followed Following) Fact {
	f := Fact{Name: FactChallenge, Margin: 1, Measures: map[string]float64{"steps_followed": float64(len(followed.Spans))}}
	switch {
	case followed.Phase == PhaseDone:
		var slowest time.Duration
		for _, s := range followed.Spans {
			slowest = max(slowest, s.Reached-s.Revealed)
		}
		f.Measures["slowest_step_s"] = slowest.Seconds()
	case followed.Break == BreakWrong:
		f.weakest(-0.8, ReasonWrongAction)
	default:
		f.weakest(unclear, ReasonNotFollowed)
	}
	return f
}

// measurePresentation pools the presentation network's probabilities by their median: single frames mislead it.
func (e *Evidence) measurePresentation() Fact {
	f := Fact{Name: FactPresentation, Margin: 1, Measures: map[string]float64{}}
	lives := e.lives()
	if len(lives) < 3 {
		f.Missing, f.Margin = true, unclear
		return f
	}
	pooled := median(lives)
	f.Measures["live"], f.Measures["live_frames"] = pooled, float64(len(lives))
	f.weakest(presentationLimit.margin(pooled), ReasonPicture)
	return f
}

// measureDisplay looks for a screen's pattern.
func (e *Evidence) measureDisplay() Fact {
	f := Fact{Name: FactDisplay, Margin: 1, Measures: map[string]float64{}}
	if e.spectrum.frames < 3 {
		f.Missing, f.Margin = true, unclear
		return f
	}
	peak := e.spectrum.peak()
	f.Measures["pattern_db"] = peak
	f.weakest(displayLimit.margin(peak), ReasonScreen)
	return f
}

// Finding puts a judgement into the words of the root package, for a party, by an actor.
func (j Judgement) Finding(id string, party truename.Party, by string, at time.Time) truename.Finding {
	f := truename.Finding{ID: id, Stage: truename.StageLiveness, Party: party, By: by, At: at,
		Reasons:  slices.Clone(j.Reasons),
		Measures: map[string]float64{"frames": float64(j.Frames)},
		Labels:   map[string]string{},
	}
	switch j.Outcome {
	case OutcomeBonaFide:
		f.State = truename.FindingPassed
	case OutcomeAttack:
		f.State = truename.FindingFailed
	case OutcomeUndecided:
		f.State = truename.FindingUndecided
	default:
		f.State = truename.FindingUnavailable
	}
	if j.Outcome != OutcomeUnavailable {
		f.Measures["score"] = j.Score
	}
	for _, fact := range j.Facts {
		f.Measures[string(fact.Name)+"_margin"] = fact.Margin
		for name, v := range fact.Measures {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				f.Measures[name] = v
			}
		}
	}
	for _, label := range []struct {
		is   bool
		name string
	}{{j.Access.Slower, "access_slower"}, {j.Access.SmallTurn, "access_small_turn"}, {j.Access.NoVertical, "access_no_vertical"}} {
		if label.is {
			f.Labels[label.name] = "yes"
		}
	}
	return f
}
