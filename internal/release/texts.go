package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// helpTexts returns what `refill help` and `refill help config` print.
func (r release) helpTexts(ctx context.Context) (help, config string, err error) {
	program := filepath.Join(r.stage, "help")
	if _, err := r.command(ctx, []string{"GOFLAGS=" + goFlags, "CGO_ENABLED=0"}, "go", "build", "-o", program, "./cmd/refill"); err != nil {
		return "", "", err
	}
	if help, err = r.command(ctx, nil, program, "help"); err != nil {
		return "", "", err
	}
	config, err = r.command(ctx, nil, program, "help", "config")
	return help, config, err
}

// stageTexts writes the manual pages, the completion, and the documents of the package.
func (r release) stageTexts(help, config string) error {
	commands, err := readCommands(help)
	if err != nil {
		return err
	}
	variables, err := readVariables(config)
	if err != nil {
		return err
	}
	admin, err := os.ReadFile(filepath.Join("packaging", "debian", "refill-admin.8"))
	if err != nil {
		return err
	}
	notice, err := os.ReadFile("NOTICE")
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{
		"refill.1.gz":       []byte(manual(commands, variables, r.version, r.time)),
		"refill-admin.8.gz": admin,
		"changelog.gz":      []byte(debianChangelog(r.version, r.time)),
		"NOTICE.gz":         notice,
	} {
		packed, err := pack(text)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.stage, name), packed, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(r.stage, "refill.bash"), []byte(completion(commands)), 0o600)
}

// command is a subcommand as the help lists it.
type command struct {
	name, summary string
	words         []string // what may follow it
}

var (
	commandLine = regexp.MustCompile(`(?m)^  ([a-z]+) +(\S.*)$`)
	commandForm = regexp.MustCompile(`^([a-z]+) ([a-z-]+(?:, [a-z-]+)*): `)
)

// readCommands reads the list of `refill help`. A summary that begins with the command and
// words, as in "keys init, rotate: …", says what may follow the command.
func readCommands(help string) ([]command, error) {
	var commands []command
	for _, line := range commandLine.FindAllStringSubmatch(help, -1) {
		c := command{name: line[1], summary: line[2]}
		if form := commandForm.FindStringSubmatch(c.summary); form != nil && form[1] == c.name {
			c.words = strings.Split(form[2], ", ")
		}
		if c.name == "help" {
			c.words = []string{"config"}
		}
		commands = append(commands, c)
	}
	if !slices.ContainsFunc(commands, func(c command) bool { return c.name == "serve" }) {
		return nil, errors.New("refill help does not list its commands as this program reads them")
	}
	return commands, nil
}

// variable is a variable of the environment as the help lists it.
type variable struct{ name, value, meaning string }

// readVariables reads the table of `refill help config`, whose columns begin where their
// heads do.
func readVariables(config string) ([]variable, error) {
	head, rows, _ := strings.Cut(config, "\n")
	value, meaning := strings.Index(head, "DEFAULT"), strings.Index(head, "MEANING")
	if value < 0 || meaning < value {
		return nil, errors.New("refill help config does not have the heads DEFAULT and MEANING")
	}
	var variables []variable
	for row := range strings.SplitSeq(rows, "\n") {
		if len(row) < meaning {
			return nil, fmt.Errorf("refill help config has a row without a meaning: %q", row)
		}
		variables = append(variables, variable{
			strings.TrimSpace(row[:value]), strings.TrimSpace(row[value:meaning]), strings.TrimSpace(row[meaning:]),
		})
	}
	return variables, nil
}

// manual returns the manual page refill(1).
func manual(commands []command, variables []variable, version string, at time.Time) string {
	var page strings.Builder
	fmt.Fprintf(&page, ".TH REFILL 1 %q %q %q\n", at.Format(time.DateOnly), "Refill "+version, "User commands")
	page.WriteString(".SH NAME\nrefill \\- prepaid refill cards for internet providers\n" +
		".SH SYNOPSIS\n.B refill\n.I COMMAND\n.RI [ FLAGS ]\n.SH DESCRIPTION\n" +
		"Staff order series of cards in the browser and print or send them; customers type the code of a card into the portal, and its value is on their balance.\n.PP\n" +
		".B refill\n.I COMMAND\n.B \\-h\nlists the flags of a command.\n.SH COMMANDS\n")
	for _, c := range commands {
		fmt.Fprintf(&page, ".TP\n.B %s\n%s\n", roff(c.name), roff(c.summary))
	}
	page.WriteString(".SH ENVIRONMENT\n")
	for _, v := range variables {
		fmt.Fprintf(&page, ".TP\n.B %s\n%s", roff(v.name), roff(v.meaning))
		if v.value != "" {
			fmt.Fprintf(&page, " Default: %s.", roff(v.value))
		}
		page.WriteString("\n")
	}
	page.WriteString(".SH EXIT STATUS\n0 where all went well, 1 where it did not; standard error says why.\n" +
		".SH FILES\nThe Debian package keeps the settings in\n.I /etc/refill/refill.env\nand the key file in\n.IR /etc/refill/keys ;\n" +
		".BR refill\\-admin (8)\nruns commands with both.\n.SH SEE ALSO\n.BR refill\\-admin (8)\n")
	return page.String()
}

// roff returns text that a manual page shows as it is.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// completion returns the completion of commands for bash.
func completion(commands []command) string {
	names := make([]string, len(commands))
	var cases strings.Builder
	for i, c := range commands {
		names[i] = c.name
		if len(c.words) > 0 {
			fmt.Fprintf(&cases, "\t%s) words='%s' ;;\n", c.name, strings.Join(c.words, " "))
		}
	}
	return "# Completion of the commands of refill for bash.\n_refill() {\n\tlocal words=''\n\tlocal word=${COMP_WORDS[COMP_CWORD]}\n" +
		"\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\twords='" + strings.Join(names, " ") + "'\n" +
		"\telif [ \"$COMP_CWORD\" = 2 ]; then\n\t\tcase ${COMP_WORDS[1]} in\n" + strings.ReplaceAll("\t"+strings.TrimRight(cases.String(), "\n"), "\n", "\n\t") + "\n\t\tesac\n\tfi\n" +
		"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\ncomplete -F _refill refill\n"
}

// debianChangelog returns the changelog of the package, which has one entry: this version.
func debianChangelog(version string, at time.Time) string {
	return fmt.Sprintf("refill (%s) stable; urgency=medium\n\n  * Version %s. CHANGELOG.md of the release says what is new.\n\n -- The authors of Refill <refill@example.net>  %s\n",
		debianVersion(version, at), version, at.Format(time.RFC1123Z))
}
