package policy

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"truename"
)

// Bounds on what a pack may say.
const (
	maxTargetFMR  = 1e-3 // NIST SP 800-63A-4 asks for 1e-4; nothing above this is a verification
	maxNumbers    = 1000
	maxEyes       = 4
	maxConditions = 64
	appealEyes    = 2 // an appeal is always looked at by two people who were not involved
	minAppeal     = 7 * 24 * time.Hour
	maxAppeal     = 730 * 24 * time.Hour
	defaultAppeal = 30 * 24 * time.Hour
)

var (
	nameForm    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	versionForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$`)
	codeForm    = regexp.MustCompile(`^[a-z][a-z0-9_]{1,63}$`)
)

// check says what a pack must not say.
func (p *Pack) check() error {
	for _, check := range []func() error{p.checkNames, p.checkSources, p.checkTimes, p.checkOpening, p.checkConsents,
		p.checkDocuments, p.checkFace, p.checkPeople, p.checkStore, p.checkOwn} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func wrong(format string, args ...any) error { return broken(nil, fmt.Sprintf(format, args...)) }

func (p *Pack) checkNames() error {
	switch f := &p.form; {
	case !nameForm.MatchString(f.Name):
		return wrong("The pack's name is missing or not in small letters.")
	case !versionForm.MatchString(f.Version):
		return wrong("The pack's version is missing or not one word.")
	case f.Title == "" || len(f.Title) > 200:
		return wrong("The pack's title is missing or too long.")
	}
	at, err := time.Parse("-07:00", p.form.Timezone)
	if err != nil {
		return wrong(`The pack's timezone is not a fixed offset such as "+08:00".`)
	}
	_, offset := at.Zone()
	p.zone = time.FixedZone(p.form.Timezone, offset)
	return nil
}

// checkSources holds every rule to its source.
func (p *Pack) checkSources() error {
	f := &p.form
	sections := []struct {
		name string
		from provenance
	}{
		{"opening", f.Opening.provenance}, {"consent", f.Consent.provenance}, {"documents", f.Documents.provenance},
		{"limit", f.Limit.provenance}, {"face", f.Face.provenance}, {"liveness", f.Liveness.provenance},
		{"duplicate", f.Duplicate.provenance}, {"in_person", f.InPerson.provenance}, {"guardian", f.Guardian.provenance},
		{"proxy", f.Proxy.provenance}, {"holder", f.Holder.provenance}, {"outlets", f.Outlets.provenance},
		{"review", f.Review.provenance}, {"appeal", f.Appeal.provenance}, {"reverification", f.Reverification.provenance},
		{"store", f.Store.provenance}, {"retention", f.Retention.provenance}, {"attempts", f.Attempts.provenance},
	}
	for _, o := range f.Obligations {
		sections = append(sections, struct {
			name string
			from provenance
		}{"obligation", o.provenance})
	}
	for _, c := range f.Conditions {
		sections = append(sections, struct {
			name string
			from provenance
		}{"condition", c.provenance})
	}
	seen := map[string]bool{ruleOfEngine: true}
	for _, s := range sections {
		switch {
		case !codeForm.MatchString(s.from.ID):
			return wrong("A rule in [%s] has no id in snake_case.", s.name)
		case seen[s.from.ID]:
			return wrong("Two rules have the id %q.", s.from.ID)
		case s.from.Source == "" || len(s.from.Source) > 500:
			return wrong("The rule %q names no source, or too long a one.", s.from.ID)
		case !slices.Contains([]string{"T", "R", "M"}, s.from.Sure):
			return wrong("The rule %q does not say how sure its source is: T, R or M.", s.from.ID)
		}
		seen[s.from.ID] = true
	}
	return nil
}

func (p *Pack) checkTimes() error {
	t := &p.form.Times
	switch {
	case t.Registration.d() < 10*time.Minute || t.Registration.d() > 90*24*time.Hour:
		return wrong("times.registration is not between 10m and 90d.")
	case t.Reservation.d() < 5*time.Minute || t.Reservation.d() > 30*24*time.Hour:
		return wrong("times.reservation is not between 5m and 30d.")
	case t.Token.d() < 10*time.Second || t.Token.d() > time.Hour:
		return wrong("times.token is not between 10s and 1h.")
	case t.Token > t.Reservation:
		return wrong("times.token is longer than times.reservation.")
	}
	return nil
}

