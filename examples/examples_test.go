// Package examples_test runs the examples against the real server, on real photos.
package examples_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"truename"
	"truename/activation"
	"truename/api"
	"truename/client"
	"truename/notify"
)

func TestExamples(t *testing.T) {
	s := newSite(t)
	t.Run("shop", func(t *testing.T) { testShop(t, s) })
	t.Run("in person", func(t *testing.T) { testInPerson(t, s) })
	t.Run("activation", func(t *testing.T) { testActivation(t, s) })
	t.Run("refusals", func(t *testing.T) { testRefusals(t, s) })
	t.Run("interruptions", func(t *testing.T) { testInterruptions(t, s) })
	t.Run("webhook", func(t *testing.T) { testWebhook(t, s) })
	t.Run("curl", func(t *testing.T) { testCurl(t, s) })
	t.Run("documentation", func(t *testing.T) { testDocumentation(t, s) })
	for _, canary := range []string{"91970000", "8991000000", "CANARY", s.shopKey, s.carrierKey} {
		if strings.Contains(s.said.String(), canary) {
			t.Errorf("an example has printed %s…", canary[:6])
		}
		if strings.Contains(s.log.String(), canary) {
			t.Errorf("the server's log has %s…", canary[:6])
		}
	}
}

func testShop(t *testing.T, s *site) {
	c := s.customer(t)
	_, r := c.shop(t, "同意\n是\n", "-order", c.order, "-live", live, "-language", "zh-CN", "-log-key", s.logKey)
	r.want(t, 0, "证件", "人脸", "approve", "核验", "verified")

	c = s.customer(t)
	_, r = c.shop(t, "", "-order", c.order, "-live", live, "-agreed", "-log-key", "truename.invalid/log+04e6c929+ASMrPUACIFEQZcyu3Tm5hf+4zjyo0OZEHpF/wUAdRAcc")
	r.want(t, 2, "does not hold")

	c = s.customer(t)
	id, r := c.shop(t, "", "-order", c.order, "-live", other, "-agreed")
	r.want(t, 5, "refer", "does not match")
	if got := s.state(t, id); got != truename.StateReferred {
		t.Errorf("state %s", got)
	}

	c = s.customer(t)
	id, r = c.shop(t, "yes\nno\n", "-order", c.order, "-live", live, "-ticket", "T1")
	r.want(t, 4, "Not agreed", "-route in_person")
	again, r := c.shop(t, "yes\n", "-order", c.order, "-live", unusable, "-ticket", "T1") // the first consent is on record
	r.want(t, 4, "undecided", "another picture")
	if again != id || id == "" {
		t.Errorf("the ticket has the registrations %q and %q", id, again)
	}
	_, r = c.shop(t, "", "-registration", id, "-live", live)
	r.want(t, 0, "approve")

	_, r = c.shop(t, "", "-order", c.document, "-live", live)
	r.want(t, 2)
	_, r = c.shop(t, "", "-order", c.order, "-kind", "lottery")
	r.want(t, 2, "invalid_request")
	_, r = c.shop(t, "", "-server", "http://127.0.0.1:1", "-order", c.order)
	r.want(t, 3)
}

// Two members of staff check the customer; the shop says what they have to do, and goes on when they have.
func testInPerson(t *testing.T, s *site) {
	c := s.customer(t)
	id, r := c.shop(t, "yes\n", "-order", c.order, "-route", "in_person")
	r.want(t, 4, "Two members of staff", "/v1/registrations/"+id+"/in-person", "original document")
	if strings.Contains(r.out, "photo of your face") {
		t.Error("a consent to a face was asked for")
	}
	for _, name := range []string{"Lin", "Ma"} {
		member := s.operator(t, "staff", "add", name, "--role=agent", "--outlet=mumbai-1")["id"].(string)
		session := s.operator(t, "staff", "session", member)["token"].(string)
		_, err := (&client.Client{Server: s.address, Key: truename.Private(session)}).CheckInPerson(t.Context(), id, api.InPersonCheck{Same: true}, client.Write{})
		must(t, err)
	}
	_, r = c.shop(t, "", "-registration", id)
	r.want(t, 0, "approve")
}

