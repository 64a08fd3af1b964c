package access

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"truename"
)

func TestCeremoniesAreBounded(t *testing.T) {
	now := time.Now()
	c := newCeremonies[int](func() time.Time { return now })
	var tokens []truename.Private
	for i := range ceremonyCount + 10 {
		tokens = append(tokens, c.begin(i))
	}
	if n := len(c.byKey); n != ceremonyCount || c.order.Len() != n {
		t.Fatalf("%d ceremonies, %d in order", n, c.order.Len())
	}
	if _, err := c.end(tokens[9]); err == nil {
		t.Error("one of the oldest is still there")
	}
	if i, err := c.end(tokens[10]); err != nil || i != 10 {
		t.Errorf("%d, %v", i, err)
	}
	now = now.Add(ceremonyTime)
	last := c.begin(-1)
	if n := len(c.byKey); n != 1 {
		t.Errorf("%d ceremonies are kept beyond their time", n)
	}
	if i, err := c.end(last); err != nil || i != -1 || len(c.byKey) != 0 || c.order.Len() != 0 {
		t.Errorf("%d, %v", i, err)
	}
}

func TestCeremonyEndsOnce(t *testing.T) {
	c := newCeremonies[int](time.Now)
	token := c.begin(7)
	var good atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if i, err := c.end(token); err == nil && i == 7 {
				good.Add(1)
			}
		})
	}
	wg.Wait()
	if good.Load() != 1 {
		t.Errorf("ended %d times", good.Load())
	}
	if _, err := c.end(""); err == nil {
		t.Error("no token ends a ceremony")
	}
}

func TestSecrets(t *testing.T) {
	seen := map[string]bool{}
	count := map[byte]int{}
	for range 10_000 {
		s := newSecret()
		if !isSecret(s) || seen[s] {
			t.Fatalf("secret %q", s)
		}
		seen[s] = true
		for _, c := range []byte(s[1:]) { // the first digit is smaller than the others
			count[c]++
		}
	}
	if len(count) != len(digits) {
		t.Errorf("%d different digits", len(count))
	}
	for _, s := range []string{"", newSecret() + "0", newSecret()[1:], newSecret()[1:] + "-", newSecret()[1:] + "é"} {
		if isSecret(s) {
			t.Errorf("%q is taken for a secret", s)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	id, _ := newID()
	key, _ := newKey(id)
	f.Add(key.Reveal())
	f.Add("tn__")
	f.Fuzz(func(t *testing.T, text string) {
		client, hash, ok := parseKey(text)
		if !ok {
			return
		}
		if len(hash) != 32 || !isID(client) || text != keyPrefix+client+"_"+text[len(text)-secretLength:] {
			t.Fatalf("%q read as the key of %q", text, client)
		}
	})
}
