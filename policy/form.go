package policy

import (
	"strconv"
	"strings"
	"time"

	"truename"
)

// form is a pack as it is written. Each section is one rule, or several in a list, and each rule says where it comes from.
type form struct {
	Name     string `toml:"name"`
	Version  string `toml:"version"`
	Title    string `toml:"title"`
	Timezone string `toml:"timezone"` // fixed offset for the variable hour of conditions: "+08:00"

	Times struct {
		Registration span `toml:"registration"`
		Reservation  span `toml:"reservation"`
		Token        span `toml:"token"`
	} `toml:"times"`

	Opening struct {
		provenance
		Kinds    []truename.RegistrationKind `toml:"kinds"`
		Channels []truename.Channel          `toml:"channels"`
		Routes   []truename.Route            `toml:"routes"`
		Except   []exception                 `toml:"except"`
	} `toml:"opening"`

	Consent struct {
		provenance
		Texts map[truename.Purpose]consentForm `toml:"text"`
	} `toml:"consent"`

	Documents struct {
		provenance
		Accept  []accept `toml:"accept"`
		Failed  response `toml:"failed"`  // refuse or refer
		Copy    response `toml:"copy"`    // allow, refer or refuse: the original was not shown
		Keyed   response `toml:"keyed"`   // allow, refer or refuse: the fields were typed
		Expired response `toml:"expired"` // refer or refuse
	} `toml:"documents"`

	Limit struct {
		provenance
		Numbers    int                           `toml:"numbers"`
		ByDocument map[truename.DocumentType]int `toml:"by_document"`
	} `toml:"limit"`

	Face struct {
		provenance
		TargetFMR float64  `toml:"target_fmr"`
		Failed    response `toml:"failed"`
		// Liveness and Duplicate: true, false or "when_available".
		Liveness  any `toml:"liveness"`
		Duplicate any `toml:"duplicate"`
	} `toml:"face"`
	Liveness struct {
		provenance
		Failed response `toml:"failed"`
	} `toml:"liveness"`
	Duplicate struct{ provenance } `toml:"duplicate"`

	InPerson struct {
		provenance
		Eyes   int      `toml:"eyes"`
		Failed response `toml:"failed"`
	} `toml:"in_person"`

	Guardian struct {
		provenance
		Under  int      `toml:"under"`  // an applicant below this age needs a guardian; 0: nobody does
		Adult  int      `toml:"adult"`  // a guardian, a proxy and a transferor are at least this old
		Holds  bool     `toml:"holds"`  // the number is to be in the guardian's name: the minor is no applicant
		Minor  string   `toml:"minor"`  // "verified": the minor like every applicant; "document": only its document
		Result response `toml:"result"` // allow or refer, when the guardian has been verified
	} `toml:"guardian"`

	Proxy struct {
		provenance
		Result   response           `toml:"result"` // allow, refer or refuse, when the proxy has been verified
		Channels []truename.Channel `toml:"channels"`
	} `toml:"proxy"`

	Holder  struct{ provenance } `toml:"holder"`
	Outlets struct {
		provenance
		Registry bool `toml:"registry"`
	} `toml:"outlets"`

	Review struct {
		provenance
		Eyes int `toml:"eyes"`
	} `toml:"review"`
	Appeal struct {
		provenance
		Within  span  `toml:"within"`   // the time within which people answer
		OpenFor span  `toml:"open_for"` // how long a refusal can be appealed; 0: thirty days
		Text    words `toml:"text"`
	} `toml:"appeal"`
	Reverification struct {
		provenance
		After        span `toml:"after"`
		SuspendAfter span `toml:"suspend_after"`
	} `toml:"reverification"`
	Store struct {
		provenance
		Store
	} `toml:"store"`
	Retention struct {
		provenance
		Fields   span `toml:"fields"`
		Portrait span `toml:"portrait"`
		Live     span `toml:"live"`
		Template span `toml:"template"`
		AfterEnd span `toml:"after_end"`
	} `toml:"retention"`
	Attempts struct {
		provenance
		Caps map[truename.Stage]int `toml:"caps"`
	} `toml:"attempts"`

	Obligations []obligationForm           `toml:"obligation"`
	Conditions  []conditionForm            `toml:"condition"`
	Texts       map[truename.Code]sentence `toml:"text"` // in place of the built-in sentences
}

