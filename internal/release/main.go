// Command release builds everything that a version is published as: static programs for
// Linux, archives, Debian packages, the files of the container, lists of what is inside, and
// the checksums. The same commit with the same Go gives the same bytes, on any machine and in
// any folder. Run it from the root of the repository; `make release` builds its tools first.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// architectures are those that a version is published for.
func architectures() []string { return []string{"amd64", "arm64"} }

func main() {
	out := flag.String("out", "dist", "folder for what is built; its content is replaced")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is one version as it is built.
type release struct {
	out, stage string // folders: for the results, and for what goes into packages
	version    string // as git describes the commit
	time       time.Time
}

func run(ctx context.Context, out string) (err error) {
	r := release{out: out}
	if r.version, err = output(ctx, "git", "describe", "--tags", "--always", "--dirty"); err != nil {
		return err
	}
	seconds, err := output(ctx, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	epoch, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("the time of the commit: %w", err)
	}
	r.time = time.Unix(epoch, 0).UTC()
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(out, "container"), 0o755); err != nil { //nolint:gosec // it is published
		return err
	}
	if r.stage, err = os.MkdirTemp("", "refill-release-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.stage)) }()
	return r.build(ctx)
}

// build makes everything. The program of this machine is built first, since the manual page
// and the completion are made from its help.
func (r release) build(ctx context.Context) error {
	help, config, err := r.helpTexts(ctx)
	if err != nil {
		return err
	}
	if err := r.stageTexts(help, config); err != nil {
		return err
	}
	files, err := published(ctx)
	if err != nil {
		return err
	}
	for _, arch := range architectures() {
		program := filepath.Join(r.stage, "refill")
		if err := r.compile(ctx, arch, program); err != nil {
			return err
		}
		name := fmt.Sprintf("refill_%s_linux_%s", r.version, arch)
		if err := r.archive(name, program, files); err != nil {
			return err
		}
		if err := r.debianPackage(ctx, arch); err != nil {
			return err
		}
		if err := r.bill(ctx, program, name+".cdx.json"); err != nil {
			return err
		}
		if err := copyFile(program, filepath.Join(r.out, "container", "refill-"+arch), 0o755); err != nil {
			return err
		}
	}
	if err := r.containerFiles(); err != nil {
		return err
	}
	return writeSums(r.out)
}

// compile builds the program for an architecture.
func (r release) compile(ctx context.Context, arch, path string) error {
	// The names of the variables are those of the Makefile, so that a build by hand with
	// other flags can't slip in.
	_, err := r.command(ctx, []string{"GOOS=linux", "GOARCH=" + arch, "GOFLAGS=" + goFlags, "CGO_ENABLED=0", "GOAMD64=v1", "GOARM64=v8.0"},
		"go", "build", "-ldflags", "-s -w -buildid= -X main.version="+r.version, "-o", path, "./cmd/refill")
	return err
}

// goFlags are the flags of the compiler, as in the Makefile.
const goFlags = "-trimpath -tags=nomsgpack -buildvcs=false"

// debianPackage makes the Debian package of an architecture.
func (r release) debianPackage(ctx context.Context, arch string) error {
	version := debianVersion(r.version, r.time)
	_, err := r.command(ctx, []string{
		"REFILL_ARCH=" + arch, "REFILL_DEBIAN_VERSION=" + version, "REFILL_STAGE=" + r.stage,
	}, filepath.Join("bin", "nfpm"), "package", "--config", filepath.Join("packaging", "nfpm.yaml"), "--packager", "deb",
		"--target", filepath.Join(r.out, fmt.Sprintf("refill_%s_%s.deb", version, arch)))
	return err
}

// command runs a program with variables beside those of this process, and returns what it
// writes to standard output. The error of a program that fails holds what it said.
func (r release) command(ctx context.Context, env []string, name string, args ...string) (string, error) {
	return runWith(ctx, append(env, "SOURCE_DATE_EPOCH="+strconv.FormatInt(r.time.Unix(), 10), "LC_ALL=C", "TZ=UTC"), name, args...)
}

// output is command outside a release.
func output(ctx context.Context, name string, args ...string) (string, error) {
	return runWith(ctx, nil, name, args...)
}

func runWith(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the programs are named above
	cmd.Env = append(os.Environ(), env...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, out, said.String())
	}
	return strings.TrimRight(string(out), "\n"), nil
}
