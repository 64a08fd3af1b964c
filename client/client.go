package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"truename"
)

// Client talks to one server. It is safe for concurrent use.
type Client struct {
	// Server is its address, such as "https://truename.example".
	Server string
	// Key is an API key or the token of a session; empty for what everybody may read.
	Key truename.Private
	// HTTP sends; nil: a client with a time limit of a minute. Redirects are not followed, whatever it says.
	HTTP *http.Client
	// Attempts is how often a request is sent at most when the server is busy or does not answer; 0: 4.
	Attempts int
}

// maxAnswer is the longest answer that is read, in bytes.
const maxAnswer = 16 << 20

// request is one request to the API. The methods of [Client] make them.
type request struct {
	method, path string
	query        url.Values
	contentType  string
	body         []byte
	key          string // Idempotency-Key; empty for reads
	version      int    // If-Match; 0: any
}

// get reads a JSON answer.
func get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	return exchange[T](ctx, c, request{method: http.MethodGet, path: path, query: query})
}

// post sends JSON and reads a JSON answer. nil sends no body.
func post[T any](ctx context.Context, c *Client, path string, body any, o Write) (T, error) {
	var none T
	r := request{method: http.MethodPost, path: path, version: o.Version}
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return none, fmt.Errorf("client: encode the request: %w", err)
		}
		r.contentType, r.body = "application/json", encoded
	}
	r.key = o.key()
	return exchange[T](ctx, c, r)
}

// Write says how a write is sent. The zero value is a new request on whatever version there is.
type Write struct {
	// Key is the Idempotency-Key, 1 to 200 printable ASCII characters; empty: a new one. A program that may die between
	// sending and noting the answer keeps the key first, and sends with it again.
	Key string
	// Version is the one that was seen; 0: any.
	Version int
}

func (w Write) key() string {
	if w.Key != "" {
		return w.Key
	}
	return uuid.NewString()
}

// exchange reads an answer into a message. Every operation of this client is answered with one: an empty answer comes from
// something else on the way.
func exchange[T any](ctx context.Context, c *Client, r request) (T, error) {
	var answer T
	body, err := c.do(ctx, r)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return answer, fmt.Errorf("client: the answer to %s %s is not the JSON that was expected: %w", r.method, r.path, err)
	}
	return answer, nil
}

// send sends a request once.
func (c *Client) send(ctx context.Context, r request) ([]byte, error) {
	sent, err := c.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	answer, err := c.http().Do(sent)
	if err != nil {
		return nil, &unanswered{fmt.Errorf("client: %w", err)}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, &unanswered{fmt.Errorf("client: read the answer: %w", err)}
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("client: the answer has more than %d bytes", maxAnswer)
	}
	if answer.StatusCode/100 == 2 {
		return body, nil
	}
	return nil, problemOf(answer, body, time.Now())
}

// prepare makes what is sent, and refuses what no server would take.
func (c *Client) prepare(ctx context.Context, r request) (*http.Request, error) {
	if !printable(r.key) || len(r.key) > maxKey {
		return nil, fmt.Errorf("client: an Idempotency-Key has 1 to %d printable ASCII characters", maxKey)
	}
	if !printable(c.Key.Reveal()) {
		return nil, errors.New("client: the API key has a character that no key has; was it read with its line's end?")
	}
	address := strings.TrimSuffix(c.Server, "/") + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	sent, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if scheme := sent.URL.Scheme; scheme != "https" && scheme != "http" || sent.URL.Host == "" {
		return nil, errors.New("client: the server's address is not http:// or https:// and a host")
	}
	if c.Key != "" {
		sent.Header.Set("Authorization", "Bearer "+c.Key.Reveal())
	}
	if r.contentType != "" {
		sent.Header.Set("Content-Type", r.contentType)
	}
	if r.key != "" {
		sent.Header.Set("Idempotency-Key", r.key)
	}
	if r.version != 0 {
		sent.Header.Set("If-Match", `"`+strconv.Itoa(r.version)+`"`)
	}
	return sent, nil
}

// maxKey is the longest Idempotency-Key.
const maxKey = 200

// printable says whether a text is of ASCII characters that can be seen. The empty text is.
func printable(s string) bool {
	for _, b := range []byte(s) {
		if b < '!' || b > '~' {
			return false
		}
	}
	return true
}

// http gives what sends. It follows no redirects: a POST that is sent elsewhere becomes a GET there, and the answer of a read
// would pass for that of the write.
func (c *Client) http() *http.Client {
	by := http.Client{Timeout: time.Minute}
	if c.HTTP != nil {
		by = *c.HTTP
	}
	by.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &by
}
