package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"truename"
)

// form is the parts of a multipart/form-data body, by name. They are held in memory only.
type form map[string][]byte

// formPart is a part that a form may have.
type formPart struct {
	name     string
	limit    int64 // bytes; 0: that of a picture
	required bool
	most     int // how many there may be; 0: one. The second is named like the first and .1, the third .2, and so on
}

// Range of the target false-match rate that can be asked for. What a model's calibration supports may be less.
const (
	minTargetFMR = 1e-6
	maxTargetFMR = 1e-1
)

// overhead is how many bytes may stand between the contents of two parts: boundary, header, and what the multipart
// reader reads ahead.
const overhead = 16 << 10

// maxBoundary is the longest boundary that RFC 2046, 5.1.1 allows.
const maxBoundary = 70

// readForm reads a multipart/form-data body to its end. net/http's own ParseMultipartForm writes large parts to
// temporary files; this does not. Errors are [truename.Error]s.
func readForm(r *http.Request, body io.Reader, known []formPart, maxPicture int64) (form, error) {
	boundary, err := boundaryOf(r.Header)
	if err != nil {
		return nil, err
	}
	source := &meter{r: bufio.NewReaderSize(body, 64<<10)} // the multipart reader by itself reads 4 kB at a time
	parts := multipart.NewReader(source, boundary)
	f := form{}
	for {
		source.left = overhead
		part, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, source.explain(err)
		}
		if err := f.take(part, source, known, maxPicture, r.ContentLength/2); err != nil {
			return nil, err
		}
	}
	// Reading to the end of the body lets net/http notice when the client goes away.
	source.left = overhead
	if _, err := io.Copy(io.Discard, source); err != nil {
		return nil, source.explain(err)
	}
	// The multipart reader takes a body that ends within a part's header for one that is complete.
	if !source.endsWith("--" + boundary + "--") {
		return nil, malformed("The body does not end with its closing boundary.")
	}
	return f, f.complete(known)
}

// boundaryOf checks that the header announces an uncompressed form and gives its boundary.
func boundaryOf(h http.Header) (string, error) {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if media != "multipart/form-data" {
		return "", unsupportedMedia("The request's Content-Type is not multipart/form-data.")
	}
	if length := len(params["boundary"]); err != nil || length < 1 || length > maxBoundary {
		return "", malformed("The Content-Type has no usable boundary.")
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return "", unsupportedMedia("The request's body has a Content-Encoding.")
	}
	return params["boundary"], nil
}

// take reads one part. The size of a picture is guessed, to save copies.
func (f form) take(sent *multipart.Part, source *meter, known []formPart, maxPicture, guess int64) error {
	name := sent.FormName()
	if name == "" {
		return malformed("A part of the form has no name.")
	}
	i := slices.IndexFunc(known, func(p formPart) bool { return p.name == name })
	if i < 0 { // the name itself may be anything, so it is not repeated
		return invalid("", "The form has a part that is not known.", "Send "+partNames(known)+", and nothing else.")
	}
	key := name
	for n := 1; f[key] != nil; n++ {
		if n >= max(1, known[i].most) {
			return tooMany(name, known[i].most)
		}
		key = numbered(name, n)
	}
	switch coding := strings.ToLower(sent.Header.Get("Content-Transfer-Encoding")); coding {
	case "", "binary", "8bit", "7bit":
	default:
		return invalid(useOf(name), fmt.Sprintf("The part %s has a Content-Transfer-Encoding, which forms no longer use.", name), "Send the bytes as they are.")
	}

	limit := known[i].limit
	if limit == 0 {
		limit = maxPicture
	} else {
		guess = 0
	}
	source.left = limit + overhead
	data, err := readAtMost(sent, limit, guess)
	if err != nil {
		return source.explain(err)
	}
	if int64(len(data)) > limit {
		if useOf(name) == "" {
			return invalid("", fmt.Sprintf("The part %s has more than %s.", name, byteCount(limit)), "See the reference at /docs for what it may hold.")
		}
		return &truename.Error{Kind: truename.KindTooLarge, Code: truename.CodeTooLarge, Sample: useOf(name),
			Detail: fmt.Sprintf("The picture has more than %s.", byteCount(limit)), Remedy: "Send a smaller file."}
	}
	f[key] = data
	return nil
}

// numbered is the name in a form of the nth part, counted from 0, of those that are sent under one name.
func numbered(name string, n int) string {
	if n == 0 {
		return name
	}
	return name + "." + strconv.Itoa(n)
}

