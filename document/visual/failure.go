package visual

import (
	"context"
	"fmt"

	"truename"
)

// Codes of errors and findings of this package.
const (
	// CodeTemplate: a template of a document cannot be used.
	CodeTemplate truename.Code = "document_template"

	// ReasonUnknownDocument: none of the templates fits what is printed.
	ReasonUnknownDocument truename.Code = "document_unknown"
	// ReasonUnsure: a field was read, but not with certainty.
	ReasonUnsure truename.Code = "field_unsure"
	// ReasonMissing: a field was not found.
	ReasonMissing truename.Code = "field_missing"
	// ReasonCheckDigit: a number's check digit does not hold as read.
	ReasonCheckDigit truename.Code = "field_check_digit"
	// ReasonRepaired: doubtful letters of a number were replaced by their second choices so that its check digit holds.
	ReasonRepaired truename.Code = "field_repaired"
	// ReasonDisagree: two values that must agree do not.
	ReasonDisagree truename.Code = "fields_disagree"

	// ReasonNotLocated: no outline of a document was found; it was placed by its printed words, or the whole picture taken.
	ReasonNotLocated truename.Code = "document_not_located"
	// ReasonGlare: a reflection covers part of the document.
	ReasonGlare truename.Code = "document_glare"
	// ReasonDocumentBlurred: the print is not sharp.
	ReasonDocumentBlurred truename.Code = "document_blurred"
	// ReasonDocumentCropped: part of the document is outside of the picture.
	ReasonDocumentCropped truename.Code = "document_cropped"
	// ReasonResolution: too few pixels per millimetre.
	ReasonResolution truename.Code = "document_resolution"
	// ReasonGreyCopy: no colours: a black-and-white copy.
	ReasonGreyCopy truename.Code = "document_grey_copy"
	// ReasonScreen: signs of a photographed screen.
	ReasonScreen truename.Code = "document_screen"
	// ReasonPortrait: no portrait was found where one belongs, or it cannot be used.
	ReasonPortrait truename.Code = "document_portrait"
	// ReasonExpired: the document has expired.
	ReasonExpired truename.Code = "document_expired"
	// ReasonDates: a date is not plausible.
	ReasonDates truename.Code = "document_dates"
)

func templateError(name string, cause error) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: CodeTemplate,
		Detail: fmt.Sprintf("The document template %s cannot be used.", name), Remedy: "Correct it; docs/documents.md describes the format.", Cause: cause}
}

// ended gives the error of a context that is over, nil before that.
func ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &truename.Error{Kind: truename.KindTimeout, Code: truename.CodeTimeout,
		Detail: "The request ended before the work was done.", Remedy: "Try again.", Cause: ctx.Err()}
}
