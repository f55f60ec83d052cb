package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// Erasing needs the customer's number and a reason. The page shows the stored data and
// keeps the typed text. The portal login ends at once.
func TestCustomerErasePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	maria := s.asCustomer("mquintana", s.North)
	self := adminpages.CustomerURL(maria.ID)
	require.Equal(t, http.StatusSeeOther, admin.post(self+"/billing/payments/add",
		url.Values{"type": {"cash"}, "amount": {"5.00"}, "comment": {""}, "key": {uuid.NewString()}}).Status)
	require.Equal(t, http.StatusOK, maria.get("/portal").Status)
	require.Contains(t, admin.get(self).Body, self+"/erase")

	page := admin.get(self + "/erase")
	require.Equal(t, http.StatusOK, page.Status, page.Body)
	require.Contains(t, page.Body, "What is held about this person")
	balance, _ := page.doc().Find("input[name=balance]").Attr("value")
	require.Equal(t, "500", balance)

	form := url.Values{"number": {"12345678"}, "reason": {"request 17"}, "balance": {balance}}
	refused := admin.post(self+"/erase", form)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	doc := refused.doc()
	number, _ := doc.Find("#f-number").Attr("value")
	require.Equal(t, "12345678", number)
	require.Equal(t, "request 17", doc.Find("#f-reason").Text())
	require.Equal(t, 1, doc.Find("#f-number-error").Length())
	require.Contains(t, refused.Body, "Tick that the balance stays on the books")
	require.Equal(t, http.StatusOK, maria.get("/portal").Status, "nothing is half done")

	form.Set("number", fmt.Sprint(maria.ID))
	form.Set("stays", "on")
	form.Set("balance", "0") // as shown before a payment
	refused = admin.post(self+"/erase", form)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Zero(t, refused.doc().Find("#f-stays[checked]").Length(), "another balance is confirmed anew")

	form.Set("balance", balance)
	require.Equal(t, http.StatusSeeOther, admin.post(self+"/erase", form).Status)
	require.Equal(t, http.StatusSeeOther, maria.get("/portal").Status, "signed out at once")
	require.Equal(t, http.StatusSeeOther, admin.post(self+"/erase", form).Status, "the form sent twice")
	shown := admin.get(self)
	require.Contains(t, shown.Body, fmt.Sprintf("Erased customer %d", maria.ID))
	require.NotContains(t, shown.Body, "quintana")
	require.NotContains(t, shown.Body, self+"/edit")
	require.Zero(t, shown.doc().Find("#f-code").Length(), "no card can be redeemed")
	require.NotContains(t, admin.get(adminpages.SectionCustomers+"?q=quintana").Body, adminpages.CustomerURL(maria.ID)+`"`)
	require.NotContains(t, admin.get(adminpages.SectionCustomers+"?format=csv").Body, "quintana")
	require.Contains(t, admin.get(self+"/erase").Body, "This customer was erased")
	require.Equal(t, http.StatusConflict, admin.post(self+"/edit", url.Values{"name": {"Maria"}, "username": {"maria"}, "partner": {fmt.Sprint(s.North.ID)}}).Status)
	require.Equal(t, http.StatusConflict, admin.post(self+"/enable", nil).Status)
	cash := admin.post(self+"/billing/payments/add", url.Values{"type": {"cash"}, "amount": {"5.00"}, "comment": {""}, "key": {uuid.NewString()}})
	require.Equal(t, http.StatusUnprocessableEntity, cash.Status)
	require.Contains(t, cash.Body, "Only a correction")
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(self+"/erase").Status)
}

// A customer with an open alarm about theft can't be erased, and the page says so
// beforehand.
func TestCustomerUnderAlarmIsNotErased(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	id := s.newCustomer("mquintana", s.North)
	self := adminpages.CustomerURL(id)
	s.exec(`insert into theft_alarm (rule, subject, customer_id, partner_ids, first_at, last_at, cards, customers, value)
		values ('account', 'account:1', $1, array[$2::bigint], now() - interval '1 hour', now(), 30, 1, 30000)`, id, s.North.ID)
	page := admin.get(self + "/erase")
	require.Contains(t, page.text("#under-alarm"), "An open alarm about theft concerns this customer")
	require.Equal(t, 1, page.doc().Find(`#under-alarm a[href="`+adminpages.SectionAlarms+`"]`).Length())
	page.none("#f-number")
	form := url.Values{"number": {fmt.Sprint(id)}, "reason": {"request 17"}, "balance": {"0"}}
	refused := admin.post(self+"/erase", form)
	require.Equal(t, http.StatusConflict, refused.Status)
	require.Contains(t, refused.text("main"), "until the alarm is closed")
	require.Contains(t, admin.get(self).Body, "mquintana")
	s.exec(`update theft_alarm set state = 'acknowledged', acknowledged_at = now(), acknowledged_by = $1, reason = 'a family'`, admin.ID)
	require.Equal(t, http.StatusSeeOther, admin.post(self+"/erase", form).Status)
}