// checkOpening makes sure that the face is never the only way.
func (p *Pack) checkOpening() error {
	o := &p.form.Opening
	if err := among("opening.kinds", o.Kinds, truename.RegistrationKinds); err != nil {
		return err
	}
	if err := among("opening.channels", o.Channels, truename.Channels); err != nil {
		return err
	}
	if err := among("opening.routes", o.Routes, []truename.Route{truename.RouteFace, truename.RouteInPerson}); err != nil {
		return err
	}
	for _, e := range o.Except {
		switch {
		case e.Kind != "" && !slices.Contains(truename.RegistrationKinds, e.Kind),
			e.Channel != "" && !slices.Contains(truename.Channels, e.Channel),
			e.Route != "" && e.Route != truename.RouteFace && e.Route != truename.RouteInPerson:
			return wrong("opening.except names a kind, channel or route that does not exist.")
		}
	}
	for _, kind := range o.Kinds {
		for _, channel := range o.Channels {
			if !p.routeAllowed(kind, channel, truename.RouteInPerson) {
				return wrong("Under this pack %s in the channel %s has no way without a face; a face must never be the only way.", kind, channel)
			}
		}
	}
	return nil
}

func (p *Pack) routeAllowed(k truename.RegistrationKind, c truename.Channel, r truename.Route) bool {
	o := &p.form.Opening
	return slices.Contains(o.Routes, r) && !slices.ContainsFunc(o.Except, func(e exception) bool {
		return (e.Kind == "" || e.Kind == k) && (e.Channel == "" || e.Channel == c) && (e.Route == "" || e.Route == r)
	})
}

// among holds a list to known, different values, and to at least one.
func among[T ~string](what string, list, known []T) error {
	if len(list) == 0 {
		return wrong("%s is empty.", what)
	}
	seen := map[T]bool{}
	for _, v := range list {
		if !slices.Contains(known, v) || seen[v] {
			return wrong("%s has a value that is unknown or there twice.", what)
		}
		seen[v] = true
	}
	return nil
}

func (p *Pack) checkConsents() error {
	texts := p.form.Consent.Texts
	for _, purpose := range []truename.Purpose{truename.PurposeIdentity, truename.PurposeFaceVerification} {
		if _, ok := texts[purpose]; !ok {
			return wrong("The pack has no text for the consent to %s.", purpose)
		}
	}
	if _, ok := texts[truename.PurposeFaceRetention]; !ok && p.form.Store.Template {
		return wrong("The pack stores templates, but has no text for the separate consent to that.")
	}
	for purpose, t := range texts {
		switch {
		case !slices.Contains(truename.Purposes, purpose):
			return wrong("The pack asks for a consent to %q; no such use exists.", purpose)
		case !versionForm.MatchString(t.Version):
			return wrong("The consent text for %s has no version.", purpose)
		case !t.words.complete():
			return wrong("The consent text for %s lacks zh-CN or en.", purpose)
		}
	}
	return nil
}

func (p *Pack) checkDocuments() error {
	d, l := &p.form.Documents, &p.form.Limit
	types := make([]truename.DocumentType, 0, len(d.Accept))
	for _, a := range d.Accept {
		if !codeForm.MatchString(string(a.Type)) || slices.Contains(types, a.Type) {
			return wrong("documents.accept has a type that is not in snake_case, or there twice.")
		}
		if a.Under < 0 || a.Under > 150 {
			return wrong("documents.accept has an age that no human has.")
		}
		types = append(types, a.Type)
	}
	if len(types) == 0 {
		return wrong("The pack accepts no document.")
	}
	for what, r := range map[string]response{"documents.failed": d.Failed, "documents.expired": d.Expired} {
		if r != refer && r != refuse {
			return wrong(`%s is neither "refer" nor "refuse".`, what)
		}
	}
	for what, r := range map[string]response{"documents.copy": d.Copy, "documents.keyed": d.Keyed} {
		if r != allow && r != refer && r != refuse {
			return wrong(`%s is none of "allow", "refer", "refuse".`, what)
		}
	}
	if l.Numbers < 1 || l.Numbers > maxNumbers {
		return wrong("limit.numbers is not between 1 and %d.", maxNumbers)
	}
	for t, n := range l.ByDocument {
		if !slices.Contains(types, t) || n < 1 || n > maxNumbers {
			return wrong("limit.by_document has a document that is not accepted, or a number not between 1 and %d.", maxNumbers)
		}
	}
	return nil
}

