package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"truename"
	"truename/access"
	"truename/audit"
	"truename/notify"
	"truename/policy"
	"truename/record"
	"truename/record/postgres"
	"truename/record/sqlite"
	"truename/registration"
	"truename/review"
	"truename/rights"
	"truename/vault"
)

// operatorFlags say where an operator's records and keys are, and under which policy it works; shared by the commands
// that need them.
type operatorFlags struct {
	Data    string `help:"Folder with the operator's records and master key (default: ~/.local/share/truename/operator)." env:"TRUENAME_DATA" placeholder:"DIR"`
	Records string `help:"Records elsewhere: sqlite:FILE or postgres://…" env:"TRUENAME_RECORDS" placeholder:"URL"`
	Vault   string `help:"Master key elsewhere: file:PATH or hcvault://…" env:"TRUENAME_VAULT" placeholder:"URI"`
	packFlag
	Issuer   string `help:"What activation tokens, events and the audit log name as their origin: the operator's own URL." default:"https://truename.invalid" env:"TRUENAME_ISSUER" placeholder:"URL"`
	Audience string `help:"Whom activation tokens are for: the carrier's activation system." default:"activation" env:"TRUENAME_AUDIENCE"`

	WebhookNetworks  []string `help:"Private networks (CIDR) that webhooks may be in." env:"TRUENAME_WEBHOOK_NETWORKS" placeholder:"CIDR"`
	WebhookPlainHTTP bool     `name:"webhook-plain-http" help:"Allow webhooks over plain http." env:"TRUENAME_WEBHOOK_PLAIN_HTTP"`
}

// shell is who acts on the command line: whoever may read the records' files and the master key.
var shell = truename.Actor{ID: "shell", Kind: truename.ActorSystem}

// operator is a carrier's truename: records, keys, policy, and the flows on them.
type operator struct {
	store  *record.Store
	vault  *vault.Vault
	pack   *policy.Pack
	gate   *access.Gate
	flow   *registration.Flow
	desk   *review.Desk
	office *rights.Office
	book   *notify.Book
	sender *notify.Sender
	tokens *tokenKeys
	signer *audit.Signer
	// publisher signs the audit log's head with signer.
	publisher *audit.Publisher
	// rehearsal is set when the flows only try out what they do.
	rehearsal *rehearsal
}

// open opens an operator. An empty database becomes a new operator: its keys are made.
func (f operatorFlags) operator(ctx context.Context, comparer registration.Comparer) (*operator, error) {
	pack, err := f.loadPolicy()
	if err != nil {
		return nil, err
	}
	store, err := f.openRecords(ctx)
	if err != nil {
		return nil, err
	}
	return f.on(ctx, store, pack, comparer)
}

// on opens an operator on its records, which it closes when that fails.
func (f operatorFlags) on(ctx context.Context, store *record.Store, pack *policy.Pack, comparer registration.Comparer) (*operator, error) {
	o := &operator{store: store, pack: pack}
	if err := o.wire(ctx, f, comparer); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return o, nil
}

func (o *operator) close() {
	o.sender.Close()
	_ = o.store.Close()
}

// wire joins the parts, from the inside out.
func (o *operator) wire(ctx context.Context, f operatorFlags, comparer registration.Comparer) error {
	if err := o.store.SavePack(ctx, o.pack.Ref(), o.pack.Text()); err != nil {
		return err
	}
	var err error
	if o.vault, err = f.unlock(ctx, o.store); err != nil {
		return err
	}
	if o.signer, err = o.openSigner(ctx, f.Issuer); err != nil {
		return err
	}
	o.publisher = audit.NewPublisher(o.signer, o.store.SaveCheckpoint)
	o.tokens = &tokenKeys{store: o.store, vault: o.vault}
	if err := o.join(o.store, f, comparer); err != nil {
		return err
	}
	targets, err := f.targets()
	if err != nil {
		return err
	}
	o.sender, err = notify.New(o.store, notify.Options{
		Source: f.Issuer, Targets: targets, Leaf: leaf, Open: o.openSecret,
	})
	return err
}

// records is what the flows work on: the store, or a rehearsal on it.
type records interface {
	access.Records
	registration.Records
	registration.Accounts
	registration.Packs
	review.Records
	rights.Records
	notify.BookRecords
}

// join makes the flows on records.
func (o *operator) join(r records, f operatorFlags, comparer registration.Comparer) error {
	var err error
	if o.gate, err = access.New(r, access.Options{Leaf: leaf}); err != nil {
		return err
	}
	o.flow = registration.New(registration.Config{
		Records: r, Accounts: r, Packs: r, Vault: o.vault, Comparer: comparer, Pack: o.pack,
		Keys: o.tokens.ring, Issuer: f.Issuer, Audience: f.Audience,
	})
	flow := o.flow
	o.desk = review.New(r, func(ctx context.Context, by truename.Actor, id string, version int, verdict truename.Finding) (truename.Decision, error) {
		return flow.Resolve(ctx, registration.Request{Actor: by, Version: version}, id, verdict)
	}, nil)
	o.office = rights.New(r, o.vault, nil)
	targets, err := f.targets()
	o.book = notify.NewBook(r, notify.BookOptions{Seal: o.sealSecret, Open: o.openSecret, Leaf: leaf, Targets: targets})
	return err
}

