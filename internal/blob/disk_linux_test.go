package blob_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/blob"
)

// TestDiskFull fills a real, tiny disk. Mounting one takes root; elsewhere the
// same is tested with a file that fails (TestDiskFileReportsErrors).
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		require.True(t, errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES), err)
		t.Skip("mounting a tiny disk needs root")
	}
	defer func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) }()
	d, err := blob.NewDisk(dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()

	put(t, d, "small", "fits")
	f, err := d.Create(t.Context(), "large")
	require.NoError(t, err)
	_, err = f.Write(make([]byte, 1<<20))
	require.ErrorIs(t, err, syscall.ENOSPC)
	_, err = f.Write([]byte("more"))
	require.ErrorIs(t, err, syscall.ENOSPC, "the error stays")
	_, err = f.Commit()
	require.ErrorIs(t, err, syscall.ENOSPC)
	requireMissing(t, d, "large")
	infos, err := d.List(t.Context())
	require.NoError(t, err)
	require.Len(t, infos, 1, "the space is free again")
	put(t, d, "again", strings.Repeat("x", 100_000))
}
