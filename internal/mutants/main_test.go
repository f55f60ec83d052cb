package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each mutant still fits the source, so that `make mutants` can be run any day.
func TestMutantsFitTheSource(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	names := map[string]bool{}
	for _, m := range mutants() {
		require.False(t, names[m.name], m.name)
		names[m.name] = true
		text, err := m.source(root)
		require.NoError(t, err, m.name)
		if filepath.Ext(m.file) == ".go" {
			_, err = parser.ParseFile(token.NewFileSet(), m.file, text, parser.AllErrors)
			require.NoError(t, err, m.name)
		}
	}
	_, err = mutant{file: "go.mod", old: "not there"}.source(root)
	require.ErrorIs(t, err, errMoved)
}

// Of every promise in SECURITY.md one of the tests that hold it has been seen to
// fail, with the protection taken out.
func TestEveryPromiseHasAMutant(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "SECURITY.md"))
	require.NoError(t, err)
	_, promises, found := strings.Cut(string(text), "## Promises")
	require.True(t, found)
	rows := 0
	for line := range strings.Lines(promises) {
		tests := regexp.MustCompile(`\b([a-z0-9]+)\.((?:Test|Fuzz)\w+)`).FindAllStringSubmatch(line, -1)
		if !strings.HasPrefix(line, "|") || len(tests) == 0 {
			continue
		}
		rows++
		require.True(t, slices.ContainsFunc(mutants(), func(m mutant) bool {
			return slices.ContainsFunc(tests, func(test []string) bool {
				return strings.TrimPrefix(filepath.Base(m.pkg), "refill") == strings.TrimPrefix(test[1], "main") && regexp.MustCompile(m.run).MatchString(test[2])
			})
		}), "no mutant makes a test fail that holds: %s", line)
	}
	require.Greater(t, rows, 20)
}
