package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/dbtest"
)

// A process that read the key file just before a rotation loads the new keys. A process
// whose file lacks a key of the database reports that.
func TestReadyAfterRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, initKeys(path))
	old, err := readKeys(path)
	require.NoError(t, err)
	p := &parts{config: config{KeyFile: path}, pool: dbtest.Pool(t), keys: old}
	require.ErrorIs(t, p.ready(t.Context()), codestore.ErrNotAnnounced, "a process announces nothing by itself")
	owner := dbtest.Owner(t, p.pool)
	require.NoError(t, codestore.AnnounceKeys(t.Context(), owner, old))
	require.NoError(t, p.ready(t.Context()))

	first, err := os.ReadFile(path)
	require.NoError(t, err)
	both := bytes.NewBuffer(bytes.Clone(first))
	require.NoError(t, cardcode.WriteNewKey(both, 2))
	require.NoError(t, os.WriteFile(path, both.Bytes(), 0o600)) //nolint:gosec // in the test's own folder
	rotated, err := readKeys(path)
	require.NoError(t, err)
	changed, err := p.reloadKeys(t.Context())
	require.NoError(t, err)
	require.True(t, changed)
	require.True(t, p.keys.HeldBack(), "a key that is put into the file by hand seals nothing")
	require.EqualValues(t, 1, p.keys.Current())
	require.EqualValues(t, 1, p.keys.CurrentIndex())
	p.keys, err = cardcode.ReadKeyring(bytes.NewReader(first))
	require.NoError(t, err)
	require.NoError(t, codestore.AnnounceKeys(t.Context(), owner, rotated), "the command of the owner")
	require.NoError(t, p.ready(t.Context()))
	require.EqualValues(t, 2, p.keys.Current())
	require.EqualValues(t, 2, p.keys.CurrentIndex())
	require.False(t, p.keys.HeldBack())

	require.NoError(t, os.WriteFile(path, first, 0o600)) //nolint:gosec // as above
	p.keys, err = readKeys(path)
	require.NoError(t, err)
	require.ErrorContains(t, p.ready(t.Context()), "key 2, which the key file lacks")
}

// The list of keys shows what keeps a key from being retired.
func TestKeysAreListedWithWhatNeedsThem(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var out strings.Builder
	require.NoError(t, listKeys(&out, []db.KeyUseRow{
		{KeyID: 1, CreatedAt: since, RetiredAt: &since},
		{KeyID: 2, CreatedAt: since, Cards: 11, Files: 13, Passwords: 14, Secrets: 15, Pairs: 17},
		{KeyID: 3, CreatedAt: since, Cards: 16},
		{KeyID: 4, CreatedAt: since},
	}, []db.KeyRotation{{What: "seal", KeyID: 3, Done: 16}}, 4))
	require.NoError(t, listIndexKeys(&out, []db.IndexKeyUseRow{
		{KeyID: 1, CreatedAt: since, Cards: 7, Opening: 3},
		{KeyID: 2, CreatedAt: since, Cards: 5, Opening: 5},
		{KeyID: 3, CreatedAt: since},
	}, []db.KeyRotation{{What: "seal", KeyID: 3, Done: 16}, {What: "index", KeyID: 2, Done: 5}}, 3))
	var lines [][]string
	for line := range strings.Lines(out.String()) {
		lines = append(lines, regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(line), -1))
	}
	require.Equal(t, [][]string{
		{"SEALING KEY", "SINCE", "CARDS", "FILES", "PASSWORDS", "SECOND FACTORS", "WEBHOOKS", "PAIRS", "STATE"},
		{"1", "2026-03-01", "0", "0", "0", "0", "0", "0", "retired 2026-03-01"},
		{"2", "2026-03-01", "11", "13", "14", "15", "0", "17", "in use"},
		{"3", "2026-03-01", "16", "0", "0", "0", "0", "0", "cards are being sealed under it, 16 so far"},
		{"4", "2026-03-01", "0", "0", "0", "0", "0", "0", "new cards are sealed under it"},
		{"INDEX KEY", "SINCE", "CARDS", "CODES ERASED", "STATE"},
		{"1", "2026-03-01", "7", "4", "kept: its cards are found by it"},
		{"2", "2026-03-01", "5", "0", "cards are being indexed under it, 5 so far"},
		{"3", "2026-03-01", "0", "0", "new cards are found by it"},
	}, lines)
}
