package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"truename"
	"truename/access"
	"truename/api"
	"truename/registration"
)

var (
	documentParts = []formPart{{"fields", maxFields, true, 0}, {"portrait", 0, false, 0}}
	faceParts     = []formPart{{"live", 0, true, 0}, {"portrait", 0, false, 0}, {"party", 20, false, 0}}
)

// maxFields is the largest part fields, in bytes.
const maxFields = 16 << 10

// pictureCodes are the problems of operations that take pictures.
var pictureCodes = []truename.Code{CodeMalformedBody, CodeUnsupportedMediaType, truename.CodeTooLarge, truename.CodeBusy, CodeBodyTimeout,
	truename.CodeConsentMissing, truename.CodeAttemptsExhausted}

func (a *API) registerEvidence(h huma.API) {
	document := huma.Operation{
		OperationID: "record-document", Method: http.MethodPost, Path: "/v1/registrations/{id}/document", Tags: []string{tagRegistration},
		Summary: "Record a document", DefaultStatus: http.StatusCreated, Middlewares: huma.Middlewares{a.admit(documentParts)},
		Description: "What was read from a party's document, and its portrait where the policy allows to keep it until the comparison. The identity is found by a blind index; fields and portrait are sealed under the subject's key.",
		Extensions:  shell(`curl -sS $TRUENAME/v1/registrations/$ID/document -H "Authorization: Bearer $KEY" -H "Idempotency-Key: $(uuidgen)" -F 'fields={"type":"passport","country":"CHN","number":"E12345678","name":"ZHANG SAN","birth_date":"1990-05-17","expires":"2030-01-01","source":"reader","original":true};type=application/json' -F portrait=@portrait.jpg`),
	}
	register(a, h, document, access.RegistrationFill, a.recordDocument, pictureCodes...)
	fields := h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[api.Document](), true, "")
	describeForm(h, document.Path, "The part fields, and the document's portrait if it is to be compared.", []string{"fields"}, map[string]*huma.Schema{
		"fields":   fields,
		"portrait": {Type: huma.TypeString, Format: "binary", Description: "The document's portrait, as a picture file."},
	})

	face := huma.Operation{
		OperationID: "compare-face", Method: http.MethodPost, Path: "/v1/registrations/{id}/face", Tags: []string{tagRegistration},
		Summary: "Compare the live face", DefaultStatus: http.StatusCreated, Middlewares: huma.Middlewares{a.admit(faceParts)},
		Description: "With the document's portrait. The answer is a finding: passed, failed, undecided (a picture cannot be used; `reasons` says why) or unavailable (the engine could not do its work, which says nothing about the person).",
		Extensions:  shell(`curl -sS $TRUENAME/v1/registrations/$ID/face -H "Authorization: Bearer $KEY" -H "Idempotency-Key: $(uuidgen)" -F live=@live.jpg`),
	}
	register(a, h, face, access.RegistrationFill, a.compareFace, append(pictureCodes, truename.CodeUnsupportedType, truename.CodeTooManyPixels,
		truename.CodeTruncated, truename.CodeCorrupt, truename.CodeTimeout)...)
	describeForm(h, face.Path, "The live photo; the portrait where it was not sent with the document.", []string{"live"}, map[string]*huma.Schema{
		"live":     {Type: huma.TypeString, Format: "binary", Description: "A photo taken now, of the person who is present, as a picture file."},
		"portrait": {Type: huma.TypeString, Format: "binary", Description: "The document's portrait, as a picture file."},
		"party":    {Type: huma.TypeString, Enum: []any{"applicant", "guardian", "proxy", "transferor"}, Default: "applicant"},
	})
}

// describeForm documents a form. Huma is not given it before the operation is registered: it would read the body.
func describeForm(h huma.API, path, about string, required []string, parts map[string]*huma.Schema) {
	h.OpenAPI().Paths[path].Post.RequestBody = &huma.RequestBody{Required: true, Description: about, Content: map[string]*huma.MediaType{
		"multipart/form-data": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Required: required, Properties: parts}}}}
}

func (a *API) recordDocument(ctx context.Context, in *Change) (*findingOutput, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err != nil {
		return nil, err
	}
	sent := ctx.Value(admittedKey{}).(*admitted).form
	d, err := documentOf(sent["fields"])
	if err != nil {
		return nil, err
	}
	f, err := a.config.Operator.Flow.RecordDocument(ctx, by, in.ID, registration.DocumentShown{Party: d.Party, Fields: d.Fields(), Source: d.Source,
		Original: d.Original, Portrait: sent["portrait"]})
	return &findingOutput{f}, err
}

// documentOf reads the part fields. What is wrong with it is said without repeating it.
func documentOf(text []byte) (api.Document, error) {
	var d api.Document
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&d)
	var wrong *json.UnmarshalTypeError
	const remedy = "See the schema Document in the reference at /docs."
	switch {
	case errors.As(err, &wrong):
		return d, invalid("", fmt.Sprintf("The member %s of the part fields is not a %s.", wrong.Field, wrong.Type.Kind()), remedy)
	case err != nil && strings.HasPrefix(err.Error(), "json: unknown field"): // its name is the client's own
		return d, invalid("", "The part fields has a member that is not known.", remedy)
	case err != nil, decoder.More():
		return d, invalid("", "The part fields is not the JSON of a document.", remedy)
	}
	if d.Party == "" {
		d.Party = truename.Applicant
	}
	return d, nil
}

// compareFace compares within the flow, whose gates come first. The engine bounds by itself how many comparisons run; a worker
// of the API's would be held while records are written, and the engine would wait for the disk.
func (a *API) compareFace(ctx context.Context, in *Change) (*findingOutput, error) {
	by, err := a.changing(ctx, in.ID, in.Conditional)
	if err != nil {
		return nil, err
	}
	sent := ctx.Value(admittedKey{}).(*admitted).form
	party := truename.Party(sent["party"])
	if party == "" {
		party = truename.Applicant
	}
	f, err := a.config.Operator.Flow.CompareFace(ctx, by, in.ID, registration.FaceShown{Party: party, Live: sent["live"], Portrait: sent["portrait"]})
	if err != nil {
		return nil, err
	}
	a.metrics.comparison(f.State)
	return &findingOutput{f}, nil
}
