package review

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"truename"
	"truename/audit"
)

// Records is where reviews are kept; package record documents the methods.
type Records interface {
	Snapshot(ctx context.Context, registration string) (truename.Snapshot, error)
	Transact(ctx context.Context, registration string, change func(truename.Snapshot) (truename.Commit, error)) error
}

// Resolver takes a verdict to the policy: [truename/registration.Flow.Resolve].
type Resolver func(ctx context.Context, by truename.Actor, id string, version int, verdict truename.Finding) (truename.Decision, error)

// Desk is where reviewers work. It is safe for concurrent use.
type Desk struct {
	records Records
	resolve Resolver
	now     func() time.Time
}

// New makes a desk; a nil now is time.Now.
func New(records Records, resolve Resolver, now func() time.Time) *Desk {
	if now == nil {
		now = time.Now
	}
	return &Desk{records, resolve, now}
}

// claimTime is how long a claim keeps others away.
const claimTime = 30 * time.Minute

// Codes a verdict may give as its reason.
var (
	ApproveCodes = []truename.Code{"same_person", "document_genuine", "guardian_verified", "customer_explained", "picture_quality"}
	RefuseCodes  = []truename.Code{"different_person", "document_false", "document_altered", "attack_suspected", "coerced", "intermediary_suspected", "not_enough_evidence"}
)

// Verdict is what a reviewer concludes.
type Verdict struct {
	Verdict truename.Verdict // Approve or Refuse
	Code    truename.Code    // one of ApproveCodes or RefuseCodes
}

// Claim reserves a case for a reviewer for half an hour; claiming one's own case again extends it.
func (d *Desk) Claim(ctx context.Context, by truename.Actor, id string, version int) (truename.Review, error) {
	var claimed truename.Review
	err := d.records.Transact(ctx, id, func(s truename.Snapshot) (truename.Commit, error) {
		r, err := d.open(s, by, version)
		if err != nil {
			return truename.Commit{}, err
		}
		until := d.now().UTC().Add(claimTime)
		r.ClaimedBy, r.ClaimedUntil = by.ID, &until
		claimed = r
		return d.commit(r, "review.claimed", by)
	})
	return claimed, err
}

// Release gives a claimed case back.
func (d *Desk) Release(ctx context.Context, by truename.Actor, id string, version int) (truename.Review, error) {
	var released truename.Review
	err := d.records.Transact(ctx, id, func(s truename.Snapshot) (truename.Commit, error) {
		r, err := d.open(s, by, version)
		if err != nil {
			return truename.Commit{}, err
		}
		r.ClaimedBy, r.ClaimedUntil = "", nil
		released = r
		return d.commit(r, "review.released", by)
	})
	return released, err
}

// Resolve gives a reviewer's verdict and the decision that the policy makes of it. The reviewer must have claimed the
// case. Where two must agree, the first verdict leaves the registration referred. A verdict that is sent again while nothing
// has come after it gives the decision that it led to.
func (d *Desk) Resolve(ctx context.Context, by truename.Actor, id string, v Verdict) (truename.Decision, error) {
	codes := ApproveCodes
	if v.Verdict == truename.Refuse {
		codes = RefuseCodes
	}
	if v.Verdict != truename.Approve && v.Verdict != truename.Refuse || !slices.Contains(codes, v.Code) {
		return truename.Decision{}, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: "The verdict is not approve or refuse, or its reason is not one of the list for it.", Remedy: "Choose a verdict and one of its codes."}
	}
	s, err := d.records.Snapshot(ctx, id)
	if err != nil {
		return truename.Decision{}, err
	}
	if last := given(s, by, v); last != nil {
		return *last, d.handOn(ctx, *last, by, id)
	}
	r, err := d.open(s, by, 0)
	if err != nil {
		return truename.Decision{}, err
	}
	if r.ClaimedBy != by.ID || r.ClaimedUntil == nil || !d.now().Before(*r.ClaimedUntil) {
		return truename.Decision{}, conflict("You have not claimed this case, or your claim has run out.", "Claim it, look at it, then resolve it.")
	}
	finding := truename.Finding{ID: uuid.Must(uuid.NewV7()).String(), Stage: truename.StageReview, Party: truename.Applicant,
		State: truename.FindingPassed, Labels: map[string]string{"verdict": string(v.Verdict), "code": string(v.Code)}, By: by.ID, At: d.now().UTC()}
	if v.Verdict == truename.Refuse {
		finding.State, finding.Reasons = truename.FindingFailed, []truename.Code{v.Code}
	}
	// The version pins what was checked here: whoever may judge is judged on the same registration.
	decision, err := d.resolve(ctx, by, id, s.Registration.Version, finding)
	if err != nil {
		return decision, err
	}
	return decision, d.handOn(ctx, decision, by, id)
}

