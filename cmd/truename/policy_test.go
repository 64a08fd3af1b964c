package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"truename/policy"
)

const golden = "../../policy/testdata/"

func TestPolicyPacks(t *testing.T) {
	ctx := t.Context()
	pack, err := policy.LoadBuiltin("in")
	if err != nil {
		t.Fatal(err)
	}
	own := write(t, "own.toml", strings.Replace(string(pack.Text()), "numbers = 9", "numbers = 1", 1))
	broken := write(t, "broken.toml", "name = 1\n")
	for name, test := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"list":                {[]string{"list"}, 0, "Strict default"},
		"list as JSON":        {[]string{"list", "--json"}, 0, pack.Ref().Digest},
		"show":                {[]string{"show", "in"}, 0, "numbers=9"},
		"show as JSON":        {[]string{"show", "in", "--json"}, 0, `"numbers=9"`},
		"show what is set":    {[]string{"show", "--policy", "th"}, 0, "Thailand"},
		"show a file":         {[]string{"show", own}, 0, "numbers=1"},
		"show nothing known":  {[]string{"show", "xx"}, exitUnusable, "strict"},
		"show no file":        {[]string{"show", "nowhere.toml"}, exitUnusable, "nowhere.toml"},
		"show a broken file":  {[]string{"show", broken}, exitUnusable, "policy_pack"},
		"test":                {[]string{"test", "in", golden + "in.toml"}, 0, " 0 failed"},
		"test a file":         {[]string{"test", own, golden + "in.toml"}, exitNoMatch, "limit_reached"},
		"test another's":      {[]string{"test", "cn", golden + "in.toml"}, exitNoMatch, "FAILED"},
		"test as JSON":        {[]string{"test", "cn", golden + "in.toml", "--json"}, exitNoMatch, `"difference"`},
		"test without a file": {[]string{"test", "in", "nowhere.toml"}, exitUnusable, "nowhere.toml"},
		"test no cases":       {[]string{"test", "in", broken}, exitUnusable, "invalid_request"},
		"test no pack":        {[]string{"test", "xx", golden + "in.toml"}, exitUnusable, "built-in"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, said := program(ctx, append([]string{"policy"}, test.args...)...)
			if status != test.status || !strings.Contains(out+said, test.says) {
				t.Errorf("status %d, want %d and %q\n%s%s", status, test.status, test.says, out, said)
			}
		})
	}
}

// Every rule of every built-in pack is shown, in the order of the pack's text, with its source.
func TestPolicySheet(t *testing.T) {
	for _, name := range policy.Builtin() {
		p, err := policy.LoadBuiltin(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := readSheet(p)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Count(string(p.Text()), "\nsource = "); len(s.Rules) != want || s.Title == "" {
			t.Errorf("%s: %d rules, %d sources in its text", name, len(s.Rules), want)
		}
		last := 0
		for _, r := range s.Rules {
			at := r.place(p.Text())
			if at < last || at == len(p.Text()) || r.Source == "" || r.Sure == "" {
				t.Errorf("%s: rule %+v at %d", name, r, at)
			}
			last = at
		}
	}
}

func TestPolicyExplain(t *testing.T) {
	h := newHouse(t)
	r, d := h.registration(1, "chip")
	referred, _ := h.registration(2, "desk")
	for _, id := range []string{r.ID, d.ID} {
		if said := h.ok("policy", "explain", id); !strings.Contains(said, "approve") || !strings.Contains(said, "same ruling") || !strings.Contains(said, "requirements_met") {
			t.Error(said)
		}
	}
	said := h.ok("policy", "explain", referred.ID, "--lang", "zh-CN")
	if !strings.Contains(said, "document_keyed") || !strings.Contains(said, "→") {
		t.Error(said)
	}
	if x := parsed(t, h.ok("policy", "explain", r.ID, "--json")); x["same"] != true || x["registration"] != r.ID || x["words"] == nil {
		t.Errorf("%v", x)
	}
	h.refused(exitUnusable, "not_found", "policy", "explain", "nothing")
	h.with(func(ctx context.Context, o *operator) {
		// A registration that is open has no decision.
		var err error
		if r, err = o.flow.Open(ctx, agent("agent-1"), firstNumber(3)); err != nil {
			t.Fatal(err)
		}
	})
	h.refused(exitUnusable, "not been decided", "policy", "explain", r.ID)

	// Somebody who can write the database changes a decision.
	db, err := sql.Open("sqlite", filepath.Join(h.data, "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE decision SET doc = replace(doc, '"verdict":"approve"', '"verdict":"refuse"') WHERE id = ?`, d.ID); err != nil {
		t.Fatal(err)
	}
	status, said, _ := h.run("policy", "explain", d.ID)
	if status != exitNoMatch || !strings.Contains(said, "another ruling: approve") {
		t.Errorf("status %d\n%s", status, said)
	}
}
