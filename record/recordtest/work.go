package recordtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"truename"
	"truename/record"
)

func testWebhooks(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	hook := truename.Webhook{ID: "h1", Version: 1, URL: "https://example.org/a", Types: []truename.EventType{truename.EventRegistrationApproved},
		Secrets: [][]byte{[]byte("sealed one"), {0, 1}}, CreatedAt: start, CreatedBy: "admin"}
	ok(t, s.SaveWebhook(ctx, hook, leaf("hook")))
	got, err := s.Webhook(ctx, "h1")
	ok(t, err)
	same(t, "webhook", got, hook)
	wantError(t, s.SaveWebhook(ctx, hook), truename.KindConflict, truename.CodeStale)
	hook.Version, hook.URL = 3, "https://example.org/b"
	wantError(t, s.SaveWebhook(ctx, hook), truename.KindPrecondition, truename.CodeStale)
	hook.Version = 2
	ok(t, s.SaveWebhook(ctx, hook))
	list, err := s.Webhooks(ctx)
	ok(t, err)
	same(t, "webhooks", list, []truename.Webhook{hook})
	ok(t, s.DeleteWebhook(ctx, "h1", leaf("gone")))
	wantError(t, s.DeleteWebhook(ctx, "h1"), truename.KindNotFound, truename.CodeNotFound)
	size, err := s.LogSize(ctx)
	ok(t, err)
	if size != 2 {
		t.Errorf("the log has %d leaves, want 2", size)
	}
}

func testDeliveries(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	for _, w := range []truename.Webhook{
		{ID: "all", Version: 1, CreatedAt: start},
		{ID: "approved", Version: 1, Types: []truename.EventType{truename.EventRegistrationApproved}, CreatedAt: start},
		{ID: "off", Version: 1, Disabled: &start, CreatedAt: start},
	} {
		ok(t, s.SaveWebhook(ctx, w))
	}
	c := create(t, s, opened("1"))
	approve(t, s, c.Registration.ID)

	all, next, err := s.Deliveries(ctx, truename.DeliveryQuery{})
	ok(t, err)
	if len(all) != 3 || next != "" {
		t.Fatalf("%d deliveries, want 3: two to the one that wants all, one to the other", len(all))
	}
	planned := map[string]bool{}
	for _, j := range pending(t, s) {
		if j.Kind == truename.JobDeliver {
			planned[j.ID] = true
		}
	}
	for _, d := range all {
		if !planned[d.ID] || d.State != truename.DeliveryPending || d.Webhook == "off" {
			t.Errorf("delivery %+v has job: %v", d, planned[d.ID])
		}
	}
	events, _, err := s.Events(ctx, truename.EventQuery{Registration: c.Registration.ID, Type: truename.EventRegistrationOpened})
	ok(t, err)
	same(t, "events", events, c.Events)
	event, err := s.Event(ctx, c.Events[0].ID)
	ok(t, err)
	same(t, "event", event, c.Events[0])
	some, _, err := s.Deliveries(ctx, truename.DeliveryQuery{Webhook: "approved", State: truename.DeliveryPending})
	ok(t, err)
	if len(some) != 1 {
		t.Fatalf("%d deliveries to one webhook, want 1", len(some))
	}

	d, e, w, err := s.Delivery(ctx, some[0].ID)
	ok(t, err)
	if e.ID != d.Event || w.ID != "approved" || e.Type != truename.EventRegistrationApproved {
		t.Errorf("delivery %+v with event %+v to %+v", d, e, w)
	}
	d.State, d.Attempts, d.Status, d.NextAt = truename.DeliveryFailed, 3, 500, nil
	ok(t, s.SaveDelivery(ctx, d, []truename.Job{{Kind: truename.JobPurge, ID: "x", At: start}}))
	got, _, _, err := s.Delivery(ctx, d.ID)
	ok(t, err)
	same(t, "delivery", got, d)
	before := len(pending(t, s))
	ok(t, s.Redeliver(ctx, d.ID, start.Add(time.Hour), leaf("again")))
	got, _, _, err = s.Delivery(ctx, d.ID)
	ok(t, err)
	if got.State != truename.DeliveryPending || got.Attempts != 0 || got.NextAt == nil || len(pending(t, s)) != before+1 {
		t.Errorf("delivery is %+v, with %d new jobs", got, len(pending(t, s))-before)
	}
	wantError(t, s.Redeliver(ctx, "unknown", start), truename.KindNotFound, truename.CodeNotFound)

	ok(t, s.DeleteWebhook(ctx, "approved"))
	_, _, _, err = s.Delivery(ctx, d.ID)
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	wantError(t, s.SaveDelivery(ctx, d, nil), truename.KindNotFound, truename.CodeNotFound)
}

