package registration

import (
	"context"
	"encoding/json"
	"time"

	"truename"
	"truename/policy"
)

// Appeal asks people who were not involved to look at a refusal again, and to answer within the pack's time. It is possible
// once, for as long after the refusal as the pack says.
func (f *Flow) Appeal(ctx context.Context, by Request, id string) error {
	return f.change(ctx, id, by, func(s truename.Snapshot) (truename.Commit, error) {
		r := next(s)
		if r.Appealed {
			if r.State == truename.StateReferred {
				return truename.Commit{}, errDone
			}
			return truename.Commit{}, wrongState("This refusal has been appealed already.")
		}
		state, err := advance(r.State, stepAppeal)
		if err != nil {
			return truename.Commit{}, err
		}
		pack, err := f.pack(ctx, r.Pack)
		if err != nil {
			return truename.Commit{}, err
		}
		now := f.Now().UTC()
		terms := pack.Settings().Appeal
		if s.Decision == nil || now.After(s.Decision.At.Add(terms.OpenFor)) {
			return truename.Commit{}, &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState,
				Detail: "The time within which this refusal could be appealed is over.", Remedy: "Open a new registration."}
		}
		r.State, r.Appealed, r.ExpiresAt = state, true, now.Add(terms.Within)
		r.Findings = append(r.Findings, truename.Finding{ID: newID(), Stage: truename.StageAppeal, Party: truename.Applicant,
			State: truename.FindingPassed, By: by.Actor.ID, At: now})
		commit, err := f.moved(r, by)
		if err != nil {
			return truename.Commit{}, err
		}
		commit.Events[0].Type = truename.EventRegistrationAppealed
		commit.Review = referral(s.Review, r.ID, terms.Eyes, now)
		commit.Jobs = []truename.Job{{Kind: truename.JobLapse, ID: r.ID, At: r.ExpiresAt}}
		return commit, nil
	})
}

// waits says whether people owe an answer to an appeal. That they are late is not the customer's doing: it never lapses.
func waits(r *truename.Registration) bool {
	return r.Appealed && r.State == truename.StateReferred
}

// overdue makes the commit that tells of an appeal which nobody has answered in time. The time begins anew, so that it is
// told of again when that has passed too.
func (f *Flow) overdue(ctx context.Context, s truename.Snapshot) (truename.Commit, error) {
	pack, err := f.pack(ctx, s.Registration.Pack)
	if err != nil {
		return truename.Commit{}, err
	}
	r := next(s)
	r.ExpiresAt = f.Now().UTC().Add(pack.Settings().Appeal.Within)
	data, err := json.Marshal(map[string]any{"registration": r.ID, "kind": r.Kind, "channel": r.Channel, "outlet": r.Outlet,
		"state": r.State, "version": r.Version, "decision": r.Decision, "due": s.Registration.ExpiresAt.UTC()})
	if err != nil {
		return truename.Commit{}, err
	}
	event := truename.Event{ID: newID(), Type: truename.EventAppealOverdue, Registration: r.ID, At: f.Now(), Data: data}
	leaf, err := f.leaf(string(event.Type), map[string]any{"registration": r.ID, "version": r.Version, "by": system.Actor.ID})
	return truename.Commit{Registration: r, Events: []truename.Event{event}, Leaves: []truename.Leaf{leaf},
		Jobs: []truename.Job{{Kind: truename.JobLapse, ID: r.ID, At: r.ExpiresAt}}}, err
}

// fieldsKept is how long after its decision fields and number are kept of a registration on which no account rests.
func fieldsKept(r *truename.Registration, settings policy.Settings) time.Duration {
	if r.State == truename.StateRefused && !r.Appealed {
		return max(settings.Retention.Fields, settings.Appeal.OpenFor)
	}
	return settings.Retention.Fields
}
