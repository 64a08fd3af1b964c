package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

type initCommand struct{ changeFlags }

// Run makes an operator, or says that there is one.
func (c initCommand) Run(ctx context.Context, out output) error {
	where, err := c.where()
	if err != nil {
		return err
	}
	store, err := c.found(ctx)
	if err != nil {
		return err
	}
	if store != nil {
		return errors.Join(c.report(out, change{nothing: "there is an operator in " + where}), store.Close())
	}
	done := change{what: "make an operator in " + where}
	if !c.Yes {
		return c.report(out, done)
	}
	o, err := c.operator(ctx, noComparer{})
	if err != nil {
		return err
	}
	defer o.close()
	if _, err := o.tokens.ring(ctx, time.Now()); err != nil {
		return err
	}
	master, err := c.master()
	if err != nil {
		return err
	}
	done.tell = fmt.Sprintf("master key: %s (keep a copy of it apart from the backups: without it, nothing can be opened)\naudit log:  %s\n", master, o.signer.VerifierKey())
	if strings.Contains(o.signer.VerifierKey(), placeholderHost) {
		done.tell += "The log has its name from --issuer. Set that to your own URL, here and for the server, before anything is signed: then it stays.\n"
	}
	done.result = map[string]string{"records": where, "master_key": master, "audit_key": o.signer.VerifierKey()}
	return c.report(out, done)
}

// placeholderHost is that of the default issuer.
const placeholderHost = "truename.invalid/"

// where names the records without a password that may stand in their address.
func (f operatorFlags) where() (string, error) {
	if f.onServer() {
		return "the database server", nil
	}
	return f.recordsFile()
}
