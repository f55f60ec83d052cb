// Command notice checks the file NOTICE, which holds the licences of all software that is
// linked into the program or shipped with its pages. Run it from the root of the
// repository. It fails if the file is out of date. With -write it writes the file.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

const file = "NOTICE"

func main() {
	write := flag.Bool("write", false, "write the file instead of comparing it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *write)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "notice:", err)
		os.Exit(1)
	}
}

// errStale is the error for a file that is out of date.
var errStale = errors.New("NOTICE is not what is linked and shipped: run make notice")

func run(ctx context.Context, write bool) error {
	linked, err := linked(ctx)
	if err != nil {
		return err
	}
	shipped, err := shipped(os.DirFS(filepath.Join("static", "node_modules")))
	if err != nil {
		return err
	}
	text := compose(append(linked, shipped...))
	if write {
		return os.WriteFile(file, text, 0o644) //nolint:gosec // a document
	}
	now, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return compare(now, text)
}

func compare(now, text []byte) error {
	if !bytes.Equal(now, text) {
		return errStale
	}
	return nil
}

// linked returns the modules whose packages are linked into the program, and the standard
// library.
func linked(ctx context.Context) ([]part, error) {
	list := exec.CommandContext(ctx, "go", "list", "-deps", "-tags", "nomsgpack", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}", "./cmd/refill")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list the modules: %w", err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			dirs[name] = dir
		}
	}
	var parts []part
	for name, dir := range dirs {
		p, err := read(os.DirFS(dir), ".", name)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
		if name == goAuthors {
			p.name = "The Go standard library"
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// goAuthors is a module with the same licence text as the standard library. It is read
// instead, because not every Go installation includes the text of the standard library.
const goAuthors = "golang.org/x/sys"
