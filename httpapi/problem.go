package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"

	"truename"
)

// Problem is the body of every error response (RFC 9457, application/problem+json).
type Problem struct {
	Type      string        `json:"type" format:"uri-reference" example:"/problems/unsupported_type" doc:"where the problem is explained, relative to the server"`
	Title     string        `json:"title" doc:"what kind of problem it is, in English; the same for every occurrence"`
	Status    int           `json:"status" example:"415" doc:"status of the response"`
	Detail    string        `json:"detail" doc:"what is wrong this time, in English"`
	Code      truename.Code `json:"code" example:"unsupported_type" doc:"stable, machine-readable reason; branch on this, never on sentences"`
	Remedy    string        `json:"remedy" doc:"what to do about it, in English"`
	Sample    truename.Use  `json:"sample,omitempty" enum:"portrait,live" doc:"the picture it is about; absent when it is about none, or not about one of two"`
	RequestID string        `json:"request_id" doc:"id of the request, as in the X-Request-Id header and the server's log"`

	// retryAfter is in seconds; 0 for no such header.
	retryAfter int
}

// Error is the code and the detail.
func (p *Problem) Error() string { return string(p.Code) + ": " + p.Detail }

// GetStatus gives the status of the response.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives the media type of problem documents.
func (p *Problem) ContentType(string) string { return problemType }

// GetHeaders gives Retry-After when the problem will pass, and how to authenticate when nobody did (RFC 9110, 11.6.1).
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="truename"`)
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return h
}

const problemType = "application/problem+json"

// problemOf makes the document of an error. What the catalogue does not know gets the status of its kind.
func problemOf(e *truename.Error, requestID string) *Problem {
	p := &Problem{Type: "about:blank", Status: kindStatus(e.Kind), Detail: e.Detail, Code: e.Code, Remedy: e.Remedy,
		Sample: e.Sample, RequestID: requestID}
	p.Title = http.StatusText(p.Status)
	if known := catalogued(e.Code); known != nil {
		p.Type, p.Title, p.Status = problemPath(e.Code), known.Title, known.Status
		if p.Remedy == "" {
			p.Remedy = known.Remedy
		}
	}
	return p
}

func kindStatus(k truename.Kind) int {
	switch k {
	case truename.KindInvalid:
		return http.StatusUnprocessableEntity
	case truename.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case truename.KindUnsupported:
		return http.StatusUnsupportedMediaType
	case truename.KindTimeout:
		return http.StatusGatewayTimeout
	case truename.KindUnauthenticated:
		return http.StatusUnauthorized
	case truename.KindForbidden:
		return http.StatusForbidden
	case truename.KindNotFound:
		return http.StatusNotFound
	case truename.KindConflict:
		return http.StatusConflict
	case truename.KindPrecondition:
		return http.StatusPreconditionFailed
	case truename.KindLimited:
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

// write sends the document whole, with its length, so that the client has all of it even when the server goes on
// reading the rest of a body.
func (p *Problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers only
		panic(err)
	}
	h := w.Header()
	for name, values := range p.GetHeaders() {
		h[name] = values
	}
	h.Set("Content-Type", problemType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}
