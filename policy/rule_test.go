package policy

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"truename"
)

// verified gives a case in which everything has passed for the parties.
func verified(kind truename.RegistrationKind, route truename.Route, document truename.DocumentType, parties ...truename.Party) truename.Case {
	g := golden{Kind: kind, Route: route, Passed: parties}
	for _, p := range parties {
		g.Parties = append(g.Parties, goldenParty{Party: p, Document: document, Country: "CHN", Age: 35})
	}
	return g.build()
}

// firstDocument gives a document that the pack accepts from everybody.
func firstDocument(p *Pack) truename.DocumentType {
	for _, a := range p.form.Documents.Accept {
		if a.Under == 0 {
			return a.Type
		}
	}
	return ""
}

// packs gives all built-in packs, and one with a condition that fails on most cases.
func allPacks(t testing.TB) []*Pack {
	t.Helper()
	var all []*Pack
	for _, name := range Builtin() {
		all = append(all, builtinPack(t, name))
	}
	p, err := Load(withCondition(t, "latest.carrier.measures.risk > 0.5", "refuse"))
	if err != nil {
		t.Fatal(err)
	}
	return append(all, p)
}

var states = []truename.FindingState{truename.FindingPassed, truename.FindingFailed, truename.FindingUndecided, truename.FindingUnavailable, "unknown", ""}

// drawCase draws a case: mostly sensible, as a case of pure noise is refused at the first look.
func drawCase(t *rapid.T, p *Pack) truename.Case {
	people := []string{"agent", "colleague", "ann", "ben", "cy", ""}
	documents := []truename.DocumentType{"", "library_card"}
	for _, a := range p.form.Documents.Accept {
		documents = append(documents, a.Type)
	}
	c := truename.Case{
		Kind:     rapid.SampledFrom(truename.RegistrationKinds).Draw(t, "kind"),
		Channel:  rapid.SampledFrom(truename.Channels).Draw(t, "channel"),
		Route:    rapid.SampledFrom([]truename.Route{truename.RouteFace, truename.RouteInPerson}).Draw(t, "route"),
		At:       time.Unix(rapid.Int64Range(1.7e9, 1.9e9).Draw(t, "at"), 0).UTC(),
		OpenedBy: rapid.SampledFrom(people).Draw(t, "opened by"),
	}
	c.Appealed = rapid.IntRange(0, 5).Draw(t, "appealed") == 0
	for _, party := range truename.Parties {
		if party != truename.Applicant && rapid.IntRange(0, 2).Draw(t, "takes part") > 0 {
			continue
		}
		document := firstDocument(p)
		if rapid.IntRange(0, 4).Draw(t, "other document") == 0 {
			document = rapid.SampledFrom(documents).Draw(t, "document")
		}
		c.Parties = append(c.Parties, truename.PartyFacts{Party: party, Document: document, Age: rapid.IntRange(-1, 60).Draw(t, "age"),
			Expired: rapid.IntRange(0, 9).Draw(t, "expired") == 0, Erased: rapid.IntRange(0, 19).Draw(t, "erased") == 0,
			Holdings: rapid.IntRange(0, 10).Draw(t, "holdings")})
	}
	for _, f := range c.Parties {
		if rapid.IntRange(0, 9).Draw(t, "has findings") > 0 {
			c.Findings = append(c.Findings, passed(&c, f.Party)...)
		}
	}
	if c.Channel != truename.SelfService && rapid.IntRange(0, 9).Draw(t, "has an outlet") > 0 {
		c.Outlet = "outlet"
	}
	stages := []truename.Stage{truename.StageConsent, truename.StageDocument, truename.StageComparison, truename.StageLiveness, truename.StageDuplicate,
		truename.StageInPerson, truename.StageHolder, truename.StageCarrier, truename.StageReview, truename.StageAppeal}
	for range rapid.IntRange(0, 5).Draw(t, "more findings") {
		f := truename.Finding{Stage: rapid.SampledFrom(stages).Draw(t, "stage"), Party: rapid.SampledFrom(truename.Parties).Draw(t, "party"),
			State: rapid.SampledFrom(states).Draw(t, "state"), By: rapid.SampledFrom(people).Draw(t, "by"), Labels: map[string]string{}, Measures: map[string]float64{}}
		switch f.Stage {
		case truename.StageConsent:
			f.Labels["purpose"] = string(rapid.SampledFrom(truename.Purposes).Draw(t, "purpose"))
			f.Labels["given_by"] = string(rapid.SampledFrom(truename.Parties).Draw(t, "given by"))
		case truename.StageReview:
			f.Labels["verdict"] = rapid.SampledFrom([]string{"approve", "refuse", "refer", ""}).Draw(t, "verdict")
		case truename.StageComparison:
			f.Labels["capture"] = rapid.SampledFrom([]string{"session", "session", "another", ""}).Draw(t, "capture")
			f.Measures["fmr"] = rapid.SampledFrom([]float64{1e-6, 1e-4, 1e-3, 1}).Draw(t, "fmr")
		case truename.StageLiveness:
			f.Labels["capture"] = rapid.SampledFrom([]string{"session", "another", ""}).Draw(t, "capture")
		case truename.StageCarrier:
			f.Measures["risk"] = rapid.Float64Range(0, 1).Draw(t, "risk")
			f.Labels["otp"] = "confirmed"
		case truename.StageDocument:
			f.Labels["source"], f.Labels["original"] = "chip", "original"
		}
		at := rapid.IntRange(0, len(c.Findings)).Draw(t, "place")
		c.Findings = slices.Insert(c.Findings, at, f)
	}
	for i := range c.Findings {
		if c.Findings[i].Labels == nil { // of those for whom all went well
			c.Findings[i].Labels = map[string]string{"capture": "session"}
		}
		c.Findings[i].ID, c.Findings[i].At = string(rune('a'+i%26))+string(rune('a'+i/26)), c.At
	}
	return c
}