func testActivation(t *testing.T, s *site) {
	state := t.TempDir()
	c := s.customer(t)
	open, r := c.shop(t, "no\n", "-order", c.order)
	r.want(t, 4)
	s.activation(t, state, open).want(t, 1, "wrong_state")
	s.activation(t, state, "../"+open).want(t, 2)

	id, c := s.approved(t)
	s.activation(t, state, id, "-orders", t.TempDir()).want(t, 1, "no order")
	for name, differing := range map[string]string{
		"number": fmt.Sprintf(`{"kind":"new_number","msisdn":"919799999999","iccid":%q}`, c.iccid),
		"SIM":    fmt.Sprintf(`{"kind":"new_number","msisdn":%q,"iccid":"8991999999999999999"}`, c.msisdn),
		"kind":   fmt.Sprintf(`{"kind":"sim_replacement","msisdn":%q,"iccid":%q}`, c.msisdn, c.iccid),
	} {
		orders := t.TempDir()
		must(t, os.WriteFile(filepath.Join(orders, id+".json"), []byte(differing), 0o600))
		s.activation(t, state, id, "-orders", orders).want(t, 1, "The "+name+" of the token is not the one")
	}
	if got := s.state(t, id); got != truename.StateApproved {
		t.Fatalf("state %s", got)
	}

	program, notes := carrierProgram(t, 0)
	s.activation(t, state, id, "-run", program).want(t, 0, "activated "+id)
	if got := s.state(t, id); got != truename.StateActivated {
		t.Errorf("state %s", got)
	}
	var told struct{ Registration, Kind, MSISDN, ICCID string }
	must(t, json.Unmarshal(read(t, notes), &told))
	if told.Registration != id || told.Kind != "new_number" || told.MSISDN != c.msisdn || told.ICCID != c.iccid {
		t.Errorf("the carrier's program was told %s", read(t, notes))
	}
	s.activation(t, state, id, "-run", program).want(t, 1, "was used")
}

