package main

import (
	"go/parser"
	"go/token"
	"path/filepath"
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
		_, err = parser.ParseFile(token.NewFileSet(), m.file, text, parser.AllErrors)
		require.NoError(t, err, m.name)
	}
	_, err = mutant{file: "go.mod", old: "not there"}.source(root)
	require.ErrorIs(t, err, errMoved)
}
