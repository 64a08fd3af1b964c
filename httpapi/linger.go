package httpapi

import (
	"io"
	"net/http"
	"time"
)

// A client that is still sending its pictures when the answer comes often does not see the answer if the connection
// is closed under it: it sees a reset. So after an early answer the rest of the body is read and thrown away, within
// limits.
const (
	lingerTime   = 5 * time.Second
	maxLingering = 64
)

// linger reads away the rest of a request's body after the answer was written. Callers hold no place meanwhile.
func (a *API) linger(w http.ResponseWriter, r *http.Request) {
	// A client that asked for permission to send has its answer before it has begun.
	if r.Method != http.MethodPost || r.ContentLength == 0 || r.Header.Get("Expect") != "" {
		return
	}
	select {
	case a.lingering <- struct{}{}:
		defer func() { <-a.lingering }()
	default:
		return
	}
	connection := http.NewResponseController(w)
	if connection.Flush() != nil || connection.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, a.limits.MaxBodyBytes) // how it ends does not matter any more
}
