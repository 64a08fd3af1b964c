package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"truename"
	"truename/policy"
)

type policyCommand struct {
	List    policyListCommand    `cmd:"" help:"List the built-in policy packs."`
	Show    policyShowCommand    `cmd:"" help:"Show a pack's rules, each with the source it rests on and how sure that is."`
	Test    policyTestCommand    `cmd:"" help:"Try a pack on cases with a known answer. Exit status 1 when any gives another."`
	Explain policyExplainCommand `cmd:"" help:"Say a decision in words, rule by rule, and rule its case again. Exit status 1 when that gives another ruling."`
}

// packFlag says which policy pack.
type packFlag struct {
	Policy string `help:"Policy pack: the name of a built-in one, or the path of a pack (.toml)." default:"strict" env:"TRUENAME_POLICY"`
}

// loadPolicy loads the pack.
func (f packFlag) loadPolicy() (*policy.Pack, error) { return loadPack(f.Policy) }

// loadPack loads a pack by the name of a built-in one or the path of a file.
func loadPack(name string) (*policy.Pack, error) {
	remedy := fmt.Sprintf("Name a file (.toml), or a built-in pack: %s.", strings.Join(policy.Builtin(), ", "))
	if !strings.HasSuffix(name, ".toml") {
		if !slices.Contains(policy.Builtin(), name) {
			return nil, usage(fmt.Sprintf("There is no built-in policy pack %q.", name), remedy, nil)
		}
		return policy.LoadBuiltin(name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, usage("The policy pack cannot be read.", remedy, err)
	}
	return policy.Load(text)
}

type policyListCommand struct {
	JSON bool `help:"Print JSON."`
}

type packRow struct {
	truename.PackRef
	Title string `json:"title"`
}

func (c policyListCommand) Run(out output) error {
	var packs []packRow
	for _, name := range policy.Builtin() {
		p, err := policy.LoadBuiltin(name)
		if err != nil {
			return err
		}
		sheet, err := readSheet(p)
		if err != nil {
			return err
		}
		packs = append(packs, packRow{p.Ref(), sheet.Title})
	}
	if c.JSON {
		return printJSON(out.Out, listed[packRow]{Items: packs})
	}
	var rows [][]string
	for _, p := range packs {
		rows = append(rows, []string{p.Name, p.Version, p.Title, p.Digest[:12]})
	}
	return printTable(out.Out, []string{"NAME", "VERSION", "TITLE", "SHA-256"}, rows)
}

type policyShowCommand struct {
	packFlag
	Pack string `arg:"" optional:"" help:"Name of a built-in pack or path of a pack (.toml); default: the one of --policy."`
	JSON bool   `help:"Print JSON."`
}

func (c policyShowCommand) Run(out output) error {
	if c.Pack != "" {
		c.Policy = c.Pack
	}
	p, err := c.loadPolicy()
	if err != nil {
		return err
	}
	sheet, err := readSheet(p)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out.Out, map[string]any{"pack": p.Ref(), "title": sheet.Title, "rules": sheet.Rules})
	}
	fmt.Fprintf(out.Out, "%s: %s\n\n", packText(p.Ref()), sheet.Title)
	var rows [][]string
	for _, r := range sheet.Rules {
		rows = append(rows, []string{r.Section, r.ID, r.Sure, r.Source, strings.Join(r.Says, ", ")})
	}
	if err := printTable(out.Out, []string{"SECTION", "RULE", "SURE", "SOURCE", "SAYS"}, rows); err != nil {
		return err
	}
	fmt.Fprintln(out.Out)
	for _, r := range sheet.Rules {
		if r.Note != "" {
			fmt.Fprintf(out.Out, "%s: %s\n", r.ID, plain(r.Note))
		}
	}
	_, err = fmt.Fprintln(out.Out, "\nSure: T read in the text, R reported by a secondary source, M from memory; verify R and M before you rely on them.")
	return err
}

// sheet is a pack as people read it: what its own text says.
type sheet struct {
	Title string
	Rules []sheetRule // in the order of the text
}

type sheetRule struct {
	Section string   `json:"section"`
	ID      string   `json:"id"`
	Source  string   `json:"source"`
	Sure    string   `json:"sure"`
	Note    string   `json:"note,omitempty"`
	Says    []string `json:"says"` // settings that are short: "numbers=5"
}

// readSheet reads the rules out of a pack's text. The pack is loaded, so the text is known to be right.
func readSheet(p *policy.Pack) (sheet, error) {
	var sections map[string]any
	if err := toml.Unmarshal(p.Text(), &sections); err != nil {
		return sheet{}, err
	}
	s := sheet{}
	s.Title, _ = sections["title"].(string)
	for name, section := range sections {
		switch x := section.(type) {
		case map[string]any:
			s.add(name, x)
		case []any:
			for _, entry := range x {
				if table, ok := entry.(map[string]any); ok {
					s.add(name, table)
				}
			}
		}
	}
	slices.SortFunc(s.Rules, func(a, b sheetRule) int {
		return cmp.Or(a.place(p.Text())-b.place(p.Text()), strings.Compare(a.ID, b.ID))
	})
	return s, nil
}

