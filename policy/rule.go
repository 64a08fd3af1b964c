package policy

import (
	"slices"

	"truename"
)

// ruleOfEngine is the rule of objections that no rule of the pack raises.
const ruleOfEngine = "engine"

// objection is what a rule holds against an approval.
type objection struct {
	verdict truename.Verdict // Refer or Refuse
	// stands: no reviewer can override it. A referral that stands is evidence that was not gathered.
	stands bool
	eyes   int // reviewers that this objection asks for; 0: as the pack says
	reason truename.Reason
}

// Rule answers a case. It never approves a case that lacks anything the pack requires; it never panics and has no
// error: what goes wrong refers the case to people.
func (p *Pack) Rule(c truename.Case) (ruling truename.Ruling) {
	defer func() {
		if recover() != nil {
			ruling = truename.Ruling{Verdict: truename.Refer, Pack: p.ref, Eyes: appealEyes,
				Reasons: []truename.Reason{{Code: CodePolicyFailed, Rule: ruleOfEngine}}}
		}
	}()
	j := &judge{Pack: p, c: &c}
	j.opening()
	j.consents()
	j.people()
	j.documents()
	j.limit()
	for _, r := range p.required(&c) {
		j.requirement(r)
	}
	j.optional()
	j.captures()
	j.outlet()
	j.ownConditions()
	return p.conclude(&c, j.objections)
}

// judge gathers the objections to a case.
type judge struct {
	*Pack
	c          *truename.Case
	objections []objection
}

func (j *judge) object(v truename.Verdict, stands bool, from provenance, party truename.Party, code truename.Code) {
	o := objection{verdict: v, stands: stands, reason: truename.Reason{Code: code, Rule: from.ID, Source: from.Source, Party: party}}
	if !slices.Contains(j.objections, o) {
		j.objections = append(j.objections, o)
	}
}

// respond objects as the pack says; allow is no objection.
func (j *judge) respond(r response, stands bool, from provenance, party truename.Party, code truename.Code) {
	switch r {
	case allow:
	case refuse:
		j.object(truename.Refuse, stands, from, party, code)
	default:
		j.object(truename.Refer, false, from, party, code)
	}
}

// opening checks kind, channel and route, and whether the case makes sense at all.
func (j *judge) opening() {
	o := &j.form.Opening
	switch {
	case !slices.Contains(o.Kinds, j.c.Kind):
		j.object(truename.Refuse, true, o.provenance, "", CodeKindNotAllowed)
	case !slices.Contains(o.Channels, j.c.Channel):
		j.object(truename.Refuse, true, o.provenance, "", CodeChannelNotAllowed)
	case !j.routeAllowed(j.c.Kind, j.c.Channel, j.c.Route):
		j.object(truename.Refuse, true, o.provenance, "", CodeRouteNotAllowed)
	}
	seen := map[truename.Party]bool{}
	for _, f := range j.c.Parties {
		if seen[f.Party] || !slices.Contains(truename.Parties, f.Party) || f.Holdings < 0 || f.Age < -1 {
			j.object(truename.Refer, true, o.provenance, f.Party, CodeFactsInvalid)
		}
		seen[f.Party] = true
		if f.Erased { // what was shown cannot be shown again, and the number would be held by nobody
			j.object(truename.Refuse, true, provenance{ID: ruleOfEngine}, f.Party, truename.CodeErased)
		}
	}
	if _, ok := holder(j.c.Kind); !ok {
		for _, f := range j.c.Findings {
			if f.Stage == truename.StageHolder && f.State != truename.FindingPassed {
				j.object(truename.Refuse, true, j.form.Holder.provenance, "", truename.CodeNumberTaken)
			}
		}
	}
	if j.c.At.IsZero() || len(j.c.Findings) > maxListed {
		j.object(truename.Refer, true, o.provenance, "", CodeFactsInvalid)
	}
}

// consents refuses what nobody has consented to.
func (j *judge) consents() {
	for _, r := range j.required(j.c) {
		if r.Stage != truename.StageConsent || r.Party == truename.Guardian && j.c.Person(r.Party) == nil {
			continue // without a guardian, that is what is wrong, and not its consent
		}
		switch f := latestConsent(j.c, r.Party, r.Purpose); {
		case f != nil && f.State != truename.FindingPassed:
			j.object(truename.Refuse, true, j.form.Consent.provenance, r.Party, CodeConsentWithdrawn)
		case f != nil && r.Party == truename.Applicant && j.minor(j.c) && j.c.Person(truename.Guardian) == nil:
			// as above: who could have given it is not there
		case !j.consented(j.c, r.Party, r.Purpose):
			from := j.form.Consent.provenance
			if f != nil && j.minor(j.c) {
				from = j.form.Guardian.provenance // it was the guardian's to give
			}
			j.object(truename.Refuse, true, from, r.Party, CodeConsentMissing)
		}
	}
}

