package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"truename"
	"truename/notify"
)

// maxMessage is the longest webhook that is read, in bytes.
const maxMessage = 64 << 10

// listen receives webhooks until the context is done. In front of it belongs something that ends TLS: truename sends to https.
func listen(ctx context.Context, s settings, a *activator, out io.Writer) error {
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		return usage("The address cannot be listened on: check -listen.")
	}
	server := &http.Server{
		Handler:           &receiver{activator: a, keys: s.webhookKeys, out: out},
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	fmt.Fprintf(out, "receiving at http://%s\n", l.Addr())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// What has begun is finished: a number that is half activated is somebody's trouble.
	return server.Shutdown(context.WithoutCancel(ctx))
}

// receiver takes truename's webhooks. Each may come more than once, and in any order: the ledger makes that harmless.
type receiver struct {
	*activator
	keys  string // file
	out   io.Writer
	going sync.Map // registrations that are being activated
}

// ServeHTTP answers 2xx when nothing is left to do about a message, and 503 when it is to be sent again.
func (v *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if err != nil {
		http.Error(w, "too long, or cut off", http.StatusBadRequest)
		return
	}
	keys, err := os.ReadFile(v.keys)
	if err != nil {
		fmt.Fprintln(v.log, "activation: the file with the webhooks' keys cannot be read")
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	// Nothing of the message is looked at before its signature.
	if err := notify.Verify(r.Header, body, time.Now(), strings.Fields(string(keys))...); err != nil {
		fmt.Fprintln(v.log, "activation: a message was refused:", explain(err))
		http.Error(w, "the signature does not verify", http.StatusUnauthorized)
		return
	}
	var event notify.CloudEvent
	if json.Unmarshal(body, &event) != nil || event.SpecVersion != "1.0" {
		http.Error(w, "no CloudEvent", http.StatusBadRequest)
		return
	}
	if event.Type == notify.TypePrefix+string(truename.EventRegistrationApproved) {
		if again := v.approved(r.Context(), event.Subject); again {
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// approved activates a registration, unless it is done, and says whether the message should come again. The event only says that
// there is something to do; what may be done is the token's to say.
func (v *receiver) approved(ctx context.Context, registration string) (again bool) {
	if _, going := v.going.LoadOrStore(registration, true); going {
		return true
	}
	defer v.going.Delete(registration)
	done, err := v.used.of(registration)
	if err == nil && done.reached == confirmed {
		return false
	}
	// truename gives a message up after 20 seconds, and the activation goes on.
	err = v.activate(context.WithoutCancel(ctx), registration)
	if err == nil {
		fmt.Fprintf(v.out, "activated %s\n", registration)
		return false
	}
	fmt.Fprintf(v.log, "activation: %s: %s\n", registration, explain(err))
	var o *outcome
	return !errors.As(err, &o) || o.status == exitUnavailable || o.status == exitUnconfirmed
}
