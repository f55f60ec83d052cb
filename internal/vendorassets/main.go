// Command vendorassets copies the few files that the pages need from the npm packages in
// static/node_modules to static/vendor. It writes the list of common passwords to
// static/lists. Package static embeds both folders. Third-party files enter the program
// only through this command, which downloads nothing itself.
package main

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("static", "static", "the folder that holds node_modules and vendor")
	flag.Parse()
	if err := run(*dir); err != nil {
		slog.Error("the assets were not copied", slog.Any("error", err))
		os.Exit(1)
	}
}

// run fills dir/vendor and dir/lists. The files are made in memory first, so that a missing
// package leaves the folder as it was.
func run(dir string) error {
	modules := os.DirFS(filepath.Join(dir, "node_modules"))
	files, err := collect(modules)
	if err != nil {
		return err
	}
	common, err := passwords(modules)
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := replace(filepath.Join(dir, "vendor", name), data); err != nil {
			return err
		}
	}
	return replace(filepath.Join(dir, "lists", "passwords.txt"), common)
}

// replace writes name in one step, so that a build going on beside this one
// embeds the old file or the new one but never half of it.
func replace(name string, data []byte) error {
	if err := os.WriteFile(name+".new", data, 0o644); err != nil { //nolint:gosec // everyone may read what every browser gets
		return err
	}
	return os.Rename(name+".new", name)
}
