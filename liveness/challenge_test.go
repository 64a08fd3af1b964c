package liveness

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"truename"
)

// variants are all ways to take part.
func variants() []Access {
	var all []Access
	for i := range 8 {
		all = append(all, Access{Slower: i&1 != 0, SmallTurn: i&2 != 0, NoVertical: i&4 != 0})
	}
	return all
}

func TestDrawGivesEveryOrderAlike(t *testing.T) {
	for _, access := range []Access{{}, {NoVertical: true}} {
		counts := map[string]int{}
		random := source(1)
		const draws = 100_000
		for range draws {
			c, err := Draw(random, access)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.check(); err != nil {
				t.Fatal(err)
			}
			counts[order(c)]++
		}
		if len(counts) != Orders(access) {
			t.Errorf("%+v: %d orders were drawn, Orders says %d", access, len(counts), Orders(access))
		}
		// Chi-squared: for so many degrees of freedom n it is about normal with mean n and variance 2n.
		expected := float64(draws) / float64(Orders(access))
		var chi float64
		for _, n := range counts {
			chi += (float64(n) - expected) * (float64(n) - expected) / expected
		}
		n := float64(Orders(access) - 1)
		if z := (chi - n) / math.Sqrt(2*n); z > 4 {
			t.Errorf("%+v: the orders are not equally likely: chi-squared %.0f for %.0f", access, chi, n)
		}
	}
}

// TestLuck plays recordings made for one draw to the session of another: each recording does what its own challenge
// asked for, in a person's time. What passes is what got the same order.
func TestLuck(t *testing.T) {
	for _, access := range []Access{{}, {NoVertical: true}} {
		const draws = 100_000
		random := source(2)
		passed, equal := 0, 0
		for range draws {
			recorded, err := Draw(random, access)
			if err != nil {
				t.Fatal(err)
			}
			drawn, err := Draw(random, access)
			if err != nil {
				t.Fatal(err)
			}
			followed := play(drawn, actionsOf(recorded)).Phase == PhaseDone
			same := order(recorded) == order(drawn)
			if followed != same {
				t.Fatalf("recorded %s, asked for %s: followed is %v", order(recorded), order(drawn), followed)
			}
			if followed {
				passed++
			}
			if same {
				equal++
			}
		}
		want := draws * Luck(access)
		if math.Abs(float64(passed)-want) > 4*math.Sqrt(want) {
			t.Errorf("%+v: %d of %d recordings passed, stated are %.1f", access, passed, draws, want)
		}
		t.Logf("%+v: %d of %d passed, stated %.1f (1 in %d, %.2f bits)", access, passed, draws, want, Orders(access), Entropy(access))
	}
}

func TestDrawWithoutRandomness(t *testing.T) {
	_, err := Draw(iotest.ErrReader(errors.New("no entropy")), Access{})
	if e := truename.AsError(err); err == nil || e.Kind != truename.KindUnavailable {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestOrders(t *testing.T) {
	for access, want := range map[Access]int{{}: 544, {SmallTurn: true}: 544, {Slower: true}: 544, {NoVertical: true}: 242} {
		if got := Orders(access); got != want {
			t.Errorf("%+v: %d orders, want %d", access, got, want)
		}
	}
}

func order(c Challenge) string {
	var names []string
	for _, a := range actionsOf(c) {
		names = append(names, string(a))
	}
	return strings.Join(names, " ")
}

func actionsOf(c Challenge) []Action {
	var list []Action
	for _, s := range c.Steps {
		list = append(list, s.Action)
	}
	return list
}

// source gives random bytes that are the same each time.
func source(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	key[0] = byte(seed)
	return rand.NewChaCha8(key)
}
