package api

import (
	"fmt"
	"log/slog"

	"truename"
)

// Personal is personal data on the wire: JSON has it in clear, everything that prints or logs shows only that it is there.
type Personal string

// String gives "[redacted]", or nothing when there is nothing.
func (p Personal) String() string { return truename.Private(p).String() }

// GoString gives the same in quotes.
func (p Personal) GoString() string { return truename.Private(p).GoString() }

// Format does the same for package fmt, whatever the verb.
func (p Personal) Format(f fmt.State, verb rune) { truename.Private(p).Format(f, verb) }

// LogValue does the same for log/slog.
func (p Personal) LogValue() slog.Value { return truename.Private(p).LogValue() }

// Private gives it as the rest of the program has it.
func (p Personal) Private() truename.Private { return truename.Private(p) }
