package evaluation

import (
	"math"
	"slices"
)

// Interval is a two-sided 95 % confidence interval [lower, upper].
type Interval [2]float64

// widen gives the smallest interval that holds both.
func (a Interval) widen(b Interval) Interval {
	return Interval{min(a[0], b[0]), max(a[1], b[1])}
}

// exactInterval is the Clopper–Pearson interval for the proportion that k of n independent trials estimate.
func exactInterval(k, n int64) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	const tail = 0.025
	interval := Interval{0, 1}
	if k > 0 {
		interval[0] = betaQuantile(tail, float64(k), float64(n-k+1))
	}
	if k < n {
		interval[1] = betaQuantile(1-tail, float64(k+1), float64(n-k))
	}
	return interval
}

// ruleOfThree bounds, with 95 % confidence, an error rate of which n independent trials have shown no instance
// (ISO/IEC 19795-1, annex B).
func ruleOfThree(n int64) float64 {
	if n <= 3 {
		return 1
	}
	return 3 / float64(n)
}

// percentileInterval gives the 2.5 % and 97.5 % quantiles of the replicates, which it sorts.
func percentileInterval(replicates []float64) Interval {
	slices.Sort(replicates)
	return Interval{quantile(replicates, 0.025), quantile(replicates, 0.975)}
}

// quantile interpolates linearly between the order statistics of sorted, which is not empty.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// betaQuantile inverts the regularised incomplete beta function by bisection, to full precision: it is called a few
// hundred times at most.
func betaQuantile(p, a, b float64) float64 {
	low, high := 0.0, 1.0
	for range 200 {
		mid := low + (high-low)/2
		if mid == low || mid == high {
			break
		}
		if incompleteBeta(mid, a, b) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return low + (high-low)/2
}

// incompleteBeta is the regularised incomplete beta function I_x(a, b), by its continued fraction (NIST DLMF 8.17.22)
// evaluated with Lentz's method.
func incompleteBeta(x, a, b float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	if x > (a+1)/(a+b+2) {
		return 1 - incompleteBeta(1-x, b, a) // where the fraction converges fast
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a

	const tiny = 1e-300
	nonzero := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/nonzero(1-(a+b)*x/(a+1))
	fraction := d
	for i := 1; i < 10_000; i++ {
		m := float64(i)
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / nonzero(1+even*d)
		c = nonzero(1 + even/c)
		fraction *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / nonzero(1+odd*d)
		c = nonzero(1 + odd/c)
		step := d * c
		fraction *= step
		if math.Abs(step-1) < 1e-15 {
			break
		}
	}
	return front * fraction
}
