package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"truename"
)

// KindDecision is the kind of a leaf that commits to a [DecisionPayload].
const KindDecision = "decision"

// DecisionPayload gives what a decision's leaf commits to: its JSON without "salt" and "leaf", keys sorted, no white
// space, times in UTC to the microsecond, absent lists as empty ones. It is the same before and after the decision was
// stored, and the same on every machine. It fails when a measure is not a finite number.
func DecisionPayload(d truename.Decision) ([]byte, error) {
	plain, err := json.Marshal(settled(d))
	if err != nil {
		return nil, fmt.Errorf("audit: decision: %w", err)
	}
	// A map is encoded with sorted keys; numbers stay as they were written.
	var fields map[string]any
	r := json.NewDecoder(bytes.NewReader(plain))
	r.UseNumber()
	if err := r.Decode(&fields); err != nil {
		return nil, fmt.Errorf("audit: decision: %w", err)
	}
	delete(fields, "salt")
	delete(fields, "leaf")
	var out bytes.Buffer
	w := json.NewEncoder(&out)
	w.SetEscapeHTML(false)
	if err := w.Encode(fields); err != nil {
		return nil, fmt.Errorf("audit: decision: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// settled removes what a database may change: the zone and nanoseconds of times, nil against empty. The caller's
// slices are left alone.
func settled(d truename.Decision) truename.Decision {
	d.At = moment(d.At)
	d.Case.At = moment(d.Case.At)
	d.Case.Parties = orEmpty(d.Case.Parties)
	d.Ruling.Reasons = orEmpty(d.Ruling.Reasons)
	d.Case.Findings = orEmpty(slices.Clone(d.Case.Findings))
	for i := range d.Case.Findings {
		d.Case.Findings[i].At = moment(d.Case.Findings[i].At)
	}
	return d
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
