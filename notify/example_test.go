package notify_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"truename/notify"
)

// A receiver checks the signature over the bytes that came, and only then reads them.
func ExampleVerify() {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	http.HandleFunc("POST /hooks/truename", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		if err := notify.Verify(r.Header, body, time.Now(), secret); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var event notify.CloudEvent
		if err := json.Unmarshal(body, &event); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		// Remember event.ID before acting: a message may come twice.
		fmt.Println(event.Type, event.Subject)
		w.WriteHeader(http.StatusNoContent)
	})
}
