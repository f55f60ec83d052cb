package web

import (
	"strings"
	"sync"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

func (g *got) doc() *goquery.Document {
	g.t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(g.Body))
	require.NoError(g.t, err)
	return doc
}

// one returns the only element that matches a selector.
func (g *got) one(selector string) *goquery.Selection {
	g.t.Helper()
	found := g.doc().Find(selector)
	require.Equal(g.t, 1, found.Length(), "%s in\n%s", selector, g.Body)
	return found
}

// none fails the test if an element matches a selector.
func (g *got) none(selector string) {
	g.t.Helper()
	require.Zero(g.t, g.doc().Find(selector).Length(), "%s in\n%s", selector, g.Body)
}

// fault returns the code of the error at a field of the page. With "" it returns the code
// of the error of the whole form or page.
func (g *got) fault(field string) string {
	g.t.Helper()
	doc := g.doc()
	if field == "" {
		return doc.Find(":not(li)[data-fault], li[data-fault]:not(:has(a))").AttrOr("data-fault", "")
	}
	if beside := doc.Find("#f-" + field + "-error[data-fault]"); beside.Length() > 0 {
		return beside.AttrOr("data-fault", "")
	}
	return doc.Find(`li[data-fault]:has(a[href="#f-`+field+`"])`).AttrOr("data-fault", "")
}

// text returns the text of the only element that matches, with runs of spaces replaced by
// one.
func (g *got) text(selector string) string {
	g.t.Helper()
	return strings.Join(strings.Fields(g.one(selector).Text()), " ")
}

// logBook collects what the server logs.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}