// sealSecret and openSecret keep the secrets of webhooks.
func (o *operator) sealSecret(secret []byte) ([]byte, error) {
	return o.vault.SealService("webhook", secret)
}
func (o *operator) openSecret(sealed []byte) ([]byte, error) {
	return o.vault.OpenService("webhook", sealed)
}

// leaf makes an audit leaf of now.
func leaf(kind string, payload any) (truename.Leaf, error) {
	return audit.Note(kind, payload, time.Now())
}

// folder gives the folder of the operator's files.
func (f operatorFlags) folder() (string, error) {
	if f.Data != "" {
		return f.Data, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usage("There is no home folder to keep the operator's files in.", "Name a folder with --data.", err)
	}
	return filepath.Join(home, ".local", "share", "truename", "operator"), nil
}

// openRecords knows the engines: nothing else does.
func (f operatorFlags) openRecords(ctx context.Context) (*record.Store, error) {
	if f.onServer() {
		return postgres.Open(ctx, f.Records)
	}
	path, err := f.recordsFile()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, usage("The folder of the records cannot be made.", "Choose another with --data.", err)
	}
	return sqlite.Open(ctx, path)
}

// recordsFile gives the file of the embedded records; empty when they are on a server.
func (f operatorFlags) recordsFile() (string, error) {
	if f.onServer() {
		return "", nil
	}
	path, isFile := strings.CutPrefix(f.Records, "sqlite:")
	if f.Records != "" && !isFile {
		return "", usage("The address of the records is of no kind that is known.", "Use sqlite:FILE or postgres://….", nil)
	}
	if path != "" {
		return path, nil
	}
	folder, err := f.folder()
	return filepath.Join(folder, "records.db"), err
}

func (f operatorFlags) onServer() bool {
	return strings.HasPrefix(f.Records, "postgres://") || strings.HasPrefix(f.Records, "postgresql://")
}

// ringName is the vault's own ring among the keyrings.
const ringName = "vault"

// unlock opens the vault. The first time, when the records have no ring yet, it makes ring and master key file; a master
// key that is missing later is an error and never replaced.
func (f operatorFlags) unlock(ctx context.Context, store *record.Store) (*vault.Vault, error) {
	uri, err := f.master()
	if err != nil {
		return nil, err
	}
	ring, err := store.Keyring(ctx, ringName)
	if notFound(err) {
		ring, err = newRing(ctx, uri, store)
	}
	if err != nil {
		return nil, err
	}
	return vault.Unlock(ctx, uri, ring)
}

// master says where the master key is.
func (f operatorFlags) master() (string, error) {
	if f.Vault != "" {
		return f.Vault, nil
	}
	folder, err := f.folder()
	return "file:" + filepath.Join(folder, "master.json"), err
}

func newRing(ctx context.Context, uri string, store *record.Store) ([]byte, error) {
	if path, isFile := strings.CutPrefix(uri, "file:"); isFile {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, usage("The folder of the master key cannot be made.", "Choose another with --vault.", err)
		}
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			if err := vault.Create(path); err != nil {
				return nil, err
			}
		}
	}
	ring, err := vault.NewRing(ctx, uri)
	if err != nil {
		return nil, err
	}
	return keep(ctx, store, ringName, ring)
}

// keep saves a keyring that did not exist. Whoever was faster wins.
func keep(ctx context.Context, store *record.Store, name string, sealed []byte) ([]byte, error) {
	made, err := leaf("keyring.made", map[string]string{"keyring": name, "by": shell.ID})
	if err != nil {
		return nil, err
	}
	err = store.SaveKeyring(ctx, name, nil, sealed, made)
	if e := truename.AsError(err); err != nil && (e.Kind == truename.KindPrecondition || e.Kind == truename.KindConflict) {
		return store.Keyring(ctx, name)
	}
	return sealed, err
}

// openSigner opens the key that signs the audit log's checkpoints.
func (o *operator) openSigner(ctx context.Context, issuer string) (*audit.Signer, error) {
	const name = "log"
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return nil, usage("The issuer is not a URL with a host.", "Use --issuer https://your.domain.", err)
	}
	sealed, err := o.store.Keyring(ctx, name)
	if notFound(err) {
		seed := make([]byte, 32)
		rand.Read(seed)
		if sealed, err = o.vault.SealService(name, seed); err == nil {
			sealed, err = keep(ctx, o.store, name, sealed)
		}
	}
	if err != nil {
		return nil, err
	}
	seed, err := o.vault.OpenService(name, sealed)
	if err != nil {
		return nil, err
	}
	return audit.NewSigner(u.Host+"/log", seed)
}

func notFound(err error) bool {
	return err != nil && truename.AsError(err).Kind == truename.KindNotFound
}
