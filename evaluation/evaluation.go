package evaluation

import (
	"cmp"
	"context"
	"slices"

	"truename/models"
)

// Options say what to evaluate.
type Options struct {
	// Model is the recogniser's id and Effort how templates were made ("fast", "accurate"); Dataset names the images.
	Model, Effort, Dataset string
	// Pairs is the protocol of genuine and impostor pairs.
	Pairs *Pairs
	// AllPairs asks for every comparison among Samples and the samples of Pairs.
	AllPairs bool
	Samples  []Sample
	// Errata, when given, adds the results without the label errors it lists.
	Errata *Errata
	// Seed of the bootstrap.
	Seed uint64
}

// ToAcquire lists the samples that an evaluation needs templates of: the union of the pairs' samples and, for all
// pairs, those listed.
func (o *Options) ToAcquire() []Sample {
	if o.AllPairs {
		return Union(o.Pairs.Samples(), o.Samples)
	}
	return o.Pairs.Samples()
}

// Evaluation is a result with what its report draws.
type Evaluation struct {
	Result  Result
	Dataset string
	// People counts identities among the samples tried.
	People   int
	Failures []Sample
	// SelfTuned: there was one fold, so that accuracy is judged on the pairs that its threshold was chosen on.
	SelfTuned    bool
	PairsDetail  Detail
	AllDetail    *Detail
	ErrataSource string
	ErrataDetail *Detail // of all pairs when asked for, else of the pairs, without label errors
	ErrataImages int     // samples left out or relabelled
	// Calibration is the recogniser's table, from all pairs with their labels as they are; nil without all pairs, or when
	// there are too few.
	Calibration   *models.Calibration
	BootstrapSeed uint64
}

// Detail is what plots and lists of one set of comparisons need.
type Detail struct {
	DET []OperatingPoint
	// Points are the operating points at the target rates.
	Points []Point
	// Band bounds the FNMR along FMR; empty without a bootstrap.
	Band []BandPoint
	// Genuine and Impostor count scores in equal bins over −1..1.
	Genuine, Impostor []int64
	// WorstGenuine are the lowest genuine scores, lowest first; WorstImpostor the highest of impostors.
	WorstGenuine, WorstImpostor []Comparison
}

// BandPoint bounds the FNMR at one FMR with 95 % confidence.
type BandPoint struct {
	FMR  float64
	FNMR Interval
}

const (
	displayBins = 200
	worstPairs  = 12
)

// Evaluate computes all results. It needs an entry in templates for each of o.ToAcquire(). About 7 million impostor
// pairs of 512 numbers take a second or two on two cores. It returns ctx's error when cancelled.
func Evaluate(ctx context.Context, o Options, templates Templates) (*Evaluation, error) {
	samples := o.ToAcquire()
	everyone, err := newPopulation(samples, templates, nil)
	if err != nil {
		return nil, err
	}
	e := &Evaluation{Dataset: o.Dataset, People: everyone.people, Failures: everyone.failures, BootstrapSeed: o.Seed}
	e.Result = Result{Images: len(samples), FailuresToAcquire: len(everyone.failures), Model: o.Model}

	pairs, detail := evaluatePairs(o.Pairs, templates, nil)
	e.Result.Pairs, e.PairsDetail, e.SelfTuned = pairs, detail, len(o.Pairs.Folds) == 1
	if o.AllPairs {
		all, err := evaluateAll(ctx, everyone, o)
		if err != nil {
			return nil, err
		}
		e.Result.AllPairs, e.AllDetail, e.Calibration = &all.result, &all.detail, all.calibration
	}
	if o.Errata == nil {
		return e, nil
	}

	pairs, detail = evaluatePairs(o.Pairs, templates, o.Errata)
	e.Result.Errata, e.ErrataDetail, e.ErrataSource = &ErrataResult{Pairs: pairs}, &detail, o.Errata.Source
	for _, s := range samples {
		if person, kept := o.Errata.identity(s); !kept || person != s.Person() {
			e.ErrataImages++
		}
	}
	if o.AllPairs {
		corrected, err := newPopulation(samples, templates, o.Errata)
		if err != nil {
			return nil, err
		}
		all, err := evaluateAll(ctx, corrected, o)
		if err != nil {
			return nil, err
		}
		e.Result.Errata.AllPairs, e.ErrataDetail = &all.result, &all.detail
	}
	return e, nil
}

