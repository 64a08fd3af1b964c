package mrz

// Format is a layout of the zone.
type Format string

// The formats.
const (
	TD1  Format = "TD1"   // cards: 3 lines of 30 (part 5)
	TD2  Format = "TD2"   // larger cards: 2 lines of 36 (part 6)
	TD3  Format = "TD3"   // passports: 2 lines of 44 (part 4)
	MRVA Format = "MRV-A" // visas in a passport's size: 2 lines of 44 (part 7)
	MRVB Format = "MRV-B" // smaller visas: 2 lines of 36 (part 7)
	// FRA2 is France's identity card of 1988 to 2021, 2 lines of 36 in an order of its own (decree 55-1397; not in
	// Doc 9303).
	FRA2 Format = "FRA-2"
)

// Field names a part of the zone.
type Field string

// The fields.
const (
	FieldCode        Field = "document_code" // 1 or 2 letters: P, ID, V …
	FieldState       Field = "issuing_state"
	FieldName        Field = "name" // surname and given names, or the surname alone where the format parts them
	FieldGivenNames  Field = "given_names"
	FieldNumber      Field = "document_number"
	FieldNationality Field = "nationality"
	FieldBirth       Field = "birth_date"
	FieldSex         Field = "sex"
	FieldExpiry      Field = "expiry_date"
	FieldIssued      Field = "issue_month" // France's older card: YYMM
	FieldOptional    Field = "optional_data"
	FieldOptional2   Field = "optional_data_2"
	FieldComposite   Field = "composite" // only as the name of a check digit
)

// alphabet says which characters a position takes: a set of '0'…'9', 'A'…'Z' and '<'.
type alphabet uint64

// The alphabets of Doc 9303-3 §4.3 and of the fields.
const (
	digitsOnly alphabet = 1<<10 - 1
	letters    alphabet = (1<<26 - 1) << 10
	filler     alphabet = 1 << 36
	sexes      alphabet = 1<<valueM | 1<<valueF | filler // < for X and unspecified
)

func (a alphabet) has(c byte) bool {
	i, ok := index(c)
	return ok && a&(1<<i) != 0
}

// index gives a character's bit, which for digits and letters is its value in a check sum too.
func index(c byte) (int, bool) {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0'), true
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10, true
	case c == '<':
		return 36, true
	}
	return 0, false
}

// value of a letter as a constant expression can use it.
const (
	valueF = 'F' - 'A' + 10
	valueM = 'M' - 'A' + 10
)

// span is a part of a line: positions from (counted from 0) up to, without, to.
type span struct{ line, from, to int }

func (s span) len() int { return s.to - s.from }

// slot is a field in a format.
type slot struct {
	field Field
	span
	takes alphabet
}

// rule is a check digit: it stands at position at.from of at.line and covers spans, in order.
type rule struct {
	field Field
	over  []span
	at    span
	// empty lets the digit be a filler when everything it covers is fillers (part 4 §4.2.2 for personal numbers).
	empty bool
}

// layout is a format as data.
type layout struct {
	format       Format
	lines, width int
	slots        []slot
	rules        []rule
	// composite is the check digit over the others, nil where there is none.
	composite *rule
}

// layouts gives all formats. A zone fits one by its lines, width, and first characters, see [layoutsOf].
func layouts() []layout {
	return []layout{
		{format: TD1, lines: 3, width: 30,
			slots: []slot{
				{FieldCode, span{0, 0, 2}, letters | filler},
				{FieldState, span{0, 2, 5}, letters | filler},
				{FieldNumber, span{0, 5, 14}, digitsOnly | letters | filler},
				{FieldOptional, span{0, 15, 30}, digitsOnly | letters | filler},
				{FieldBirth, span{1, 0, 6}, digitsOnly | filler},
				{FieldSex, span{1, 7, 8}, sexes},
				{FieldExpiry, span{1, 8, 14}, digitsOnly | filler},
				{FieldNationality, span{1, 15, 18}, letters | filler},
				{FieldOptional2, span{1, 18, 29}, digitsOnly | letters | filler},
				{FieldName, span{2, 0, 30}, letters | filler},
			},
			rules: []rule{
				{field: FieldNumber, over: []span{{0, 5, 14}}, at: span{0, 14, 15}},
				{field: FieldBirth, over: []span{{1, 0, 6}}, at: span{1, 6, 7}},
				{field: FieldExpiry, over: []span{{1, 8, 14}}, at: span{1, 14, 15}},
			},
			composite: &rule{field: FieldComposite, over: []span{{0, 5, 30}, {1, 0, 7}, {1, 8, 15}, {1, 18, 29}}, at: span{1, 29, 30}},
		},
		{format: TD2, lines: 2, width: 36, slots: twoLines(36), rules: twoLineRules(),
			composite: &rule{field: FieldComposite, over: []span{{1, 0, 10}, {1, 13, 20}, {1, 21, 35}}, at: span{1, 35, 36}},
		},
		{format: TD3, lines: 2, width: 44, slots: twoLines(44),
			rules:     append(twoLineRules(), rule{field: FieldOptional, over: []span{{1, 28, 42}}, at: span{1, 42, 43}, empty: true}),
			composite: &rule{field: FieldComposite, over: []span{{1, 0, 10}, {1, 13, 20}, {1, 21, 43}}, at: span{1, 43, 44}},
		},
		{format: MRVA, lines: 2, width: 44, slots: twoLines(44), rules: twoLineRules()},
		{format: MRVB, lines: 2, width: 36, slots: twoLines(36), rules: twoLineRules()},
		{format: FRA2, lines: 2, width: 36,
			slots: []slot{
				{FieldCode, span{0, 0, 2}, letters | filler},
				{FieldState, span{0, 2, 5}, letters},
				{FieldName, span{0, 5, 30}, letters | filler},
				{FieldOptional, span{0, 30, 36}, digitsOnly | letters | filler}, // department and office of issue
				{FieldIssued, span{1, 0, 4}, digitsOnly},
				{FieldNumber, span{1, 0, 12}, digitsOnly | letters},
				{FieldGivenNames, span{1, 13, 27}, letters | filler},
				{FieldBirth, span{1, 27, 33}, digitsOnly | filler},
				{FieldSex, span{1, 34, 35}, sexes},
			},
			rules: []rule{
				{field: FieldNumber, over: []span{{1, 0, 12}}, at: span{1, 12, 13}},
				{field: FieldBirth, over: []span{{1, 27, 33}}, at: span{1, 33, 34}},
			},
			composite: &rule{field: FieldComposite, over: []span{{0, 0, 36}, {1, 0, 35}}, at: span{1, 35, 36}},
		},
	}
}

