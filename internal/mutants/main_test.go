package main

import (
	"errors"
	"fmt"
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

// Each mutant can be applied to the source, and its tests exist, so that `make mutants`
// can run at any time.
func TestMutantsFitTheSource(t *testing.T) {
	t.Parallel()
	s := readRepository(t)
	names := map[string]bool{}
	var unfit []string // all of them, since code moves in heaps
	for _, m := range mutants() {
		require.False(t, names[m.name], m.name)
		names[m.name] = true
		if err := fits(s, m); err != nil {
			unfit = append(unfit, fmt.Sprintf("%s: %v (%q)", m.name, err, m.old))
		}
	}
	require.Empty(t, unfit)
}

// fits returns an error if a mutant can't be applied or tested.
func fits(s *sources, m mutant) error {
	changed, err := s.patch(m)
	if err != nil {
		return err
	}
	for name, text := range changed {
		if text == s.files[name] {
			return errors.New(name + " stays as it is")
		}
		if filepath.Ext(name) == ".go" {
			if _, err := parser.ParseFile(token.NewFileSet(), name, text, parser.AllErrors); err != nil {
				return err
			}
		}
	}
	_, err = s.testedIn(m)
	return err
}

func readRepository(t *testing.T) *sources {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	s, err := readSources(root)
	require.NoError(t, err)
	return s
}

// Every promise in SECURITY.md has a mutant, which makes one of the tests of the promise
// fail.
func TestEveryPromiseHasAMutant(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "SECURITY.md"))
	require.NoError(t, err)
	_, promises, found := strings.Cut(string(text), "## Promises")
	require.True(t, found)
	s := readRepository(t)
	rows := 0
	for line := range strings.Lines(promises) {
		tests := regexp.MustCompile(`\b([a-z0-9]+)\.((?:Test|Fuzz)\w+)`).FindAllStringSubmatch(line, -1)
		if !strings.HasPrefix(line, "|") || len(tests) == 0 {
			continue
		}
		rows++
		require.True(t, slices.ContainsFunc(mutants(), func(m mutant) bool {
			packages, err := s.testedIn(m)
			require.NoError(t, err, m.name)
			return slices.ContainsFunc(tests, func(test []string) bool {
				return regexp.MustCompile(m.run).MatchString(test[2]) && slices.ContainsFunc(packages, func(dir string) bool {
					return strings.TrimPrefix(filepath.Base(dir), "refill") == strings.TrimPrefix(test[1], "main")
				})
			})
		}), "no mutant makes a test fail that holds: %s", line)
	}
	require.Greater(t, rows, 20)
}
