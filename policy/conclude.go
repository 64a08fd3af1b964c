package policy

import (
	"slices"

	"truename"
)

// conclude makes the ruling of the objections and of what reviewers said.
func (p *Pack) conclude(c *truename.Case, objections []objection) truename.Ruling {
	if refused := reasons(objections, func(o objection) bool { return o.verdict == truename.Refuse && o.stands }); len(refused) > 0 {
		return p.refused(slices.Concat(refused, reasons(objections, func(o objection) bool { return o.verdict == truename.Refuse && !o.stands })))
	}
	if refused := reasons(objections, func(o objection) bool { return o.verdict == truename.Refuse }); len(refused) > 0 && !c.Appealed {
		return p.refused(refused)
	}
	// From here on an appealed refusal is a referral.
	if c.Appealed {
		objections = append(objections, objection{verdict: truename.Refer, reason: truename.Reason{Code: CodeAppealOpen, Rule: p.form.Appeal.ID, Source: p.form.Appeal.Source}})
	}
	// Once people judge a case, they finish it, even when what led to them has passed (an hour of the day, an age).
	if len(objections) == 0 && slices.ContainsFunc(c.Findings, func(f truename.Finding) bool { return f.Stage == truename.StageReview }) {
		objections = []objection{{verdict: truename.Refer, reason: truename.Reason{Code: CodeUnderReview, Rule: p.form.Review.ID, Source: p.form.Review.Source}}}
	}
	if len(objections) == 0 {
		from := p.form.Face.provenance
		if c.Route == truename.RouteInPerson {
			from = p.form.InPerson.provenance
		}
		return p.approved(c, truename.Reason{Code: CodeRequirementsMet, Rule: from.ID, Source: from.Source})
	}
	eyes := p.eyes(c, objections)
	verdict, code := p.reviewed(c, eyes)
	reason := truename.Reason{Code: code, Rule: p.form.Review.ID, Source: p.form.Review.Source}
	switch {
	case verdict == truename.Refuse:
		return p.refused([]truename.Reason{reason})
	case verdict == truename.Approve && !slices.ContainsFunc(objections, func(o objection) bool { return o.stands }):
		return p.approved(c, reason)
	}
	return truename.Ruling{Verdict: truename.Refer, Pack: p.ref, Eyes: eyes, Reasons: reasons(objections, func(objection) bool { return true })}
}

func reasons(objections []objection, which func(objection) bool) []truename.Reason {
	var all []truename.Reason
	for _, o := range objections {
		if which(o) && !slices.Contains(all, o.reason) {
			all = append(all, o.reason)
		}
	}
	return all
}

func (p *Pack) refused(why []truename.Reason) truename.Ruling {
	return truename.Ruling{Verdict: truename.Refuse, Pack: p.ref, Reasons: why}
}

func (p *Pack) approved(c *truename.Case, why truename.Reason) truename.Ruling {
	r := truename.Ruling{Verdict: truename.Approve, Pack: p.ref, Reasons: []truename.Reason{why}}
	for _, o := range p.form.Obligations {
		if len(o.Kinds) == 0 || slices.Contains(o.Kinds, c.Kind) {
			r.Obligations = append(r.Obligations, truename.Obligation{Code: o.Code, Hours: o.Hours})
		}
	}
	return r
}

// eyes is how many reviewers must agree.
func (p *Pack) eyes(c *truename.Case, objections []objection) int {
	eyes := p.form.Review.Eyes
	for _, o := range objections {
		eyes = max(eyes, o.eyes)
	}
	if c.Appealed {
		eyes = max(eyes, appealEyes)
	}
	return eyes
}

// reviewed gives the verdict that as many different reviewers share as must agree, and the code the last of them gave;
// an empty verdict when there is none yet. Of each reviewer the last word counts. Refusals are counted first.
func (p *Pack) reviewed(c *truename.Case, eyes int) (truename.Verdict, truename.Code) {
	barred, from := p.barred(c)
	last := map[string]int{} // of each reviewer, where the last word is
	for i, f := range c.Findings[from:] {
		if f.Stage == truename.StageReview && !barred[f.By] {
			last[f.By] = from + i
		}
	}
	for _, v := range []truename.Verdict{truename.Refuse, truename.Approve} {
		count, code := 0, CodeReviewApproved
		if v == truename.Refuse {
			code = CodeReviewRefused
		}
		for i, f := range c.Findings {
			if at, ok := last[f.By]; !ok || at != i || !votes(f, v) {
				continue
			}
			count++
			if given := truename.Code(f.Labels["code"]); p.reviewCode(given) {
				code = given
			}
		}
		if count >= eyes {
			return v, code
		}
	}
	return "", ""
}

// votes says whether a reviewer's finding is for a verdict. An approval must say so in every way it can.
func votes(f truename.Finding, v truename.Verdict) bool {
	if v == truename.Refuse {
		return f.Labels["verdict"] == string(truename.Refuse)
	}
	return f.Labels["verdict"] == string(truename.Approve) && f.State == truename.FindingPassed && f.Party == truename.Applicant
}

// reviewCode says whether a reviewer's code has a sentence.
func (p *Pack) reviewCode(code truename.Code) bool {
	_, ok := p.sentences[code]
	return ok
}

// barred gives who must not judge the case: nobody, whoever opened it, whoever took a party's consent, its evidence or the
// appeal, and after an appeal whoever judged it before; and the index of the first finding that can be a verdict.
func (p *Pack) barred(c *truename.Case) (map[string]bool, int) {
	barred := map[string]bool{"": true, c.OpenedBy: true}
	from := 0
	if c.Appealed {
		from = len(c.Findings) // without a finding of the appeal, nothing said was said after it
		for i, f := range c.Findings {
			if f.Stage == truename.StageAppeal {
				from = i + 1
			}
		}
	}
	for i, f := range c.Findings {
		switch f.Stage {
		case truename.StageDocument, truename.StageComparison, truename.StageLiveness, truename.StageDuplicate, truename.StageInPerson,
			truename.StageAppeal:
			barred[f.By] = true
		case truename.StageConsent:
			if f.State == truename.FindingPassed {
				barred[f.By] = true
			}
		case truename.StageReview:
			if i < from {
				barred[f.By] = true
			}
		}
	}
	return barred, from
}
