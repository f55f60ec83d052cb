package web

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// Staff pages write times in one form and name their zone once. A negative amount has a
// true minus, and a zero in a table is muted. Files keep the form that programs read.
func TestFiguresAndTimesHaveOneForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made, _ := s.series(2)
	anna := s.newCustomer("anna", s.North)
	admin := s.as(db.StaffRoleAdministrator)
	for _, amount := range []string{"5.00", "-5.00", "-3.50"} {
		paid := admin.post(adminpages.CustomerURL(anna)+"/billing/payments/add", url.Values{"key": {uuid.NewString()}, "type": {"correction"}, "amount": {amount}, "comment": {"counted again"}})
		require.Equal(t, http.StatusSeeOther, paid.Status, paid.Body)
	}
	form := regexp.MustCompile(`^\d{1,2} [A-Z][a-z]{2} \d{4}, \d{2}:\d{2}$`)
	for path, zone := range map[string]string{
		adminpages.SectionAudit: "UTC", adminpages.SeriesURL(made.Number): "UTC", adminpages.SectionStaff: "UTC",
		adminpages.CustomerURL(anna): "Europe/Berlin", adminpages.CustomerURL(anna) + "/billing/payments": "Europe/Berlin",
		adminpages.StaffReceiptURL(anna, 1): "Europe/Berlin",
	} {
		page := admin.get(path)
		require.Equal(t, "Times are in "+zone+".", page.text(".zone-note"), path)
		times := page.doc().Find("#main time")
		require.Positive(t, times.Length(), path)
		for i := range times.Length() {
			require.Regexp(t, form, times.Eq(i).Text(), path)
		}
	}
	payments := admin.get(adminpages.CustomerURL(anna) + "/billing/payments")
	require.Contains(t, payments.text("tbody:first-of-type tr:first-child [data-label=Sum]"), "USD −3.50")
	require.Contains(t, payments.doc().Find(".zero").Text(), "USD 0.00")
	require.NotContains(t, payments.doc().Find("table").Text(), "USD -")
	require.Contains(t, admin.get(adminpages.CustomerURL(anna)+"/billing/payments?format=csv").Body, "-3.50")
}