func evaluatePairs(protocol *Pairs, templates Templates, errata *Errata) (PairsResult, Detail) {
	var genuine, impostor []Comparison
	var failed int64 // genuine pairs with a failure to acquire
	folds := make([][]judged, len(protocol.Folds))
	for k, fold := range protocol.Folds {
		for _, pair := range fold {
			personA, keptA := errata.identity(pair.A)
			personB, keptB := errata.identity(pair.B)
			if !keptA || !keptB {
				continue
			}
			same := personA == personB
			a, b := templates[pair.A], templates[pair.B]
			if a == nil || b == nil {
				if same {
					failed++
					folds[k] = append(folds[k], judged{failedScore, true})
				}
				continue
			}
			score := compare(a, b)
			folds[k] = append(folds[k], judged{score, same})
			c := Comparison{pair.A, pair.B, float64(score)}
			if same {
				genuine = append(genuine, c)
			} else {
				impostor = append(impostor, c)
			}
		}
	}
	g, i := newDistribution(scoresOf(genuine), failed), newDistribution(scoresOf(impostor), 0)
	accuracy := foldAccuracy(folds)
	result := PairsResult{Genuine: int(g.made + g.failed), Impostor: int(i.made), Accuracy: accuracy.mean,
		AccuracyStd: accuracy.std, AccuracyCI: accuracy.interval, EER: equalErrorRate(g, i)}
	points := pointsOf(g, i)
	result.TARAtFAR, result.Thresholds, _ = rates(points)
	slices.SortStableFunc(genuine, func(a, b Comparison) int { return cmp.Compare(a.Score, b.Score) })
	slices.SortStableFunc(impostor, func(a, b Comparison) int { return cmp.Compare(b.Score, a.Score) })
	return result, Detail{DET: detCurve(g, i), Points: points, Genuine: g.histogram(displayBins), Impostor: i.histogram(displayBins),
		WorstGenuine: genuine[:min(worstPairs, len(genuine))], WorstImpostor: impostor[:min(worstPairs, len(impostor))]}
}

type allPairs struct {
	result      AllPairsResult
	detail      Detail
	calibration *models.Calibration
}

func evaluateAll(ctx context.Context, p *population, o Options) (*allPairs, error) {
	all, err := p.compareAll(ctx, worstPairs, MaxExactScores)
	if err != nil {
		return nil, err
	}
	a := &allPairs{result: AllPairsResult{Genuine: all.genuine.made + all.genuine.failed, Impostor: all.impostor.made,
		EER: equalErrorRate(all.genuine, all.impostor)}}
	a.detail = Detail{DET: detCurve(all.genuine, all.impostor),
		Genuine: all.genuine.histogram(displayBins), Impostor: all.impostor.histogram(displayBins),
		WorstGenuine: p.comparisons(all.worstGenuine), WorstImpostor: p.comparisons(all.worstImpostor)}

	steps := newLadder(all.impostor)
	resampled := &bootstrap{}
	if len(steps.thresholds) > 0 {
		if resampled, err = p.resample(ctx, steps.thresholds, all.genuinePairs, o.Seed); err != nil {
			return nil, err
		}
	}
	a.calibration = calibrate(o, p, all.impostor, steps, resampled)
	a.detail.Points = p.resampledPoints(pointsOf(all.genuine, all.impostor), resampled, all.impostor)
	a.result.TARAtFAR, a.result.Thresholds, a.result.TARCI = rates(a.detail.Points)
	for _, t := range steps.thresholds {
		fmr := all.impostor.matchRate(t)
		a.detail.Band = append(a.detail.Band, BandPoint{fmr, p.fnmrInterval(resampled, fmr, all.genuine.rejectRate(t))})
	}
	return a, nil
}

// fnmrInterval is the bootstrap's interval, made to hold the measured rate. Without a single error the bootstrap has
// nothing to resample: then the rule of three bounds it, counting people and not their pairs as independent trials.
func (p *population) fnmrInterval(b *bootstrap, fmr, measured float64) Interval {
	interval, ok := b.fnmrAtRate(fmr)
	if !ok {
		return Interval{0, 1}
	}
	interval = interval.widen(Interval{measured, measured})
	if measured == 0 {
		var people int64
		for _, n := range p.tried {
			if n > 1 {
				people++
			}
		}
		interval = interval.widen(Interval{0, ruleOfThree(people)})
	}
	return interval
}

func scoresOf(comparisons []Comparison) []float32 {
	scores := make([]float32, len(comparisons))
	for i, c := range comparisons {
		scores[i] = float32(c.Score)
	}
	return scores
}
