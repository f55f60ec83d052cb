// Command refill is the whole product: the portal, the worker, and the commands of the
// operator. Each subcommand has a file of its own. The environment is read once, in
// config.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones of partners, on machines without the database of time zones
)

// version is set when the program is built.
var version = "dev"

// command is one subcommand.
type command struct {
	name, summary string
	run           func(ctx context.Context, c config, args []string) error
}

// commands lists the subcommands in the order of the help.
func commands() []command {
	return []command{
		{"serve", "serve the pages", runServe},
		{"work", "work the jobs: make series, write files, keep house", runWork},
		{"ready", "ask the web process of this machine whether it can serve requests; fails where it can't", runReady},
		{"migrate", "bring the database up to date", runMigrate},
		{"check", "check the books against the invariants; fails where one is broken", runCheck},
		{"backup", "write a backup of the database to a folder, or to standard output with -", runBackup},
		{"restore", "restore a backup into an empty database, compare and check it", runRestore},
		{"audit", "audit head, verify: the chain that the audit trail is sealed in", runAudit},
		{"staff", "staff add, reset-second-factor, lift-bar, vouch: enter a member of staff, let one in who lost their telephone, let one try codes again, or say that one is a person of their own", runStaff},
		{"limit", "limit AMOUNT|none: the value above which a second person approves, where no second one is left", runLimit},
		{"alarm", "alarm NUMBER REASON: closes an alarm about theft, where no other person may", runAlarm},
		{"rules", "rules [NAME=VALUE ...]: the rules about theft, wrong codes and second factors of staff, where no second person is left to approve weaker ones", runRules},
		{"keys", "keys init, rotate, retire, reindex, announce, status: the keys that codes are sealed and found under", runKeys},
		{"demo", "start everything on a private Postgres, with sample data", runDemo},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "refill:", err)
		os.Exit(1)
	}
}

// run runs the subcommand that the arguments name.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		help(out)
		return errors.New("say what to do")
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) > 1 && args[1] == "config" {
			return helpConfig(out)
		}
		help(out)
		return nil
	case "version":
		fmt.Fprintln(out, "refill", version)
		return nil
	}
	for _, cmd := range commands() {
		if cmd.name == args[0] {
			c, err := readConfig()
			if err != nil {
				return err
			}
			return cmd.run(ctx, c, args[1:])
		}
	}
	help(out)
	return fmt.Errorf("there is no command %q", args[0])
}

// help prints the subcommands.
func help(w io.Writer) {
	fmt.Fprint(w, "Refill: prepaid refill cards for internet providers.\n\nUsage: refill COMMAND [FLAGS]\n\n")
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  %-8s  %s\n", cmd.name, cmd.summary)
	}
	fmt.Fprint(w, "  help      with config: every variable of the environment\n  version   print the version\n\nrefill COMMAND -h lists the flags of a command.\n")
}
