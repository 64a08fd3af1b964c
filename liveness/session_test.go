package liveness

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"truename"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func opened(t testing.TB, access Access) *Session {
	t.Helper()
	s, err := Open(source(3), noon, Opening{Registration: "reg-1", MaxAttempts: 3, Access: access})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func kindOf(err error) (truename.Kind, truename.Code) {
	if err == nil {
		return "", ""
	}
	e := truename.AsError(err)
	return e.Kind, e.Code
}

func TestOpenKeepsTheCap(t *testing.T) {
	for attempts, want := range map[int]truename.Code{0: "", 2: "", 3: truename.CodeAttemptsExhausted, 4: truename.CodeAttemptsExhausted, -1: truename.CodeInvalidRequest} {
		s, err := Open(nil, noon, Opening{Registration: "r", Attempts: attempts, MaxAttempts: 3})
		if _, code := kindOf(err); code != want {
			t.Errorf("after %d attempts: %v, want %q", attempts, err, want)
		}
		if err == nil && s.Attempt != attempts+1 {
			t.Errorf("attempt %d after %d", s.Attempt, attempts)
		}
	}
	if _, err := Open(nil, noon, Opening{MaxAttempts: 1}); err == nil {
		t.Error("a session without a registration was opened")
	}
}

func TestAdmitRefuses(t *testing.T) {
	tests := []struct {
		name  string
		later time.Duration
		reg   string
		frame func(s *Session) Frame
		kind  truename.Kind
	}{
		{"a nonce that was used", 0, "reg-1", func(*Session) Frame { return Frame{"used", 300, []byte("x")} }, truename.KindConflict},
		{"no nonce", 0, "reg-1", func(*Session) Frame { return Frame{"", 300, []byte("x")} }, truename.KindConflict},
		{"the same bytes", 0, "reg-1", func(s *Session) Frame { return Frame{s.Nonces[0], 300, []byte("first")} }, truename.KindConflict},
		{"the same time", 0, "reg-1", func(s *Session) Frame { return Frame{s.Nonces[0], 100, []byte("x")} }, truename.KindConflict},
		{"an earlier time", 0, "reg-1", func(s *Session) Frame { return Frame{s.Nonces[0], 99, []byte("x")} }, truename.KindConflict},
		{"hours later by its own clock", 0, "reg-1", func(s *Session) Frame { return Frame{s.Nonces[0], 1e9, []byte("x")} }, truename.KindInvalid},
		{"no bytes", 0, "reg-1", func(s *Session) Frame { return Frame{s.Nonces[0], 300, nil} }, truename.KindTooLarge},
		{"too many bytes", 0, "reg-1", func(s *Session) Frame { return Frame{s.Nonces[0], 300, make([]byte, MaxFrameBytes+1)} }, truename.KindTooLarge},
		{"another registration", 0, "reg-2", func(s *Session) Frame { return Frame{s.Nonces[0], 300, []byte("x")} }, truename.KindConflict},
		{"ten minutes later", Lifetime, "reg-1", func(s *Session) Frame { return Frame{s.Nonces[0], 300, []byte("x")} }, truename.KindConflict},
		{"before it was opened", -time.Second, "reg-1", func(s *Session) Frame { return Frame{s.Nonces[0], 300, []byte("x")} }, truename.KindConflict},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := opened(t, Access{})
			used := s.Nonces[0]
			if err := s.Admit(nil, noon, "reg-1", Frame{used, 100, []byte("first")}); err != nil {
				t.Fatal(err)
			}
			frame := test.frame(s)
			if frame.Nonce == "used" {
				frame.Nonce = used
			}
			before := clone(t, s)
			err := s.Admit(nil, noon.Add(test.later), test.reg, frame)
			kind, code := kindOf(err)
			if kind != test.kind || kind == truename.KindConflict && code != truename.CodeWrongState {
				t.Errorf("got %v, want kind %q", err, test.kind)
			}
			if diff := cmp.Diff(before, s, cmpopts.IgnoreUnexported(Following{})); diff != "" {
				t.Errorf("a refused frame has changed the session:\n%s", diff)
			}
		})
	}
}

func TestSessionTakesSoManyFramesAndNoMore(t *testing.T) {
	s := opened(t, Access{Slower: true})
	for i := range MaxFrames {
		if err := s.Admit(nil, noon, "reg-1", Frame{s.Nonces[0], int64(100 * i), fmt.Append(nil, i)}); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if err := s.Advance(noon, Moment{At: s.Since(s.LastCapture), Found: true, Size: 50, Yaw: float64(i%2) * 12}); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
	}
	if s.State != StateComplete || len(s.Offer().Nonces) != 0 {
		t.Errorf("after %d frames the session is %s with %d nonces", MaxFrames, s.State, len(s.Offer().Nonces))
	}
}

