package api

import (
	"testing"

	"refill/internal/web/kit/kittest"
)

// pageTemplates lists the pages of this package with their structs.
func pageTemplates() map[string]any {
	return map[string]any{
		"docs/home":         &docsHomePage{},
		"docs/resource":     &docsResourcePage{},
		"docs/problem_list": &problemListPage{},
		"docs/problem":      &problemShowPage{},
		"docs/splynx":       &docsSplynxPage{},
		"docs/missing":      &docsMissingPage{},
	}
}

func TestTemplatesFitTheirStructs(t *testing.T) {
	t.Parallel()
	kittest.CheckTemplates(t, "docs", pageTemplates())
}
