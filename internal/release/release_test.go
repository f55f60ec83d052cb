package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var atNoon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// TestMain runs the tests in the root of the repository, where the command runs.
func TestMain(m *testing.M) {
	if err := os.Chdir(filepath.Join("..", "..")); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestDebianVersion(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v1.2.0": "1.2.0", "1.2": "1.2", "v1.2.0-rc.1": "1.2.0~rc.1", "v1.2.0-4-gabc1234": "1.2.0+4.gabc1234",
		"v1.2.0-rc.1-4-gabc1234-dirty": "1.2.0~rc.1+4.gabc1234+dirty",
		"abc1234":                      "0+git20260504120000.abc1234", "1234567-dirty": "0+git20260504120000.1234567+dirty",
	} {
		require.Equal(t, want, debianVersion(version, atNoon), version)
	}
}

// Versions sort as their commits follow each other, by the rules of dpkg.
func TestDebianVersionsSort(t *testing.T) {
	t.Parallel()
	dpkg, err := exec.LookPath("dpkg")
	if err != nil {
		t.Skip("no dpkg on this machine: the order of versions is not tested")
	}
	order := []string{"abc1234", "v1.2.0-rc.1", "v1.2.0-rc.1-4-gabc1234", "v1.2.0", "v1.2.0-1-g1234567", "v1.2.0-12-gabc1234", "v1.2.1", "v1.10.0"}
	for i := range order[1:] {
		before, after := debianVersion(order[i], atNoon), debianVersion(order[i+1], atNoon)
		require.NoError(t, exec.CommandContext(t.Context(), dpkg, "--compare-versions", before, "lt", after).Run(), "%s < %s", before, after)
	}
}

//nolint:dupword // a summary begins with the name of its command
const help = `Usage: refill COMMAND [FLAGS]

  serve     serve the pages
  keys      keys init, rotate, retire: the keys of .codes
  help      with config: every variable
`

const config = `VARIABLE          DEFAULT        MEANING
DATABASE_URL                     Postgres, as postgres://user@host.
REFILL_ADDR       127.0.0.1:8080 Address and port.
`

func TestManualIsMadeOfTheHelp(t *testing.T) {
	t.Parallel()
	commands, err := readCommands(help)
	require.NoError(t, err)
	require.Equal(t, []string{"init", "rotate", "retire"}, commands[1].words)
	variables, err := readVariables(strings.TrimSpace(config))
	require.NoError(t, err)
	require.Equal(t, []variable{{"DATABASE_URL", "", "Postgres, as postgres://user@host."}, {"REFILL_ADDR", "127.0.0.1:8080", "Address and port."}}, variables)
	page := manual(commands, variables, "v1.2.0", atNoon)
	require.Contains(t, page, ".B keys\n"+"keys init, rotate, retire")
	require.Contains(t, page, "Address and port. Default: 127.0.0.1:8080.\n")

	_, err = readCommands("  nothing  here\n")
	require.Error(t, err)
	_, err = readVariables("VARIABLE  MEANING\n")
	require.Error(t, err)
}

func TestRoffShowsTextAsItIs(t *testing.T) {
	t.Parallel()
	require.Equal(t, `\&.hidden \-x C:\efiles`, roff(`.hidden -x C:\files`))
}

// bash itself completes the commands, and what follows them.
func TestCompletionCompletes(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash on this machine: its completion is not tested")
	}
	commands, err := readCommands(help)
	require.NoError(t, err)
	for typed, want := range map[string]string{"'s'": "serve", "keys ''": "init rotate retire", "keys 'ro'": "rotate", "serve ''": ""} {
		words := strings.Fields(typed)
		script := completion(commands) + "COMP_WORDS=(refill " + typed + ")\nCOMP_CWORD=" + strconv.Itoa(len(words)) + "\n_refill\necho \"${COMPREPLY[*]}\"\n"
		out, err := exec.CommandContext(t.Context(), bash, "-c", script).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Equal(t, want, strings.TrimSpace(string(out)), typed)
	}
}

