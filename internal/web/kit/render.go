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

// views are the templates with the functions of one server, one set a page: its own
// file, its side's layout, and the partials.
type views struct {
	functions template.FuncMap
	mu        sync.Mutex
	sets      map[string]*template.Template // "admin/series_list"; those that were asked for
}

// Templates is every page of package templates, parsed once in a process. It is cloned, and
// never executed.
var Templates = sync.OnceValues(func() (map[string]*template.Template, error) { //nolint:gochecknoglobals // what is embedded does not change
	// Only the names of the functions count here.
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
		layout := "layout/admin.html"
		if side == "portal" {
			layout = "layout/portal.html"
		}
		set, err := base.Clone()
		if err == nil {
			set, err = set.ParseFS(templates.FS, layout, file)
		}
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", file, err)
		}
		sets[strings.TrimSuffix(file, ".html")] = set
	}
	return sets, nil
})

// newViews returns every page of package templates; it fails on one that does not parse.
func newViews(functions template.FuncMap) (*views, error) {
	_, err := Templates()
	return &views{functions: functions, sets: map[string]*template.Template{}}, err
}

// set returns the templates of a page.
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

// execute writes one template of a page's set into a buffer, so that an error
// half-way leaves no half page.
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

// Render answers with a page. The layout is left out for htmx, unless it wants a
// whole page: boosted, or restoring history.
func (s *Kit) Render(c *gin.Context, status int, view string, data any) error {
	name := "layout"
	if wantsFragment(c) {
		name = "main"
	}
	return s.write(c, status, view, name, data)
}

// Part answers with one fragment of a page for htmx, and with the whole page
// for everyone else: data is the page's struct, which the fragment takes too.
// It is what a form's handler uses when there is something to mend (422).
func (s *Kit) Part(c *gin.Context, status int, view, fragment string, data any) error {
	if !wantsFragment(c) {
		fragment = "layout"
	}
	return s.write(c, status, view, fragment, data)
}

// Fragment answers with one fragment, to htmx and to others. It is for addresses that
// give nothing else.
func (s *Kit) Fragment(c *gin.Context, status int, view, fragment string, data any) error {
	return s.write(c, status, view, fragment, data)
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
// page: a gateway or a hotspot has sent that.
const AnswerHeader = "Refill-Answer"

// Redirect sends the visitor on after something was done. htmx follows a 303
// like a browser does but would put the page it finds into its target, so it is
// told to load it instead.
func (s *Kit) Redirect(c *gin.Context, to string) error {
	if IsHTMX(c) {
		c.Header("HX-Redirect", to)
		c.Status(http.StatusNoContent)
		return nil
	}
	c.Redirect(http.StatusSeeOther, to)
	return nil
}

// IsHTMX reports whether htmx asks.
func IsHTMX(c *gin.Context) bool { return c.GetHeader("HX-Request") == "true" }

// wantsFragment reports whether the answer goes into a part of a page that is
// already there.
func wantsFragment(c *gin.Context) bool {
	return IsHTMX(c) && c.GetHeader("HX-Boosted") == "" && c.GetHeader("HX-History-Restore-Request") == ""
}
