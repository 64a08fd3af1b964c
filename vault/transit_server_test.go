package vault_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// transitServer speaks the part of the transit engine's HTTP API that wrapping needs, over TLS, with real keys: versions,
// associated data, its statuses. behave, when set, answers instead.
type transitServer struct {
	*httptest.Server
	mu       sync.Mutex
	versions []cipher.AEAD
	token    string
	ignoreAD bool
	behave   http.HandlerFunc
	calls    int
}

const transitToken = "s.canary-token"

// newTransitServer starts a server and makes the environment trust it.
func newTransitServer(t testing.TB) *transitServer {
	t.Helper()
	s := &transitServer{token: transitToken}
	s.rotate(t)
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are part of the tests
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_CACERT", ca)
	t.Setenv("VAULT_TOKEN", transitToken)
	return s
}

// uri gives the address of the key, with a time limit for its calls.
func (s *transitServer) uri(limit string) string {
	return "hcvault://" + s.Listener.Addr().String() + "/transit/keys/truename?timeout=" + limit
}

func (s *transitServer) set(change func(*transitServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *transitServer) rotate(t testing.TB) {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	s.set(func(s *transitServer) { s.versions = append(s.versions, gcm) })
}

func (s *transitServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	behave := s.behave
	s.calls++
	s.mu.Unlock()
	if behave != nil {
		behave(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("X-Vault-Token") != s.token {
		fail(w, http.StatusForbidden, "permission denied")
		return
	}
	var in struct {
		Plaintext, Ciphertext string
		AD                    string `json:"associated_data"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		fail(w, http.StatusBadRequest, "no JSON")
		return
	}
	ad, err := base64.StdEncoding.DecodeString(in.AD)
	if err != nil {
		fail(w, http.StatusBadRequest, "associated data is not base64")
		return
	}
	if s.ignoreAD {
		ad = nil
	}
	out := map[string]any{}
	switch r.URL.Path {
	case "/v1/transit/encrypt/truename":
		plain, err := base64.StdEncoding.DecodeString(in.Plaintext)
		if err != nil {
			fail(w, http.StatusBadRequest, "plaintext is not base64")
			return
		}
		box := s.versions[len(s.versions)-1].Seal(nil, nil, plain, ad)
		out["ciphertext"] = fmt.Sprintf("vault:v%d:%s", len(s.versions), base64.StdEncoding.EncodeToString(box))
	case "/v1/transit/decrypt/truename":
		plain, err := s.decrypt(in.Ciphertext, ad)
		if err != nil {
			fail(w, http.StatusBadRequest, "invalid ciphertext: unable to decrypt")
			return
		}
		out["plaintext"] = base64.StdEncoding.EncodeToString(plain)
	default:
		fail(w, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"data": out})
}

func (s *transitServer) decrypt(ciphertext string, ad []byte) ([]byte, error) {
	parts := strings.Split(ciphertext, ":")
	if len(parts) != 3 || parts[0] != "vault" {
		return nil, errors.New("prefix")
	}
	n, err := strconv.Atoi(strings.TrimPrefix(parts[1], "v"))
	if err != nil || n < 1 || n > len(s.versions) {
		return nil, errors.New("version")
	}
	box, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	return s.versions[n-1].Open(nil, nil, box, ad)
}

func fail(w http.ResponseWriter, status int, messages ...string) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"errors": messages})
}
