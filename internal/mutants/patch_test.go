package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// write makes a file.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// someSources are small sources, as readSources makes them.
func someSources(t *testing.T, files map[string]string) *sources {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"cmd", "internal", "queries", "migrations"} {
		write(t, dir, folder+"/.keep", "")
	}
	for name, text := range files {
		write(t, dir, name, text)
	}
	s, err := readSources(dir)
	require.NoError(t, err)
	return s
}

// A mutant of a function still applies when the function moves to another package, is
// exported, and its names get a package qualifier.
func TestPatchFollowsMoves(t *testing.T) {
	t.Parallel()
	const before = "package card\n\nfunc (s *Service) readTyped(text string) error {\n\tif f := FormatOf(text); f.Length < least && !known(f) {\n\t\treturn errShort\n\t}\n\treturn nil\n}\n"
	const after = "package cardcode\n\nimport (\n\t\"refill/internal/card\"\n\t\"refill/internal/limit\"\n)\n\n// ReadTyped reads.\nfunc ReadTyped(text string) error {\n\t// A code.\n\tif f := card.FormatOf(text); f.Length < limit.Least &&\n\t\t!Known(f) {\n\t\treturn ErrShort\n\t}\n\treturn nil\n}\n"
	m := mutant{in: "readTyped", old: "f := FormatOf(text); f.Length < least && !known(f) {\n\t\treturn errShort", new: "f := FormatOf(text); f.Length < least && known(f) || f.Length < -1 {\n\t\treturn errShort"}
	changed, err := someSources(t, map[string]string{"internal/card/typed.go": before}).patch(m)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"internal/card/typed.go": "package card\n\nfunc (s *Service) readTyped(text string) error {\n\tif f := FormatOf(text); f.Length < least && known(f) || f.Length < -1 {\n\t\treturn errShort\n\t}\n\treturn nil\n}\n"}, changed)

	changed, err = someSources(t, map[string]string{"internal/cardcode/typed.go": after, "internal/card/card.go": "package card\n", "internal/limit/limit.go": "package limit\n"}).patch(m)
	require.NoError(t, err)
	require.Contains(t, changed["internal/cardcode/typed.go"], "\tif f := card.FormatOf(text); f.Length < limit.Least && Known(f) || f.Length < -1 {\n\t\treturn ErrShort\n\t}\n\treturn nil\n}\n")

	// And back, from qualified names to plain ones.
	back := mutant{in: "ReadTyped", old: "card.FormatOf(text); f.Length < limit.Least && !Known(f)", new: "card.FormatOf(text); f.Length < limit.Least && false"}
	changed, err = someSources(t, map[string]string{"internal/card/typed.go": before, "internal/limit/limit.go": "package limit\n"}).patch(back)
	require.NoError(t, err)
	require.Contains(t, changed["internal/card/typed.go"], "if f := FormatOf(text); f.Length < least && false {")
}

// A mutant whose text does not occur exactly once is an error.
func TestPatchRefuses(t *testing.T) {
	t.Parallel()
	const one = "package a\n\nfunc f() bool { return g(1) }\n\nfunc h() bool { return g(1) }\n"
	const two = "package b\n\nimport \"refill/internal/a\"\n\nfunc F() bool { return a.G(1) }\n"
	s := someSources(t, map[string]string{"internal/a/a.go": one, "migrations/1.sql": "select 1;", "queries/q.sql": "-- name: Q :exec\nselect 1;\n"})
	for _, m := range []mutant{
		{in: "f", old: "g(2)"},
		{in: "f", old: "gg(1)"},
		{in: "f", old: "x.g(1).y"},
		{in: "k", old: "g(1)"},
		{in: "migrations/1.sql", old: "2"},
		{in: "migrations/2.sql", old: "1"},
		{in: "query Q", old: "select 1"},
		{in: "query P", old: "select 1"},
		{in: "f", old: ""},
		{in: "f, k", old: "g(1)"},
	} {
		_, err := s.patch(m)
		require.ErrorIs(t, err, errMoved, "%+v", m)
	}
	_, err := s.patch(mutant{in: "f", old: "g(1)"})
	require.NoError(t, err, "another function has it too")
	_, err = someSources(t, map[string]string{"internal/a/a.go": one + "\nfunc i() bool { return g(1) && g(1) }\n"}).patch(mutant{in: "i", old: "g(1)"})
	require.ErrorIs(t, err, errSeveral)
	_, err = someSources(t, map[string]string{"internal/a/a.go": one, "internal/b/b.go": two}).patch(mutant{in: "f", old: "return g(1)"})
	require.NoError(t, err, "one is as it stands")
	_, err = someSources(t, map[string]string{"internal/a/a.go": two, "internal/b/b.go": two}).patch(mutant{in: "f", old: "return g(1)"})
	require.ErrorIs(t, err, errSeveral, "two are alike")
}

// A mutant of a query also changes the code that sqlc generated from it, with the numbers
// of the parameters.
func TestPatchOfAQuery(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"queries/card.sql":        "-- name: CardGet :one\n-- One; not two.\nselect * from card where id = @id and (staff_id = sqlc.narg(staff_id) or @id > 7);\n\n-- name: CardList :many\nselect * from card where id = @id;\n",
		"internal/db/card.sql.go": "package db\n\nconst cardGet = `-- name: CardGet :one\nselect id, staff_id from card where id = $1 and (staff_id = $2 or $1 > 7)\n`\n\nconst cardList = `-- name: CardList :many\nselect id, staff_id from card where id = $1\n`\n",
	}
	s := someSources(t, files)
	changed, err := s.patch(mutant{in: "query CardGet", old: "where id = @id and (staff_id = sqlc.narg(staff_id) or @id > 7);", new: "where staff_id = sqlc.narg(staff_id) and @id > 7;"})
	require.NoError(t, err)
	require.Contains(t, changed["queries/card.sql"], "select * from card where staff_id = sqlc.narg(staff_id) and @id > 7;\n\n-- name: CardList")
	require.Contains(t, changed["internal/db/card.sql.go"], "select id, staff_id from card where staff_id = $2 and $1 > 7`\n\nconst cardList")
	changed, err = s.patch(mutant{in: "query CardGet, CardList", old: "where id = @id", new: "where true"})
	require.NoError(t, err)
	require.NotContains(t, changed["internal/db/card.sql.go"], "where id")
	_, err = s.patch(mutant{in: "query CardGet", old: "select *", new: "select id"})
	require.ErrorIs(t, err, errMoved, "sqlc writes it otherwise")
}

// Tests that have moved to another package are found.
func TestTestsAreFound(t *testing.T) {
	t.Parallel()
	s := someSources(t, map[string]string{
		"internal/card/a_test.go":       "package card\n\nfunc TestOne(t *testing.T) {}\n",
		"internal/cardimport/b_test.go": "package cardimport\n\nfunc TestTwo(t *testing.T) {}\n",
	})
	dirs, err := s.testedIn(mutant{pkg: "./internal/card", run: "TestOne|TestTwo/part"})
	require.NoError(t, err)
	require.Equal(t, []string{"./internal/card", "./internal/cardimport"}, dirs)
	_, err = s.testedIn(mutant{pkg: "./internal/card", run: "TestThree"})
	require.ErrorContains(t, err, "TestThree")
}
