package blob_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/blob"
)

func newDisk(t *testing.T, dir string) *blob.Disk {
	t.Helper()
	d, err := blob.NewDisk(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func TestDisk(t *testing.T) {
	t.Parallel()
	testStore(t, func(t *testing.T) blob.Store {
		t.Helper()
		return newDisk(t, filepath.Join(t.TempDir(), "exports"))
	})
}

func TestDiskIsForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	d := newDisk(t, dir)
	put(t, d, "codes.csv", "secret")
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "codes.csv"): 0o600} {
		stat, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, want, stat.Mode().Perm(), path)
	}
}

func TestDiskSymlinksDoNotLeadOut(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link")))
	d := newDisk(t, dir)
	_, _, err := d.Open(t.Context(), "link")
	require.Error(t, err)
	put(t, d, "link", "inside") // replaces the link itself
	content, err := os.ReadFile(outside)
	require.NoError(t, err)
	require.Equal(t, "secret", string(content))
}

func TestDiskListLeavesStrangersOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "lost+found"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".gitignore"), nil, 0o600))
	d := newDisk(t, dir)
	infos, err := d.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, infos)
	requireMissing(t, d, "folder")
}

// TestDiskSurvivesAKilledWriter kills a process in the middle of a file. What it
// wrote must not show under the name, and must be found and removed as an orphan.
func TestDiskSurvivesAKilledWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWriter$") //nolint:gosec // this very program
	cmd.Env = append(os.Environ(), "BLOB_KILLED_WRITER="+dir)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "written\n", line)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	d := newDisk(t, dir)
	require.Equal(t, "whole", get(t, d, "before.csv"))
	requireMissing(t, d, "export.csv")
	infos, err := d.List(t.Context())
	require.NoError(t, err)
	left := 0
	for _, info := range infos {
		if info.Temporary {
			left++
			require.Contains(t, info.Name, "export.csv")
			require.Equal(t, int64(1<<20), info.Size)
			require.NoError(t, d.Remove(t.Context(), info.Name))
		}
	}
	require.Equal(t, 1, left)
	infos, err = d.List(t.Context())
	require.NoError(t, err)
	require.Len(t, infos, 1)
}

// TestKilledWriter is the process that gets killed.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("BLOB_KILLED_WRITER") //nolint:forbidigo // how the test tells its child
	if dir == "" {
		return
	}
	d := newDisk(t, dir)
	put(t, d, "before.csv", "whole")
	f, err := d.Create(t.Context(), "export.csv")
	require.NoError(t, err)
	_, err = f.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	_, err = io.WriteString(os.Stdout, "written\n")
	require.NoError(t, err)
	select {}
}
