package vault_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"truename"
	"truename/vault"
)

func TestTransitRotation(t *testing.T) {
	ctx := t.Context()
	server := newTransitServer(t)
	o := newOperator(t, server.uri("30s"))
	s := o.subject(t, "subject-1")
	server.rotate(t)
	key, err := o.Rewrap(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, want string
		name       func() (string, error)
	}{
		{"master", "v2", func() (string, error) { return o.Master(ctx) }},
		{"old key", "v1", func() (string, error) { return o.MasterOf(s.Key) }},
		{"rewrapped key", "v2", func() (string, error) { return o.MasterOf(key) }},
		{"ring", "v1", func() (string, error) { return o.MasterOfRing(o.ring) }},
	} {
		if got, err := c.name(); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.what, got, err, c.want)
		}
	}
	for _, box := range []string{"", "x", "vault:", "vault:v", "vault:v1", "vault:v0:eA==", "vault:v-1:eA==", "vault:vx:eA=="} {
		_, err := o.MasterOf([]byte(box))
		wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	}
}

// Whatever the key service does, the answer is unavailable: it comes within the time limit, opens nothing, makes
// no key, and tells neither key nor token.
func TestKeyServiceTrouble(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for name, behave := range map[string]http.HandlerFunc{
		"hangs": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // only then does the server notice that the client has gone
			<-r.Context().Done()
		},
		"starts to answer and hangs": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, `{"data":{"plain`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"hangs up":                func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
		"is sealed":               answer(http.StatusServiceUnavailable, `{"errors":["Vault is sealed"]}`),
		"does not know the token": answer(http.StatusForbidden, `{"errors":["permission denied"]}`),
		"does not know the key":   answer(http.StatusBadRequest, `{"errors":["encryption key not found"]}`),
		"does not know the path":  answer(http.StatusNotFound, `{"errors":[]}`),
		"answers nothing":         answer(http.StatusNoContent, ""),
		"answers without data":    answer(http.StatusOK, `{"data":{}}`),
		"answers a short key":     answer(http.StatusOK, `{"data":{"plaintext":"YQ==","ciphertext":""}}`),
		"answers numbers":         answer(http.StatusOK, `{"data":{"plaintext":1,"ciphertext":2}}`),
		"answers with the request": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(w, r.Body)
		},
		"refuses with the request": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprintf(w, "%v ", r.Header)
			io.Copy(w, r.Body)
		},
		"sends elsewhere, without TLS": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+r.URL.Path, http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := newTransitServer(t)
			patient := newOperator(t, server.uri("30s"))
			s := patient.subject(t, "subject-1")
			box, err := patient.Seal(t.Context(), s, truename.EvidenceFields, []byte("x"))
			if err != nil {
				t.Fatal(err)
			}
			// The same with little time: for the cases that use it up.
			uri := server.uri("300ms")
			o, err := vault.Unlock(t.Context(), uri, patient.ring)
			if err != nil {
				t.Fatal(err)
			}
			server.set(func(s *transitServer) { s.behave = behave })
			for name, call := range map[string]func() error{
				"NewKey":  func() error { _, err := o.NewKey(t.Context(), "subject-2"); return err },
				"Seal":    func() error { _, err := o.Seal(t.Context(), s, truename.EvidenceFields, nil); return err },
				"Open":    func() error { _, err := o.Open(t.Context(), s, truename.EvidenceFields, box); return err },
				"Protect": func() error { _, err := o.Protect(t.Context(), s, "p", "m", []float32{1}); return err },
				"Rewrap":  func() error { _, err := o.Rewrap(t.Context(), s); return err },
				"Master":  func() error { _, err := o.Master(t.Context()); return err },
				"Unlock":  func() error { _, err := vault.Unlock(t.Context(), uri, patient.ring); return err },
				"NewRing": func() error { _, err := vault.NewRing(t.Context(), uri); return err },
			} {
				err := call()
				t.Run(name, func(t *testing.T) {
					wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
					for _, secret := range []string{"canary", "plaintext", "associated_data"} {
						if strings.Contains(err.Error(), secret) {
							t.Errorf("the error tells %q: %v", secret, err)
						}
					}
				})
			}
			// Index and service key need no key service.
			if _, err := o.SealService("signing/1", nil); err != nil || len(o.Index("msisdn", "1")) != 32 {
				t.Errorf("without the key service: %v", err)
			}
			server.set(func(s *transitServer) { s.behave = nil })
			if got, err := patient.Open(t.Context(), s, truename.EvidenceFields, box); err != nil || string(got) != "x" {
				t.Errorf("after it came back: %q, %v", got, err)
			}
		})
	}
}

