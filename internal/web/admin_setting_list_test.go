package web

import (
	"net/http"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// The settings page lists the entries that a person may open, and each of them responds.
// The menu shows the same entries while the person is on one of them, and only then.
func TestSettingsAreListed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	links := func(page *got, selector string) (list []string) {
		page.doc().Find(selector).Each(func(_ int, a *goquery.Selection) { list = append(list, a.AttrOr("href", "")) })
		return list
	}
	admin := s.as(db.StaffRoleAdministrator)
	page := admin.get(adminpages.SectionSettings)
	all := links(page, ".setting-list a")
	require.Contains(t, all, adminpages.SectionVouchers)
	require.Len(t, all, 11)
	require.Equal(t, all, links(page, ".menu-sub a"))
	for _, to := range all {
		require.Equal(t, http.StatusOK, admin.get(to).Status, to)
	}
	admin.get("/admin").none(".menu-sub")
	admin.get("/admin").one(`.menu a[href="` + adminpages.SectionSettings + `"]`)

	require.Equal(t, []string{adminpages.SectionPortal, adminpages.SectionIntegrations, adminpages.SectionWebhooks}, links(s.as(db.StaffRoleAdministrator, s.North).get(adminpages.SectionSettings), ".setting-list a"))
	cashier := s.as(db.StaffRoleCashier)
	require.Equal(t, http.StatusForbidden, cashier.get(adminpages.SectionSettings).Status)
	cashier.get("/admin").none(`.menu a[href="` + adminpages.SectionSettings + `"]`)
}
