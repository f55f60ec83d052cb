package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// paymentListPage is a customer's payments.
type paymentListPage struct {
	page
	Balance  string
	Periods  []filterWord
	Period   string // in a word, where it is not all of them
	Payments []paymentView
	Totals   []paymentTotal
	Pager    pager
	Empty    empty
	Ways     []payWay // to pay
}

// receiptPage is one payment.
type receiptPage struct {
	page
	Payment  paymentView
	Amount   string
	Series   string
	Serial   string
	Redeemed bool // it came by a refill card
	Redeem   bool // the form is open to them
}

// paymentsPerPage is how many payments a page shows.
const paymentsPerPage = 25

// portalPayments handles GET /portal/finance/payments.
func (s *Server) portalPayments(c *gin.Context) error {
	p := &paymentListPage{page: s.page(c, "Payments", sectionPayments)}
	ctx := c.Request.Context()
	var err error
	if p.Balance, err = s.balance(c); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64) // what is no number shows the newest
	var span period
	span, p.Periods = choosePeriod(s.Now().In(p.Visitor.Zone), c.Query("period"))
	var older bool
	if p.Payments, older, err = s.paymentsWithin(ctx, p.Visitor, span, before, paymentsPerPage); err != nil {
		return err
	}
	if p.Totals, err = s.totalsWithin(ctx, p.Visitor, span); err != nil {
		return err
	}
	if older {
		p.Pager.Older = listURL(sectionPayments, "period", span.Name, "before", fmt.Sprint(p.Payments[len(p.Payments)-1].ID))
	}
	if before > 0 {
		p.Pager.Newer = listURL(sectionPayments, "period", span.Name)
	}
	if p.Empty, err = s.noPayments(c, before > 0); err != nil {
		return err
	}
	if span.Name != "" {
		p.Period = span.Text
		if before < 1 {
			p.Empty = empty{Icon: "calendar", Title: "Nothing in this time", Text: "You paid and redeemed nothing in it.", Action: "Show all payments", URL: sectionPayments}
		}
	}
	if p.Ways, err = s.payWays(c); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "portal/payment_list", p)
}

// portalPaymentRows reads payments of the visitor, each with the way to its receipt.
func (s *Server) portalPaymentRows(c *gin.Context, before int64, size int32) ([]paymentView, bool, error) {
	v := s.visitor(c)
	rows, older, err := s.payments(c.Request.Context(), v.ID, before, size, v.Zone)
	for i := range rows {
		rows[i].URL = receiptURL(rows[i].ID)
	}
	return rows, older, err
}

// noPayments says why a page of payments has none: nothing has been paid yet, or
// the address asks for what is older than the oldest.
func (s *Server) noPayments(c *gin.Context, past bool) (empty, error) {
	if past {
		return empty{Icon: "receipt", Title: "No older payments", Text: "You have seen all of them.", Action: "Show the newest", URL: sectionPayments}, nil
	}
	none := empty{Icon: "receipt", Title: "No payments yet", Text: "What you pay or redeem is listed here."}
	may, err := s.mayRedeem(c)
	if may {
		none.Action, none.URL = "Redeem a refill card", sectionRedeem
	}
	return none, err
}

// receiptURL is the address of a payment's receipt.
func receiptURL(id int64) string { return fmt.Sprintf("%s/%d", sectionPayments, id) }

// errNoPayment answers for a payment that is not there, or not theirs.
var errNoPayment = fault.New(fault.NotFound, "payment_unknown", "There is no such payment.")

// portalPayment handles GET /portal/finance/payments/:id: the receipt.
func (s *Server) portalPayment(c *gin.Context) error {
	p := &receiptPage{page: s.page(c, "Receipt", sectionPayments)}
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return errNoPayment
	}
	row, err := db.New().PaymentGet(c.Request.Context(), s.Pool, db.PaymentGetParams{ID: id, CustomerID: p.Visitor.ID})
	if isNoRows(err) {
		return errNoPayment
	}
	if err != nil {
		return err
	}
	p.Payment = paymentView{
		ID: row.ID, At: row.At.In(p.Visitor.Zone), Type: paymentTypeName(row.Type), Sum: signed(row.Amount, row.Currency),
		Balance: money.Amount{Minor: row.BalanceAfter, Currency: row.Currency}.String(), Comment: row.Comment,
	}
	if p.Payment.ReversedBy = row.ReversedBy; row.ReversedBy != 0 {
		p.Payment.ReversedByURL = receiptURL(row.ReversedBy)
	}
	if p.Payment.Reverses = row.Reverses; row.Reverses != 0 {
		p.Payment.ReversesURL = receiptURL(row.Reverses)
	}
	p.Amount = money.Amount{Minor: row.Amount, Currency: row.Currency}.String()
	p.Redeemed = row.Type == db.PaymentTypeRefillCard && row.ReversedBy == 0
	if row.SeriesNumber != nil && row.Serial != nil {
		p.Series = *row.SeriesNumber
		if p.Serial, err = s.serialText(c.Request.Context(), p.Series, *row.Serial); err != nil {
			return err
		}
	}
	if p.Redeem, err = s.mayRedeem(c); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "portal/payment_show", p)
}
