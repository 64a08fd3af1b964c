package chip

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// checkIssuer says whether the State in the machine readable zone is one whose authority has signed, and whether the
// signer may sign this type of document. Without it any country in the store could vouch for every other's documents.
func checkIssuer(lines []string, signer, issuer *certificate) []error {
	var errs []error
	countries := countriesOf(strings.TrimRight(lines[0][2:5], "<"))
	switch {
	case len(countries) == 0:
		errs = append(errs, unchecked(ReasonCountryUnknown))
	case !slices.Contains(countries, issuer.subject.country):
		errs = append(errs, failed(ReasonCountry))
	}
	code := strings.TrimRight(lines[0][:2], "<")
	// A single letter stands for all types that begin with it (Doc 9303-12, section 7.1.1.6).
	if signer.documentTypes != nil && !slices.ContainsFunc(signer.documentTypes, func(t string) bool {
		t = strings.TrimRight(t, "<")
		return t == code || len(t) == 1 && strings.HasPrefix(code, t)
	}) {
		errs = append(errs, failed(ReasonDocumentType))
	}
	return errs
}

// countriesOf gives the two-letter codes that certificates for an issuing State's three-letter code carry (Doc 9303-3,
// section 5); none for a code that is not known.
func countriesOf(state string) []string {
	switch state {
	case "D":
		return []string{"DE"}
	case "CHN":
		return []string{"CN", "HK", "MO"} // passports of the special administrative regions name China as the State
	case "HKG", "MAC":
		return []string{map[string]string{"HKG": "HK", "MAC": "MO"}[state], "CN"}
	case "GBR", "GBD", "GBN", "GBO", "GBP", "GBS":
		return []string{"GB"}
	case "EUE":
		return []string{"EU"}
	case "UNO", "UNA":
		return []string{"UN"}
	case "RKS":
		return []string{"KS", "XK"}
	}
	region, err := language.ParseRegion(state)
	if err != nil || len(state) != 3 || region.ISO3() != state || !region.IsCountry() {
		return nil
	}
	return []string{region.String()}
}