func (p *Pack) checkFace() error {
	f := &p.form.Face
	if !(f.TargetFMR > 0 && f.TargetFMR <= maxTargetFMR) {
		return wrong("face.target_fmr is not above 0 and at most %g.", maxTargetFMR)
	}
	for what, r := range map[string]response{"face.failed": f.Failed, "liveness.failed": p.form.Liveness.Failed, "in_person.failed": p.form.InPerson.Failed} {
		if r != refer && r != refuse {
			return wrong(`%s is neither "refer" nor "refuse".`, what)
		}
	}
	var ok bool
	if p.liveness, ok = parseNeed(f.Liveness); !ok {
		return wrong(`face.liveness is none of true, false, "when_available".`)
	}
	if p.duplicate, ok = parseNeed(f.Duplicate); !ok {
		return wrong(`face.duplicate is none of true, false, "when_available".`)
	}
	for stage, n := range p.form.Attempts.Caps {
		if !slices.Contains([]truename.Stage{truename.StageDocument, truename.StageComparison, truename.StageLiveness, truename.StageDuplicate}, stage) {
			return wrong("attempts.caps names a stage that is not tried.")
		}
		if n < 1 || n > 20 {
			return wrong("attempts.caps has a number not between 1 and 20.")
		}
	}
	return nil
}

// checkPeople checks what the pack says of everybody beside the applicant.
func (p *Pack) checkPeople() error {
	f := &p.form
	switch {
	case f.InPerson.Eyes < 2 || f.InPerson.Eyes > maxEyes:
		return wrong("in_person.eyes is not between 2 and %d: two different people check the original document.", maxEyes)
	case f.Review.Eyes < 1 || f.Review.Eyes > 2:
		return wrong("review.eyes is neither 1 nor 2.")
	case f.Guardian.Under < 0 || f.Guardian.Under > 21 || f.Guardian.Adult < 14 || f.Guardian.Adult > 21 || f.Guardian.Adult < f.Guardian.Under:
		return wrong("guardian.under is not between 0 and 21, or guardian.adult not between 14 and 21 and at least guardian.under.")
	case f.Guardian.Minor != "verified" && f.Guardian.Minor != "document":
		return wrong(`guardian.minor is neither "verified" nor "document".`)
	case f.Guardian.Result != allow && f.Guardian.Result != refer:
		return wrong(`guardian.result is neither "allow" nor "refer".`)
	case f.Proxy.Result != allow && f.Proxy.Result != refer && f.Proxy.Result != refuse:
		return wrong(`proxy.result is none of "allow", "refer", "refuse".`)
	case f.Appeal.Within.d() < time.Hour || f.Appeal.Within.d() > 90*24*time.Hour:
		return wrong("appeal.within is not between 1h and 90d.")
	case f.Appeal.OpenFor != 0 && (f.Appeal.OpenFor.d() < minAppeal || f.Appeal.OpenFor.d() > maxAppeal):
		return wrong("appeal.open_for is not between 7d and 730d.")
	case !f.Appeal.Text.complete():
		return wrong("appeal.text lacks zh-CN or en.")
	}
	if f.Proxy.Result == refuse {
		if len(f.Proxy.Channels) > 0 {
			return wrong("proxy.channels is of no use where proxies are refused.")
		}
		return nil
	}
	return among("proxy.channels", f.Proxy.Channels, truename.Channels)
}

func (p *Pack) checkStore() error {
	s, r := &p.form.Store, &p.form.Retention
	switch {
	case !s.Portrait && r.Portrait > 0, !s.Live && r.Live > 0, !s.Template && r.Template > 0, !s.Fields && r.Fields > 0:
		return wrong("The pack keeps for a time what it does not store.")
	case s.Fields && r.AfterEnd == 0 && r.Fields > 0:
		return wrong("retention.after_end is missing: say how long after the end of service fields are kept.")
	}
	return nil
}

// checkOwn checks obligations and the operator's conditions, as far as that is not the compiler's work.
func (p *Pack) checkOwn() error {
	for _, o := range p.form.Obligations {
		switch {
		case !codeForm.MatchString(string(o.Code)):
			return wrong("The obligation %q has no code in snake_case.", o.ID)
		case o.Hours < 0 || o.Hours > 24*366:
			return wrong("The obligation %q does not last between 0 and 8784 hours.", o.ID)
		case !o.Reason.complete():
			return wrong("The obligation %q lacks its sentence in zh-CN or en.", o.ID)
		}
		if len(o.Kinds) > 0 {
			if err := among("obligation.kinds", o.Kinds, truename.RegistrationKinds); err != nil {
				return err
			}
		}
	}
	if len(p.form.Conditions) > maxConditions {
		return wrong("The pack has more than %d conditions.", maxConditions)
	}
	for _, c := range p.form.Conditions {
		switch {
		case c.Then != refer && c.Then != refuse:
			return wrong(`The condition %q does not say then = "refer" or "refuse"; a condition cannot approve.`, c.ID)
		case !codeForm.MatchString(string(c.Code)) || slices.Contains(engineCodes(), c.Code):
			return wrong("The condition %q has no code of its own in snake_case.", c.ID)
		case c.Eyes < 0 || c.Eyes > 2:
			return wrong("The condition %q does not ask for 0 to 2 reviewers.", c.ID)
		}
	}
	return nil
}
