package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// portalHomePage is a customer's first page: the balance, and what came last.
type portalHomePage struct {
	page
	Balance  string
	Payments []paymentView
	Redeem   bool // the form is open to them
}

// paymentListPage is a customer's payments.
type paymentListPage struct {
	page
	Balance  string
	Payments []paymentView
	Totals   []paymentTotal
	Pager    pager
	Empty    empty
}

// receiptPage is one payment.
type receiptPage struct {
	page
	Payment paymentView
	Amount  string
	Series  string
	Serial  int64
	Redeem  bool
}

// paymentsPerPage is how many payments a page shows.
const paymentsPerPage = 25

// balance reads the balance of the visitor.
func (s *Server) balance(c *gin.Context) (string, error) {
	scope := audit.Everything() // one's own account needs no other leave
	row, err := db.New().CustomerGet(c.Request.Context(), s.Pool, db.CustomerGetParams{
		ID: s.visitor(c).ID, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})
	if err != nil {
		return "", err
	}
	return money.Amount{Minor: *row.Balance, Currency: row.Currency}.String(), nil
}

// mayRedeem reports whether the portal offers the visitor the refill-card form.
func (s *Server) mayRedeem(c *gin.Context) (bool, error) {
	settings, err := s.Settings.Get(c.Request.Context())
	return settings.RefillCards && s.visitor(c).RefillCard, err
}

// portalHome handles GET /portal.
func (s *Server) portalHome(c *gin.Context) error {
	p := &portalHomePage{page: s.page(c, "Home", sectionHome)}
	var err error
	if p.Balance, err = s.balance(c); err != nil {
		return err
	}
	if p.Redeem, err = s.mayRedeem(c); err != nil {
		return err
	}
	if p.Payments, _, err = s.payments(c.Request.Context(), p.Visitor.ID, 0, 5, p.Visitor.Zone); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "portal/home", p)
}

// portalPayments handles GET /portal/finance/payments.
func (s *Server) portalPayments(c *gin.Context) error {
	p := &paymentListPage{page: s.page(c, "Payments", sectionPayments)}
	ctx := c.Request.Context()
	var err error
	if p.Balance, err = s.balance(c); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64) // what is no number shows the newest
	var older bool
	if p.Payments, older, err = s.payments(ctx, p.Visitor.ID, before, paymentsPerPage, p.Visitor.Zone); err != nil {
		return err
	}
	if p.Totals, err = s.paymentTotals(ctx, p.Visitor.ID); err != nil {
		return err
	}
	if older {
		p.Pager.Older = listURL(sectionPayments, "before", fmt.Sprint(p.Payments[len(p.Payments)-1].ID))
	}
	if before > 0 {
		p.Pager.Newer = sectionPayments
	}
	p.Empty = empty{Icon: "receipt", Title: "No payments yet", Text: "What you pay or redeem is listed here."}
	return s.render(c, http.StatusOK, "portal/payment_list", p)
}

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
	p.Amount = money.Amount{Minor: row.Amount, Currency: row.Currency}.String()
	if row.SeriesNumber != nil && row.Serial != nil {
		p.Series, p.Serial = *row.SeriesNumber, int64(*row.Serial)
	}
	if p.Redeem, err = s.mayRedeem(c); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "portal/payment_show", p)
}