func TestKeyServiceGone(t *testing.T) {
	server := newTransitServer(t)
	o := newOperator(t, server.uri("30s"))
	s := o.subject(t, "subject-1")
	server.Close()
	_, err := o.Seal(t.Context(), s, truename.EvidenceFields, nil)
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
}

func TestKeyServiceThatIgnoresAssociatedDataIsRefused(t *testing.T) {
	server := newTransitServer(t)
	server.ignoreAD = true
	ring, err := vault.NewRing(t.Context(), server.uri("30s"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = vault.Unlock(t.Context(), server.uri("30s"), ring)
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	if !strings.Contains(err.Error(), "associated data") {
		t.Errorf("another error: %v", err)
	}
}

func TestKeyServiceNeedsATrustedCertificate(t *testing.T) {
	server := newTransitServer(t)
	t.Setenv("VAULT_CACERT", "")
	_, err := vault.NewRing(t.Context(), server.uri("30s"))
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	t.Setenv("VAULT_SKIP_VERIFY", "true")
	_, err = vault.NewRing(t.Context(), server.uri("30s"))
	wantCode(t, err, truename.KindInvalid, truename.CodeInvalidRequest)
}

// A caller that has gone away gets its answer, though the service would take its time.
func TestKeyServiceCallEndsWithItsContext(t *testing.T) {
	server := newTransitServer(t)
	o := newOperator(t, server.uri("30s"))
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	defer close(release)
	server.set(func(s *transitServer) {
		s.behave = func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			arrived <- struct{}{}
			<-release
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := o.NewKey(ctx, "subject-1")
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	// And one that is gone already makes no call.
	before := 0
	server.set(func(s *transitServer) { before = s.calls })
	_, err = o.NewKey(ctx, "subject-1")
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	server.set(func(s *transitServer) {
		if s.calls != before {
			t.Error("a call for a caller that has gone")
		}
	})
}

// Tokens expire; whatever renews them writes a file.
func TestTokenFileIsReadAnew(t *testing.T) {
	server := newTransitServer(t)
	t.Setenv("VAULT_TOKEN", "")
	path := filepath.Join(t.TempDir(), "token")
	write := func(token string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(token), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	write(transitToken+"\n", 0o600)
	o := newOperator(t, server.uri("30s")+"&token_file="+path)
	s := o.subject(t, "subject-1")
	refused := func() {
		t.Helper()
		_, err := o.Rewrap(t.Context(), s)
		wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	}

	server.set(func(s *transitServer) { s.token = "s.next" })
	refused()
	write("s.next", 0o600)
	if _, err := o.Rewrap(t.Context(), s); err != nil {
		t.Error(err)
	}
	write("s.next", 0o644)
	refused()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	refused()
}

func TestKeyServiceConcurrency(t *testing.T) {
	o := newOperator(t, newTransitServer(t).uri("30s"))
	var all sync.WaitGroup
	for i := range 160 { // more than may call at once
		all.Go(func() {
			id := fmt.Sprint(i)
			key, err := o.NewKey(t.Context(), id)
			if err != nil {
				t.Error(err)
				return
			}
			s := truename.Subject{ID: id, Key: key}
			box, err := o.Seal(t.Context(), s, truename.EvidenceFields, []byte(id))
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := o.Open(t.Context(), s, truename.EvidenceFields, box); err != nil || string(got) != id {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	all.Wait()
}
