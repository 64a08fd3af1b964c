package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"truename"
	"truename/rights"
)

type subjectCommand struct {
	Show   subjectShowCommand   `cmd:"" help:"Show what is kept of a person, without opening any of it."`
	Export subjectExportCommand `cmd:"" help:"Open everything that is kept of a person and print it, for that person. This is personal data; the audit log says that it was given."`
	Erase  subjectEraseCommand  `cmd:"" help:"Destroy a person's key and drop what it sealed. Copies of it cannot be opened any more where the key is not. This cannot be undone."`
}

type subjectShowCommand struct {
	readFlags
	ID string `arg:"" help:"Id of the subject."`
}

// subjectView is a subject and what refers to it, with nothing that says who it is.
type subjectView struct {
	Subject       truename.Subject   `json:"subject"`
	Consents      []truename.Consent `json:"consents"`
	Accounts      []truename.Account `json:"accounts"`
	Registrations []string           `json:"registrations"`
	Evidence      []truename.Sealed  `json:"evidence"`
	Erasure       rights.Plan        `json:"erasure"`
}

func (c subjectShowCommand) Run(ctx context.Context, out output) error {
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		s, err := o.store.SubjectView(ctx, c.ID)
		if err != nil {
			return nil, nil, err
		}
		plan, err := o.office.PlanErasure(ctx, c.ID)
		v := subjectView{s.Subject, append([]truename.Consent{}, s.Consents...), append([]truename.Account{}, s.Accounts...),
			append([]string{}, s.Registrations...), append([]truename.Sealed{}, s.Evidence...), plan}
		return v, v.print, err
	})
}

func (v subjectView) print(w io.Writer) error {
	if err := printPairs(w, [2]string{"subject", v.Subject.ID}, [2]string{"known since", timeText(v.Subject.CreatedAt)},
		[2]string{"erased", timeOrNone(v.Subject.ErasedAt)}, [2]string{"erasure", erasureText(v.Erasure)}); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nREGISTRATIONS")
	for _, id := range v.Registrations {
		fmt.Fprintln(w, id)
	}
	fmt.Fprintln(w, "\nACCOUNTS")
	var rows [][]string
	for _, a := range v.Accounts {
		rows = append(rows, []string{a.ID, string(a.State), timeOrNone(a.ActivatedAt), timeOrNone(a.ReverifyBy), timeOrNone(a.ClosedAt)})
	}
	if err := printTable(w, []string{"ID", "STATE", "ACTIVATED", "DUE", "CLOSED"}, rows); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nCONSENTS")
	rows = nil
	for _, c := range v.Consents {
		rows = append(rows, []string{string(c.Purpose), c.TextVersion, c.Language, timeText(c.GivenAt), string(c.GivenBy), timeOrNone(c.WithdrawnAt)})
	}
	if err := printTable(w, []string{"PURPOSE", "TEXT", "LANGUAGE", "GIVEN", "BY", "WITHDRAWN"}, rows); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nEVIDENCE, SEALED")
	rows = nil
	for _, e := range v.Evidence {
		rows = append(rows, []string{string(e.Kind), timeText(e.CreatedAt), e.Registration})
	}
	return printTable(w, []string{"KIND", "TAKEN", "REGISTRATION"}, rows)
}

// erasureText says whether a subject can be erased.
func erasureText(p rights.Plan) string {
	switch {
	case p.Erased:
		return "done"
	case p.Possible:
		return "possible"
	}
	return fmt.Sprintf("not while there are %d numbers", len(p.Blocking))
}

type subjectExportCommand struct {
	operatorFlags `group:"Operator:"`
	ID            string `arg:"" help:"Id of the subject."`
	Out           string `help:"Write to this new file, readable by its owner only, and not to the terminal." placeholder:"FILE"`
}

func (c subjectExportCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, func(o *operator) error {
		if c.Out == "" {
			export, err := o.office.Export(ctx, shell, c.ID)
			if err != nil {
				return err
			}
			return printJSON(out.Out, export)
		}
		// The file comes first: nothing is opened, and nothing said in the log, for a file that cannot be.
		file, err := newFile(c.Out)
		if err != nil {
			return err
		}
		defer file.abandon()
		export, err := o.office.Export(ctx, shell, c.ID)
		if err != nil {
			return err
		}
		encoder := json.NewEncoder(file)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(export); err != nil {
			return unwritable(err)
		}
		if err := file.appear(); err != nil {
			return err
		}
		fmt.Fprintf(out.Err, "the export of subject %s is in %s\n", c.ID, c.Out)
		return nil
	})
}

type subjectEraseCommand struct {
	changeFlags
	ID string `arg:"" help:"Id of the subject."`
}

func (c subjectEraseCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		plan, err := o.office.PlanErasure(ctx, c.ID)
		switch {
		case err != nil:
			return change{}, err
		case plan.Erased:
			return change{nothing: fmt.Sprintf("subject %s was erased before", c.ID)}, nil
		case !plan.Possible && plan.Biometric == 0:
			return change{}, &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState,
				Detail: fmt.Sprintf("The subject has %d numbers reserved, active or suspended, and nothing biometric that could go before them.", len(plan.Blocking)),
				Remedy: "End them first: " + list(plan.Blocking) + "."}
		}
		done, err := o.office.Erase(ctx, shell, c.ID)
		what := fmt.Sprintf("erase subject %s: destroy its key and drop %d pieces of evidence", c.ID, plan.Evidence)
		if !plan.Possible {
			what = fmt.Sprintf("drop the %d biometric pieces of evidence of subject %s and keep the rest, because it has numbers in service: %s",
				plan.Biometric, c.ID, list(plan.Blocking))
		}
		return change{what: what, result: done, tell: "Backups that were made before still hold its key in their keys file: make a new backup now.\n"}, err
	})
}
