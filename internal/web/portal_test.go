package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/setting"
)

// redeem sends the portal's form with the key that it showed.
func (b *browser) redeem(code string) *got {
	b.site.t.Helper()
	shown := b.get(sectionRedeem)
	require.Equal(b.site.t, http.StatusOK, shown.Status)
	return b.post(sectionRedeem, url.Values{"code": {code}, "key": {shown.one("#redeem-form [name=key]").AttrOr("value", "")}})
}

func TestPortalRedeem(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	series, codes := s.series(5)
	shown := anna.get(sectionRedeem)
	require.Equal(t, "Code", shown.text("#redeem-form label"))
	require.Equal(t, "Redeem", shown.text("#redeem-form button"))
	require.Equal(t, "no-store", shown.Header.Get("Cache-Control"))
	form := url.Values{"code": {" " + strings.ToLower(codes[1])}, "key": {shown.one("#redeem-form [name=key]").AttrOr("value", "")}}
	first := anna.post(sectionRedeem, form)
	require.Equal(t, http.StatusSeeOther, first.Status, first.Body)
	again := anna.post(sectionRedeem, form)
	require.Equal(t, first.Header.Get("Location"), again.Header.Get("Location"), "a double submit gets the same receipt")

	receipt := anna.get(first.Header.Get("Location"))
	require.Contains(t, receipt.text("main"), "Card redeemed")
	require.Contains(t, receipt.text("main"), "New balanceUSD 10.00")
	require.Contains(t, receipt.text("main"), "Series"+series.Number+" Serial2")
	require.Contains(t, anna.get(sectionHome).text(".balance"), "USD 10.00")
	require.NotContains(t, s.Log.String(), strings.ToLower(codes[1][5:]))
	require.NotContains(t, s.Log.String(), codes[1][5:])

	ben := s.asCustomer("ben", s.North)
	require.Equal(t, http.StatusNotFound, ben.get(first.Header.Get("Location")).Status, "another's receipt")

	form.Set("code", codes[2])
	other := anna.post(sectionRedeem, form)
	require.Equal(t, http.StatusConflict, other.Status, "another card under a key that has done its work")
	require.NotEqual(t, form.Get("key"), other.one("[name=key]").AttrOr("value", ""))
	require.Equal(t, codes[2], other.one("#f-code").AttrOr("value", ""))
}

func TestPortalRedeemRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, ben := s.asCustomer("anna", s.North), s.asCustomer("ben", s.North)
	_, codes := s.series(5)
	_, foreign := s.series(1, s.South)
	require.Equal(t, http.StatusSeeOther, anna.redeem(codes[0]).Status)

	typing := ben.redeem(codes[1][:12])
	require.Equal(t, http.StatusUnprocessableEntity, typing.Status)
	require.Contains(t, typing.text("#f-code-error"), "too short")
	require.Equal(t, codes[1][:12], typing.one("#f-code").AttrOr("value", ""), "what was typed is kept")
	require.Equal(t, "true", typing.one("#f-code").AttrOr("aria-invalid", ""))

	unknown := ben.redeem(s.unknownCode()).text("#f-code-error")
	require.Equal(t, unknown, ben.redeem(codes[0]).text("#f-code-error"), "used by somebody else")
	require.Equal(t, unknown, ben.redeem(foreign[0]).text("#f-code-error"), "of another partner")
	require.Contains(t, anna.redeem(codes[0]).text("#f-code-error"), "You used this card on")

	for range 2 {
		ben.redeem(s.unknownCode())
	}
	barred := ben.redeem(codes[1])
	require.Equal(t, http.StatusTooManyRequests, barred.Status)
	require.Contains(t, barred.text("#f-code-error"), "You can try again after")
	require.Equal(t, http.StatusUnprocessableEntity, anna.post(sectionRedeem, url.Values{"code": {""}, "key": {"no uuid"}}).Status)
}

func TestPortalWithoutRefillCards(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, carol := s.asCustomer("anna", s.North), s.asCustomer("carol", s.South)
	_, codes := s.series(1)
	require.NoError(t, customer.OfferRefillCard(t.Context(), s.Pool, audit.System(), s.South.ID, false))
	require.Equal(t, http.StatusNotFound, carol.get(sectionRedeem).Status)
	require.Equal(t, http.StatusNotFound, carol.post(sectionRedeem, url.Values{"code": {codes[0]}, "key": {uuid.NewString()}}).Status)
	carol.get(sectionHome).none("a[href='" + sectionRedeem + "']")
	require.Equal(t, http.StatusOK, anna.get(sectionRedeem).Status)
	require.NoError(t, s.Server.Settings.Change(t.Context(), audit.System(), func(v *setting.Settings) { v.RefillCards = false }))
	require.Equal(t, http.StatusNotFound, anna.get(sectionRedeem).Status)
	anna.get(sectionHome).none("a[href='" + sectionRedeem + "']")
}

