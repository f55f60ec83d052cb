package portal

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/render"
	"refill/internal/web/kit"
)

// paymentListPage lists a customer's payments.
type paymentListPage struct {
	kit.Page
	Balance  string
	Periods  []kit.FilterWord
	Period   string // text of the chosen period; empty: all payments
	Payments []kit.PaymentView
	Totals   []kit.PaymentTotal
	Pager    kit.Pager
	Empty    kit.Empty
	Ways     []payWay // payment methods
	CSV, PDF string   // addresses of the payments of the period as a file
}

// receiptPage is the receipt of one payment.
type receiptPage struct {
	kit.Page
	Payment kit.PaymentView
	Amount  string
	Now     string // the present balance; empty: it is kept in another system
	Handed  bool   // the value was handed over to the other system
	Done    bool   // that system has said that it has credited it
	Series  string
	Serial  string
	Fresh   bool // a card that was redeemed minutes ago, and nothing was paid since
	Redeem  bool // the refill-card form is offered
}

// freshFor is how long the receipt of a redeemed card speaks of now.
const freshFor = 15 * time.Minute

// PaymentsPerPage is how many payments a page shows.
const PaymentsPerPage = 25

// Payments handles GET /portal/finance/payments.
func (s *Server) Payments(c *gin.Context) error {
	p := &paymentListPage{Page: s.Page(c, lang.M("Payments"), SectionPayments)}
	ctx := c.Request.Context()
	var err error
	if p.Balance, err = s.balance(c); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64) // 0 if it is not a number, which shows the newest
	var span period
	span, p.Periods = choosePeriod(s.Now().In(p.Visitor.Zone), c.Query("period"))
	var older bool
	switch c.Query("format") {
	case string(render.TableCSV):
		return s.sendPayments(c, span)
	case formatPDF:
		return s.sendStatement(c, span)
	}
	p.PDF = kit.ListURL(SectionPayments, "period", span.Name, "format", formatPDF)
	p.CSV = kit.ListURL(SectionPayments, "period", span.Name, "format", string(render.TableCSV))
	if p.Payments, older, err = s.paymentsWithin(ctx, p.Visitor, span, before, PaymentsPerPage); err != nil {
		return err
	}
	if p.Totals, err = s.totalsWithin(ctx, p.Visitor, span); err != nil {
		return err
	}
	if older {
		p.Pager.Older = kit.ListURL(SectionPayments, "period", span.Name, "before", fmt.Sprint(p.Payments[len(p.Payments)-1].ID))
	}
	if before > 0 {
		p.Pager.Newer = kit.ListURL(SectionPayments, "period", span.Name)
	}
	if p.Empty, err = s.noPayments(c, before > 0); err != nil {
		return err
	}
	if span.Name != "" {
		p.Period = span.Text
		if before < 1 {
			p.Empty = kit.Empty{Icon: "calendar", Title: lang.M("Nothing in this time"), Text: lang.M("You paid and redeemed nothing in it."), Action: lang.M("Show all payments"), URL: SectionPayments}
		}
	}
	if p.Ways, err = s.payWays(c); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "portal/payment_list", p)
}

// portalPaymentRows returns payments of the visitor, each with the URL of its receipt.
func (s *Server) portalPaymentRows(c *gin.Context, before int64, size int32) ([]kit.PaymentView, bool, error) {
	v := s.Visitor(c)
	rows, older, err := s.ListPayments(c.Request.Context(), v.ID, before, size, v.Zone)
	for i := range rows {
		rows[i] = linked(rows[i])
	}
	return rows, older, err
}

// linked adds the addresses of the receipts that a payment leads to.
func linked(v kit.PaymentView) kit.PaymentView {
	v.URL = ReceiptURL(v.ID)
	if v.ReversedBy != 0 {
		v.ReversedByURL = ReceiptURL(v.ReversedBy)
	}
	if v.Reverses != 0 {
		v.ReversesURL = ReceiptURL(v.Reverses)
	}
	return v
}

// noPayments returns the text for a page of payments without rows: nothing has been paid
// yet, or the URL asks for payments before the oldest one.
func (s *Server) noPayments(c *gin.Context, past bool) (kit.Empty, error) {
	if past {
		return kit.Empty{Icon: "receipt", Title: lang.M("No older payments"), Text: lang.M("You have seen all of them."), Action: lang.M("Show the newest"), URL: SectionPayments}, nil
	}
	none := kit.Empty{Icon: "receipt", Title: lang.M("No payments yet"), Text: lang.M("What you pay or redeem is listed here.")}
	may, err := s.mayRedeem(c)
	if may {
		none.Action, none.URL = lang.M("Redeem a refill card"), SectionRedeem
	}
	return none, err
}

// ReceiptURL returns the URL of a payment's receipt.
func ReceiptURL(id int64) string { return fmt.Sprintf("%s/%d", SectionPayments, id) }

// Payment handles GET /portal/finance/payments/:id: the receipt.
func (s *Server) Payment(c *gin.Context) error {
	p := &receiptPage{Page: s.Page(c, lang.M("Receipt"), SectionPayments)}
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return kit.ErrNoPayment
	}
	row, err := db.Need(db.New().PaymentGet(c.Request.Context(), s.Pool, db.PaymentGetParams{ID: id, CustomerID: p.Visitor.ID})).Or(kit.ErrNoPayment, "read a payment")
	if err != nil {
		return err
	}
	p.Payment = linked(kit.PaymentView{
		ID: row.ID, At: row.At.In(p.Visitor.Zone), Type: kit.PaymentTypeName(row.Type), Sum: kit.Signed(row.Amount, row.Currency),
		Balance: money.Amount{Minor: row.BalanceAfter, Currency: row.Currency}.String(), Comment: row.Comment,
		ReversedBy: row.ReversedBy, Reverses: row.Reverses,
	})
	p.Amount = money.Amount{Minor: row.Amount, Currency: row.Currency}.String()
	p.Handed, p.Done = row.HandedBy != 0, row.AcknowledgedAt != nil
	if p.Now, err = s.balance(c); err != nil {
		return err
	}
	if row.Type == db.PaymentTypeRefillCard && row.ReversedBy == 0 && s.Now().Sub(row.At) < freshFor {
		newest, _, err := s.ListPayments(c.Request.Context(), p.Visitor.ID, 0, 1, p.Visitor.Zone)
		if err != nil {
			return err
		}
		if p.Fresh = newest[0].ID == row.ID; p.Fresh {
			p.Title = lang.M("Card redeemed")
		}
	}
	if row.SeriesNumber != nil && row.Serial != nil {
		p.Series = *row.SeriesNumber
		if p.Serial, err = s.SerialText(c.Request.Context(), p.Series, *row.Serial); err != nil {
			return err
		}
	}
	if p.Redeem, err = s.mayRedeem(c); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "portal/payment_show", p)
}