// An archive holds no trace of the machine: owner, time and order are the commit's.
func TestArchiveIsReproducible(t *testing.T) {
	t.Parallel()
	var sums []string
	for _, mode := range []os.FileMode{0o600, 0o664} {
		dir := t.TempDir()
		program := filepath.Join(dir, "built")
		require.NoError(t, os.WriteFile(program, []byte("program"), mode))
		require.NoError(t, os.Chtimes(program, atNoon, time.Unix(int64(mode), 0)))
		r := release{out: dir, time: atNoon}
		require.NoError(t, r.archive("refill_1_linux_amd64", program, []string{"LICENSE", "packaging/debian/refill-admin"}))
		sum, err := hashFile(filepath.Join(dir, "refill_1_linux_amd64.tar.gz"))
		require.NoError(t, err)
		sums = append(sums, sum)

		file, err := os.Open(filepath.Join(dir, "refill_1_linux_amd64.tar.gz"))
		require.NoError(t, err)
		unpacked, err := gzip.NewReader(file)
		require.NoError(t, err)
		tape := tar.NewReader(unpacked)
		modes := map[string]int64{}
		for {
			header, err := tape.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			require.True(t, header.ModTime.Equal(atNoon), header.Name)
			require.Zero(t, header.Uid)
			modes[header.Name] = header.Mode
		}
		require.NoError(t, file.Close())
		require.Equal(t, map[string]int64{
			"refill_1_linux_amd64/refill": 0o755, "refill_1_linux_amd64/LICENSE": 0o644, "refill_1_linux_amd64/packaging/debian/refill-admin": 0o755,
		}, modes)
	}
	require.Equal(t, sums[0], sums[1])
}

func TestSumsAreThoseOfSha256sum(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("no sha256sum on this machine: the checksums are not tested")
	}
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "inner"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "inner", "a"), []byte("a"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b"), []byte("b"), 0o600))
	require.NoError(t, writeSums(dir))
	check := exec.CommandContext(t.Context(), program, "-c", "--strict", "SHA256SUMS")
	check.Dir = dir
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "inner/a: OK")
	require.Contains(t, string(out), "b: OK")
}

// The list names what the pages ship, and nothing that only tests or the demo use.
func TestBillNamesThePackagesOfThePages(t *testing.T) {
	t.Parallel()
	lock, err := os.ReadFile(filepath.Join("static", "package-lock.json"))
	require.NoError(t, err)
	packages, err := readLock(lock)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, p := range packages {
		require.NotEmpty(t, p.Version, p.Name)
		names[p.Name] = true
	}
	require.True(t, names["htmx.org"] && names["@tabler/core"], "%v", names)

	merged, err := mergeBill([]byte(`{"metadata":{"tools":[{"name":"tool","hashes":[1]}],"component":{"name":"refill"}},"components":[{"name":"module"}]}`), packages, "v1")
	require.NoError(t, err)
	var bill struct {
		Metadata struct {
			Tools     []map[string]any
			Component struct{ Version string }
		}
		Components []struct{ Name string }
	}
	require.NoError(t, json.Unmarshal(merged, &bill))
	require.Equal(t, "v1", bill.Metadata.Component.Version)
	require.NotContains(t, bill.Metadata.Tools[0], "hashes")
	require.Len(t, bill.Components, len(packages)+1)

	_, err = readLock([]byte(`{"packages":{"":{},"node_modules/a":{"version":"1","dev":true},"node_modules/b":{"version":"1","optional":true}}}`))
	require.ErrorContains(t, err, "names no packages")
	_, err = mergeBill([]byte(`{}`), packages, "v1")
	require.Error(t, err)
}

func TestAuthoritiesAreCertificates(t *testing.T) {
	t.Parallel()
	text, err := authorities()
	require.NoError(t, err)
	require.True(t, x509.NewCertPool().AppendCertsFromPEM(text))
	require.Greater(t, bytes.Count(text, []byte("BEGIN CERTIFICATE")), 80)
}
