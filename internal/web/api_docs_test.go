package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"refill/internal/web/api"
	"refill/internal/web/api/openapi"
)

// The document is there for everybody, and a cache need not fetch it twice.
func TestAPIDocumentIsServed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	got := b.get(api.DocumentPath)
	require.Equal(t, http.StatusOK, got.Status)
	require.Equal(t, "application/json; charset=utf-8", got.Header.Get("Content-Type"))
	require.Contains(t, got.Header.Get("Cache-Control"), "public")
	require.Equal(t, "3.1.0", got.json()["openapi"])
	tag := got.Header.Get("ETag")
	require.NotEmpty(t, tag)
	again := b.get(api.DocumentPath, "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, again.Status)
	require.Empty(t, again.Body)
	require.Equal(t, http.StatusOK, b.get(api.DocumentPath, "If-None-Match", `"other"`).Status)
}

// The pages about the API show every operation and every problem to everybody, link only to
// what is there, and say nothing about the installation.
func TestAPIDocsPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`update setting set value = '"Secret Brand"' where name = 'brand'`)
	s.exec(`insert into setting (name, value) values ('brand', '"Secret Brand"') on conflict (name) do nothing`)
	s.Server.Settings.Forget()
	d, err := openapi.Load()
	require.NoError(t, err)
	b := s.browser()
	pages := map[string]*goquery.Document{}
	queue := []string{api.DocsPath}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if pages[path] != nil {
			continue
		}
		got := b.get(path)
		require.Equal(t, http.StatusOK, got.Status, path)
		require.Contains(t, got.Header.Get("Cache-Control"), "public", path)
		require.Empty(t, got.Header.Get("Set-Cookie"), path)
		require.NotContains(t, got.Body, "Secret Brand", path)
		require.NotContains(t, got.Body, "<script", path)
		pages[path] = got.doc()
		pages[path].Find("a[href]").Each(func(_ int, a *goquery.Selection) {
			to, _, _ := strings.Cut(a.AttrOr("href", ""), "#")
			if to != "" && to != api.DocumentPath {
				queue = append(queue, to)
			}
		})
	}
	for path, doc := range pages { // anchors too
		doc.Find("a[href*='#']").Each(func(_ int, a *goquery.Selection) {
			to, id, _ := strings.Cut(a.AttrOr("href", ""), "#")
			if to == "" {
				to = path
			}
			require.Equal(t, 1, pages[to].Find("[id='"+id+"']").Length(), "%s leads to %s#%s", path, to, id)
		})
	}
	for _, p := range d.Problems {
		doc := pages[api.ProblemsPath+"/"+p.Code]
		require.NotNil(t, doc, "%s has a page that others lead to", p.Code)
		require.Contains(t, doc.Find("main").Text(), "What to do")
	}
	for _, r := range d.Resources {
		doc := pages[api.DocsPath+"/"+r.Slug]
		for _, o := range r.Operations {
			text := doc.Find("#" + o.ID).Text()
			require.Contains(t, text, o.Summary)
			require.Contains(t, text, api.Base+o.Path)
			require.Contains(t, text, o.Curl())
			for _, code := range o.Problems {
				require.Contains(t, text+pages[api.DocsPath].Find("#every-operation").Text(), code)
			}
		}
	}
	for _, path := range []string{api.ProblemsPath + "/no_such_code", api.DocsPath + "/nothing"} {
		got := b.get(path)
		require.Equal(t, http.StatusNotFound, got.Status, path)
		require.NotContains(t, got.Body, "no_such_code")
	}
}

// The calls that the document shows are read by the server as they are: nothing in them is
// malformed.
func TestAPIExamplesAreRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.program(nil)
	d, err := openapi.Load()
	require.NoError(t, err)
	for _, o := range d.Operations() {
		path, headers, body := o.Path, []string{}, ""
		for _, one := range o.Parameters {
			switch one.In {
			case "path":
				path = strings.ReplaceAll(path, "{"+one.Name+"}", one.Sample())
			case "header":
				headers = append(headers, one.Name, one.Sample())
			}
		}
		if o.Body != nil {
			body = string(o.Body.Media().Example)
			require.True(t, json.Valid([]byte(body)), o.ID)
		}
		got := p.call(o.Method, path, body, headers...)
		require.NotContains(t, []int{http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType, http.StatusInternalServerError}, got.Status, "%s: %s", o.ID, got.Body)
	}
}
