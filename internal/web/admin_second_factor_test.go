package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/staff/stafftest"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
)

// factor holds the secret and the recovery codes of a second factor.
type factor struct {
	secret string
	codes  []string
}

// setUpFactor sets up a second factor by the form.
func (b *browser) setUpFactor() factor {
	b.site.t.Helper()
	page := b.get(admin.SectionFactor)
	require.Equal(b.site.t, http.StatusOK, page.Status)
	f := factor{secret: strings.ReplaceAll(page.text("#secret"), " ", "")}
	on := b.post(admin.SectionFactor, url.Values{
		"offer": {page.one("input[name=offer]").AttrOr("value", "")}, "code": {b.site.code(f)}, "password": {testPassword},
	})
	require.Equal(b.site.t, http.StatusOK, on.Status, on.Body)
	for _, one := range on.doc().Find(".recovery-codes li").EachIter() {
		f.codes = append(f.codes, one.Text())
	}
	require.Len(b.site.t, f.codes, 10)
	return f
}

// code returns the code that the phone shows, as if it had not been used yet.
func (s *site) code(f factor) string {
	s.t.Helper()
	s.exec(`update staff_second_factor set last_step = 0`)
	return stafftest.Code(s.t, f.secret, testClock())
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleAdministrator)
	b, elsewhere := s.browser(), s.browser()
	b.signIn(kit.DoorStaff, "anna")
	elsewhere.signIn(kit.DoorStaff, "anna")
	require.Equal(t, "Off", b.get(admin.SectionAccount).text(".state"))

	page := b.get(admin.SectionFactor)
	require.NotEmpty(t, page.one("svg.symbol path").AttrOr("d", ""))
	offer := page.one("input[name=offer]").AttrOr("value", "")
	wrong := b.post(admin.SectionFactor, url.Values{"offer": {offer}, "code": {"12"}, "password": {testPassword}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	wrong.one("#f-code-error")
	require.Equal(t, page.text("#secret"), wrong.text("#secret"), "the picture that was scanned stays")
	require.NotEqual(t, page.text("#secret"), b.post(admin.SectionFactor, url.Values{"offer": {"1.AAAA"}, "code": {"123456"}}).text("#secret"))

	before := b.token()
	f := b.setUpFactor()
	require.NotEqual(t, before, b.token(), "another token from now on")
	thief := s.browser()
	thief.plant(before)
	require.Equal(t, http.StatusSeeOther, thief.get("/admin").Status, "and the one before is worth nothing")
	require.Equal(t, http.StatusOK, b.get("/admin").Status, "still signed in here")
	require.Equal(t, http.StatusSeeOther, elsewhere.get("/admin").Status, "and nowhere else")
	require.Equal(t, "On", b.get(admin.SectionAccount).text(".state"))
	b.get(admin.SectionFactor).none(".recovery-codes")
	require.Contains(t, b.get(admin.SectionFactor).text("main"), "10 of 10")

	// The password only gives access to the page for the code.
	form := credentials("anna", testPassword)
	form.Set("next", "/admin/account")
	asked := elsewhere.post("/admin/login", form)
	require.Equal(t, admin.CodePath+"?next=%2Fadmin%2Faccount", asked.Header.Get("Location"))
	require.Equal(t, http.StatusSeeOther, elsewhere.get("/admin").Status)
	field := elsewhere.get(asked.Header.Get("Location")).one("#f-code")
	require.Equal(t, "one-time-code", field.AttrOr("autocomplete", ""))
	require.Equal(t, "numeric", field.AttrOr("inputmode", ""))
	refused := elsewhere.post(admin.CodePath, url.Values{"code": {"12"}, "next": {"/admin/account"}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	refused.one("#f-code-error")
	require.Equal(t, "/admin/account", refused.one("input[name=next]").AttrOr("value", ""))
	in := elsewhere.post(admin.CodePath, url.Values{"code": {s.code(f)}, "next": {"/admin/account"}})
	require.Equal(t, "/admin/account", in.Header.Get("Location"))
	require.Equal(t, http.StatusOK, elsewhere.get("/admin").Status)
	require.Equal(t, "/admin/login", elsewhere.post(admin.CodePath, url.Values{"code": {s.code(f)}}).Header.Get("Location"), "once")

	// Without the phone a recovery code works, once.
	lost := s.browser()
	lost.post("/admin/login", credentials("anna", testPassword))
	require.Equal(t, "Recovery code", lost.get(admin.CodePath+"?with=recovery").text(`label[for="f-code"]`))
	require.Equal(t, "/admin", lost.post(admin.CodePath, url.Values{"code": {f.codes[0]}, "with": {"recovery"}}).Header.Get("Location"))
	lost.post("/admin/login", credentials("anna", testPassword))
	again := lost.post(admin.CodePath, url.Values{"code": {f.codes[0]}, "with": {"recovery"}})
	require.Equal(t, http.StatusUnprocessableEntity, again.Status)
	require.Equal(t, "Recovery code", again.text(`label[for="f-code"]`))
	require.Contains(t, b.get(admin.SectionFactor).text("main"), "9 of 10")

	made := b.post(admin.SectionFactor+"/codes", url.Values{"code": {s.code(f)}, "password": {testPassword}})
	require.Equal(t, 10, made.doc().Find(".recovery-codes li").Length())
	require.Equal(t, http.StatusUnprocessableEntity, b.post(admin.SectionFactor+"/off", url.Values{"code": {s.code(f)}, "password": {"not-this-one"}}).Status)
	off := b.post(admin.SectionFactor+"/off", url.Values{"code": {s.code(f)}, "password": {testPassword}})
	require.Equal(t, admin.SectionAccount, off.Header.Get("Location"))
	require.Equal(t, "Off", b.get(admin.SectionAccount).text(".state"))
	require.Subset(t, s.audits(), []string{
		"staff.second_factor_on", "staff.code_asked", "staff.signed_in", "staff.recovery_code_used", "staff.code_failed",
		"staff.recovery_codes_made", "staff.second_factor_off",
	})
	for _, secret := range append(f.codes, f.secret, testPassword) {
		require.NotContains(t, s.Log.String(), secret)
	}
}

func TestCodesAreLimitedAtTheDoor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleAdministrator)
	b := s.browser()
	b.signIn(kit.DoorStaff, "anna")
	f := b.setUpFactor()
	b = s.browser()
	b.post("/admin/login", credentials("anna", testPassword))
	for range 5 {
		require.Equal(t, http.StatusUnprocessableEntity, b.post(admin.CodePath, url.Values{"code": {"aaaabbbbcccc"}}).Status)
	}
	barred := b.post(admin.CodePath, url.Values{"code": {s.code(f)}})
	require.Equal(t, http.StatusTooManyRequests, barred.Status)
	require.Contains(t, barred.text(`[role="alert"]`), "Too many wrong codes")
	s.exec(`update sign_in_step set expires_at = now()`)
	over := b.post(admin.CodePath, url.Values{"code": {s.code(f)}, "next": {"/admin/account"}})
	require.Equal(t, "/admin/login?next=%2Fadmin%2Faccount", over.Header.Get("Location"))
	require.Contains(t, b.get("/admin/login").text(`[role="status"]`), "This sign-in is over")
	require.Equal(t, "/admin/login", s.browser().get(admin.CodePath).Header.Get("Location"), "without a password there is no second step")
}

// If the setting requires a second factor, no other page is open before it is set up.
func TestSecondFactorIsRequired(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.as(db.StaffRoleAdministrator)
	general := b.get(admin.SectionGeneral)
	_, on := general.one("#f-staff_factor").Attr("checked")
	require.False(t, on)
	require.Equal(t, http.StatusSeeOther, b.post(admin.SectionGeneral, url.Values{"brand": {"Refill"}, "time_zone": {"UTC"}, "staff_factor": {"on"}}).Status)
	for _, r := range s.Server.routes {
		if r.who.door != kit.DoorStaff || r.who.beforeFactor || r.path == kit.EventsPath {
			continue
		}
		got := b.do(r.method, samplePath(r.path), "", "Content-Type", formType)
		if r.method == get {
			require.Equal(t, admin.SectionFactor, got.Header.Get("Location"), r.path)
		} else {
			require.Equal(t, http.StatusForbidden, got.Status, r.path)
		}
	}
	require.Equal(t, admin.SectionFactor, b.htmx("/admin").Header.Get("HX-Redirect"))
	page := b.get(admin.SectionFactor)
	page.none("nav.menu")
	require.Contains(t, page.text("main"), "Staff must use a second factor here")
	b.setUpFactor()
	require.Equal(t, http.StatusOK, b.get("/admin").Status)
	_, on = b.get(admin.SectionGeneral).one("#f-staff_factor").Attr("checked")
	require.True(t, on)
}
