package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/accent"
	"refill/internal/db"
)

// look is what a partner's customers see of it. The zero look is the product's.
type look struct {
	Slug    string
	CSS     string // address of its style sheet; empty: no colour of its own
	Logo    string // address of its logo; empty: none
	Width   int32  // of the logo
	Height  int32
	Welcome string
	Help    string
}

// Wordmark reports whether the logo is so wide that it will hold the name.
func (l look) Wordmark() bool { return l.Width >= 2*l.Height }

// brandPath is where looks are served.
const brandPath = "/brand/"

// newLook puts a look together. The version is part of each address, so that
// browsers may keep the files for ever.
func newLook(partnerID, version int64, accentColor string, slug *string, width, height int32) look {
	l := look{Width: width, Height: height}
	file := fmt.Sprintf("%s%d-%d", brandPath, partnerID, version)
	if accentColor != "" {
		l.CSS = file + ".css"
	}
	if width > 0 {
		l.Logo = file + ".png"
	}
	if slug != nil {
		l.Slug = *slug
	}
	return l
}

// The grounds of the portal that links must be read on: in static/css/portal.css
// the darker of the light theme's two, the lighter of the dark one's.
var (
	lightGround = accent.Color{R: 0xf4, G: 0xf5, B: 0xf6} //nolint:gochecknoglobals // constants, were structs allowed to be
	darkGround  = accent.Color{R: 0x18, G: 0x1e, B: 0x24} //nolint:gochecknoglobals // likewise
)

// lookSheet is the style sheet of a brand's colour: only variables, for both
// themes, each made so that it can be read. Buttons keep the colour as chosen,
// with black or white on it; pressed, they move away from their text.
func lookSheet(c accent.Color) string {
	ink := c.Ink()
	away := accent.Black
	if ink == accent.Black {
		away = accent.White
	}
	sheet := func(ground accent.Color) string {
		return fmt.Sprintf("--accent:%s;--accent-hover:%s;--accent-ink:%s;--link:%s", c, c.Mix(away, 0.18), ink, c.On(ground, accent.TextContrast))
	}
	return ":root{" + sheet(lightGround) + "}\n@media (prefers-color-scheme:dark){:root{" + sheet(darkGround) + "}}\n"
}

// brandFile serves GET /brand/{partner}-{version}.css and .png. An address of
// another version, from a page made before a change, gets what is there now but
// may not keep it.
func (s *Server) brandFile(c *gin.Context) error {
	stem, kind, _ := strings.Cut(c.Param("file"), ".")
	idText, versionText, _ := strings.Cut(stem, "-")
	id, err := strconv.ParseInt(idText, 10, 64)
	if err != nil {
		return errNotFound
	}
	ctx := c.Request.Context()
	row, err := db.New().PartnerLook(ctx, s.Pool, db.PartnerLookParams{ID: id})
	if isNoRows(err) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	body, mime, err := s.brandBody(ctx, row, kind)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-cache")
	if versionText == strconv.FormatInt(row.LookVersion, 10) {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	c.Data(http.StatusOK, mime, body)
	return nil
}

func (s *Server) brandBody(ctx context.Context, row db.PartnerLookRow, kind string) (body []byte, mime string, err error) {
	switch kind {
	case "css":
		color, err := accent.Parse(row.Accent)
		if err != nil {
			return nil, "", errNotFound
		}
		return []byte(lookSheet(color)), "text/css; charset=utf-8", nil
	case "png":
		logo, err := db.New().PartnerLogoGet(ctx, s.Pool, row.ID)
		if isNoRows(err) {
			return nil, "", errNotFound
		}
		return logo.Png, "image/png", err
	}
	return nil, "", errNotFound
}

// wear gives a page that nobody has signed in to the look of the partner whose
// name stands in the address. A partner that is not there, or closed, gives the
// product's own, so that nothing is told.
func (s *Server) wear(ctx context.Context, p *page, slug string) error {
	if slug == "" {
		return nil
	}
	row, err := db.New().PartnerLook(ctx, s.Pool, db.PartnerLookParams{Slug: slug})
	if isNoRows(err) || err == nil && row.DisabledAt != nil {
		return nil
	}
	if err != nil {
		return err
	}
	p.Brand = row.Brand
	if p.Brand == "" {
		p.Brand = row.Name
	}
	p.Look = newLook(row.ID, row.LookVersion, row.Accent, row.Slug, row.LogoWidth, row.LogoHeight)
	p.Look.Help = row.Help
	return nil
}
