package registration_test

import (
	"testing"

	"truename"
	"truename/policy"
)

func TestReplay(t *testing.T) {
	ctx := t.Context()
	s := newShop(t, "in", broken{})
	approved, err := s.Decide(ctx, staff("agent-1"), s.ready(31, "N3001"))
	must(t, err)
	// The same number for somebody else: what only the records know is in the case.
	taken, err := s.Decide(ctx, staff("agent-1"), s.ready(31, "N3002"))
	must(t, err)
	if approved.Ruling.Verdict != truename.Approve || taken.Ruling.Verdict != truename.Refuse {
		t.Fatalf("%s and %s", approved.Ruling.Verdict, taken.Ruling.Verdict)
	}
	// Another pack in force changes nothing for what was decided.
	other, err := policy.LoadBuiltin("cn")
	must(t, err)
	s.Pack = other
	for name, test := range map[string]struct {
		stored truename.Decision
		alter  func(*truename.Decision)
		same   bool
	}{
		"approved":                       {approved, func(*truename.Decision) {}, true},
		"the number was taken":           {taken, func(*truename.Decision) {}, true},
		"another verdict":                {approved, func(d *truename.Decision) { d.Ruling.Verdict = truename.Refuse }, false},
		"another reason":                 {approved, func(d *truename.Decision) { d.Ruling.Reasons = nil }, false},
		"refused by nothing in the case": {approved, func(d *truename.Decision) { d.Ruling = taken.Ruling }, false},
		"another case":                   {approved, func(d *truename.Decision) { d.Case.Findings = nil }, false},
		"taken, without what was found":  {taken, func(d *truename.Decision) { d.Case.Findings = nil }, false},
		"taken, approved":                {taken, func(d *truename.Decision) { d.Ruling.Verdict = truename.Approve }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.stored
			test.alter(&d)
			ruling, same, err := s.Replay(ctx, d)
			must(t, err)
			if same != test.same {
				t.Errorf("same is %t; stored %+v, replayed %+v", same, d.Ruling, ruling)
			}
		})
	}
	approved.Ruling.Pack.Digest = "of no pack"
	_, _, err = s.Replay(ctx, approved)
	wantCode(t, err, truename.CodeNotFound)
}
