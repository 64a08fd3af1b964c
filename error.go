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
	// KindUnauthenticated: nobody has said who asks, or the proof does not hold.
	KindUnauthenticated Kind = "unauthenticated"
	// KindForbidden: the actor may not do this.
	KindForbidden Kind = "forbidden"
	// KindNotFound: there is no such thing, or the actor may not know of it.
	KindNotFound Kind = "not_found"
	// KindConflict: the state of the thing does not allow this, or somebody else was faster.
	KindConflict Kind = "conflict"
	// KindPrecondition: the version the caller has seen is not the newest one.
	KindPrecondition Kind = "precondition"
	// KindLimited: too many requests; the same request may succeed later.
	KindLimited Kind = "limited"
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

	// CodeUnauthenticated: no valid credential.
	CodeUnauthenticated Code = "unauthenticated"
	// CodeForbidden: the actor's roles, outlet or channel do not allow this.
	CodeForbidden Code = "forbidden"
	// CodeNotFound: no such resource.
	CodeNotFound Code = "not_found"
	// CodeStale: the stored version is newer than the one the caller has seen.
	CodeStale Code = "stale"
	// CodeWrongState: the registration's state does not allow this.
	CodeWrongState Code = "wrong_state"
	// CodeIncomplete: a decision was asked for before everything that the policy requires had been gathered.
	CodeIncomplete Code = "incomplete"
	// CodeConsentMissing: no consent for this purpose is on record.
	CodeConsentMissing Code = "consent_missing"
	// CodeKeyReused: the Idempotency-Key was used for another request.
	CodeKeyReused Code = "idempotency_key_reused"
	// CodeInProgress: the same request, under the same Idempotency-Key, is being answered.
	CodeInProgress Code = "request_in_progress"
	// CodeRateLimited: too many requests of this client.
	CodeRateLimited Code = "rate_limited"
	// CodeRecords: the database could not do its work.
	CodeRecords Code = "records"
	// CodeVault: a key could not be used: the key service is away, or the key was destroyed.
	CodeVault Code = "vault"
	// CodeErased: the subject was erased; what was sealed for it cannot be opened.
	CodeErased Code = "erased"
	// CodeClock: the machine's clock cannot be right.
	CodeClock Code = "clock"
	// CodePolicyPack: a policy pack does not load or does not allow what the law demands.
	CodePolicyPack Code = "policy_pack"
	// CodeTokenInvalid: an activation token does not verify, has expired or was used.
	CodeTokenInvalid Code = "token_invalid"
	// CodeAttemptsExhausted: the pack's cap on attempts is reached; the human route remains.
	CodeAttemptsExhausted Code = "attempts_exhausted"
	// CodeNumberTaken: the number is held or reserved by somebody else.
	CodeNumberTaken Code = "number_taken"
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
