package registration

import (
	"bytes"
	"context"

	"truename"
	"truename/audit"
)

// Replay rules a decision's stored case again, under the stored pack that the decision names, and says whether that gives
// the very ruling that is on record.
func (f *Flow) Replay(ctx context.Context, d truename.Decision) (ruling truename.Ruling, same bool, err error) {
	pack, err := f.pack(ctx, d.Ruling.Pack)
	if err != nil {
		return truename.Ruling{}, false, err
	}
	ruling = pack.Rule(d.Case)
	same, err = equal(d, ruling)
	return ruling, same, err
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
