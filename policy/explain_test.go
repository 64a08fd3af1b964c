package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"truename"
)

func TestExplain(t *testing.T) {
	p := builtinPack(t, "cn")
	c := verified(truename.AdditionalNumber, truename.RouteInPerson, truename.CNResidentID, truename.Applicant)
	c.Parties[0].Holdings = 5
	refused := p.Rule(c)
	for tag, want := range map[string]string{"zh-CN": "您名下的号码数量已达到上限。", "zh": "您名下的号码数量已达到上限。", "zh-Hant-TW": "您名下的号码数量已达到上限。",
		"en": "You hold as many numbers as one person may hold.", "en-GB": "You hold as many numbers as one person may hold.",
		"fr": "You hold as many numbers as one person may hold.", "": "You hold as many numbers as one person may hold."} {
		e := p.Explain(refused, tag)
		if len(e.Reasons) != 1 || e.Reasons[0] != want || len(e.Remedy) != 1 || e.Appeal == "" {
			t.Errorf("%q: %+v", tag, e)
		}
	}
	in := builtinPack(t, "in")
	approved := in.Rule(verified(truename.SIMReplacement, truename.RouteFace, truename.INAadhaar, truename.Applicant))
	want := truename.Explanation{Reasons: []string{"Everything that is required has been verified.", "For 24 hours after the replacement no SMS can be sent or received."}}
	if diff := cmp.Diff(want, in.Explain(approved, "en")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]truename.Obligation{{Code: "no_sms", Hours: 24}}, approved.Obligations); diff != "" {
		t.Error(diff)
	}
}

// The flow's own last check, a later version's code, and the operator's conditions have their words too.
func TestExplainEveryCode(t *testing.T) {
	for _, p := range allPacks(t) {
		for _, code := range append(engineCodes(), "own_rule", "otp_not_confirmed", "from_the_future") {
			for _, lang := range []string{"zh-CN", "en"} {
				e := p.Explain(truename.Ruling{Verdict: truename.Refuse, Reasons: []truename.Reason{{Code: code}}}, lang)
				if len(e.Reasons) != 1 || e.Reasons[0] == "" || len(e.Remedy) != 1 || e.Appeal == "" {
					t.Errorf("%s, %s, %s: %+v", p.Ref().Name, code, lang, e)
				}
			}
		}
	}
}
