package rights

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Format hides the value, whatever the verb.
func (Disclosed) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue does the same for log/slog.
func (Disclosed) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format shows whose export it is and nothing of it.
func (x Export) Format(f fmt.State, _ rune) { io.WriteString(f, "Export("+x.Subject+" "+redacted+")") }

// LogValue does the same for log/slog, whose handlers would encode the JSON.
func (x Export) LogValue() slog.Value {
	return slog.StringValue("Export(" + x.Subject + " " + redacted + ")")
}

// Format shows nothing of it.
func (ExportRegistration) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue does the same for log/slog.
func (ExportRegistration) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format shows nothing of it.
func (ExportEvidence) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue does the same for log/slog.
func (ExportEvidence) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format shows nothing of it.
func (ExportDocument) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue does the same for log/slog.
func (ExportDocument) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format shows nothing of it.
func (ExportNumber) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue does the same for log/slog.
func (ExportNumber) LogValue() slog.Value { return slog.StringValue(redacted) }