// carrierProgram stands for the carrier's own: it notes what it was told, and ends with the status.
func carrierProgram(t *testing.T, status int) (program, notes string) {
	t.Helper()
	folder := t.TempDir()
	program, notes = filepath.Join(folder, "activate"), filepath.Join(folder, "notes")
	must(t, os.WriteFile(program, fmt.Appendf(nil, "#!/bin/sh\ncat >> '%s'\necho >> '%s'\nexit %d\n", notes, notes, status), 0o700))
	return program, notes
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// forging gives another token than the real one: by a server that lies, or somebody on the way.
func forging(t *testing.T, s *site, forged func(real string) string) (address string) {
	t.Helper()
	carrier := &client.Client{Server: s.address, Key: truename.Private(s.carrierKey)}
	return s.between(t, func(w http.ResponseWriter, r *http.Request) bool {
		id, isToken := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/v1/registrations/"), "/activation")
		if !isToken {
			return false
		}
		var real string
		if got, err := carrier.Activation(r.Context(), id, client.Write{}); err == nil {
			real = got.Token
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(api.Activation{Token: forged(real)})
		return true
	})
}

// No token that is not the real one for this order activates anything, and none is kept as used.
func testRefusals(t *testing.T, s *site) {
	ctx, now := t.Context(), time.Now()
	carrier := &client.Client{Server: s.address, Key: truename.Private(s.carrierKey)}
	id, _ := s.approved(t)
	neighbour, _ := s.approved(t)
	real, err := carrier.Activation(ctx, id, client.Write{})
	must(t, err)
	elsewhere, err := carrier.Activation(ctx, neighbour, client.Write{})
	must(t, err)
	keys, err := carrier.JWKS(ctx)
	must(t, err)
	claims, err := activation.Verify(real.Token, keys, "activation", now)
	must(t, err)

	own, err := activation.NewKeyring(now.Add(-48 * time.Hour))
	must(t, err)
	sign := func(ring activation.Keyring, at time.Time) string {
		c := claims
		c.IssuedAt, c.NotBefore, c.Expires = at, at, at.Add(10*time.Minute)
		token, err := activation.Sign(ring, c, at)
		must(t, err)
		return token
	}
	ownKeys, err := own.JWKS(now)
	must(t, err)
	ownFile := filepath.Join(t.TempDir(), "jwks.json")
	must(t, os.WriteFile(ownFile, ownKeys, 0o600))
	var set struct{ Keys []struct{ Kid string } }
	must(t, json.Unmarshal(keys, &set))
	pretender := activation.Keyring{own[0]}
	pretender[0].ID = set.Keys[0].Kid

	for _, c := range []struct {
		name, token, says string
		args              []string
	}{
		{"forged", sign(own, now), "not in the key set", nil},
		{"forged under a known key's name", sign(pretender, now), "signature is wrong", nil},
		{"altered", altered(t, real.Token), "signature is wrong", nil},
		{"expired", sign(own, now.Add(-time.Hour)), "expired", []string{"-jwks", ownFile}},
		{"from the future", sign(own, now.Add(time.Hour)), "not valid yet", []string{"-jwks", ownFile}},
		{"for another system", real.Token, "another system", []string{"-audience", "billing"}},
		{"of another issuer", real.Token, "another issuer", []string{"-issuer", "https://elsewhere.example"}},
		{"of another registration", elsewhere.Token, "The registration of the token", nil},
		{"none", "none", "not an activation token", nil},
		{"empty", "", "not an activation token", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := t.TempDir()
			program, notes := carrierProgram(t, 0)
			address := forging(t, s, func(string) string { return c.token })
			s.activation(t, state, id, append(c.args, "-server", address, "-run", program)...).want(t, 1, c.says)
			if _, err := os.Stat(notes); err == nil {
				t.Error("the carrier's program ran")
			}
			if used, err := os.ReadDir(filepath.Join(state, "used")); err != nil || len(used) != 0 {
				t.Errorf("in the ledger: %v, %v", used, err)
			}
		})
	}
	if got := s.state(t, id); got != truename.StateApproved {
		t.Errorf("state %s", got)
	}

	// The real one is good once, and a set of keys that was kept needs nobody: the token is verified although no keys can be had.
	t.Run("replayed", func(t *testing.T) {
		state := t.TempDir()
		must(t, os.WriteFile(filepath.Join(state, "jwks.json"), keys, 0o600))
		program, notes := carrierProgram(t, 0)
		replaying := s.between(t, func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case strings.HasPrefix(r.URL.Path, "/.well-known/"):
				w.WriteHeader(http.StatusNotFound)
			case strings.HasSuffix(r.URL.Path, "/activation"):
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(real)
			default:
				return false
			}
			return true
		})
		s.activation(t, state, id, "-server", replaying, "-run", program).want(t, 0)
		s.activation(t, state, id, "-server", replaying, "-run", program).want(t, 1, "was used")
		if n := strings.Count(string(read(t, notes)), id); n != 1 {
			t.Errorf("activated %d times", n)
		}
		s.activation(t, state, neighbour, "-server", replaying, "-run", program).want(t, 1, "The registration of the token")
	})
}

