package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

// The preview of an order draws the card with the words of the settings, the brand of the
// chosen partner and the form of the date, and says what can't be printed.
func TestGenerateDrawsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`update partner set brand = 'Northlight', accent = '#a3201c', card_line1 = 'Press Redeem.' where id = $1`, s.North.ID)
	admin := s.as(db.StaffRoleAdministrator)
	draw := func(form url.Values) (src, alt string) {
		img := admin.post(adminpages.SectionGenerate+"/preview", form).one("#order-preview img")
		src = img.AttrOr("src", "")
		require.True(t, strings.HasPrefix(src, "data:image/svg+xml;base64,"))
		return src, img.AttrOr("alt", "")
	}
	form := order()
	till := testClock().AddDate(1, 0, 0)
	plain, alt := draw(form)
	require.Equal(t, "The card as it is printed: Refill, USD 10.00, code QuickAccess-••••-••••-••••-••••, valid till "+till.Format("2 January 2006"), alt)

	form.Set("partner", fmt.Sprint(s.North.ID))
	north, alt := draw(form)
	require.NotEqual(t, plain, north)
	require.Contains(t, alt, "Northlight")
	s.exec(`update partner set accent = '#14683f' where id = $1`, s.North.ID)
	green, _ := draw(form)
	require.NotEqual(t, north, green, "the partner's colour")
	s.exec(`update partner set card_line1 = 'Type the code.' where id = $1`, s.North.ID)
	typed, _ := draw(form)
	require.NotEqual(t, green, typed, "the partner's words")

	words := url.Values{"card_kind": {"Top-up card"}, "card_line1": {"Go to the portal."}, "card_date": {setting.DateISO}}
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionCards, words).Status)
	form.Set("partner", "any")
	worded, alt := draw(form)
	require.NotEqual(t, plain, worded)
	require.Contains(t, alt, till.Format(time.DateOnly))

	// An unfinished form draws what is known. A partner that the person does not see shows no
	// brand.
	_, alt = draw(url.Values{})
	require.Contains(t, alt, "valid till –")
	south := s.as(db.StaffRoleAdministrator, s.South)
	form.Set("partner", fmt.Sprint(s.North.ID))
	require.NotContains(t, south.post(adminpages.SectionGenerate+"/preview", form).Body, "Northlight")

	s.exec(`update partner set brand = 'North 🚀' where id = $1`, s.North.ID)
	got := admin.post(adminpages.SectionGenerate+"/preview", form)
	got.none("#order-preview img")
	require.Contains(t, got.text("#order-preview .notice"), "Emoji are never printed")
}

// The page without script has the picture and the sum of the order, also after a mistake.
func TestGenerateShowsTheSum(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	page := admin.get(adminpages.SectionGenerate)
	page.one("#order-preview img")
	require.Empty(t, page.text("#order-sum"))
	form := order()
	got := admin.post(adminpages.SectionGenerate+"/preview", form)
	require.Equal(t, "1,000 cards × USD 10.00 = USD 10,000.00", got.text("hx-partial[hx-target='#order-sum']"))
	form.Set("prefix", "a b")
	got = admin.post(adminpages.SectionGenerate, form)
	require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	require.Empty(t, got.text("#order-sum"), "what can't be ordered has no sum")
	require.Equal(t, "Generate 1,000 cards", got.text("#generate-form button"))
}

// A link fills in the form like the person's last order. It holds nothing secret, and
// activates nothing.
func TestGenerateAsLastTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	admin.get(adminpages.SectionGenerate).none("#as-last-time")
	form := order()
	form.Set("partner", "several")
	form["partners"] = []string{fmt.Sprint(s.North.ID), fmt.Sprint(s.South.ID)}
	form.Set("valid_till", testClock().UTC().AddDate(0, 0, 90).Format(time.DateOnly))
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionGenerate, form).Status)

	link := admin.get(adminpages.SectionGenerate).one("#as-last-time")
	require.Equal(t, "As last time: 1,000 cards of USD 10.00, valid 90 days", link.Text())
	at, err := url.Parse(link.AttrOr("href", ""))
	require.NoError(t, err)
	require.Equal(t, url.Values{
		"quantity": {"1000"}, "prefix": {"QuickAccess"}, "price": {"10.00"}, "days": {"90"}, "partner": {"several"}, "partners": form["partners"],
	}, at.Query())
	page := admin.get(at.String() + "&activate=on&print_once=on")
	for field, value := range map[string]string{"quantity": "1000", "prefix": "QuickAccess", "price": "10.00", "valid_till": form.Get("valid_till")} {
		require.Equal(t, value, page.one("#f-"+field).AttrOr("value", ""), field)
	}
	require.Equal(t, "several", page.one("#f-partner option[selected]").AttrOr("value", ""))
	require.Equal(t, 2, page.doc().Find("input[name=partners][checked]").Length())
	require.Equal(t, "1,000 cards × USD 10.00 = USD 10,000.00", page.text("#order-sum"))
	page.none("#f-print_once[checked]")
	require.Equal(t, admin.get(adminpages.SectionGenerate).doc().Find("#f-activate[checked]").Length(), page.doc().Find("#f-activate[checked]").Length())

	s.as(db.StaffRoleAdministrator).get(adminpages.SectionGenerate).none("#as-last-time")
	for _, days := range []string{"-1", "0", "x", "99999999"} {
		require.Equal(t, http.StatusOK, admin.get(adminpages.SectionGenerate+"?days="+days).Status)
	}
}

// The page of a card shows it as it is printed, with its code masked; for a member of staff
// who may see the card.
func TestCardPicture(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(2, s.North)
	at := adminpages.SeriesURL(series.Number) + "/cards/1"
	src := admin.get(at).one("img.card-picture").AttrOr("src", "")
	got := admin.get(src)
	require.Equal(t, http.StatusOK, got.Status)
	require.Equal(t, "image/svg+xml", got.Header.Get("Content-Type"))
	require.Equal(t, "no-store", got.Header.Get("Cache-Control"))
	require.NotEqual(t, got.Body, admin.get(adminpages.SeriesURL(series.Number)+"/cards/2/picture").Body)
	require.Equal(t, http.StatusNotFound, s.as(db.StaffRoleAdministrator, s.South).get(src).Status)
	require.Equal(t, http.StatusNotFound, admin.get(adminpages.SeriesURL(series.Number)+"/cards/3/picture").Status)
	s.exec(`update card set code_sealed = '', shredded = true where series_id = $1 and serial = 2`, series.ID)
	require.Equal(t, http.StatusOK, admin.get(adminpages.SeriesURL(series.Number)+"/cards/2/picture").Status)
}
