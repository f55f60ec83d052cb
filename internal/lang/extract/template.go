package extract

import (
	"io/fs"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// Templates returns the texts of HTML templates: between tags, and in attributes that
// people see or hear. Template actions are replaced by {…}.
func Templates(files fs.FS) ([]Text, error) {
	var texts []Text
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".html") {
			return err
		}
		source, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		for _, text := range pageTexts(string(source)) {
			text.File = path
			texts = append(texts, text)
		}
		return nil
	})
	return texts, err
}

// action matches a template action in braces, and space matches a run of white space.
var (
	action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	space  = regexp.MustCompile(`\s+`)
)

// shown holds the attributes that people see or hear.
var shown = map[string]bool{"title": true, "alt": true, "placeholder": true, "aria-label": true, "label": true} //nolint:gochecknoglobals // a table

// pageTexts returns the texts of a template.
func pageTexts(source string) []Text {
	source = action.ReplaceAllStringFunc(source, func(a string) string {
		return strings.Repeat("\n", strings.Count(a, "\n")) + "{…}"
	})
	var texts []Text
	line := 1
	add := func(text string) {
		text = strings.TrimSpace(space.ReplaceAllString(text, " "))
		bare := strings.ReplaceAll(text, "{…}", "")
		if strings.ContainsFunc(bare, letter) {
			texts = append(texts, Text{Text: text, Line: line})
		}
	}
	tokens := html.NewTokenizer(strings.NewReader(source))
	for {
		kind := tokens.Next()
		raw := string(tokens.Raw())
		switch kind {
		case html.ErrorToken:
			return texts
		case html.TextToken:
			add(html.UnescapeString(raw))
		case html.StartTagToken, html.SelfClosingTagToken:
			for _, a := range tokens.Token().Attr {
				if shown[a.Key] {
					add(a.Val)
				}
			}
		case html.EndTagToken, html.CommentToken, html.DoctypeToken:
		}
		line += strings.Count(raw, "\n")
	}
}

// letter reports whether a rune is one of the Latin alphabet, in which the source is
// written.
func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