// people checks who acts for whom.
func (j *judge) people() {
	g, proxy := &j.form.Guardian, &j.form.Proxy
	a := j.c.Person(truename.Applicant)
	switch {
	case a == nil || g.Under == 0:
	case a.Age < 0:
		if a.Document != "" {
			j.object(truename.Refer, false, g.provenance, truename.Applicant, CodeAgeUnknown)
		}
	case !j.minor(j.c):
	case g.Holds:
		j.object(truename.Refuse, true, g.provenance, truename.Applicant, CodeMinorNotHolder)
	case j.c.Person(truename.Guardian) == nil:
		j.object(truename.Refuse, true, g.provenance, truename.Guardian, CodeGuardianRequired)
	default:
		j.respond(g.Result, false, g.provenance, truename.Guardian, CodeGuardianCheck)
	}
	if j.c.Person(truename.Proxy) != nil {
		if proxy.Result == refuse || !slices.Contains(proxy.Channels, j.c.Channel) {
			j.object(truename.Refuse, true, proxy.provenance, truename.Proxy, CodeProxyNotAllowed)
		} else {
			j.respond(proxy.Result, false, proxy.provenance, truename.Proxy, CodeProxyCheck)
		}
	}
	for _, party := range j.involved() {
		f := j.c.Person(party)
		switch {
		case party == truename.Applicant || f == nil || f.Document == "":
		case f.Age < 0:
			j.object(truename.Refer, false, g.provenance, party, CodeAgeUnknown)
		case f.Age >= g.Adult:
		case party == truename.Transferor: // a minor may hold a number; whether it may give it away, people decide
			j.object(truename.Refer, false, g.provenance, party, CodePartyMinor)
		default:
			j.object(truename.Refuse, true, g.provenance, party, CodePartyMinor)
		}
	}
}

// involved gives the parties of whom something is required, each once.
func (j *judge) involved() []truename.Party {
	var parties []truename.Party
	for _, r := range j.required(j.c) {
		if !slices.Contains(parties, r.Party) {
			parties = append(parties, r.Party)
		}
	}
	return parties
}

// documents checks what the documents are; whether they were read well is a requirement like others.
func (j *judge) documents() {
	d := &j.form.Documents
	for _, party := range j.involved() {
		facts := j.c.Person(party)
		if facts == nil || facts.Document == "" {
			continue // missing
		}
		a, ok := j.accepted(facts.Document)
		switch {
		case !ok:
			j.object(truename.Refuse, true, d.provenance, party, CodeDocumentNotAccepted)
		case a.Under > 0 && facts.Age < 0:
			j.object(truename.Refer, false, d.provenance, party, CodeAgeUnknown)
		case a.Under > 0 && facts.Age >= a.Under:
			j.object(truename.Refuse, true, d.provenance, party, CodeDocumentNotAccepted)
		}
		if facts.Expired {
			j.respond(d.Expired, true, d.provenance, party, CodeDocumentExpired)
		}
		f := truename.Latest(j.c.Findings, truename.StageDocument, party)
		if f == nil || f.State != truename.FindingPassed {
			continue
		}
		if original := f.Labels["original"]; original != "yes" && original != "original" {
			j.respond(d.Copy, false, d.provenance, party, CodeDocumentCopy)
		}
		switch f.Labels["source"] {
		case "chip", "ocr", "reader":
		default: // typed, or nobody says how it was read
			j.respond(d.Keyed, false, d.provenance, party, CodeDocumentKeyed)
		}
	}
}

// limit refuses a number more than the identity may hold.
func (j *judge) limit() {
	a := j.c.Person(truename.Applicant)
	if a == nil || !j.c.Kind.TakesPlace() {
		return
	}
	if most, ok := j.Limit(*a); ok && a.Holdings >= most {
		j.object(truename.Refuse, true, j.form.Limit.provenance, truename.Applicant, CodeLimitReached)
	}
}

// requirement objects to a requirement that is not met.
func (j *judge) requirement(r Requirement) {
	if r.Stage == truename.StageConsent {
		return // done before
	}
	from, failed := j.stage(r.Stage)
	if j.missing(j.c, r) {
		j.object(truename.Refer, true, from, r.Party, stageCode(r.Stage, "missing"))
		return
	}
	var f truename.Finding
	switch r.Stage {
	case truename.StageInPerson:
		f.State = inPersonState(checksInPerson(j.c, r.Party))
	case truename.StageDocument:
		f = *truename.Latest(j.c.Findings, r.Stage, r.Party)
	default:
		f = *latestSince(j.c, r.Stage, r.Party)
	}
	switch {
	case f.State == truename.FindingFailed && r.Stage == truename.StageHolder:
		j.object(truename.Refuse, true, from, r.Party, CodeNotTheHolder)
	case f.State == truename.FindingFailed:
		j.respond(failed, false, from, r.Party, stageCode(r.Stage, "failed"))
	case f.State == truename.FindingUndecided:
		j.object(truename.Refer, false, from, r.Party, stageCode(r.Stage, "undecided"))
	case f.State != truename.FindingPassed: // unavailable, or a state that nobody knows
		j.object(truename.Refer, false, from, r.Party, stageCode(r.Stage, "unavailable"))
	case r.Stage == truename.StageComparison && !j.strong(f):
		j.object(truename.Refer, false, from, r.Party, CodeComparisonWeak)
	}
}

