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
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"truename"
)

// answers is where the answers of repeatable requests are kept.
type answers interface {
	ClaimKey(ctx context.Context, client, key string, requestHash []byte, at time.Time) (truename.IdempotentState, error)
	SaveAnswer(ctx context.Context, client, key string, status int, sealed []byte) error
	ReleaseKey(ctx context.Context, client, key string) error
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

// repeatable makes a request with an Idempotency-Key one that has its effect once.
func (a *API) repeatable(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	key := r.Header.Get(headerKey)
	if key == "" {
		next(hc)
		return
	}
	if !printable(key) {
		a.refuse(w, r, invalid("", "The Idempotency-Key is not acceptable.", "Use 1 to 200 printable ASCII characters, for example a UUID."))
		return
	}
	print, err := a.fingerprint(hc, r, w)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	ctx := hc.Context()
	actor := actorOf(ctx).ID
	kept := a.config.Operator.Records
	state, err := kept.ClaimKey(ctx, actor, key, print, time.Now())
	if err == nil {
		err = refusal(state)
	}
	switch {
	case err != nil:
		a.refuse(w, r, err)
	case state.Done:
		a.answerAgain(ctx, w, r, state)
	default:
		a.answerOnce(hc, actor, key, next)
	}
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

func refusal(s truename.IdempotentState) error {
	switch {
	case s.Claimed:
		return nil
	case !s.SameRequest:
		return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeKeyReused, Detail: "The Idempotency-Key was used for another request."}
	case s.InProgress:
		return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeInProgress, Detail: "The same request is being answered."}
	}
	return nil
}

// fingerprint hashes what a request asks for: method, path, version and body; of a form its parts, as the boundary between
// them changes each time.
func (a *API) fingerprint(hc huma.Context, r *http.Request, w http.ResponseWriter) ([]byte, error) {
	h := sha256.New()
	hashFields(h, []byte(r.Method), []byte(r.URL.EscapedPath()), []byte(r.URL.RawQuery), []byte(r.Header.Get("If-Match")))
	if admitted, isForm := hc.Context().Value(admittedKey{}).(*admitted); isForm {
		for _, name := range slices.Sorted(maps.Keys(admitted.form)) {
			hashFields(h, []byte(name), admitted.form[name])
		}
		return h.Sum(nil), nil
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(a.limits.StallTimeout))
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
	r.Body = io.NopCloser(bytes.NewReader(body))
	hashFields(h, body)
	return h.Sum(nil), nil
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
func (a *API) answerOnce(hc huma.Context, actor, key string, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	kept := a.config.Operator.Records
	// The client may go away; the key must not stay claimed for that.
	settle := context.WithoutCancel(hc.Context())
	held := &heldAnswer{header: w.Header().Clone()}
	saved := false
	defer func() {
		if !saved {
			_ = kept.ReleaseKey(settle, actor, key)
		}
	}()
	next(huma.WithContext(humago.NewContext(hc.Operation(), r, held), context.WithValue(hc.Context(), repeatKey{}, key)))
	if held.status >= 200 && held.status < 300 {
		saved = a.keepAnswer(settle, actor, key, held) == nil
	}
	maps.Copy(w.Header(), held.header)
	w.WriteHeader(held.status)
	_, _ = w.Write(held.body.Bytes())
}

func (a *API) keepAnswer(ctx context.Context, actor, key string, held *heldAnswer) error {
	kept := answer{Header: http.Header{}, Body: held.body.Bytes()}
	for _, name := range []string{"Content-Type", "Etag", "Location"} {
		if v := held.header.Values(name); len(v) > 0 {
			kept.Header[name] = v
		}
	}
	plain, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	sealed, err := a.config.Operator.Seal(plain)
	if err == nil {
		err = a.config.Operator.Records.SaveAnswer(ctx, actor, key, held.status, sealed)
	}
	if err != nil { // the effect stands; sent again, the flows recognise the request by its key
		a.config.Logger.ErrorContext(ctx, "answer not kept", "request_id", requestID(ctx), "cause", err.Error())
	}
	return err
}

func (a *API) answerAgain(ctx context.Context, w http.ResponseWriter, r *http.Request, s truename.IdempotentState) {
	plain, err := a.config.Operator.Open(s.Answer)
	var kept answer
	if err == nil {
		err = json.Unmarshal(plain, &kept)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	maps.Copy(w.Header(), kept.Header)
	w.Header().Set("Idempotency-Replayed", "true")
	w.Header().Set("Content-Length", strconv.Itoa(len(kept.Body)))
	w.WriteHeader(s.Status)
	_, _ = w.Write(kept.Body)
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
