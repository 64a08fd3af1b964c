package chip

import (
	"context"
	"crypto"
	"fmt"
	"slices"
	"time"

	"truename"
)

// Files are the elementary files of a chip as a reader copied them: whole, from the first tag to the last byte.
type Files struct {
	// COM is EF.COM. It is accepted because readers deliver it, and never looked at: nothing signs it.
	COM []byte
	// SOD, DG1 and DG2 are needed: the signed hashes, the machine readable zone, the portrait.
	SOD, DG1, DG2 []byte
	// DG14 and DG15 are needed for active authentication; nil when the chip has none.
	DG14, DG15 []byte
}

// Limits of files, in bytes. Chips hold far less.
const (
	MaxSODSize      = 64 << 10
	MaxDG1Size      = 1 << 10
	MaxPortraitSize = 1 << 20 // EF.DG2
	MaxKeySize      = 32 << 10
)

// Outcome is what was concluded about a chip.
type Outcome string

// Outcomes.
const (
	OutcomeGenuine    Outcome = "genuine"     // every check was made and holds
	OutcomeNotGenuine Outcome = "not_genuine" // a check does not hold
	OutcomeUndecided  Outcome = "undecided"   // none fails, but one could not be made
)

// ActiveState says what is known about the chip being the original.
type ActiveState string

// States of active authentication.
const (
	ActiveAbsent    ActiveState = "absent"     // the chip has no key for it
	ActiveNotTested ActiveState = "not_tested" // it has one, and was not challenged
	ActivePassed    ActiveState = "passed"     // it has answered our challenge with its key
	ActiveFailed    ActiveState = "failed"     // its answer is not one, or could not be checked
)

// Result is what the files of a chip are worth.
type Result struct {
	Outcome Outcome
	// Reasons say why the outcome is not genuine, in the order of the checks, each once; empty when it is.
	Reasons []truename.Code
	// Notes are what a policy may want to know although it changes nothing: chip_sha1, chip_copy_possible,
	// chip_revocation_unknown, chip_portrait_unsupported, chip_portrait_unreadable.
	Notes []truename.Code
	// Issuer is the two-letter code (ISO 3166-1, and EU, UN, KS) of the authority that signed; "" unless its
	// signature chain holds.
	Issuer string
	Active ActiveState
	// MRZ and Portrait are only there when the outcome is genuine. MRZ has three lines of 30 characters (TD1), two of
	// 36 (TD2) or two of 44 (TD3).
	MRZ      []string
	Portrait Portrait
}

// State is the outcome in the words of a finding.
func (r Result) State() truename.FindingState {
	switch r.Outcome {
	case OutcomeGenuine:
		return truename.FindingPassed
	case OutcomeNotGenuine:
		return truename.FindingFailed
	}
	return truename.FindingUndecided
}

// Finding gives the result as a finding of the document stage: state, reasons and labels. Who it is about, who asked
// and when is the caller's to fill in.
func (r Result) Finding() truename.Finding {
	labels := map[string]string{"source": "chip", "active_authentication": string(r.Active)}
	for _, n := range r.Notes {
		labels[string(n)] = "noted"
	}
	return truename.Finding{Stage: truename.StageDocument, State: r.State(), Reasons: slices.Clone(r.Reasons), Labels: labels}
}

// Verify checks the files of a chip at a time: passive authentication (Doc 9303-11, section 5), and the answer to a
// challenge when there is one. What is wrong with the files is the result; the error is a *truename.Error that says that
// nothing was checked: a file over its limit, or the end of ctx.
func (t *Trust) Verify(ctx context.Context, f Files, a *Answer, at time.Time) (result Result, err error) {
	if err := f.checkSizes(a); err != nil {
		return Result{}, err
	}
	if ctx.Err() != nil {
		return Result{}, &truename.Error{Kind: truename.KindTimeout, Code: truename.CodeTimeout,
			Detail: "The chip was not checked in time.", Remedy: "Try again.", Cause: ctx.Err()}
	}
	// Curve arithmetic panics on what it was not made for. No input is known that gets there; none may pass if one does.
	defer func() {
		if p := recover(); p != nil {
			result, err = Result{}, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure,
				Detail: "The chip could not be checked.", Remedy: "Report this with the document's issuer and year.",
				Cause: fmt.Errorf("panic of type %T", p)}
		}
	}()
	c := check{trust: t, files: f, answer: a, at: at, result: Result{Active: ActiveAbsent}}
	c.run()
	return c.conclude(), nil
}

// checkSizes holds files against their limits.
func (f Files) checkSizes(a *Answer) error {
	for _, file := range []struct {
		name  string
		size  int
		limit int
	}{
		{"EF.COM", len(f.COM), MaxDG1Size}, {"EF.SOD", len(f.SOD), MaxSODSize}, {"EF.DG1", len(f.DG1), MaxDG1Size},
		{"EF.DG2", len(f.DG2), MaxPortraitSize}, {"EF.DG14", len(f.DG14), MaxKeySize}, {"EF.DG15", len(f.DG15), MaxKeySize},
	} {
		if file.size > file.limit {
			return tooLarge(file.name, file.limit)
		}
	}
	if a != nil && len(a.Response) > maxResponseSize {
		return tooLarge("The chip's response", maxResponseSize)
	}
	return nil
}

