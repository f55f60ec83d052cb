package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/check"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

// rows parses a response as CSV.
func (g *got) rows() [][]string {
	g.t.Helper()
	require.Equal(g.t, http.StatusOK, g.Status, g.Body)
	rows, err := csv.NewReader(strings.NewReader(g.Body)).ReadAll()
	require.NoError(g.t, err)
	return rows
}

// pay sends the form for a payment made by hand.
func (b *browser) pay(customerID int64, kind, amount, comment string) *got {
	b.site.t.Helper()
	path := adminpages.CustomerURL(customerID) + "/billing/payments/add"
	key := b.get(path).one("#payment-form [name=key]").AttrOr("value", "")
	return b.post(path, url.Values{"key": {key}, "type": {kind}, "amount": {amount}, "comment": {comment}})
}

func TestPaymentByHand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.newCustomer("anna", s.North)
	cashier := s.as(db.StaffRoleCashier, s.North)
	path := adminpages.CustomerURL(anna) + "/billing/payments/add"

	for amount, why := range map[string]string{"": "in digits", "five": "in digits", "0": "other than zero", "-5": "Only a correction", "1.005": "2 decimals", "99999999999999": "at most"} {
		wrong := cashier.pay(anna, "cash", amount, "kept <b>")
		require.Equal(t, http.StatusUnprocessableEntity, wrong.Status, amount)
		require.Contains(t, wrong.text("#f-amount-error"), why, amount)
		require.Equal(t, "kept <b>", wrong.one("#f-comment").Text(), "what was typed is kept")
	}
	require.Contains(t, cashier.pay(anna, "correction", "-5", "").text("#f-comment-error"), "what is corrected")

	// An unusual amount needs a confirmation, each amount its own.
	asked := cashier.pay(anna, "cash", "12,000", "")
	require.Equal(t, http.StatusUnprocessableEntity, asked.Status)
	require.Contains(t, asked.text("label[for=f-sure]"), "USD 12,000.00 is right")
	form := url.Values{
		"key": {asked.one("[name=key]").AttrOr("value", "")}, "type": {"cash"}, "amount": {"13000"}, "sure": {"on"},
		"sure_of": {asked.one("[name=sure_of]").AttrOr("value", "")},
	}
	require.Equal(t, http.StatusUnprocessableEntity, cashier.post(path, form).Status, "another amount than was asked")
	form.Set("amount", "12000")
	done := cashier.post(path, form)
	require.Equal(t, http.StatusSeeOther, done.Status, done.Body)
	require.Equal(t, done.Header.Get("Location"), cashier.post(path, form).Header.Get("Location"), "two clicks enter once")
	form.Set("amount", "12")
	require.Equal(t, http.StatusConflict, cashier.post(path, form).Status)

	require.Equal(t, http.StatusSeeOther, cashier.pay(anna, "correction", "−5,50", "typed twice").Status)
	page := cashier.get(adminpages.CustomerURL(anna) + "/billing/payments")
	require.Contains(t, page.text(".table-wrap tbody tr:first-child"), "Correction USD −5.50 USD 11,994.50 typed twice Test cashier")
	require.Contains(t, page.text("section[aria-labelledby=totals-title]"), "Cash1+USD 12,000.00")
	require.Contains(t, page.text("section[aria-labelledby=totals-title] tfoot"), "+USD 11,994.50")
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleOperator).get(path).Status)
	require.Equal(t, []string{"payment.entered", "payment.entered"}, s.acts("payment."))
}

// acts returns the audited actions with a prefix.
func (s *site) acts(prefix string) []string {
	s.t.Helper()
	list := []string{}
	for _, action := range s.audits() {
		if strings.HasPrefix(action, prefix) {
			list = append(list, action)
		}
	}
	return list
}

