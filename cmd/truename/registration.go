package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"truename"
)

type registrationCommand struct {
	List registrationListCommand `cmd:"" help:"List registrations, the newest first."`
	Show registrationShowCommand `cmd:"" help:"Show what was found and decided about a registration, without anything that names the person."`
}

// pageFlags choose a page of a list.
type pageFlags struct {
	Limit int    `help:"Rows at most, up to 1000." default:"50"`
	After string `help:"The page after this cursor, which the page before gave." placeholder:"CURSOR"`
}

func (p pageFlags) check() error {
	if p.Limit < 1 || p.Limit > 1000 {
		return usage("The limit is out of range.", "Use --limit 1 to 1000.", nil)
	}
	return nil
}

// oneOf refuses a flag's value that is none of the known ones; empty is no condition.
func oneOf[T ~string](flag, value string, known ...T) error {
	if value == "" || slices.Contains(known, T(value)) {
		return nil
	}
	return usage(fmt.Sprintf("The value of --%s is none that is known.", flag), "Use one of: "+list(known)+".", nil)
}

// listed is a page as machines read it.
type listed[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

type registrationListCommand struct {
	readFlags
	pageFlags
	State   string `help:"In this state only." placeholder:"STATE"`
	Kind    string `help:"Of this kind only." placeholder:"KIND"`
	Outlet  string `help:"Opened at this outlet only." placeholder:"ID"`
	Channel string `help:"Opened in this channel only." placeholder:"CHANNEL"`
}

func (c registrationListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	query := truename.RegistrationQuery{State: truename.RegistrationState(c.State), Kind: truename.RegistrationKind(c.Kind), Outlet: c.Outlet,
		Channel: truename.Channel(c.Channel), After: c.After, Limit: c.Limit}
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		found, next, err := o.store.Registrations(ctx, query)
		page := listed[registrationRow]{Items: []registrationRow{}, Next: next}
		for i := range found {
			page.Items = append(page.Items, rowOf(&found[i]))
		}
		return page, func(w io.Writer) error {
			var rows [][]string
			for _, r := range page.Items {
				rows = append(rows, []string{r.ID, string(r.State), string(r.Kind), string(r.Channel), r.Outlet, string(r.Route), timeText(r.OpenedAt)})
			}
			return printPage(w, []string{"ID", "STATE", "KIND", "CHANNEL", "OUTLET", "ROUTE", "OPENED"}, rows, next)
		}, err
	})
}

func (c registrationListCommand) check() error {
	if err := c.pageFlags.check(); err != nil {
		return err
	}
	if err := oneOf("state", c.State, truename.StateOpen, truename.StateReferred, truename.StateApproved, truename.StateRefused,
		truename.StateActivated, truename.StateLapsed, truename.StateWithdrawn); err != nil {
		return err
	}
	if err := oneOf("kind", c.Kind, truename.RegistrationKinds...); err != nil {
		return err
	}
	return oneOf("channel", c.Channel, truename.Channels...)
}

// registrationRow is a registration in a list. It has no number, not even its index.
type registrationRow struct {
	ID        string                     `json:"id"`
	Version   int                        `json:"version"`
	State     truename.RegistrationState `json:"state"`
	Kind      truename.RegistrationKind  `json:"kind"`
	Channel   truename.Channel           `json:"channel"`
	Outlet    string                     `json:"outlet,omitempty"`
	Route     truename.Route             `json:"route"`
	Language  string                     `json:"language"`
	Pack      truename.PackRef           `json:"pack"`
	OpenedBy  string                     `json:"opened_by"`
	OpenedAt  time.Time                  `json:"opened_at"`
	ExpiresAt time.Time                  `json:"expires_at"`
	Appealed  bool                       `json:"appealed,omitempty"`
}

func rowOf(r *truename.Registration) registrationRow {
	return registrationRow{ID: r.ID, Version: r.Version, State: r.State, Kind: r.Kind, Channel: r.Channel, Outlet: r.Outlet, Route: r.Route,
		Language: r.Language, Pack: r.Pack, OpenedBy: r.OpenedBy, OpenedAt: r.OpenedAt, ExpiresAt: r.ExpiresAt, Appealed: r.Appealed}
}

type registrationShowCommand struct {
	readFlags
	ID   string `arg:"" help:"Id of the registration."`
	Lang string `help:"Language of the reasons: en or zh-CN." default:"en" placeholder:"TAG"`
}

func (c registrationShowCommand) Run(ctx context.Context, out output) error {
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		v, err := o.view(ctx, c.ID, c.Lang)
		return v, v.print, err
	})
}

