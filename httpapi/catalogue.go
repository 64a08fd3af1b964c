package httpapi

import (
	"net/http"

	"truename"
)

// Codes of this edge alone. They are as stable as those of package truename.
const (
	// CodeMalformedBody: the body is not well-formed multipart/form-data, or ends early.
	CodeMalformedBody truename.Code = "malformed_body"
	// CodeUnsupportedMediaType: the request's Content-Type is not multipart/form-data.
	CodeUnsupportedMediaType truename.Code = "unsupported_media_type"
	// CodeBodyTimeout: the body did not arrive in time.
	CodeBodyTimeout truename.Code = "body_timeout"
	// CodeNotFound: nothing is at this path.
	CodeNotFound truename.Code = "not_found"
	// CodeMethodNotAllowed: the path has no such method.
	CodeMethodNotAllowed truename.Code = "method_not_allowed"
	// CodeCrossOrigin: another site's page made the browser send the request.
	CodeCrossOrigin truename.Code = "cross_origin"
	// CodeShuttingDown: the server finishes what it has begun and then ends.
	CodeShuttingDown truename.Code = "shutting_down"
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
		{CodeNotFound, http.StatusNotFound, "Not found",
			"Nothing is at this path.",
			"See /docs for the operations."},
		{CodeMethodNotAllowed, http.StatusMethodNotAllowed, "Method not allowed",
			"The path exists, but not with this method. The Allow header lists those that it has.",
			"Use one of the methods in the Allow header."},
		{CodeCrossOrigin, http.StatusForbidden, "Cross-origin request",
			"A page of another site made a browser send this request. Browsers may use this API from its own origin only.",
			"Call the API from your own server, or serve your page and the API from one origin."},

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