// lacks says what an approval must never lack, by an account of its own: what an identity check is, read from the case
// without the engine's help.
func lacks(p *Pack, c truename.Case, reviewed bool) string {
	lastState := func(s truename.Stage, party truename.Party, purpose truename.Purpose) (state truename.FindingState, found bool) {
		for _, f := range c.Findings {
			if f.Stage == s && f.Party == party && (purpose == "" || f.Labels["purpose"] == string(purpose)) {
				state, found = f.State, true
			}
		}
		return state, found
	}
	need := func(s truename.Stage, party truename.Party, purpose truename.Purpose) string {
		state, found := lastState(s, party, purpose)
		if !found || state != truename.FindingPassed && (!reviewed || s == truename.StageConsent || s == truename.StageHolder && state == truename.FindingFailed) {
			return string(s) + " of the " + string(party)
		}
		return ""
	}
	var all []string
	whole := func(party truename.Party) {
		all = append(all, need(truename.StageConsent, party, truename.PurposeIdentity), need(truename.StageDocument, party, ""))
		if c.Route == truename.RouteFace {
			all = append(all, need(truename.StageConsent, party, truename.PurposeFaceVerification), need(truename.StageComparison, party, ""))
			if p.Ref().Name == "th" || p.Ref().Name == "strict" {
				all = append(all, need(truename.StageLiveness, party, ""))
			}
			if !reviewed && otherCapture(c, party) {
				all = append(all, "one capture session of the "+string(party))
			}
			return
		}
		people := map[string]bool{}
		for _, f := range c.Findings {
			if f.Stage == truename.StageInPerson && f.Party == party && (f.State == truename.FindingPassed || reviewed) {
				people[f.By] = true
			}
		}
		delete(people, "")
		if len(people) < 2 && !reviewed {
			all = append(all, "two people who checked the "+string(party))
		}
	}
	// given says whether a consent counts: by whom it had to be given, and not withdrawn after.
	given := func(party, by truename.Party, purpose truename.Purpose) {
		counts := false
		for _, f := range c.Findings {
			if f.Stage == truename.StageConsent && f.Party == party && f.Labels["purpose"] == string(purpose) {
				counts = f.State == truename.FindingPassed && (counts || f.Labels["given_by"] == string(by))
			}
		}
		if !counts {
			all = append(all, "a consent of the "+string(party)+" given by the "+string(by))
		}
	}
	a, g := c.Person(truename.Applicant), c.Person(truename.Guardian)
	for _, f := range c.Parties {
		if f.Erased {
			return "a person whose data are there"
		}
	}
	if p.form.Outlets.Registry && c.Channel != truename.SelfService && c.Outlet == "" {
		return "an outlet"
	}
	switch {
	case a == nil || a.Document == "" || a.Document == "library_card":
		return "a document"
	case a.Expired:
		return "a valid document"
	}
	if limit, _ := p.Limit(*a); c.Kind.TakesPlace() && a.Holdings >= limit {
		return "a place in the limit"
	}
	minor := a.Age >= 0 && a.Age < p.form.Guardian.Under
	switch {
	case minor && g == nil:
		return "a guardian"
	case minor:
		whole(truename.Guardian)
		given(truename.Guardian, truename.Guardian, truename.PurposeIdentity)
		given(truename.Applicant, truename.Guardian, truename.PurposeIdentity)
	case c.Person(truename.Proxy) != nil:
		whole(truename.Proxy)
		given(truename.Proxy, truename.Proxy, truename.PurposeIdentity)
		given(truename.Applicant, truename.Applicant, truename.PurposeIdentity)
	default:
		whole(truename.Applicant)
		given(truename.Applicant, truename.Applicant, truename.PurposeIdentity)
		if c.Route == truename.RouteFace {
			given(truename.Applicant, truename.Applicant, truename.PurposeFaceVerification)
		}
	}
	switch c.Kind {
	case truename.OwnershipTransfer:
		whole(truename.Transferor)
		all = append(all, need(truename.StageHolder, truename.Transferor, ""))
	case truename.SIMReplacement, truename.Reverification:
		all = append(all, need(truename.StageHolder, truename.Applicant, ""))
	default:
		if slices.ContainsFunc(c.Findings, func(f truename.Finding) bool {
			return f.Stage == truename.StageHolder && f.State != truename.FindingPassed
		}) {
			return "a free number"
		}
	}
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// otherCapture says whether the last liveness check and the last comparison of a party, if there are both, were of two
// sessions, or of none.
func otherCapture(c truename.Case, party truename.Party) bool {
	last := map[truename.Stage]string{}
	for _, f := range c.Findings {
		if f.Party == party {
			last[f.Stage] = f.Labels["capture"]
		}
	}
	alive, both := last[truename.StageLiveness]
	compared, ok := last[truename.StageComparison]
	return both && ok && (alive == "" || alive != compared)
}

func TestNothingIsApprovedThatLacksAnything(t *testing.T) {
	packs := allPacks(t)
	approved := map[truename.Verdict]int{}
	check := func(t *rapid.T) {
		p := rapid.SampledFrom(packs).Draw(t, "pack")
		c := drawCase(t, p)
		r := p.Rule(c)
		approved[r.Verdict]++
		if len(r.Reasons) == 0 || r.Pack != p.Ref() || (r.Eyes > 0) != (r.Verdict == truename.Refer) {
			t.Fatalf("a ruling without reason, pack or eyes: %+v", r)
		}
		if r.Verdict != truename.Approve {
			return
		}
		if missing := p.Missing(c); missing != nil {
			t.Fatalf("approved while missing %v", missing)
		}
		reviewed := r.Reasons[0].Rule == p.form.Review.ID
		if what := lacks(p, c, reviewed); what != "" {
			t.Fatalf("approved without %s (reviewed: %v)", what, reviewed)
		}
	}
	// Approvals are rare among the draws: with many cases in each check, some are always there.
	rapid.Check(t, func(t *rapid.T) {
		for range 60 {
			check(t)
		}
	})
	if approved[truename.Approve] == 0 || approved[truename.Refer] == 0 || approved[truename.Refuse] == 0 {
		t.Errorf("the draws say nothing: %v", approved)
	}
}

// Every finding that a pack requires, taken from a case that is approved: it is then never approved, whatever else is so.
func TestEveryRequiredFindingCounts(t *testing.T) {
	for _, p := range allPacks(t)[:len(Builtin())] {
		for _, kind := range truename.RegistrationKinds {
			for _, route := range []truename.Route{truename.RouteFace, truename.RouteInPerson} {
				parties := []truename.Party{truename.Applicant}
				if kind == truename.OwnershipTransfer {
					parties = append(parties, truename.Transferor)
				}
				whole := verified(kind, route, firstDocument(p), parties...)
				whole.Findings = append(whole.Findings, truename.Finding{ID: "otp", Stage: truename.StageCarrier, Party: truename.Applicant,
					State: truename.FindingPassed, Labels: map[string]string{"otp": "confirmed"}, By: "carrier", At: whole.At})
				if r := p.Rule(whole); r.Verdict != truename.Approve {
					t.Errorf("%s, %s, %s: a case without a flaw gives %+v", p.Ref().Name, kind, route, r)
					continue
				}
				required := p.required(&whole)
				for i, f := range whole.Findings {
					if !slices.ContainsFunc(required, func(r Requirement) bool {
						return r.Stage == f.Stage && r.Party == f.Party && (r.Purpose == "" || string(r.Purpose) == f.Labels["purpose"])
					}) {
						continue
					}
					for _, state := range append(states[1:], "taken out") {
						c := whole
						c.Findings = slices.Clone(whole.Findings)
						if c.Findings[i].State = state; state == "taken out" {
							c.Findings = slices.Delete(c.Findings, i, i+1)
						}
						r := p.Rule(c)
						if r.Verdict == truename.Approve {
							t.Errorf("%s, %s, %s: approved with %s of the %s %q", p.Ref().Name, kind, route, f.Stage, f.Party, state)
						}
						if doubt := state == truename.FindingUnavailable || state == truename.FindingUndecided; doubt && f.Stage != truename.StageConsent && r.Verdict != truename.Refer {
							t.Errorf("%s, %s, %s: %s %s does not refer but %s", p.Ref().Name, kind, route, f.Stage, state, r.Verdict)
						}
					}
				}
			}
		}
	}
}

func TestRulingsAreTheSameAgain(t *testing.T) {
	packs := allPacks(t)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(packs).Draw(t, "pack")
		c := drawCase(t, p)
		stored, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var replayed truename.Case
		if err := json.Unmarshal(stored, &replayed); err != nil {
			t.Fatal(err)
		}
		again, err := Load(p.Text())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.Rule(c), again.Rule(replayed)); diff != "" {
			t.Fatal(diff)
		}
		if after, _ := json.Marshal(c); string(after) != string(stored) {
			t.Fatal("ruling changed the case")
		}
	})
}

