package web

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

// postLogo sends the form of a partner with a logo.
func (b *browser) postLogo(path string, fields map[string]string, file []byte) *got {
	b.site.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for key, value := range fields {
		require.NoError(b.site.t, w.WriteField(key, value))
	}
	part, err := w.CreateFormFile("logo", "picture.png")
	require.NoError(b.site.t, err)
	_, err = part.Write(file)
	require.NoError(b.site.t, err)
	require.NoError(b.site.t, w.Close())
	return b.do(http.MethodPost, path, body.String(), "Content-Type", w.FormDataContentType())
}

// logoFile returns a small dark picture.
func logoFile(t *testing.T, width, height int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		m.Pix[i] = color.Gray{Y: 40}.Y
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

func TestAdminPartner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.Contains(t, admin.get(adminpages.SectionPartners).text("tbody"), "North")
	require.Equal(t, "#f-time_zone-list", "#"+admin.get(adminpages.SectionPartners+"/new").one("#f-time_zone").AttrOr("list", ""))
	fields := map[string]string{"name": "Café", "brand": "Café Link", "slug": "cafe", "time_zone": "Europe/Paris", "accent": "#ffd400", "help": "Call 555"}

	wrong := admin.postLogo(adminpages.SectionPartners, map[string]string{"name": "Café", "accent": "yellow", "time_zone": "Europe/Paris"}, nil)
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Equal(t, "Café", wrong.one("#f-name").AttrOr("value", ""))
	require.Contains(t, wrong.text("#f-accent-error"), "#1f4e79")
	for says, file := range map[string][]byte{
		"must be a PNG or JPEG": []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>`),
		"up to 256 KB":          make([]byte, 3<<20),
		"too many pixels":       logoFile(t, 8000, 5000), // forty million pixels, in a file within the size limit
	} {
		refused := admin.postLogo(adminpages.SectionPartners, fields, file)
		require.Equal(t, http.StatusUnprocessableEntity, refused.Status, says)
		require.Contains(t, refused.text("#f-logo-error"), says)
		require.NotContains(t, refused.Body, "alert(")
		require.Equal(t, "Café", refused.one("#f-name").AttrOr("value", ""), "what was typed is kept")
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, admin.postLogo(adminpages.SectionPartners, fields, make([]byte, 65<<20)).Status)

	made := admin.postLogo(adminpages.SectionPartners, fields, logoFile(t, 100, 50))
	require.Equal(t, http.StatusSeeOther, made.Status, made.Body)
	to := made.Header.Get("Location")
	shown := admin.get(to)
	require.Equal(t, "Refill", shown.text(".topbar .brand"), "the page's own name is not the partner's")
	logo := admin.get(shown.one(".logo-plate img").AttrOr("src", ""))
	require.Equal(t, "image/png", logo.Header.Get("Content-Type"))
	require.Equal(t, "nosniff", logo.Header.Get("X-Content-Type-Options"))
	require.Contains(t, logo.Header.Get("Cache-Control"), "immutable")
	require.Equal(t, http.StatusUnprocessableEntity, admin.postLogo(adminpages.SectionPartners, fields, nil).Status, "the name is taken")

	require.Contains(t, shown.text("main"), "/r/cafe")
	require.NotContains(t, shown.text("main"), "Former names")
	drawn := shown.one("main img.card-picture").AttrOr("src", "")
	fields["slug"] = "lien"
	require.Equal(t, http.StatusSeeOther, admin.postLogo(to, fields, nil).Status)
	require.Contains(t, admin.get(to).text("main"), "/r/lien")
	require.Contains(t, admin.get(to).text("section[aria-labelledby=former-title]"), "cafe")
	require.NotEqual(t, drawn, admin.get(to).one("main img.card-picture").AttrOr("src", ""), "the card shows the address")
	fields["slug"] = "admin"
	require.Contains(t, admin.postLogo(to, fields, nil).text("#f-slug-error"), "kept for pages of the portal")
	fields["slug"] = "cafe"

	fields["brand"] = "Café Lien"
	require.Equal(t, http.StatusSeeOther, admin.postLogo(to, fields, nil).Status)
	require.NotEqual(t, shown.one(".logo-plate img").AttrOr("src", ""), admin.get(to).one(".logo-plate img").AttrOr("src", ""), "the logo stays, at a new address")
	require.Equal(t, http.StatusSeeOther, admin.post(to+"/logo/remove", nil).Status)
	admin.get(to).none(".logo-plate")
	require.Equal(t, []string{"partner.created", "partner.changed", "partner.changed", "partner.changed"}, only(s.audits(), "partner."))
}

// only returns the actions that begin with a noun.
func only(actions []string, noun string) []string {
	var kept []string
	for _, a := range actions {
		if strings.HasPrefix(a, noun) {
			kept = append(kept, a)
		}
	}
	return kept
}

func TestAdminPartnerOfOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	clerk := s.as(db.StaffRoleAdministrator, s.North)
	require.NotContains(t, clerk.get(adminpages.SectionPartners).Body, "South")
	clerk.get(adminpages.SectionPartners).none("a[href='" + adminpages.SectionPartners + "/new']")
	require.Equal(t, http.StatusForbidden, clerk.get(adminpages.SectionPartners+"/new").Status)
	require.Equal(t, http.StatusForbidden, clerk.post(adminpages.SectionPartners, nil).Status)
	require.Equal(t, http.StatusOK, clerk.get(adminpages.PartnerURL(s.North.ID)).Status)
	missing := clerk.get(adminpages.PartnerURL(999_999))
	foreign := clerk.get(adminpages.PartnerURL(s.South.ID))
	require.Equal(t, http.StatusNotFound, foreign.Status)
	require.Equal(t, missing.text("main"), foreign.text("main"))
	for _, act := range []string{"", "/disable", "/enable", "/logo/remove"} {
		require.Equal(t, http.StatusNotFound, clerk.post(adminpages.PartnerURL(s.South.ID)+act, nil).Status, act)
	}
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(adminpages.SectionPartners).Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleOperator).post(adminpages.PartnerURL(s.North.ID)+"/disable", nil).Status)
}

// When a partner is disabled, its customers are signed out at once, nobody can redeem for
// them, and nothing new can be made for the partner.
func TestAdminPartnerDisable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	anna := s.asCustomer("anna", s.North)
	ben := s.asCustomer("ben", s.South)
	_, codes := s.series(2)
	require.Contains(t, admin.get(adminpages.PartnerURL(s.North.ID)).text("#disable p"), "1 customer will be signed out")
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.PartnerURL(s.North.ID)+"/disable", nil).Status)
	require.Equal(t, http.StatusConflict, admin.post(adminpages.PartnerURL(s.North.ID)+"/disable", nil).Status)
	require.Equal(t, http.StatusSeeOther, anna.get(portal.SectionHome).Status, "signed out")
	require.Equal(t, http.StatusOK, ben.get(portal.SectionHome).Status)
	require.Equal(t, http.StatusUnprocessableEntity, anna.post("/portal/login", map[string][]string{"username": {"anna"}, "password": {testPassword}}).Status)
	admin.get(adminpages.SectionGenerate).none(fmt.Sprintf("#f-partner option[value='%d']", s.North.ID))

	redeem := func() error {
		_, err := s.Server.admin.Cards.Redeem(t.Context(), audit.ByStaff(admin.ID, audit.Everything()), card.Redemption{CustomerID: anna.ID, Code: codes[0], Key: uuid.New()})
		return err
	}
	require.ErrorIs(t, redeem(), card.ErrPartner)
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.PartnerURL(s.North.ID)+"/enable", nil).Status)
	require.NoError(t, redeem())
	require.Equal(t, http.StatusSeeOther, anna.get(portal.SectionHome).Status, "they sign in anew")
	anna.signIn(kit.DoorCustomer, "anna")
	require.Equal(t, http.StatusOK, anna.get(portal.SectionHome).Status)
}

// Customers see their partner's branding before and after signing in.
func TestPortalLook(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	fields := map[string]string{
		"name": "North", "brand": "Northlight", "slug": "north", "time_zone": "Europe/Berlin", "accent": "#ffd400",
		"welcome": "Good to see you.", "help": "Call 555 0100.",
	}
	require.Equal(t, http.StatusSeeOther, admin.postLogo(adminpages.PartnerURL(s.North.ID), fields, logoFile(t, 60, 60)).Status)
	stranger := s.browser()
	door := stranger.get("/portal/login?partner=north")
	require.Contains(t, door.text("header"), "Northlight")
	door.one("header img.brand-logo")
	sheet := stranger.get(door.one("link[href^='/brand/']").AttrOr("href", ""))
	require.Equal(t, "text/css; charset=utf-8", sheet.Header.Get("Content-Type"))
	require.Contains(t, sheet.Body, "--accent:#ffd400;")
	require.Contains(t, sheet.Body, "--accent-ink:#000000;", "black on yellow")
	require.NotContains(t, sheet.Body, "--link:#ffd400;--", "yellow links could not be read on a light ground")
	for _, slug := range []string{"", "?partner=", "?partner=nobody", "?partner=../x"} {
		stranger.get("/portal/login" + slug).none("link[href^='/brand/']")
	}
	for _, file := range []string{"1", "x-1.css", fmt.Sprintf("%d-1.svg", s.North.ID), fmt.Sprintf("%d-1.css", s.South.ID), "999999-1.png"} {
		require.Equal(t, http.StatusNotFound, stranger.get(kit.BrandPath+file).Status, file)
	}
	require.Equal(t, "no-cache", stranger.get(fmt.Sprintf("%s%d-1.css", kit.BrandPath, s.North.ID)).Header.Get("Cache-Control"), "an address of before")

	anna := s.asCustomer("anna", s.North)
	home := anna.get(portal.SectionHome)
	home.one("link[href^='/brand/']")
	require.Contains(t, home.text("main"), "Good to see you.")
	require.Contains(t, anna.get(portal.SectionRedeem).text("main"), "Call 555 0100.")
	out := anna.post("/portal/logout", nil)
	require.Equal(t, "/portal/login?partner=north", out.Header.Get("Location"), "the look stays")
	s.asCustomer("carol", s.South).get(portal.SectionHome).none("link[href^='/brand/']")

	s.exec(`update partner set disabled_at = now() where id = $1`, s.North.ID)
	stranger.get("/portal/login?partner=north").none("link[href^='/brand/']")
}