// twoLines are the fields that TD2, TD3 and both visas share; only the width differs.
func twoLines(width int) []slot {
	end := map[int]int{36: 35, 44: 42}[width]
	return []slot{
		{FieldCode, span{0, 0, 2}, letters | filler},
		{FieldState, span{0, 2, 5}, letters | filler},
		{FieldName, span{0, 5, width}, letters | filler},
		{FieldNumber, span{1, 0, 9}, digitsOnly | letters | filler},
		{FieldNationality, span{1, 10, 13}, letters | filler},
		{FieldBirth, span{1, 13, 19}, digitsOnly | filler},
		{FieldSex, span{1, 20, 21}, sexes},
		{FieldExpiry, span{1, 21, 27}, digitsOnly | filler},
		{FieldOptional, span{1, 28, end}, digitsOnly | letters | filler},
	}
}

func twoLineRules() []rule {
	return []rule{
		{field: FieldNumber, over: []span{{1, 0, 9}}, at: span{1, 9, 10}},
		{field: FieldBirth, over: []span{{1, 13, 19}}, at: span{1, 19, 20}},
		{field: FieldExpiry, over: []span{{1, 21, 27}}, at: span{1, 27, 28}},
	}
}

// layoutOf gives the layout of lines with the right number and width: visas begin with V, France's older card with
// IDFRA and a second line whose expiry would lie in a name.
func layoutOf(lines []string) (layout, bool) {
	want := Format("")
	switch {
	case len(lines) == 3 && len(lines[0]) == 30:
		want = TD1
	case len(lines) == 2 && len(lines[0]) == 36 && lines[0][0] == 'V':
		want = MRVB
	case len(lines) == 2 && len(lines[0]) == 36 && lines[0][:5] == "IDFRA" && oldFrench(lines[1]):
		want = FRA2
	case len(lines) == 2 && len(lines[0]) == 36:
		want = TD2
	case len(lines) == 2 && len(lines[0]) == 44 && lines[0][0] == 'V':
		want = MRVA
	case len(lines) == 2 && len(lines[0]) == 44:
		want = TD3
	default:
		return layout{}, false
	}
	for _, l := range layouts() {
		if l.format == want {
			return l.withLongNumber(lines), true
		}
	}
	return layout{}, false
}

// oldFrench says whether a second line has a name where TD2 has the expiry date.
func oldFrench(line string) bool {
	names := 0
	for _, c := range []byte(line[13:27]) {
		if c > '9' || c == '<' {
			names++
		}
	}
	return names >= 12
}

// withLongNumber gives the layout for a document number of more than nine characters (part 5 §4.2.2.1 note j, part 6
// §4.2.2.1 note j): a filler stands in the place of the check digit, the number goes on in the optional data, and its
// check digit is the last character before the next filler.
func (l layout) withLongNumber(lines []string) layout {
	if l.format != TD1 && l.format != TD2 {
		return l
	}
	r := l.rules[0]
	optional := span{0, 15, 30}
	if l.format == TD2 {
		optional = span{1, 28, 35}
	}
	if lines[r.at.line][r.at.from] != '<' || lines[r.at.line][r.at.from-1] == '<' {
		return l
	}
	end := optional.from
	for end < optional.to && lines[optional.line][end] != '<' {
		end++
	}
	if end-optional.from < 2 { // at least one character more and the check digit
		return l
	}
	more := span{optional.line, optional.from, end - 1}
	out := l
	out.rules = append([]rule{{field: FieldNumber, over: []span{r.over[0], more}, at: span{optional.line, end - 1, end}}}, l.rules[1:]...)
	return out
}
