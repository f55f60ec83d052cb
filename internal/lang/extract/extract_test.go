package extract_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"refill/internal/lang/extract"
	"refill/templates"
)

var update = flag.Bool("update", false, "write en.toml anew")

// Every text that a page shows is marked and is in the file for translators.
func TestEveryTextIsMarked(t *testing.T) {
	t.Parallel()
	source, pages, err := extract.All("../../..", templates.FS, "internal", "cmd/refill")
	require.NoError(t, err)
	for _, one := range source.Unmarked {
		if strings.HasPrefix(one.File, "internal/web/") && !strings.HasPrefix(one.File, "internal/web/kit/kittest/") || strings.HasPrefix(one.File, "internal/staff/permission") {
			t.Errorf("%s:%d: %q is shown to people: mark it with lang.M", one.File, one.Line, one.Text)
		}
	}
	want := extract.Catalogue(source, pages)
	if *update {
		require.NoError(t, os.WriteFile("../en.toml", []byte(want), 0o600))
	}
	got, err := os.ReadFile("../en.toml")
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run make generate")
}

// A literal for people without a mark is found. Other literals are not.
func TestUnmarkedTextIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.go"), []byte(`package a

import ("errors"; "refill/internal/fault"; "refill/internal/lang")

type A struct { X string `+"`json:\"Some Name\"`"+` }

var (
	errOne = fault.New(fault.Invalid, "code_one", "This can't be done.")
	errTwo = errors.New("the program lost its way")
	label  = lang.M("Face value")
	bad    = A{X: "Valid till"}
	worse  = "on series " + label
	header = map[string]string{"Some Key": "no-store"}
)

func f(s string) bool { return s == "Grand Total" || strings.Contains(s, "request body too large") }

func g(id int) { db.Need(row("Card of " + lang.M("Series"), id)).Or(errOne, "read the card %d", id) }

func (A) Error() string { return "sign-in needed" }
`), 0o600))
	source, err := extract.Go(dir, ".")
	require.NoError(t, err)
	texts := func(list []extract.Text) []string {
		var out []string
		for _, one := range list {
			out = append(out, one.Text)
		}
		return out
	}
	require.Equal(t, []string{"This can't be done.", "Face value", "Series"}, texts(source.Marked))
	require.Equal(t, []string{"Valid till", "on series ", "Card of "}, texts(source.Unmarked))
}

func TestTemplateTexts(t *testing.T) {
	t.Parallel()
	texts, err := extract.Templates(fstest.MapFS{"p.html": {Data: []byte(
		"{{define \"main\"}}<h1 title=\"What it is\" class=\"Big Title\">Series {{.Number}}</h1>\n<p>{{.Text}}</p><p>You&#39;re\n  in.</p>{{end}}",
	)}})
	require.NoError(t, err)
	require.Equal(t, []extract.Text{
		{Text: "What it is", File: "p.html", Line: 1}, {Text: "Series {…}", File: "p.html", Line: 1}, {Text: "You're in.", File: "p.html", Line: 2},
	}, texts)
}
