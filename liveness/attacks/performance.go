package attacks

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"truename/liveness"
)

// Trial is one presentation that was judged.
type Trial struct {
	Species  string
	BonaFide bool
	// Beyond is that of the species.
	Beyond    bool
	Judgement liveness.Judgement
	// Spent is what it cost; Probe is not kept.
	Spent liveness.Spending
}

// Performance is what the trials come to, in the terms of ISO/IEC 30107-3. Shares are 0..1. An upper bound is the largest
// rate that would show so few errors with a probability of 5 % (Clopper and Pearson, one-sided), which takes the trials
// for independent: pieces of few films and photos are not, so the true bounds are wider.
type Performance struct {
	// BPCER is the share of bona fide presentations classified as attacks, NotPassed the share that did not pass:
	// classified as attacks or undecided.
	BPCER          float64 `json:"bpcer"`
	BPCERUpper     float64 `json:"bpcer_upper"`
	NotPassed      float64 `json:"bona_fide_not_passed"`
	NotPassedUpper float64 `json:"bona_fide_not_passed_upper"`
	// APCER by attack species: the share classified as bona fide.
	APCER      map[string]float64 `json:"apcer"`
	APCERUpper map[string]float64 `json:"apcer_upper"`
	// Trials, Undecided and Unavailable by species, bona fide ones too: numbers of trials, shares of them.
	Trials      map[string]int     `json:"trials"`
	Undecided   map[string]float64 `json:"undecided"`
	Unavailable map[string]int     `json:"unavailable,omitempty"`
	// BonaFide are the figures of each bona fide species alone.
	BonaFide map[string]BonaFide `json:"bona_fide"`
	// Beyond are the shares that passed of species that software cannot tell apart; they are in no other figure.
	Beyond map[string]float64 `json:"beyond,omitempty"`
	// Facts are the figures of each fact alone: what if it were the only one.
	Facts map[liveness.FactName]FactPerformance `json:"facts"`
	// DET has an operating point for each threshold on the score.
	DET []Operating `json:"det"`
}

// BonaFide are figures of one bona fide species.
type BonaFide struct {
	BPCER          float64 `json:"bpcer"`
	NotPassed      float64 `json:"not_passed"`
	NotPassedUpper float64 `json:"not_passed_upper"`
}

// FactPerformance is how a fact would do alone: bona fide sessions that it fails or does not pass, and attacks that it
// passes, by species.
type FactPerformance struct {
	BPCER     float64            `json:"bpcer"`
	NotPassed float64            `json:"bona_fide_not_passed"`
	APCER     map[string]float64 `json:"apcer"`
}

// Operating is a point of the detection error trade-off: if Threshold and more were bona fide.
type Operating struct {
	Threshold float64 `json:"threshold"`
	// NotPassed is the share of bona fide sessions below; APCER of all attacks, WorstAPCER of the worst species.
	NotPassed  float64 `json:"bona_fide_not_passed"`
	APCER      float64 `json:"apcer"`
	WorstAPCER float64 `json:"worst_apcer"`
}

