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

// The list of customers is sorted by its heads, in pages, also within a search.
func TestCustomersAreSorted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	s.exec(`insert into customer (partner_id, username, name) select $1, 'many' || n, 'Many ' || lpad(n::text, 2, '0') from generate_series(1, 60) n`, s.North.ID)
	s.exec(`insert into account (kind, customer_id, currency, balance, version) select 'customer', id, 'USD', id * 100, 1 from customer where username like 'many%'`)
	names := func(page *got) []string {
		return page.doc().Find("tbody td.on-left").Map(func(_ int, one *goquery.Selection) string { return one.Text() })
	}
	page := admin.get(adminpages.SectionCustomers + "?q=many")
	require.Equal(t, "Many 60", names(page)[0], "the newest first")
	page = admin.get(page.one("th.at-name a").AttrOr("href", ""))
	require.Equal(t, "ascending", page.one("th.at-name").AttrOr("aria-sort", ""))
	require.Equal(t, []string{"Many 01", "Many 50"}, []string{names(page)[0], names(page)[49]})
	next := admin.get(page.one("a[rel=next]").AttrOr("href", ""))
	require.Equal(t, "Many 51", names(next)[0])
	next.none("a[rel=next]")
	require.Equal(t, "Many 01", names(admin.get(next.one("a[rel=prev]").AttrOr("href", "")))[0])
	page = admin.get(page.one("th.at-name a").AttrOr("href", ""))
	require.Equal(t, "Many 60", names(page)[0], "again: the other way round")
	page = admin.get(page.one("th.at-balance a").AttrOr("href", ""))
	require.Equal(t, "descending", page.one("th.at-balance").AttrOr("aria-sort", ""), "the highest balance first")
	require.Equal(t, "Many 60", names(page)[0])

	require.Empty(t, names(s.as(db.StaffRoleAdministrator, s.South).get(adminpages.SectionCustomers+"?q=many&sort=name")), "of their partners alone")
	require.Equal(t, "/admin/customers?q=many&sort=-name", admin.post(adminpages.SectionCustomers, url.Values{"q": {"many"}, "sort": {"-name"}}).Header.Get("Location"))
	_, codes := s.series(1)
	secret := admin.post(adminpages.SectionCustomers, url.Values{"q": {codes[0]}, "sort": {"name"}})
	require.Equal(t, http.StatusOK, secret.Status)
	secret.none("th a") // no address holds what may be a code
	for _, odd := range []string{"email", "--name", "name;", "-"} {
		require.Equal(t, http.StatusOK, admin.get(adminpages.SectionCustomers+"?sort="+url.QueryEscape(odd)).Status)
	}
}
