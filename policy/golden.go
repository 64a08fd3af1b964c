package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"truename"
)

// TestReport is what golden cases gave under a pack.
type TestReport struct {
	Pack    truename.PackRef `json:"pack"`
	Results []TestResult     `json:"results"`
}

// TestResult is what one case gave. Difference is empty when it is what was expected.
type TestResult struct {
	Name       string          `json:"name"`
	Ruling     truename.Ruling `json:"ruling"`
	Difference string          `json:"difference,omitempty"`
}

// Failed counts the cases that did not give what was expected.
func (r TestReport) Failed() int {
	n := 0
	for _, x := range r.Results {
		if x.Difference != "" {
			n++
		}
	}
	return n
}

// maxCases bounds a file of golden cases.
const maxCases = 10_000

// goldenFile is a file of golden cases.
type goldenFile struct {
	Cases []golden `toml:"case"`
}

// golden is a case and what it has to give.
type golden struct {
	Name        string           `toml:"name"`
	Verdict     truename.Verdict `toml:"verdict"`
	Codes       []truename.Code  `toml:"codes"` // of all reasons, in any order
	Eyes        int              `toml:"eyes"`
	Obligations []truename.Code  `toml:"obligations"`
	// Missing, when given, is what [Pack.Missing] has to say: "stage party" or "consent party purpose", in its order.
	Missing []string `toml:"missing"`

	Kind    truename.RegistrationKind `toml:"kind"`
	Channel truename.Channel          `toml:"channel"`
	Route   truename.Route            `toml:"route"`
	// Outlet, when not given, is one where the channel has outlets.
	Outlet   *string       `toml:"outlet"`
	At       time.Time     `toml:"at"`
	Appealed bool          `toml:"appealed"`
	OpenedBy string        `toml:"opened_by"`
	Parties  []goldenParty `toml:"party"`
	// Passed names parties for whom every stage of the route is found passed, whatever the pack asks for; Without takes
	// stages out of that again. Findings come after those, so they overrule them. Liveness checks and comparisons are of one
	// capture session unless they say another.
	Passed   []truename.Party `toml:"passed"`
	Without  []truename.Stage `toml:"without"`
	Findings []goldenFinding  `toml:"finding"`
}

type goldenParty struct {
	Party    truename.Party        `toml:"party"`
	Document truename.DocumentType `toml:"document"`
	Country  string                `toml:"country"`
	Age      int                   `toml:"age"`
	Expired  bool                  `toml:"expired"`
	Erased   bool                  `toml:"erased"`
	Holdings int                   `toml:"holdings"`
}

type goldenFinding struct {
	Stage    truename.Stage        `toml:"stage"`
	Party    truename.Party        `toml:"party"` // empty: the applicant
	State    truename.FindingState `toml:"state"`
	Reasons  []truename.Code       `toml:"reasons"`
	Measures map[string]float64    `toml:"measures"`
	Labels   map[string]string     `toml:"labels"`
	By       string                `toml:"by"`
	At       time.Time             `toml:"at"` // empty: the time of the case
}

// Test runs golden cases (TOML, strict) under the pack. The error is about the file; a case that gives something else
// than expected is in the report.
func (p *Pack) Test(cases []byte) (TestReport, error) {
	report := TestReport{Pack: p.ref}
	if len(cases) > 16*maxPack {
		return report, caseError(nil, "The file of cases is too long.")
	}
	var file goldenFile
	if err := decode(cases, &file); err != nil {
		return report, caseError(err, "The file of cases is not the TOML it has to be: "+place(err)+".")
	}
	if len(file.Cases) == 0 || len(file.Cases) > maxCases {
		return report, caseError(nil, fmt.Sprintf("The file does not hold between 1 and %d cases.", maxCases))
	}
	for i, g := range file.Cases {
		if g.Name == "" || !slices.Contains([]truename.Verdict{truename.Approve, truename.Refuse, truename.Refer}, g.Verdict) {
			return report, caseError(nil, fmt.Sprintf("Case %d has no name, or its verdict is not approve, refuse or refer.", i+1))
		}
		c := g.build()
		ruling := p.Rule(c)
		report.Results = append(report.Results, TestResult{Name: g.Name, Ruling: ruling, Difference: g.differs(ruling, p.Missing(c))})
	}
	return report, nil
}

func caseError(cause error, detail string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail,
		Remedy: "See the golden cases of the built-in packs for the form.", Cause: cause}
}