// Measure counts trials. Sessions on which the engine failed are counted apart: they say nothing.
func Measure(trials []Trial) Performance {
	p := Performance{APCER: map[string]float64{}, APCERUpper: map[string]float64{}, Trials: map[string]int{}, Undecided: map[string]float64{},
		Unavailable: map[string]int{}, BonaFide: map[string]BonaFide{}, Beyond: map[string]float64{}, Facts: map[liveness.FactName]FactPerformance{}}
	groups := map[string][]Trial{}
	var bonaFide, attack []Trial
	for _, t := range trials {
		if t.Judgement.Outcome == liveness.OutcomeUnavailable {
			p.Unavailable[t.Species]++
			continue
		}
		groups[t.Species] = append(groups[t.Species], t)
		switch {
		case t.BonaFide:
			bonaFide = append(bonaFide, t)
		case !t.Beyond:
			attack = append(attack, t)
		}
	}
	isAttack := func(t Trial) bool { return t.Judgement.Outcome == liveness.OutcomeAttack }
	passed := func(t Trial) bool { return t.Judgement.Outcome == liveness.OutcomeBonaFide }
	notPassed := func(t Trial) bool { return !passed(t) }
	p.BPCER, p.BPCERUpper = rate(bonaFide, isAttack)
	p.NotPassed, p.NotPassedUpper = rate(bonaFide, notPassed)
	for name, group := range groups {
		p.Trials[name] = len(group)
		p.Undecided[name], _ = rate(group, func(t Trial) bool { return t.Judgement.Outcome == liveness.OutcomeUndecided })
		switch first := group[0]; {
		case first.BonaFide:
			var b BonaFide
			b.BPCER, _ = rate(group, isAttack)
			b.NotPassed, b.NotPassedUpper = rate(group, notPassed)
			p.BonaFide[name] = b
		case first.Beyond:
			p.Beyond[name], _ = rate(group, passed)
		default:
			p.APCER[name], p.APCERUpper[name] = rate(group, passed)
		}
	}
	for _, name := range []liveness.FactName{liveness.FactChallenge, liveness.FactDepth, liveness.FactPresentation, liveness.FactDisplay, liveness.FactContinuity, liveness.FactInjection} {
		f := FactPerformance{APCER: map[string]float64{}}
		f.BPCER, _ = rate(bonaFide, func(t Trial) bool { return fact(t, name).Fails() })
		f.NotPassed, _ = rate(bonaFide, func(t Trial) bool { return !fact(t, name).Passes() })
		for species, group := range groups {
			if !group[0].BonaFide && !group[0].Beyond {
				f.APCER[species], _ = rate(group, func(t Trial) bool { return fact(t, name).Passes() })
			}
		}
		p.Facts[name] = f
	}
	p.DET = tradeOff(bonaFide, attack)
	return p
}

func fact(t Trial, name liveness.FactName) liveness.Fact {
	for _, f := range t.Judgement.Facts {
		if f.Name == name {
			return f
		}
	}
	return liveness.Fact{Missing: true}
}

// tradeOff gives an operating point for each score that occurs.
func tradeOff(bonaFide, attack []Trial) []Operating {
	thresholds := map[float64]bool{}
	species := map[string][]Trial{}
	for _, t := range bonaFide {
		thresholds[t.Judgement.Score] = true
	}
	for _, t := range attack {
		thresholds[t.Judgement.Score] = true
		species[t.Species] = append(species[t.Species], t)
	}
	var points []Operating
	for _, threshold := range slices.Sorted(maps.Keys(thresholds)) {
		above := func(t Trial) bool { return t.Judgement.Score >= threshold }
		o := Operating{Threshold: threshold}
		o.NotPassed, _ = rate(bonaFide, func(t Trial) bool { return !above(t) })
		o.APCER, _ = rate(attack, above)
		for _, group := range species {
			r, _ := rate(group, above)
			o.WorstAPCER = max(o.WorstAPCER, r)
		}
		points = append(points, o)
	}
	slices.SortFunc(points, func(a, b Operating) int { return cmp.Compare(a.Threshold, b.Threshold) })
	return points
}

// rate gives the share of trials for which something holds, and its upper bound.
func rate(trials []Trial, holds func(Trial) bool) (share, upper float64) {
	k := 0
	for _, t := range trials {
		if holds(t) {
			k++
		}
	}
	if len(trials) == 0 {
		return 0, 1
	}
	return float64(k) / float64(len(trials)), upperBound(k, len(trials))
}

// upperBound is the rate at which k errors or fewer in n trials have a probability of 5 %.
func upperBound(k, n int) float64 {
	if k >= n {
		return 1
	}
	atMost := func(p float64) float64 {
		sum := 0.0
		for i := 0; i <= k; i++ {
			a, _ := math.Lgamma(float64(n + 1))
			b, _ := math.Lgamma(float64(i + 1))
			c, _ := math.Lgamma(float64(n - i + 1))
			sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
		}
		return sum
	}
	low, high := 0.0, 1.0
	for range 60 {
		mid := (low + high) / 2
		if atMost(mid) > 0.05 {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
