package registration

import (
	"truename"
)

// step is something that happens to a registration.
type step string

const (
	stepGather   step = "gather" // a consent or a finding is recorded
	stepApprove  step = "approve"
	stepRefuse   step = "refuse"
	stepRefer    step = "refer"
	stepConfirm  step = "confirm"
	stepLapse    step = "lapse"
	stepWithdraw step = "withdraw"
	stepAppeal   step = "appeal"
)

// transitions is the state machine: what may happen in which state, and where it leads.
var transitions = map[truename.RegistrationState]map[step]truename.RegistrationState{
	truename.StateOpen: {
		stepGather: truename.StateOpen, stepApprove: truename.StateApproved, stepRefuse: truename.StateRefused,
		stepRefer: truename.StateReferred, stepLapse: truename.StateLapsed, stepWithdraw: truename.StateWithdrawn,
	},
	truename.StateReferred: {
		stepRefer: truename.StateReferred, stepApprove: truename.StateApproved, stepRefuse: truename.StateRefused,
		stepLapse: truename.StateLapsed, stepWithdraw: truename.StateWithdrawn,
	},
	truename.StateApproved: {
		stepConfirm: truename.StateActivated, stepLapse: truename.StateLapsed, stepWithdraw: truename.StateWithdrawn,
	},
	truename.StateRefused: {stepAppeal: truename.StateReferred},
}

// advance gives the state that a step leads to.
func advance(from truename.RegistrationState, s step) (truename.RegistrationState, error) {
	to, ok := transitions[from][s]
	if !ok {
		return from, wrongState("The registration is " + string(from) + ": this is not possible now (" + string(s) + ").")
	}
	return to, nil
}

// stepOf gives the step that a verdict is.
func stepOf(v truename.Verdict) step {
	switch v {
	case truename.Approve:
		return stepApprove
	case truename.Refer:
		return stepRefer
	}
	return stepRefuse
}

// eventOf gives the event that tells of a state.
var eventOf = map[truename.RegistrationState]truename.EventType{
	truename.StateOpen:      truename.EventRegistrationOpened,
	truename.StateReferred:  truename.EventRegistrationReferred,
	truename.StateApproved:  truename.EventRegistrationApproved,
	truename.StateRefused:   truename.EventRegistrationRefused,
	truename.StateActivated: truename.EventRegistrationActivated,
	truename.StateLapsed:    truename.EventRegistrationLapsed,
	truename.StateWithdrawn: truename.EventRegistrationWithdrawn,
}

func wrongState(detail string) error {
	return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState, Detail: detail,
		Remedy: "Read the registration for its state; open a new one if this one has ended."}
}

func invalid(detail, remedy string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail, Remedy: remedy}
}
