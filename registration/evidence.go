package registration

import (
	"context"
	"slices"

	"truename"
)

// Look opens a party's newest portrait or live photo for the reviewer who has claimed the case, and for nobody else. That
// it was looked at is in the audit log before the picture is given.
func (f *Flow) Look(ctx context.Context, by Request, id string, party truename.Party, kind truename.EvidenceKind) ([]byte, error) {
	if !slices.Contains([]truename.EvidenceKind{truename.EvidencePortrait, truename.EvidenceLive}, kind) {
		return nil, invalid("Only pictures are looked at.", "Ask for portrait or live.")
	}
	var picture []byte
	err := f.settle(ctx, id, func(seen truename.Snapshot) (finish, error) {
		if err := f.mayLook(seen, by.Actor); err != nil {
			return nil, err
		}
		var err error
		picture, err = f.unseal(ctx, seen, party, kind)
		return func(locked truename.Snapshot) (truename.Commit, error) {
			if err := f.mayLook(locked, by.Actor); err != nil { // a claim can change hands without the registration changing
				return truename.Commit{}, err
			}
			leaf, err := f.leaf("evidence.viewed", map[string]any{"registration": id, "party": party, "kind": kind, "by": by.Actor.ID})
			return truename.Commit{Leaves: []truename.Leaf{leaf}}, err
		}, err
	})
	if err != nil {
		return nil, err
	}
	return picture, nil
}

// mayLook says why an actor must not see the pictures of a case.
func (f *Flow) mayLook(s truename.Snapshot, by truename.Actor) error {
	r := s.Review
	if s.Registration.State == truename.StateReferred && r != nil && r.ResolvedAt == nil && by.ID != "" && r.ClaimedBy == by.ID &&
		r.ClaimedUntil != nil && f.Now().Before(*r.ClaimedUntil) {
		return nil
	}
	return &truename.Error{Kind: truename.KindForbidden, Code: truename.CodeForbidden,
		Detail: "Pictures are shown only to the reviewer who has claimed the case, while it is referred.", Remedy: "Claim the case first."}
}