// given gives the decision that a verdict of this reviewer has led to, when that was the last thing that happened; else nil.
func given(s truename.Snapshot, by truename.Actor, v Verdict) *truename.Decision {
	findings := s.Registration.Findings
	if len(findings) == 0 || s.Decision == nil || s.Decision.By != by.ID {
		return nil
	}
	last := findings[len(findings)-1]
	if last.Stage != truename.StageReview || last.By != by.ID || last.Labels["verdict"] != string(v.Verdict) || last.Labels["code"] != string(v.Code) ||
		!slices.ContainsFunc(s.Decision.Case.Findings, func(f truename.Finding) bool { return f.ID == last.ID }) {
		return nil
	}
	return s.Decision
}

// handOn ends the claim of a reviewer who has judged a case that stays referred, so that the second pair of eyes can take it.
func (d *Desk) handOn(ctx context.Context, decision truename.Decision, by truename.Actor, id string) error {
	if decision.Ruling.Verdict != truename.Refer {
		return nil
	}
	return d.records.Transact(ctx, id, func(s truename.Snapshot) (truename.Commit, error) {
		if s.Review == nil || s.Review.ResolvedAt != nil || s.Review.ClaimedBy != by.ID {
			return truename.Commit{}, nil
		}
		r := *s.Review
		r.Version++
		r.ClaimedBy, r.ClaimedUntil = "", nil
		return d.commit(r, "review.released", by)
	})
}

// open gives the review of a case that this reviewer may work on, with its version raised.
func (d *Desk) open(s truename.Snapshot, by truename.Actor, version int) (truename.Review, error) {
	if s.Review == nil || s.Review.ResolvedAt != nil || s.Registration.State != truename.StateReferred {
		return truename.Review{}, conflict("This registration is not with the reviewers.", "Read the queue again.")
	}
	r := *s.Review
	if version != 0 && version != r.Version {
		return r, &truename.Error{Kind: truename.KindPrecondition, Code: truename.CodeStale,
			Detail: "Somebody else has worked on this case.", Remedy: "Read it again."}
	}
	if why := barred(s, by); why != "" {
		return r, &truename.Error{Kind: truename.KindForbidden, Code: truename.CodeForbidden, Detail: why, Remedy: "Leave the case to a colleague."}
	}
	if r.ClaimedBy != "" && r.ClaimedBy != by.ID && r.ClaimedUntil != nil && d.now().Before(*r.ClaimedUntil) {
		return r, conflict("A colleague is working on this case.", "Take another, or wait until the claim runs out.")
	}
	r.Version++
	return r, nil
}

// barred says why a person must not judge this case; empty when they may.
func barred(s truename.Snapshot, by truename.Actor) string {
	if by.Kind != truename.ActorStaff {
		return "Only a member of staff judges a case; a machine does not."
	}
	if s.Registration.OpenedBy == by.ID {
		return "You opened this registration."
	}
	for _, p := range s.Registration.Parties {
		if by.Subject != "" && p.Subject == by.Subject {
			return "You are a party of this registration."
		}
	}
	for _, f := range s.Registration.Findings {
		if f.By != by.ID {
			continue
		}
		switch f.Stage {
		case truename.StageInPerson:
			return "You checked this person at the counter."
		case truename.StageReview:
			return "You have already judged this case."
		case truename.StageDocument, truename.StageComparison, truename.StageLiveness, truename.StageDuplicate:
			return "You took the evidence of this case."
		case truename.StageConsent:
			if f.State == truename.FindingPassed {
				return "You took a consent in this case."
			}
		case truename.StageAppeal:
			return "You took the appeal of this case."
		}
	}
	return ""
}

func (d *Desk) commit(r truename.Review, kind string, by truename.Actor) (truename.Commit, error) {
	leaf, err := audit.Note(kind, map[string]any{"registration": r.Registration, "by": by.ID}, d.now())
	return truename.Commit{Review: &r, Leaves: []truename.Leaf{leaf}}, err
}

func conflict(detail, remedy string) error {
	return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState, Detail: detail, Remedy: remedy}
}
