package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/tink-crypto/tink-go-hcvault/v2/integration/hcvault"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	// defaultCallTime is how long a call to a key service may take, with its one repetition.
	defaultCallTime = 5 * time.Second
	// maxCalls bounds the calls under way, so that a key service that hangs does not collect connections without end.
	maxCalls = 128
	// maxToken bounds the bytes of a token file.
	maxToken = 16 << 10
)

// transit is a key of the transit engine of HashiCorp Vault or OpenBao.
type transit struct {
	aead      tink.AEAD
	client    *api.Client
	tokenFile string
	callTime  time.Duration
	calls     chan struct{}
}

func openTransit(uri string) (master, error) {
	t := &transit{callTime: defaultCallTime, calls: make(chan struct{}, maxCalls)}
	u, err := t.parse(uri)
	if err != nil {
		return nil, err
	}
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, unavailable("The environment for the key service is not usable.", "Check the variables VAULT_*.", config.Error)
	}
	if tls := config.TLSConfig(); tls != nil && tls.InsecureSkipVerify {
		return nil, invalid("The key service's certificate would not be checked.", "Unset VAULT_SKIP_VERIFY; use VAULT_CACERT.")
	}
	config.Address, config.AgentAddress = "https://"+u.Host, ""
	config.Timeout = t.callTime
	config.MaxRetries, config.MinRetryWait, config.MaxRetryWait = 1, 50*time.Millisecond, 200*time.Millisecond
	config.Logger = nil
	if t.client, err = api.NewClient(config); err != nil {
		return nil, unavailable("The key service cannot be used.", "Check the address and the variables VAULT_*.", err)
	}
	if t.aead, err = hcvault.NewAEAD(u.EscapedPath(), t.client.Logical()); err != nil {
		return nil, badTransit()
	}
	return t, nil
}

// parse checks the address and takes its options.
func (t *transit) parse(uri string) (*url.URL, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return nil, badTransit()
	}
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, badTransit()
	}
	for name, values := range options {
		if len(values) != 1 {
			return nil, badTransit()
		}
		switch name {
		case "token_file":
			t.tokenFile = values[0]
		case "timeout":
			if t.callTime, err = time.ParseDuration(values[0]); err != nil || t.callTime < 100*time.Millisecond || t.callTime > 30*time.Second {
				return nil, invalid("The time limit of the key service is not understood.", "Use a timeout between 100ms and 30s.")
			}
		default:
			return nil, badTransit()
		}
	}
	return u, nil
}

func badTransit() error {
	return invalid("The address of the key service is not understood.",
		"Use hcvault://HOST[:PORT]/MOUNT/keys/KEY, with token_file=PATH and timeout=DURATION as the only options, and no password in it.")
}

func (t *transit) wrap(ctx context.Context, key, bound []byte) ([]byte, error) {
	key = bytes.Clone(key) // the caller overwrites its own, perhaps before an abandoned call has ended
	box, err := t.call(ctx, func() ([]byte, error) {
		defer clear(key)
		return t.aead.Encrypt(key, bound)
	})
	if errors.Is(err, errRefused) {
		return nil, unavailable("The key service refuses to wrap with the master key.",
			"Check that the key exists and is of a type with associated data, such as aes256-gcm96.", errors.New("the key service answers 400"))
	}
	return box, err
}

func (t *transit) unwrap(ctx context.Context, box, bound []byte) ([]byte, error) {
	if _, err := t.keyOf(box); err != nil {
		return nil, err
	}
	box = bytes.Clone(box)
	return t.call(ctx, func() ([]byte, error) { return t.aead.Decrypt(box, bound) })
}

// current wraps a byte, to see with which version: that needs no right that wrapping does not need.
func (t *transit) current(ctx context.Context) (string, error) {
	box, err := t.wrap(ctx, []byte{0}, bind(domainMasterProbe))
	if err != nil {
		return "", err
	}
	return t.keyOf(box)
}

// keyOf reads the version out of "vault:vN:…".
func (t *transit) keyOf(box []byte) (string, error) {
	rest, ok := bytes.CutPrefix(box, []byte("vault:v"))
	digits, _, more := bytes.Cut(rest, []byte(":"))
	n, err := strconv.ParseUint(string(digits), 10, 31)
	if !ok || !more || err != nil || n == 0 {
		return "", sealBroken(errors.New("not wrapped by a transit key"))
	}
	return "v" + strconv.FormatUint(n, 10), nil
}

// call makes one call within the time limit. The client's own calls take no context: a call that nobody waits for any
// longer ends by the client's time limit, and keeps its place until then.
func (t *transit) call(ctx context.Context, do func() ([]byte, error)) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, t.callTime)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return nil, transitAway(err)
	}
	select {
	case t.calls <- struct{}{}:
	case <-ctx.Done():
		return nil, transitAway(ctx.Err())
	}
	type answer struct {
		bytes []byte
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		defer func() { <-t.calls }()
		if err := t.renewToken(); err != nil {
			done <- answer{nil, err}
			return
		}
		b, err := do()
		done <- answer{b, err}
	}()
	select {
	case a := <-done:
		return a.bytes, transitTrouble(a.err)
	case <-ctx.Done():
		return nil, transitAway(ctx.Err())
	}
}

// renewToken reads the token file.
func (t *transit) renewToken() error {
	if t.tokenFile == "" {
		return nil
	}
	f, err := os.OpenFile(t.tokenFile, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return unavailable("The token file of the key service cannot be read.", "Check token_file.", err)
	}
	defer f.Close()
	if _, err := private(f, os.Geteuid()); err != nil {
		return err
	}
	token, err := io.ReadAll(io.LimitReader(f, maxToken))
	if err != nil {
		return unavailable("The token file of the key service cannot be read.", "Check token_file.", err)
	}
	t.client.SetToken(strings.TrimSpace(string(token)))
	return nil
}

// transitTrouble says what a failed call means. The service's own words are left out: something between it and us may
// repeat the request, and the request holds a key.
func transitTrouble(err error) error {
	if err == nil {
		return nil
	}
	var answer *api.ResponseError
	var network *url.Error
	switch {
	case errors.As(err, &answer) && answer.StatusCode == http.StatusBadRequest:
		return sealBroken(errors.New("the key service answers 400"))
	case errors.As(err, &answer) && answer.StatusCode == http.StatusForbidden:
		return unavailable("The key service does not allow the use of the master key.",
			"Check the token and its policy: update on MOUNT/encrypt/KEY and MOUNT/decrypt/KEY.", errors.New("the key service answers 403"))
	case errors.As(err, &answer):
		return unavailable("The key service could not do it.", "Try again; if it persists, see the key service's log.",
			fmt.Errorf("the key service answers %d", answer.StatusCode))
	case errors.As(err, &network):
		return transitAway(network)
	case errors.Is(err, context.DeadlineExceeded):
		return transitAway(context.DeadlineExceeded)
	}
	return orElse(err, transitAway(errors.New("the key service's answer cannot be read")))
}

func transitAway(cause error) error {
	return unavailable("The key service does not answer.", "Try again when it is back; nothing was sealed or opened.", cause)
}
