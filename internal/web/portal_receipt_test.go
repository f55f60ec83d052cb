package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/web/portal"
)

// The receipt of a card speaks of now while the card is what came last, and of then later.
func TestPortalReceiptThenAndNow(t *testing.T) {
	t.Parallel()
	var ahead time.Duration
	s := newSite(t, func(d *Deps) { d.Now = func() time.Time { return time.Now().Add(ahead) } })
	anna := s.asCustomer("anna", s.North)
	_, codes := s.series(2)
	receiptOf := func(code string) string { return anna.redeem(code).Header.Get("Location") }
	first := receiptOf(codes[0])
	fresh := anna.get(first)
	require.Equal(t, "Card redeemed", fresh.text("h1"))
	require.Contains(t, fresh.text("main"), "New balanceUSD 10.00")
	require.NotContains(t, fresh.text("main"), "Your balance now")

	second := receiptOf(codes[1])
	require.Equal(t, "Card redeemed", anna.get(second).text("h1"))
	old := anna.get(first)
	require.Equal(t, "Receipt", old.text("h1"))
	require.Contains(t, old.text("main"), "Balance after itUSD 10.00")
	require.Contains(t, old.text("main"), "Your balance now: USD 20.00")
	old.none("h1 svg")

	ahead = 16 * time.Minute
	require.Equal(t, "Receipt", anna.get(second).text("h1"))
}

// A payment that was reversed is marked wherever the customer sees it.
func TestPortalReversedPayments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	ctx := t.Context()
	paid, err := customer.Pay(ctx, s.Pool, audit.System(), customer.Payment{
		CustomerID: anna.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 700, Currency: "USD"}, Key: uuid.New(),
	})
	require.NoError(t, err)
	list := anna.get(portal.SectionPayments)
	require.NotContains(t, list.text("tbody"), "Reversed")
	actor := audit.ByStaff(s.newStaff("cashier", db.StaffRoleAdministrator), audit.Everything())
	undone, err := customer.Reverse(ctx, s.Pool, actor, billing.Reversal{CustomerID: anna.ID, PaymentID: paid.ID, Reason: "typed twice", Key: uuid.New()})
	require.NoError(t, err)
	list = anna.get(portal.SectionPayments)
	require.Contains(t, list.text("tbody tr:nth-child(2)"), "Reversed")
	require.Equal(t, "+USD 7.00", list.text("tbody tr:nth-child(2) .struck"))
	require.NotContains(t, list.text("tbody tr:nth-child(1)"), "Reversed")
	require.Contains(t, anna.get(portal.SectionHome).text("main .facts"), "Reversed")
	receipt := anna.get(portal.ReceiptURL(paid.ID))
	require.Equal(t, "Receipt", receipt.text("h1"))
	require.Contains(t, receipt.text(".notice-warn"), "Reversed.")
	require.Equal(t, portal.ReceiptURL(undone.ID), receipt.one(".notice-warn a").AttrOr("href", ""))
	require.Equal(t, portal.ReceiptURL(paid.ID), anna.get(portal.ReceiptURL(undone.ID)).one(".facts a").AttrOr("href", ""))
}

// Texts and names of any script are laid out in their own direction.
func TestPortalTextsHaveTheirDirection(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const text = "مرحبا بكم"
	s.exec(`update partner set slug = 'north', brand = $2, welcome = $2, help = $2 where id = $1`, s.North.ID, text)
	anna := s.asCustomer("anna", s.North)
	s.exec(`update customer set name = $2 where id = $1`, anna.ID, text)
	_, codes := s.series(1)
	receipt := anna.redeem(codes[0]).Header.Get("Location")
	for path, selectors := range map[string][]string{
		"/portal":                     {".brand [dir=auto]", "h1 bdi", ".lead[dir=auto]"},
		portal.SectionRedeem:          {".help[dir=auto]"},
		receipt:                       {".help[dir=auto]", ".printed bdi"},
		"/portal/login?partner=north": {},
	} {
		for _, selector := range selectors {
			require.Equal(t, text, anna.get(path).text(selector), "%s %s", path, selector)
		}
	}
	door := s.browser().get("/portal/login?partner=north")
	require.Equal(t, text, door.text(".help[dir=auto]"))
	require.Equal(t, text, door.text(".brand [dir=auto]"))
}

// Look-alikes of other keyboards are read, and other letters are refused with what to do.
func TestPortalOtherKeyboards(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	_, codes := s.series(1)
	arabic := ""
	for _, r := range codes[0] {
		if r >= '0' && r <= '9' {
			r = '٠' + r - '0'
		} else if like := map[rune]rune{'A': 'А', 'B': 'В', 'C': 'С', 'E': 'Е', 'H': 'Н', 'K': 'К', 'M': 'М', 'P': 'Р', 'T': 'Т', 'X': 'Х'}[r]; like != 0 {
			r = like
		}
		arabic += string(r)
	}
	refused := anna.post(portal.SectionRedeem, url.Values{"code": {"Щ" + codes[0]}, "key": {uuid.NewString()}})
	require.Contains(t, refused.text("#f-code-error"), "Switch your keyboard to Latin letters")
	require.Equal(t, http.StatusSeeOther, anna.redeem(arabic).Status, arabic)
}

// A customer takes the payments of a period along as a table.
func TestPortalPaymentsCSV(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, ben := s.asCustomer("anna", s.North), s.asCustomer("ben", s.North)
	for who, comment := range map[*browser]string{anna: "=at the desk", ben: "secret"} {
		_, err := customer.Pay(t.Context(), s.Pool, audit.System(), customer.Payment{
			CustomerID: who.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 700, Currency: "USD"}, Comment: comment, Key: uuid.New(),
		})
		require.NoError(t, err)
	}
	link := anna.get(portal.SectionPayments+"?period=month").one("a[download][href*='format=csv']").AttrOr("href", "")
	file := anna.get(link)
	require.Equal(t, "text/csv; charset=utf-8", file.Header.Get("Content-Type"))
	require.Equal(t, "no-store", file.Header.Get("Cache-Control"))
	rows, err := csv.NewReader(strings.NewReader(file.Body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, []string{"Cash", "7.00", "'=at the desk", "7.00", "USD", ""}, rows[1][2:])
	empty, err := csv.NewReader(strings.NewReader(anna.get(portal.SectionPayments + "?period=last-year&format=csv").Body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, empty, 1, "of the chosen period")
}

// A customer takes the payments of a period along on paper.
func TestPortalPaymentsPDF(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	_, codes := s.series(1)
	require.Equal(t, http.StatusSeeOther, anna.redeem(codes[0]).Status)
	file := anna.get(anna.get(portal.SectionPayments+"?period=month").one("a[download][href*='format=pdf']").AttrOr("href", ""))
	require.Equal(t, "application/pdf", file.Header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(file.Body, "%PDF-"))
	require.Equal(t, "no-store", file.Header.Get("Cache-Control"))
	require.Contains(t, file.Header.Get("Content-Disposition"), "payments.pdf")
}
