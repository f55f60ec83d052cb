package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
)

func TestAdminCustomers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, carol := s.newCustomer("anna", s.North), s.newCustomer("carol", s.South)
	north := s.as(db.StaffRoleCashier, s.North)
	list := north.get(sectionCustomers)
	require.Contains(t, list.text("tbody"), "Test anna")
	require.NotContains(t, list.text("tbody"), "carol")
	require.Contains(t, north.get(sectionCustomers+"?q=nobody").text(".empty-state"), "Nobody matches")
	head := s.as(db.StaffRoleAdministrator, s.North)
	for _, path := range []string{"", "/edit", "/access", "/billing/payments", "/billing/payments?format=csv", "/billing/payments/add", "/billing/payments/1"} {
		foreign, missing := head.get(customerURL(carol)+path), head.get(customerURL(999999)+path)
		require.Equal(t, http.StatusNotFound, foreign.Status, path)
		require.Equal(t, missing.Body, foreign.Body)
	}
	for _, path := range []string{
		"/redeem", "/edit", "/disable", "/enable", "/access/password", "/access/link", "/clear-guesses", "/billing/payments/add", "/billing/payments/1/reverse",
	} {
		form := url.Values{"reason": {"because"}, "password": {"correct horse"}, "lifetime": {"24"}, "type": {"cash"}, "amount": {"5"}}
		foreign, missing := head.post(customerURL(carol)+path, form), head.post(customerURL(999999)+path, form)
		require.Equal(t, http.StatusNotFound, foreign.Status, path)
		require.Equal(t, missing.Body, foreign.Body)
	}

	_, codes := s.series(3)
	page := north.get(customerURL(anna))
	require.Equal(t, "Code", page.text("label[for=f-code]"))
	form := url.Values{"code": {codes[0]}, "key": {page.one("[name=key]").AttrOr("value", "")}}
	done := north.post(customerURL(anna)+"/redeem", form)
	receipt := staffReceiptURL(anna, 1)
	require.Equal(t, receipt, done.Header.Get("Location"), done.Body)
	require.Equal(t, receipt, north.post(customerURL(anna)+"/redeem", form).Header.Get("Location"))
	printed := north.get(receipt)
	require.Contains(t, printed.text("#notice"), "USD 10.00 added. New balance USD 10.00.")
	require.Contains(t, printed.text(".receipt"), "USD 10.00")
	require.Contains(t, printed.text(".receipt .facts"), "serial 1")
	printed.none("#reverse") // a cashier may not
	page = north.get(customerURL(anna))
	require.Contains(t, page.text(".big"), "USD 10.00")
	form.Set("key", uuid.NewString())
	used := north.post(customerURL(anna)+"/redeem", form)
	require.Equal(t, http.StatusUnprocessableEntity, used.Status)
	require.Contains(t, used.text("#f-code-error"), "used this card on")
	billing := north.get(customerURL(anna) + "/billing/payments")
	require.Contains(t, billing.text("table:first-of-type tbody tr td[data-label='Payment type']"), "Refill card")
	require.Contains(t, billing.text("section[aria-labelledby=totals-title]"), "Refill card1+USD 10.00")
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleOperator).get(sectionCustomers).Status)
}
