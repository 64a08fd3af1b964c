package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"truename"
	"truename/audit"
	"truename/record/postgres/pgtest"
)

func TestBackupForgetsTheErased(t *testing.T) {
	h := newHouse(t)
	stays, _ := h.activated(1)
	goes, account := h.activated(2)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	secret := write(t, "identity", "# made for a test\n"+identity.String()+"\n")
	file := filepath.Join(t.TempDir(), "backup.age")
	h.ok("backup", file, "--recipient", identity.Recipient().String())
	old := filepath.Join(t.TempDir(), "old.age")
	if err := os.Rename(file, old); err != nil {
		t.Fatal(err)
	}
	oldKeys := write(t, "old.keys", string(read(t, file+".keys")))
	h.opens(goes.ID)

	h.ok("account", "close", account.ID, "--yes")
	h.ok("subject", "erase", goes.Person(truename.Applicant).Subject, "--yes")
	h.ok("backup", file, "--recipient", identity.Recipient().String())
	for _, name := range []string{file, file + ".keys"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if data := read(t, name); !bytes.HasPrefix(data, []byte("age-encryption.org/v1\n")) {
			t.Errorf("%s is not encrypted", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); left != nil {
		t.Errorf("left over: %v", left)
	}

	// Another machine, with the master key: the old records and the newest keys.
	other := &house{t, t.TempDir()}
	master := read(t, filepath.Join(h.data, "master.json"))
	if err := os.WriteFile(filepath.Join(other.data, "master.json"), master, 0o600); err != nil {
		t.Fatal(err)
	}
	restore := []string{"restore", old, "--keys", file + ".keys", "--identity", secret}
	if said := other.ok(restore...); !strings.HasPrefix(said, "Would restore ") {
		t.Error(said)
	}
	if _, err := os.Stat(filepath.Join(other.data, "records.db")); err == nil {
		t.Fatal("without --yes, records were made")
	}
	other.ok(append(restore, "--yes")...)
	other.opens(stays.ID)
	other.closed(goes.ID, truename.CodeErased)
	if got := other.lastLeaf(); got != "records.restored" {
		t.Errorf("the last leaf is %s", got)
	}
	if !strings.Contains(other.ok("registration", "show", goes.ID), "activated") {
		t.Error("the records are not whole")
	}
	other.refused(exitUnusable, "not empty", append(restore, "--yes")...)

	// With a copy of the old keys it would open: that is why none may be kept.
	other.ok("restore", old, "--keys", oldKeys, "--keys-only", "--identity", secret, "--yes")
	other.opens(goes.ID)
}

// lastLeaf gives the kind of the newest leaf.
func (h *house) lastLeaf() (kind string) {
	h.Helper()
	h.with(func(ctx context.Context, o *operator) {
		size, err := o.store.LogSize(ctx)
		if err != nil {
			h.Fatal(err)
		}
		last, err := o.store.LeafAt(ctx, size-1)
		if err != nil {
			h.Fatal(err)
		}
		entry, err := audit.ParseLeaf(last.Data)
		if err != nil {
			h.Fatal(err)
		}
		kind = entry.Kind
	})
	return kind
}

// closed checks that what was sealed for a registration cannot be opened.
func (h *house) closed(id string, code truename.Code) {
	h.Helper()
	h.with(func(ctx context.Context, o *operator) {
		fields, err := o.flow.Fields(ctx, id, truename.Applicant)
		if err == nil || truename.AsError(err).Code != code || fields.Name != "" {
			h.Errorf("%v", err)
		}
	})
}

func TestBackupsThatCannotBe(t *testing.T) {
	h := newHouse(t)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	recipient, secret, wrong := identity.Recipient().String(), write(t, "identity", identity.String()), write(t, "stranger", stranger.String())
	file := filepath.Join(t.TempDir(), "backup.age")
	h.refused(exitUnusable, "recipient", "backup", file)
	h.refused(exitUnusable, "not one", "backup", file, "--recipient", "age1nonsense")
	h.refused(exitUnusable, "two files", "backup", file, "--recipient", recipient, "--keys", file)
	h.refused(exitUnusable, "cannot be written", "backup", filepath.Join(file, "x", "y"), "--recipient", recipient)
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); left != nil {
		t.Errorf("left over: %v", left)
	}
	h.ok("backup", file, "--recipient", recipient, "--recipient", stranger.Recipient().String())
	whole := read(t, file)
	damaged := write(t, "damaged.age", string(append(bytes.Clone(whole[:len(whole)-1]), whole[len(whole)-1]^1)))
	short := write(t, "short.age", string(whole[:len(whole)-40]))
	lonely := write(t, "lonely.age", string(whole))
	only := filepath.Join(t.TempDir(), "only.age")
	h.ok("backup", only, "--recipient", recipient)

	other := &house{t, filepath.Join(t.TempDir(), "new")}
	for name, test := range map[string]struct {
		says string
		args []string
	}{
		"no identity":        {"--identity", []string{file}},
		"identity of others": {"cannot be decrypted", []string{only, "--identity", wrong}},
		"file without a key": {"holds none", []string{file, "--identity", file}},
		"damaged":            {"damaged", []string{damaged, "--keys", file + ".keys", "--identity", secret}},
		"cut off":            {"damaged", []string{short, "--keys", file + ".keys", "--identity", secret}},
		"no backup":          {"cannot be decrypted", []string{secret, "--keys", file + ".keys", "--identity", secret}},
		"keys are missing":   {".keys", []string{lonely, "--identity", secret}},
		"keys for nothing":   {"no records", []string{file, "--keys-only", "--identity", secret}},
		"not there":          {"nowhere", []string{"nowhere", "--identity", secret}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, yes := range [][]string{nil, {"--yes"}} {
				other.refused(exitUnusable, test.says, append(append([]string{"restore"}, test.args...), yes...)...)
			}
			if files, _ := filepath.Glob(other.data); files != nil {
				t.Error("something was made")
			}
		})
	}
	// The two files the wrong way round are refused by what they say of themselves, and nothing is written.
	swapped := &house{t, t.TempDir()}
	if status, _, said := swapped.run("restore", file+".keys", "--keys", file, "--identity", secret, "--yes"); status != exitUnusable || !strings.Contains(said, "not a whole backup") {
		t.Errorf("status %d, %s", status, said)
	}
	swapped.ok("restore", file, "--identity", secret, "--yes")
}

