package client

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"

	"truename"
)

// CodeUnexpectedAnswer is the code of an answer that is neither a success nor a problem document: of a proxy on the way, or of
// something that is no truename. Only its status is known.
const CodeUnexpectedAnswer truename.Code = "unexpected_answer"

// Problem is an answer that is no success (RFC 9457). To ask for one of a code:
//
//	errors.Is(err, &client.Problem{Code: truename.CodeStale})
type Problem struct {
	Type      string        `json:"type"` // where the server explains it, relative to its address
	Status    int           `json:"status"`
	Code      truename.Code `json:"code"` // branch on this
	Title     string        `json:"title"`
	Detail    string        `json:"detail"`
	Remedy    string        `json:"remedy"`
	Sample    truename.Use  `json:"sample,omitempty"`
	RequestID string        `json:"request_id"`
	// RetryAfter is how long the server wants to be left alone; 0: it does not say.
	RetryAfter time.Duration `json:"-"`
}

// Error gives code, detail and remedy in one line.
func (p *Problem) Error() string {
	text := fmt.Sprintf("%s (%d): %s %s", p.Code, p.Status, p.Detail, p.Remedy)
	if p.RequestID != "" {
		text += " [request " + p.RequestID + "]"
	}
	return text
}

// Is lets errors.Is compare by code.
func (p *Problem) Is(target error) bool {
	other, ok := target.(*Problem)
	return ok && other.Code == p.Code
}

// problemOf reads a problem document; what is none becomes one.
func problemOf(answer *http.Response, body []byte, now time.Time) *Problem {
	p := &Problem{}
	media, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if media != "application/problem+json" || json.Unmarshal(body, p) != nil || p.Code == "" {
		p = &Problem{Code: CodeUnexpectedAnswer, Title: http.StatusText(answer.StatusCode), Detail: "The answer is no problem document: something else than truename gave it.",
			Remedy: "Check the address, and what is between here and the server."}
	}
	p.Status = answer.StatusCode
	p.RetryAfter = retryAfter(answer.Header.Get("Retry-After"), now)
	return p
}

// retryAfter reads the header (RFC 9110, 10.2.3): seconds, or a date. What cannot be read is 0.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
