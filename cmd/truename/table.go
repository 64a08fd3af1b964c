package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// printTable writes rows under a header, in columns. Cells are made fit for one line of a terminal.
func printTable(w io.Writer, header []string, rows [][]string) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "None.")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(header, "\t"))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = plain(cell)
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// printPairs writes names and values, one pair a line; pairs without a value are left out.
func printPairs(w io.Writer, pairs ...[2]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range pairs {
		if p[1] != "" {
			fmt.Fprintf(t, "%s:\t%s\n", p[0], plain(p[1]))
		}
	}
	return t.Flush()
}

// printPage writes a table of one page, and how to get the next one.
func printPage(w io.Writer, header []string, rows [][]string, next string) error {
	if err := printTable(w, header, rows); err != nil {
		return err
	}
	if next != "" {
		fmt.Fprintf(w, "\nThere are more: --after %s\n", next)
	}
	return nil
}

// plain makes text fit for a terminal: what controls a terminal or a table is replaced.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s
}

// timeText writes a time as people on every continent read it the same; the zero time as nothing.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func timeOrNone(t *time.Time) string {
	if t == nil {
		return ""
	}
	return timeText(*t)
}

// list joins codes of any type.
func list[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, x := range all {
		words[i] = string(x)
	}
	return strings.Join(words, ", ")
}
