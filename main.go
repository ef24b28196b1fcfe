// Command firewolf is a FHIR R4 server for the care and research of systemic lupus erythematosus treated with anti-CD19 CAR-T cells.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"firewolf/fhir"
)

// The exit codes of the command.
const (
	exitOK     = 0
	exitFailed = 1 // the command ran and something went wrong
	exitUsage  = 2 // the command line itself is wrong
)

// cli is the command line. Every flag is also read from the environment, as FIREWOLF_ and its name.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Serve FHIR R4 over HTTP."`
	Load     loadCmd     `cmd:"" help:"Load resources, Bundles, NDJSON files and folders of them."`
	Import   importCmd   `cmd:"" help:"Bring data of other formats in, as FHIR."`
	Generate generateCmd `cmd:"" help:"Make a synthetic cohort of patients with lupus treated with CAR-T cells."`
	Backup   backupCmd   `cmd:"" help:"Copy an embedded store to one file, while a server uses it."`
	Check    checkCmd    `cmd:"" help:"Check the integrity of a store, and change nothing."`
	Reindex  reindexCmd  `cmd:"" help:"Build the search index of a store anew."`
	Token    tokenCmd    `cmd:"" help:"Make a bearer token and its line for the token file."`
	Health   healthCmd   `cmd:"" help:"Ask a server whether it is healthy; exit 1 if it is not."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
	Help     helpCmd     `cmd:"" help:"Explain a command."`
}

// console is where a command reads and writes.
type console struct {
	in       io.Reader
	out, err io.Writer
}

// log tells a person on standard error what fails behind a command that ends by itself. (serve has a log of its own, for programs.)
func (c *console) log() *slog.Logger { return slog.New(slog.NewTextHandler(c.err, nil)) }

func main() {
	keepPrivate()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], &console{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// run reads the arguments, runs the command that they name and returns the exit code. Whatever goes wrong is one line on c.err.
func run(ctx context.Context, args []string, c *console) int {
	if openSecret(args) {
		fmt.Fprintln(c.err, "firewolf: every user of this machine can read the command line: give the password by --store-password-file, or the store by FIREWOLF_STORE")
		return exitUsage
	}
	parser, helped := newParser(c)
	command, err := parser.Parse(helpArgs(args))
	if *helped {
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(c.err, "firewolf: %s; firewolf --help lists commands and flags\n", quoted.ReplaceAllString(err.Error(), "(the variable $1)"))
		return exitUsage
	}
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(c); err != nil {
		return report(c.err, err)
	}
	return exitOK
}

// quoted is where kong quotes a variable that it does not understand. It can be a token or hold a password.
var quoted = regexp.MustCompile(`(?s)\(from envar ([A-Za-z0-9_]+)=.*\)`)

// newParser returns the parser of the command line, and a flag that is set once it has printed help: kong would
// leave the process there.
func newParser(c *console) (*kong.Kong, *bool) {
	helped := false
	parser := kong.Must(&cli{},
		kong.Name("firewolf"),
		kong.Description("Firewolf is a FHIR R4 (4.0.1) server in one binary."),
		kong.DefaultEnvars("FIREWOLF"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ExplicitGroups([]kong.Group{{Key: "security", Title: "Security:"}, {Key: "limits", Title: "Limits:"}}),
		kong.Writers(c.out, c.err),
		kong.Exit(func(int) { helped = true }),
	)
	return parser, &helped
}

// report prints an error as one line and returns the exit code.
func report(w io.Writer, err error) int {
	var told toldError
	if errors.As(err, &told) {
		return exitFailed
	}
	text := err.Error()
	// The text of an issue says it all; its code and its cause are for programs and logs.
	if issues, ok := fhir.IssuesOf(err); ok && len(issues) > 0 {
		text = issues[0].Text
	}
	fmt.Fprintln(w, "firewolf:", strings.Join(strings.Fields(text), " "))
	return exitFailed
}

// toldError ends a command with exit code 1 where the reason was printed already.
type toldError struct{}

// Error says that there is nothing more to say.
func (toldError) Error() string { return "the reason was printed" }
