package web

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

func TestDashboard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.Equal(t, 1, admin.get("/admin").doc().Find(".setup a[href='"+adminpages.SectionGenerate+"']").Length())
	series, codes := s.series(4)
	anna := s.asCustomer("anna", s.North)
	require.Equal(t, http.StatusSeeOther, anna.redeem(codes[0]).Status)
	page := admin.get("/admin")
	require.Contains(t, page.text(".tiles"), "OutstandingUSD 30.00")
	require.Contains(t, page.text(".tiles"), "Redeemed todayUSD 10.00")
	require.Equal(t, 30, page.doc().Find("[data-bar]").Length())
	require.Equal(t, 1, page.doc().Find(".chart-bar").Length(), "of today")
	s.exec(`update series set valid_till = current_date + 3`)
	require.Contains(t, admin.get("/admin").text(".attention"), fmt.Sprintf("Series %s expires on", series.Number))
	south := s.as(db.StaffRoleAdministrator, s.South)
	require.NotContains(t, south.get("/admin").Body, "USD 10.00", "of another partner")
	operator := s.as(db.StaffRoleOperator).get("/admin")
	operator.none("input[name=q]")
}

// Many unknown codes at one partner raise an alarm for staff who may see it.
func TestGuessesRaiseAnAlarm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.change(func(v *setting.Settings) { v.WrongPartner = 2 })
	anna, admin := s.asCustomer("anna", s.North), s.as(db.StaffRoleAdministrator)
	code := s.unknownCode()
	for range 2 {
		require.Equal(t, http.StatusUnprocessableEntity, anna.redeem(code).Status)
	}
	admin.get("/admin").none(".notice-bad")
	anna.redeem(code)
	page := admin.get("/admin")
	require.Contains(t, page.text(".notice-bad[role=alert]"), "customers of North tried 3 codes that no card has")
	trail := admin.get(page.one(".notice-bad a").AttrOr("href", ""))
	require.Equal(t, 3, trail.doc().Find("table tbody tr").Length())
	require.Contains(t, s.as(db.StaffRoleAdministrator, s.North).get("/admin").text(".notice-bad"), "North")
	s.as(db.StaffRoleAdministrator, s.South).get("/admin").none(".notice-bad")
	s.as(db.StaffRoleCashier).get("/admin").none(".notice-bad")
}
