package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

// Payments, codes, the limit and re-enabled items: above the limit the page says beforehand
// that approval is needed. The waiting request is described on the page of its subject and
// in the list, and another person decides.
func TestEveryKindWaitsInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	anna := s.newCustomer("anna", s.North)
	made, _ := s.series(4) // of USD 10.00
	limit := int64(15_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	decide := func(kind db.ApprovalKind, verb string) {
		t.Helper()
		var id int64
		require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from approval where kind = $1 and state = 'waiting'`, kind).Scan(&id))
		require.Equal(t, http.StatusSeeOther, other.post(fmt.Sprintf("%s/%d/%s", adminpages.SectionApprovals, id, verb), url.Values{"reason": {"because"}}).Status)
	}

	// A payment.
	billing := adminpages.CustomerURL(anna) + "/billing/payments"
	require.Contains(t, admin.get(billing+"/add").text("#second-person"), "By yourself you may credit USD 15.00 within 24 hours")
	form := url.Values{"key": {uuid.NewString()}, "type": {"cash"}, "amount": {"20"}, "comment": {"receipt 7"}}
	require.Equal(t, billing, admin.post(billing+"/add", form).Header.Get("Location"))
	page := admin.get(billing)
	require.Contains(t, page.text("#notice"), "Nothing is posted yet")
	require.Contains(t, page.text("[id^='approval-']"), "Enter a payment worth USD 20.00")
	page.none("main table a[href*='/billing/payments/']")
	list := other.get(adminpages.SectionApprovals).text(".approvals")
	for _, says := range []string{"Enter a payment worth USD 20.00 for Test anna", "Cash", "receipt 7"} {
		require.Contains(t, list, says)
	}
	require.Contains(t, s.as(db.StaffRoleCashier).get(billing).text("[id^='approval-']"), "Enter a payment", "whoever sees the customer")
	decide(db.ApprovalKindPayment, "approve")
	require.Contains(t, admin.get(billing).text(".table-wrap"), "20.00")
	require.Equal(t, billing, admin.post(billing+"/add", url.Values{"key": {uuid.NewString()}, "type": {"cash"}, "amount": {"21"}, "comment": {""}}).Header.Get("Location"))
	at := admin.get(billing).one("[id^='approval-'] form").AttrOr("action", "")
	other.get(billing).none("[id^='approval-'] form")
	require.Equal(t, http.StatusSeeOther, other.post(at, nil).Status)
	require.Contains(t, admin.get(billing).text("[id^='approval-']"), "Enter a payment", "another person does not withdraw it")
	require.Equal(t, http.StatusSeeOther, admin.post(at, nil).Status)
	admin.get(billing).none("[id^='approval-']")

	// A code.
	one, two := adminpages.SeriesURL(made.Number)+"/cards/1", adminpages.SeriesURL(made.Number)+"/cards/2"
	require.Equal(t, http.StatusOK, admin.post(one+"/reveal", url.Values{"reason": {"a call"}}).Status)
	require.Contains(t, admin.get(two).text("#reveal"), "Ask for the code")
	asked := admin.post(two+"/reveal", url.Values{"reason": {"another call"}})
	require.Equal(t, http.StatusSeeOther, asked.Status, asked.Body)
	page = admin.get(two)
	page.none("#reveal")
	require.Contains(t, page.text("[id^='approval-']"), "Reveal a code worth USD 10.00")
	require.Contains(t, other.get(adminpages.SectionApprovals).text(".approvals"), "another call")
	decide(db.ApprovalKindReveal, "approve")
	require.Contains(t, admin.get(two).text("#reveal-approved"), "once, until")
	require.Contains(t, admin.get(two).text("#reveal"), "Reveal code")
	require.NotEmpty(t, admin.post(two+"/reveal", url.Values{"reason": {"another call"}}).text("#revealed"))
	admin.get(two).none("#reveal-approved")

	// The limit.
	vouchersForm := vouchers(func(f url.Values) { f.Set("approve_above", "") })
	require.Equal(t, adminpages.SectionVouchers, admin.post(adminpages.SectionVouchers, vouchersForm).Header.Get("Location"))
	page = admin.get(adminpages.SectionVouchers)
	require.Equal(t, "15.00", page.one("#f-approve_above").AttrOr("value", ""))
	require.Contains(t, page.text("[id^='approval-']"), "Change the value above which a second person approves")
	page.none("#sole")
	require.Contains(t, other.get(adminpages.SectionApprovals).text(".approvals"), "Asked fornever")
	decide(db.ApprovalKindLimit, "refuse")
	require.Equal(t, int64(15_00), *s.settings().ApproveAbove)

	// The module.
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionModules, url.Values{}).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionModules, url.Values{"refill_cards": {"on"}}).Status)
	require.False(t, s.settings().RefillCards)
	require.Contains(t, admin.get(adminpages.SectionModules).text("[id^='approval-']"), "Switch refill cards on, with cards worth USD 40.00")
	require.Contains(t, other.get("/admin").text("#menu-count"), "1", "also with the module off")
	decide(db.ApprovalKindReopening, "approve")
	require.True(t, s.settings().RefillCards)
	for _, action := range []string{"approval.withdrawn", "approval.refused", "setting.changed", "payment.entered", "card.revealed"} {
		require.Contains(t, s.audits(), action)
	}
	require.Contains(t, other.get(adminpages.SectionApprovals).text("table"), "Withdrawn")

	// Only one administrator is left.
	s.exec(`update staff set disabled_at = now() where id <> $1`, admin.ID)
	require.Contains(t, admin.get(adminpages.SectionVouchers).text("#sole"), "refill limit AMOUNT")
}

// The page of a card says beforehand that redeeming it without its code, or enabling it,
// needs a second person. The page of a payment says so of its reversal.
func TestCardsSayBeforehandWhatTakesTwo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	anna := s.newCustomer("anna", s.North)
	made, _ := s.series(4) // of USD 10.00
	limit := int64(15_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	at := func(serial int) string { return fmt.Sprintf("%s/cards/%d", adminpages.SeriesURL(made.Number), serial) }
	redeem := func(b *browser, serial int) *got {
		return b.post(at(serial)+"/redeem", url.Values{"customer": {fmt.Sprint(anna)}, "key": {uuid.NewString()}, "q": {""}})
	}

	admin.get(at(1)).none("#redeem-second")
	require.Equal(t, http.StatusSeeOther, redeem(admin, 1).Status)
	require.Contains(t, admin.get(at(2)).text("#redeem-second"), "this card is more than one person may")
	other.get(at(2)).none("#redeem-second")
	require.Equal(t, http.StatusConflict, redeem(admin, 2).Status, "as it said")
	require.Equal(t, http.StatusSeeOther, redeem(other, 2).Status)

	for _, serial := range []int{3, 4} {
		require.Equal(t, http.StatusSeeOther, other.post(at(serial)+"/disable", nil).Status)
	}
	require.NotContains(t, admin.get(at(3)).text("#enable"), "24 hours")
	require.Equal(t, http.StatusSeeOther, admin.post(at(3)+"/enable", nil).Status)
	require.Contains(t, admin.get(at(4)).text("#enable"), "in the past 24 hours, this is more than one person may")
	require.NotContains(t, other.get(at(4)).text("#enable"), "24 hours")

	billing := adminpages.CustomerURL(anna) + "/billing/payments"
	correction := other.post(billing+"/add", url.Values{"key": {uuid.NewString()}, "type": {"correction"}, "amount": {"-16"}, "comment": {"a slip"}}).Header.Get("Location")
	require.Contains(t, admin.get(correction).text("#reverse"), "nothing is posted until another person approves it")
	require.Contains(t, admin.get(correction).text("#reverse"), "Ask for the reversal")
	small := other.post(billing+"/add", url.Values{"key": {uuid.NewString()}, "type": {"correction"}, "amount": {"-3"}, "comment": {"a slip"}}).Header.Get("Location")
	require.NotContains(t, admin.get(small).text("#reverse"), "another person")
}
