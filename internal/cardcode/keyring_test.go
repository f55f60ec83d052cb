package cardcode

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testKeys returns a keyring with fresh keys of these ids.
func testKeys(tb testing.TB, ids ...int16) *Keyring {
	tb.Helper()
	var file bytes.Buffer
	for _, id := range ids {
		require.NoError(tb, WriteNewKey(&file, id))
	}
	keys, err := ReadKeyring(&file)
	require.NoError(tb, err)
	return keys
}

func TestSealedCodeOpensOnlyAsItsCard(t *testing.T) {
	t.Parallel()
	keys := testKeys(t, 1)
	nonces := &Drawer{}
	code := nonces.Draw(Format{Letters, 16})
	seal, err := keys.Sealer(1, 7)
	require.NoError(t, err)
	sealed := seal.Append(nil, code, 42, nonces)
	require.Len(t, sealed, SealedLength(16))
	require.NotContains(t, string(sealed), code.symbols)

	opened, err := seal.Open(sealed, 42)
	require.NoError(t, err)
	require.Equal(t, code, opened)

	_, err = seal.Open(sealed, 43)
	require.ErrorContains(t, err, "does not open", "another serial")
	other, err := keys.Sealer(1, 8)
	require.NoError(t, err)
	_, err = other.Open(sealed, 42)
	require.ErrorContains(t, err, "does not open", "another series")
	foreign, err := testKeys(t, 1).Sealer(1, 7)
	require.NoError(t, err)
	_, err = foreign.Open(sealed, 42)
	require.ErrorContains(t, err, "does not open", "another key")
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		_, err = seal.Open(broken, 42)
		require.Error(t, err)
	}
	_, err = seal.Open(sealed[:5], 42)
	require.Error(t, err)
}

func TestIndexIsKeyed(t *testing.T) {
	t.Parallel()
	code := (&Drawer{}).Draw(Format{Letters, 16})
	keys := testKeys(t, 1, 2)
	both, err := keys.Indexes([]Code{code})
	require.NoError(t, err)
	require.Len(t, both, 2)
	require.NotEqual(t, both[0], both[1])
	again, err := keys.Indexes([]Code{code})
	require.NoError(t, err)
	require.Equal(t, both, again)
	trace, err := keys.Trace(code)
	require.NoError(t, err)
	require.NotContains(t, string(both[1]), trace)
}

func TestReadKeyringRefuses(t *testing.T) {
	t.Parallel()
	good := "1 " + strings.Repeat("A", 43) + "="
	for text, want := range map[string]string{
		"":                   "holds no key",
		"# nothing\n":        "holds no key",
		"x AAAA":             "line 1",
		"0 " + good[2:]:      "line 1",
		"1 AAAA":             "line 1",
		good + "\n" + good:   "repeats key id 1",
		good + "\n70000 AAA": "line 2",
	} {
		_, err := ReadKeyring(strings.NewReader(text))
		require.ErrorContains(t, err, want, "%q", text)
	}
}