// A backup moves an operator from the embedded records to a server.
func TestOperatorOnAServer(t *testing.T) {
	h := newHouse(t)
	r, _ := h.registration(1, "chip")
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	secret, file := write(t, "identity", identity.String()), filepath.Join(t.TempDir(), "backup.age")
	h.ok("backup", file, "--recipient", identity.Recipient().String())

	server := pgtest.Start(t)
	on := func(want int, args ...string) string {
		t.Helper()
		status, out, said := program(t.Context(), append(args, "--records", server, "--data", h.data, "--policy", "in", "--issuer", "https://operator.example")...)
		if status != want {
			t.Fatalf("%q: status %d, want %d\n%s%s", args, status, want, out, said)
		}
		if strings.Contains(out+said, server) {
			t.Errorf("%q shows the server's address, which may hold a password", args)
		}
		return out
	}
	on(exitUnusable, "registration", "list")
	on(0, "restore", file, "--identity", secret)
	on(exitUnusable, "registration", "list")
	on(0, "restore", file, "--identity", secret, "--yes")
	if said := on(0, "registration", "show", r.ID); !strings.Contains(said, "approved") {
		t.Error(said)
	}
	on(0, "client", "add", "till", "--role", "auditor", "--yes")
	if said := on(0, "keys", "rotate-master", "--yes"); !strings.Contains(said, "wraps 1 subjects' keys") {
		t.Error(said)
	}
	if said := on(0, "init", "--yes"); !strings.HasPrefix(said, "Nothing to do") {
		t.Error(said)
	}
	on(0, "policy", "explain", r.ID)
	on(0, "audit", "checkpoint")
}
