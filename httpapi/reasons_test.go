package httpapi

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"truename"
	"truename/api"
	"truename/registration"
	"truename/review"
)

// What the document lists is what the flows take.
func TestListsOfReasonsAreTheFlows(t *testing.T) {
	for name, test := range map[string]struct {
		body  any
		field string
		want  []truename.Code
	}{
		"check in person": {api.InPersonCheck{}, "Reason", registration.InPersonReasons},
		"verdict":         {api.Verdict{}, "Code", slices.Concat(review.ApproveCodes, review.RefuseCodes)},
	} {
		field, _ := reflect.TypeOf(test.body).FieldByName(test.field)
		var listed []truename.Code
		for code := range strings.SplitSeq(field.Tag.Get("enum"), ",") {
			listed = append(listed, truename.Code(code))
		}
		if !slices.Equal(listed, test.want) {
			t.Errorf("%s: listed %v, want %v", name, listed, test.want)
		}
	}
}
