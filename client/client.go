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
	// HTTP sends; nil: a client with a time limit of a minute.
	HTTP *http.Client
	// Attempts is how often a request is sent at most when the server is busy or does not answer; 0: 4.
	Attempts int
}

// Problem is an answer that is no success (RFC 9457).
type Problem struct {
	Status    int           `json:"status"`
	Code      truename.Code `json:"code"` // branch on this
	Title     string        `json:"title"`
	Detail    string        `json:"detail"`
	Remedy    string        `json:"remedy"`
	Sample    truename.Use  `json:"sample,omitempty"`
	RequestID string        `json:"request_id"`

	retryAfter time.Duration
}

// Error gives code, detail and remedy in one line.
func (p *Problem) Error() string {
	return fmt.Sprintf("%s (%d): %s %s [request %s]", p.Code, p.Status, p.Detail, p.Remedy, p.RequestID)
}

// Is lets errors.Is compare by code.
func (p *Problem) Is(target error) bool {
	other, ok := target.(*Problem)
	return ok && other.Code == p.Code
}

// maxAnswer is the longest answer that is read.
const maxAnswer = 64 << 20

var defaultHTTP = &http.Client{Timeout: time.Minute}

// Request is one request to the API. The methods of [Client] make them.
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
	// Key is the Idempotency-Key; empty: a new one. A program that may die between sending and noting the answer keeps the key
	// first, and sends with it again.
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

func exchange[T any](ctx context.Context, c *Client, r request) (T, error) {
	var answer T
	body, err := c.do(ctx, r)
	if err != nil || len(body) == 0 {
		return answer, err
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return answer, fmt.Errorf("client: the answer to %s %s is not the JSON that was expected: %w", r.method, r.path, err)
	}
	return answer, nil
}

// do sends a request until it is answered, waiting longer each time: reads, and writes under their key.
func (c *Client) do(ctx context.Context, r request) ([]byte, error) {
	attempts := c.Attempts
	if attempts == 0 {
		attempts = 4
	}
	wait := 200 * time.Millisecond
	for {
		body, err := c.send(ctx, r)
		attempts--
		again, after := passing(err)
		if err == nil || !again || attempts <= 0 {
			return body, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(max(wait, after)):
		}
		wait *= 2
	}
}

// passing says whether the same request may succeed later, and when to ask again at the earliest.
func passing(err error) (again bool, after time.Duration) {
	var p *Problem
	if !errors.As(err, &p) {
		return true, 0 // not answered at all
	}
	switch {
	case p.Status == http.StatusTooManyRequests, p.Code == truename.CodeBusy, p.Code == truename.CodeInProgress, p.Status == http.StatusServiceUnavailable:
		return true, p.retryAfter
	}
	return false, 0
}

func (c *Client) send(ctx context.Context, r request) ([]byte, error) {
	address := strings.TrimSuffix(c.Server, "/") + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	sent, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
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
	by := c.HTTP
	if by == nil {
		by = defaultHTTP
	}
	answer, err := by.Do(sent)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("client: read the answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("client: the answer has more than %d bytes", maxAnswer)
	}
	if answer.StatusCode/100 == 2 {
		return body, nil
	}
	return nil, problem(answer, body)
}

// problem reads a problem document; what is none becomes one.
func problem(answer *http.Response, body []byte) error {
	p := &Problem{}
	if json.Unmarshal(body, p) != nil || p.Code == "" {
		p = &Problem{Code: "unexpected_answer", Detail: "The server's answer is no problem document.", Remedy: "Check the address."}
	}
	p.Status = answer.StatusCode
	if s, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && s > 0 {
		p.retryAfter = time.Duration(min(s, 300)) * time.Second
	}
	return p
}