// add takes a table that is a rule: one that says where it comes from.
func (s *sheet) add(section string, table map[string]any) {
	r := sheetRule{Section: section, Says: []string{}}
	for _, f := range []struct {
		key  string
		into *string
	}{{"id", &r.ID}, {"source", &r.Source}, {"sure", &r.Sure}, {"note", &r.Note}} {
		*f.into, _ = table[f.key].(string)
		delete(table, f.key)
	}
	if r.ID == "" || r.Source == "" {
		return
	}
	for key, value := range table {
		if text, short := setting(value); short {
			r.Says = append(r.Says, key+"="+text)
		}
	}
	slices.Sort(r.Says)
	s.Rules = append(s.Rules, r)
}

// setting writes a value that is no text for customers: a number, a switch, a code, a list of codes.
func setting(value any) (string, bool) {
	switch x := value.(type) {
	case bool, int64, float64:
		return fmt.Sprint(x), true
	case string:
		return x, len(x) <= 24
	case []any:
		var all []string
		for _, v := range x {
			code, ok := v.(string)
			if !ok {
				return "", false
			}
			all = append(all, code)
		}
		return strings.Join(all, "+"), len(all) > 0
	}
	return "", false
}

// place is where the rule stands in the pack's text; ids are unique there.
func (r sheetRule) place(text []byte) int {
	at := regexp.MustCompile(`(?m)^\s*id\s*=\s*["']` + regexp.QuoteMeta(r.ID) + `["']`).FindIndex(text)
	if at == nil {
		return len(text)
	}
	return at[0]
}

type policyTestCommand struct {
	Pack  string `arg:"" help:"Name of a built-in pack, or path of a pack (.toml)."`
	Cases string `arg:"" help:"File of cases (.toml), each with what it has to give." type:"existingfile"`
	JSON  bool   `help:"Print JSON."`
}

// maxCases bounds a file of cases, in bytes.
const maxCases = 1 << 20

func (c policyTestCommand) Run(out output) error {
	p, err := loadPack(c.Pack)
	if err != nil {
		return err
	}
	cases, err := readSmall(c.Cases, maxCases)
	if err != nil {
		return err
	}
	report, err := p.Test(cases)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(out.Out, report)
	} else {
		for _, r := range report.Results {
			if r.Difference != "" {
				fmt.Fprintf(out.Out, "FAILED %s\n  %s\n", plain(r.Name), plain(r.Difference))
			}
		}
		_, err = fmt.Fprintf(out.Out, "%s: %d cases, %d failed\n", packText(report.Pack), len(report.Results), report.Failed())
	}
	if err == nil && report.Failed() > 0 {
		return exitError(exitNoMatch)
	}
	return err
}

type policyExplainCommand struct {
	readFlags
	ID   string `arg:"" help:"Id of a decision, or of a registration: its latest decision."`
	Lang string `help:"Language: en or zh-CN." default:"en" placeholder:"TAG"`
}

// explained is a decision, said and replayed.
type explained struct {
	Registration string `json:"registration"`
	decisionView
	Replayed truename.Ruling `json:"replayed"`
	Same     bool            `json:"same"`
}

func (c policyExplainCommand) Run(ctx context.Context, out output) error {
	same := false
	err := c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		d, err := o.decision(ctx, c.ID)
		if err != nil {
			return nil, nil, err
		}
		x := explained{Registration: d.Registration, decisionView: decisionView{ID: d.ID, At: d.At, By: d.By, Leaf: d.Leaf, Ruling: d.Ruling}}
		if x.Words, err = o.flow.Explain(ctx, d, c.Lang); err != nil {
			return nil, nil, err
		}
		x.Replayed, x.Same, err = o.flow.Replay(ctx, d)
		same = x.Same
		return x, x.print, err
	})
	if err == nil && !same {
		return exitError(exitNoMatch)
	}
	return err
}

// decision finds a decision by its id, or by that of its registration.
func (o *operator) decision(ctx context.Context, id string) (truename.Decision, error) {
	d, err := o.store.Decision(ctx, id)
	if !notFound(err) {
		return d, err
	}
	s, err := o.store.Snapshot(ctx, id)
	if err != nil {
		return truename.Decision{}, err
	}
	if s.Decision == nil {
		return truename.Decision{}, &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound,
			Detail: "The registration has not been decided.", Remedy: "See what is known of it with: truename registration show " + id}
	}
	return *s.Decision, nil
}

func (x explained) print(w io.Writer) error {
	fmt.Fprintf(w, "registration %s\nunder %s\n", x.Registration, packText(x.Ruling.Pack))
	x.decisionView.print(w)
	fmt.Fprintln(w)
	if err := printReasons(w, x.Ruling); err != nil {
		return err
	}
	if x.Same {
		_, err := fmt.Fprintln(w, "\nThe stored case, ruled again under the stored pack, gives the same ruling.")
		return err
	}
	fmt.Fprintf(w, "\nThe stored case, ruled again under the stored pack, gives another ruling: %s.\n", x.Replayed.Verdict)
	return printReasons(w, x.Replayed)
}

func printReasons(w io.Writer, r truename.Ruling) error {
	var rows [][]string
	for _, reason := range r.Reasons {
		rows = append(rows, []string{string(reason.Code), string(reason.Party), reason.Rule, reason.Source})
	}
	for _, o := range r.Obligations {
		rows = append(rows, []string{string(o.Code), "", "obligation", fmt.Sprintf("%d hours", o.Hours)})
	}
	return printTable(w, []string{"CODE", "PARTY", "RULE", "SOURCE"}, rows)
}
