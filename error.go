package truename

import (
	"errors"
	"fmt"
)

// Kind says who has to act on an [Error], and so what an edge does with it: the exit status of the command line,
// the status of an HTTP problem (RFC 9457).
type Kind string

const (
	// KindInvalid: the request or the bytes are wrong; the caller must send something else.
	KindInvalid Kind = "invalid"
	// KindTooLarge: the input exceeds a stated limit on bytes or pixels.
	KindTooLarge Kind = "too_large"
	// KindUnsupported: the input is of a type that is not accepted.
	KindUnsupported Kind = "unsupported"
	// KindBusy: all workers are occupied and the queue is full; the same request may succeed later.
	KindBusy Kind = "busy"
	// KindTimeout: the work did not finish within its time limit or the caller went away.
	KindTimeout Kind = "timeout"
	// KindUnavailable: the engine could not do its work. It says nothing about the person: never "no face",
	// never "no match".
	KindUnavailable Kind = "unavailable"
)

// Code is a stable, machine-readable reason, in snake_case.
type Code string

// Codes of errors. Codes that say why a readable picture cannot be used are in reason.go.
const (
	// CodeUnsupportedType: not a JPEG, PNG, WebP or HEIC picture, or a variant that is not accepted.
	CodeUnsupportedType Code = "unsupported_type"
	// CodeTooLarge: more bytes than the limit.
	CodeTooLarge Code = "too_large"
	// CodeTooManyPixels: more pixels than the limit, by the picture's own header.
	CodeTooManyPixels Code = "too_many_pixels"
	// CodeTruncated: the picture ends before its own end marker.
	CodeTruncated Code = "truncated"
	// CodeCorrupt: the picture cannot be decoded.
	CodeCorrupt Code = "corrupt"

	// CodeBusy: the queue is full.
	CodeBusy Code = "busy"
	// CodeTimeout: the time limit passed, or the caller went away.
	CodeTimeout Code = "timeout"
	// CodeEngineFailure: an inference failed.
	CodeEngineFailure Code = "engine_failure"
	// CodeModelPack: the model pack is missing, altered, refused by licence or does not fit its manifest.
	CodeModelPack Code = "model_pack"
	// CodeRuntime: the inference runtime library is missing or cannot be loaded.
	CodeRuntime Code = "runtime"
	// CodeInvalidRequest: a parameter is missing or out of range.
	CodeInvalidRequest Code = "invalid_request"
)

// Error is the one error type that crosses package borders with a meaning. It is made where the cause is known,
// wrapped on the way with what was being done, and turned into an exit status or a problem document at the edge only.
type Error struct {
	Kind Kind
	Code Code
	// Detail is one sentence, safe to show and to log, that says what is wrong.
	Detail string
	// Remedy is one sentence that says what to do about it.
	Remedy string
	// Sample names the picture the error is about; empty when it is about none, or not about one of two.
	Sample Use
	// Cause is the underlying error, for logs; it is never shown to a caller.
	Cause error
}

// Error gives code, detail and cause in one line.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Detail)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// AsError finds the [Error] in err's chain. An error without one is reported as unavailable: what nobody foresaw is
// the engine's failure, not the caller's.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: KindUnavailable, Code: CodeEngineFailure,
		Detail: "The engine could not do its work.", Remedy: "Try again; if it persists, see the server's log.", Cause: err}
}
