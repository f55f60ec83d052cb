package portal

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/lang"
	"refill/internal/web/kit"
)

// The addresses that make the portal an app on a phone.
const (
	ManifestPath = "/portal/manifest.webmanifest"
	WorkerPath   = "/portal/worker.js"
	OfflinePath  = "/portal/offline"
)

// ground is the background of the portal in the light theme, as in static/css/portal.css.
const ground = "#f4f5f6"

// manifest is a web app manifest.
type manifest struct {
	Name       string `json:"name"`
	ShortName  string `json:"short_name"`
	ID         string `json:"id"`
	StartURL   string `json:"start_url"`
	Scope      string `json:"scope"`
	Display    string `json:"display"`
	Background string `json:"background_color"`
	Theme      string `json:"theme_color"`
	Icons      []icon `json:"icons"`
}

type icon struct {
	Src   string `json:"src"`
	Sizes string `json:"sizes"`
	Type  string `json:"type"`
}

// Manifest handles GET /portal/manifest.webmanifest, under the name of the partner that the
// address names.
func (s *Server) Manifest(c *gin.Context) error {
	p := s.Page(c, "", "")
	if err := s.ApplyBranding(c.Request.Context(), &p, c.Query("partner")); err != nil {
		return err
	}
	m := manifest{
		Name: p.Brand, ShortName: p.Brand, ID: SectionHome, StartURL: SectionHome, Scope: SectionHome, Display: "standalone",
		Background: ground, Theme: ground,
	}
	for _, one := range []icon{{"img/favicon.svg", "any", "image/svg+xml"}, {"img/icon-192.png", "192x192", "image/png"}, {"img/icon-512.png", "512x512", "image/png"}} {
		var err error
		if one.Src, err = s.AssetURL(one.Src); err != nil {
			return err
		}
		m.Icons = append(m.Icons, one)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "application/manifest+json", body)
	return nil
}

// robots keeps crawlers at the first page and the sign-in of customers. Other pages of the
// portal need a session, and hold nothing for a search.
const robots = "User-agent: *\nDisallow: /admin\nDisallow: /api\nDisallow: /r\nDisallow: /portal/help\n"

// Robots handles GET /robots.txt.
func (s *Server) Robots(c *gin.Context) error {
	c.String(http.StatusOK, robots)
	return nil
}

// kept are the static files that the service worker keeps, with the offline page and nothing
// else.
var kept = []string{ //nolint:gochecknoglobals // a table
	"css/portal.css", "js/app.js", "js/portal.js", "vendor/htmx.min.js", "vendor/icons.svg", "img/mark.svg", "img/favicon.svg",
}

// Worker handles GET /portal/worker.js: the service worker, with the addresses of this
// version's files in it.
func (s *Server) Worker(c *gin.Context) error {
	files := []string{OfflinePath}
	for _, name := range kept {
		to, err := s.AssetURL(name)
		if err != nil {
			return err
		}
		files = append(files, to)
	}
	list, err := json.Marshal(files)
	if err != nil {
		return err
	}
	body := bytes.Replace(s.Asset("js/worker.js"), []byte("LIST"), list, 1)
	c.Header("Cache-Control", "no-cache")
	c.Header("Service-Worker-Allowed", SectionHome)
	c.Data(http.StatusOK, "text/javascript; charset=utf-8", body)
	return nil
}

// offlinePage is what the service worker shows where the portal can't be reached.
type offlinePage struct{ kit.Page }

// Offline handles GET /portal/offline. The page holds nothing of a person.
func (s *Server) Offline(c *gin.Context) error {
	return s.Render(c, http.StatusOK, "portal/offline", &offlinePage{s.Page(c, lang.M("You are offline"), "")})
}
