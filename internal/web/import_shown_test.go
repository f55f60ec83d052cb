package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// confirmation returns the form of the dialog that asks whether to import.
func (g *got) confirmation() url.Values {
	form := url.Values{}
	g.doc().Find("#confirm input").Each(func(_ int, in *goquery.Selection) { form.Set(in.AttrOr("name", ""), in.AttrOr("value", "")) })
	return form
}

// A page that was shown before the file was read again can't confirm the import: it names
// another number of cards, at another price.
func TestConfirmedIsWhatWasShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	at := s.checked(admin, "cards.csv", "code\nAA11BB2201\nAA11BB2202\n", url.Values{"default_price": {"10"}})
	stale := admin.get(at)
	require.Contains(t, stale.text("#confirm"), "USD 20.00")
	form := admin.get(at + "?columns=1").plan()
	form.Set("default_price", "1000")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/plan", form).Status)
	s.work(at)
	require.Equal(t, http.StatusConflict, admin.post(at+"/confirm", stale.confirmation()).Status)
	require.Equal(t, http.StatusConflict, admin.post(at+"/confirm", nil).Status, "a form that does not say what was shown")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/confirm", admin.get(at).confirmation()).Status)

	at = admin.uploadTo(adminpages.SectionCustomerImport, "customers.csv", "username,name,a,b\nann,Ann,1.50,1500.00\nbob,Bob,2.50,2500.00\n").Header.Get("Location")
	for _, column := range []string{"3", "4"} {
		form := admin.get(at + "?columns=1").customerPlan()
		form.Set("balance", column)
		form.Set("default_partner", "1")
		require.Equal(t, http.StatusSeeOther, admin.post(at+"/plan", form).Status)
		s.workCustomers(at)
		if column == "3" {
			stale = admin.get(at)
			require.Contains(t, stale.text("#confirm"), "USD 4.00")
		}
	}
	require.Equal(t, http.StatusConflict, admin.post(at+"/confirm", stale.confirmation()).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/confirm", admin.get(at).confirmation()).Status)
}

// The page of an import does not announce cards whose last day has passed. Afterwards it
// shows what was imported, not what was expected.
func TestImportPageTellsWhatCameOfIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	at := s.checked(admin, "old.csv", "code,price,valid till\nAA11BB2201,5.00,2020-01-31\nAA11BB2202,5.00,2020-01-31\nAA11BB2203,5.00,2090-01-31\n", nil)
	page := admin.get(at)
	require.Contains(t, page.text("#confirm"), "2 cards worth USD 10.00 have passed their last day: nobody can redeem them.")
	require.Contains(t, page.text("#groups-title + .table-wrap"), "Expired")
	at = s.checked(admin, "gone.csv", "code,price,valid till\nCA11BB2201,5.00,2020-01-31\n", nil)
	require.NotContains(t, admin.get(at).text("#confirm"), "as soon as")
	require.Contains(t, admin.get(at).text("#confirm"), "1 card worth USD 5.00 has passed its last day: nobody can redeem it.")

	both := []string{s.checked(admin, "one.csv", oddCodes, nil), s.checked(admin, "two.csv", oddCodes+"AA11BB2299,5.00\n", nil)}
	for _, at := range both {
		require.Equal(t, http.StatusSeeOther, admin.post(at+"/confirm", admin.get(at).confirmation()).Status)
		s.work(at)
	}
	page = admin.get(both[1])
	require.Contains(t, page.text("main"), "Cards imported1of 6 that the dry run found", "five came in with the other file")
	require.Contains(t, page.text("#groups-title"), "as the dry run found them")
	require.NotContains(t, admin.get(both[0]).text("#groups-title"), "dry run")

	at = s.checked(admin, "stopped.csv", "code,price\nBA11BB2201,5.00\nBA11BB2202,5.00\nBA11BB2203,5.00\n", nil)
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/confirm", admin.get(at).confirmation()).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/cancel", nil).Status)
	require.Contains(t, admin.get(at).text("main"), "goes on where it stopped")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/void", url.Values{"reason": {"wrong file"}}).Status)
	require.NotContains(t, admin.get(at).text("main"), "goes on")
	require.NotContains(t, admin.get(at).text("main"), "go on")
}

// Text typed on the dashboard may be a code, and is in no URL.
func TestDashboardSearchIsInNoAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newCustomer("anna", s.North)
	s.series(1)
	page := s.as(db.StaffRoleAdministrator).get("/admin")
	page.doc().Find("main form").Each(func(_ int, form *goquery.Selection) {
		require.Equal(t, "post", form.AttrOr("method", "get"), form.AttrOr("action", ""))
	})
	s.as(db.StaffRoleCashier, s.North).get("/admin").one("main form[action='/admin/find'][method=post] input[name=find]")
}
