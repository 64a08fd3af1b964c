package vault_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"truename"
	"truename/vault"
)

// synthetic makes a template as a recogniser does: a direction that all faces share, the person's own, and what changes
// from picture to picture; unit length.
func synthetic(r *rand.Rand, dimension int, shared, person []float32) []float32 {
	v := make([]float32, dimension)
	var sum float64
	for i := range v {
		x := 0.3 * r.NormFloat64()
		if shared != nil {
			x += 0.4 * float64(shared[i])
		}
		if person != nil {
			x += float64(person[i])
		}
		v[i] = float32(x)
		sum += x * x
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

func gaussian(r *rand.Rand, dimension int) []float32 {
	v := make([]float32, dimension)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

func cosine(a, b []float32) float64 {
	var dot, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		dot, aa, bb = dot+x*y, aa+x*x, bb+y*y
	}
	return dot / math.Sqrt(aa*bb)
}

// Accuracy is untouched: every score is that of the templates themselves, to within 1e-6.
func TestProtectionKeepsEveryCosine(t *testing.T) {
	o, _ := onFile(t)
	s := o.subject(t, "subject-1")
	r := rand.New(rand.NewPCG(1, 2))
	for _, dimension := range []int{1, 2, 3, 63, 128, 500, 512, 1024, 4096} {
		projection, err := o.Projection("duplicates/1", "model", dimension)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for range 200 {
			person := gaussian(r, dimension)
			a, b := synthetic(r, dimension, nil, person), synthetic(r, dimension, nil, nil)
			if r.IntN(2) == 0 {
				b = synthetic(r, dimension, nil, person)
			}
			want := cosine(a, b)

			protected, err := o.Protect(t.Context(), s, "verification", "model", a)
			if err != nil {
				t.Fatal(err)
			}
			got, err := o.Compare(t.Context(), s, "verification", protected, "model", b)
			if err != nil {
				t.Fatal(err)
			}
			worst = max(worst, math.Abs(got-want))

			pa, errA := projection.Apply(a)
			pb, errB := projection.Apply(b)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			worst = max(worst, math.Abs(cosine(pa, pb)-want))

			back, err := o.Unprotect(t.Context(), s, "verification", "model", protected)
			if err != nil {
				t.Fatal(err)
			}
			if len(back) != dimension {
				t.Fatalf("%d components come back of %d", len(back), dimension)
			}
			worst = max(worst, math.Abs(cosine(back, a)-1))
		}
		t.Logf("%d dimensions: largest difference %.1e", dimension, worst)
		if worst > 1e-6 {
			t.Errorf("%d dimensions: a score differs by %g", dimension, worst)
		}
	}
}

// components reads the turned vector out of a protected template. The tag follows it.
func components(b []byte, dimension int) []float32 {
	v := make([]float32, dimension)
	b = b[len(b)-16-4*dimension:]
	for i := range v {
		v[i] = math.Float32frombits(uint32(b[4*i]) | uint32(b[4*i+1])<<8 | uint32(b[4*i+2])<<16 | uint32(b[4*i+3])<<24)
	}
	return v
}

// Unlinkability (ISO/IEC 24745, in the manner of ISO/IEC 30136): for each way of renewing, what an attacker without keys
// can compute from two protected templates is distributed alike whether they are of one person or of two. The clear
// templates of one person are close, and even strangers share a direction, so there is much to find.
func TestUnlinkability(t *testing.T) {
	const dimension, people = 512, 800
	o, _ := onFile(t)
	a, b := o.subject(t, "subject-a"), o.subject(t, "subject-b")
	r := rand.New(rand.NewPCG(3, 4))
	shared := gaussian(r, dimension)
	var first, second [][]float32 // two pictures of each person
	for range people {
		person := gaussian(r, dimension)
		first = append(first, synthetic(r, dimension, shared, person))
		second = append(second, synthetic(r, dimension, shared, person))
	}
	protect := func(s truename.Subject, purpose string) func([]float32) []float32 {
		return func(template []float32) []float32 {
			p, err := o.Protect(t.Context(), s, purpose, "model", template)
			if err != nil {
				t.Fatal(err)
			}
			return components(p, dimension)
		}
	}
	project := func(gallery string) func([]float32) []float32 {
		p, err := o.Projection(gallery, "model", dimension)
		if err != nil {
			t.Fatal(err)
		}
		return func(template []float32) []float32 {
			out, err := p.Apply(template)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
	clear := func(template []float32) []float32 { return template }
	linkers := map[string]func(a, b []float32) float64{
		"cosine": cosine,
		"cosine of sorted magnitudes": func(a, b []float32) float64 { // unmoved by permutation and signs
			return cosine(magnitudes(a), magnitudes(b))
		},
		"length": func(a, b []float32) float64 {
			return -math.Abs(math.Sqrt(dot(a, a)) - math.Sqrt(dot(b, b)))
		},
	}
	for name, c := range map[string]struct{ x, y func([]float32) []float32 }{
		"two purposes":               {protect(a, "verification"), protect(a, "retention")},
		"one purpose, two salts":     {protect(a, "verification"), protect(a, "verification")},
		"two subjects":               {protect(a, "verification"), protect(b, "verification")},
		"two galleries":              {project("duplicates/1"), project("duplicates/2")},
		"verification and gallery":   {protect(a, "verification"), project("duplicates/1")},
		"protected and in clear":     {protect(a, "verification"), clear},
		"gallery and in clear":       {project("duplicates/1"), clear},
		"same name as purpose":       {protect(a, "duplicates/1"), project("duplicates/1")},
		"subject and its retention":  {protect(b, "verification"), protect(b, "retention")},
		"gallery of another purpose": {project("verification"), project("duplicates/1")},
	} {
		t.Run(name, func(t *testing.T) {
			var x, y [][]float32
			for i := range people {
				x, y = append(x, c.x(first[i])), append(y, c.y(second[i]))
			}
			for name, link := range linkers {
				var mated, others []float64
				for i := range people {
					mated = append(mated, link(x[i], y[i]))
					others = append(others, link(x[i], y[(i+1)%people]))
				}
				auc, distance := separation(mated, others)
				t.Logf("%s: area under the curve %.3f, Kolmogorov-Smirnov %.3f", name, auc, distance)
				// Five standard errors of the area, and the Kolmogorov-Smirnov distance that chance exceeds once in a million runs.
				if math.Abs(auc-0.5) > 5*math.Sqrt((2.0*people+1)/(12*people*people)) {
					t.Errorf("%s tells mated from other pairs: area under the curve %.3f", name, auc)
				}
				if distance > 2.69*math.Sqrt(2.0/people) {
					t.Errorf("%s is distributed otherwise for mated pairs: Kolmogorov-Smirnov %.3f", name, distance)
				}
			}
		})
	}
	// The test would see a link: within a gallery, and in clear, there is one.
	one := project("duplicates/1")
	var mated, others []float64
	for i := range people {
		mated = append(mated, cosine(one(first[i]), one(second[i])))
		others = append(others, cosine(one(first[i]), one(second[(i+1)%people])))
	}
	if auc, _ := separation(mated, others); auc < 0.99 {
		t.Errorf("within a gallery the area under the curve is %.3f: the synthetic faces are no test", auc)
	}
}

func dot(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func magnitudes(v []float32) []float32 {
	m := make([]float32, len(v))
	for i, x := range v {
		m[i] = float32(math.Abs(float64(x)))
	}
	slices.Sort(m)
	return m
}

// separation of two samples of equal size: the area under the ROC curve (0.5: none) and the Kolmogorov-Smirnov distance.
func separation(mated, others []float64) (auc, distance float64) {
	type scored struct {
		x     float64
		mated bool
	}
	var all []scored
	for i := range mated {
		all = append(all, scored{mated[i], true}, scored{others[i], false})
	}
	slices.SortFunc(all, func(a, b scored) int {
		switch {
		case a.x < b.x:
			return -1
		case a.x > b.x:
			return 1
		}
		return 0
	})
	n := float64(len(mated))
	var matedBelow, othersBelow float64
	for i := 0; i < len(all); {
		j, m, o := i, 0.0, 0.0
		for ; j < len(all) && all[j].x == all[i].x; j++ {
			if all[j].mated {
				m++
			} else {
				o++
			}
		}
		auc += m * (othersBelow + o/2)
		matedBelow, othersBelow = matedBelow+m, othersBelow+o
		distance = max(distance, math.Abs(matedBelow-othersBelow)/n)
		i = j
	}
	return auc / (n * n), distance
}

// A template that stands out in one component does not stand out afterwards.
func TestSparseTemplatesAreSpread(t *testing.T) {
	o, _ := onFile(t)
	s := o.subject(t, "subject-1")
	for i := range 64 {
		template := make([]float32, 512)
		template[8*i] = 1
		p, err := o.Protect(t.Context(), s, "verification", "model", template)
		if err != nil {
			t.Fatal(err)
		}
		// Of 512 Gaussian components of deviation 0.044, none is expected beyond 6 deviations in 10^6 vectors.
		if m := magnitudes(components(p, 512)); m[511] > 6/22.6 {
			t.Errorf("component %d: one of %g remains", 8*i, m[511])
		}
	}
}

func TestTemplatesKeepToTheirPlace(t *testing.T) {
	o, _ := onFile(t)
	a, b := o.subject(t, "subject-a"), o.subject(t, "subject-b")
	template := []float32{1, 2, 3, 4, 5}
	p, err := o.Protect(t.Context(), a, "verification", "model-1", template)
	if err != nil {
		t.Fatal(err)
	}
	type at struct {
		subject             truename.Subject
		purpose, recogniser string
		probe               []float32
		kind                truename.Kind
		code                truename.Code
	}
	for name, c := range map[string]at{
		"another purpose":         {a, "retention", "model-1", template, truename.KindForbidden, truename.CodeForbidden},
		"another recogniser":      {a, "verification", "model-2", template, truename.KindUnavailable, truename.CodeModelPack},
		"another subject":         {b, "verification", "model-1", template, truename.KindUnavailable, truename.CodeVault},
		"another dimension":       {a, "verification", "model-1", template[:4], truename.KindUnavailable, truename.CodeModelPack},
		"same padded dimension":   {a, "verification", "model-1", []float32{1, 2, 3, 4, 5, 6}, truename.KindUnavailable, truename.CodeModelPack},
		"a probe of zeros":        {a, "verification", "model-1", make([]float32, 5), truename.KindInvalid, truename.CodeInvalidRequest},
		"a probe without numbers": {a, "verification", "model-1", []float32{1, 2, 3, 4, float32(math.NaN())}, truename.KindInvalid, truename.CodeInvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			score, err := o.Compare(t.Context(), c.subject, c.purpose, p, c.recogniser, c.probe)
			wantCode(t, err, c.kind, c.code)
			if score != 0 {
				t.Errorf("with a score of %g", score)
			}
		})
	}
	for name, c := range map[string]struct {
		purpose, recogniser string
		template            []float32
	}{
		"no purpose":       {"", "m", template},
		"no recogniser":    {"p", "", template},
		"a long purpose":   {string(make([]byte, 256)), "m", template},
		"a long id":        {"p", string(make([]byte, 256)), template},
		"nothing":          {"p", "m", nil},
		"zeros":            {"p", "m", make([]float32, 8)},
		"not numbers":      {"p", "m", []float32{float32(math.NaN())}},
		"infinity":         {"p", "m", []float32{float32(math.Inf(1)), 1}},
		"infinite cancels": {"p", "m", []float32{float32(math.Inf(1)), float32(math.Inf(-1))}},
		"too many":         {"p", "m", slices.Repeat([]float32{1}, 4097)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.Protect(t.Context(), a, c.purpose, c.recogniser, c.template)
			wantCode(t, err, truename.KindInvalid, truename.CodeInvalidRequest)
		})
	}
	for _, dimension := range []int{-1, 0, 4097} {
		_, err := o.Projection("g", "m", dimension)
		wantCode(t, err, truename.KindInvalid, truename.CodeInvalidRequest)
	}
	projection, err := o.Projection("g", "m", 5)
	if err != nil {
		t.Fatal(err)
	}
	_, err = projection.Apply(template[:4])
	wantCode(t, err, truename.KindUnavailable, truename.CodeModelPack)
	if !slices.Equal(template, []float32{1, 2, 3, 4, 5}) {
		t.Error("the caller's template was changed")
	}
}

func TestGalleriesAreStable(t *testing.T) {
	o, _ := onFile(t)
	again, err := vault.Unlock(t.Context(), o.uri, o.ring)
	if err != nil {
		t.Fatal(err)
	}
	apply := func(v *vault.Vault, gallery, recogniser string) []float32 {
		p, err := v.Projection(gallery, recogniser, 5)
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Apply([]float32{1, 2, 3, 4, 5})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	one := apply(o.Vault, "duplicates/1", "model")
	if len(one) != 8 || !slices.Equal(one, apply(again, "duplicates/1", "model")) {
		t.Error("another rotation after unlocking again")
	}
	for _, names := range [][2]string{{"duplicates/2", "model"}, {"duplicates/1", "model-2"}, {"duplicates/1m", "odel"}} {
		if slices.Equal(one, apply(o.Vault, names[0], names[1])) {
			t.Errorf("gallery %q has the same rotation", names)
		}
	}
}

// Protecting again gives another one: neither salt nor vector comes back.
func TestProtectionIsRenewable(t *testing.T) {
	o, _ := onFile(t)
	s := o.subject(t, "subject-1")
	template := []float32{1, 2, 3, 4}
	seen := map[string]bool{}
	for range 50 {
		p, err := o.Protect(t.Context(), s, "verification", "model", template)
		if err != nil {
			t.Fatal(err)
		}
		vector := string(p[len(p)-32:])
		if seen[vector] {
			t.Fatal("the same twice")
		}
		seen[vector] = true
		if bytes.Contains(p, []byte(s.ID)) {
			t.Error("it names the subject")
		}
	}
}