// altered changes the number in a token and leaves the signature.
func altered(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"msisdn":"9197`, `"msisdn":"9198`, 1)))
	return strings.Join(parts, ".")
}

// Whatever stops the activation, the number is activated once, and what is left to do is said.
func testInterruptions(t *testing.T, s *site) {
	t.Run("truename away", func(t *testing.T) {
		id, _ := s.approved(t)
		s.activation(t, t.TempDir(), id, "-server", "http://127.0.0.1:1").want(t, 3)
	})
	t.Run("confirmation lost", func(t *testing.T) {
		for name, reached := range map[string]bool{"on the way": false, "on the way back": true} {
			t.Run(name, func(t *testing.T) {
				id, _ := s.approved(t)
				state := t.TempDir()
				program, notes := carrierProgram(t, 0)
				carrier := &client.Client{Server: s.address, Key: truename.Private(s.carrierKey)}
				losing := s.between(t, func(w http.ResponseWriter, r *http.Request) bool {
					if !strings.HasSuffix(r.URL.Path, "/confirmation") {
						return false
					}
					if reached {
						decision := strings.Fields(string(read(t, filepath.Join(state, "used", id))))[0]
						if _, err := carrier.ConfirmActivation(r.Context(), id, decision, client.Write{Key: r.Header.Get("Idempotency-Key")}); err != nil {
							t.Error(err)
						}
					}
					w.WriteHeader(http.StatusInternalServerError)
					return true
				})
				s.activation(t, state, id, "-server", losing, "-run", program).want(t, 4, "not confirmed")
				s.activation(t, state, id, "-run", program).want(t, 0)
				if n := strings.Count(string(read(t, notes)), id); n != 1 {
					t.Errorf("activated %d times", n)
				}
				if got := s.state(t, id); got != truename.StateActivated {
					t.Errorf("state %s", got)
				}
			})
		}
	})
	t.Run("the carrier's program fails", func(t *testing.T) {
		id, _ := s.approved(t)
		state := t.TempDir()
		program, notes := carrierProgram(t, 1)
		s.activation(t, state, id, "-run", program).want(t, 5, "Look whether")
		s.activation(t, state, id, "-run", program).want(t, 5, "not finished")
		if n := strings.Count(string(read(t, notes)), id); n != 1 {
			t.Errorf("tried %d times", n)
		}
		if got := s.state(t, id); got != truename.StateApproved {
			t.Errorf("state %s", got)
		}
	})
}

func testWebhook(t *testing.T, s *site) {
	folder := t.TempDir()
	keysFile := filepath.Join(folder, "keys")
	must(t, os.WriteFile(keysFile, nil, 0o600))
	var log lockedBuffer
	receive := exec.Command(s.path("activation"), "-listen", "127.0.0.1:0", "-webhook-keys", keysFile, "-orders", s.path("orders"), "-state", folder)
	receive.Env = append(os.Environ(), "TRUENAME="+s.address, "CARRIER_KEY="+s.carrierKey)
	receive.Stderr = &log
	address := start(t, receive)
	added := s.operator(t, append([]string{"webhook", "add", address, "--type=registration.approved"}, localWebhooks...)...)
	key := added["key"].(string)
	must(t, os.WriteFile(keysFile, []byte(key+"\n"), 0o600))

	id, _ := s.approved(t)
	c := s.customer(t) // whose order nobody has here
	c.orders = t.TempDir()
	stranger, r := c.shop(t, "", "-order", c.order, "-live", live, "-agreed")
	r.want(t, 0)
	eventually(t, "the webhook has activated the number", func() bool { return s.state(t, id) == truename.StateActivated })
	eventually(t, "the other one is refused", func() bool { return strings.Contains(log.String(), stranger+": There is no order") })

	// What is not from truename is not looked at. The registration could be activated, if a message were believed.
	must(t, os.Rename(filepath.Join(c.orders, stranger+".json"), filepath.Join(s.path("orders"), stranger+".json")))
	body := func(subject string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":"1","source":"x","type":"dev.truename.registration.approved","subject":%q,"time":"2026-11-01T00:00:00Z"}`, subject)
	}
	foreign, err := notify.NewSecret("v1")
	must(t, err)
	now := time.Now()
	for _, m := range []struct {
		name         string
		secret       truename.Private
		at           time.Time
		signed, sent string
		status       int
	}{
		{"another secret", foreign, now, body(stranger), body(stranger), 401},
		{"tampered", truename.Private(key), now, body(id), body(stranger), 401},
		{"old", truename.Private(key), now.Add(-time.Hour), body(stranger), body(stranger), 401},
		{"no event", truename.Private(key), now, "{}", "{}", 400},
		{"too long", truename.Private(key), now, "{}", strings.Repeat(" ", 70<<10), 400},
		{"another event", truename.Private(key), now, strings.Replace(body(stranger), "approved", "refused", 1), strings.Replace(body(stranger), "approved", "refused", 1), 204},
		{"a path as a subject", truename.Private(key), now, body("../../" + stranger), body("../../" + stranger), 204},
		{"sent again", truename.Private(key), now, body(id), body(id), 204},
	} {
		t.Run(m.name, func(t *testing.T) {
			signature, err := notify.Sign("msg_1", m.at, []byte(m.signed), m.secret)
			must(t, err)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(m.sent))
			must(t, err)
			request.Header.Set(notify.HeaderID, "msg_1")
			request.Header.Set(notify.HeaderTimestamp, fmt.Sprint(m.at.Unix()))
			request.Header.Set(notify.HeaderSignature, signature)
			answer, err := http.DefaultClient.Do(request)
			must(t, err)
			answer.Body.Close()
			if answer.StatusCode != m.status {
				t.Errorf("status %d, want %d", answer.StatusCode, m.status)
			}
		})
	}
	if got := s.state(t, stranger); got != truename.StateApproved {
		t.Errorf("state %s", got)
	}
	if strings.Contains(log.String(), "91970000") || strings.Contains(log.String(), key) {
		t.Error("the log has a number or the key")
	}
}

