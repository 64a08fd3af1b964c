package httpapi

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"truename"
)

// Whatever the bytes, reading a form ends with a form that is complete and within its limits, or with an error that
// says who has to act; and a form that was read has nothing in it that was not sent.
func FuzzReadForm(f *testing.F) {
	contentType, good := twoPictures(f)
	f.Add(contentType, good)
	f.Add(contentType, good[:len(good)/2])
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=live\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=portrait\r\n\r\ny\r\n--b\r\nContent-Disposition: form-data; name=target_fmr\r\n\r\n1e-3\r\n--b--"))
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\n\r\n\r\n--b--"))
	f.Add("multipart/form-data; boundary=\"\"", []byte("----"))
	f.Add("multipart/mixed; boundary=b", []byte("--b--"))
	const limit = 100
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Content-Type", contentType)
		got, err := readForm(r, bytes.NewReader(body), limit)
		if err != nil {
			var e *truename.Error
			if !errors.As(err, &e) || e.Detail == "" || catalogued(e.Code) == nil || e.Kind == truename.KindUnavailable {
				t.Fatalf("error %#v", err)
			}
			return
		}
		for _, picture := range [][]byte{got.portrait, got.live} {
			if len(picture) < 1 || len(picture) > limit || !bytes.Contains(body, picture) {
				t.Fatalf("a picture of %d bytes", len(picture))
			}
		}
		if got.targetFMR != 0 && !(got.targetFMR >= minTargetFMR && got.targetFMR <= maxTargetFMR) {
			t.Fatalf("target %g", got.targetFMR)
		}
	})
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"1e-4", "0.1", "1e-6", "NaN", "Inf", "0x1p-10", "1_0", "-0", "1e400", "e", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rate, err := parseTarget(s)
		if err == nil && !(rate >= minTargetFMR && rate <= maxTargetFMR) {
			t.Fatalf("%q gives %g", s, rate)
		}
		if err != nil && truename.AsError(err).Code != truename.CodeInvalidRequest {
			t.Fatal(err)
		}
	})
}
