package audit

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// maxProblems is how many problems a report lists: after that, verification stops.
const maxProblems = 100

// Report is what the verification of an export found.
type Report struct {
	Origin string    `json:"origin"`
	Size   int64     `json:"size"` // leaves that the export's checkpoint covers
	Root   tlog.Hash `json:"root"`
	Leaves int64     `json:"leaves"` // entries whose hash was recomputed
	// Checkpoints is how many signed checkpoints were compared with the tree: the export's own, its history, the trusted.
	Checkpoints int `json:"checkpoints"`
	// Problems come with the first bad leaf first; none: everything holds.
	Problems []Problem `json:"problems,omitempty"`
}

// Problem is something that does not hold.
type Problem struct {
	// Path of the file it was found in, relative to the export.
	Path string `json:"path,omitempty"`
	// From and To bound the leaves concerned: exactly leaf From when To is From+1; else From to To-1 hold the bad one, and
	// nothing in the export tells which it is. Both are -1 for what is about no leaf.
	From int64 `json:"from"`
	To   int64 `json:"to"`
	// Detail is one sentence.
	Detail string `json:"detail"`
}

// Exact says whether the problem names one leaf.
func (p Problem) Exact() bool { return p.From >= 0 && p.To == p.From+1 }

// String gives the problem in one line.
func (p Problem) String() string {
	where := ""
	switch {
	case p.Exact():
		where = fmt.Sprintf("leaf %d: ", p.From)
	case p.From >= 0:
		where = fmt.Sprintf("leaves %d to %d: ", p.From, p.To-1)
	}
	if p.Path != "" {
		where += p.Path + ": "
	}
	return where + p.Detail
}

// FirstBad gives the problem with the lowest leaf, and the narrowest of those.
func (r Report) FirstBad() (Problem, bool) {
	for _, p := range r.Problems {
		if p.From >= 0 {
			return p, true
		}
	}
	return Problem{}, false
}

// sort puts the first bad leaf first, narrow before wide, and what is about no leaf last.
func (r *Report) sort() {
	slices.SortStableFunc(r.Problems, func(a, b Problem) int {
		return cmp.Or(-cmp.Compare(min(a.From, 0), min(b.From, 0)), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
}

// err gives the report as an error, nil when everything holds.
func (r Report) err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	return invalid("The export of the audit log does not verify: "+r.Problems[0].String(),
		"Keep this export as evidence, and compare it with another one, with receipts and with the witnesses' checkpoints.", nil)
}
