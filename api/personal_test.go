package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"truename/api"
)

func TestPersonalIsOnlyOnTheWire(t *testing.T) {
	const secret = "Zaphod Beeblebrox"
	document := api.Document{Name: secret, Number: secret}
	var out bytes.Buffer
	for _, verb := range "vTtbcdoOqxXUeEfFgGs!z" {
		for _, flag := range []string{"", "+", "#", " ", "020"} {
			format := "%" + flag + string(verb)
			fmt.Fprintf(&out, format, api.Personal(secret))
			fmt.Fprintf(&out, format, document)
			fmt.Fprintf(&out, format, []api.Personal{secret})
		}
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "p", api.Personal(secret), "document", document)
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("printed or logged as %s", form)
		}
	}
	body, err := json.Marshal(document)
	if err != nil || !bytes.Contains(body, []byte(`"name":"`+secret+`"`)) {
		t.Errorf("on the wire it is %s, error %v", body, err)
	}
}
