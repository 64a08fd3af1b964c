package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ledger is the tokens that were used: a file for each registration, with the jti of its token in the first line. It is made before
// anything is activated, and only one process can make it: whatever runs at once and whenever it stops, a registration is activated
// once, so a jti is used once, as a token is taken for the registration it names and no other.
type ledger struct{ folder string }

// Lines of a file, after the jti. Without the first of them an activation was begun and nobody knows how it went.
const (
	activated = "activated"
	confirmed = "confirmed"
)

// use is a token in the ledger.
type use struct {
	registration string
	decision     string // the jti; empty: none is in the ledger
	reached      string // empty: begun
}

func openLedger(state string) (ledger, error) {
	l := ledger{filepath.Join(state, "used")}
	if err := os.MkdirAll(l.folder, 0o700); err != nil {
		return l, usage("The folder for the ledger cannot be made: check -state.")
	}
	return l, nil
}

func (l ledger) file(registration string) string { return filepath.Join(l.folder, registration) }

// of says how far a registration has come.
func (l ledger) of(registration string) (use, error) {
	if !id.MatchString(registration) {
		return use{}, usage("That is not the id of a registration.")
	}
	text, err := os.ReadFile(l.file(registration))
	if errors.Is(err, fs.ErrNotExist) {
		return use{registration: registration}, nil
	}
	lines := strings.Fields(string(text))
	switch {
	case err != nil:
		return use{}, &outcome{exitAttention, fmt.Errorf("the ledger cannot be read: %w", err)}
	case len(lines) == 2 && lines[1] == activated:
		return use{registration, lines[0], activated}, nil
	case len(lines) == 3 && lines[1] == activated && lines[2] == confirmed:
		return use{registration, lines[0], confirmed}, nil
	}
	return use{}, l.unclear(registration, errors.New("it was begun and not finished, or is going on now"))
}

// unclear is the error of an activation that may have had an effect.
func (l ledger) unclear(registration string, why error) error {
	return &outcome{exitAttention, fmt.Errorf("the activation of %s: %w. Look whether the number is active; then write the line %q into %s, or remove it",
		registration, why, activated, l.file(registration))}
}

// begin takes a token into the ledger, if it is the first for the registration.
func (l ledger) begin(registration, jti string) (use, error) {
	u := use{registration: registration, decision: jti}
	f, err := os.OpenFile(l.file(registration), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return u, refused("Another run has just begun with this registration. Nothing was done by this one.")
	}
	if err == nil {
		_, err = fmt.Fprintln(f, jti)
		err = errors.Join(err, f.Sync(), f.Close(), syncFolder(l.folder))
	}
	if err != nil {
		return u, &outcome{exitAttention, fmt.Errorf("the ledger cannot be written, nothing was activated: %w", err)}
	}
	return u, nil
}

// mark writes how far it has come.
func (l ledger) mark(u use, line string) error {
	f, err := os.OpenFile(l.file(u.registration), os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, line)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return &outcome{exitAttention, fmt.Errorf("%s is %s, but the ledger cannot be written: %w", u.registration, line, err)}
	}
	return nil
}

// syncFolder makes the name of a new file one that a crash does not take away.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
