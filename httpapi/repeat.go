package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"truename"
)

// answers is where the answers of repeatable requests are kept.
type answers interface {
	// Answer gives the answer under a key; none is not found.
	Answer(ctx context.Context, client, key string) (truename.Answer, error)
	SaveAnswer(ctx context.Context, client, key string, a truename.Answer, at time.Time) error
}

// underway are the requests with a key that this process is answering. It is not in the records: when a process dies, or two
// have the same request at once, the flows recognise it by its key, and one answer is kept.
type underway struct {
	mu    sync.Mutex
	byKey map[[2]string]bool // client, key
}

// begin says whether nobody else is answering; end ends it.
func (u *underway) begin(client, key string) (end func(), ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	k := [2]string{client, key}
	if u.byKey[k] {
		return nil, false
	}
	if u.byKey == nil {
		u.byKey = map[[2]string]bool{}
	}
	u.byKey[k] = true
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.byKey, k)
	}, true
}

const headerKey = "Idempotency-Key"

func keyHeader() *huma.Param {
	one, most := 1, maxKey
	return &huma.Param{Name: headerKey, In: "header",
		Description: "Makes the request safe to send again: while the key is kept (a week at least), the same request gets the same answer and has its effect once. Another request under the same key is refused. Without it, a request that is sent twice may have its effect twice.",
		Schema:      &huma.Schema{Type: huma.TypeString, MinLength: &one, MaxLength: &most}}
}

func isKeyHeader(p *huma.Param) bool { return p.Name == headerKey }

const maxKey = 200

type repeatKey struct{}

// repeatable makes a request with an Idempotency-Key one that has its effect once. Before, it takes in the body of any, so
// that what follows is bounded by the time for a request and not by that for a body.
func (a *API) repeatable(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	body, err := a.takeIn(hc, r, w)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	limited, cancel := context.WithTimeout(hc.Context(), a.limits.RequestTimeout)
	defer cancel()
	hc = huma.WithContext(hc, limited)
	key := r.Header.Get(headerKey)
	if key == "" {
		next(hc)
		return
	}
	if !printable(key) {
		a.refuse(w, r, invalid("", "The Idempotency-Key is not acceptable.", "Use 1 to 200 printable ASCII characters, for example a UUID."))
		return
	}
	if err := a.once(hc, actorOf(hc.Context()).ID, key, fingerprint(hc.Context(), r, body), next); err != nil {
		a.refuse(w, r, err)
	}
}

// once answers the request as it was answered before, or now, or gives the error that keeps it from being answered.
func (a *API) once(hc huma.Context, actor, key string, print []byte, next func(huma.Context)) error {
	end, ok := a.underway.begin(actor, key)
	if !ok {
		return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeInProgress, Detail: "A request with this Idempotency-Key is being answered."}
	}
	defer end()
	kept, err := a.config.Operator.Records.Answer(hc.Context(), actor, key)
	switch {
	case err != nil && truename.AsError(err).Kind == truename.KindNotFound:
		a.answerOnce(hc, actor, key, print, next)
		return nil
	case err != nil:
		return err
	case !bytes.Equal(kept.Request, print):
		return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeKeyReused, Detail: "The Idempotency-Key was used for another request."}
	}
	return a.answerAgain(hc, kept)
}

func printable(key string) bool {
	if len(key) > maxKey {
		return false
	}
	for _, c := range []byte(key) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

// takeIn reads the body, if it is not a form, which has been read by now.
func (a *API) takeIn(hc huma.Context, r *http.Request, w http.ResponseWriter) ([]byte, error) {
	if _, isForm := hc.Context().Value(admittedKey{}).(*admitted); isForm {
		return nil, nil
	}
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(a.limits.StallTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, bodyTooLarge(tooLarge.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &truename.Error{Kind: truename.KindTimeout, Code: CodeBodyTimeout, Detail: "The body did not arrive in time."}
	case err != nil:
		return nil, malformed("The body does not arrive whole.")
	}
	// From here on net/http watches the connection for the client going away; an old deadline would end that, and the request.
	_ = connection.SetReadDeadline(time.Time{})
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// fingerprint hashes what a request asks for: method, path, version and body; of a form its parts, as the boundary between
// them changes each time.
func fingerprint(ctx context.Context, r *http.Request, body []byte) []byte {
	h := sha256.New()
	hashFields(h, []byte(r.Method), []byte(r.URL.EscapedPath()), []byte(r.URL.RawQuery), []byte(r.Header.Get("If-Match")))
	if admitted, isForm := ctx.Value(admittedKey{}).(*admitted); isForm {
		for _, name := range slices.Sorted(maps.Keys(admitted.form)) {
			hashFields(h, []byte(name), admitted.form[name])
		}
		return h.Sum(nil)
	}
	hashFields(h, body)
	return h.Sum(nil)
}

// hashFields writes values so that no two lists of values give the same bytes.
func hashFields(h hash.Hash, values ...[]byte) {
	for _, v := range values {
		_ = binary.Write(h, binary.BigEndian, uint64(len(v)))
		h.Write(v)
	}
}

// answer is what is kept, sealed, of an answer.
type answer struct {
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// answerOnce lets the request be answered and keeps what it was answered, if it succeeded. What failed has had no effect, so
// its key can be used again.
func (a *API) answerOnce(hc huma.Context, actor, key string, print []byte, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	held := &heldAnswer{header: w.Header().Clone()}
	next(huma.WithContext(humago.NewContext(hc.Operation(), r, held), context.WithValue(hc.Context(), repeatKey{}, key)))
	if held.status >= 200 && held.status < 300 {
		// The client may have gone away; it will ask again.
		a.keepAnswer(context.WithoutCancel(hc.Context()), actor, key, print, held)
	}
	maps.Copy(w.Header(), held.header)
	w.WriteHeader(held.status)
	_, _ = w.Write(held.body.Bytes())
}

func (a *API) keepAnswer(ctx context.Context, actor, key string, print []byte, held *heldAnswer) {
	kept := answer{Header: http.Header{}, Body: held.body.Bytes()}
	for _, name := range []string{"Content-Type", "Etag", "Location"} {
		if v := held.header.Values(name); len(v) > 0 {
			kept.Header[name] = v
		}
	}
	plain, err := json.Marshal(kept)
	if err == nil {
		plain, err = a.config.Operator.Seal(plain)
	}
	if err == nil {
		err = a.config.Operator.Records.SaveAnswer(ctx, actor, key, truename.Answer{Request: print, Status: held.status, Sealed: plain}, time.Now())
	}
	if err != nil { // the effect stands; sent again, the flows recognise the request by its key
		a.config.Logger.ErrorContext(ctx, "answer not kept", "request_id", requestID(ctx), "cause", err.Error())
	}
}

func (a *API) answerAgain(hc huma.Context, s truename.Answer) error {
	plain, err := a.config.Operator.Open(s.Sealed)
	if err != nil {
		return err
	}
	var kept answer
	if err := json.Unmarshal(plain, &kept); err != nil {
		return err
	}
	_, w := humago.Unwrap(hc)
	maps.Copy(w.Header(), kept.Header)
	w.Header().Set("Idempotency-Replayed", "true")
	w.Header().Set("Content-Length", strconv.Itoa(len(kept.Body)))
	w.WriteHeader(s.Status)
	_, _ = w.Write(kept.Body)
	return nil
}

// heldAnswer is an answer that is not sent yet. It is small: no operation that is repeatable answers with much.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) Header() http.Header { return h.header }

func (h *heldAnswer) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *heldAnswer) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(p)
}
