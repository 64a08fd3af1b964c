package truename_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"truename"
)

// verbs is every verb for which package fmt asks a value how it wants to be printed, and some that it does not know. For %p
// it does not ask.
const verbs = "vTtbcdoOqxXUeEfFgGs!z"

// leaks gives how a value shows when it is printed with some verb, in one of the forms that fmt could give it.
func leaks(secret string, values ...any) []string {
	forms := []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret), fmt.Sprintf("%q", secret)}
	var found []string
	for _, v := range values {
		for _, verb := range verbs {
			for _, flag := range []string{"", "+", "#", " ", "-20", "020", ".3", "#+ "} {
				format := "%" + flag + string(verb)
				out := fmt.Sprintf(format, v)
				for _, form := range forms {
					if strings.Contains(out, form) || flag == ".3" && strings.Contains(out, secret[:3]) {
						found = append(found, fmt.Sprintf("%s of %T", format, v))
					}
				}
			}
		}
	}
	return found
}

func TestPrivateIsNeverPrinted(t *testing.T) {
	const secret = "Zaphod Beeblebrox"
	p := truename.Private(secret)
	fields := truename.DocumentFields{Name: p, Number: p}
	if found := leaks(secret, p, &p, fields, &fields, []truename.Private{p}, map[string]truename.Private{"a": p}, map[truename.Private]int{p: 1}); found != nil {
		t.Errorf("printed with %v", found)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "p", p, "pointer", &p, "fields", fields)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "p", p, "pointer", &p, "fields", fields)
	encoded, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), secret) || bytes.Contains(encoded, []byte(secret)) {
		t.Error("logged or encoded")
	}
	var decoded truename.Private
	if err := json.Unmarshal([]byte(`"`+secret+`"`), &decoded); err != nil || decoded.Reveal() != secret {
		t.Errorf("decoded to another value, error %v", err)
	}
	for format, want := range map[string]string{"%s": "[redacted]", "%x": "[redacted]", "%q": `"[redacted]"`, "%v": "[redacted]", "%d": "[redacted]", "%#v": `"[redacted]"`} {
		if got := fmt.Sprintf(format, p); got != want {
			t.Errorf("%s gives %s, want %s", format, got, want)
		}
	}
	if got := fmt.Sprintf("%v%s%x", truename.Private(""), truename.Private(""), truename.Private("")); got != "" {
		t.Errorf("nothing is printed as %q", got)
	}
}