// registrationView is all that is known of a registration and identifies nobody.
type registrationView struct {
	registrationRow
	Parties   []truename.PartyRecord `json:"parties"`
	Findings  []truename.Finding     `json:"findings"`
	Decisions []decisionView         `json:"decisions"`
	Review    *truename.Review       `json:"review,omitempty"`
	// Account is the one this registration made or reserved.
	Account *truename.Account `json:"account,omitempty"`
}

// decisionView is a decision with its reasons in words.
type decisionView struct {
	ID     string               `json:"id"`
	At     time.Time            `json:"at"`
	By     string               `json:"by"`
	Leaf   int64                `json:"leaf"`
	Ruling truename.Ruling      `json:"ruling"`
	Words  truename.Explanation `json:"words"`
}

// view reads a registration.
func (o *operator) view(ctx context.Context, id, lang string) (registrationView, error) {
	s, err := o.store.Snapshot(ctx, id)
	if err != nil {
		return registrationView{}, err
	}
	v := registrationView{registrationRow: rowOf(&s.Registration), Parties: s.Registration.Parties, Findings: s.Registration.Findings,
		Review: s.Review, Account: s.Own, Decisions: []decisionView{}}
	decisions, err := o.store.Decisions(ctx, id)
	if err != nil {
		return v, err
	}
	for _, d := range decisions {
		words, err := o.flow.Explain(ctx, d, lang)
		if err != nil {
			return v, err
		}
		v.Decisions = append(v.Decisions, decisionView{ID: d.ID, At: d.At, By: d.By, Leaf: d.Leaf, Ruling: d.Ruling, Words: words})
	}
	return v, nil
}

func (v registrationView) print(w io.Writer) error {
	if err := printPairs(w, [2]string{"registration", v.ID}, [2]string{"state", string(v.State)}, [2]string{"kind", string(v.Kind)},
		[2]string{"channel", strings.TrimSpace(string(v.Channel) + " " + v.Outlet)}, [2]string{"route", string(v.Route)}, [2]string{"policy", packText(v.Pack)},
		[2]string{"opened", timeText(v.OpenedAt) + " by " + v.OpenedBy}, [2]string{"time ends", timeText(v.ExpiresAt)}); err != nil {
		return err
	}
	for _, p := range v.Parties {
		fmt.Fprintf(w, "%s: subject %s, document %s %s\n", p.Party, p.Subject, plain(string(p.Document)), plain(p.Country))
	}
	fmt.Fprintln(w, "\nFINDINGS")
	if err := v.printFindings(w); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nDECISIONS")
	if len(v.Decisions) == 0 {
		fmt.Fprintln(w, "None.")
	}
	for _, d := range v.Decisions {
		d.print(w)
	}
	if r := v.Review; r != nil {
		fmt.Fprintf(w, "\nREVIEW\n%s\n", reviewText(*r))
	}
	if a := v.Account; a != nil {
		fmt.Fprintf(w, "\nACCOUNT\n%s: %s, subject %s\n", a.ID, a.State, a.Subject)
	}
	return nil
}

func (v registrationView) printFindings(w io.Writer) error {
	var rows [][]string
	for _, f := range v.Findings {
		rows = append(rows, []string{timeText(f.At), string(f.Stage), string(f.Party), string(f.State), list(f.Reasons), measured(f), f.By})
	}
	return printTable(w, []string{"AT", "STAGE", "PARTY", "STATE", "REASONS", "MEASURED", "BY"}, rows)
}

// measured writes a finding's labels and measures in one line.
func measured(f truename.Finding) string {
	var all []string
	for k, v := range f.Labels {
		all = append(all, k+"="+v)
	}
	for k, v := range f.Measures {
		all = append(all, fmt.Sprintf("%s=%.4g", k, v))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (d decisionView) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %s, %s (leaf %d of the audit log)\n", timeText(d.At), d.Ruling.Verdict, d.ID, d.Leaf)
	for _, line := range d.Words.Reasons {
		fmt.Fprintf(w, "  %s\n", plain(line))
	}
	for _, line := range d.Words.Remedy {
		fmt.Fprintf(w, "  → %s\n", plain(line))
	}
	if d.Words.Appeal != "" {
		fmt.Fprintf(w, "  %s\n", plain(d.Words.Appeal))
	}
}

// packText names a policy pack.
func packText(p truename.PackRef) string {
	return fmt.Sprintf("%s %s (%.12s)", p.Name, p.Version, p.Digest)
}
