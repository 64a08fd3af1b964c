package truename

import "log/slog"

// Private is a piece of personal data. However it is printed, logged or encoded, it shows only that it is there; who
// needs the value says so with [Private.Reveal]. JSON decodes into it as into a string.
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

// GoString does the same for %#v.
func (p Private) GoString() string { return `"` + p.String() + `"` }

// LogValue does the same for log/slog.
func (p Private) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText does the same for JSON, TOML and every other encoding.
func (p Private) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText takes the value.
func (p *Private) UnmarshalText(b []byte) error {
	*p = Private(b)
	return nil
}
