package blob_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/blob"
	"refill/internal/disktest"
)

// TestDiskFull fills a real, tiny disk. Where none can be mounted, the same is tested
// with a file that fails (TestDiskFileReportsErrors).
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	disktest.Mount(t, dir, "256k")
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
