package evaluation

import (
	"math"
	"slices"
)

// Point is what a recogniser does at the threshold for one target rate, with 95 % confidence intervals.
type Point struct {
	// Target is the rate aimed at as a key of [Rates], FAR its value.
	Target string
	FAR    float64
	// Supported is false when the impostor comparisons are too few for the target; the fields below are then zero.
	Supported bool
	Threshold float64
	// FMR is what the threshold gives, at most FAR.
	FMR           float64
	FMRInterval   Interval
	FNMR          float64
	FNMRInterval  Interval
	Matches       int64 // impostor comparisons that match
	GenuineMisses int64 // genuine pairs that do not, those with a failure to acquire included
}

// pointsOf gives a point for every target; the intervals treat pairs as independent.
func pointsOf(genuine, impostor *distribution) []Point {
	var points []Point
	for _, target := range targets() {
		p := Point{Target: target.key, FAR: target.far}
		allowed, ok := allowedMatches(impostor.made, target.far)
		if all := genuine.made + genuine.failed; ok && all > 0 {
			t := impostor.threshold(allowed)
			p.Supported, p.Threshold = true, float64(t)
			p.Matches, p.FMR = impostor.reach(t), impostor.matchRate(t)
			p.FMRInterval = exactInterval(p.Matches, impostor.made)
			p.GenuineMisses, p.FNMR = all-genuine.reach(t), genuine.rejectRate(t)
			p.FNMRInterval = exactInterval(p.GenuineMisses, all)
		}
		points = append(points, p)
	}
	return points
}

// resampledPoints replaces the intervals by those of the bootstrap over people.
func (p *population) resampledPoints(points []Point, b *bootstrap, impostor *distribution) []Point {
	for i := range points {
		at := &points[i]
		if !at.Supported {
			continue
		}
		if k := slices.Index(b.ladder, float32(at.Threshold)); k >= 0 {
			at.FMRInterval = b.fmrInterval(impostor, k)
		}
		at.FNMRInterval = p.fnmrInterval(b, at.FAR, at.FNMR)
	}
	return points
}

// rates gives the parts of points that results carry.
func rates(points []Point) (tar, thresholds Rates, intervals Intervals) {
	tar, thresholds, intervals = Rates{}, Rates{}, Intervals{}
	for _, p := range points {
		tar[p.Target], thresholds[p.Target], intervals[p.Target] = nil, nil, nil
		if p.Supported {
			accepted := 1 - p.FNMR
			tar[p.Target], thresholds[p.Target] = &accepted, &p.Threshold
			intervals[p.Target] = &Interval{1 - p.FNMRInterval[1], 1 - p.FNMRInterval[0]}
		}
	}
	return tar, thresholds, intervals
}

// OperatingPoint is one point of a detection error trade-off (DET) curve.
type OperatingPoint struct{ Score, FMR, FNMR float64 }

// pointsPerDecade of FMR on a DET curve.
const pointsPerDecade = 40

// detCurve gives points with log-spaced false-match rates, from the threshold that nearly all impostor comparisons
// reach to the one that a single comparison reaches: FMR falls and FNMR rises along the list.
func detCurve(genuine, impostor *distribution) []OperatingPoint {
	var curve []OperatingPoint
	last := impostor.made
	for k := 0; last > 1; k++ {
		allowed := int64(float64(impostor.made) * math.Pow(10, -float64(k)/pointsPerDecade))
		allowed = max(1, min(allowed, impostor.made-1))
		if allowed == last {
			continue
		}
		last = allowed
		t := impostor.threshold(allowed)
		curve = append(curve, OperatingPoint{float64(t), impostor.matchRate(t), genuine.rejectRate(t)})
	}
	return curve
}
