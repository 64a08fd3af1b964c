package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"truename"
)

func TestRegistrations(t *testing.T) {
	h := newHouse(t)
	approved, d := h.registration(1, "chip")
	referred, _ := h.registration(2, "desk")
	for name, test := range map[string]struct {
		flags []string
		want  []string
	}{
		"all":              {nil, []string{referred.ID, approved.ID}},
		"referred":         {[]string{"--state", "referred"}, []string{referred.ID}},
		"of another kind":  {[]string{"--kind", "port_in"}, nil},
		"of an outlet":     {[]string{"--outlet", "mumbai-1", "--channel", "own_outlet"}, []string{referred.ID, approved.ID}},
		"of other outlets": {[]string{"--outlet", "delhi-1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range h.items(append([]string{"registration", "list"}, test.flags...)...) {
				got = append(got, r["id"].(string))
				for _, private := range []string{"number", "sim"} {
					if _, ok := r[private]; ok {
						t.Errorf("a list shows %s", private)
					}
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	first := h.ok("registration", "list", "--limit", "1")
	_, cursor, more := strings.Cut(first, "--after ")
	if !more || !strings.Contains(first, referred.ID) {
		t.Fatal(first)
	}
	if second := h.ok("registration", "list", "--limit", "1", "--after", strings.TrimSpace(cursor)); !strings.Contains(second, approved.ID) || strings.Contains(second, "--after") {
		t.Error(second)
	}

	said := h.ok("registration", "show", approved.ID)
	for _, want := range []string{approved.ID, "approved", "in_person", d.ID, "in 2026", "ACCOUNT", "reserved", "agent-2"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in:\n%s", want, said)
		}
	}
	said = h.ok("registration", "show", referred.ID, "--lang", "zh-CN")
	if !strings.Contains(said, "REVIEW") || !strings.Contains(said, "核") {
		t.Error(said)
	}
	shown := parsed(t, h.ok("registration", "show", approved.ID, "--json"))
	if shown["number"] != nil || shown["sim"] != nil || len(shown["findings"].([]any)) != 4 || len(shown["decisions"].([]any)) != 1 {
		t.Errorf("%v", shown)
	}
	h.refused(exitUnusable, "not_found", "registration", "show", "nobody")
	h.refused(exitUnusable, "approved", "registration", "list", "--state", "aproved")
	h.refused(exitUnusable, "port_in", "registration", "list", "--kind", "new")
	h.refused(exitUnusable, "dealer", "registration", "list", "--channel", "shop")
	h.refused(exitUnusable, "--limit", "registration", "list", "--limit", "0")
	h.refused(exitUnusable, "truename:", "registration", "list", "--after", "nonsense")
}

func TestReviews(t *testing.T) {
	h := newHouse(t)
	r, _ := h.registration(1, "desk")
	h.ok("outlet", "add", "delhi-1", "--name", "Delhi", "--channel", "own_outlet", "--yes")
	reviewer := h.changed("staff", "add", "Lin", "--role", "reviewer")["id"].(string)
	auditor := h.changed("staff", "add", "Wu", "--role", "auditor")["id"].(string)
	elsewhere := h.changed("staff", "add", "Rao", "--role", "reviewer", "--outlet", "delhi-1")["id"].(string)
	gone := h.changed("staff", "add", "Das", "--role", "reviewer")["id"].(string)
	h.ok("staff", "disable", gone, "--yes")

	if all := h.items("review", "list"); len(all) != 1 || all[0]["registration"] != r.ID {
		t.Fatalf("queue %v", all)
	}
	if said := h.ok("review", "show", r.ID); !strings.Contains(said, "same_person") || !strings.Contains(said, "different_person") || !strings.Contains(said, "waiting") {
		t.Error(said)
	}
	for _, bad := range []struct {
		says string
		args []string
	}{
		{"--as", []string{"claim", r.ID}},
		{"not_found", []string{"claim", r.ID, "--as", "nobody"}},
		{"reviewer", []string{"claim", r.ID, "--as", auditor}},
		{"disabled", []string{"claim", r.ID, "--as", gone}},
		{"not_found", []string{"claim", r.ID, "--as", elsewhere}},
		{"not_found", []string{"claim", "nothing", "--as", reviewer}},
		{"not claimed", []string{"approve", r.ID, "same_person", "--as", reviewer}},
		{"same_person", []string{"approve", r.ID, "different_person", "--as", reviewer}},
		{"different_person", []string{"refuse", r.ID, "dislike", "--as", reviewer}},
	} {
		h.refused(exitUnusable, bad.says, append([]string{"review"}, bad.args...)...)
	}
	h.change("review", "claim", r.ID, "--as", reviewer)
	if said := h.ok("review", "list", "--claimed-by", reviewer); !strings.Contains(said, r.ID) {
		t.Error(said)
	}
	h.change("review", "release", r.ID, "--as", reviewer)
	h.change("review", "claim", r.ID, "--as", reviewer)
	if said := h.change("review", "approve", r.ID, "document_genuine", "--as", reviewer); !strings.Contains(said, "it is approved") {
		t.Error(said)
	}
	h.refused(exitUnusable, "not with the reviewers", "review", "refuse", r.ID, "different_person", "--as", reviewer)
	if all := h.items("review", "list"); len(all) != 0 {
		t.Errorf("queue %v", all)
	}
	if all := h.items("review", "list", "--all"); len(all) != 1 || all[0]["resolved_at"] == nil {
		t.Errorf("reviews %v", all)
	}
	refused, _ := h.registration(2, "desk")
	h.ok("review", "claim", refused.ID, "--as", reviewer, "--yes")
	if said := h.ok("review", "refuse", refused.ID, "document_false", "--as", reviewer); !strings.HasPrefix(said, "Would ") || !strings.Contains(said, "it is refused") {
		t.Error(said)
	}
	ruling := h.changed("review", "refuse", refused.ID, "document_false", "--as", reviewer)["ruling"].(map[string]any)
	if ruling["verdict"] != "refuse" {
		t.Errorf("ruling %v", ruling)
	}
	approved, _ := h.registration(3, "chip")
	h.refused(exitUnusable, "not referred", "review", "show", approved.ID)
	h.with(func(ctx context.Context, o *operator) {
		s, err := o.store.Snapshot(ctx, r.ID)
		if err != nil || s.Registration.State != truename.StateApproved {
			t.Errorf("%s, %v", s.Registration.State, err)
		}
	})
}

func TestSubjects(t *testing.T) {
	h := newHouse(t)
	r, account := h.activated(1)
	subject := r.Person(truename.Applicant).Subject
	if said := h.ok("subject", "show", subject); !strings.Contains(said, r.ID) || !strings.Contains(said, account.ID) || !strings.Contains(said, "fields") || !strings.Contains(said, "identity") {
		t.Error(said)
	}
	if got := parsed(t, h.ok("subject", "show", subject, "--json"))["erasure"].(map[string]any); got["possible"] != false {
		t.Errorf("erasure %v", got)
	}
	h.refused(exitUnusable, "not_found", "subject", "show", "nobody")
	h.refused(exitUnusable, "not_found", "subject", "erase", "nobody", "--yes")
	h.refused(exitUnusable, "not_found", "subject", "export", "nobody")
	h.refused(exitUnusable, account.ID, "subject", "erase", subject, "--yes")

	size := h.leaves()
	if said := h.ok("subject", "export", subject); !strings.Contains(said, canaryName) || !strings.Contains(said, canaryNumber) {
		t.Errorf("the export lacks what is kept:\n%s", said)
	}
	file := filepath.Join(t.TempDir(), "export.json")
	if said := h.ok("subject", "export", subject, "--out", file); strings.Contains(said, canaryName) {
		t.Error("an export to a file is printed, too")
	}
	if h.leaves() != size+2 {
		t.Error("an export is not in the audit log")
	}
	data, err := os.ReadFile(file)
	if err != nil || !json.Valid(data) || !strings.Contains(string(data), canaryName) {
		t.Errorf("%v: %s", err, data)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	h.refused(exitUnusable, "already", "subject", "export", subject, "--out", file)
	h.refused(exitUnusable, "cannot be written", "subject", "export", subject, "--out", filepath.Join(file, "x"))
	failed := filepath.Join(t.TempDir(), "export.json")
	h.refused(exitUnusable, "not_found", "subject", "export", "nobody", "--out", failed)
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(failed), "*")); left != nil {
		t.Errorf("a failed export leaves %v", left)
	}

	h.change("account", "dispute", account.ID)
	if said := h.ok("subject", "show", subject); !strings.Contains(said, "active") {
		t.Error(said)
	}
	h.change("account", "close", account.ID)
	h.idle("account", "close", account.ID)
	h.refused(exitUnusable, "active number", "account", "dispute", account.ID)
	h.refused(exitUnusable, "not_found", "account", "close", "nobody", "--yes")
	h.refused(exitUnusable, "not_found", "account", "dispute", "nobody")
	reserved, _ := h.registration(2, "chip")
	h.with(func(ctx context.Context, o *operator) {
		s, err := o.store.Snapshot(ctx, reserved.ID)
		if err != nil {
			t.Fatal(err)
		}
		h.refused(exitUnusable, "withdraw", "account", "close", s.Own.ID, "--yes")
	})

	h.change("subject", "erase", subject)
	h.idle("subject", "erase", subject)
	h.refused(exitUnusable, "erased", "subject", "export", subject)
	if said := h.ok("subject", "show", subject); !strings.Contains(said, "erasure:") || !strings.Contains(said, "done") {
		t.Error(said)
	}
	h.ok("registration", "show", r.ID)
}
