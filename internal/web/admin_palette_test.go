package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// suggest asks for what the palette shows of a text.
func (b *browser) suggest(text string) *got {
	return b.post(adminpages.SectionFind+"/suggest", url.Values{"find": {text}})
}

// groups are the titles of the groups of results, in their order.
func (g *got) groups() []string {
	return g.doc().Find(".palette-title").Map(func(_ int, title *goquery.Selection) string { return title.Text() })
}

// The palette finds what pages print: a card in every form, a series by number and prefix, a
// payment, a customer whatever the spaces and accents, a page and an action.
func TestPaletteFinds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(1200, s.North)
	jose := s.newCustomer("1143", s.North)
	s.exec(`update customer set name = 'José  Núñez' where id = $1`, jose)
	s.redeem(series, 7, jose)
	admin := s.as(db.StaffRoleAdministrator)
	for _, text := range []string{series.Number + " / 1,143", series.Number + "-1143", series.Number + "-0001143"} {
		found := admin.suggest(text)
		require.Equal(t, http.StatusOK, found.Status, text)
		require.Equal(t, "Cards", found.groups()[0], text)
		require.Contains(t, found.text("[data-forms]"), series.Number+"-1143", text)
		require.Equal(t, adminpages.CardURL(series.Number, 1143), found.doc().Find("[role=option]").First().AttrOr("href", ""), text)
	}
	for _, text := range []string{series.Prefix, strings.ToLower(series.Prefix[:4]), series.Number, series.Number[:5]} {
		require.Contains(t, admin.suggest(text).text("[data-forms]"), series.Number, text)
	}
	for _, text := range []string{"jose  nunez", "JOSÉ Nú", "nunez"} {
		require.Contains(t, admin.suggest(text).text("[data-forms]"), "1143, North", text)
	}
	require.Equal(t, []string{"Customers", "Cards", "Search"}, admin.suggest("1143").groups(), "an exact username comes before the serial")
	page := admin.find("1143")
	require.Less(t, strings.Index(page.Body, "customers-title"), strings.Index(page.Body, "cards-title"))

	var payment int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from payment where customer_id = $1`, jose).Scan(&payment))
	for _, text := range []string{fmt.Sprint(payment), fmt.Sprintf("#%d", payment), fmt.Sprintf("Payment %d", payment), fmt.Sprintf("receipt %d", payment)} {
		require.Contains(t, admin.suggest(text).Body, adminpages.StaffReceiptURL(jose, payment), text)
		require.Contains(t, admin.find(text).Body, adminpages.StaffReceiptURL(jose, payment), text)
	}
	require.Contains(t, admin.suggest("code rul").Body, adminpages.SectionVouchers)
	require.Contains(t, admin.suggest("gen car").Body, adminpages.SectionGenerate)
	require.Equal(t, []string{"Actions", "Pages"}, admin.suggest("").groups())
	require.Equal(t, "Nothing matches", admin.suggest("%_%").one("[data-says]").AttrOr("data-says", ""))

	south := s.as(db.StaffRoleAdministrator, s.South)
	for _, text := range []string{series.Number + "-7", series.Number, "jose", fmt.Sprintf("payment %d", payment)} {
		require.Equal(t, []string{"Search"}, south.suggest(text).groups(), text)
	}
	require.Zero(t, s.charges())
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionModules, url.Values{}).Status)
	require.NotContains(t, admin.suggest("").Body, adminpages.SectionGenerate)
	require.NotContains(t, admin.suggest(series.Number+"-7").Body, "/cards/")
	require.Contains(t, admin.suggest("jose").groups(), "Customers")
}

// What the palette offers, the person may open.
func TestPaletteOffersWhatIsAllowed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	people := map[string]*browser{"administrator of one partner": s.as(db.StaffRoleAdministrator, s.North)}
	for _, role := range db.AllStaffRoleValues() {
		people[string(role)] = s.as(role)
	}
	for name, b := range people {
		links := b.suggest("").doc().Find("[role=option]")
		require.Positive(t, links.Length(), name)
		for _, link := range links.EachIter() {
			require.Equal(t, http.StatusOK, b.get(link.AttrOr("href", "")).Status, "%s: %s", name, link.AttrOr("href", ""))
		}
	}
	require.NotContains(t, people["cashier"].suggest("").Body, adminpages.SectionGenerate)
	require.NotContains(t, people["operator"].suggest("").Body, adminpages.CustomerNew)
	require.Equal(t, http.StatusUnauthorized, s.browser().suggest("").Status)
}

// A text that may be a code is only looked up by the POST that Enter sends. While a person
// types, or in a URL, such a text finds nothing, counts as no attempt, leaves no row in the
// audit trail, and is neither in the log nor in a link.
func TestCodesAreNotSearchedAsTyped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, codes := s.series(3, s.North)
	admin := s.as(db.StaffRoleAdministrator)
	bare := strings.ReplaceAll(strings.TrimPrefix(codes[0], series.Prefix+"-"), "-", "")
	wrong := strings.Replace(codes[0], codes[0][len(codes[0])-1:], "2", 1)
	for _, text := range []string{codes[0], strings.ToLower(codes[0]), bare, strings.ReplaceAll(codes[0], "-", " "), bare[:len(bare)-4], wrong, "o" + bare[1:], "https://cards.example/r#" + codes[0]} {
		typed := admin.suggest(text)
		require.Equal(t, http.StatusOK, typed.Status, text)
		require.Equal(t, 1, typed.doc().Find("[data-held]").Length(), text)
		require.Contains(t, typed.one("[data-says]").AttrOr("data-says", ""), "Press Enter", text)
		typed.none("[role=option]")
		page := admin.get(adminpages.SectionFind + "?q=" + url.QueryEscape(text))
		require.Equal(t, http.StatusOK, page.Status, text)
		require.Contains(t, page.text("#held"), "may be the code of a card", text)
		require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
		require.Equal(t, "no-referrer", page.Header.Get("Referrer-Policy"))
		page.one("[data-forgets]")
		page.none("main a[href*='/cards/']")
		require.NotContains(t, admin.post(adminpages.SectionFind, url.Values{"find": {text}}).Header.Get("Location"), "q=", text)
		s.exec(`delete from guess`)
	}
	s.exec(`delete from guess`)
	before := len(s.audits()) // the searches by POST are in the trail
	admin.suggest(codes[0])
	admin.get(adminpages.SectionFind + "?q=" + url.QueryEscape(codes[0]))
	require.Zero(t, s.charges())
	require.Len(t, s.audits(), before)
	for _, secret := range []string{codes[0], strings.ToLower(codes[0]), bare, url.QueryEscape(codes[0])} {
		require.NotContains(t, s.Log.String(), secret)
	}

	require.Equal(t, adminpages.CardURL(series.Number, 1), admin.find(codes[0]).Header.Get("Location"))
	admin.find(s.unknownCode())
	require.Equal(t, 1, s.charges(), "one attempt")
}

// A search that can't be a code has an address: it can be loaded again, and the box holds it.
func TestSearchHasAnAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newCustomer("anna.north", s.North)
	admin := s.as(db.StaffRoleAdministrator)
	to := admin.post(adminpages.SectionFind, url.Values{"find": {" anna  n "}})
	require.Equal(t, http.StatusSeeOther, to.Status)
	require.Equal(t, adminpages.SectionFind+"?q=anna++n", to.Header.Get("Location"))
	for range 2 {
		page := admin.get(adminpages.SectionFind + "?q=anna")
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.text(".found"), "Test anna.north")
		for _, box := range []string{"#f-anything", "#f-again", "#palette-text"} {
			require.Equal(t, "anna", page.one(box).AttrOr("value", ""), box)
		}
		page.none("[data-forgets]")
	}
	require.Equal(t, http.StatusOK, admin.get(adminpages.SectionFind).Status)
	require.Equal(t, http.StatusOK, admin.get(adminpages.SectionFind+"?q="+strings.Repeat("ä", 5000)).Status)
	require.Zero(t, s.charges())
}

// The message about a code that the person may not look up is true, although the card can be
// redeemed.
func TestUnknownCodeIsToldTruly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(3) // for all partners, so not among the cards of staff of one
	id := s.newCustomer("anna", s.North)
	cashier := s.as(db.StaffRoleCashier, s.North)
	for _, code := range []string{codes[0], s.unknownCode()} {
		found := cashier.find(code)
		require.Equal(t, http.StatusUnprocessableEntity, found.Status)
		require.Contains(t, found.text(".notice-bad"), card.ErrUnknownHere.Text())
		require.Contains(t, found.text("#redeem-hint"), "open the customer")
		require.NotContains(t, found.text("main"), "There is no card")
	}
	require.Equal(t, http.StatusSeeOther, cashier.post(adminpages.CustomerURL(id)+"/redeem", url.Values{"code": {codes[0]}, "key": {uuid.NewString()}}).Status)
	everywhere := s.as(db.StaffRoleAdministrator).find(s.unknownCode())
	require.Contains(t, everywhere.text(".notice-bad"), "There is no card with this code")
	everywhere.none("#redeem-hint")

	s.exec(`update role set permissions = array_remove(permissions, 'cards.view') where key = 'cashier'`)
	found := s.as(db.StaffRoleCashier, s.North).find(codes[1])
	require.Equal(t, http.StatusOK, found.Status)
	require.Contains(t, found.text("main"), "You may not look cards up. To redeem a code, open the customer and use Redeem.")
}
