package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"

	"truename"
	"truename/record"
)

type backupCommand struct {
	operatorFlags `group:"Operator:"`
	File          string   `arg:"" help:"File of the records. It is replaced."`
	Keys          string   `help:"File of the subjects' keys (default: FILE.keys). It is replaced." placeholder:"FILE"`
	Recipient     []string `help:"Who can decrypt it: age1…. May be repeated." required:"" placeholder:"AGE-RECIPIENT"`
}

// Help is shown with --help.
func (backupCommand) Help() string {
	return `Writes two files, encrypted with age: the records, and the wrapped keys of the subjects. Old copies of the first may be
kept as long as you like. Of the second keep the newest only, wherever it is copied to: a person is erased by destroying their
key, and what is sealed in old records stays sealed only if no old copy of the keys has it. When FILE is a new name every time,
name one place for the keys with --keys, so that each backup replaces the keys before.

The master key is in neither file: keep a copy of it somewhere else. Without it a backup cannot be opened, and with it and the
identity alone everything can.`
}

func (c backupCommand) Run(ctx context.Context, out output) error {
	recipients, err := age.ParseRecipients(strings.NewReader(strings.Join(c.Recipient, "\n")))
	if err != nil {
		return usage("A recipient is not one.", "Give the public key of age-keygen: age1….", err)
	}
	if c.keys() == c.File {
		return usage("Records and keys are to be two files.", "Choose another --keys.", nil)
	}
	return c.use(ctx, func(o *operator) error {
		records, err := replacingFile(c.File)
		if err != nil {
			return err
		}
		defer records.abandon()
		keys, err := replacingFile(c.keys())
		if err != nil {
			return err
		}
		defer keys.abandon()
		if err := encrypt(records, recipients, func(w io.Writer) error { return o.store.Backup(ctx, w) }); err != nil {
			return err
		}
		if err := encrypt(keys, recipients, func(w io.Writer) error { return o.store.BackupKeys(ctx, w) }); err != nil {
			return err
		}
		// The keys first: if it ends here, the older records go with them as well.
		if err := errors.Join(keys.appear(), records.appear()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(out.Out, "records: %s\nkeys:    %s (keep the newest only)\n", c.File, c.keys())
		return err
	})
}

func (c backupCommand) keys() string { return keysOf(c.Keys, c.File) }

// keysOf is where the keys of a backup are.
func keysOf(keys, records string) string {
	if keys != "" {
		return keys
	}
	return records + ".keys"
}

// encrypt writes what fill writes, for recipients.
func encrypt(to io.Writer, recipients []age.Recipient, fill func(io.Writer) error) error {
	w, err := age.Encrypt(to, recipients...)
	if err != nil {
		return unwritable(err)
	}
	if err := fill(w); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return unwritable(err)
	}
	return nil
}

type restoreCommand struct {
	changeFlags
	File     string `arg:"" help:"File of the records." type:"existingfile"`
	Keys     string `help:"File of the subjects' keys: the newest there is, also with older records (default: FILE.keys)." placeholder:"FILE"`
	Identity string `help:"File with the age identity (AGE-SECRET-KEY-…) of a recipient." required:"" type:"existingfile" placeholder:"FILE"`
	KeysOnly bool   `help:"The records are restored: give the subjects their keys only."`
}

// Help is shown with --help.
func (restoreCommand) Help() string {
	return `Restores into records that are empty. Put the master key in its place before. Give the newest keys file you have, whatever
the age of the records: it lacks the keys of people who were erased meanwhile, and what was sealed for them stays sealed.`
}

// maxIdentity bounds a file of identities, in bytes.
const maxIdentity = 64 << 10

func (c restoreCommand) Run(ctx context.Context, out output) error {
	text, err := readSmall(c.Identity, maxIdentity)
	if err != nil {
		return err
	}
	identities, err := age.ParseIdentities(strings.NewReader(string(text)))
	if err != nil {
		return usage("The file of the identity holds none.", "Give the file that age-keygen wrote.", nil) // the cause may quote a secret
	}
	where, err := c.where()
	if err != nil {
		return err
	}
	if err := c.vacant(ctx); err != nil {
		return err
	}
	keys := keysOf(c.Keys, c.File)
	done := change{what: fmt.Sprintf("restore %s and the keys of %s into %s", c.File, keys, where)}
	files := []string{c.File, keys}
	if c.KeysOnly {
		done.what = fmt.Sprintf("restore the keys of %s into %s", keys, where)
		files = files[1:]
	}
	// Both are decrypted to their end before anything is written, so that a wrong file is found in time.
	for _, path := range files {
		if err := decrypt(path, identities, func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }); err != nil {
			return err
		}
	}
	if c.Yes {
		if err := c.restore(ctx, identities, keys); err != nil {
			return err
		}
	}
	return c.report(out, done)
}

// vacant refuses records that have an operator, and for keys only those that have none.
func (c restoreCommand) vacant(ctx context.Context) error {
	store, err := c.found(ctx)
	if err != nil {
		return err
	}
	if store != nil {
		err = store.Close()
	}
	switch {
	case err != nil:
		return err
	case store != nil && !c.KeysOnly:
		return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState,
			Detail: "The records are not empty.", Remedy: "Restore into a new file or database: --data or --records."}
	case store == nil && c.KeysOnly:
		return usage("There are no records to give keys to.", "Restore records and keys together: without --keys-only.", nil)
	}
	return nil
}

func (c restoreCommand) restore(ctx context.Context, identities []age.Identity, keys string) (err error) {
	var store *record.Store
	if store, err = c.openRecords(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if !c.KeysOnly {
		if err := decrypt(c.File, identities, func(r io.Reader) error { return store.Restore(ctx, r) }); err != nil {
			return err
		}
	}
	if err := decrypt(keys, identities, func(r io.Reader) error { return store.RestoreKeys(ctx, r) }); err != nil {
		return err
	}
	return noteRestored(ctx, store)
}

// noteRestored says in the audit log that it goes on from a backup. The ring takes its own place, with that leaf: it can be
// done without the master key.
func noteRestored(ctx context.Context, store *record.Store) error {
	restored, err := leaf("records.restored", map[string]string{"by": shell.ID})
	if err != nil {
		return err
	}
	ring, err := store.Keyring(ctx, ringName)
	if err != nil {
		return err
	}
	return store.SaveKeyring(ctx, ringName, ring, ring, restored)
}

// decrypt lets take read what a file holds.
func decrypt(path string, identities []age.Identity, take func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return usage(fmt.Sprintf("The file %s cannot be opened.", path), "A backup is two files: see truename restore --help.", err)
	}
	defer f.Close()
	r, err := age.Decrypt(f, identities...)
	if err != nil {
		return usage(fmt.Sprintf("The file %s cannot be decrypted.", path), "Give the identity that belongs to one of its recipients.", err)
	}
	err = take(r)
	var known *truename.Error
	if err != nil && !errors.As(err, &known) {
		err = usage(fmt.Sprintf("The file %s is damaged.", path), "Use another copy.", err)
	}
	return err
}
