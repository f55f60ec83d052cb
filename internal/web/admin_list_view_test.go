package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/staff"
	adminpages "refill/internal/web/admin"
)

// A person names the filters of a list, finds them above the table, and is alone with them.
func TestSavedViews(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	anna := s.newCustomer("viewed", s.North)
	payments := fmt.Sprintf("/admin/customers/%d/billing/payments", anna)
	for at, filters := range map[string]string{
		adminpages.SectionSeries:    "partner=1&status=active",
		adminpages.SectionCustomers: "status=disabled",
		payments:                    "type=cash",
		adminpages.SectionAudit:     "what=series.",
	} {
		page := admin.get(at + "?" + filters + "&page=3&before=9999&unknown=1")
		save := page.one(".saved-views a").AttrOr("href", "")
		admin.get(at).none(".saved-views")
		form := admin.get(save)
		entries := url.Values{"name": {" "}}
		for _, name := range []string{"at", "query"} {
			entries.Set(name, form.one("input[name="+name+"]").AttrOr("value", ""))
		}
		refused := admin.post(adminpages.SectionViews, entries)
		require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
		require.Contains(t, refused.text("#f-name-error"), "1 to 40 characters")
		entries.Set("name", "Mine")
		saved := admin.post(adminpages.SectionViews, entries)
		require.Equal(t, at+"?"+mustEncode(t, filters), saved.Header.Get("Location"), "the known filters alone")
		page = admin.get(at)
		require.Equal(t, "Mine", page.text(".saved-views .words a"))
		page = admin.get(page.one(".saved-views .words a").AttrOr("href", ""))
		require.Equal(t, "true", page.one(".saved-views .words a").AttrOr("aria-current", ""))
		require.NotContains(t, page.text(".saved-views"), "Save this view", "it is saved")
		s.as(db.StaffRoleAdministrator).get(at).none(".saved-views")
	}
}

func mustEncode(t *testing.T, query string) string {
	t.Helper()
	values, err := url.ParseQuery(query)
	require.NoError(t, err)
	return values.Encode()
}

// Views are renamed and deleted by their owner alone, and never hold what may be a code.
func TestSavedViewsAreChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	at := adminpages.SectionSeries
	save := func(name, query string) *got {
		return admin.post(adminpages.SectionViews, url.Values{"at": {at}, "query": {query}, "name": {name}})
	}
	require.Equal(t, http.StatusSeeOther, save("One", "status=active").Status)
	require.Equal(t, http.StatusSeeOther, save("Two", "status=locked").Status)
	require.Equal(t, http.StatusSeeOther, save("Two", "status=ready").Status, "the same name gets the new filters")
	require.Equal(t, 2, admin.get(at).doc().Find(".saved-views .words a").Length())

	row := admin.get(adminpages.SectionViews + "?at=" + at).one(".views li:last-child form")
	self, field := row.AttrOr("action", ""), row.Find("input.form-control").AttrOr("name", "")
	taken := admin.post(self, url.Values{"at": {at}, field: {"One"}})
	require.Equal(t, http.StatusUnprocessableEntity, taken.Status)
	require.Contains(t, taken.text(".views .form-error"), "Another view of this list has this name.")
	require.Equal(t, "One", taken.one("#f-"+field).AttrOr("value", ""), "what was typed is still there")
	require.Equal(t, http.StatusSeeOther, admin.post(self, url.Values{"at": {at}, field: {"Three"}}).Status)
	require.Contains(t, admin.get(at).text(".saved-views"), "Three")

	for _, foreign := range []*got{other.post(self, url.Values{"at": {at}, field: {"Stolen"}}), other.post(self+"/delete", url.Values{"at": {at}})} {
		require.Equal(t, http.StatusNotFound, foreign.Status)
	}
	require.Equal(t, http.StatusSeeOther, admin.post(self+"/delete", url.Values{"at": {at}}).Status)
	require.Equal(t, 1, admin.get(at).doc().Find(".saved-views .words a").Length())

	_, codes := s.series(1)
	for name, query := range map[string]string{"Code": "q=" + url.QueryEscape(codes[0]), codes[0]: "status=active"} {
		refused := save(name, query)
		require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
		require.Contains(t, refused.text("#f-name-error"), "can’t hold what may be the code")
	}
	for _, elsewhere := range []string{"", "/admin/jobs", "//evil.example/", "https://evil.example/admin/customers", "/admin/customers/1/billing/payments/../x"} {
		require.Equal(t, http.StatusNotFound, admin.post(adminpages.SectionViews, url.Values{"at": {elsewhere}, "query": {"status=active"}, "name": {"X"}}).Status, elsewhere)
	}
	for i := range staff.MostViews - 1 {
		require.Equal(t, http.StatusSeeOther, save(fmt.Sprint("View ", i), "status=active").Status)
	}
	require.Contains(t, save("One more", "status=active").text("#f-name-error"), "20 saved views already")
	require.Equal(t, http.StatusSeeOther, save("One", "status=void").Status)
}
