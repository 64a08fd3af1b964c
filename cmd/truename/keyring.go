package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"truename"
	"truename/vault"
)

type keysCommand struct {
	List         keysListCommand         `cmd:"" help:"List the keys of activation tokens, and the master key's name."`
	Rotate       keysRotateCommand       `cmd:"" help:"Sign activation tokens with a new key from now on. The one before still verifies for a week."`
	RotateMaster keysRotateMasterCommand `cmd:"" help:"Add a new key to a master key file and wrap everything with it. Runs beside the server; run it again if it was interrupted."`
}

type keysListCommand struct{ readFlags }

// keyRow is a key without its secret.
type keyRow struct {
	ID        string     `json:"kid"`
	Signs     bool       `json:"signs"`
	NotBefore time.Time  `json:"not_before"`
	RetiredAt *time.Time `json:"retired_at,omitempty"`
}

func (c keysListCommand) Run(ctx context.Context, out output) error {
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		now := time.Now()
		ring, _, err := o.tokens.load(ctx)
		if err != nil && !notFound(err) { // none yet: the first one is made when it is needed
			return nil, nil, err
		}
		keys := []keyRow{}
		for _, k := range ring {
			current, err := ring.Current(now)
			keys = append(keys, keyRow{k.ID, err == nil && current.ID == k.ID, k.NotBefore, k.RetiredAt})
		}
		master, err := o.vault.Master(ctx)
		return map[string]any{"activation": keys, "master": master}, func(w io.Writer) error {
			var rows [][]string
			for _, k := range keys {
				use := "verifies"
				if k.Signs {
					use = "signs"
				}
				rows = append(rows, []string{k.ID, use, timeText(k.NotBefore), timeOrNone(k.RetiredAt)})
			}
			if err := printTable(w, []string{"ACTIVATION KEY", "USE", "SINCE", "UNTIL"}, rows); err != nil {
				return err
			}
			_, err := fmt.Fprintf(w, "\nMaster key: %s\n", master)
			return err
		}, err
	})
}

type keysRotateCommand struct{ changeFlags }

func (c keysRotateCommand) Run(ctx context.Context, out output) error {
	return c.change(ctx, out, func(o *operator) (change, error) {
		done := change{what: fmt.Sprintf("sign activation tokens with a new key from now on, and let the one before verify for %.0f more days", keyOverlap.Hours()/24)}
		if o.rehearsal != nil {
			return done, nil
		}
		now := time.Now()
		ring, err := o.tokens.rotate(ctx, now)
		if err != nil {
			return change{}, err
		}
		key, err := ring.Current(now)
		done.tell, done.result = "kid: "+key.ID+"\nCarriers that keep the public keys have to read them again within a week.\n", map[string]string{"kid": key.ID}
		return done, err
	})
}

type keysRotateMasterCommand struct{ changeFlags }

// Run adds a master key and wraps every subject's key and then the ring with it. The ring comes last: as long as an older
// key wraps it, the work is not done, and running the command again goes on where it stopped.
func (c keysRotateMasterCommand) Run(ctx context.Context, out output) error {
	uri, err := c.master()
	if err != nil {
		return err
	}
	path, isFile := strings.CutPrefix(uri, "file:")
	if !isFile {
		return usage("The master key is not in a file.", "Rotate it in the key service.", nil)
	}
	return c.change(ctx, out, func(o *operator) (change, error) {
		done := change{what: "add a master key to " + path + " and wrap every subject's key and the ring with it"}
		unfinished, err := o.behind(ctx)
		if err != nil {
			return change{}, err
		}
		if unfinished {
			done.what = "go on with the rotation that was interrupted: wrap every subject's key and the ring with the newest key of " + path
		}
		if o.rehearsal != nil {
			return done, nil
		}
		if !unfinished {
			if _, err := vault.RotateMaster(path); err != nil {
				return change{}, err
			}
		}
		subjects, err := o.rewrapSubjects(ctx)
		if err != nil {
			return change{}, err
		}
		master, err := o.rewrapRing(ctx, uri)
		done.tell = fmt.Sprintf("master key: %s, wraps %d subjects' keys anew\nThe keys before stay in the file: backups of before need them. Copy the file to where its copies are, then make a new backup.\n", master, subjects)
		done.result = map[string]any{"master": master, "subjects": subjects}
		return done, err
	})
}

// behind says whether the ring is wrapped by an older master key than the one that wraps now.
func (o *operator) behind(ctx context.Context) (bool, error) {
	ring, err := o.store.Keyring(ctx, ringName)
	if err != nil {
		return false, err
	}
	of, err := o.vault.MasterOfRing(ring)
	if err != nil {
		return false, err
	}
	newest, err := o.vault.Master(ctx)
	return of != newest, err
}

// rewrapSubjects wraps the keys of all subjects with the newest master key, and says how many had an older one. Every
// subject is a party of a registration. One that is being made at this very moment may keep an older key, which is why older
// keys stay in the file.
func (o *operator) rewrapSubjects(ctx context.Context) (int, error) {
	newest, err := o.vault.Master(ctx)
	if err != nil {
		return 0, err
	}
	count := 0
	for query := (truename.RegistrationQuery{Limit: 1000}); ; {
		found, next, err := o.store.Registrations(ctx, query)
		if err != nil {
			return count, err
		}
		for i := range found {
			for _, p := range found[i].Parties {
				wrapped, err := o.rewrap(ctx, p.Subject, newest)
				if err != nil {
					return count, err
				}
				count += wrapped
			}
		}
		if next == "" {
			return count, nil
		}
		query.After = next
	}
}

// rewrap wraps a subject's key, if it has one under another master key: 1 when it did, else 0.
func (o *operator) rewrap(ctx context.Context, subject, newest string) (int, error) {
	s, err := o.store.Subject(ctx, subject)
	if err != nil || s.Key == nil {
		return 0, err
	}
	if of, err := o.vault.MasterOf(s.Key); err != nil || of == newest {
		return 0, err
	}
	wrapped := 0
	err = o.store.TransactSubject(ctx, subject, func(v truename.SubjectView) (truename.Commit, error) {
		wrapped = 0
		if v.Subject.Key == nil { // erased meanwhile
			return truename.Commit{}, nil
		}
		key, err := o.vault.Rewrap(ctx, v.Subject)
		if err != nil {
			return truename.Commit{}, err
		}
		wrapped = 1
		v.Subject.Key = key
		return truename.Commit{Subjects: []truename.Subject{v.Subject}}, nil
	})
	return wrapped, err
}

// rewrapRing wraps the ring with the newest master key and gives that key's name.
func (o *operator) rewrapRing(ctx context.Context, uri string) (string, error) {
	old, err := o.store.Keyring(ctx, ringName)
	if err != nil {
		return "", err
	}
	ring, err := vault.RewrapRing(ctx, uri, uri, old)
	if err != nil {
		return "", err
	}
	master, err := o.vault.MasterOfRing(ring)
	if err != nil {
		return "", err
	}
	changed, err := leaf("keyring.changed", map[string]string{"keyring": ringName, "master": master, "by": shell.ID})
	if err != nil {
		return "", err
	}
	return master, o.store.SaveKeyring(ctx, ringName, old, ring, changed)
}
