package web

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// Forms offer the enabled partners, and a disabled one, marked as such, only if it is
// already chosen. A form can be sent as shown.
func TestFormsOfferEnabledPartners(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	here, _ := s.series(3, s.North)
	anyones, _ := s.series(3)
	anna, carol := s.newCustomer("anna.north", s.North), s.newCustomer("carol.south", s.South)
	clerk := s.newStaff("clerk", db.StaffRoleCashier, s.North)
	s.exec(fmt.Sprintf(`update card set partner_id = %d where series_id = %d and serial = 2`, s.North.ID, here.ID))
	s.exec(fmt.Sprintf(`update partner set disabled_at = now() where id = %d`, s.North.ID))
	north, south := fmt.Sprintf("option[value='%d']", s.North.ID), fmt.Sprintf("option[value='%d']", s.South.ID)

	for _, path := range []string{adminpages.SectionGenerate, adminpages.SeriesURL(anyones.Number) + "/edit", adminpages.CustomerURL(carol) + "/edit", adminpages.CustomerNew, adminpages.SeriesURL(anyones.Number)} {
		page := admin.get(path)
		require.Equal(t, http.StatusOK, page.Status, path)
		require.Equal(t, "South", page.text("main select[name=partner] "+south), path)
		page.none("main select[name=partner] " + north)
	}
	for _, path := range []string{adminpages.SeriesURL(here.Number) + "/edit", adminpages.CustomerURL(anna) + "/edit", adminpages.SeriesURL(here.Number) + "/cards/2"} {
		page := admin.get(path)
		require.Equal(t, "North (disabled)", page.text("main select[name=partner] "+north+"[selected]"), path)
		page.one("main select[name=partner] " + south)
	}
	seriesURL := adminpages.SeriesURL(here.Number)
	form := admin.get(seriesURL + "/edit").filled("#edit-form")
	form.Set("prefix", "Other")
	require.Equal(t, http.StatusOK, admin.post(seriesURL+"/edit", form).Status, "it says what would follow")

	box := fmt.Sprintf("#f-%s", adminpages.PartnerField(s.North.ID))
	admin.get(adminpages.SectionStaff + "/new").none(box)
	page := admin.get(adminpages.StaffURL(clerk))
	page.one(box + "[checked]")
	require.Contains(t, page.text("label[for='"+box[1:]+"']"), "North (disabled)")
}
