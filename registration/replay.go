package registration

import (
	"bytes"
	"context"

	"truename"
	"truename/audit"
)

// ruleOfRecords is the rule that a refusal names which the records gave, and not the policy (see guard).
const ruleOfRecords = "records"

// Replay rules a decision's stored case again, under the stored pack that the decision names, and says whether that gives
// the very ruling that is on record. Where the records turned an approval into a refusal (the number was taken meanwhile),
// the case has to give that approval: what the records said then is not part of a case.
func (f *Flow) Replay(ctx context.Context, d truename.Decision) (ruling truename.Ruling, same bool, err error) {
	pack, err := f.pack(ctx, d.Ruling.Pack)
	if err != nil {
		return truename.Ruling{}, false, err
	}
	ruling = pack.Rule(d.Case)
	if overruled(d.Ruling) && ruling.Verdict == truename.Approve {
		ruling.Verdict, ruling.Reasons, ruling.Obligations, ruling.Eyes = truename.Refuse, d.Ruling.Reasons, nil, 0
	}
	same, err = equal(d, ruling)
	return ruling, same, err
}

// overruled says whether the records refused what the policy had approved.
func overruled(r truename.Ruling) bool {
	return r.Verdict == truename.Refuse && len(r.Reasons) == 1 && r.Reasons[0].Rule == ruleOfRecords
}

// equal compares a ruling with the stored one in the form that the audit log commits to.
func equal(d truename.Decision, ruling truename.Ruling) (bool, error) {
	stored, err := audit.DecisionPayload(d)
	if err != nil {
		return false, err
	}
	d.Ruling = ruling
	again, err := audit.DecisionPayload(d)
	return bytes.Equal(stored, again), err
}
