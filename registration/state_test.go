package registration

import (
	"testing"

	"pgregory.net/rapid"

	"truename"
)

var steps = []step{stepGather, stepApprove, stepRefuse, stepRefer, stepConfirm, stepLapse, stepWithdraw, stepAppeal}

// Whatever happens in whatever order: a final state stays, nothing is activated that was not approved, and an approval
// comes from an open or a referred registration only.
func TestStateMachine(t *testing.T) {
	final := map[truename.RegistrationState]bool{truename.StateActivated: true, truename.StateLapsed: true, truename.StateWithdrawn: true}
	rapid.Check(t, func(t *rapid.T) {
		state, approved := truename.StateOpen, false
		for _, s := range rapid.SliceOfN(rapid.SampledFrom(steps), 1, 30).Draw(t, "steps") {
			to, err := advance(state, s)
			if err != nil {
				if to != state {
					t.Fatalf("%s refused in %s, but moved to %s", s, state, to)
				}
				continue
			}
			if final[state] {
				t.Fatalf("%s left the final state %s", s, state)
			}
			if to == truename.StateApproved {
				approved = true
				if state != truename.StateOpen && state != truename.StateReferred {
					t.Fatalf("approved from %s", state)
				}
			}
			if to == truename.StateActivated && (!approved || state != truename.StateApproved) {
				t.Fatalf("activated from %s", state)
			}
			state = to
		}
	})
}
