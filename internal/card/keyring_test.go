package card

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
	nonces := &drawer{}
	code := nonces.draw(Format{Letters, 16})
	seal, err := keys.sealer(1, 7)
	require.NoError(t, err)
	sealed := seal.append(nil, code, 42, nonces)
	require.Len(t, sealed, sealedLength(16))
	require.NotContains(t, string(sealed), code.symbols)

	opened, err := seal.open(sealed, 42)
	require.NoError(t, err)
	require.Equal(t, code, opened)

	_, err = seal.open(sealed, 43)
	require.ErrorContains(t, err, "does not open", "another serial")
	other, err := keys.sealer(1, 8)
	require.NoError(t, err)
	_, err = other.open(sealed, 42)
	require.ErrorContains(t, err, "does not open", "another series")
	foreign, err := testKeys(t, 1).sealer(1, 7)
	require.NoError(t, err)
	_, err = foreign.open(sealed, 42)
	require.ErrorContains(t, err, "does not open", "another key")
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		_, err = seal.open(broken, 42)
		require.Error(t, err)
	}
	_, err = seal.open(sealed[:5], 42)
	require.Error(t, err)
}

func TestIndexIsKeyed(t *testing.T) {
	t.Parallel()
	code := (&drawer{}).draw(Format{Letters, 16})
	keys := testKeys(t, 1, 2)
	both, err := keys.indexes([]Code{code})
	require.NoError(t, err)
	require.Len(t, both, 2)
	require.NotEqual(t, both[0], both[1])
	again, err := keys.indexes([]Code{code})
	require.NoError(t, err)
	require.Equal(t, both, again)
	trace, err := keys.trace(code)
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
