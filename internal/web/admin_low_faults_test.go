package web

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/kit"
)

// A new customer tells all mistakes at once, those too that the database knows of.
func TestNewCustomerTellsAllMistakes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newCustomer("taken", s.North)
	s.exec(`update partner set disabled_at = now() where id = $1`, s.South.ID)
	admin := s.as(db.StaffRoleAdministrator)
	got := admin.post(adminpages.CustomerNew, url.Values{
		"key": {uuid.NewString()}, "name": {""}, "username": {"taken"}, "partner": {fmt.Sprint(s.South.ID)}, "email": {"nowhere"}, "phone": {"call me"},
	})
	require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	for field, code := range map[string]string{
		"name": "customer_name", "username": "customer_username_taken", "partner": "partner_closed", "email": "customer_email", "phone": "customer_phone",
	} {
		require.Equal(t, code, got.fault(field), field)
	}
}

// The colour picker of a partner without a colour shows the product's own colour, which is
// that of the style sheet of the portal.
func TestColourPickerShowsTheDefault(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.Equal(t, kit.OwnAccent, admin.get(adminpages.SectionPartners+"/new").one("[data-colours]").AttrOr("value", ""))
	s.exec(`update partner set accent = '#aa0000' where id = $1`, s.North.ID)
	require.Equal(t, "#aa0000", admin.get(adminpages.PartnerURL(s.North.ID)).one("[data-colours]").AttrOr("value", ""))
	sheet, err := os.ReadFile("../../static/css/portal.css")
	require.NoError(t, err)
	require.Equal(t, kit.OwnAccent, regexp.MustCompile(`--accent: (#[0-9a-f]{6})`).FindStringSubmatch(string(sheet))[1])
}

// A refusal that is not about the code stands above the form, not beside the code.
func TestRefusalHangsOnItsField(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.newCustomer("anna", s.North)
	_, codes := s.series(1)
	s.exec(`update customer set disabled_at = now() where id = $1`, anna)
	admin := s.as(db.StaffRoleAdministrator)
	got := admin.post(adminpages.CustomerURL(anna)+"/redeem", url.Values{"key": {uuid.NewString()}, "code": codes})
	require.NotEqual(t, http.StatusSeeOther, got.Status)
	require.NotEmpty(t, got.fault(""))
	got.none(`li[data-fault] a[href="#f-code"]`)
	got.none("#f-code-error")
}

// Every table of a staff page has a head over its last column.
func TestHeadsReachTheLastColumn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.series(1)
	s.exec(`insert into river_queue (name, updated_at) values ('generate', now()) on conflict do nothing`)
	admin := s.as(db.StaffRoleAdministrator)
	for _, path := range []string{adminpages.SectionJobs, adminpages.SectionAudit, adminpages.SectionSeries, adminpages.SectionStatistics, adminpages.SectionCustomers, adminpages.SectionStaff, adminpages.SectionPartners} {
		got := admin.get(path)
		got.none("thead td")
	}
}

// Lists of partners and of staff are sorted by a press on a head, and back by the next one.
func TestShortListsAreSorted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newCustomer("sue", s.South)
	admin := s.as(db.StaffRoleAdministrator)
	s.newStaff("aaron", db.StaffRoleCashier)
	first := func(page *got) string {
		return strings.TrimSpace(page.doc().Find("tbody tr").First().Find("td").First().Text())
	}
	press := func(page *got, head string) *got {
		return admin.get(page.one("th.at-"+head+" a").AttrOr("href", ""))
	}
	list := press(admin.get(adminpages.SectionPartners), "customers")
	require.Equal(t, "South", first(list))
	require.Equal(t, "descending", list.one("th.at-customers").AttrOr("aria-sort", ""))
	require.Equal(t, "North", first(press(list, "customers")))
	list = press(admin.get(adminpages.SectionStaff), "username")
	require.Equal(t, "Test aaron", first(list))
	require.NotEqual(t, "Test aaron", first(press(list, "username")))
}
