package kit

import (
	"strings"
	"testing"
	"text/template/parse"

	"github.com/jba/templatecheck"
	"github.com/stretchr/testify/require"
)

// pageTemplates lists the pages and fragments of this package with their structs.
func pageTemplates() map[string]any {
	return map[string]any{
		"admin/problem":                  &problemPage{},
		"admin/problem#problem-notice":   &problemPage{},
		"admin/signin":                   &signInPage{},
		"admin/session_list":             &sessionsPage{},
		"portal/session_list":            &sessionsPage{},
		"portal/problem":                 &problemPage{},
		"portal/problem#problem-notice":  &problemPage{},
		"portal/signin":                  &signInPage{},
		"admin/approval_list#menu-count": &MenuItem{},
	}
}

func TestTemplatesFitTheirStructs(t *testing.T) {
	t.Parallel()
	all, err := Templates()
	require.NoError(t, err)
	for name, data := range pageTemplates() {
		view, fragment, alone := strings.Cut(name, "#")
		if !alone {
			fragment = "layout"
		}
		require.Contains(t, all, view)
		require.NoError(t, templatecheck.CheckHTML(all[view].Lookup(fragment), data), name)
	}
}

// The Content-Security-Policy forbids inline styles and scripts. The browser would ignore
// them, and no other test would notice the broken page.
func TestTemplatesHoldNothingInline(t *testing.T) {
	t.Parallel()
	all, err := Templates()
	require.NoError(t, err)
	for view, set := range all {
		for _, one := range set.Templates() {
			if one.Tree == nil {
				continue
			}
			for _, node := range one.Tree.Root.Nodes {
				text, ok := node.(*parse.TextNode)
				if !ok {
					continue
				}
				for _, banned := range []string{" style=", "<style", "<script>", " onclick=", " hx-on", "js:", "javascript:"} {
					require.NotContains(t, string(text.Text), banned, "%s, %s", view, one.Name())
				}
			}
		}
	}
}
