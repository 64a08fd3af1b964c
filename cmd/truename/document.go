package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"truename"
	"truename/document"
	"truename/document/mrz"
)

type documentCommand struct {
	Number documentNumberCommand `cmd:"" help:"Check a document number and show what it says."`
	Zone   documentZoneCommand   `cmd:"" help:"Parse and check the lines of a machine readable zone, from standard input."`
}

type documentNumberCommand struct {
	Type  string `arg:"" help:"Type of document: cn_resident_id, cn_residence_permit, cn_foreign_permanent_id, in_aadhaar, ng_nin, pk_cnic, id_ktp, th_national_id, ph_philsys …"`
	Value string `arg:"" help:"The number; - reads it from standard input, which keeps it out of the shell's history."`
	JSON  bool   `help:"Print JSON."`
}

func (documentNumberCommand) Help() string {
	return "Exit status: 0 every check holds, 2 one does not, or usage."
}

// numberReport is what the number says, for whoever asked.
type numberReport struct {
	Type        truename.DocumentType `json:"type"`
	Number      string                `json:"number"`
	BirthDate   string                `json:"birth_date,omitempty"`
	Sex         string                `json:"sex,omitempty"`
	Region      string                `json:"region,omitempty"`
	Nationality string                `json:"nationality,omitempty"`
	Checked     []document.Rule       `json:"checked"`
	Unchecked   []document.Rule       `json:"unchecked"`
}

func (c documentNumberCommand) Run(out output) error {
	value := c.Value
	if value == "-" {
		data, err := io.ReadAll(io.LimitReader(os.Stdin, 1024))
		if err != nil {
			return usage("Standard input cannot be read.", "Give the number as an argument or a line of input.", err)
		}
		value = strings.TrimSpace(string(data))
	}
	f, err := document.Number(truename.DocumentType(c.Type), truename.Private(value))
	if err != nil {
		return err
	}
	// An Aadhaar number is shown as it may be kept.
	shown := f.Number
	if f.Type == truename.INAadhaar {
		shown = f.Stored
	}
	r := numberReport{f.Type, shown.Reveal(), f.BirthDate.Reveal(), f.Sex.Reveal(), f.Region.Reveal(), f.Nationality.Reveal(), f.Checked, f.Unchecked}
	if c.JSON {
		return printJSON(out.Out, r)
	}
	fmt.Fprintf(out.Out, "%s: every check holds\n", r.Number)
	for _, row := range [][2]string{{"born", r.BirthDate}, {"sex", r.Sex}, {"region", r.Region}, {"nationality", r.Nationality}, {"checked", rules(r.Checked)}, {"not checked", rules(r.Unchecked)}} {
		if row[1] != "" {
			fmt.Fprintf(out.Out, "  %-12s %s\n", row[0], row[1])
		}
	}
	return nil
}

func rules(all []document.Rule) string {
	s := make([]string, len(all))
	for i, r := range all {
		s[i] = strings.ReplaceAll(string(r), "_", " ")
	}
	return strings.Join(s, ", ")
}

type documentZoneCommand struct {
	JSON bool `help:"Print JSON."`
}

func (documentZoneCommand) Help() string {
	return "What is read is printed in clear: it is personal data.\n\n" +
		"Exit status: 0 every check digit holds, 1 one does not, 2 not a machine readable zone, or usage."
}

// documentReport is what was read on a document, for whoever asked. Each reader of a part of the document adds its own.
type documentReport struct {
	Type     truename.DocumentType `json:"type"`
	MRZ      *zoneReport           `json:"mrz,omitempty"`
	Fields   map[string]string     `json:"fields"`
	Findings []document.Finding    `json:"findings"`
}

// zoneReport is the machine readable zone.
type zoneReport struct {
	Format mrz.Format `json:"format"`
	Lines  []string   `json:"lines"`
	// Valid: every check digit holds.
	Valid    bool             `json:"valid"`
	Checks   []mrz.CheckDigit `json:"checks"`
	Problems []mrz.Problem    `json:"problems,omitempty"`
}

func (c documentZoneCommand) Run(out output) error {
	text, err := io.ReadAll(io.LimitReader(os.Stdin, 4096))
	if err != nil {
		return usage("Standard input cannot be read.", "Give the lines of the zone, one by one.", err)
	}
	now := time.Now()
	zone, err := mrz.Parse(strings.Fields(string(text)), now)
	if err != nil {
		return err
	}
	report := documentOf(zone, now)
	if c.JSON {
		err = printJSON(out.Out, report)
	} else {
		err = printDocument(out.Out, report)
	}
	if err == nil && !report.MRZ.Valid {
		return exitError(exitNoMatch)
	}
	return err
}

// documentOf puts a zone into the form that is printed.
func documentOf(z *mrz.Zone, now time.Time) *documentReport {
	out := &documentReport{Type: z.Fields().Type, Findings: z.Findings(now), Fields: map[string]string{}}
	out.MRZ = &zoneReport{Format: z.Format, Valid: z.Valid(), Checks: z.Checks, Problems: z.Problems}
	for _, l := range z.Lines {
		out.MRZ.Lines = append(out.MRZ.Lines, l.Reveal())
	}
	for name, value := range map[string]truename.Private{
		"document_code": z.Code, "issuing_state": z.State, "nationality": z.Nationality, "document_number": z.Number,
		"surname": z.Surname, "given_names": z.GivenNames, "birth_date": z.BirthDate, "sex": z.Sex, "expiry_date": z.Expires,
		"issue_month": z.Issued, "optional_data": z.Optional,
	} {
		if value != "" {
			out.Fields[name] = value.Reveal()
		}
	}
	return out
}

func printDocument(w io.Writer, r *documentReport) error {
	var b strings.Builder
	verdict := "every check digit holds"
	if !r.MRZ.Valid {
		verdict = "A CHECK DIGIT DOES NOT HOLD"
	}
	fmt.Fprintf(&b, "%s, %s\n", r.MRZ.Format, verdict)
	for _, l := range r.MRZ.Lines {
		fmt.Fprintf(&b, "  %s\n", l)
	}
	for _, name := range []string{"document_code", "issuing_state", "document_number", "surname", "given_names", "nationality", "birth_date", "sex",
		"expiry_date", "issue_month", "optional_data"} {
		if v := r.Fields[name]; v != "" {
			fmt.Fprintf(&b, "  %-16s %s\n", strings.ReplaceAll(name, "_", " "), v)
		}
	}
	for _, f := range r.Findings {
		if f.State == truename.FindingPassed {
			continue
		}
		reasons := make([]string, len(f.Reasons))
		for i, c := range f.Reasons {
			reasons[i] = string(c)
		}
		fmt.Fprintf(&b, "  %s: %s (%s) %s\n", f.State, strings.ReplaceAll(string(f.Check), "_", " "), strings.Join(reasons, ", "), f.Place)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