func tooMany(name string, most int) error {
	if most > 1 {
		return invalid("", fmt.Sprintf("The form has more than %d parts %s.", most, name), "Send the others in another request.")
	}
	return invalid(useOf(name), fmt.Sprintf("The form has more than one part %s.", name), "Send each part once.")
}

func partNames(known []formPart) string {
	var names []string
	for _, p := range known {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}

// readAtMost reads all of r, or limit + 1 bytes when it has more. What it holds stays within a kilobyte of that: the
// buffer begins with room for guess bytes and is never larger than the limit asks for.
func readAtMost(r io.Reader, limit, guess int64) ([]byte, error) {
	const step = 1 << 10
	room := func(n int64) int64 { return max(0, min(n, limit)) + step }
	data := make([]byte, 0, room(guess))
	for int64(len(data)) <= limit {
		if len(data) == cap(data) {
			data = append(make([]byte, 0, room(2*int64(len(data)))), data...)
		}
		n, err := r.Read(data[len(data):min(int64(cap(data)), limit+1)])
		data = data[:len(data)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return data, nil
}

// complete says which part is missing or empty.
func (f form) complete(known []formPart) error {
	for _, p := range known {
		data, sent := f[p.name]
		switch {
		case !sent && p.required:
			return invalid(useOf(p.name), fmt.Sprintf("The form has no part %s.", p.name), "Send the parts "+partNames(known)+" as the reference at /docs says.")
		case sent && len(data) == 0:
			return invalid(useOf(p.name), fmt.Sprintf("The part %s is empty.", p.name), "Send something in it, or leave it out if it is optional.")
		}
	}
	return nil
}

// parseTarget reads a target false-match rate in decimal notation.
func parseTarget(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if strings.Trim(s, "0123456789.eE+-") != "" { // no hexadecimal, no underscores, no words
		return 0, badTarget()
	}
	rate, err := strconv.ParseFloat(s, 64)
	if err != nil || !(rate >= minTargetFMR && rate <= maxTargetFMR) {
		return 0, badTarget()
	}
	return rate, nil
}

func badTarget() error {
	return invalid("", "The field target_fmr is not a rate in the range 1e-6 to 1e-1.", "Send a number such as 1e-4, or leave the field out.")
}

// useOf gives the sample that a part holds; empty for other parts.
func useOf(part string) truename.Use {
	if part == string(truename.UsePortrait) || part == string(truename.UseLive) {
		return truename.Use(part)
	}
	return ""
}

func invalid(sample truename.Use, detail, remedy string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Sample: sample, Detail: detail, Remedy: remedy}
}

func malformed(detail string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: CodeMalformedBody, Detail: detail}
}

func unsupportedMedia(detail string) error {
	return &truename.Error{Kind: truename.KindUnsupported, Code: CodeUnsupportedMediaType, Detail: detail}
}

func bodyTooLarge(limit int64) error {
	return &truename.Error{Kind: truename.KindTooLarge, Code: truename.CodeTooLarge,
		Detail: fmt.Sprintf("The body has more than %s.", byteCount(limit)), Remedy: "Send smaller files."}
}

// meter lets a stated number of bytes through, and remembers why its source ended.
type meter struct {
	r    io.Reader
	left int64
	err  error
	tail []byte // the last bytes that went through
}

var errOverhead = errors.New("too many bytes between two parts")

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		m.err = errOverhead
		return 0, errOverhead
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	const tail = maxBoundary + 16
	m.tail = append(m.tail, p[max(0, n-tail):n]...)
	m.tail = append(m.tail[:0], m.tail[max(0, len(m.tail)-tail):]...)
	if err != nil {
		m.err = err
	}
	return n, err
}

// endsWith says whether what went through ends so, but for white space.
func (m *meter) endsWith(s string) bool {
	return bytes.HasSuffix(bytes.TrimRight(m.tail, " \t\r\n"), []byte(s))
}

// explain turns an error of the multipart reader into one for the caller, by what happened beneath it.
func (m *meter) explain(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(m.err, &tooLarge):
		return bodyTooLarge(tooLarge.Limit)
	case errors.Is(m.err, os.ErrDeadlineExceeded):
		return &truename.Error{Kind: truename.KindTimeout, Code: CodeBodyTimeout, Detail: "The body did not arrive in time."}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return malformed("The body ends before its closing boundary.")
	}
	return malformed("The body is not well-formed multipart/form-data.")
}

// byteCount says a number of bytes in words.
func byteCount(n int64) string {
	if n >= 1<<20 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
