package static

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// A class of ours that Tabler has as well gets Tabler's rules too, and a new version of Tabler
// can change them. The list has those that are meant to be Tabler's, or were looked at.
func TestClassesDoNotCollideWithTabler(t *testing.T) {
	t.Parallel()
	shared := map[string]bool{}
	for _, name := range []string{
		"active", "btn", "btn-danger", "btn-primary", "dropdown-item", "dropdown-menu", "form-check", "form-check-input", "form-check-label",
		"form-control", "form-hint", "form-label", "form-select", "form-switch", "icon", // Tabler's own parts
		"chart", "empty-title", "toolbar", // looked at: our rules decide
	} {
		shared[name] = true
	}
	theirs := classes(t, "vendor/tabler.min.css")
	require.Greater(t, len(theirs), 500)
	for _, file := range []string{"css/app.css", "css/series.css", "css/settings.css", "css/palette.css"} {
		for name := range classes(t, file) {
			require.False(t, theirs[name] && !shared[name], "%s: .%s is a class of Tabler too; choose another name", file, name)
		}
	}
}

var className = regexp.MustCompile(`\.([a-zA-Z][\w-]*)`)

// classes returns the names of the classes in a style sheet.
func classes(t *testing.T, file string) map[string]bool {
	t.Helper()
	text, err := FS.ReadFile(file)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, match := range className.FindAllSubmatch(text, -1) {
		names[string(match[1])] = true
	}
	return names
}
