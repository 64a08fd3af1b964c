package evaluation

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"truename"
)

// Limits on a file of pairs. LFW has 10 folds of 600.
const (
	maxFolds     = 1_000
	maxPairs     = 2_000_000
	maxName      = 200
	maxNumber    = 999_999
	maxPairsLine = 2 * (maxName + 10)
)

// Pair is two samples to compare. It is genuine when both show one person, which errata may decide otherwise than names.
type Pair struct{ A, B Sample }

// Fold is one part of a list of pairs: its genuine pairs first, then its impostor pairs.
type Fold []Pair

// Pairs is a protocol of pairs in folds. In LFW the people of different folds are disjoint; that is not checked.
type Pairs struct{ Folds []Fold }

// Samples lists each sample that some pair needs, once, in rising order.
func (p *Pairs) Samples() []Sample {
	var all []Sample
	for _, f := range p.Folds {
		for _, pair := range f {
			all = append(all, pair.A, pair.B)
		}
	}
	return Union(all)
}

// ParsePairs reads LFW's pairs format: a header `FOLDS n`, or `n` alone for one fold, then for every fold n genuine rows
// `NAME i j` and n impostor rows `NAME1 i NAME2 j`, fields separated by white space. Names may not be paths. The error
// is a *[truename.Error] that gives the line, and never a name: names are personal data.
func ParsePairs(r io.Reader) (*Pairs, error) {
	p := pairReader{lines: bufio.NewScanner(r)}
	p.lines.Buffer(make([]byte, 0, 1024), maxPairsLine)
	folds, n, err := p.header()
	if err != nil {
		return nil, err
	}
	pairs := &Pairs{}
	for range folds {
		var f Fold
		for range n {
			pair, err := p.genuine()
			if err != nil {
				return nil, err
			}
			f = append(f, pair)
		}
		for range n {
			pair, err := p.impostor()
			if err != nil {
				return nil, err
			}
			f = append(f, pair)
		}
		pairs.Folds = append(pairs.Folds, f)
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	return pairs, nil
}

type pairReader struct {
	lines *bufio.Scanner
	line  int
}

func (p *pairReader) header() (folds, n int, err error) {
	fields, err := p.next()
	if err != nil {
		return 0, 0, err
	}
	folds = 1
	switch len(fields) {
	case 1:
	case 2:
		if folds, err = p.number(fields[0], maxFolds); err != nil {
			return 0, 0, err
		}
	default:
		return 0, 0, p.wrong("the header must be the number of folds and the number of pairs of each kind per fold, or only the latter")
	}
	if n, err = p.number(fields[len(fields)-1], maxPairs); err != nil {
		return 0, 0, err
	}
	if folds*n*2 > maxPairs {
		return 0, 0, p.wrong(fmt.Sprintf("more than %d pairs", maxPairs))
	}
	return folds, n, nil
}

func (p *pairReader) genuine() (Pair, error) {
	fields, err := p.next()
	if err != nil {
		return Pair{}, err
	}
	if len(fields) != 3 {
		return Pair{}, p.wrong(fmt.Sprintf("%d fields where a genuine pair (a name and two numbers) is due", len(fields)))
	}
	a, err := p.image(fields[0], fields[1])
	if err != nil {
		return Pair{}, err
	}
	b, err := p.image(fields[0], fields[2])
	if err != nil {
		return Pair{}, err
	}
	if a == b {
		return Pair{}, p.wrong("a picture is paired with itself")
	}
	return Pair{a, b}, nil
}

func (p *pairReader) impostor() (Pair, error) {
	fields, err := p.next()
	if err != nil {
		return Pair{}, err
	}
	if len(fields) != 4 {
		return Pair{}, p.wrong(fmt.Sprintf("%d fields where an impostor pair (name, number, name, number) is due", len(fields)))
	}
	a, err := p.image(fields[0], fields[1])
	if err != nil {
		return Pair{}, err
	}
	b, err := p.image(fields[2], fields[3])
	if err != nil {
		return Pair{}, err
	}
	if a.Person() == b.Person() {
		return Pair{}, p.wrong("an impostor pair names one person twice")
	}
	return Pair{a, b}, nil
}

func (p *pairReader) image(name, number string) (Sample, error) {
	if !safeName(name) {
		return "", p.wrong("a name is too long or cannot be a folder's")
	}
	n, err := p.number(number, maxNumber)
	if err != nil {
		return "", err
	}
	return NewSample(name, n), nil
}

// safeName keeps a list of pairs from reaching outside the folder of pictures.
func safeName(name string) bool {
	if name == "" || len(name) > maxName || name == "." || name == ".." {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r == '/' || r == '\\' || r == ':' || r == unicode.ReplacementChar || !unicode.IsPrint(r)
	})
}

func (p *pairReader) number(s string, limit int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > limit {
		return 0, p.wrong(fmt.Sprintf("want a whole number from 1 to %d", limit))
	}
	return n, nil
}

func (p *pairReader) next() ([]string, error) {
	if p.lines.Scan() {
		p.line++
		return strings.Fields(p.lines.Text()), nil
	}
	if err := p.lines.Err(); err != nil {
		return nil, p.readError(err)
	}
	if p.line == 0 {
		return nil, p.wrong("the file is empty")
	}
	return nil, p.wrong("the file ends after this line, before all pairs that its header announces")
}

// end wants nothing but blank lines.
func (p *pairReader) end() error {
	for p.lines.Scan() {
		p.line++
		if strings.TrimSpace(p.lines.Text()) != "" {
			return p.wrong("there are more lines than the header announces")
		}
	}
	if err := p.lines.Err(); err != nil {
		return p.readError(err)
	}
	return nil
}

func (p *pairReader) readError(err error) error {
	if errors.Is(err, bufio.ErrTooLong) {
		p.line++
		return p.wrong("the line is too long")
	}
	return fmt.Errorf("read the list of pairs: %w", err)
}

func (p *pairReader) wrong(what string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
		Detail: fmt.Sprintf("Line %d of the list of pairs: %s.", max(p.line, 1), what),
		Remedy: "Give a file in LFW's pairs format."}
}
