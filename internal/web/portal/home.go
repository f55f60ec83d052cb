package portal

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/web/kit"
)

// portalHomePage is a customer's first page: the balance and the latest payments.
type portalHomePage struct {
	kit.Page
	Balance  string // empty: it is kept in another system
	Payments []kit.PaymentView
	Redeem   bool // the refill-card form is offered
}

// PaymentsAtHome is how many payments the first page shows.
const PaymentsAtHome = 5

// balance returns the balance of the visitor, with its currency; empty where it is kept in
// another system.
func (s *Server) balance(c *gin.Context) (string, error) {
	scope := audit.Everything() // the visitor's own account needs no scope
	row, err := db.New().CustomerGet(c.Request.Context(), s.Pool, db.CustomerGetParams{
		ID: s.Visitor(c).ID, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})
	if err != nil {
		return "", err
	}
	if row.Outside {
		return "", nil
	}
	return money.Amount{Minor: *row.Balance, Currency: row.Currency}.String(), nil
}

// mayRedeem reports whether the portal offers the visitor the refill-card form.
func (s *Server) mayRedeem(c *gin.Context) (bool, error) {
	settings, err := s.Settings.Get(c.Request.Context())
	return settings.RefillCards && s.Visitor(c).RefillCard, err
}

// Home handles GET /portal.
func (s *Server) Home(c *gin.Context) error {
	p := &portalHomePage{Page: s.Page(c, lang.M("Home"), SectionHome)}
	p.Title = fmt.Sprintf(lang.M("Hello, %s"), p.Visitor.Name)
	var err error
	if p.Balance, err = s.balance(c); err != nil {
		return err
	}
	if p.Redeem, err = s.mayRedeem(c); err != nil {
		return err
	}
	if p.Payments, _, err = s.portalPaymentRows(c, 0, PaymentsAtHome); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "portal/home", p)
}
