package kit

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/accent"
	"refill/internal/db"
)

// Look is the branding of a partner, as its customers see it. The zero value is the look of
// the product itself.
type Look struct {
	Slug    string
	CSS     string // address of its style sheet; empty: no colour of its own
	Logo    string // address of its logo; empty: none
	Width   int32  // of the logo
	Height  int32
	Welcome string
	Help    string
	Test    bool // a test partner
}

// Wordmark reports whether the logo is at least twice as wide as high. Such a logo shows
// the partner's name, so pages do not repeat the name beside it.
func (l Look) Wordmark() bool { return l.Width >= 2*l.Height }

// BrandPath is the URL prefix of the style sheets and logos of partners.
const BrandPath = "/brand/"

// ScanPath is the address that a card's QR code leads to. The name of a partner in addresses
// may follow.
const ScanPath = "/r"

// NewLook returns the look of a partner. The version is part of each URL, so that browsers
// can cache the files for ever.
func NewLook(partnerID, version int64, accentColor string, slug *string, width, height int32) Look {
	l := Look{Width: width, Height: height}
	file := fmt.Sprintf("%s%d-%d", BrandPath, partnerID, version)
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

// The background colours of the portal against which links must be readable.
// static/css/portal.css has two for each theme; these are the darker one of the light theme
// and the lighter one of the dark theme.
var (
	LightGround = accent.Color{R: 0xf4, G: 0xf5, B: 0xf6} //nolint:gochecknoglobals // constants, were structs allowed to be
	DarkGround  = accent.Color{R: 0x18, G: 0x1e, B: 0x24} //nolint:gochecknoglobals // likewise
)

// OwnAccent is the product's own colour, which a partner without a colour has.
const OwnAccent = "#0b5a75"

// lookSheet returns the style sheet for a partner's colour. It only sets CSS variables, for
// the light and the dark theme. Links get a shade that is readable on the background.
// Buttons keep the colour as chosen, with black or white text; their hover colour has more
// contrast to that text.
func lookSheet(c accent.Color) string {
	ink := c.Ink()
	away := accent.Black
	if ink == accent.Black {
		away = accent.White
	}
	sheet := func(ground accent.Color) string {
		return fmt.Sprintf("--accent:%s;--accent-hover:%s;--accent-ink:%s;--link:%s", c, c.Mix(away, 0.18), ink, c.On(ground, accent.TextContrast))
	}
	return ":root{" + sheet(LightGround) + "}\n@media (prefers-color-scheme:dark){:root{" + sheet(DarkGround) + "}}\n"
}

// BrandFile serves GET /brand/{partner}-{version}.css and .png. A URL of another version
// comes from a page that was rendered before a change. It gets the current file, without
// permission to cache it.
func (s *Kit) BrandFile(c *gin.Context) error {
	stem, kind, _ := strings.Cut(c.Param("file"), ".")
	idText, versionText, _ := strings.Cut(stem, "-")
	id, err := strconv.ParseInt(idText, 10, 64)
	if err != nil {
		return ErrNotFound
	}
	ctx := c.Request.Context()
	row, err := db.Need(db.New().PartnerLook(ctx, s.Pool, db.PartnerLookParams{ID: id})).Or(ErrNotFound, "read the look of a partner")
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

func (s *Kit) brandBody(ctx context.Context, row db.PartnerLookRow, kind string) (body []byte, mime string, err error) {
	switch kind {
	case "css":
		color, err := accent.Parse(row.Accent)
		if err != nil {
			return nil, "", ErrNotFound
		}
		return []byte(lookSheet(color)), "text/css; charset=utf-8", nil
	case "png":
		logo, err := db.Need(db.New().PartnerLogoGet(ctx, s.Pool, row.ID)).Or(ErrNotFound, "read the logo of a partner")
		return logo.Png, "image/png", err
	}
	return nil, "", ErrNotFound
}

// ApplyBranding gives a page without a session the look of the partner whose present or
// former name is in the URL. For an unknown or disabled partner the page keeps the look of the product, so that
// it does not reveal which partners exist.
func (s *Kit) ApplyBranding(ctx context.Context, p *Page, slug string) error {
	if slug == "" {
		return nil
	}
	return s.applyLook(ctx, p, db.PartnerLookParams{Slug: slug})
}

// BrandPartner is ApplyBranding for the partner of a person who has shown a secret of theirs.
func (s *Kit) BrandPartner(ctx context.Context, p *Page, partnerID int64) error {
	return s.applyLook(ctx, p, db.PartnerLookParams{ID: partnerID})
}

func (s *Kit) applyLook(ctx context.Context, p *Page, which db.PartnerLookParams) error {
	row, found, err := db.Found(db.New().PartnerLook(ctx, s.Pool, which))
	if err != nil {
		return err
	}
	if !found || row.DisabledAt != nil {
		return nil
	}
	p.Brand = row.Brand
	if p.Brand == "" {
		p.Brand = row.Name
	}
	p.Look = NewLook(row.ID, row.LookVersion, row.Accent, row.Slug, row.LogoWidth, row.LogoHeight)
	p.Look.Help, p.Look.Test = row.Help, row.Test
	if p.Look.Slug == "" {
		p.Look.Slug = which.Slug // a former name of a partner that has none now
	}
	return nil
}

// brandCookie names the cookie with the partner that a browser was last signed in at, by its
// name in addresses. Pages without a session keep its look.
const brandCookie = "refill-brand"

// brandLifetime is how long the browser keeps it.
const brandLifetime = 400 * 24 * time.Hour

// RememberBrand keeps the look of the visitor's partner for pages without a session.
func (s *Kit) RememberBrand(c *gin.Context, slug string) {
	if s.rememberedBrand(c) == slug {
		return
	}
	s.SetCookie(c, s.HostCookie(c, brandCookie), slug, int(brandLifetime.Seconds()))
}

func (s *Kit) rememberedBrand(c *gin.Context) string {
	cookie, err := c.Request.Cookie(s.HostCookie(c, brandCookie))
	if err != nil || !IsCleanText(cookie.Value) {
		return ""
	}
	return cookie.Value
}

// Dress is ApplyBranding by the name of an address. Without one, and with a name that no
// partner has, it takes the partner that the browser was last signed in at.
func (s *Kit) Dress(c *gin.Context, p *Page, slug string) error {
	for _, name := range []string{strings.ToLower(slug), s.rememberedBrand(c)} {
		if err := s.ApplyBranding(c.Request.Context(), p, name); err != nil || p.Look.Slug != "" {
			return err
		}
	}
	return nil
}
