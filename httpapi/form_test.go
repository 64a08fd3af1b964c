package httpapi

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

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
		got, err := readForm(r, bytes.NewReader(body), verificationParts, limit)
		if err != nil {
			var e *truename.Error
			if !errors.As(err, &e) || e.Detail == "" || catalogued(e.Code) == nil || e.Kind == truename.KindUnavailable {
				t.Fatalf("error %#v", err)
			}
			return
		}
		for _, picture := range [][]byte{got["portrait"], got["live"]} {
			if len(picture) < 1 || len(picture) > limit || !bytes.Contains(body, picture) {
				t.Fatalf("a picture of %d bytes", len(picture))
			}
		}
		if len(got["target_fmr"]) > 32 || len(got) > 3 {
			t.Fatalf("%d parts, target of %d bytes", len(got), len(got["target_fmr"]))
		}
	})
}

// Reading a part gives all of it, or one byte more than the limit, in a buffer that the limit bounds; whatever was
// guessed and however the bytes arrive.
func TestReadAtMostIsBounded(t *testing.T) {
	for _, limit := range []int64{0, 1, 32, 1023, 1024, 5000} {
		for _, size := range []int{0, 1, 31, 32, 33, 1022, 1023, 1024, 1025, 4999, 5000, 5001, 20_000} {
			for _, guess := range []int64{-1, 0, 1, 3000, 1 << 40} {
				sent := bytes.Repeat([]byte("truename"), size/8+1)[:size]
				for name, r := range map[string]io.Reader{"whole": bytes.NewReader(sent), "by the byte": iotest.OneByteReader(bytes.NewReader(sent)),
					"end with data": iotest.DataErrReader(bytes.NewReader(sent))} {
					got, err := readAtMost(r, limit, guess)
					if want := sent[:min(int64(size), limit+1)]; err != nil || !bytes.Equal(got, want) {
						t.Fatalf("%s, limit %d, size %d, guess %d: %d bytes, %v", name, limit, size, guess, len(got), err)
					}
					if int64(cap(got)) > limit+2048 {
						t.Fatalf("limit %d: a buffer of %d bytes", limit, cap(got))
					}
				}
			}
		}
	}
	broken := errors.New("broken")
	if _, err := readAtMost(io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken)), 10, 0); err != broken {
		t.Errorf("error %v", err)
	}
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
