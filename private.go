package truename

import (
	"fmt"
	"io"
	"log/slog"
)

// Private is a piece of personal data. However it is printed, logged or encoded, it shows only that it is there; who
// needs the value says so with [Private.Reveal]. JSON decodes into it as into a string. Package fmt asks no method of a value
// in an unexported field, and none for %p, which go vet refuses: a struct that keeps one there has to hide it itself.
type Private string

const redacted = "[redacted]"

// Reveal gives the value. Every call is a place where personal data leaves its wrapper: sealing, comparing, or
// answering whoever is entitled to it.
func (p Private) Reveal() string { return string(p) }

// String gives "[redacted]", or nothing when there is nothing.
func (p Private) String() string {
	if p == "" {
		return ""
	}
	return redacted
}

// GoString gives the same in quotes.
func (p Private) GoString() string { return `"` + p.String() + `"` }

// Format does the same for package fmt, whatever the verb; in quotes for %#v and %q.
func (p Private) Format(f fmt.State, verb rune) {
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		io.WriteString(f, p.GoString())
		return
	}
	io.WriteString(f, p.String())
}

// LogValue does the same for log/slog.
func (p Private) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText does the same for JSON, TOML and every other encoding.
func (p Private) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText takes the value.
func (p *Private) UnmarshalText(b []byte) error {
	*p = Private(b)
	return nil
}