func tooLarge(what string, limit int) error {
	return &truename.Error{Kind: truename.KindTooLarge, Code: truename.CodeTooLarge,
		Detail: fmt.Sprintf("%s has more than %d bytes.", what, limit), Remedy: "Read the chip again."}
}

// check is one verification under way.
type check struct {
	trust  *Trust
	files  Files
	answer *Answer
	at     time.Time
	result Result

	failed, undecided bool
}

// run makes all checks that the files allow.
func (c *check) run() {
	if c.files.SOD == nil || c.files.DG1 == nil || c.files.DG2 == nil {
		c.add(unchecked(ReasonFileMissing))
	}
	if c.files.SOD == nil {
		return
	}
	sod, err := parseSecurityObject(c.files.SOD)
	if err != nil {
		c.add(err)
		return
	}
	c.passive(sod)
	c.active(sod)
	if sod.hash == crypto.SHA1 || sod.signed.usesSHA1() {
		c.noteOr(ReasonSHA1, c.trust.options.RefuseSHA1)
	}
}

// passive is passive authentication: the groups against their hashes, the hashes against the store of trust, and the
// issuer against the document.
func (c *check) passive(sod *securityObject) {
	for _, g := range []struct {
		number int
		file   []byte
	}{{1, c.files.DG1}, {2, c.files.DG2}, {14, c.files.DG14}, {15, c.files.DG15}} {
		if g.file != nil {
			c.add(sod.check(g.number, g.file))
		}
	}
	signer, issuer, errs := c.trust.authenticate(sod.signed, purposeDocument, c.at)
	for _, err := range errs {
		if asRefusal(err).code == ReasonRevocationUnknown {
			c.noteOr(ReasonRevocationUnknown, !c.trust.options.AllowMissingRevocation)
			continue
		}
		c.add(err)
	}
	if c.files.DG1 == nil {
		return
	}
	lines, err := readMRZ(c.files.DG1)
	if err != nil {
		c.add(err)
		return
	}
	c.result.MRZ = lines
	if issuer != nil {
		c.result.Issuer = issuer.subject.country
		for _, err := range checkIssuer(lines, signer, issuer) {
			c.add(err)
		}
	}
}

// active checks the answer to the challenge. A chip whose signed object lists group 15 has a key for it, whether or not
// the reader delivered the group: to leave it out is what a copy would do.
func (c *check) active(sod *securityObject) {
	_, offers := sod.groups[15]
	if offers {
		c.result.Active = ActiveNotTested
	}
	if c.answer == nil || !offers {
		c.result.Notes = append(c.result.Notes, NoteCopyPossible)
		if c.answer != nil || c.trust.options.RequireActive {
			c.add(unchecked(ReasonActiveMissing))
		}
		return
	}
	c.result.Active = ActiveFailed
	if c.files.DG15 == nil {
		c.add(unchecked(ReasonFileMissing))
		return
	}
	if err := verifyAnswer(c.files.DG15, c.files.DG14, *c.answer); err != nil {
		c.add(err)
		return
	}
	c.result.Active = ActivePassed
}

// add takes the end of a check into the result; nil is one that holds.
func (c *check) add(err error) {
	if err == nil {
		return
	}
	r := asRefusal(err)
	c.failed = c.failed || !r.undecided
	c.undecided = c.undecided || r.undecided
	if !slices.Contains(c.result.Reasons, r.code) {
		c.result.Reasons = append(c.result.Reasons, r.code)
	}
}

// noteOr adds a reason that the operator refuses, or the note that it was accepted.
func (c *check) noteOr(code truename.Code, refuse bool) {
	if refuse {
		c.add(unchecked(code))
		return
	}
	c.result.Notes = append(c.result.Notes, code)
}

// conclude gives the result. Nothing of the document is in it unless all checks hold.
func (c *check) conclude() Result {
	r := c.result
	switch {
	case c.failed:
		r.Outcome = OutcomeNotGenuine
	case c.undecided || r.Issuer == "" || r.MRZ == nil:
		r.Outcome = OutcomeUndecided
	default:
		r.Outcome = OutcomeGenuine
	}
	if c.failed {
		r.Issuer = ""
	}
	if r.Outcome != OutcomeGenuine {
		r.MRZ, r.Portrait = nil, Portrait{}
		return r
	}
	portrait, err := readPortrait(c.files.DG2)
	switch {
	case err != nil && asRefusal(err).code == NotePortraitUnsupported, portrait.Format == FormatJPEG2000:
		r.Notes = append(r.Notes, NotePortraitUnsupported)
	case err != nil:
		r.Notes = append(r.Notes, NotePortraitUnreadable)
	}
	r.Portrait = portrait
	return r
}
