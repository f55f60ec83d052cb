package extract

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Catalogue returns a TOML file of messages for translators to copy. The keys are the texts
// themselves. Each text appears once, with the first file that uses it.
func Catalogue(source Source, templates []Text) string {
	texts := slices.Concat(source.Marked, templates)
	slices.SortStableFunc(texts, func(a, b Text) int { return strings.Compare(a.Text, b.Text) })
	texts = slices.CompactFunc(texts, func(a, b Text) bool { return a.Text == b.Text })
	var b strings.Builder
	b.WriteString("# Written by make generate: the texts of the program, for translators.\n")
	for _, one := range texts {
		key := quote(one.Text)
		fmt.Fprintf(&b, "%s = %s # %s\n", key, key, one.File)
	}
	return b.String()
}

// quote returns a text as a TOML basic string.
func quote(text string) string {
	quoted := strconv.QuoteToGraphic(text)
	return strings.ReplaceAll(quoted, `\x`, `\u00`)
}

// All returns the texts of a repository: those of the Go packages below folders, and those
// of the templates.
func All(root string, templates fs.FS, folders ...string) (Source, []Text, error) {
	source, err := Go(root, folders...)
	if err != nil {
		return source, nil, err
	}
	pages, err := Templates(templates)
	return source, pages, err
}
