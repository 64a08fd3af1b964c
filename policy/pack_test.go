package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
)

func builtinPack(t testing.TB, name string) *Pack {
	t.Helper()
	p, err := LoadBuiltin(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// changed gives the text of a built-in pack with one place replaced; the place must be there.
func changed(t testing.TB, name, old, new string) []byte {
	t.Helper()
	text := string(builtinPack(t, name).Text())
	if !strings.Contains(text, old) {
		t.Fatalf("the pack %s does not contain %q", name, old)
	}
	return []byte(strings.Replace(text, old, new, 1))
}

// withCondition gives a pack with one condition of an operator.
func withCondition(t testing.TB, when, then string) []byte {
	t.Helper()
	return append(builtinPack(t, "cn").Text(), []byte("\n[[condition]]\nid = \"own\"\nsource = \"operator\"\nsure = \"T\"\nwhen = '"+when+
		"'\nthen = \""+then+"\"\ncode = \"own_rule\"\nreason = { zh-CN = \"甲\", en = \"A\" }\nremedy = { zh-CN = \"乙\", en = \"B\" }\n")...)
}

func TestBuiltinPacks(t *testing.T) {
	want := []string{"cn", "id", "in", "ng", "ph", "pk", "strict", "th"}
	if diff := cmp.Diff(want, Builtin()); diff != "" {
		t.Fatal(diff)
	}
	for _, name := range Builtin() {
		p := builtinPack(t, name)
		sum := sha256.Sum256(p.Text())
		if ref := p.Ref(); ref.Name != name || ref.Digest != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: %+v", name, ref)
		}
		again, err := Load(p.Text())
		if err != nil || again.Ref() != p.Ref() {
			t.Errorf("%s does not load from its own text: %v", name, err)
		}
	}
	if _, err := LoadBuiltin("../packs/cn"); truename.AsError(err).Code != truename.CodePolicyPack {
		t.Errorf("a path is no name: %v", err)
	}
}

func TestPacksThatDoNotLoad(t *testing.T) {
	for name, text := range map[string][]byte{
		"empty":                  nil,
		"not TOML":               []byte("name = "),
		"unknown key":            changed(t, "cn", "numbers = 5", "numbers = 5\nbonus = 1"),
		"too long":               append(builtinPack(t, "cn").Text(), []byte("\n#"+strings.Repeat("x", maxPack))...),
		"face the only way":      changed(t, "cn", `routes = ["face", "in_person"]`, `routes = ["face"]`),
		"face the only way once": changed(t, "cn", `routes = ["face", "in_person"]`, "routes = [\"face\", \"in_person\"]\nexcept = [{ kind = \"port_in\", channel = \"dealer\", route = \"in_person\" }]"),
		"no way at all":          changed(t, "cn", `routes = ["face", "in_person"]`, "routes = [\"face\", \"in_person\"]\nexcept = [{ channel = \"dealer\" }]"),
		"rate above 1e-3":        changed(t, "cn", "target_fmr = 1e-4", "target_fmr = 1.1e-3"),
		"rate zero":              changed(t, "cn", "target_fmr = 1e-4", "target_fmr = 0.0"),
		"rate not a number":      changed(t, "cn", "target_fmr = 1e-4", "target_fmr = nan"),
		"no limit":               changed(t, "cn", "numbers = 5", "numbers = 0"),
		"limit of no document":   changed(t, "pk", "passport = 1", "library_card = 1"),
		"one pair of eyes":       changed(t, "cn", "eyes = 2", "eyes = 1"),
		"no source":              changed(t, "cn", `id = "five_numbers"`+"\nsource = ", `id = "five_numbers"`+"\nsource = \"\" #"),
		"sure of nothing":        changed(t, "cn", `sure = "R"`, `sure = "X"`),
		"two rules, one id":      changed(t, "cn", `id = "holder"`, `id = "five_numbers"`),
		"consent in one tongue":  changed(t, "cn", "en = \"For this request", "en = \"\" #"),
		"no consent to the face": changed(t, "cn", "[consent.text.face_verification]", "[consent.text.face_retention]"),
		"another use of a face":  changed(t, "cn", "[consent.text.face_verification]", "[consent.text.emotion]"),
		"template, no consent":   changed(t, "cn", "template = false", "template = true"),
		"kept, not stored":       changed(t, "id", `live = "0"`, `live = "1d"`),
		"no appeal":              changed(t, "cn", `en = "You can appeal`, `en = "" } #`),
		"appeal for a day":       changed(t, "cn", `open_for = "30d"`, `open_for = "1d"`),
		"liveness perhaps":       changed(t, "cn", `liveness = "when_available"`, `liveness = "perhaps"`),
		"negative span":          changed(t, "cn", `reservation = "24h"`, `reservation = "-24h"`),
		"long token":             changed(t, "cn", `token = "10m"`, `token = "2h"`),
		"timezone by name":       changed(t, "cn", `timezone = "+08:00"`, `timezone = "Asia/Shanghai"`),
		"text of no code":        append(builtinPack(t, "cn").Text(), []byte("\n[text.nothing]\nreason = { zh-CN = \"甲\", en = \"A\" }\nremedy = { zh-CN = \"乙\", en = \"B\" }\n")...),
		"text in one tongue":     append(builtinPack(t, "cn").Text(), []byte("\n[text.limit_reached]\nreason = { zh-CN = \"甲\" }\nremedy = { zh-CN = \"乙\", en = \"B\" }\n")...),
		"obligation unsaid":      changed(t, "in", `en = "For 24 hours`, `en = "" } #`),
		"condition unsaid":       changed(t, "id", `en = "The number has not been`, `en = "" } #`),
		"condition approves":     withCondition(t, "true", "approve"),
		"condition not a bool":   withCondition(t, "1 + 1", "refer"),
		"condition broken":       withCondition(t, "kind ==", "refer"),
		"condition unknown word": withCondition(t, "ethnicity == \"x\"", "refer"),
		"condition literal map":  withCondition(t, `{"a": 1}.exists(k, k == "a")`, "refer"),
		"condition too long":     withCondition(t, "true"+strings.Repeat(" || true", 2000), "refer"),
		"condition too deep":     withCondition(t, strings.Repeat("(", 300)+"true"+strings.Repeat(")", 300), "refer"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(text)
			var e *truename.Error
			if !errors.As(err, &e) || e.Code != truename.CodePolicyPack || e.Detail == "" || e.Remedy == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	s := builtinPack(t, "cn").Settings()
	if s.TargetFMR != 1e-4 || s.RetryCaps[truename.StageComparison] != 3 || s.RegistrationTTL != 72*time.Hour || !s.RequireOutletRegistry ||
		s.Retention.AfterEnd != 730*24*time.Hour || s.Retention.Portrait != 0 || s.Store.Template || !s.Store.Portrait || s.Reverification.SuspendAfter != 24*time.Hour {
		t.Errorf("%+v", s)
	}
	if c := s.Consents[truename.PurposeFaceVerification]; c.Version == "" || c.Text["zh-CN"] == "" || c.Text["en"] == "" {
		t.Errorf("%+v", c)
	}
	// The 48 hours are those in which people answer, not those in which a customer may ask.
	if s.Appeal.Within != 48*time.Hour || s.Appeal.OpenFor != 30*24*time.Hour {
		t.Errorf("%+v", s.Appeal)
	}
	old, err := Load(changed(t, "cn", "open_for = \"30d\"\n", ""))
	if err != nil || old.Settings().Appeal.OpenFor != 30*24*time.Hour {
		t.Errorf("a pack that does not say how long a refusal can be appealed: %v", err)
	}
	p := builtinPack(t, "id")
	p.Settings().RetryCaps[truename.StageComparison] = 99
	again := p.Settings()
	if again.RetryCaps[truename.StageComparison] != 3 {
		t.Error("a caller changed the pack")
	}
	if again.Store != (Store{Fields: true}) {
		t.Errorf("the Indonesian pack stores faces: %+v", again.Store)
	}
}

// What the customer reads is what the pack does.
func TestAppealIsSaidAsItIs(t *testing.T) {
	for _, name := range Builtin() {
		s := builtinPack(t, name).Settings()
		days := fmt.Sprint(int(s.Appeal.OpenFor.Hours() / 24))
		for where, text := range map[string]string{
			"appeal, en": s.Appeal.Text["en"], "consent, en": s.Consents[truename.PurposeIdentity].Text["en"],
		} {
			if !strings.Contains(text, days+" days") {
				t.Errorf("%s, %s: no %s days in %q", name, where, days, text)
			}
		}
		for where, text := range map[string]string{
			"appeal, zh-CN": s.Appeal.Text["zh-CN"], "consent, zh-CN": s.Consents[truename.PurposeIdentity].Text["zh-CN"],
		} {
			if !strings.Contains(text, days+"日") {
				t.Errorf("%s, %s: no %s日 in %q", name, where, days, text)
			}
		}
	}
}

func TestLimit(t *testing.T) {
	p := builtinPack(t, "pk")
	for document, want := range map[truename.DocumentType]int{truename.PKCNIC: 5, truename.Passport: 1, "library_card": 0} {
		n, ok := p.Limit(truename.PartyFacts{Document: document})
		if n != want || ok != (want > 0) {
			t.Errorf("%s: %d, %v", document, n, ok)
		}
	}
}

func TestSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "730d": 730 * 24 * time.Hour, "90m": 90 * time.Minute, "1s": time.Second} {
		var s span
		if err := s.UnmarshalText([]byte(text)); err != nil || s.d() != want {
			t.Errorf("%q: %v, %v", text, s.d(), err)
		}
	}
	for _, text := range []string{"", "d", "1", "-1d", "1.5h", "99999999d", "1w", "1 d", "999999999999s"} {
		var s span
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken as %v", text, s.d())
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, name := range Builtin() {
		f.Add(builtinPack(f, name).Text())
	}
	f.Add(withCondition(f, "latest.comparison.measures.score > 0.9", "refuse"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Load(text)
		if err != nil {
			if truename.AsError(err).Code != truename.CodePolicyPack {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		if r := p.Rule(truename.Case{Kind: truename.NewNumber, Channel: truename.OwnOutlet, Route: truename.RouteFace, At: time.Unix(1, 0)}); r.Verdict == truename.Approve {
			t.Fatal("a pack approves a case without findings")
		}
	})
}
