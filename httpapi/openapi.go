package httpapi

import (
	"fmt"
	"net/http"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"truename"
	"truename/access"
	"truename/verification"
)

// Tags group the operations.
const (
	tagRegistration = "registration"
	tagCustomer     = "customer"
	tagReview       = "review"
	tagActivation   = "activation"
	tagSubject      = "subject"
	tagAudit        = "audit"
	tagEvent        = "event"
	tagSession      = "session"
	tagVerification = "verification"
	tagServer       = "server"
)

// apiVersion is the version of the interface, not of the program.
const apiVersion = "1.0.0"

// documentConfig gives huma's configuration: a plain OpenAPI 3.1 document, and none of huma's own routes (its reference
// page loads scripts from elsewhere, see reference.go for ours).
func documentConfig(transform huma.Transformer) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "truename",
				Version: apiVersion,
				Description: "Opens a phone account only for the person who is really there and really on the document: consent, document, live face or two pairs of eyes at the counter, decision, activation, each of them provable later.\n\n" +
					"A caller sends `Authorization: Bearer` with an API key, or has a session as a member of staff. A write that carries an `Idempotency-Key` can be sent again safely. What two people could change at once has an `ETag`, to be sent back as `If-Match`.\n\n" +
					"Numbers, names and documents travel in bodies only, never in addresses. Every error is a problem document (RFC 9457) with a stable `code` and a `remedy`. An error never says anything about the person.\n\n" +
					"Responses may gain members; ignore those that you do not know.",
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Tags: []*huma.Tag{
				{Name: tagRegistration, Description: "From a customer's request to a decision."},
				{Name: tagCustomer, Description: "What customers do themselves, on their own device, with the link of their registration."},
				{Name: tagReview, Description: "Referrals, in people's hands."},
				{Name: tagActivation, Description: "From an approval to a number in service."},
				{Name: tagSubject, Description: "What a person holds, and what they can ask for."},
				{Name: tagAudit, Description: "The transparency log, for everybody."},
				{Name: tagEvent, Description: "What happened, told to whoever subscribed."},
				{Name: tagSession, Description: "Who asks."},
				{Name: tagVerification, Description: "Is the live face the one on the document? Of this nothing is kept."},
				{Name: tagServer, Description: "Probes and numbers for whoever runs the server."},
			},
			Components: &huma.Components{SecuritySchemes: map[string]*huma.SecurityScheme{
				"key":     {Type: "http", Scheme: "bearer", Description: "An API key (tn_…), or from a terminal the token of a session."},
				"link":    {Type: "http", Scheme: "bearer", Description: "A customer's link (tnl_…): for one registration, for an hour, and for the operations under /v1/customer only."},
				"session": {Type: "apiKey", In: "cookie", Name: access.SessionCookieName, Description: "The session of a member of staff."},
			}, Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName)},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{transform},
	}
}

