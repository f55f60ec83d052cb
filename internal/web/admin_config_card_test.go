package web

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/fontdir"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

// withFonts makes a site look for fonts in a folder. It returns a function that installs
// the fonts of the tests' packages there.
func withFonts(t *testing.T) (edit func(*Deps), install func()) {
	t.Helper()
	dir := t.TempDir()
	return func(d *Deps) { d.Admin.Exports = d.Admin.Exports.WithFonts(fontdir.New(dir)) }, func() {
		t.Helper()
		for _, file := range []string{"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"} {
			_, err := os.Stat(file)
			require.NoError(t, err, "these tests need fonts-dejavu-core and fonts-droid-fallback; make test installs them")
			require.NoError(t, os.Symlink(file, filepath.Join(dir, filepath.Base(file))))
		}
	}
}

// words returns the filled-in form of the page with one field changed.
func words(name, value string) url.Values {
	form := url.Values{
		"card_kind": {"بطاقة شحن"}, "card_serial": {"الرقم"}, "card_series": {"السلسلة"}, "card_valid_till": {" صالحة حتى "},
		"card_line1": {"امسح الرمز أو سجّل الدخول"}, "card_line2": {""}, "card_date": {"dots"},
	}
	if name != "" {
		form.Set(name, value)
	}
	return form
}

func TestConfigCards(t *testing.T) {
	t.Parallel()
	edit, install := withFonts(t)
	install()
	s := newSite(t, edit)
	admin := s.as(db.StaffRoleAdministrator)
	english := admin.get(adminpages.SectionCards + "/picture")
	require.Equal(t, "image/svg+xml", english.Header.Get("Content-Type"))

	require.Equal(t, adminpages.SectionCards, admin.post(adminpages.SectionCards, words("", "")).Header.Get("Location"))
	require.Equal(t, setting.CardWords{
		Kind: "بطاقة شحن", Serial: "الرقم", Series: "السلسلة", ValidTill: "صالحة حتى", Line1: "امسح الرمز أو سجّل الدخول", Date: setting.DateDots,
	}, s.settings().CardWords)
	require.Contains(t, s.audits(), "setting.changed")
	page := admin.get(adminpages.SectionCards)
	require.Equal(t, "بطاقة شحن", page.one("#f-card_kind").AttrOr("value", ""))
	require.Equal(t, "31.12.2027", page.text("#f-card_date option[selected]"))
	require.NotEqual(t, english.Body, admin.get(adminpages.SectionCards+"/picture").Body)

	// Text that can't be printed is an error at its field, and the other fields keep their
	// values.
	for _, tc := range []struct{ field, value, says string }{
		{"card_kind", "شحن 🚀", "Emoji are never printed"},
		{"card_serial", "𓀀", "fonts-noto-core"},
		{"card_valid_till", "صالحة حتى هذا اليوم من هذا العام وهذا الشهر", "30 characters"},
		{"card_line2", "line \uE000", "is no letter"},
		{"card_date", "roman", "Choose how"},
	} {
		got := admin.post(adminpages.SectionCards, words(tc.field, tc.value))
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, tc.field)
		require.Contains(t, got.text("#f-"+tc.field+"-error"), tc.says)
		require.Equal(t, "السلسلة", got.one("#f-card_series").AttrOr("value", ""))
	}
	require.Equal(t, setting.DateDots, s.settings().CardWords.Date)

	// The texts are printed on the cards of a series whose partner has none of its own.
	series, _ := s.series(3)
	preview := admin.get(adminpages.SeriesURL(series.Number) + "/export/preview?" + choose("format", "pdf", "layout", "id-1", "side", "0").Encode())
	require.Equal(t, http.StatusOK, preview.Status)
	require.Contains(t, preview.Body, `id="f3g`, "a font that was found")

	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(adminpages.SectionCards).Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleAdministrator, s.North).post(adminpages.SectionCards, words("", "")).Status)
}

// A brand that can't be printed is refused in its form until its font is installed.
func TestBrandIsHeldAgainstTheFonts(t *testing.T) {
	t.Parallel()
	edit, install := withFonts(t)
	s := newSite(t, edit)
	admin := s.as(db.StaffRoleAdministrator)
	form := url.Values{"brand": {"شبكة"}, "currency": {"USD"}, "time_zone": {"UTC"}, "check_hours": {"1"}}
	got := admin.post(adminpages.SectionGeneral, form)
	require.Contains(t, got.text("#f-brand-error"), "fonts-dejavu-core")
	require.Equal(t, "شبكة", got.one("#f-brand").AttrOr("value", ""))
	install()
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionGeneral, form).Status)
	require.Equal(t, "شبكة", s.settings().Brand)

	partner := url.Values{"name": {"Sham"}, "brand": {"Sham 🚀"}, "slug": {"sham"}, "time_zone": {"UTC"}, "accent": {"#14447a"}}
	require.Contains(t, admin.post(adminpages.SectionPartners, partner).text("#f-brand-error"), "Emoji")
	partner.Set("brand", "شام")
	partner.Set("card_line1", "امسح الرمز")
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionPartners, partner).Status)
}
