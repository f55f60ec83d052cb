package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// modules makes a node_modules with every file that is asked for.
func modules(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, s := range sources() {
		files[s.from] = &fstest.MapFile{Data: []byte("body of " + s.to + "\n//# sourceMappingURL=x.map\n")}
	}
	for _, name := range licences() {
		files[name] = &fstest.MapFile{Data: []byte("Be excellent.\n")}
	}
	files[passwordList] = &fstest.MapFile{Data: []byte(`["123456", "Dragon"]`)}
	for name := range strings.FieldsSeq(iconNames) {
		files[iconDir+"/"+name+".svg"] = &fstest.MapFile{Data: []byte(`<!-- a comment --><svg viewBox="0 0 24 24">
			<path stroke="none" d="M0 0h24v24H0z" fill="none" />
			<path d="M1 2
				l3 4" /></svg>`)}
	}
	return files
}

func TestCollect(t *testing.T) {
	t.Parallel()
	files, err := collect(modules(t))
	require.NoError(t, err)
	require.Equal(t, "body of htmx.min.js\n", string(files["htmx.min.js"]), "the pointer to the source map goes")
	require.Contains(t, string(files["licences.txt"]), "htmx.org\n\nBe excellent.\n")

	var sprite struct {
		Symbols []struct {
			ID   string `xml:"id,attr"`
			Path []struct {
				D string `xml:"d,attr"`
			} `xml:"path"`
		} `xml:"symbol"`
	}
	require.NoError(t, xml.Unmarshal(files["icons.svg"], &sprite))
	require.Len(t, sprite.Symbols, len(strings.Fields(iconNames)))
	require.Equal(t, "activity", sprite.Symbols[0].ID)
	require.Len(t, sprite.Symbols[0].Path, 1, "the invisible square goes")
	require.Equal(t, "M1 2 l3 4", sprite.Symbols[0].Path[0].D)
}

func TestCollectSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	files := modules(t)
	delete(files, "htmx.org/dist/htmx.min.js")
	_, err := collect(files)
	require.ErrorContains(t, err, "htmx.min.js")
	require.ErrorContains(t, err, "npm ci")

	files = modules(t)
	delete(files, iconDir+"/lock.svg")
	_, err = collect(files)
	require.ErrorContains(t, err, `icons.txt asks for "lock"`)
}

func TestIconNamesAreSorted(t *testing.T) {
	t.Parallel()
	names := strings.Fields(iconNames)
	require.True(t, slices.IsSorted(names), "keep icons.txt in order")
	require.Len(t, slices.Compact(slices.Clone(names)), len(names), "an icon is listed twice")
}

func TestRunReplacesVendor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "node_modules"), modules(t)))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "vendor"), 0o755))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "lists"), 0o755))
	require.NoError(t, run(dir))
	require.NoError(t, run(dir), "again over what is there")
	data, err := os.ReadFile(filepath.Join(dir, "vendor", "tabler.min.css"))
	require.NoError(t, err)
	require.Contains(t, string(data), "body of tabler.min.css")
	data, err = os.ReadFile(filepath.Join(dir, "lists", "passwords.txt"))
	require.NoError(t, err)
	require.Equal(t, "\n123456\ndragon\n", string(data))
}
