package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/dbtest"
)

// A process that read the key file just before the keys were rotated takes the new
// ones over; one whose file lacks a key of the database says so.
func TestReadyAfterRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, initKeys(path))
	old, err := readKeys(path)
	require.NoError(t, err)
	p := &parts{config: config{KeyFile: path}, pool: dbtest.Pool(t), keys: old}
	require.NoError(t, p.ready(t.Context()))

	first, err := os.ReadFile(path)
	require.NoError(t, err)
	both := bytes.NewBuffer(bytes.Clone(first))
	require.NoError(t, card.WriteNewKey(both, 2))
	require.NoError(t, os.WriteFile(path, both.Bytes(), 0o600)) //nolint:gosec // in the test's own folder
	rotated, err := readKeys(path)
	require.NoError(t, err)
	require.NoError(t, card.CheckKeys(t.Context(), p.pool, rotated), "another process announces the new key")
	require.False(t, p.keys.Has(2))
	require.NoError(t, p.ready(t.Context()))
	require.True(t, p.keys.Has(2))

	require.NoError(t, os.WriteFile(path, first, 0o600)) //nolint:gosec // as above
	p.keys, err = readKeys(path)
	require.NoError(t, err)
	require.ErrorContains(t, p.ready(t.Context()), "key 2, which the key file lacks")
}
