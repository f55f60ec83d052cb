package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/money"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

func TestPortalPayments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	require.Contains(t, anna.get(portal.SectionPayments).text(".empty-state"), "No payments yet")
	require.Equal(t, portal.SectionRedeem, anna.get(portal.SectionPayments).one(".empty-state a").AttrOr("href", ""))
	_, codes := s.series(2)
	require.Equal(t, http.StatusSeeOther, anna.redeem(codes[0]).Status)
	for range portal.PaymentsPerPage {
		_, err := customer.Pay(t.Context(), s.Pool, audit.System(), customer.Payment{
			CustomerID: anna.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 100, Currency: "USD"}, Key: uuid.New(),
		})
		require.NoError(t, err)
	}
	first := anna.get(portal.SectionPayments)
	require.Equal(t, portal.PaymentsPerPage, first.doc().Find("tbody tr").Length())
	require.Equal(t, "DatePayment typeSumCommentBalance after", strings.ReplaceAll(first.text("thead"), " Payment", "Payment"))
	require.Contains(t, first.text("tbody tr:first-child"), "+USD 1.00 USD 35.00")
	require.Equal(t, "Refill card, 1 payment+USD 10.00Cash, 25 payments+USD 25.00", strings.ReplaceAll(first.text("main .facts"), " +", "+"))
	older := anna.get(first.one(".pager a[rel=next]").AttrOr("href", ""))
	require.Contains(t, older.text("tbody"), "Refill card")
	older.one("tbody tr")
	older.one(".pager a[rel=prev]")
	receipt := anna.get(older.one("tbody a").AttrOr("href", ""))
	require.Contains(t, receipt.text("main"), "Balance after itUSD 10.00", "the balance after that payment, whatever came since")
	past := anna.get(portal.SectionPayments + "?before=1")
	require.Equal(t, portal.SectionPayments, past.one(".empty-state a").AttrOr("href", ""))
	require.Contains(t, anna.get(portal.SectionPayments+"?before=first").text("tbody tr:first-child"), "USD 35.00")
	home := anna.get(portal.SectionHome)
	home.doc().Find("main .facts a").Each(func(_ int, a *goquery.Selection) {
		require.Regexp(t, `^(Cash|Refill card) of \d+ \w{3} \d{4}, \d\d:\d\d$`, a.Text(), "links differ by their names")
	})
	require.Equal(t, portal.PaymentsAtHome, home.doc().Find("main .facts > div").Length())
	require.Contains(t, home.text(".balance"), "USD 35.00")

	ben := s.asCustomer("ben", s.North)
	require.NotContains(t, ben.get(portal.SectionPayments).Body, "USD 35.00")
	for _, id := range []string{"999999", "first", "-1", "99999999999999999999"} {
		require.Equal(t, http.StatusNotFound, ben.get(portal.SectionPayments+"/"+id).Status, id)
	}
}

// A statement uses the time zone of the customer.
func TestPortalPaymentTimes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	paid, err := customer.Pay(t.Context(), s.Pool, audit.System(), customer.Payment{
		CustomerID: anna.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 100, Currency: "USD"}, Key: uuid.New(), Comment: "At the desk",
	})
	require.NoError(t, err)
	row, err := db.New().PaymentGet(t.Context(), s.Pool, db.PaymentGetParams{ID: paid.ID, CustomerID: anna.ID})
	require.NoError(t, err)
	local := row.At.In(kit.Zone("Europe/Berlin"))
	inBerlin := local.Format("2 Jan 2006, 15:04:05 MST")
	list := anna.get(portal.SectionPayments)
	require.Contains(t, list.text("tbody"), "At the desk")
	require.Equal(t, inBerlin, list.one("tbody time").AttrOr("title", ""))
	require.Equal(t, local.Format("2 Jan 2006, 15:04"), list.text("tbody time"), "exact without a pointer, and on paper")
	require.Equal(t, local.Format("2 Jan 2006, 15:04"), anna.get(portal.SectionHome).text("main time"))
	var heads []string
	list.doc().Find("thead th").Each(func(_ int, th *goquery.Selection) { heads = append(heads, th.Text()) })
	require.Equal(t, []string{"Date", "Payment type", "Sum", "Comment", "Balance after"}, heads)
	receipt := anna.get(portal.ReceiptURL(paid.ID))
	require.Equal(t, "Receipt", receipt.text("h1"), "money paid at the desk is no card")
	require.Contains(t, receipt.text("main"), inBerlin)
}

func TestPortalPaymentPeriods(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	for _, minor := range []int64{100, 250} {
		_, err := customer.Pay(t.Context(), s.Pool, audit.System(), customer.Payment{
			CustomerID: anna.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: minor, Currency: "USD"}, Key: uuid.New(),
		})
		require.NoError(t, err)
	}
	owner := dbtest.Owner(t, s.Pool)
	_, err := owner.Exec(t.Context(), `alter table payment disable trigger payment_append_only`)
	require.NoError(t, err)
	_, err = owner.Exec(t.Context(), `update payment set at = at - interval '13 months' where amount = 100`)
	require.NoError(t, err)
	require.Contains(t, anna.get(portal.SectionPayments).text("main > .facts"), "2 payments")
	now := anna.get(portal.SectionPayments + "?period=year")
	require.Equal(t, "This year", now.text(".words [aria-current]"))
	require.Contains(t, now.text("main > .facts"), "1 payment+USD 2.50")
	require.Equal(t, 1, now.doc().Find("tbody tr").Length())
	require.Equal(t, "Totals, this year", now.text("main > h2"))
	last := anna.get(portal.SectionPayments + "?period=last-year")
	require.Contains(t, last.text("main"), "USD 1.00")
	require.NotContains(t, last.text("main > .facts"), "USD 2.50")
	none := anna.get(portal.SectionPayments + "?period=last-month")
	require.Contains(t, none.text(".empty-state"), "Nothing in this time")
	require.Contains(t, anna.get(portal.SectionPayments+"?period=moon").text("main > .facts"), "2 payments")
}