func TestBillingIsNarrowed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.newCustomer("anna", s.North)
	admin := s.as(db.StaffRoleAdministrator)
	for i := range 60 {
		require.Equal(t, http.StatusSeeOther, admin.pay(anna, []string{"cash", "other"}[i%2], fmt.Sprint(i+1), "=1+1").Status)
	}
	self := adminpages.CustomerURL(anna) + "/billing/payments"
	first := admin.get(self)
	require.Equal(t, 50, first.doc().Find("table:first-of-type").First().Find("tbody tr").Length())
	older := admin.get(first.one("a[rel=next]").AttrOr("href", ""))
	older.none("a[rel=next]")
	require.Equal(t, 10, older.doc().Find("table").First().Find("tbody tr").Length())
	back := admin.get(older.one("a[rel=prev]").AttrOr("href", ""))
	require.Equal(t, first.doc().Find("table").First().Text(), back.doc().Find("table").First().Text(), "and back again")

	today := time.Now().In(kit.Zone("Europe/Berlin")).Format(time.DateOnly)
	cash := admin.get(self + "?type=cash&from=" + today + "&till=" + today)
	require.Contains(t, cash.text("section[aria-labelledby=totals-title]"), "Cash30+USD 900.00")
	require.Equal(t, "cash", cash.one("#f-type option[selected]").AttrOr("value", ""))
	require.Contains(t, admin.get(self+"?till=2020-01-01").text(".empty-state"), "No such payments")
	require.Contains(t, admin.get(self+"?from=yesterday").text(".notice-bad"), "Write the date like")

	rows := admin.get(self + "?format=csv&type=cash").rows()
	require.Len(t, rows, 31)
	require.Equal(t, []string{"id", "date", "payment_type", "sum", "balance_after", "currency", "comment", "entered_by", "reverses", "reversed_by"}, rows[0])
	require.Equal(t, []string{"Cash", "59.00", "1770.00", "USD", "'=1+1"}, rows[1][2:7], "a formula is disarmed")
}

func TestReversal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.newCustomer("anna", s.North)
	admin := s.as(db.StaffRoleAdministrator, s.North)
	series, codes := s.series(2)
	redeemed := admin.post(adminpages.CustomerURL(anna)+"/redeem", url.Values{"code": {codes[0]}, "key": {"5d1b1f0e-62a5-4a35-9a3e-0f6b6a8f5a01"}})
	card := redeemed.Header.Get("Location")
	cash := admin.pay(anna, "cash", "25", "").Header.Get("Location")
	require.Equal(t, http.StatusSeeOther, admin.pay(anna, "correction", "-30", "spent").Status)

	page := admin.get(card)
	require.Contains(t, page.text("#reverse"), "USD 10.00 leaves the balance of Test anna, which goes from USD 5.00 to USD −5.00. The balance is then negative")
	require.Contains(t, page.text("#reverse"), fmt.Sprintf("Card %s-1 becomes void", series.Number))
	key := page.one("#reverse [name=key]").AttrOr("value", "")
	unsaid := admin.post(card+"/reverse", url.Values{"key": {key}, "reason": {" "}})
	require.Equal(t, http.StatusUnprocessableEntity, unsaid.Status)
	require.Contains(t, unsaid.text("#f-reason-error"), "Give a reason")
	form := url.Values{"key": {key}, "reason": {"stolen"}}
	done := admin.post(card+"/reverse", form)
	require.Equal(t, http.StatusSeeOther, done.Status, done.Body)
	require.Equal(t, done.Header.Get("Location"), admin.post(card+"/reverse", form).Header.Get("Location"), "two clicks reverse once")
	form.Set("key", "5d1b1f0e-62a5-4a35-9a3e-0f6b6a8f5a02")
	require.Equal(t, http.StatusConflict, admin.post(card+"/reverse", form).Status)

	reversed, reversal := admin.get(card), admin.get(done.Header.Get("Location"))
	reversed.none("#reverse")
	require.Contains(t, reversed.text("#reversed"), "was reversed by payment 4. The card is void.")
	require.Equal(t, card, reversal.one(".receipt .facts a[href*=payments]").AttrOr("href", ""), "the way back")
	require.Contains(t, reversal.text(".receipt"), "stolen")
	reversal.none("#reverse")
	list := admin.get(adminpages.CustomerURL(anna) + "/billing/payments")
	require.Contains(t, list.text(".table-wrap tbody tr:last-child small"), "Reversed by 4")

	page = admin.get(cash)
	form = url.Values{"key": {page.one("#reverse [name=key]").AttrOr("value", "")}, "reason": {"wrong customer"}}
	require.Equal(t, http.StatusSeeOther, admin.post(cash+"/reverse", form).Status)
	require.Contains(t, admin.get(adminpages.CustomerURL(anna)).text(".big"), "USD −30.00")
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier, s.North).post(cash+"/reverse", form).Status)

	customer := s.browser()
	customer.signIn(kit.DoorCustomer, "anna")
	require.Contains(t, customer.get(portal.SectionPayments+"/1").text("main"), "taken back")
	require.NotContains(t, s.Log.String(), codes[0])
	broken, err := check.Run(t.Context(), s.Pool, nil)
	require.NoError(t, err)
	require.Empty(t, broken)
}