// provenance says where a rule comes from.
type provenance struct {
	ID     string `toml:"id"`     // snake_case, unique in the pack
	Source string `toml:"source"` // law or notice, and paragraph
	Sure   string `toml:"sure"`   // T read in the text, R reported by a secondary source, M from memory
	Note   string `toml:"note"`   // what the source does not say
}

// exception takes a route away; an empty field means any.
type exception struct {
	Kind    truename.RegistrationKind `toml:"kind"`
	Channel truename.Channel          `toml:"channel"`
	Route   truename.Route            `toml:"route"`
}

// accept is a document type that is accepted.
type accept struct {
	Type  truename.DocumentType `toml:"type"`
	Under int                   `toml:"under"` // only for people below this age; 0: for everybody
}

type consentForm struct {
	Version string `toml:"version"`
	words
}

type obligationForm struct {
	provenance
	Code   truename.Code               `toml:"code"`
	Hours  int                         `toml:"hours"`
	Kinds  []truename.RegistrationKind `toml:"kinds"` // empty: every kind
	Reason words                       `toml:"reason"`
}

type conditionForm struct {
	provenance
	When string        `toml:"when"`
	Then response      `toml:"then"` // refer or refuse
	Code truename.Code `toml:"code"`
	Eyes int           `toml:"eyes"` // 0: as the pack's review
	sentence
}

// sentence is what the customer reads: the reason, and what to do about it.
type sentence struct {
	Reason words `toml:"reason"`
	Remedy words `toml:"remedy"`
}

// words is one text in the languages of every pack.
type words struct {
	ZH string `toml:"zh-CN"`
	EN string `toml:"en"`
}

func (w words) in(lang string) string {
	if lang == "zh-CN" {
		return w.ZH
	}
	return w.EN
}

func (w words) complete() bool { return strings.TrimSpace(w.ZH) != "" && strings.TrimSpace(w.EN) != "" }

func (w words) byLanguage() map[string]string { return map[string]string{"zh-CN": w.ZH, "en": w.EN} }

// response is what a rule does when it strikes.
type response string

const (
	allow  response = "allow"
	refer  response = "refer"
	refuse response = "refuse"
)

// need is whether a stage is required.
type need int

const (
	notNeeded     need = iota
	whenAvailable      // its finding is not required, but one that did not pass refers
	needed
)

// parseNeed reads true, false or "when_available".
func parseNeed(v any) (need, bool) {
	switch v {
	case true:
		return needed, true
	case false:
		return notNeeded, true
	case "when_available":
		return whenAvailable, true
	}
	return needed, false
}

// span is a duration written with days: "730d", "12h", "90m", "30s"; "0" is none.
type span time.Duration

func (s span) d() time.Duration { return time.Duration(s) }

// maxSpan bounds every duration of a pack: a hundred years.
const maxSpan = 100 * 366 * 24 * time.Hour

// UnmarshalText reads a whole number and a unit.
func (s *span) UnmarshalText(b []byte) error {
	text := string(b)
	if text == "0" {
		*s = 0
		return nil
	}
	units := map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute, 's': time.Second}
	if len(text) < 2 || len(text) > 10 {
		return errSpan
	}
	unit, ok := units[text[len(text)-1]]
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
	if !ok || err != nil || n > uint64(maxSpan/unit) {
		return errSpan
	}
	*s = span(time.Duration(n) * unit)
	return nil
}

type spanError struct{}

func (spanError) Error() string {
	return `a duration is a whole number and d, h, m or s, as in "730d", or "0"`
}

var errSpan error = spanError{}
