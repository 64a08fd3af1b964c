package liveness

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"truename"
)

// Action is one movement of the head that a person is asked for. Left and right are the person's own.
type Action string

// The actions.
const (
	TurnLeft   Action = "turn_left"
	TurnRight  Action = "turn_right"
	LookUp     Action = "look_up"
	LookDown   Action = "look_down"
	ComeCloser Action = "come_closer"
)

// Access is what a person may choose so that everybody can take part. Choosing costs nothing and changes no
// threshold of the other facts; it is recorded with the finding. Nothing asks for speech, for blinking, for both eyes
// or for taking glasses off, so those need no variant.
type Access struct {
	// Slower gives more than twice the time for each step.
	Slower bool `json:"slower,omitempty"`
	// SmallTurn asks for about half the movement.
	SmallTurn bool `json:"small_turn,omitempty"`
	// NoVertical asks for no movement up or down; one step more keeps the order as hard to guess.
	NoVertical bool `json:"no_vertical,omitempty"`
}

// actions gives those that may be drawn, and how many steps there are.
func (a Access) actions() ([]Action, int) {
	if a.NoVertical {
		return []Action{TurnLeft, TurnRight, ComeCloser}, 5
	}
	return []Action{TurnLeft, TurnRight, LookUp, LookDown, ComeCloser}, 4
}

// StepLimit is how long a person has for one step, from its being revealed.
func (a Access) StepLimit() time.Duration {
	if a.Slower {
		return 15 * time.Second
	}
	return 6 * time.Second
}

// settleLimit is how long it may take to look straight ahead again between two steps.
func (a Access) settleLimit() time.Duration { return 2 * a.StepLimit() }

// demand is how far a movement must go to count, relative to looking straight ahead.
type demand struct {
	turn, up, down float64 // degrees
	closer         float64 // ratio of the distance between the eyes
}

func (a Access) demand() demand {
	if a.SmallTurn {
		return demand{turn: 9, up: 7, down: 7, closer: 1.12}
	}
	return demand{turn: 16, up: 11, down: 11, closer: 1.22}
}

// Step is one movement asked for.
type Step struct {
	Action Action `json:"action"`
	// Pause is how long the person must look straight ahead before the step is revealed, drawn as well.
	Pause time.Duration `json:"pause"`
}

// Challenge is a drawn order of movements. It is secret until revealed, step by step.
type Challenge struct {
	Access Access `json:"access"`
	Steps  []Step `json:"steps"`
}

// Pauses before a step is revealed: pauseLeast and a drawn part below pauseDrawn.
const (
	pauseLeast = 300 * time.Millisecond
	pauseDrawn = 900 * time.Millisecond
)

// Draw draws a challenge: each of the [Orders] with the same probability. An order has at least one turn to a side, as
// the depth of the head is measured across it. random is crypto/rand's in service.
func Draw(random io.Reader, access Access) (Challenge, error) {
	actions, k := access.actions()
	c := Challenge{Access: access, Steps: make([]Step, k)}
	for turns := false; !turns; {
		// An order without a turn is drawn anew as a whole, which keeps the others equally likely.
		for i := range c.Steps {
			n, err := below(random, len(actions))
			if err != nil {
				return Challenge{}, err
			}
			c.Steps[i].Action = actions[n]
			turns = turns || sideways(actions[n])
		}
	}
	for i := range c.Steps {
		ms, err := below(random, int(pauseDrawn/time.Millisecond))
		if err != nil {
			return Challenge{}, err
		}
		c.Steps[i].Pause = pauseLeast + time.Duration(ms)*time.Millisecond
	}
	return c, nil
}

// Orders is the number of orders that [Draw] chooses from: all sequences less those without a turn.
func Orders(access Access) int {
	actions, k := access.actions()
	still := 0
	for _, a := range actions {
		if !sideways(a) {
			still++
		}
	}
	return power(len(actions), k) - power(still, k)
}

// Entropy of the order in bits. The pauses add to it, but how much of them an attack has to meet depends on the attack,
// so they are not counted.
func Entropy(access Access) float64 { return math.Log2(float64(Orders(access))) }

// Luck is the probability that a recorded order is the one that is drawn.
func Luck(access Access) float64 { return 1 / float64(Orders(access)) }

func sideways(a Action) bool { return a == TurnLeft || a == TurnRight }

func power(base, exponent int) int {
	p := 1
	for range exponent {
		p *= base
	}
	return p
}

// below draws a number 0 ≤ x < n, all equally likely: what would favour the low ones is drawn again.
func below(random io.Reader, n int) (int, error) {
	whole := (1 << 32) / uint64(n) * uint64(n)
	for {
		var b [4]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure,
				Detail: "No random numbers can be had.", Remedy: "Try again; if it persists, see the server's log.", Cause: err}
		}
		if x := uint64(binary.BigEndian.Uint32(b[:])); x < whole {
			return int(x % uint64(n)), nil
		}
	}
}

// entropy reads the system's random numbers; a nil reader stands for it.
func entropy(random io.Reader) io.Reader {
	if random == nil {
		return rand.Reader
	}
	return random
}

// secret gives a name that cannot be guessed.
func secret(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure,
			Detail: "No random numbers can be had.", Remedy: "Try again; if it persists, see the server's log.", Cause: err}
	}
	return fmt.Sprintf("%x", b), nil
}

// check refuses a challenge that [Draw] cannot have made, but for its length: recordings that are evaluated have steps
// of their own.
func (c Challenge) check() error {
	actions := []Action{TurnLeft, TurnRight, LookUp, LookDown, ComeCloser}
	if len(c.Steps) == 0 || len(c.Steps) > 16 {
		return fmt.Errorf("a challenge has 1 to 16 steps, not %d", len(c.Steps))
	}
	for _, s := range c.Steps {
		if !slices.Contains(actions, s.Action) {
			return fmt.Errorf("unknown action %q", s.Action)
		}
		if s.Pause < 0 || s.Pause > time.Minute {
			return fmt.Errorf("a pause of %v is out of range", s.Pause)
		}
	}
	return nil
}
