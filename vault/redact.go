package vault

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Format hides the keys, whatever the verb.
func (Vault) Format(f fmt.State, _ rune) { io.WriteString(f, "Vault("+redacted+")") }

// LogValue does the same for log/slog.
func (Vault) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText does the same for JSON and every other encoding.
func (Vault) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Format hides the rotation, whatever the verb.
func (Projection) Format(f fmt.State, _ rune) { io.WriteString(f, "Projection("+redacted+")") }

// LogValue does the same for log/slog.
func (Projection) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText does the same for JSON and every other encoding.
func (Projection) MarshalText() ([]byte, error) { return []byte(redacted), nil }
