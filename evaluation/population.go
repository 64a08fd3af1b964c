package evaluation

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"truename"
)

// Templates holds the outcome of acquisition: per sample one vector of unit length, or nil for a failure to acquire
// (FTA). All vectors have the same length. A sample that is not in the map has not been tried, which is an error.
type Templates map[Sample][]float32

// population is a set of samples with their identities. Acquired samples are sorted by identity, so that all genuine
// partners of a sample are its neighbours.
type population struct {
	samples []Sample    // acquired
	vectors [][]float32 // of the acquired, in the same order, one after the other in memory
	person  []int       // of the acquired: index of the identity, 0..people−1
	people  int
	// tried and acquired count samples per identity.
	tried, acquired []int
	failures        []Sample
}

// newPopulation checks the templates of the samples and orders them.
func newPopulation(samples []Sample, templates Templates, errata *Errata) (*population, error) {
	if len(samples) > MaxSamples {
		return nil, tooMany()
	}
	type labelled struct {
		sample Sample
		person string
	}
	var kept []labelled
	for _, s := range samples {
		if person, ok := errata.identity(s); ok {
			kept = append(kept, labelled{s, person})
		}
	}
	slices.SortFunc(kept, func(a, b labelled) int {
		return cmp.Or(cmp.Compare(a.person, b.person), cmp.Compare(a.sample, b.sample))
	})
	kept = slices.Compact(kept)

	p := &population{}
	dimension, acquired := 0, 0
	for i, k := range kept {
		vector, ok := templates[k.sample]
		if !ok {
			return nil, badTemplates("a sample has neither a template nor a failure to acquire")
		}
		if i == 0 || k.person != kept[i-1].person {
			p.people++
			p.tried, p.acquired = append(p.tried, 0), append(p.acquired, 0)
		}
		p.tried[p.people-1]++
		if vector == nil {
			p.failures = append(p.failures, k.sample)
			continue
		}
		if dimension == 0 {
			dimension = len(vector)
		}
		if err := checkVector(vector, dimension); err != nil {
			return nil, err
		}
		p.samples = append(p.samples, k.sample)
		p.person = append(p.person, p.people-1)
		p.acquired[p.people-1]++
		acquired++
	}
	memory := make([]float32, 0, acquired*dimension)
	for _, s := range p.samples {
		memory = append(memory, templates[s]...)
		p.vectors = append(p.vectors, memory[len(memory)-dimension:])
	}
	return p, nil
}

// genuinePairs counts pairs within identities: comparable ones, and those that failures to acquire prevent.
func (p *population) genuinePairs() (made, failed int64) {
	for i := range p.tried {
		n, all := int64(p.acquired[i]), int64(p.tried[i])
		made += n * (n - 1) / 2
		failed += all*(all-1)/2 - n*(n-1)/2
	}
	return made, failed
}

// impostorPairs counts comparable pairs across identities.
func (p *population) impostorPairs() int64 {
	n := int64(len(p.samples))
	genuine, _ := p.genuinePairs()
	return n*(n-1)/2 - genuine
}

func checkVector(v []float32, dimension int) error {
	if len(v) != dimension || dimension == 0 {
		return badTemplates("templates differ in length, or are empty")
	}
	var norm float64
	for _, x := range v {
		norm += float64(x) * float64(x)
	}
	if !(math.Abs(norm-1) < 1e-3) { // also when not a number
		return badTemplates("a template is not a vector of unit length")
	}
	return nil
}

func badTemplates(what string) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure,
		Detail: fmt.Sprintf("The evaluation cannot use its templates: %s.", what),
		Remedy: "Acquire all samples again with one recogniser."}
}
