package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mostExposure is the most that `systemd-analyze security` may say of a unit, in tenths: 0 is
// closed, 100 is open. 1.2 is what a program with a network needs.
const mostExposure = 13

func unitFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("packaging/systemd/*.service")
	require.NoError(t, err)
	require.Len(t, files, 3)
	return files
}

func systemdAnalyze(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze on this machine: the units are not verified")
	}
	return program
}

// systemd reads every line of the units and knows each of them.
func TestUnitsVerify(t *testing.T) {
	t.Parallel()
	program := systemdAnalyze(t)
	dir := t.TempDir()
	paths := make([]string, 0, 3)
	for _, file := range unitFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		path := filepath.Join(dir, filepath.Base(file))
		// The program is not installed here.
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/bin/refill", "/bin/true")), 0o600)) //nolint:gosec // a folder of the test
		paths = append(paths, path)
	}
	out, err := exec.CommandContext(t.Context(), program, append([]string{"verify", "--man=no"}, paths...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NotContains(t, string(out), dir, "systemd warns of a line")
}

// The units are as closed as SECURITY.md promises.
func TestUnitsAreClosed(t *testing.T) {
	t.Parallel()
	program := systemdAnalyze(t)
	for _, file := range unitFiles(t) {
		out, err := exec.CommandContext(t.Context(), program, "security", "--offline=true", "--no-pager", "--threshold="+string(rune('0'+mostExposure/10))+string(rune('0'+mostExposure%10)), file).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "Overall exposure level")
	}
}

// What closes one unit closes the others, and each runs a command that the program has.
func TestUnitsAreAlike(t *testing.T) {
	t.Parallel()
	var first string
	for _, file := range unitFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		_, after, found := strings.Cut(string(text), "NoNewPrivileges=yes\n")
		require.True(t, found, file)
		closed, _, _ := strings.Cut(after, "\n\n")
		closed = strings.TrimSpace(closed)
		if first == "" {
			first = closed
		}
		require.Equal(t, first, closed, file)
		require.Regexp(t, `(?m)^ExecStart=/usr/bin/refill (serve|work|migrate)$`, string(text))
		require.Contains(t, string(text), "LoadCredential=keys:/etc/refill/keys\n")
	}
}

// The container file keeps to the rules that its linters have, and to ours: nothing but the
// program, no root, a probe that needs no shell.
func TestContainerfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("packaging/container/Containerfile")
	require.NoError(t, err)
	lines := strings.Split(strings.ReplaceAll(string(text), "\\\n", " "), "\n")
	instructions := map[string][]string{}
	for _, line := range lines {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		instructions[name] = append(instructions[name], rest)
	}
	require.Equal(t, []string{"scratch"}, instructions["FROM"])
	require.Equal(t, []string{"65532:65532"}, instructions["USER"])
	require.Empty(t, instructions["RUN"], "an image from scratch has no shell")
	require.Empty(t, instructions["ADD"])
	require.Len(t, instructions["ENTRYPOINT"], 1)
	require.Len(t, instructions["CMD"], 1)
	require.Len(t, instructions["HEALTHCHECK"], 1)
	for _, name := range []string{"ENTRYPOINT", "CMD"} {
		var words []string
		require.NoError(t, json.Unmarshal([]byte(instructions[name][0]), &words), "%s in the form of exec", name)
	}
	_, probe, _ := strings.Cut(instructions["HEALTHCHECK"][0], "CMD ")
	require.JSONEq(t, `["/usr/bin/refill", "ready"]`, probe)
	for _, copied := range instructions["COPY"] {
		require.Regexp(t, `^--ch(mod|own)=`, copied, "who may read it is said")
	}
}