// The route without a face: for a case without a flaw but in what both routes share, the same verdict, the same codes.
func TestBothRoutesGiveTheSame(t *testing.T) {
	packs := allPacks(t)[:len(Builtin())]
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(packs).Draw(t, "pack")
		kind := rapid.SampledFrom(truename.RegistrationKinds).Draw(t, "kind")
		channel := rapid.SampledFrom(truename.Channels).Draw(t, "channel")
		age, holdings := rapid.IntRange(-1, 60).Draw(t, "age"), rapid.IntRange(0, 12).Draw(t, "holdings")
		expired := rapid.Bool().Draw(t, "expired")
		parties := []truename.Party{truename.Applicant}
		for _, other := range truename.Parties[1:] {
			if rapid.Bool().Draw(t, "takes part") {
				parties = append(parties, other)
			}
		}
		rule := func(route truename.Route) truename.Ruling {
			c := verified(kind, route, firstDocument(p), parties...)
			c.Channel = channel
			c.Parties[0].Age, c.Parties[0].Holdings, c.Parties[0].Expired = age, holdings, expired
			r := p.Rule(c)
			for i := range r.Reasons { // the rule behind it is the route's own
				if r.Reasons[i].Code == CodeRequirementsMet {
					r.Reasons[i] = truename.Reason{Code: CodeRequirementsMet}
				}
			}
			return r
		}
		if diff := cmp.Diff(rule(truename.RouteFace), rule(truename.RouteInPerson)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestReviewersWhoDoNotCount(t *testing.T) {
	p := builtinPack(t, "cn")
	c := verified(truename.NewNumber, truename.RouteFace, truename.CNResidentID, truename.Applicant)
	for i := range c.Findings {
		if c.Findings[i].Stage == truename.StageComparison {
			c.Findings[i].State, c.Findings[i].By = truename.FindingUnavailable, "camera"
		}
	}
	review := func(by string, edit func(*truename.Finding)) truename.Verdict {
		c := c
		f := truename.Finding{ID: "r", Stage: truename.StageReview, Party: truename.Applicant, State: truename.FindingPassed, By: by, At: c.At,
			Labels: map[string]string{"verdict": "approve", "code": "same_person"}}
		if edit != nil {
			edit(&f)
		}
		c.Findings = append(slices.Clone(c.Findings), f)
		return p.Rule(c).Verdict
	}
	if v := review("ann", nil); v != truename.Approve {
		t.Fatalf("a reviewer's approval gives %s", v)
	}
	for name, v := range map[string]truename.Verdict{
		"nobody":           review("", nil),
		"the opener":       review(c.OpenedBy, nil),
		"the photographer": review("camera", nil),
		"a failed finding": review("ann", func(f *truename.Finding) { f.State = truename.FindingFailed }),
		"another party":    review("ann", func(f *truename.Finding) { f.Party = truename.Guardian }),
		"no verdict":       review("ann", func(f *truename.Finding) { f.Labels = nil }),
	} {
		if v != truename.Refer {
			t.Errorf("%s: %s", name, v)
		}
	}
}

// A referral that has lost its ground while people look at it stays theirs.
func TestPeopleFinishWhatTheyBegan(t *testing.T) {
	p, err := Load(withCondition(t, "hour < 6", "refer"))
	if err != nil {
		t.Fatal(err)
	}
	c := verified(truename.NewNumber, truename.RouteFace, truename.CNResidentID, truename.Applicant)
	c.At = time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC) // four in the morning, there
	if r := p.Rule(c); r.Verdict != truename.Refer || r.Reasons[0].Code != "own_rule" {
		t.Fatalf("at night: %+v", r)
	}
	c.At = c.At.Add(6 * time.Hour)
	if r := p.Rule(c); r.Verdict != truename.Approve {
		t.Fatalf("by day: %+v", r)
	}
	c.Findings = append(c.Findings, truename.Finding{ID: "r", Stage: truename.StageReview, Party: truename.Applicant, State: truename.FindingFailed,
		By: "ann", At: c.At, Labels: map[string]string{"verdict": "refuse", "code": "coerced"}})
	if r := p.Rule(c); r.Verdict != truename.Refuse || r.Reasons[0].Code != "coerced" {
		t.Fatalf("refused by a reviewer by day: %+v", r)
	}
}

func TestAPanicRefers(t *testing.T) {
	p := builtinPack(t, "cn")
	p.conditions = []condition{{}} // no program: evaluating it panics
	c := verified(truename.NewNumber, truename.RouteFace, truename.CNResidentID, truename.Applicant)
	if r := p.Rule(c); r.Verdict != truename.Refer || r.Reasons[0].Code != CodePolicyFailed || r.Eyes < 1 {
		t.Errorf("%+v", r)
	}
}

func BenchmarkRule(b *testing.B) {
	own, err := Load(withCondition(b, "findings.exists(f, f.stage == \"carrier\" && f.measures.risk > 0.5)", "refer"))
	if err != nil {
		b.Fatal(err)
	}
	for name, p := range map[string]*Pack{"without conditions": builtinPack(b, "cn"), "one condition": own} {
		c := verified(truename.NewNumber, truename.RouteFace, truename.CNResidentID, truename.Applicant)
		if p.Rule(c).Verdict != truename.Approve {
			b.Fatal("not approved")
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.Rule(c)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	text := builtinPack(b, "cn").Text()
	for b.Loop() {
		if _, err := Load(text); err != nil {
			b.Fatal(err)
		}
	}
}