func TestZeroSessionIsClosed(t *testing.T) {
	var s Session
	if err := s.Admit(nil, noon, "", Frame{"", 1, []byte("x")}); err == nil {
		t.Error("a frame was admitted")
	}
	if err := s.Close(); err == nil {
		t.Error("it was closed")
	}
}

// machine drives a session with everything a device and its enemies may send.
type machine struct {
	s        *Session
	now      time.Time
	captured int64
	used     []string
	sent     [][]byte
	admitted int
}

func TestSessionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		access := rapid.SampledFrom(variants()).Draw(t, "access")
		s, err := Open(source(rapid.Uint64Range(0, 255).Draw(t, "seed")), noon, Opening{Registration: "r", MaxAttempts: 1, Access: access})
		if err != nil {
			t.Fatal(err)
		}
		m := &machine{s: s, now: noon}
		t.Repeat(map[string]func(*rapid.T){
			"send":   m.send,
			"replay": m.replay,
			"wait": func(t *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "ms")) * time.Millisecond)
			},
			"restart": func(t *rapid.T) { m.s = clone(t, m.s) },
			"close": func(t *rapid.T) {
				if rapid.IntRange(0, 20).Draw(t, "really") == 0 {
					_ = m.s.Close()
				}
			},
			"": m.check,
		})
	})
}

func (m *machine) send(t *rapid.T) {
	if len(m.s.Nonces) == 0 {
		return
	}
	nonce := rapid.SampledFrom(m.s.Nonces).Draw(t, "nonce")
	m.captured += int64(rapid.IntRange(1, 500).Draw(t, "ms"))
	frame := Frame{nonce, m.captured, fmt.Append(nil, len(m.sent))}
	over := m.s.State != StateOpen || !m.now.Before(m.s.Expires())
	err := m.s.Admit(nil, m.now, "r", frame)
	if over {
		if err == nil {
			t.Fatal("a session that is over took a frame")
		}
		return
	}
	if err != nil {
		t.Fatalf("a good frame was refused: %v", err)
	}
	m.used, m.sent, m.admitted = append(m.used, nonce), append(m.sent, frame.JPEG), m.admitted+1
	p := pose(rapid.SampledFrom([]Action{TurnLeft, TurnRight, LookUp, LookDown, ComeCloser}).Draw(t, "action"),
		rapid.SampledFrom([]float64{0, 0, 0, 1}).Draw(t, "share"))
	p.At = m.s.Since(m.captured)
	if err := m.s.Advance(m.now, p); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) replay(t *rapid.T) {
	if len(m.used) == 0 {
		return
	}
	m.captured++
	frame := Frame{rapid.SampledFrom(m.used).Draw(t, "nonce"), m.captured, []byte("new")}
	if len(m.s.Nonces) > 0 && rapid.Bool().Draw(t, "same bytes") {
		frame.Nonce, frame.JPEG = m.s.Nonces[0], rapid.SampledFrom(m.sent).Draw(t, "bytes")
	}
	if kind, code := kindOf(m.s.Admit(nil, m.now, "r", frame)); kind != truename.KindConflict || code != truename.CodeWrongState {
		t.Fatalf("a replayed frame got kind %q, code %q", kind, code)
	}
}

func (m *machine) check(t *rapid.T) {
	if m.s.Frames != m.admitted || m.s.Frames > MaxFrames {
		t.Fatalf("%d frames, %d admitted", m.s.Frames, m.admitted)
	}
	for i, n := range m.s.Nonces {
		if slices.Contains(m.used, n) || slices.Contains(m.s.Nonces[:i], n) {
			t.Fatal("a nonce is out twice")
		}
	}
	offer := m.s.Offer()
	if offer.Phase != PhaseAct && offer.Action != "" {
		t.Fatalf("the offer gives %q away in phase %q", offer.Action, offer.Phase)
	}
	if offer.Interval < 100*time.Millisecond || offer.Interval > 500*time.Millisecond {
		t.Fatalf("frames are wanted every %v", offer.Interval)
	}
	if m.s.State == StateOpen && len(offer.Nonces) != window {
		t.Fatalf("%d nonces are out", len(offer.Nonces))
	}
}

// clone stores a session and reads it back.
func clone(t interface{ Fatal(...any) }, s *Session) *Session {
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back Session
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	return &back
}