// patience is how long something may take that should take no time.
const patience = 30 * time.Second

func testJobs(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	c := opened("1")
	c.Jobs = nil
	for i := range 20 {
		c.Jobs = append(c.Jobs, truename.Job{Kind: truename.JobPurge, ID: fmt.Sprint(i), At: start})
	}
	soon := time.Now()
	c.Jobs = append(c.Jobs, truename.Job{Kind: truename.JobLapse, ID: "fails", At: soon}, truename.Job{Kind: truename.JobLapse, ID: "snoozes", At: soon},
		truename.Job{Kind: truename.JobLapse, ID: "panics", At: soon}, truename.Job{Kind: truename.JobLapse, ID: "gives up", At: soon},
		truename.Job{Kind: truename.JobReverify, ID: "tomorrow", At: soon.Add(24 * time.Hour)}, truename.Job{Kind: truename.JobDeliver, ID: "nobody works these", At: soon})
	create(t, s, c)

	var mu sync.Mutex
	calls := map[string]int{}
	finished := make(chan string, 100)
	call := func(id string) int {
		mu.Lock()
		defer mu.Unlock()
		calls[id]++
		return calls[id]
	}
	stop, err := s.RunJobs(ctx, map[truename.JobKind]func(context.Context, string) error{
		truename.JobPurge: func(_ context.Context, id string) error { call(id); finished <- id; return nil },
		truename.JobLapse: func(_ context.Context, id string) error {
			n := call(id)
			switch {
			case id == "gives up":
				finished <- id
				return record.Cancel(errors.New("no use"))
			case n == 1 && id == "fails":
				return errors.New("once")
			case n == 1 && id == "snoozes":
				return record.Snooze(10 * time.Millisecond)
			case n == 1 && id == "panics":
				panic("once")
			}
			finished <- id
			return nil
		},
		truename.JobReverify: func(_ context.Context, id string) error { t.Errorf("job %q came too early", id); return nil },
	}, record.JobOptions{Poll: 20 * time.Millisecond})
	ok(t, err)
	for range 24 {
		select {
		case <-finished:
		case <-time.After(patience):
			t.Fatalf("not all jobs were done: %v", calls)
		}
	}
	ok(t, stop(ctx))
	for _, id := range []string{"fails", "snoozes", "panics"} {
		if calls[id] != 2 {
			t.Errorf("job that %s was tried %d times, want 2", id, calls[id])
		}
	}
	if calls["0"] != 1 || calls["gives up"] != 1 {
		t.Errorf("calls are %v", calls)
	}
	left := pending(t, s)
	if len(left) != 2 {
		t.Errorf("jobs left: %+v, want the one of tomorrow and the one nobody works", left)
	}
}

// Crashed checks that a job is done that a process had begun when it was killed. That process is this test's own program,
// told by an environment variable to call [Hang] with the same database.
func Crashed(t *testing.T, s *record.Store, environment string) {
	c := opened("1")
	c.Jobs = []truename.Job{{Kind: truename.JobPurge, ID: "work", At: start}}
	create(t, s, c)

	program, err := os.Executable()
	ok(t, err)
	hanging := exec.CommandContext(t.Context(), program, "-test.run=^$")
	hanging.Env, hanging.Stderr = append(os.Environ(), environment), os.Stderr
	output, err := hanging.StdoutPipe()
	ok(t, err)
	ok(t, hanging.Start())
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "begun\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	ok(t, hanging.Process.Kill())
	_ = hanging.Wait() // it was killed

	done := make(chan string, 1)
	work := map[truename.JobKind]func(context.Context, string) error{
		truename.JobPurge: func(_ context.Context, id string) error { done <- id; return nil },
	}
	time.Sleep(1500 * time.Millisecond) // so that the attempt is older than the timeout below
	stop, err := s.RunJobs(t.Context(), work, record.JobOptions{Poll: 50 * time.Millisecond, Timeout: 800 * time.Millisecond})
	ok(t, err)
	select {
	case <-done:
	case <-time.After(3 * patience):
		t.Fatal("what a killed process had begun is not done")
	}
	ok(t, stop(t.Context()))
	if left := pending(t, s); len(left) != 0 {
		t.Errorf("jobs left: %+v", left)
	}
}

