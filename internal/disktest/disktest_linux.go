// Package disktest gives tests a real disk that is small enough to fill.
package disktest

import (
	"errors"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Mount puts an empty disk of a size such as "256k" over a folder until the test
// ends. That takes root; without, the test is skipped.
func Mount(t *testing.T, dir, size string) {
	t.Helper()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755,size="+size)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("mounting a small disk needs root")
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
}
