package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/lang"
	"refill/internal/web/api/openapi"
)

// Addresses of the document and of the pages about it. They need no key and no session, and
// say nothing about the installation.
const (
	DocumentPath = Base + "/openapi.json"
	DocsPath     = "/api/docs"
)

// docsPage is the data that every page about the API has.
type docsPage struct {
	Title     string
	Section   string // slug of the resource, or "problems"; empty: neither
	Resources []openapi.Resource
}

// docsHomePage is the page with the contents, and with what holds for all operations.
type docsHomePage struct {
	docsPage
	About  openapi.Text
	Topics []openapi.Topic
	Always []statusView // problems of every operation
}

// docsResourcePage is the page of a resource.
type docsResourcePage struct {
	docsPage
	Resource   openapi.Resource
	Operations []documentedOperation
}

// documentedOperation is an operation on the page of its resource.
type documentedOperation struct {
	*openapi.Operation

	Address    string
	Parameters []parameterView
	Body       bodyView
	Answers    []answerView
	Problems   []statusView // without those of every operation
}

type parameterView struct {
	openapi.Parameter

	Kind, Place string
}

// bodyView is a body: its fields and an example.
type bodyView struct {
	Fields  []fieldView
	Same    *openapi.Operation // the operation whose answer has these fields; nil: this one
	Example string
}

type fieldView struct {
	openapi.Field

	Same *openapi.Operation // the operation whose answer has the fields within it; nil: they follow
}

// shown are the operations of a page whose tables have the fields of a schema.
type shown map[string]*openapi.Operation

type answerView struct {
	bodyView

	Status      string
	Description openapi.Text
}

// statusView are the problems with one status.
type statusView struct {
	Status int
	Title  string
	Codes  []string
}

// problemListPage is the page of all codes of problems.
type problemListPage struct {
	docsPage
	Statuses []statusView
}

// problemShowPage is the page of one code of problems.
type problemShowPage struct {
	docsPage
	Problem    openapi.Problem
	StatusText string
	Operations []problemPlace
}

// problemPlace is an operation that answers a problem.
type problemPlace struct {
	Slug string
	*openapi.Operation
}

// docsSplynxPage is the page about the calls in the shape of Splynx.
type docsSplynxPage struct{ docsPage }

// docsMissingPage answers an address below the pages that has none.
type docsMissingPage struct{ docsPage }

// parameterPlaces are the words for where a parameter is sent.
var parameterPlaces = map[string]string{ //nolint:gochecknoglobals // a table
	"path": lang.M("in the address"), "query": lang.M("after the address"), "header": lang.M("header"),
}

// publish lets caches keep an answer that is the same for everybody for five minutes.
func publish(c *gin.Context) { c.Header("Cache-Control", "public, max-age=300") }

// Document handles GET /api/v1/openapi.json.
func (s *Server) Document(c *gin.Context) error {
	d, err := openapi.Load()
	if err != nil {
		return err
	}
	publish(c)
	c.Header("ETag", d.ETag)
	if strings.Contains(c.GetHeader("If-None-Match"), strings.TrimPrefix(d.ETag, "W/")) {
		c.Status(http.StatusNotModified)
		return nil
	}
	c.Data(http.StatusOK, "application/json; charset=utf-8", d.JSON)
	return nil
}

// DocsShow handles GET /api/docs: the contents.
func (s *Server) DocsShow(c *gin.Context) error {
	d, err := openapi.Load()
	if err != nil {
		return err
	}
	publish(c)
	return s.Render(c, http.StatusOK, "docs/home", &docsHomePage{
		docsPage: docsPage{lang.M("Overview"), "", d.Resources}, About: d.About, Topics: d.Topics, Always: byStatus(d, d.Always),
	})
}

// DocsResource handles GET /api/docs/:resource.
func (s *Server) DocsResource(c *gin.Context) error {
	d, err := openapi.Load()
	if err != nil {
		return err
	}
	r, found := d.Resource(c.Param("resource"))
	if !found {
		return s.docsMissing(c, d)
	}
	publish(c)
	p := &docsResourcePage{docsPage: docsPage{r.Name, r.Slug, d.Resources}, Resource: r}
	before := shown{}
	for _, o := range r.Operations {
		p.Operations = append(p.Operations, documented(d, o, before))
	}
	return s.Render(c, http.StatusOK, "docs/resource", p)
}

