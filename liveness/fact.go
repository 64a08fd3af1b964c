package liveness

import (
	"math"
	"slices"

	"truename"
)

// FactName names one of the facts.
type FactName string

// The facts.
const (
	// FactChallenge: the movements asked for were made, in order, in time.
	FactChallenge FactName = "challenge"
	// FactDepth: the face has depth across the turns.
	FactDepth FactName = "depth"
	// FactPresentation: the network that tells a face from a picture of one.
	FactPresentation FactName = "presentation"
	// FactDisplay: no regular pattern of a screen.
	FactDisplay FactName = "display"
	// FactContinuity: one person, one place, one uncut film.
	FactContinuity FactName = "continuity"
	// FactInjection: the frames come from a camera. It is made of signs and never fails.
	FactInjection FactName = "injection"
)

// Fact is what one way of looking at a session says.
type Fact struct {
	Name FactName `json:"name"`
	// Margin is how far the measure is beyond what passes: 0 and more passes, −1 and less fails clearly, between is
	// unclear. It is limited to −2..1.
	Margin float64 `json:"margin"`
	// Missing says that nothing could be measured; the fact then neither passes nor fails, with margin −0.5.
	Missing bool            `json:"missing,omitempty"`
	Reasons []truename.Code `json:"reasons,omitempty"`
	// Measures are what the margin was made of, by name.
	Measures map[string]float64 `json:"measures,omitempty"`
}

// Passes, Fails say what the margin means.
func (f Fact) Passes() bool { return !f.Missing && f.Margin >= 0 }

// Fails says whether the fact alone makes an attack of the session.
func (f Fact) Fails() bool { return !f.Missing && f.Margin <= -1 }

// unclear is the margin of what could not be measured, or says nothing about an attack.
const unclear = -0.5

// limit is where a measure passes and where it fails.
type limit struct{ pass, fail float64 }

// margin places a value: 0 at pass, −1 at fail, straight in between and beyond.
func (l limit) margin(v float64) float64 {
	if math.IsNaN(v) {
		return unclear
	}
	return math.Max(-2, math.Min(1, (v-l.pass)/(math.Abs(l.pass-l.fail))*sign1(l.pass-l.fail)))
}

func sign1(v float64) float64 {
	if v < 0 {
		return -1
	}
	return 1
}

// weakest lowers the fact's margin to that of a part and notes the reason when the part does not pass.
func (f *Fact) weakest(margin float64, reason truename.Code) {
	f.Margin = math.Min(f.Margin, margin)
	if margin < 0 && !slices.Contains(f.Reasons, reason) {
		f.Reasons = append(f.Reasons, reason)
	}
}

// median of values; NaN of none.
func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile of values, by the nearest rank; NaN of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[int(math.Round(q*float64(len(sorted)-1)))]
}
