// Package codetest makes keys for tests.
package codetest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/cardcode"
)

// Keys returns a keyring with fresh keys of these ids, or of the id 1 where none is given.
func Keys(tb testing.TB, ids ...int16) *cardcode.Keyring {
	tb.Helper()
	if len(ids) == 0 {
		ids = []int16{1}
	}
	var file bytes.Buffer
	for _, id := range ids {
		require.NoError(tb, cardcode.WriteNewKey(&file, id))
	}
	keys, err := cardcode.ReadKeyring(&file)
	require.NoError(tb, err)
	return keys
}