// Due checks that a job is done that was not due yet when it was planned.
func Due(t *testing.T, s *record.Store) {
	c := opened("1")
	c.Jobs = []truename.Job{{Kind: truename.JobPurge, ID: "work", At: time.Now().Add(time.Second)}}
	create(t, s, c)
	done := make(chan string, 1)
	stop, err := s.RunJobs(t.Context(), map[truename.JobKind]func(context.Context, string) error{
		truename.JobPurge: func(_ context.Context, id string) error { done <- id; return nil },
	}, record.JobOptions{Poll: 50 * time.Millisecond})
	ok(t, err)
	select {
	case <-done:
	case <-time.After(patience):
		t.Error("a job whose time has come is not done")
	}
	ok(t, stop(t.Context()))
}

// Hang begins a job and never ends it. It prints a line when it has begun.
func Hang(s *record.Store) {
	_, err := s.RunJobs(context.Background(), map[truename.JobKind]func(context.Context, string) error{
		truename.JobPurge: func(context.Context, string) error { fmt.Println("begun"); select {} },
	}, record.JobOptions{Poll: 50 * time.Millisecond, Timeout: time.Hour})
	if err != nil {
		panic(err)
	}
	select {}
}

func testAnswers(t *testing.T, fresh Fresh) {
	open := fresh(t)
	s, ctx := open(), t.Context()
	first := truename.Answer{Request: index("request one"), Status: 201, Sealed: []byte("sealed")}
	_, err := s.Answer(ctx, "client", "a")
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	ok(t, s.SaveAnswer(ctx, "client", "a", first, start))
	ok(t, s.SaveAnswer(ctx, "client", "a", truename.Answer{Request: index("request two"), Status: 200}, start)) // too late
	_, err = s.Answer(ctx, "another client", "a")
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	ok(t, s.Close())
	s = open()
	got, err := s.Answer(ctx, "client", "a")
	ok(t, err)
	same(t, "answer after a restart", got, first)

	empty := truename.Answer{Request: index("request"), Status: 204}
	ok(t, s.SaveAnswer(ctx, "client", "b", empty, start.Add(2*time.Minute)))
	ok(t, s.PurgeExpired(ctx, start, start.Add(time.Minute)))
	_, err = s.Answer(ctx, "client", "a")
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	got, err = s.Answer(ctx, "client", "b")
	ok(t, err)
	same(t, "an answer without content", got, empty)
	parallel(20, func(i int) {
		if err := s.SaveAnswer(ctx, "client", "many", truename.Answer{Request: index("many"), Status: 200 + i}, start); err != nil {
			t.Error(err)
		}
	})
	one, err := s.Answer(ctx, "client", "many")
	ok(t, err)
	two, err := s.Answer(ctx, "client", "many")
	ok(t, err)
	same(t, "one of many answers", one, two)
}

func testKeyring(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	_, err := s.Keyring(ctx, "tokens")
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	ok(t, s.SaveKeyring(ctx, "tokens", nil, []byte("one")))
	wantError(t, s.SaveKeyring(ctx, "tokens", nil, []byte("two")), truename.KindPrecondition, truename.CodeStale)
	wantError(t, s.SaveKeyring(ctx, "tokens", []byte("zero"), []byte("two")), truename.KindPrecondition, truename.CodeStale)
	wantError(t, s.SaveKeyring(ctx, "others", []byte("one"), []byte("two")), truename.KindPrecondition, truename.CodeStale)
	ok(t, s.SaveKeyring(ctx, "tokens", []byte("one"), []byte("two"), leaf("rotated")))
	got, err := s.Keyring(ctx, "tokens")
	ok(t, err)
	same(t, "keyring", got, []byte("two"))
	var won atomic.Int64
	parallel(10, func(i int) {
		if s.SaveKeyring(ctx, "tokens", []byte("two"), fmt.Append(nil, "three by ", i)) == nil {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Errorf("a keyring was replaced by %d at once, want 1", won.Load())
	}
}

func testPacks(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	ref := truename.PackRef{Name: "cn", Version: "1", Digest: "abc"}
	ok(t, s.SavePack(ctx, ref, []byte("text")))
	ok(t, s.SavePack(ctx, ref, []byte("text")))
	got, err := s.Pack(ctx, "abc")
	ok(t, err)
	same(t, "pack", got, []byte("text"))
	_, err = s.Pack(ctx, "unknown")
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
}