// schemaName names a type's schema. Where two packages have a type of one name, the one that is less seen gets a longer one.
func schemaName(t reflect.Type, hint string) string {
	switch t {
	case reflect.TypeFor[truename.Reason]():
		return "RulingReason"
	case reflect.TypeFor[truename.Review]():
		return "ReviewState"
	case reflect.TypeFor[truename.Webhook]():
		return "WebhookState"
	case reflect.TypeFor[truename.Decision]():
		return "DecisionRecord"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// verificationOperation describes POST /v1/verifications.
func verificationOperation(registry huma.Registry, l Limits, targetFMR float64) huma.Operation {
	return huma.Operation{
		OperationID: "verify", Method: http.MethodPost, Path: "/v1/verifications", Tags: []string{tagVerification},
		Summary: "Compare a live photo with a document portrait",
		Description: fmt.Sprintf("Answers 200 with a result whether the faces match (`match`), do not (`no_match`), or could not be compared because a picture cannot be used (`unusable`). In the last case `reasons` says why and `guidance` what the person can do. A result says how alike the faces are; it does not show that a live person was there.\n\n"+
			"Pictures are JPEG, PNG, WebP or HEIC, recognised by their bytes, and upright by their EXIF orientation. A picture may have %s, the whole body %s, and %d s may pass until the answer.\n\n"+
			"When all workers are occupied and the queue is full, the answer is 503 `busy` at once, before the pictures are sent where the client allows for it (`Expect: 100-continue`).",
			byteCount(l.MaxPictureBytes), byteCount(l.MaxBodyBytes), int(l.RequestTimeout.Seconds())),
		Responses: problemResponses(registry, map[string]*huma.Response{
			"200": {
				Description: "The result. Nothing was stored.",
				Content:     map[string]*huma.MediaType{"application/json": {Schema: resultSchema(registry)}},
			}},
			truename.CodeInvalidRequest, CodeMalformedBody, CodeUnsupportedMediaType,
			truename.CodeUnsupportedType, truename.CodeTooLarge, truename.CodeTooManyPixels, truename.CodeTruncated, truename.CodeCorrupt,
			CodeCrossOrigin, truename.CodeBusy, CodeBodyTimeout, truename.CodeTimeout,
			truename.CodeEngineFailure, truename.CodeModelPack, truename.CodeRuntime, CodeInternal),
		Extensions: shell(
			"curl -sS $TRUENAME/v1/verifications -F portrait=@portrait.jpg -F live=@live.jpg",
			"curl -sS $TRUENAME/v1/verifications -F portrait=@portrait.jpg -F live=@live.jpg -F target_fmr=1e-5"),
	}
}

// verificationBody describes the form. Huma is not given it before the operation is registered: it would read the body.
func verificationBody(targetFMR float64) *huma.RequestBody {
	pictures := "image/jpeg, image/png, image/webp, image/heic"
	low, high := minTargetFMR, maxTargetFMR
	return &huma.RequestBody{
		Required:    true,
		Description: "Each part once, in any order, and no other part.",
		Content: map[string]*huma.MediaType{"multipart/form-data": {
			Schema: &huma.Schema{
				Type: huma.TypeObject, AdditionalProperties: false, Required: []string{"portrait", "live"},
				Properties: map[string]*huma.Schema{
					"portrait": {Type: huma.TypeString, Format: "binary", Description: "The reference: the portrait on the identity document, as a picture file."},
					"live":     {Type: huma.TypeString, Format: "binary", Description: "The probe: a photo taken now, of the person who is present, as a picture file."},
					"target_fmr": {Type: huma.TypeNumber, Minimum: &low, Maximum: &high, Default: targetFMR,
						Description: "False-match rate that is accepted: of comparisons of two different people, the share that may be taken for one person. The model's calibration may support less than the whole range."},
				},
			},
			Encoding: map[string]*huma.Encoding{"portrait": {ContentType: pictures}, "live": {ContentType: pictures}},
		}},
	}
}

// resultSchema registers the schema of a result. Box and Pose may be null; huma has no nullable references, so it is
// shown types that are no objects while it looks, and the references are then written as OpenAPI 3.1 has them.
func resultSchema(registry huma.Registry) *huma.Schema {
	nullable := []*huma.Schema{}
	for _, t := range []reflect.Type{reflect.TypeFor[verification.Box](), reflect.TypeFor[verification.Pose]()} {
		s := registry.SchemaFromRef(registry.Schema(t, true, "").Ref)
		s.Type = ""
		nullable = append(nullable, s)
	}
	result := registry.Schema(reflect.TypeFor[verification.Result](), true, "")
	for _, s := range nullable {
		s.Type = huma.TypeObject
	}
	for _, s := range registry.Map() {
		for _, property := range s.Properties {
			if property.Ref != "" && property.Nullable {
				property.AnyOf = []*huma.Schema{{Ref: property.Ref}, {Type: "null"}}
				property.Ref, property.Nullable = "", false
			}
		}
	}
	return result
}

// problemResponses adds the problems that an operation can answer with, grouped by status.
func problemResponses(registry huma.Registry, responses map[string]*huma.Response, codes ...truename.Code) map[string]*huma.Response {
	byStatus := map[int][]string{}
	for _, code := range codes {
		e := catalogued(code)
		byStatus[e.Status] = append(byStatus[e.Status], "`"+string(e.Code)+"`")
	}
	schema := registry.Schema(reflect.TypeFor[Problem](), true, "")
	registry.SchemaFromRef(schema.Ref).Examples = []any{exampleProblem()}
	for status, names := range byStatus {
		r := &huma.Response{
			Description: http.StatusText(status) + ": " + strings.Join(names, ", "),
			Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
		}
		if status == http.StatusServiceUnavailable && strings.Contains(r.Description, string(truename.CodeBusy)) {
			one := 1.0
			r.Headers = map[string]*huma.Param{"Retry-After": {Description: "With `busy`: seconds after which a place should be free.",
				Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &one}}}
		}
		responses[strconv.Itoa(status)] = r
	}
	return responses
}

// exampleProblem is what a client gets for a text file that was renamed.
func exampleProblem() *Problem {
	return problemOf(&truename.Error{Kind: truename.KindUnsupported, Code: truename.CodeUnsupportedType, Sample: truename.UseLive,
		Detail: "The file is not a picture of a type that is accepted."}, "MRX5S7GK2TPAJ6FEHIWQLBZN4Y")
}

// finishDocument removes what huma registers unasked, and documents the header that every response has.
func finishDocument(document *huma.OpenAPI) {
	schemas := document.Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	for _, s := range schemas { // responses may gain members, so a client must not refuse one that it does not know
		if s.AdditionalProperties == false {
			s.AdditionalProperties = nil
		}
	}
	for _, op := range operations(document) {
		for _, r := range op.Responses {
			if r.Headers == nil {
				r.Headers = map[string]*huma.Param{}
			}
			delete(r.Headers, "Content-Type")
			r.Headers["X-Request-Id"] = &huma.Param{Description: "Id of the request, made by the server.", Schema: &huma.Schema{Type: huma.TypeString}}
		}
	}
}

// operations gives a document's operations: verifications first, then by path.
func operations(document *huma.OpenAPI) []*huma.Operation {
	var ops []*huma.Operation
	for _, item := range document.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Options, item.Head, item.Patch, item.Trace} {
			if op != nil {
				ops = append(ops, op)
			}
		}
	}
	sort.Slice(ops, func(i, j int) bool {
		if a, b := ops[i].Tags[0] == tagVerification, ops[j].Tags[0] == tagVerification; a != b {
			return a
		}
		return ops[i].Path < ops[j].Path
	})
	return ops
}

// sample is an example of a call, in the extension that reference pages know.
type sample struct {
	Lang   string `json:"lang"`
	Source string `json:"source"`
}

const samplesExtension = "x-codeSamples"

func shell(commands ...string) map[string]any {
	var samples []sample
	for _, c := range commands {
		samples = append(samples, sample{"Shell", c})
	}
	return map[string]any{samplesExtension: samples}
}
