package visual

import (
	"slices"
	"strings"

	"truename"
)

// crossCheck applies a template's rules. Values that disagree are unsure, both: which is wrong cannot be told. Values that
// agree though each was read alone vouch for each other, so one that was merely doubtful counts as read.
func (r *Reading) crossCheck(t *Template) {
	for _, a := range t.Agree {
		first, known1 := r.said(t, a.Of[0])
		second, known2 := r.said(t, a.Of[1])
		f := Finding{Check: a.Name, State: truename.FindingUndecided, Reason: ReasonMissing}
		if known1 && known2 {
			ok := agree(a.Rule, first, second)
			f = Finding{Check: a.Name, State: truename.FindingPassed, Value: 1, Limit: 1}
			if !ok {
				f = Finding{Check: a.Name, State: truename.FindingFailed, Value: 0, Limit: 1, Reason: ReasonDisagree}
			}
			for _, of := range a.Of {
				name, _, _ := strings.Cut(of, ".")
				r.Value(name).settle(a.Rule, ok)
			}
		}
		r.Findings = append(r.Findings, f)
	}
	unsure := 0
	for _, v := range r.Values {
		if v.State != StateRead {
			unsure++
		}
	}
	f := Finding{Check: "fields", State: truename.FindingPassed, Value: float64(unsure)}
	if unsure > 0 {
		f.State, f.Reason = truename.FindingUndecided, ReasonUnsure
	}
	r.Findings = append(r.Findings, f)
}

// said gives what a field says, or what its number says; known is false when it was not found or the number's own check
// does not hold.
func (r *Reading) said(t *Template, of string) (s string, known bool) {
	name, fact, derived := strings.Cut(of, ".")
	v := r.Value(name)
	if v == nil || v.Text == "" {
		return "", false
	}
	if !derived {
		return v.Text.Reveal(), true
	}
	i := slices.IndexFunc(t.Fields, func(f Field) bool { return f.Name == name })
	s = v.Text.Reveal()
	sch, ok := numberScheme(t.Fields[i].Scheme)
	if !ok || len(s) < sch.least || len(s) > sch.most || sch.holds != nil && !sch.holds(s) {
		return "", false
	}
	if fact == "sex" {
		s = sch.sex(s)
	} else {
		s = sch.birth(s)
	}
	return s, s != ""
}

// agree compares two values by a rule. A date with two digits of the year ("--90-01-02") equals any century's.
func agree(rule, a, b string) bool {
	switch rule {
	case "equal":
		short := func(s string) string {
			if strings.HasPrefix(a, "--") || strings.HasPrefix(b, "--") {
				return s[max(0, len(s)-8):]
			}
			return s
		}
		return short(a) == short(b)
	case "before":
		return b == "unlimited" || a < b
	}
	return false
}

// settle draws the conclusion of a cross-check for a value.
func (v *Value) settle(rule string, ok bool) {
	switch {
	case !ok:
		v.State = StateUnsure
		if !slices.Contains(v.Reasons, ReasonDisagree) {
			v.Reasons = append(v.Reasons, ReasonDisagree)
		}
	case rule == "equal" && v.State == StateUnsure && v.Confidence >= 0.2 && !slices.Contains(v.Reasons, ReasonDisagree):
		v.State, v.Reasons = StateRead, nil
	}
}

// Compare compares two sets of fields by name, such as the printed ones with those of the machine readable zone or the
// chip: one finding for each name that both have, in the order of a. Where they differ after normal (nil: as they are)
// has brought them to a common form, the finding has failed.
func Compare(a, b map[string]truename.Private, normal func(name, value string) string) []Finding {
	var findings []Finding
	names := make([]string, 0, len(a))
	for name := range a {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		other, ok := b[name]
		if !ok || a[name] == "" || other == "" {
			continue
		}
		x, y := a[name].Reveal(), other.Reveal()
		if normal != nil {
			x, y = normal(name, x), normal(name, y)
		}
		f := Finding{Check: "same_" + name, State: truename.FindingPassed, Value: 1, Limit: 1}
		if x != y {
			f = Finding{Check: "same_" + name, State: truename.FindingFailed, Value: 0, Limit: 1, Reason: ReasonDisagree}
		}
		findings = append(findings, f)
	}
	return findings
}

// Fields gives the values by name, for [Compare]; those that are missing are left out.
func (r *Reading) Fields() map[string]truename.Private {
	fields := map[string]truename.Private{}
	for _, v := range r.Values {
		if v.Text != "" {
			fields[v.Name] = v.Text
		}
	}
	return fields
}