// strong says whether a comparison was held to the pack's false-match rate. The rate is interpolated from a table: a
// thousandth is rounding. A comparison that does not give its rate is not strong.
func (j *judge) strong(f truename.Finding) bool {
	fmr, ok := f.Measures["fmr"]
	return ok && fmr >= 0 && fmr <= j.form.Face.TargetFMR*1.001
}

// inPersonState sums up the checks of several people: one failure fails, then one doubt leaves it in doubt.
func inPersonState(checks []truename.Finding) truename.FindingState {
	for _, s := range []truename.FindingState{truename.FindingFailed, truename.FindingUndecided} {
		if slices.ContainsFunc(checks, func(f truename.Finding) bool { return f.State == s }) {
			return s
		}
	}
	if slices.ContainsFunc(checks, func(f truename.Finding) bool { return f.State != truename.FindingPassed }) {
		return truename.FindingUnavailable
	}
	return truename.FindingPassed
}

// stage gives the rule behind a stage and what it does with a failure.
func (j *judge) stage(s truename.Stage) (provenance, response) {
	f := &j.form
	switch s {
	case truename.StageDocument:
		return f.Documents.provenance, f.Documents.Failed
	case truename.StageComparison:
		return f.Face.provenance, f.Face.Failed
	case truename.StageLiveness:
		return f.Liveness.provenance, f.Liveness.Failed
	case truename.StageDuplicate:
		return f.Duplicate.provenance, refer // a search alone never refuses
	case truename.StageInPerson:
		return f.InPerson.provenance, f.InPerson.Failed
	}
	return f.Holder.provenance, refuse
}

// optional refers what a stage has doubts about that the pack does not require, but takes when it is there.
func (j *judge) optional() {
	if j.c.Route != truename.RouteFace {
		return
	}
	for _, stage := range []truename.Stage{truename.StageLiveness, truename.StageDuplicate} {
		if stage == truename.StageLiveness && j.liveness != whenAvailable || stage == truename.StageDuplicate && j.duplicate != whenAvailable {
			continue
		}
		from, _ := j.stage(stage)
		for _, r := range j.required(j.c) {
			if r.Stage != truename.StageComparison {
				continue // not a party whose face is looked at
			}
			f := truename.Latest(j.c.Findings, stage, r.Party)
			if f == nil || f.State == truename.FindingPassed {
				continue
			}
			state := f.State
			if state != truename.FindingFailed && state != truename.FindingUndecided {
				state = truename.FindingUnavailable
			}
			j.object(truename.Refer, false, from, r.Party, stageCode(stage, string(state)))
		}
	}
}

// captures refers a comparison of another face than the one that was found alive: both must be of one capture session. Where
// one of them did not pass, people look at the case for that.
func (j *judge) captures() {
	if j.c.Route != truename.RouteFace {
		return
	}
	for _, r := range j.required(j.c) {
		if r.Stage != truename.StageComparison {
			continue
		}
		alive, compared := truename.Latest(j.c.Findings, truename.StageLiveness, r.Party), latestSince(j.c, truename.StageComparison, r.Party)
		if alive == nil || compared == nil || alive.State != truename.FindingPassed || compared.State != truename.FindingPassed {
			continue
		}
		if capture := alive.Labels["capture"]; capture == "" || capture != compared.Labels["capture"] {
			j.object(truename.Refer, false, j.form.Liveness.provenance, r.Party, CodeCaptureDiffers)
		}
	}
}

// outlet refuses what comes from no point of sale, or from one that is known not to be on the register. That the outlet is on
// it is checked when a registration is opened: see [Settings].RequireOutletRegistry. A signal can say that it is no longer;
// none can say that it is again.
func (j *judge) outlet() {
	o := &j.form.Outlets
	if !o.Registry {
		return
	}
	struck := slices.ContainsFunc(j.c.Findings, func(f truename.Finding) bool {
		standing, ok := f.Labels["outlet"]
		return ok && f.Stage == truename.StageCarrier && standing != "registered"
	})
	if struck || j.c.Channel != truename.SelfService && j.c.Outlet == "" {
		j.object(truename.Refuse, true, o.provenance, "", CodeOutletNotRegistered)
	}
}

// ownConditions asks the operator's own conditions.
func (j *judge) ownConditions() {
	if len(j.conditions) == 0 || len(j.c.Findings) > maxListed {
		return
	}
	input := j.visible(j.c)
	for _, c := range j.conditions {
		holds, err := c.holds(input)
		if err != nil {
			j.object(truename.Refer, false, c.form.provenance, "", CodeConditionFailed)
			continue
		}
		if holds {
			verdict := truename.Refer
			if c.form.Then == refuse {
				verdict = truename.Refuse
			}
			j.objections = append(j.objections, objection{verdict: verdict, eyes: c.form.Eyes,
				reason: truename.Reason{Code: c.form.Code, Rule: c.form.ID, Source: c.form.Source}})
		}
	}
}
