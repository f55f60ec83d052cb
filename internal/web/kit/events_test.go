package kit

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/templates"
)

// The map refreshing holds exactly the elements that reload on an event or by a timer.
func TestWhatRefreshesItselfIsKnown(t *testing.T) {
	t.Parallel()
	element := regexp.MustCompile(`<\w+ [^>]*id="([\w-]+)"(?:{{[^}]*}}|[^>])*?hx-trigger="([^"]*)"`)
	found := map[string]bool{}
	files, err := fs.Glob(templates.FS, "*/*.html")
	require.NoError(t, err)
	for _, file := range files {
		text, err := fs.ReadFile(templates.FS, file)
		require.NoError(t, err)
		for _, m := range element.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[2], "from:body") || strings.Contains(m[2], "every ") {
				found[m[1]] = true
			}
		}
	}
	require.Equal(t, refreshing, found)
}