// DocsSplynx handles GET /api/docs/splynx: how the calls in the shape of Splynx differ from
// those of Splynx.
func (s *Server) DocsSplynx(c *gin.Context) error {
	d, err := openapi.Load()
	if err != nil {
		return err
	}
	publish(c)
	return s.Render(c, http.StatusOK, "docs/splynx", &docsSplynxPage{docsPage{lang.M("Programs for Splynx"), "splynx", d.Resources}})
}

// ProblemList handles GET /api/problems.
func (s *Server) ProblemList(c *gin.Context) error {
	d, err := openapi.Load()
	if err != nil {
		return err
	}
	publish(c)
	var codes []string
	for _, p := range d.Problems {
		codes = append(codes, p.Code)
	}
	return s.Render(c, http.StatusOK, "docs/problem_list", &problemListPage{docsPage{lang.M("Problems"), "problems", d.Resources}, byStatus(d, codes)})
}

// ProblemShow handles GET /api/problems/:code.
func (s *Server) ProblemShow(c *gin.Context) error {
	d, err := openapi.Load()
	if err != nil {
		return err
	}
	problem, found := d.Problem(c.Param("code"))
	if !found {
		return s.docsMissing(c, d)
	}
	publish(c)
	p := &problemShowPage{docsPage: docsPage{problem.Code, "problems", d.Resources}, Problem: problem, StatusText: titles[problem.Status]}
	for _, r := range d.Resources {
		for _, o := range r.Operations {
			if slices.Contains(o.Problems, problem.Code) {
				p.Operations = append(p.Operations, problemPlace{r.Slug, o})
			}
		}
	}
	return s.Render(c, http.StatusOK, "docs/problem", p)
}

// docsMissing answers an address that has no page. It does not repeat the address.
func (s *Server) docsMissing(c *gin.Context, d *openapi.Document) error {
	return s.Render(c, http.StatusNotFound, "docs/missing", &docsMissingPage{docsPage{lang.M("There is no such page"), "", d.Resources}})
}

// documented prepares an operation for its page.
func documented(d *openapi.Document, o *openapi.Operation, before shown) documentedOperation {
	own := slices.DeleteFunc(slices.Clone(o.Problems), func(code string) bool { return slices.Contains(d.Always, code) })
	v := documentedOperation{Operation: o, Address: Base + o.Path, Problems: byStatus(d, own)}
	for _, p := range o.Parameters {
		v.Parameters = append(v.Parameters, parameterView{p, d.Kind(p), parameterPlaces[p.In]})
	}
	if o.Body != nil {
		v.Body = viewBody(d, o.Body.Media(), shown{})
	}
	for _, r := range o.Responses {
		if r.Value.IsProblem() {
			continue
		}
		a := answerView{Status: r.Name, Description: r.Value.Description}
		if media := r.Value.Media(); media.Example != nil { // a repeated answer has the fields of the first
			a.bodyView = viewBody(d, media, before)
			if name := media.Schema.SchemaName(); name != "" && before[name] == nil {
				before[name] = o
			}
		}
		v.Answers = append(v.Answers, a)
	}
	return v
}

// viewBody prepares a body. Fields that the page has shown before are not repeated.
func viewBody(d *openapi.Document, m openapi.Media, before shown) bodyView {
	b := bodyView{Example: m.Pretty(), Same: before[m.Schema.SchemaName()]}
	if b.Same != nil {
		return b
	}
	for _, f := range d.Fields(m.Schema, func(name string) bool { return before[name] != nil }) {
		b.Fields = append(b.Fields, fieldView{f, before[f.Schema]})
	}
	return b
}

// byStatus groups codes of problems by their status, the lowest first.
func byStatus(d *openapi.Document, codes []string) []statusView {
	var list []statusView
	for _, code := range codes {
		p, _ := d.Problem(code)
		at := slices.IndexFunc(list, func(v statusView) bool { return v.Status == p.Status })
		if at < 0 {
			at = len(list)
			list = append(list, statusView{Status: p.Status, Title: titles[p.Status]})
		}
		list[at].Codes = append(list[at].Codes, code)
	}
	slices.SortFunc(list, func(a, b statusView) int { return a.Status - b.Status })
	return list
}
