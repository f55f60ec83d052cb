package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/web/admin"
)

func TestAdminCustomers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, carol := s.newCustomer("anna", s.North), s.newCustomer("carol", s.South)
	north := s.as(db.StaffRoleCashier, s.North)
	list := north.get(admin.SectionCustomers)
	require.Contains(t, list.text("tbody"), "Test anna")
	require.NotContains(t, list.text("tbody"), "carol")
	require.Contains(t, north.get(admin.SectionCustomers+"?q=nobody").text(".empty-state"), "Nobody matches")
	head := s.as(db.StaffRoleAdministrator, s.North)
	for _, path := range []string{"", "/edit", "/access", "/billing/payments", "/billing/payments?format=csv", "/billing/payments/add", "/billing/payments/1"} {
		foreign, missing := head.get(admin.CustomerURL(carol)+path), head.get(admin.CustomerURL(999999)+path)
		require.Equal(t, http.StatusNotFound, foreign.Status, path)
		require.Equal(t, missing.Body, foreign.Body)
	}
	for _, path := range []string{
		"/redeem", "/edit", "/disable", "/enable", "/access/password", "/access/link", "/clear-guesses", "/billing/payments/add", "/billing/payments/1/reverse",
	} {
		form := url.Values{"reason": {"because"}, "password": {"correct horse"}, "lifetime": {"24"}, "type": {"cash"}, "amount": {"5"}, "key": {uuid.NewString()}}
		foreign, missing := head.post(admin.CustomerURL(carol)+path, form), head.post(admin.CustomerURL(999999)+path, form)
		require.Equal(t, http.StatusNotFound, foreign.Status, path)
		require.Equal(t, missing.Body, foreign.Body)
	}

	_, codes := s.series(3)
	page := north.get(admin.CustomerURL(anna))
	require.Equal(t, "Code", page.text("label[for=f-code]"))
	form := url.Values{"code": {codes[0]}, "key": {page.one("[name=key]").AttrOr("value", "")}}
	done := north.post(admin.CustomerURL(anna)+"/redeem", form)
	receipt := admin.StaffReceiptURL(anna, 1)
	require.Equal(t, receipt, done.Header.Get("Location"), done.Body)
	require.Equal(t, receipt, north.post(admin.CustomerURL(anna)+"/redeem", form).Header.Get("Location"))
	printed := north.get(receipt)
	require.Contains(t, printed.text("#notice"), "USD 10.00 added. New balance USD 10.00.")
	require.Contains(t, printed.text(".receipt"), "USD 10.00")
	require.Contains(t, printed.text(".receipt .facts"), "-1")
	printed.none("#reverse") // a cashier may not
	page = north.get(admin.CustomerURL(anna))
	require.Contains(t, page.text(".big"), "USD 10.00")
	form.Set("key", uuid.NewString())
	used := north.post(admin.CustomerURL(anna)+"/redeem", form)
	require.Equal(t, http.StatusUnprocessableEntity, used.Status)
	require.Equal(t, "card_yours", used.fault("code"))
	billing := north.get(admin.CustomerURL(anna) + "/billing/payments")
	require.Contains(t, billing.text("table:first-of-type tbody tr td[data-label='Payment type']"), "Refill card")
	require.Contains(t, billing.text("section[aria-labelledby=totals-title]"), "Refill card1+USD 10.00")
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleOperator).get(admin.SectionCustomers).Status)
}
