package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"truename"
	"truename/capture"
	"truename/picture"
	"truename/verification"
)

type verifyCommand struct {
	engineFlags
	Portrait  string  `arg:"" help:"Picture of the document's portrait: JPEG, PNG, WebP or HEIC; - reads standard input."`
	Live      string  `arg:"" help:"Live photo."`
	TargetFMR float64 `name:"target-fmr" help:"False-match rate that is accepted (NIST SP 800-63A-4: 1e-4)." default:"1e-4"`
	JSON      bool    `help:"Print the result as JSON."`
	Picture   string  `help:"Write a picture of what was found and the verdict." placeholder:"OUT.png" type:"path"`
}

func (c verifyCommand) Help() string {
	return "Exit status: 0 match, 1 no match, 2 unusable input or usage, 3 engine failure."
}

func (c verifyCommand) Run(ctx context.Context, out output) error {
	if c.Picture != "" {
		if info, err := os.Stat(filepath.Dir(c.Picture)); err != nil || !info.IsDir() {
			return usage("The folder of --picture is not there.", "Create it first.", err)
		}
	}
	limits := capture.DefaultLimits()
	portrait, noPortrait := readPicture(c.Portrait, limits, truename.UsePortrait)
	live, noLive := readPicture(c.Live, limits, truename.UseLive)
	closed := cmp.Or(noPortrait, noLive)
	if closed != nil && !c.JSON {
		return closed
	}
	engine, err := c.open(2)
	if err != nil {
		return err
	}
	defer engine.Close()
	result, detail, err := engine.VerifyDetailed(ctx, portrait, live, c.TargetFMR)
	if result == nil {
		return err
	}
	if err != nil {
		if !c.JSON {
			return err
		}
		// For machines it is the same document as any other result, so that a script needs to look in one place only.
		explain(result, noPortrait)
		explain(result, noLive)
		if err := printJSON(out.Out, result); err != nil {
			return err
		}
		return exitError(exitUnusable)
	}
	if c.JSON {
		err = printJSON(out.Out, result)
	} else {
		err = printResult(out.Out, result)
	}
	if err != nil {
		return err
	}
	if c.Picture != "" {
		if err := writePicture(c.Picture, result, detail); err != nil {
			return err
		}
	}
	switch result.Outcome {
	case truename.OutcomeMatch:
		return nil
	case truename.OutcomeNoMatch:
		return exitError(exitNoMatch)
	default:
		return exitError(exitUnusable)
	}
}

// readPicture reads a file, no more of it than the limit allows: the decoder refuses what is longer.
func readPicture(path string, limits capture.Limits, use truename.Use) ([]byte, error) {
	file := os.Stdin
	if path != "-" {
		var err error
		if file, err = os.Open(path); err != nil {
			return nil, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Sample: use,
				Detail: "The file cannot be opened.", Remedy: "Check its path and permissions.", Cause: err}
		}
		defer file.Close()
	}
	data, err := io.ReadAll(io.LimitReader(file, limits.MaxBytes+1))
	if err != nil {
		return nil, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Sample: use,
			Detail: "The file cannot be read.", Remedy: "Check its path and permissions.", Cause: err}
	}
	return data, nil
}

// explain says of a picture without bytes why it has none. Nothing changes for nil.
func explain(r *verification.Result, err error) {
	if err == nil {
		return
	}
	e := truename.AsError(err)
	for i := range r.Reasons {
		if r.Reasons[i].Sample == e.Sample {
			r.Reasons[i].Code, r.Reasons[i].Detail, r.Reasons[i].Remedy = e.Code, e.Detail, e.Remedy
		}
	}
}

func writePicture(path string, r *verification.Result, d *verification.Detail) error {
	img, err := picture.Verification(r, d)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return usage("The picture cannot be written.", "Choose another file with --picture.", err)
	}
	if err := png.Encode(f, img); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// printResult writes the result for people.
func printResult(w io.Writer, r *verification.Result) error {
	var b strings.Builder
	head, detail := picture.Words(r)
	fmt.Fprintf(&b, "%s\n", head)
	if r.Score != nil {
		fmt.Fprintf(&b, "  %s\n  95 %% confidence interval of the rate: %.1e to %.1e. Model: %s\n", detail, r.FMRInterval[0], r.FMRInterval[1], r.Model)
	}
	for _, reason := range r.Reasons {
		fmt.Fprintf(&b, "  %s: %s %s (%s)\n", reason.Sample, reason.Detail, reason.Remedy, reason.Code)
	}
	for _, side := range []struct {
		name string
		verification.Sample
	}{{"portrait", r.Portrait}, {"live", r.Live}} {
		fmt.Fprintf(&b, "  %-8s  %d×%d, faces: %d", side.name, side.Width, side.Height, side.Faces)
		if side.Pose != nil {
			fmt.Fprintf(&b, ", yaw %+.0f°, pitch %+.0f°, roll %+.0f°", side.Pose.Yaw, side.Pose.Pitch, side.Pose.Roll)
		}
		for _, m := range side.Quality {
			if m.Status != "good" {
				fmt.Fprintf(&b, "; %s %.3g%s (%s)", strings.ReplaceAll(m.Name, "_", " "), m.Value, m.Unit, m.Guidance)
			}
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintf(&b, "  %.0f ms; decoding took %.0f ms, both pictures together\n", r.TimingsMS["total"], r.TimingsMS["decode"])
	_, err := io.WriteString(w, b.String())
	return err
}
