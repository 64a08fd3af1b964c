package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"truename"
	"truename/audit"
)

type auditCommand struct {
	Verify     auditVerifyCommand     `cmd:"" help:"Verify an export of the audit log, offline. Exit status 1 when anything does not hold."`
	Receipt    auditReceiptCommand    `cmd:"" help:"Verify the receipt of a decision, offline. Exit status 1 when it does not hold."`
	Export     auditExportCommand     `cmd:"" help:"Write the log up to a new checkpoint into a folder, as tiles that a web server can serve."`
	Checkpoint auditCheckpointCommand `cmd:"" help:"Print a signed checkpoint of the log as it is now."`
	Key        auditKeyCommand        `cmd:"" help:"Print the key that the log's checkpoints are verified with."`
}

// verifierFlags are those of commands that work without an operator.
type verifierFlags struct {
	Key  string `help:"The log's verifier key: NAME+HASH+KEY. Have it from the operator by another way than the evidence." required:"" placeholder:"VKEY"`
	JSON bool   `help:"Print JSON."`
}

type auditVerifyCommand struct {
	verifierFlags
	Dir     string   `arg:"" help:"Folder of the export." type:"existingdir"`
	Trusted []string `help:"Checkpoint from elsewhere (a receipt, a witness, kept before) that the log has to continue. May be repeated." type:"existingfile" placeholder:"FILE"`
}

func (c auditVerifyCommand) Run(out output) error {
	var trusted [][]byte
	for _, path := range c.Trusted {
		checkpoint, err := readSmall(path, maxCheckpoint)
		if err != nil {
			return err
		}
		trusted = append(trusted, checkpoint)
	}
	report, err := audit.VerifyExport(os.DirFS(c.Dir), c.Key, trusted...)
	if len(report.Problems) == 0 && err != nil {
		return invalidEvidence(out, c.JSON, err)
	}
	if c.JSON {
		if err := printJSON(out.Out, report); err != nil {
			return err
		}
	} else if err := printReport(out.Out, report); err != nil {
		return err
	}
	if err != nil {
		return exitError(exitNoMatch)
	}
	return nil
}

// maxCheckpoint bounds a checkpoint, in bytes; its co-signatures are a line each.
const maxCheckpoint = 64 << 10

func printReport(w io.Writer, r audit.Report) error {
	if len(r.Problems) == 0 {
		_, err := fmt.Fprintf(w, "The log %s holds: %d leaves, root %s, %d checkpoints of one history.\n", r.Origin, r.Leaves, r.Root, r.Checkpoints)
		return err
	}
	fmt.Fprintf(w, "The log %s does not hold.\n", r.Origin)
	if p, ok := r.FirstBad(); ok {
		fmt.Fprintf(w, "First bad: %s\n", plain(p.String()))
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "  %s\n", plain(p.String()))
	}
	return nil
}

// invalidEvidence says that evidence does not verify, which is a result of the command and not its failure. Other errors stay.
func invalidEvidence(out output, asJSON bool, err error) error {
	known := truename.AsError(err)
	if known.Code != audit.CodeAuditInvalid {
		return err
	}
	if asJSON {
		if err := printJSON(out.Out, map[string]any{"valid": false, "code": known.Code, "detail": known.Detail, "remedy": known.Remedy}); err != nil {
			return err
		}
		return exitError(exitNoMatch)
	}
	fmt.Fprintf(out.Out, "Does not hold: %s\n%s\n", plain(known.Detail), plain(known.Remedy))
	return exitError(exitNoMatch)
}

type auditReceiptCommand struct {
	verifierFlags
	File string `arg:"" help:"Receipt, JSON." type:"existingfile"`
}

func (c auditReceiptCommand) Run(out output) error {
	data, err := readSmall(c.File, audit.MaxReceipt)
	if err != nil {
		return err
	}
	receipt, err := audit.ParseReceipt(data)
	if err == nil {
		err = receipt.Verify(c.Key)
	}
	if err != nil {
		return invalidEvidence(out, c.JSON, err)
	}
	d := receipt.Decision
	if c.JSON {
		return printJSON(out.Out, map[string]any{"valid": true, "registration": d.Registration, "decision": d.ID, "verdict": d.Ruling.Verdict, "at": d.At, "leaf": receipt.Index})
	}
	_, err = fmt.Fprintf(out.Out, "Holds: registration %s, decision %s, %s at %s, is leaf %d of the log.\n",
		plain(d.Registration), plain(d.ID), plain(string(d.Ruling.Verdict)), timeText(d.At), receipt.Index)
	return err
}

type auditExportCommand struct {
	readFlags
	Dir string `arg:"" help:"Folder; it is made, or holds an earlier export of the same log."`
}

func (c auditExportCommand) Run(ctx context.Context, out output) error {
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		log := o.store.Log(ctx)
		if _, err := o.publisher.Publish(ctx, log); err != nil {
			return nil, nil, err
		}
		head, err := audit.Export(ctx, c.Dir, log)
		return map[string]any{"dir": c.Dir, "origin": head.Origin, "size": head.Size, "root": head.Root, "key": o.publisher.VerifierKey()}, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%d leaves of %s are in %s. Verify them with:\n  truename audit verify %s --key %s\n", head.Size, head.Origin, c.Dir, c.Dir, o.publisher.VerifierKey())
			return err
		}, err
	})
}

type auditCheckpointCommand struct {
	operatorFlags `group:"Operator:"`
}

func (c auditCheckpointCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, func(o *operator) error {
		checkpoint, err := o.publisher.Publish(ctx, o.store.Log(ctx))
		if err != nil {
			return err
		}
		_, err = out.Out.Write(checkpoint)
		return err
	})
}

type auditKeyCommand struct {
	operatorFlags `group:"Operator:"`
}

func (c auditKeyCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, func(o *operator) error {
		_, err := fmt.Fprintln(out.Out, o.publisher.VerifierKey())
		return err
	})
}
