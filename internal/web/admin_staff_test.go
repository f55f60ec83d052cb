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
	"refill/internal/web/kit"
)

// role returns the id of the role with a name.
func (s *site) role(name string) string {
	s.t.Helper()
	var id int64
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select id from role where name = $1`, name).Scan(&id))
	return fmt.Sprint(id)
}

func TestAdminStaff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	form := url.Values{"username": {"a b"}, "name": {"Bea Keeper"}, "role": {""}}
	wrong := admin.post(adminpages.SectionStaff, form)
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Equal(t, "staff_username", wrong.fault("username"))
	require.Equal(t, "Bea Keeper", wrong.one("#f-name").AttrOr("value", ""))

	form = url.Values{"username": {"bea"}, "name": {"Bea Keeper"}, "role": {s.role("Cashier")}}
	require.Contains(t, admin.post(adminpages.SectionStaff, form).text("#f-partners .form-error"), "Choose at least one partner")
	form.Set("password", "refill-2026")
	require.Equal(t, "password_name", admin.post(adminpages.SectionStaff, form).fault("password"))
	form.Del("password")
	form.Set(adminpages.PartnerField(s.North.ID), "on")
	made := admin.post(adminpages.SectionStaff, form)
	require.Equal(t, http.StatusOK, made.Status, made.Body)
	password := made.text("#main .copyable .mono")
	to := made.one("#staff-form").AttrOr("action", "")
	require.NotContains(t, admin.get(to).Body, password, "it is shown once")
	require.Contains(t, admin.get(adminpages.SectionStaff).text("tbody"), "Bea Keeper bea Cashier North Off Never Active")

	bea := s.browser()
	signIn := func(b *browser, password string) int {
		return b.post("/admin/login", url.Values{"username": {"bea"}, "password": {password}}).Status
	}
	require.Equal(t, http.StatusSeeOther, signIn(bea, password))
	require.Equal(t, http.StatusForbidden, bea.get(adminpages.SectionStaff).Status)

	// A change of role takes effect at once.
	before, late := bea.token(), s.browser()
	late.plant(before)
	form = url.Values{"name": {"Bea Boss"}, "role": {s.role("Administrator")}, "all_partners": {"on"}}
	require.Equal(t, http.StatusSeeOther, admin.post(to, form).Status)
	require.Equal(t, http.StatusOK, bea.get(adminpages.SectionStaff).Status)
	require.NotEqual(t, before, bea.token(), "her session has another token")
	require.Equal(t, http.StatusOK, late.get("/admin").Status, "requests under way are not turned away")
	s.exec(`update session set renewed_at = now() - interval '11 seconds' where previous_hash is not null`)
	require.Equal(t, http.StatusSeeOther, late.get("/admin").Status, "later ones are")
	require.Equal(t, http.StatusOK, bea.get("/admin").Status)

	// So do a new password and disabling the account.
	reset := admin.post(to+"/password", nil)
	fresh := reset.text("#main .copyable .mono")
	require.NotEqual(t, password, fresh)
	require.Equal(t, http.StatusSeeOther, bea.get("/admin").Status)
	require.NotEqual(t, http.StatusSeeOther, signIn(bea, password))
	require.Equal(t, http.StatusSeeOther, signIn(bea, fresh))
	require.Equal(t, http.StatusSeeOther, admin.post(to+"/disable", nil).Status)
	require.Equal(t, http.StatusSeeOther, bea.get("/admin").Status)
	require.NotEqual(t, http.StatusSeeOther, signIn(bea, fresh))
	require.Equal(t, http.StatusSeeOther, admin.post(to+"/enable", nil).Status)
	require.Equal(t, http.StatusSeeOther, signIn(bea, fresh))

	own := adminpages.StaffURL(admin.ID)
	admin.get(own).none("#disable")
	require.Contains(t, admin.post(own+"/disable", nil).text("form .notice-bad"), "You can't do this to yourself")
	require.Equal(t, http.StatusNotFound, admin.get(adminpages.SectionStaff+"/999").Status)
	require.Equal(t, http.StatusNotFound, admin.post(adminpages.SectionStaff+"/x/disable", nil).Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleAdministrator, s.North).get(adminpages.SectionStaff).Status, "only for staff of all partners")
	for _, secret := range []string{password, fresh} {
		require.NotContains(t, s.Log.String(), secret)
		require.NotContains(t, admin.get(adminpages.SectionAudit).Body, secret)
	}
}

func TestAdminStaffResetsASecondFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, bea := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleCashier)
	to := adminpages.StaffURL(bea.ID)
	admin.get(to).none("#reset-factor")
	bea.setUpFactor()
	require.Equal(t, to+"/second-factor/reset", admin.get(to).one("#reset-factor form").AttrOr("action", ""))
	require.Equal(t, http.StatusForbidden, bea.post(to+"/second-factor/reset", nil).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(to+"/second-factor/reset", nil).Status)
	require.Equal(t, http.StatusSeeOther, bea.get("/admin").Status, "signed out")
	require.Contains(t, admin.post(to+"/second-factor/reset", nil).text("form .notice-bad"), "it is off")
	bea.signIn(kit.DoorStaff, "cashier-2")
	require.Contains(t, s.audits(), "staff.second_factor_reset")
	admin.setUpFactor()
	require.Contains(t, admin.post(adminpages.StaffURL(admin.ID)+"/second-factor/reset", nil).text("form .notice-bad"), "You can't do this to yourself")
}

// When a role is edited, the sessions of its members get new tokens.
func TestAdminRoleRenewsSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, cash, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleCashier), s.as(db.StaffRoleOperator)
	was, others := cash.token(), other.token()
	form := url.Values{"name": {"Cashier"}, string(staff.CustomersView): {"on"}}
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionRoles+"/"+s.role("Cashier"), form).Status)
	require.Equal(t, http.StatusOK, cash.get("/admin").Status)
	other.get("/admin")
	require.NotEqual(t, was, cash.token())
	require.Equal(t, others, other.token())
	own := cash.token()
	require.Equal(t, http.StatusSeeOther, cash.post("/admin/logout", nil).Status)
	thief := s.browser()
	for _, token := range []string{was, own} {
		thief.plant(token)
		require.Equal(t, http.StatusSeeOther, thief.get("/admin").Status, "signed out is out, by whichever token")
	}
}

func TestAdminRole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.Equal(t, http.StatusUnprocessableEntity, admin.post(adminpages.SectionRoles, url.Values{"name": {" "}}).Status)
	lead := url.Values{"name": {"Lead"}, adminpages.PermissionField(staff.StaffManage): {"on"}, adminpages.PermissionField(staff.AuditView): {"on"}}
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionRoles, lead).Status)
	require.Contains(t, admin.get(adminpages.SectionRoles).text("tbody"), "Lead 2 permissions 0")
	to := adminpages.SectionRoles + "/" + s.role("Lead")

	id := s.newStaff("lea", db.StaffRoleCashier)
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.StaffURL(id), url.Values{"name": {"Lea"}, "role": {s.role("Lead")}, "all_partners": {"on"}}).Status)
	lea := s.browser()
	lea.signIn(kit.DoorStaff, "lea")
	lea.get(to).one("#f-" + adminpages.PermissionField(staff.CardsReveal) + "[disabled]")
	more := lea.post(adminpages.SectionRoles, url.Values{"name": {"More"}, adminpages.PermissionField(staff.CardsReveal): {"on"}})
	require.Equal(t, http.StatusUnprocessableEntity, more.Status)
	require.Contains(t, more.text("form .notice-bad"), "You can't give more than your own role includes.")
	require.Equal(t, http.StatusUnprocessableEntity, lea.post(adminpages.StaffURL(admin.ID)+"/password", nil).Status, "nor become an administrator by their password")

	admin.get(to).none("#delete")
	require.Contains(t, admin.post(to+"/delete", nil).text("form .notice-bad"), staff.ErrRoleUsed.Text())
	require.Equal(t, http.StatusOK, lea.get(adminpages.SectionAudit).Status)
	lead.Del(adminpages.PermissionField(staff.AuditView))
	require.Equal(t, http.StatusSeeOther, admin.post(to, lead).Status)
	require.Equal(t, http.StatusForbidden, lea.get(adminpages.SectionAudit).Status, "felt with the next request")

	fixed := adminpages.SectionRoles + "/" + s.role("Administrator")
	admin.get(fixed).none("#role-form")
	require.Equal(t, http.StatusUnprocessableEntity, admin.post(fixed, lead).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionRoles+"/"+s.role("Operator")+"/delete", nil).Status)
	require.Equal(t, http.StatusNotFound, admin.get(adminpages.SectionRoles+"/999").Status)
}

func TestAdminAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cashier := s.as(db.StaffRoleCashier)
	other := s.browser()
	other.signIn(kit.DoorStaff, "cashier-1")
	require.Equal(t, http.StatusSeeOther, cashier.post(adminpages.SectionAccount, url.Values{"name": {"New Name"}}).Status)
	require.Equal(t, "New Name", cashier.get(adminpages.SectionAccount).text(".who-name"))
	require.Equal(t, http.StatusUnprocessableEntity, cashier.post(adminpages.SectionAccount, url.Values{"name": {""}}).Status)
	form := url.Values{"current": {"not-this-one"}, "new": {"quite-another"}, "repeat": {"quite-another"}}
	require.Contains(t, cashier.post(adminpages.SectionAccount+"/password", form).text(".notice-bad"), "not your current password")
	form.Set("current", testPassword)
	require.Equal(t, http.StatusSeeOther, cashier.post(adminpages.SectionAccount+"/password", form).Status)
	require.Equal(t, http.StatusOK, cashier.get("/admin").Status)
	require.Equal(t, http.StatusSeeOther, other.get("/admin").Status, "signed out elsewhere")
	require.NotContains(t, s.Log.String(), "quite-another")
}
