package client

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"truename"
)

const (
	firstWait = 200 * time.Millisecond
	// longestWait is the longest time that is waited before a request is sent again. Who is told to wait longer gets the
	// problem at once, and plans for it.
	longestWait = time.Minute
)

// do sends a request until it is answered, waiting longer each time: reads, and writes under their key. The waits differ by
// chance, so that those who were turned away together do not come back together.
func (c *Client) do(ctx context.Context, r request) ([]byte, error) {
	attempts := c.Attempts
	if attempts == 0 {
		attempts = 4
	}
	for wait := firstWait; ; wait *= 2 {
		body, err := c.send(ctx, r)
		attempts--
		again, after := passing(err)
		if err == nil || !again || attempts <= 0 || after > longestWait {
			return body, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(max(wait/2+rand.N(wait), after)):
		}
	}
}

// unanswered is the error of a request whose answer did not arrive: whether it had its effect is not known.
type unanswered struct{ error }

func (e *unanswered) Unwrap() error { return e.error }

// passing says whether the same request may succeed later, and when to ask again at the earliest. What the server has thought
// about and refused is not sent again, and neither is what failed in the server: it says so itself where trying again helps.
func passing(err error) (again bool, after time.Duration) {
	var lost *unanswered
	var badCertificate *tls.CertificateVerificationError
	if errors.As(err, &lost) {
		return !errors.As(err, &badCertificate) && !errors.Is(err, context.Canceled), 0
	}
	var p *Problem
	if !errors.As(err, &p) {
		return false, 0 // never sent, or answered with what cannot be used
	}
	switch {
	case p.Status == http.StatusTooManyRequests, p.Status == http.StatusServiceUnavailable, p.Code == truename.CodeInProgress:
		return true, p.RetryAfter
	case p.Code == CodeUnexpectedAnswer && (p.Status == http.StatusBadGateway || p.Status == http.StatusGatewayTimeout):
		return true, p.RetryAfter // a proxy that did not reach the server, or lost its answer
	}
	return false, 0
}
