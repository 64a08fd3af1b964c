package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"truename"
	"truename/audit"
)

func TestAuditOffline(t *testing.T) {
	h := newHouse(t)
	_, d := h.registration(1, "chip")
	key := strings.TrimSpace(h.ok("audit", "key"))
	checkpoint := write(t, "checkpoint", h.ok("audit", "checkpoint"))
	if head, err := audit.OpenCheckpoint(read(t, checkpoint), key); err != nil || head.Size != h.leaves() || head.Origin != "operator.example/log" {
		t.Fatalf("%+v, %v", head, err)
	}
	h.registration(2, "chip")
	dir := filepath.Join(t.TempDir(), "log")
	if said := h.ok("audit", "export", dir); !strings.Contains(said, "audit verify "+dir) {
		t.Error(said)
	}
	h.ok("audit", "export", dir) // again, onto itself
	receipt := h.receipt(d)

	// What follows opens no operator.
	other := strings.TrimSpace(newHouse(t).ok("audit", "key"))
	tampered := write(t, "tampered.json", strings.Replace(string(read(t, receipt)), `"approve"`, `"refuse"`, 1))
	for name, test := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"verify":                          {[]string{"verify", dir, "--key", key}, 0, "holds"},
		"verify as JSON":                  {[]string{"verify", dir, "--key", key, "--json"}, 0, `"leaves"`},
		"verify with a checkpoint":        {[]string{"verify", dir, "--key", key, "--trusted", checkpoint}, 0, "3 checkpoints"},
		"verify with no checkpoint":       {[]string{"verify", dir, "--key", key, "--trusted", receipt}, exitNoMatch, "Does not hold"},
		"verify with another key":         {[]string{"verify", dir, "--key", other}, exitNoMatch, "Does not hold"},
		"verify without a key":            {[]string{"verify", dir}, exitUnusable, "--key"},
		"verify nothing":                  {[]string{"verify", t.TempDir(), "--key", key}, exitNoMatch, "no readable checkpoint"},
		"verify nowhere":                  {[]string{"verify", "nowhere", "--key", key}, exitUnusable, "nowhere"},
		"receipt":                         {[]string{"receipt", receipt, "--key", key}, 0, d.ID},
		"receipt as JSON":                 {[]string{"receipt", receipt, "--key", key, "--json"}, 0, `"valid": true`},
		"receipt that was altered":        {[]string{"receipt", tampered, "--key", key}, exitNoMatch, "Does not hold"},
		"receipt with another key":        {[]string{"receipt", receipt, "--key", other, "--json"}, exitNoMatch, `"valid": false`},
		"receipt that is none":            {[]string{"receipt", checkpoint, "--key", key}, exitNoMatch, "Does not hold"},
		"receipt that is not a file":      {[]string{"receipt", "nowhere.json", "--key", key}, exitUnusable, "nowhere.json"},
		"receipt with a key that is none": {[]string{"receipt", receipt, "--key", "x"}, exitUnusable, "truename:"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, said := program(t.Context(), append([]string{"audit"}, test.args...)...)
			if status != test.status || !strings.Contains(out+said, test.says) {
				t.Errorf("status %d, want %d and %q\n%s%s", status, test.status, test.says, out, said)
			}
		})
	}

	// One bit of a leaf: it is named.
	entries, err := filepath.Glob(filepath.Join(dir, "tile", "entries", "*", "*"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	bundle := read(t, entries[0])
	leaves, err := audit.ParseEntries(bundle)
	if err != nil {
		t.Fatal(err)
	}
	leaves[3][len(leaves[3])/2] ^= 1 // a part of bundle
	if err := os.WriteFile(entries[0], bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, said := program(t.Context(), "audit", "verify", dir, "--key", key)
	if status != exitNoMatch || !strings.Contains(out, "First bad: leaf 3:") {
		t.Errorf("status %d\n%s%s", status, out, said)
	}
	status, out, _ = program(t.Context(), "audit", "verify", dir, "--key", key, "--json")
	if problems := parsed(t, out)["problems"].([]any); status != exitNoMatch || problems[0].(map[string]any)["from"] != 3.0 {
		t.Errorf("status %d\n%s", status, out)
	}
}

// receipt writes a decision's receipt, as the server gives it.
func (h *house) receipt(d truename.Decision) string {
	h.Helper()
	var data []byte
	h.with(func(ctx context.Context, o *operator) {
		log := o.store.Log(ctx)
		checkpoint, err := o.publisher.Publish(ctx, log)
		if err != nil {
			h.Fatal(err)
		}
		leaves, err := o.store.Leaves(ctx, d.Leaf, d.Leaf+1)
		if err != nil {
			h.Fatal(err)
		}
		r, err := audit.NewReceipt(d, leaves[0], checkpoint, log)
		if err != nil {
			h.Fatal(err)
		}
		if data, err = json.Marshal(r); err != nil {
			h.Fatal(err)
		}
	})
	return write(h.T, "receipt.json", string(data))
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
