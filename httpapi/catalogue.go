package httpapi

import (
	"net/http"

	"truename"
	"truename/access"
)

// Codes of this edge alone. They are as stable as those of package truename.
const (
	// CodeMalformedBody: the body is not well-formed multipart/form-data, or ends early.
	CodeMalformedBody truename.Code = "malformed_body"
	// CodeUnsupportedMediaType: the request's Content-Type is not multipart/form-data.
	CodeUnsupportedMediaType truename.Code = "unsupported_media_type"
	// CodeBodyTimeout: the body did not arrive in time.
	CodeBodyTimeout truename.Code = "body_timeout"
	// CodeMethodNotAllowed: the path has no such method.
	CodeMethodNotAllowed truename.Code = "method_not_allowed"
	// CodeCrossOrigin: another site's page made the browser send the request.
	CodeCrossOrigin truename.Code = "cross_origin"
	// CodeShuttingDown: the server finishes what it has begun and then ends.
	CodeShuttingDown truename.Code = "shutting_down"
	// CodeCaptureExpired: the time of a capture session is over.
	CodeCaptureExpired truename.Code = "capture_expired"
	// CodeInternal: a fault of the program.
	CodeInternal truename.Code = "internal"
)

// entry explains one code, for problem documents and for the reference.
type entry struct {
	Code   truename.Code
	Status int
	Title  string
	// Meaning is for the reader of the reference.
	Meaning string
	// Remedy is the default; an error's own remedy is more precise.
	Remedy string
}

