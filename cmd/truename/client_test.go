package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"truename/access"
)

func TestOutlets(t *testing.T) {
	h := newHouse(t)
	h.change("outlet", "add", "mumbai-1", "--name", "Mumbai", "--channel", "own_outlet", "--registry", "R-1")
	h.refused(exitUnusable, "an outlet with this id", "outlet", "add", "mumbai-1", "--name", "Mumbai", "--channel", "dealer")
	h.refused(exitUnusable, "channel", "outlet", "add", "mumbai-2", "--name", "Mumbai", "--channel", "market", "--yes")
	h.refused(exitUnusable, "--name", "outlet", "add", "mumbai-2", "--channel", "dealer", "--yes")
	h.refused(exitUnusable, "not_found", "outlet", "suspend", "nowhere", "--yes")
	h.refused(exitUnusable, "not_found", "outlet", "restore", "nowhere")
	h.idle("outlet", "restore", "mumbai-1")
	h.change("outlet", "suspend", "mumbai-1")
	h.idle("outlet", "suspend", "mumbai-1")
	if all := h.items("outlet", "list"); len(all) != 1 || all[0]["id"] != "mumbai-1" || all[0]["suspended_at"] == nil {
		t.Errorf("outlets %v", all)
	}
	if said := h.ok("outlet", "list"); !strings.Contains(said, "suspended") {
		t.Error(said)
	}
	h.change("outlet", "restore", "mumbai-1")
	if said := h.ok("outlet", "list"); strings.Contains(said, "suspended") {
		t.Error(said)
	}
}

func TestClients(t *testing.T) {
	h := newHouse(t)
	h.ok("outlet", "add", "mumbai-1", "--name", "Mumbai", "--channel", "own_outlet", "--yes")
	said := h.change("client", "add", "till 3", "--role", "agent", "--outlet", "mumbai-1", "--expires", "2099-01-31")
	_, rest, _ := strings.Cut(said, "key: ")
	key, _, _ := strings.Cut(rest, "\n")
	var id string
	h.with(func(ctx context.Context, o *operator) {
		a, err := o.gate.Authenticate(ctx, &access.Credentials{Authorization: "Bearer " + key})
		if err != nil || a.Outlet != "mumbai-1" {
			t.Errorf("%+v, %v", a, err)
		}
		id = a.ID
	})
	if said := h.ok("client", "list"); !strings.Contains(said, "till 3") || strings.Contains(said, key) {
		t.Error(said)
	}
	if all := h.items("client", "list"); len(all) != 1 || all[0]["id"] != id || all[0]["expires_at"] != "2099-01-31T00:00:00Z" {
		t.Errorf("clients %v", all)
	}
	h.change("client", "revoke", id)
	h.idle("client", "revoke", id)
	h.with(func(ctx context.Context, o *operator) {
		if _, err := o.gate.Authenticate(ctx, &access.Credentials{Authorization: "Bearer " + key}); err == nil {
			t.Error("a revoked key lets somebody in")
		}
	})

	key = filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, []byte("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		says string
		args []string
	}{
		{"--role", []string{"add", "x"}},
		{"roles are", []string{"add", "x", "--role", "boss"}},
		{"reviewer", []string{"add", "x", "--role", "reviewer"}},
		{"outlet", []string{"add", "x", "--role", "agent", "--outlet", "nowhere"}},
		{"expired", []string{"add", "x", "--role", "auditor", "--expires", "2020-01-01"}},
		{"--expires", []string{"add", "x", "--role", "auditor", "--expires", "soon"}},
		{"not its key", []string{"add", "x", "--role", "auditor", "--certificate", key}},
		{"nowhere.pem", []string{"add", "x", "--role", "auditor", "--certificate", "nowhere.pem"}},
		{"not_found", []string{"revoke", "01982222-2222-7222-8222-222222222222"}},
		{"<id>", []string{"revoke"}},
	} {
		for _, yes := range [][]string{nil, {"--yes"}} {
			h.refused(exitUnusable, bad.says, append(append([]string{"client"}, bad.args...), yes...)...)
		}
	}
}

func TestStaff(t *testing.T) {
	h := newHouse(t)
	h.change("staff", "add", "Lin", "--role", "reviewer", "--role", "auditor")
	all := h.items("staff", "list")
	if len(all) != 1 || all[0]["name"] != "Lin" {
		t.Fatalf("staff %v", all)
	}
	id := all[0]["id"].(string)
	if said := h.change("staff", "invite", id); !strings.Contains(said, "invitation: tni_") {
		t.Error(said)
	}
	said := h.change("staff", "session", id)
	_, rest, _ := strings.Cut(said, "token: ")
	token, _, _ := strings.Cut(rest, "\n")
	h.with(func(ctx context.Context, o *operator) {
		a, err := o.gate.Authenticate(ctx, &access.Credentials{Authorization: "Bearer " + token})
		if err != nil || a.ID != id {
			t.Errorf("%+v, %v", a, err)
		}
	})
	h.idle("staff", "enable", id)
	h.change("staff", "disable", id)
	h.idle("staff", "disable", id)
	if said := h.ok("staff", "list"); !strings.Contains(said, "disabled") {
		t.Error(said)
	}
	h.with(func(ctx context.Context, o *operator) {
		if _, err := o.gate.Authenticate(ctx, &access.Credentials{Authorization: "Bearer " + token}); err == nil {
			t.Error("a session of somebody who is disabled holds")
		}
	})
	h.refused(exitUnusable, "disabled", "staff", "session", id, "--yes")
	h.refused(exitUnusable, "disabled", "staff", "invite", id, "--yes")
	h.change("staff", "enable", id)
	for _, command := range []string{"invite", "session", "disable", "enable"} {
		for _, yes := range [][]string{nil, {"--yes"}} {
			h.refused(exitUnusable, "not_found", append([]string{"staff", command, "nobody"}, yes...)...)
		}
	}
	h.change("staff", "add", "Qi", "--role", "auditor", "--login-issuer", "https://login.example", "--login", "qi")
	h.refused(exitUnusable, "another member of staff's", "staff", "add", "Qi again", "--role", "auditor", "--login-issuer", "https://login.example", "--login", "qi")
	h.refused(exitUnusable, "belongs to an outlet", "staff", "add", "Wu", "--role", "agent", "--yes")
	h.refused(exitUnusable, "go together", "staff", "add", "Wu", "--role", "auditor", "--login-issuer", "https://login.example", "--yes")
}
