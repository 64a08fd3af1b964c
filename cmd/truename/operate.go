package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"truename"
	"truename/access"
	"truename/record"
)

// readFlags are those of commands that look at an operator's records.
type readFlags struct {
	operatorFlags `group:"Operator:"`
	JSON          bool `help:"Print JSON."`
}

// changeFlags are those of commands that change an operator's records.
type changeFlags struct {
	readFlags
	Yes bool `help:"Do it. Without this, the command says what it would do and changes nothing."`
}

// use opens an operator that was set up before, works with it and closes it. It never begins a new one, so that a
// misspelt folder is an error and not an empty operator.
func (f operatorFlags) use(ctx context.Context, work func(o *operator) error) error {
	o, err := f.existing(ctx)
	if err != nil {
		return err
	}
	defer o.close()
	return work(o)
}

func (f operatorFlags) existing(ctx context.Context) (*operator, error) {
	pack, err := f.loadPolicy()
	if err != nil {
		return nil, err
	}
	store, err := f.found(ctx)
	if err != nil {
		return nil, err
	}
	if store == nil {
		return nil, usage("There is no operator in these records.", "Name the right ones with --data or --records, or make an operator with: truename init", nil)
	}
	return f.on(ctx, store, pack, noComparer{})
}

// found opens the records of an operator that was set up before; nil when there is none.
func (f operatorFlags) found(ctx context.Context) (*record.Store, error) {
	file, err := f.recordsFile()
	if err != nil {
		return nil, err
	}
	if file != "" {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	store, err := f.openRecords(ctx)
	if err != nil {
		return nil, err
	}
	_, err = store.Keyring(ctx, ringName)
	if err == nil {
		return store, nil
	}
	if notFound(err) {
		err = nil
	}
	return nil, errors.Join(err, store.Close())
}

// change is something a command does to the records.
type change struct {
	// what is done, in the infinitive: "revoke the key of client 0199…".
	what string
	// nothing says why there is nothing to do; empty when there is.
	nothing string
	// tell is what people read when it is done: ids, and secrets that are shown once.
	tell string
	// result is the same for machines.
	result any
}

// change does work when the command was told to, and else rehearses it: with every check, and nothing written.
func (c changeFlags) change(ctx context.Context, out output, work func(o *operator) (change, error)) error {
	return c.use(ctx, func(o *operator) error {
		if !c.Yes {
			if err := o.rehearse(c.operatorFlags); err != nil {
				return err
			}
		}
		done, err := work(o)
		if err != nil {
			return err
		}
		return c.report(out, done)
	})
}

// report says what was done, or what would be.
func (c changeFlags) report(out output, done change) error {
	if c.JSON {
		return printJSON(out.Out, struct {
			DryRun bool   `json:"dry_run"`
			Change string `json:"change,omitempty"`
			None   string `json:"nothing_to_do,omitempty"`
			Result any    `json:"result,omitempty"`
		}{!c.Yes, done.what, done.nothing, c.done(done).result})
	}
	switch {
	case done.nothing != "":
		fmt.Fprintf(out.Out, "Nothing to do: %s.\n", done.nothing)
	case !c.Yes:
		fmt.Fprintf(out.Out, "Would %s.\nNothing was changed. To do it, add --yes.\n", done.what)
	default:
		fmt.Fprintf(out.Out, "Done: %s.\n%s", done.what, done.tell)
	}
	return nil
}

// done gives the change without what a rehearsal has invented.
func (c changeFlags) done(d change) change {
	if !c.Yes {
		d.result, d.tell = nil, ""
	}
	return d
}

// as lets the shell act as a member of staff: by a session, which is in the audit log and ends with the work. A rehearsal
// only looks whether they would be let in.
func (o *operator) as(ctx context.Context, staff string, may access.Operation, work func(truename.Actor) error) error {
	actor, err := o.gate.Person(ctx, shell, staff)
	if err != nil {
		return err
	}
	if err := access.Allow(actor, may); err != nil {
		return err
	}
	if o.rehearsal != nil {
		return work(actor)
	}
	token, _, err := o.gate.IssueSession(ctx, shell, staff)
	if err != nil {
		return err
	}
	defer o.gate.SignOut(context.WithoutCancel(ctx), token)
	if actor, err = o.gate.Authenticate(ctx, &access.Credentials{Session: token.Reveal()}); err != nil {
		return err
	}
	return work(actor)
}

// print writes a value as JSON, or what people read of it.
func (f readFlags) print(out output, v any, people func(w io.Writer) error) error {
	if f.JSON {
		return printJSON(out.Out, v)
	}
	return people(out.Out)
}

// look opens an operator for a command that reads something and prints it.
func (f readFlags) look(ctx context.Context, out output, read func(o *operator) (v any, people func(io.Writer) error, err error)) error {
	return f.use(ctx, func(o *operator) error {
		v, people, err := read(o)
		if err != nil {
			return err
		}
		return f.print(out, v, people)
	})
}
