package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/money"
)

// portalHomePage is a customer's first page: the balance, and what came last.
type portalHomePage struct {
	page
	Balance  string
	Payments []paymentView
	Redeem   bool // the form is open to them
}

// paymentsAtHome is how many payments the first page shows.
const paymentsAtHome = 5

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
	if p.Payments, _, err = s.portalPaymentRows(c, 0, paymentsAtHome); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "portal/home", p)
}
