package liveness

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"truename"
)

// The rule: all must pass; one clear failure is an attack; no further fact makes a session look better.
func TestFuse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.Custom(func(t *rapid.T) Fact {
			f := Fact{Name: FactDepth, Margin: rapid.Float64Range(-2, 1).Draw(t, "margin"), Missing: rapid.IntRange(0, 5).Draw(t, "missing") == 0}
			if f.Missing {
				f.Margin = unclear
			}
			return f
		})
		facts := rapid.SliceOfN(draw, 1, 6).Draw(t, "facts")
		outcome, score, _ := fuse(facts)
		pass, fail := true, false
		for _, f := range facts {
			pass, fail = pass && f.Passes(), fail || f.Fails()
			if score > f.Margin {
				t.Errorf("score %v above the margin %v", score, f.Margin)
			}
		}
		want := OutcomeUndecided
		switch {
		case fail:
			want = OutcomeAttack
		case pass:
			want = OutcomeBonaFide
		}
		if outcome != want || (outcome == OutcomeBonaFide) != (score >= 0 && pass) {
			t.Errorf("outcome %s, score %v of %+v, want %s", outcome, score, facts, want)
		}
		_, more, _ := fuse(append(facts, draw.Draw(t, "another")))
		if more > score {
			t.Errorf("one more fact has raised the score from %v to %v", score, more)
		}
	})
}

func TestLimit(t *testing.T) {
	up, down := limit{pass: 0.6, fail: 0.4}, limit{pass: 3, fail: 7}
	for _, test := range []struct {
		l       limit
		v, want float64
	}{{up, 0.6, 0}, {up, 0.4, -1}, {up, 0.5, -0.5}, {up, 5, 1}, {up, -5, -2}, {down, 3, 0}, {down, 7, -1}, {down, 5, -0.5}, {down, 0, 0.75}, {down, 100, -2}} {
		if got := test.l.margin(test.v); got-test.want > 1e-9 || test.want-got > 1e-9 {
			t.Errorf("%+v: margin of %v is %v, want %v", test.l, test.v, got, test.want)
		}
	}
}

func TestJudge(t *testing.T) {
	c := drawn(Access{Slower: true}, TurnLeft)
	done := Following{Phase: PhaseDone, Spans: []Span{{Action: TurnLeft, Revealed: time.Second, Reached: 2 * time.Second}}}
	tests := []struct {
		name   string
		f      Following
		change func(*Evidence)
		want   truename.FindingState
		reason truename.Code
	}{
		{"nothing was seen", Following{}, func(e *Evidence) { *e = Evidence{} }, truename.FindingUndecided, ReasonFewFrames},
		{"the engine failed on a fifth of the frames", done, func(e *Evidence) { e.failures = 15 }, truename.FindingUnavailable, truename.CodeEngineFailure},
		{"a picture, by the network", done, func(e *Evidence) {
			for i := range e.frames {
				e.frames[i].live = 0.001
			}
		}, truename.FindingFailed, ReasonPicture},
		{"the challenge was not followed", Following{Phase: PhaseBroken, Break: BreakLate}, func(*Evidence) {}, truename.FindingUndecided, ReasonNotFollowed},
		{"another movement", Following{Phase: PhaseBroken, Break: BreakWrong}, func(*Evidence) {}, truename.FindingUndecided, ReasonWrongAction},
		// calm never turns, so that depth is not known: it does not pass without.
		{"no fact may be missing", done, func(*Evidence) {}, truename.FindingUndecided, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := calm(60)
			test.change(e)
			j, err := Judge(c, test.f, e)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			f := j.Finding("f-1", truename.Party("subject"), "actor", at)
			if f.State != test.want || f.Stage != truename.StageLiveness || !f.At.Equal(at) {
				t.Errorf("finding %+v, want state %s", f, test.want)
			}
			if test.reason != "" && !contains(f.Reasons, test.reason) {
				t.Errorf("reasons %v lack %s", f.Reasons, test.reason)
			}
			if diff := cmp.Diff(map[string]string{"access_slower": "yes"}, f.Labels); diff != "" {
				t.Errorf("labels:\n%s", diff)
			}
		})
	}
}

func contains(codes []truename.Code, c truename.Code) bool {
	for _, x := range codes {
		if x == c {
			return true
		}
	}
	return false
}