// build makes the case.
func (g golden) build() truename.Case {
	c := truename.Case{Kind: g.Kind, Channel: g.Channel, Route: g.Route, At: g.At, Appealed: g.Appealed, OpenedBy: g.OpenedBy}
	if c.Channel == "" {
		c.Channel = truename.OwnOutlet
	}
	switch {
	case g.Outlet != nil:
		c.Outlet = *g.Outlet
	case c.Channel != truename.SelfService:
		c.Outlet = "outlet"
	}
	if c.At.IsZero() {
		c.At = time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)
	}
	c.At = c.At.UTC()
	if c.OpenedBy == "" {
		c.OpenedBy = "agent"
	}
	for _, f := range g.Parties {
		c.Parties = append(c.Parties, truename.PartyFacts(f))
	}
	for _, party := range g.Passed {
		for _, f := range passed(&c, party) {
			if !slices.Contains(g.Without, f.Stage) {
				c.Findings = append(c.Findings, f)
			}
		}
	}
	for _, f := range g.Findings {
		c.Findings = append(c.Findings, truename.Finding{Stage: f.Stage, Party: f.Party, State: f.State, Reasons: f.Reasons,
			Measures: f.Measures, Labels: f.Labels, By: f.By, At: f.At.UTC()})
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		f.ID = fmt.Sprintf("finding-%d", i+1)
		if f.Party == "" {
			f.Party = truename.Applicant
		}
		if f.By == "" {
			f.By = "agent"
		}
		if f.At.IsZero() {
			f.At = c.At
		}
		if _, given := f.Labels["capture"]; !given && (f.Stage == truename.StageLiveness || f.Stage == truename.StageComparison) {
			labels := map[string]string{"capture": "session"}
			maps.Copy(labels, f.Labels)
			f.Labels = labels
		}
	}
	return c
}

// passed gives the findings of a party for whom all went well. Where there is a guardian, it has consented too.
func passed(c *truename.Case, party truename.Party) []truename.Finding {
	kind, route := c.Kind, c.Route
	var all []truename.Finding
	add := func(s truename.Stage, by string, labels map[string]string, measures map[string]float64) {
		all = append(all, truename.Finding{Stage: s, Party: party, State: truename.FindingPassed, By: by, Labels: labels, Measures: measures})
	}
	givers := []truename.Party{party}
	if party == truename.Applicant && c.Person(truename.Guardian) != nil {
		givers = append(givers, truename.Guardian)
	}
	for _, giver := range givers {
		add(truename.StageConsent, "agent", map[string]string{"purpose": string(truename.PurposeIdentity), "given_by": string(giver)}, nil)
		if route == truename.RouteFace {
			add(truename.StageConsent, "agent", map[string]string{"purpose": string(truename.PurposeFaceVerification), "given_by": string(giver)}, nil)
		}
	}
	add(truename.StageDocument, "agent", map[string]string{"source": "reader", "original": "original"}, nil)
	if route == truename.RouteFace {
		add(truename.StageLiveness, "agent", nil, nil)
		add(truename.StageComparison, "agent", nil, map[string]float64{"score": 0.8, "fmr": 2e-6, "threshold": 0.5})
		add(truename.StageDuplicate, "agent", nil, map[string]float64{"candidates": 0})
	} else {
		add(truename.StageInPerson, "agent", nil, nil)
		add(truename.StageInPerson, "colleague", nil, nil)
	}
	if h, ok := holder(kind); ok && h == party {
		add(truename.StageHolder, "truename", nil, nil)
	}
	return all
}

// differs says in one line how a ruling differs from what was expected; empty when it does not.
func (g golden) differs(r truename.Ruling, missing []Requirement) string {
	var all []string
	differ := func(what string, want, got any) {
		if fmt.Sprint(want) != fmt.Sprint(got) {
			all = append(all, fmt.Sprintf("%s: want %v, got %v", what, want, got))
		}
	}
	var codes, obligations []truename.Code
	for _, x := range r.Reasons {
		codes = append(codes, x.Code)
	}
	for _, o := range r.Obligations {
		obligations = append(obligations, o.Code)
	}
	differ("verdict", g.Verdict, r.Verdict)
	differ("codes", sorted(g.Codes), sorted(codes))
	differ("obligations", sorted(g.Obligations), sorted(obligations))
	if g.Eyes != 0 {
		differ("eyes", g.Eyes, r.Eyes)
	}
	if g.Missing != nil {
		got := []string{}
		for _, m := range missing {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", m.Stage, m.Party, m.Purpose)))
		}
		differ("missing", g.Missing, got)
	}
	return strings.Join(all, "; ")
}

func sorted(codes []truename.Code) []truename.Code {
	codes = slices.Clone(codes)
	slices.Sort(codes)
	return codes
}
