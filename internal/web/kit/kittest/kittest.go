// Package kittest checks templates against the structs of their pages.
package kittest

import (
	"reflect"
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
		checkFields(tb, name, data)
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

// checkFields fails if a struct has a field of the same name as one of the kit.Page that it
// embeds. The layout would show the field of the struct in place of that of the page.
func checkFields(tb testing.TB, name string, data any) {
	tb.Helper()
	page := reflect.TypeFor[kit.Page]()
	of := reflect.TypeOf(data)
	if of == nil || of.Kind() != reflect.Pointer || of.Elem().Kind() != reflect.Struct {
		return // a fragment
	}
	of = of.Elem()
	if embedded, ok := of.FieldByName("Page"); !ok || embedded.Type != page {
		return // a fragment
	}
	for f := range of.Fields() {
		_, hides := page.FieldByName(f.Name)
		require.False(tb, hides && !f.Anonymous, "%s: the field %s hides that of kit.Page", name, f.Name)
	}
}
