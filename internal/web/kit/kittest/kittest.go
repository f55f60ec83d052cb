// Package kittest checks templates against the structs of their pages.
package kittest

import (
	"slices"
	"strings"
	"testing"

	"github.com/jba/templatecheck"
	"github.com/stretchr/testify/require"

	"refill/internal/web/kit"
)

// Shared are the pages of both doors that package kit renders itself.
func Shared() []string {
	return []string{
		"admin/problem", "admin/signin", "admin/session_list", "portal/problem", "portal/signin", "portal/session_list",
	}
}

// CheckTemplates checks the templates of pages, and of fragments that are rendered alone
// ("page#fragment"), against their structs. It fails if a page of side is neither in pages
// nor in Shared.
func CheckTemplates(tb testing.TB, side string, pages map[string]any) {
	tb.Helper()
	all, err := kit.Templates()
	require.NoError(tb, err)
	shared := Shared()
	for view := range all {
		if strings.HasPrefix(view, side+"/") {
			_, listed := pages[view]
			require.True(tb, listed || slices.Contains(shared, view), "%s is not listed with its struct", view)
		}
	}
	for name, data := range pages {
		view, fragment, alone := strings.Cut(name, "#")
		require.Contains(tb, all, view)
		if !alone {
			fragment = "layout"
		}
		set := all[view].Lookup(fragment)
		require.NotNil(tb, set, "there is no %s in %s", fragment, view)
		require.NoError(tb, templatecheck.CheckHTML(set, data), name)
	}
}
