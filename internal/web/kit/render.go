package kit

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"refill/templates"
)

// views holds the templates with the functions of one server. Each page has a set of
// templates: its own file, the layout of its side, and the partials.
type views struct {
	functions template.FuncMap
	mu        sync.Mutex
	sets      map[string]*template.Template // by page, such as "admin/series_list"; filled on first use
}

// Templates returns the template set of every page, parsed once per process. Callers only
// clone a set and never execute it, because html/template can't clone a set after its
// execution.
var Templates = sync.OnceValues(func() (map[string]*template.Template, error) { //nolint:gochecknoglobals // what is embedded does not change
	// Parsing only needs the names of the functions.
	functions := (&Kit{assets: &assets{}}).functions()
	base, err := template.New("").Option("missingkey=error").Funcs(functions).ParseFS(templates.FS, "partials/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the partials: %w", err)
	}
	sets := map[string]*template.Template{}
	files, err := fs.Glob(templates.FS, "*/*.html")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		side := path.Dir(file)
		if side == "partials" || side == "layout" {
			continue
		}
		set, err := base.Clone()
		if err == nil {
			set, err = set.ParseFS(templates.FS, "layout/"+side+".html", file)
		}
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", file, err)
		}
		sets[strings.TrimSuffix(file, ".html")] = set
	}
	return sets, nil
})

// newViews returns the views of a server. It fails if a template of any page does not
// parse.
func newViews(functions template.FuncMap) (*views, error) {
	_, err := Templates()
	return &views{functions: functions, sets: map[string]*template.Template{}}, err
}

// set returns the template set of a page.
func (v *views) set(view string) (*template.Template, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if set, ok := v.sets[view]; ok {
		return set, nil
	}
	sets, err := Templates()
	if err != nil {
		return nil, err
	}
	one, ok := sets[view]
	if !ok {
		return nil, fmt.Errorf("no page %q", view)
	}
	set, err := one.Clone()
	if err != nil {
		return nil, fmt.Errorf("clone %s: %w", view, err)
	}
	v.sets[view] = set.Funcs(v.functions)
	return set, nil
}

// execute renders one template of a page's set into a buffer, so that an error in the
// middle does not send half a page.
func (v *views) execute(view, name string, data any) (*bytes.Buffer, error) {
	set, err := v.set(view)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", view, err)
	}
	return &b, nil
}

// Render responds with a page. An HTMX request gets it without the layout, unless the
// request is boosted or restores history: these need a whole page.
func (s *Kit) Render(c *gin.Context, status int, view string, data any) error {
	name := "layout"
	if wantsFragment(c) {
		name = "main"
	}
	return s.write(c, status, view, name, data)
}

// Part responds to an HTMX request with one fragment of a page, and to any other request
// with the whole page. data is the struct of the page, which the fragment takes too.
// Handlers use it to show a form again with its errors (422).
func (s *Kit) Part(c *gin.Context, status int, view, fragment string, data any) error {
	if !wantsFragment(c) {
		fragment = "layout"
	}
	return s.write(c, status, view, fragment, data)
}

// Fragment responds with one fragment, to HTMX and other requests alike. It is for URLs
// that serve nothing else.
func (s *Kit) Fragment(c *gin.Context, status int, view, fragment string, data any) error {
	return s.write(c, status, view, fragment, data)
}

// Buffer renders one fragment, for a response that another handler writes.
func (s *Kit) Buffer(view, fragment string, data any) (*bytes.Buffer, error) {
	return s.views.execute(view, fragment, data)
}

func (s *Kit) write(c *gin.Context, status int, view, name string, data any) error {
	if p, ok := data.(framed); ok {
		p.frame(status >= http.StatusBadRequest, name != "layout")
	}
	body, err := s.views.execute(view, name, data)
	if err != nil {
		return err
	}
	c.Header("Vary", "HX-Request")
	c.Data(status, "text/html; charset=utf-8", body.Bytes())
	return nil
}

// NoPermissions is the Permissions-Policy of every page that sets none itself.
const NoPermissions = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

// AnswerHeader is on every answer of the portal. Scripts put no answer without it into a
// page, because a gateway or a hotspot has sent it.
const AnswerHeader = "Refill-Answer"

// Redirect redirects the browser after an action. htmx would follow a 303 and put the page
// into its target. An HTMX request therefore gets the header HX-Redirect, which makes the
// browser load the page.
func (s *Kit) Redirect(c *gin.Context, to string) error {
	if IsHTMX(c) {
		c.Header("HX-Redirect", to)
		c.Status(http.StatusNoContent)
		return nil
	}
	c.Redirect(http.StatusSeeOther, to)
	return nil
}

// IsHTMX reports whether a request is an HTMX request.
func IsHTMX(c *gin.Context) bool { return c.GetHeader("HX-Request") == "true" }

// wantsFragment reports whether the response replaces a part of a page that is already
// loaded.
func wantsFragment(c *gin.Context) bool {
	return IsHTMX(c) && c.GetHeader("HX-Boosted") == "" && c.GetHeader("HX-History-Restore-Request") == ""
}
