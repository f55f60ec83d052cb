package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/fault"
)

// customerAccessPage is how a customer gets into the portal.
type customerAccessPage struct {
	page
	Customer customerView
	Tabs     []filterWord
	Lifetime field
	Password field
	Link     *copyable // just made: shown this once
	Until    string    // how long it works
	Mistakes []mistake
}

func (s *Server) newCustomerAccessPage(c *gin.Context) (*customerAccessPage, error) {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return nil, err
	}
	p := &customerAccessPage{
		page: s.page(c, v.Name, sectionCustomers), Customer: v,
		Lifetime: field{Name: "lifetime", Label: "Works for", Short: true, Options: []option{
			{Value: "1", Text: "1 hour"}, {Value: "24", Text: "24 hours", Selected: true}, {Value: "72", Text: "3 days"}, {Value: "168", Text: "7 days"},
		}},
		Password: field{
			Name: "password", Label: "New password", Type: "password", Required: true, MaxLength: 200, Autocomplete: "new-password",
			Hint: "8 characters or more. It ends every session of the customer.",
		},
	}
	p.Tabs = customerTabs(v, p.Person, tabAccess)
	return p, nil
}

// adminCustomerAccess handles GET /admin/customers/:id/access.
func (s *Server) adminCustomerAccess(c *gin.Context) error {
	p, err := s.newCustomerAccessPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/customer_access", p)
}

// adminCustomerPassword handles POST /admin/customers/:id/access/password.
func (s *Server) adminCustomerPassword(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerAccessPage(c)
	if err != nil {
		return err
	}
	err = customer.SetPassword(c.Request.Context(), s.Pool, s.actor(c), p.Customer.ID, form.Get("password"))
	if fault.KindOf(err) == fault.Invalid {
		p.Mistakes = explain(err, &p.Password)
		return s.render(c, http.StatusUnprocessableEntity, "admin/customer_access", p)
	}
	if err != nil {
		return err
	}
	s.setFlash(c, fmt.Sprintf("%s signs in as %s with the new password.", p.Customer.Name, p.Customer.Username))
	return s.redirect(c, p.Customer.URL+"/access")
}

// adminCustomerLink handles POST /admin/customers/:id/access/link. The link is in
// this answer and nowhere else: only its hash is kept.
func (s *Server) adminCustomerLink(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerAccessPage(c)
	if err != nil {
		return err
	}
	hours, _ := strconv.Atoi(form.Get("lifetime")) // what is no number is refused as a lifetime
	lifetime := time.Duration(min(hours, 1000)) * time.Hour
	token, err := customer.NewLink(c.Request.Context(), s.Pool, s.actor(c), p.Customer.ID, lifetime)
	if fault.IsInternal(err) || fault.KindOf(err) == fault.NotFound {
		return err
	}
	p.Lifetime.choose(form.Get("lifetime"))
	if err != nil {
		p.Mistakes = explain(err, &p.Lifetime)
		return s.render(c, http.StatusUnprocessableEntity, "admin/customer_access", p)
	}
	p.Link = &copyable{Text: s.publicBase(c) + welcomePath + token, Label: "Copy the link"}
	for _, o := range p.Lifetime.Options {
		if o.Selected {
			p.Until = o.Text
		}
	}
	return s.render(c, http.StatusOK, "admin/customer_access", p)
}

// publicBase is where customers find the portal: as configured, or as asked for.
func (s *Server) publicBase(c *gin.Context) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	if s.overTLS(c.Request) {
		return "https://" + c.Request.Host
	}
	return "http://" + c.Request.Host
}
