package policy

import (
	"strings"
	"testing"

	"truename"
)

func TestConditions(t *testing.T) {
	for when, want := range map[string]truename.Code{
		`kind == "new_number" && channel == "own_outlet" && route == "face"`: "own_rule",
		`applicant.age < 18`:                                                        CodeRequirementsMet,
		`applicant.holdings == 0 && !applicant.expired`:                             "own_rule",
		`parties.applicant.document == "cn_resident_id"`:                            "own_rule",
		`hour == 12 && weekday == 2`:                                                "own_rule", // a Tuesday, 04:00 UTC
		`latest.comparison.measures.score > 0.7`:                                    "own_rule",
		`latest.comparison.measures.nothing > 0.7`:                                  CodeConditionFailed,
		`latest.carrier.labels.device == "new"`:                                     CodeConditionFailed,
		`has(latest.carrier) && latest.carrier.labels.x == ""`:                      CodeRequirementsMet,
		`has(parties.guardian)`:                                                     CodeRequirementsMet,
		`findings.exists(f, f.stage == "liveness" && f.state != "passed")`:          CodeRequirementsMet,
		`findings.filter(f, f.stage == "consent").size() == 2`:                      "own_rule",
		`1 / applicant.holdings > 0`:                                                CodeConditionFailed,
		`applicant.document`:                                                        CodeConditionFailed, // no bool
		strings.Repeat("findings.exists(a, ", 8) + "false" + strings.Repeat(")", 8): CodeConditionFailed, // costs too much
	} {
		for _, then := range []string{"refer", "refuse"} {
			p, err := Load(withCondition(t, when, then))
			if err != nil {
				t.Errorf("%s: %v", when, err)
				continue
			}
			r := p.Rule(verified(truename.NewNumber, truename.RouteFace, truename.CNResidentID, truename.Applicant))
			verdict := map[truename.Code]truename.Verdict{"own_rule": truename.Verdict(then), CodeConditionFailed: truename.Refer, CodeRequirementsMet: truename.Approve}[want]
			if r.Verdict != verdict || len(r.Reasons) != 1 || r.Reasons[0].Code != want {
				t.Errorf("%s, %s: %+v", when, then, r)
			}
		}
	}
}

// The keys of a map come in their order, so that an expression that depends on it gives the same every time.
func TestConditionsWalkMapsInOrder(t *testing.T) {
	p, err := Load(withCondition(t, `latest.comparison.measures.map(k, k) == ["fmr", "score", "threshold"]`, "refer"))
	if err != nil {
		t.Fatal(err)
	}
	c := verified(truename.NewNumber, truename.RouteFace, truename.CNResidentID, truename.Applicant)
	for range 200 {
		if r := p.Rule(c); r.Reasons[0].Code != "own_rule" {
			t.Fatalf("%+v", r)
		}
	}
}

func FuzzCondition(f *testing.F) {
	for _, when := range []string{`kind == "new_number"`, `latest.comparison.measures.score > 0.7`, `findings.all(f, f.state == "passed")`, `"x".matches("(a+)+$")`, `timestamp("2026-01-01T00:00:00Z").getFullYear() > 1`} {
		f.Add(when)
	}
	p := builtinPack(f, "cn")
	env, err := environment()
	if err != nil {
		f.Fatal(err)
	}
	input := p.visible(new(verified(truename.NewNumber, truename.RouteFace, truename.CNResidentID, truename.Applicant)))
	f.Fuzz(func(t *testing.T, when string) {
		program, err := compileOne(env, when)
		if err != nil {
			return
		}
		first, err1 := condition{program: program}.holds(input)
		again, err2 := condition{program: program}.holds(input)
		if first != again || (err1 == nil) != (err2 == nil) {
			t.Fatalf("%q gives %v, %v, then %v, %v", when, first, err1, again, err2)
		}
	})
}
