package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"truename"
	"truename/vault"
)

func TestKeys(t *testing.T) {
	h := newHouse(t)
	first := keyNames(h)
	if len(first) != 1 {
		t.Fatalf("keys %v", first)
	}
	h.change("keys", "rotate")
	if second := keyNames(h); len(second) != 2 || second[0] == second[1] || !strings.Contains(strings.Join(second, " "), first[0]) {
		t.Errorf("keys %v, before %v", second, first)
	}
	if said := h.ok("keys", "list"); !strings.Contains(said, "signs") || !strings.Contains(said, "verifies") {
		t.Error(said)
	}
}

func keyNames(h *house) (ids []string) {
	h.Helper()
	for _, k := range parsed(h.T, h.ok("keys", "list", "--json"))["activation"].([]any) {
		ids = append(ids, k.(map[string]any)["kid"].(string))
	}
	return ids
}

func TestMasterKeyIsRotated(t *testing.T) {
	h := newHouse(t)
	open, _ := h.registration(1, "chip")
	gone, account := h.activated(2)
	h.ok("account", "close", account.ID, "--yes")
	h.ok("subject", "erase", gone.Person(truename.Applicant).Subject, "--yes")
	before := h.masters()
	if said := h.change("keys", "rotate-master"); !strings.Contains(said, "wraps 1 subjects' keys") {
		t.Error(said)
	}
	after := h.masters()
	if len(before) != 1 || len(after) != 1 || before[0] == after[0] {
		t.Fatalf("masters %v, then %v", before, after)
	}
	h.opens(open.ID)

	// Interrupted after the new key was made: the next run goes on with it.
	if _, err := vault.RotateMaster(filepath.Join(h.data, "master.json")); err != nil {
		t.Fatal(err)
	}
	if said := h.change("keys", "rotate-master"); !strings.Contains(said, "was interrupted") || !strings.Contains(said, "wraps 1 subjects' keys") {
		t.Error(said)
	}
	newest := h.masters()
	if len(newest) != 1 || newest[0] == after[0] {
		t.Errorf("masters %v", newest)
	}
	// With the older keys gone, all still opens.
	for _, old := range []string{before[0], after[0]} {
		if err := vault.RetireMaster(filepath.Join(h.data, "master.json"), old); err != nil {
			t.Fatal(err)
		}
	}
	h.opens(open.ID)
	status, _, said := program(t.Context(), "keys", "rotate-master", "--yes", "--data", h.data, "--vault", "hcvault://vault.example/transit/keys/x")
	if status != exitUnusable || !strings.Contains(said, "key service") {
		t.Errorf("status %d, %s", status, said)
	}
}

// masters names the master keys that wrap anything.
func (h *house) masters() []string {
	h.Helper()
	found := map[string]bool{}
	h.with(func(ctx context.Context, o *operator) {
		ring, err := o.store.Keyring(ctx, ringName)
		if err != nil {
			h.Fatal(err)
		}
		of, err := o.vault.MasterOfRing(ring)
		if err != nil {
			h.Fatal(err)
		}
		found[of] = true
		all, _, err := o.store.Registrations(ctx, truename.RegistrationQuery{})
		if err != nil {
			h.Fatal(err)
		}
		for i := range all {
			s, err := o.store.Subject(ctx, all[i].Person(truename.Applicant).Subject)
			if err != nil {
				h.Fatal(err)
			}
			if s.Key == nil {
				continue
			}
			if of, err = o.vault.MasterOf(s.Key); err != nil {
				h.Fatal(err)
			}
			found[of] = true
		}
	})
	var names []string
	for name := range found {
		names = append(names, name)
	}
	return names
}

// opens checks that what was sealed for a registration can be opened.
func (h *house) opens(id string) {
	h.Helper()
	h.with(func(ctx context.Context, o *operator) {
		fields, err := o.flow.Fields(ctx, id, truename.Applicant)
		if err != nil || fields.Name != canaryName {
			h.Errorf("%v", err)
		}
	})
}