// catalogue gives every code that can stand in a problem document, ordered by who has to act: the caller, then time,
// then whoever runs the server.
func catalogue() []entry {
	return []entry{
		{truename.CodeInvalidRequest, http.StatusUnprocessableEntity, "Invalid request",
			"A part or a parameter is missing, empty, given twice, unknown or out of range.",
			"Send the file parts portrait and live, and at most the field target_fmr within its range."},
		{CodeMalformedBody, http.StatusBadRequest, "Malformed body",
			"The body is not well-formed multipart/form-data (RFC 7578), or it ends before its closing boundary.",
			"Let an HTTP library build the body, and send all of it."},
		{CodeUnsupportedMediaType, http.StatusUnsupportedMediaType, "Unsupported media type",
			"The request is not multipart/form-data, or its body is compressed.",
			"Send Content-Type: multipart/form-data with a boundary, and no Content-Encoding."},
		{truename.CodeUnsupportedType, http.StatusUnsupportedMediaType, "Unsupported type of picture",
			"The bytes of a part are not a JPEG, PNG, WebP or HEIC picture, or a variant that is not accepted. Names of files and their stated types do not matter, only their bytes.",
			"Send a JPEG, PNG, WebP or HEIC picture."},
		{truename.CodeTooLarge, http.StatusRequestEntityTooLarge, "Too large",
			"A picture or the whole body has more bytes than the limit.",
			"Send a smaller file; more pixels than a phone's camera gives do not improve the comparison."},
		{truename.CodeTooManyPixels, http.StatusRequestEntityTooLarge, "Too many pixels",
			"A picture has more pixels than the limit, by its own header. It was not decoded.",
			"Scale the picture down."},
		{truename.CodeTruncated, http.StatusUnprocessableEntity, "Truncated picture",
			"A picture ends before its own end marker.",
			"Transfer the file again: part of it is missing."},
		{truename.CodeCorrupt, http.StatusUnprocessableEntity, "Corrupt picture",
			"A picture cannot be decoded.",
			"Transfer the file again, or take another picture."},
		{truename.CodeNotFound, http.StatusNotFound, "Not found",
			"Nothing is at this path, or there is no such thing.",
			"See /docs for the operations."},
		{CodeMethodNotAllowed, http.StatusMethodNotAllowed, "Method not allowed",
			"The path exists, but not with this method. The Allow header lists those that it has.",
			"Use one of the methods in the Allow header."},
		{CodeCrossOrigin, http.StatusForbidden, "Cross-origin request",
			"A page of another site made a browser send this request. Browsers may use this API from its own origin only.",
			"Call the API from your own server, or serve your page and the API from one origin."},

		{truename.CodeUnauthenticated, http.StatusUnauthorized, "Not authenticated",
			"The request carries no valid credential.",
			"Send a valid key, or sign in."},
		{truename.CodeForbidden, http.StatusForbidden, "Forbidden",
			"Who asks may not do this: by role, outlet, channel, or because of a part in the case.",
			"Ask somebody whose task it is."},
		{truename.CodeConsentMissing, http.StatusForbidden, "Consent missing",
			"No consent of the person to this purpose is on record, so nothing was looked at.",
			"Show the consent text and record the answer first, or take the route without a face."},
		{truename.CodeStale, http.StatusPreconditionFailed, "Stale version",
			"Somebody else has changed this since the caller read it. Nothing was written.",
			"Read it again and decide anew what to do."},
		{truename.CodeWrongState, http.StatusConflict, "Wrong state",
			"The state of the registration does not allow this.",
			"Read the registration for its state."},
		{truename.CodeIncomplete, http.StatusConflict, "Incomplete",
			"A decision was asked for before everything that the policy requires had been gathered. Nothing was decided. What was tried and did not pass is not missing.",
			"Gather what the detail names, then ask again; or take the route without a face, or withdraw the registration."},
		{truename.CodeKeyReused, http.StatusConflict, "Idempotency key reused",
			"The Idempotency-Key was used for another request.",
			"Use a new key for each request, and the same one only to send a request again."},
		{truename.CodeInProgress, http.StatusConflict, "Request in progress",
			"The same request, under the same Idempotency-Key, is being answered.",
			"Send it again after the seconds in the Retry-After header: it then gets the answer."},
		{truename.CodeAttemptsExhausted, http.StatusConflict, "Attempts used up",
			"The policy's cap on attempts at this step is reached.",
			"Let a person look at the case; the route without a face remains."},
		{CodeCaptureExpired, http.StatusGone, "Capture session expired",
			"The time of the capture session is over; its frames are forgotten.",
			"Begin another capture session."},
		{truename.CodeNumberTaken, http.StatusConflict, "Number taken",
			"The number is held or reserved by somebody else.",
			"Choose another number, or transfer this one."},
		{codeTargetRefused, http.StatusUnprocessableEntity, "Webhook address refused",
			"A webhook's address is not one that may be called: not https, not a public address, or not an address.",
			"Use https and a public host, or let the operator allow the network."},
		{truename.CodeTokenInvalid, http.StatusConflict, "Activation token invalid",
			"The activation token does not verify, has expired, or was used.",
			"Fetch a new token and activate with that."},
		{truename.CodeErased, http.StatusGone, "Erased",
			"The person's data were erased at their wish; what was sealed for them cannot be opened any more.",
			"Begin anew with the person, if they wish so."},
		{truename.CodeRateLimited, http.StatusTooManyRequests, "Too many requests",
			"This client sends more requests than it may.",
			"Wait for the seconds in the Retry-After header."},

		{truename.CodeBusy, http.StatusServiceUnavailable, "Busy",
			"All workers are occupied and the queue is full, or no worker became free in time. The pictures were not looked at.",
			"Send the same request again after the seconds in the Retry-After header."},
		{CodeBodyTimeout, http.StatusRequestTimeout, "Body too slow",
			"The body did not arrive within its time limit, or paused for too long.",
			"Send smaller pictures or use a faster connection."},
		{truename.CodeTimeout, http.StatusGatewayTimeout, "Timeout",
			"The verification did not finish within the time limit. Nothing was concluded.",
			"Send smaller pictures, or try again later."},
		{CodeShuttingDown, http.StatusServiceUnavailable, "Shutting down",
			"The server finishes the requests that it has begun and then ends.",
			"Send requests to another instance."},

		{truename.CodeEngineFailure, http.StatusServiceUnavailable, "Engine failure",
			"An inference failed. It says nothing about the person or the pictures.",
			"Try again; if it persists, see the server's log."},
		{truename.CodeModelPack, http.StatusServiceUnavailable, "Model pack unavailable",
			"The model pack is missing, altered, refused by its licence or does not fit its manifest.",
			"Whoever runs the server has to install the model pack: truename models shows its state."},
		{truename.CodeRuntime, http.StatusServiceUnavailable, "Inference runtime unavailable",
			"The inference library is missing or cannot be loaded.",
			"Whoever runs the server has to install the inference library: truename models shows its state."},
		{access.CodeIdentityProvider, http.StatusServiceUnavailable, "Identity provider unavailable",
			"The identity provider that members of staff sign in at does not answer, or its answer cannot be used.",
			"Try again; if it persists, whoever runs the server has to look at the provider."},
		{truename.CodeRecords, http.StatusServiceUnavailable, "Records unavailable",
			"The database could not do its work. Nothing was decided and nothing was half written.",
			"Try again; if it persists, whoever runs the server has to look at the database."},
		{truename.CodeVault, http.StatusServiceUnavailable, "Vault unavailable",
			"A key could not be used: the key service is away, or the key does not fit.",
			"Whoever runs the server has to look at the master key or its service."},
		{truename.CodeClock, http.StatusServiceUnavailable, "Clock wrong",
			"The server's clock cannot be right, so nothing is decided.",
			"Whoever runs the server has to set its clock."},
		{truename.CodePolicyPack, http.StatusServiceUnavailable, "Policy pack unusable",
			"A policy pack does not load, or does not allow what the law demands.",
			"Whoever runs the server has to mend the pack."},
		{CodeInternal, http.StatusInternalServerError, "Internal error",
			"A fault of the program. It says nothing about the person or the pictures.",
			"Report it with the request_id, by which the server's log names the fault."},
	}
}

// catalogued finds a code's entry, or nil.
func catalogued(code truename.Code) *entry {
	for _, e := range catalogue() {
		if e.Code == code {
			return &e
		}
	}
	return nil
}

func problemPath(code truename.Code) string { return "/problems/" + string(code) }
