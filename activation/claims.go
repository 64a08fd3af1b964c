package activation

import (
	"log/slog"
	"time"

	"truename"
)

const (
	// Type is the "typ" header of a token (RFC 8725, 3.11).
	Type = "truename-activation+jwt"
	// MaxLifetime is the longest time from "iat" to "exp".
	MaxLifetime = 24 * time.Hour
	// MaxToken is the longest token in bytes.
	MaxToken = 8 << 10
	// Leeway is how far the clocks of signer and verifier may differ.
	Leeway = 30 * time.Second
)

// Claims is what a token says. Times are to the second. All fields but ICCID and Obligations must be there.
type Claims struct {
	Issuer       string                    // "iss": the operator's truename
	Audience     string                    // "aud": the carrier's activation system
	IssuedAt     time.Time                 // "iat"
	NotBefore    time.Time                 // "nbf"
	Expires      time.Time                 // "exp"
	ID           string                    // "jti": the decision's id; it is activated once
	Registration string                    // "sub": the registration's id
	Kind         truename.RegistrationKind // "kind"
	MSISDN       string                    // "msisdn": personal data
	ICCID        string                    // "iccid": personal data; absent where the kind needs no SIM
	Decision     string                    // "decision": id
	Policy       truename.PackRef          // "policy"
	Leaf         int64                     // "leaf": index in the audit log
	Obligations  []truename.Obligation     // "obligations": what the carrier must do
}

// String names the token without the number and the SIM.
func (c Claims) String() string { return "activation of decision " + c.Decision }

// GoString does the same for %#v.
func (c Claims) GoString() string { return c.String() }

// LogValue does the same for log/slog.
func (c Claims) LogValue() slog.Value { return slog.StringValue(c.String()) }

// wire is the token's payload. A pointer tells what is absent from what is zero.
type wire struct {
	Issuer      string                    `json:"iss"`
	Subject     string                    `json:"sub"`
	Audience    string                    `json:"aud"`
	Expires     *int64                    `json:"exp"`
	NotBefore   *int64                    `json:"nbf"`
	IssuedAt    *int64                    `json:"iat"`
	ID          string                    `json:"jti"`
	Kind        truename.RegistrationKind `json:"kind"`
	MSISDN      string                    `json:"msisdn"`
	ICCID       string                    `json:"iccid,omitempty"`
	Decision    string                    `json:"decision"`
	Policy      truename.PackRef          `json:"policy"`
	Leaf        *int64                    `json:"leaf"`
	Obligations []truename.Obligation     `json:"obligations,omitempty"`
}

func (c Claims) wire() wire {
	exp, nbf, iat := c.Expires.Unix(), c.NotBefore.Unix(), c.IssuedAt.Unix()
	return wire{Issuer: c.Issuer, Subject: c.Registration, Audience: c.Audience, Expires: &exp, NotBefore: &nbf, IssuedAt: &iat,
		ID: c.ID, Kind: c.Kind, MSISDN: c.MSISDN, ICCID: c.ICCID, Decision: c.Decision, Policy: c.Policy, Leaf: &c.Leaf,
		Obligations: c.Obligations}
}

// claims gives what the payload says; complete must have been asked before.
func (w wire) claims() Claims {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	return Claims{Issuer: w.Issuer, Audience: w.Audience, IssuedAt: at(*w.IssuedAt), NotBefore: at(*w.NotBefore), Expires: at(*w.Expires),
		ID: w.ID, Registration: w.Subject, Kind: w.Kind, MSISDN: w.MSISDN, ICCID: w.ICCID, Decision: w.Decision, Policy: w.Policy,
		Leaf: *w.Leaf, Obligations: w.Obligations}
}

// missing names the first claim that is absent or out of its range, empty when none is.
func (w wire) missing() string {
	const latest = 1 << 37 // the year 6325: times stay printable, and sums of them stay in range
	second := func(t *int64) bool { return t != nil && *t > 0 && *t < latest }
	for _, claim := range []struct {
		name string
		ok   bool
	}{
		{"iss", w.Issuer != ""}, {"sub", w.Subject != ""}, {"aud", w.Audience != ""},
		{"exp", second(w.Expires)}, {"nbf", second(w.NotBefore)}, {"iat", second(w.IssuedAt)},
		{"jti", w.ID != ""}, {"kind", known(w.Kind)},
		{"msisdn", digits(w.MSISDN, 8, 15)}, {"iccid", w.ICCID == "" || digits(w.ICCID, 18, 20)},
		{"decision", w.Decision != "" && w.Decision == w.ID},
		{"policy", w.Policy.Name != "" && w.Policy.Version != "" && w.Policy.Digest != ""},
		{"leaf", w.Leaf != nil && *w.Leaf >= 0}, {"obligations", executable(w.Obligations)},
	} {
		if !claim.ok {
			return claim.name
		}
	}
	return ""
}

// executable says whether every obligation says what to do.
func executable(obligations []truename.Obligation) bool {
	for _, o := range obligations {
		if o.Code == "" || o.Hours < 0 {
			return false
		}
	}
	return true
}

func known(k truename.RegistrationKind) bool {
	for _, kind := range truename.RegistrationKinds {
		if k == kind {
			return true
		}
	}
	return false
}

// digits says whether s consists of shortest to longest decimal digits.
func digits(s string, shortest, longest int) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(s) >= shortest && len(s) <= longest
}