func TestPortalPayments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	require.Contains(t, anna.get(sectionPayments).text(".empty-state"), "No payments yet")
	_, codes := s.series(2)
	require.Equal(t, http.StatusSeeOther, anna.redeem(codes[0]).Status)
	for range paymentsPerPage {
		_, err := customer.Pay(t.Context(), s.Pool, audit.System(), customer.Payment{
			CustomerID: anna.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 100, Currency: "USD"}, Key: uuid.New(),
		})
		require.NoError(t, err)
	}
	first := anna.get(sectionPayments)
	require.Equal(t, paymentsPerPage, first.doc().Find("tbody tr").Length())
	require.Contains(t, first.text("tbody tr:first-child"), "+USD 1.00 USD 35.00")
	require.Equal(t, "Refill card, 1 payment+USD 10.00Cash, 25 payments+USD 25.00", strings.ReplaceAll(first.text("main .facts"), " +", "+"))
	older := anna.get(first.one(".pager a[rel=next]").AttrOr("href", ""))
	require.Contains(t, older.text("tbody"), "Refill card")
	older.one("tbody tr")
	older.one(".pager a[rel=prev]")
}

func TestScannedCard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page := s.browser().get("/r")
	require.Equal(t, http.StatusOK, page.Status)
	require.Equal(t, sectionRedeem, page.one("[data-scan]").AttrOr("href", ""))
}

func TestAdminCustomers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, carol := s.newCustomer("anna", s.North), s.newCustomer("carol", s.South)
	north := s.as(db.StaffRoleCashier, s.North)
	list := north.get(sectionCustomers)
	require.Contains(t, list.text("tbody"), "Test anna")
	require.NotContains(t, list.text("tbody"), "carol")
	require.Contains(t, north.get(sectionCustomers+"?q=nobody").text(".empty-state"), "Nobody matches")
	for _, path := range []string{"", "/billing/payments"} {
		foreign, missing := north.get(customerURL(carol)+path), north.get(customerURL(999999)+path)
		require.Equal(t, http.StatusNotFound, foreign.Status)
		require.Equal(t, missing.Body, foreign.Body)
	}
	require.Equal(t, http.StatusNotFound, north.post(customerURL(carol)+"/redeem", nil).Status)

	_, codes := s.series(3)
	page := north.get(customerURL(anna))
	require.Equal(t, "Code", page.text("label[for=f-code]"))
	form := url.Values{"code": {codes[0]}, "key": {page.one("[name=key]").AttrOr("value", "")}}
	done := north.post(customerURL(anna)+"/redeem", form)
	require.Equal(t, customerURL(anna), done.Header.Get("Location"), done.Body)
	require.Equal(t, customerURL(anna), north.post(customerURL(anna)+"/redeem", form).Header.Get("Location"))
	page = north.get(customerURL(anna))
	require.Contains(t, page.text("#notice"), "USD 10.00 added. New balance USD 10.00.")
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

func TestDashboard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.Equal(t, sectionGenerate, admin.get("/admin").one(".empty-state a").AttrOr("href", ""))
	series, codes := s.series(4)
	anna := s.asCustomer("anna", s.North)
	require.Equal(t, http.StatusSeeOther, anna.redeem(codes[0]).Status)
	page := admin.get("/admin")
	require.Contains(t, page.text(".tiles"), "OutstandingUSD 30.00")
	require.Contains(t, page.text(".tiles"), "Redeemed todayUSD 10.00")
	require.Equal(t, chartDays, page.doc().Find(".chart-bar").Length())
	s.exec(`update series set valid_till = current_date + 3`)
	require.Contains(t, admin.get("/admin").text(".attention"), fmt.Sprintf("Series %s expires on", series.Number))
	south := s.as(db.StaffRoleAdministrator, s.South)
	require.NotContains(t, south.get("/admin").Body, "USD 10.00", "of another partner")
	operator := s.as(db.StaffRoleOperator).get("/admin")
	operator.none("input[name=q]")
}