func testCurl(t *testing.T, s *site) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl")
	}
	walk := func(t *testing.T, shot string, env ...string) result {
		t.Helper()
		c := s.customer(t)
		command := exec.Command("sh", "curl/walk.sh", portrait, shot)
		command.Env = append([]string{"MSISDN=" + c.msisdn, "ICCID=" + c.iccid, "DOCUMENT=" + c.passport()}, env...)
		return s.run(t, "", command)
	}
	receipt := filepath.Join(t.TempDir(), "receipt.json")
	walk(t, live, "RECEIPT="+receipt).want(t, 0, "approve", "activated ")
	out, err := exec.Command(s.path("truename"), "audit", "receipt", receipt, "--key="+s.logKey).CombinedOutput()
	if err != nil {
		t.Errorf("the receipt: %v %s", err, out)
	}
	walk(t, other).want(t, 1, "face failed", "refer", "does not match")
	walk(t, live, "KEY=tn_wrong").want(t, 3, "unauthenticated")
	walk(t, live, "MSISDN=0").want(t, 3, "invalid_request")
	s.run(t, "", exec.Command("sh", "curl/walk.sh", portrait)).want(t, 2, "usage")
}

// The path in docs/api.md does what it says, as it stands there.
func testDocumentation(t *testing.T, s *site) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl")
	}
	_, path, _ := strings.Cut(string(read(t, "../docs/api.md")), "\n## The path\n")
	path, _, _ = strings.Cut(path, "\n## ")
	script := "set -eu\n"
	for line := range strings.Lines(path) {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			script += code
		}
	}
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "portrait.jpg"), read(t, portrait), 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "live.jpg"), read(t, live), 0o600))
	command := exec.Command("sh", "-c", script)
	command.Dir = folder
	s.run(t, "", command).want(t, 0, `"state":"activated"`)
	if command := exec.Command(s.path("truename"), "audit", "receipt", filepath.Join(folder, "receipt.json"), "--key="+s.logKey); command.Run() != nil {
		t.Error("the receipt does not hold")
	}
}
