// Command truename verifies that a live face is the one on an identity document: from the shell, over HTTP and in a
// browser. Run it with --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"

	"truename"
	"truename/capture"
	"truename/face"
	"truename/models"
	"truename/verification"
)

// Exit statuses.
const (
	exitMatch    = 0 // also: the command did what it was asked
	exitNoMatch  = 1 // also: what was checked does not hold
	exitUnusable = 2 // unusable input, usage, or something that may not be done
	exitFailure  = 3 // the engine, the records or the keys failed
)

// commandLine is the whole of it. Flags can also stand in a file, see --config.
type commandLine struct {
	Config kong.ConfigFlag `help:"TOML file with flags: names as on the command line, with - or _." placeholder:"FILE" type:"existingfile"`

	Verify    verifyCommand    `cmd:"" help:"Compare a live photo with a document portrait."`
	Serve     serveCommand     `cmd:"" help:"Serve the API and the page."`
	Demo      demoCommand      `cmd:"" help:"Walk an approved, a refused and a referred registration through a demo operator."`
	Eval      evalCommand      `cmd:"" help:"Measure recognition performance on a data set."`
	Calibrate calibrateCommand `cmd:"" help:"Make a recogniser's calibration table from a data set."`
	Bench     benchCommand     `cmd:"" help:"Measure speed and memory."`
	Models    modelsCommand    `cmd:"" help:"Show or install the model pack."`
	Document  documentCommand  `cmd:"" help:"Identity documents: check a number, read a machine readable zone."`

	Init         initCommand         `cmd:"" help:"Make an operator: its records, its keys, its audit log."`
	Registration registrationCommand `cmd:"" help:"Registrations: what was asked, found and decided."`
	Review       reviewCommand       `cmd:"" help:"Referred registrations: claim and judge them."`
	Subject      subjectCommand      `cmd:"" help:"People: what is kept of them, export, erasure."`
	Account      accountCommand      `cmd:"" help:"Numbers: close, dispute."`
	Policy       policyCommand       `cmd:"" help:"Policy packs: rules and their sources, tests, decisions in words."`
	Audit        auditCommand        `cmd:"" help:"The audit log: verify, export, checkpoints, receipts."`
	Events       eventsCommand       `cmd:"" help:"Events and their deliveries."`
	Webhook      webhookCommand      `cmd:"" help:"Addresses that events are sent to."`
	Client       clientCommand       `cmd:"" help:"API clients and their keys."`
	Outlet       outletCommand       `cmd:"" help:"Shops and dealers' points of sale."`
	Staff        staffCommand        `cmd:"" help:"Members of staff: roles, invitations, sessions."`

	Keys    keysCommand    `cmd:"" help:"Keys: list and rotate."`
	Backup  backupCommand  `cmd:"" help:"Write the records to two encrypted files."`
	Restore restoreCommand `cmd:"" help:"Read a backup into empty records."`

	Version versionCommand `cmd:"" help:"Print the version."`
}

// engineFlags choose the networks; shared by the commands that need them.
type engineFlags struct {
	ModelsDir          string `help:"Folder of installed model packs (default: the first of models/pack beside the program's folder, ~/.local/share/truename/models)." env:"TRUENAME_MODELS_DIR" placeholder:"DIR"`
	Pack               string `help:"Model pack: the name of a built-in one, or the path of a manifest (.toml)." default:"${default_pack}" env:"TRUENAME_PACK"`
	Effort             string `help:"How much work goes into one template: ${enum}." enum:"fast,accurate" default:"accurate"`
	AllowNonCommercial bool   `help:"State that a pack licensed for non-commercial use may be used."`
}

// config gives the engine's configuration with the given number of slots.
func (f engineFlags) config(slots int) verification.Config {
	return verification.Config{
		Store: f.store(), Pack: f.Pack, AllowNonCommercial: f.AllowNonCommercial,
		Effort: face.Effort(f.Effort), Slots: slots, Limits: capture.DefaultLimits(),
	}
}

// store gives the folder of the packs: what was asked for, or the first place where one is installed, or where to
// install one.
func (f engineFlags) store() string {
	if f.ModelsDir != "" {
		return f.ModelsDir
	}
	var places []string
	if program, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(program), "..", "models", "pack"), filepath.Join(filepath.Dir(program), "models"))
	}
	if home, err := os.UserHomeDir(); err == nil {
		places = append(places, filepath.Join(home, ".local", "share", "truename", "models"))
	}
	places = append(places, filepath.Join("models", "pack"))
	for _, p := range places {
		if _, err := os.Stat(filepath.Join(p, "runtime")); err == nil {
			return filepath.Clean(p)
		}
	}
	return filepath.Clean(places[0])
}

func (f engineFlags) open(slots int) (*verification.Engine, error) {
	return verification.Open(f.config(slots))
}

// output is where a command prints: results to Out, all else to Err.
type output struct{ Out, Err io.Writer }

// exitError ends the program with a status and nothing more to say.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], output{os.Stdout, os.Stderr})
	stop()
	os.Exit(status)
}

// run is the program: it gives the exit status.
func run(ctx context.Context, args []string, out output) int {
	var cli commandLine
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("truename"),
		kong.Description("Opens a phone account only for the person who is really there and really on the document.\n\n"+
			"Exit status: 0 done or match, 1 no match or a check that failed, 2 unusable input or usage, 3 failure of engine, records or keys."),
		kong.Writers(out.Out, out.Err),
		kong.Exit(func(code int) { exited = code }),
		kong.Configuration(loadConfig),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, Tree: true}),
		kong.Vars{"default_pack": models.DefaultPack, "cores": fmt.Sprint(runtime.GOMAXPROCS(0))},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(out),
	)
	if err != nil {
		fmt.Fprintln(out.Err, "truename:", err)
		return exitFailure
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintf(out.Err, "truename: %v\nTry: truename --help\n", err)
		return exitUnusable
	}
	return status(command.Run(), out.Err)
}

// status turns a command's error into an exit status, saying what went wrong and what to do about it.
func status(err error, stderr io.Writer) int {
	var exit exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	}
	var known *truename.Error
	if !errors.As(err, &known) {
		fmt.Fprintln(stderr, "truename:", err)
		return exitFailure
	}
	about := ""
	if known.Sample != "" {
		about = string(known.Sample) + ": "
	}
	fmt.Fprintf(stderr, "truename: %s%s (%s)\n", about, known.Detail, known.Code)
	if known.Cause != nil {
		fmt.Fprintf(stderr, "  cause: %v\n", known.Cause)
	}
	if known.Remedy != "" {
		fmt.Fprintf(stderr, "  remedy: %s\n", known.Remedy)
	}
	switch known.Kind {
	case truename.KindInvalid, truename.KindTooLarge, truename.KindUnsupported, truename.KindNotFound, truename.KindConflict,
		truename.KindPrecondition, truename.KindForbidden, truename.KindUnauthenticated:
		return exitUnusable
	}
	return exitFailure
}

// usage is the error of a flag or argument that cannot be used; cause says why.
func usage(detail, remedy string, cause error) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail, Remedy: remedy, Cause: cause}
}

type versionCommand struct{}

func (versionCommand) Run(out output) error {
	fmt.Fprintln(out.Out, "truename", version())
	return nil
}
