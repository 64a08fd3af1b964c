package policy

import (
	"slices"
	"strings"

	"truename"
)

// Explain says a ruling in words, in the customer's language: Chinese for every "zh", English for all others. A refusal
// says where it can be appealed.
func (p *Pack) Explain(r truename.Ruling, lang string) truename.Explanation {
	lang = spoken(lang)
	var e truename.Explanation
	say := func(list *[]string, text string) {
		if text != "" && !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	for _, reason := range r.Reasons {
		s, ok := p.sentences[reason.Code]
		if !ok { // made by a later version
			s = p.sentences[CodePolicyFailed]
		}
		say(&e.Reasons, s.Reason.in(lang))
		if r.Verdict != truename.Approve {
			say(&e.Remedy, s.Remedy.in(lang))
		}
	}
	for _, o := range r.Obligations {
		for _, f := range p.form.Obligations {
			if f.Code == o.Code && f.Hours == o.Hours {
				say(&e.Reasons, f.Reason.in(lang))
			}
		}
	}
	if r.Verdict == truename.Refuse {
		e.Appeal = p.form.Appeal.Text.in(lang)
	}
	return e
}

// spoken gives the language of the pack that is nearest to a BCP 47 tag.
func spoken(tag string) string {
	primary, _, _ := strings.Cut(tag, "-")
	if strings.EqualFold(primary, "zh") {
		return "zh-CN"
	}
	return "en"
}
