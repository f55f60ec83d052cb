package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
)

// confirmation is what the dialog of a page sends that asks whether to import.
func (g *got) confirmation() url.Values {
	form := url.Values{}
	g.doc().Find("#confirm input").Each(func(_ int, in *goquery.Selection) { form.Set(in.AttrOr("name", ""), in.AttrOr("value", "")) })
	return form
}

// A page that was shown before the file was read anew confirms nothing: it names another
// number of cards, at another price.
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

	at = admin.uploadTo(sectionCustomerImport, "customers.csv", "username,name,a,b\nann,Ann,1.50,1500.00\nbob,Bob,2.50,2500.00\n").Header.Get("Location")
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
