package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every test that a document names exists.
func TestDocumentsNameTestsThatAreThere(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	known := map[string]bool{}
	dirs, err := filepath.Glob(filepath.Join(root, "internal", "*"))
	require.NoError(t, err)
	inner, err := filepath.Glob(filepath.Join(root, "internal", "*", "*"))
	require.NoError(t, err)
	dirs = append(append(dirs, inner...), ".")
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		require.NoError(t, err)
		name := filepath.Base(dir)
		if dir == "." {
			name = "main"
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, test := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(text, -1) {
				known[name+"."+string(test[1])] = true
			}
		}
	}
	for _, document := range []string{"SECURITY.md", "ARCHITECTURE.md", "docs/parity.md", "docs/asvs.md", "docs/from-splynx.md"} {
		text, err := os.ReadFile(filepath.Join(root, document))
		require.NoError(t, err)
		named := regexp.MustCompile(`\b[a-z0-9]+\.(?:Test|Fuzz)\w+`).FindAllString(string(text), -1)
		require.NotEmpty(t, named, document)
		for _, test := range named {
			require.True(t, known[test], "%s names %s, which is not there", document, test)
		}
	}
}
