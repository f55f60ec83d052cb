package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// customerAccessPage is the page on which staff give a customer access to the portal.
type customerAccessPage struct {
	kit.Page
	Customer customerView
	Tabs     []kit.FilterWord
	Lifetime kit.Field
	Password kit.Field
	Link     *kit.Copyable // the new link, shown only once
	Until    string        // how long the link works
	Mistakes []kit.Mistake
}

func (s *Server) newCustomerAccessPage(c *gin.Context) (*customerAccessPage, error) {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return nil, err
	}
	p := &customerAccessPage{
		Page: s.Page(c, v.Name, SectionCustomers), Customer: v,
		Lifetime: kit.Field{Name: "lifetime", Label: lang.M("Works for"), Short: true, Options: []kit.Option{
			{Value: "1", Text: "1 hour"}, {Value: "24", Text: "24 hours", Selected: true}, {Value: "72", Text: "3 days"}, {Value: "168", Text: "7 days"},
		}},
		Password: kit.Field{
			Name: "password", Label: lang.M("New password"), Type: "password", Required: true, MaxLength: 200, Autocomplete: "new-password",
			Hint: lang.M("8 characters or more. It ends every session of the customer."),
		},
	}
	p.Tabs = customerTabs(v, p.Person, tabAccess)
	return p, nil
}

// CustomerAccess handles GET /admin/customers/:id/access.
func (s *Server) CustomerAccess(c *gin.Context) error {
	p, err := s.newCustomerAccessPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/customer_access", p)
}

// CustomerPassword handles POST /admin/customers/:id/access/password.
func (s *Server) CustomerPassword(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerAccessPage(c)
	if err != nil {
		return err
	}
	err = customer.SetPassword(c.Request.Context(), s.Pool, s.Actor(c), p.Customer.ID, form.Get("password"))
	if fault.KindOf(err) == fault.Invalid {
		p.Mistakes = kit.Explain(err, &p.Password)
		return s.Render(c, http.StatusUnprocessableEntity, "admin/customer_access", p)
	}
	if err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneGood, fmt.Sprintf(lang.M("%s signs in as %s with the new password."), p.Customer.Name, p.Customer.Username))
	return s.Redirect(c, p.Customer.URL+"/access")
}

// CustomerLink handles POST /admin/customers/:id/access/link. The link appears only in this
// response, because only its hash is stored.
func (s *Server) CustomerLink(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerAccessPage(c)
	if err != nil {
		return err
	}
	hours, _ := strconv.Atoi(form.Get("lifetime")) // 0 if it is not a number, which is refused as a lifetime
	lifetime := time.Duration(min(hours, 1000)) * time.Hour
	token, err := customer.NewLink(c.Request.Context(), s.Pool, s.Actor(c), p.Customer.ID, lifetime)
	if fault.IsInternal(err) || fault.KindOf(err) == fault.NotFound {
		return err
	}
	p.Lifetime.Choose(form.Get("lifetime"))
	if err != nil {
		p.Mistakes = kit.Explain(err, &p.Lifetime)
		return s.Render(c, http.StatusUnprocessableEntity, "admin/customer_access", p)
	}
	p.Link = &kit.Copyable{Text: s.publicBase(c) + kit.WelcomePath + token, Label: lang.M("Copy the link")}
	for _, o := range p.Lifetime.Options {
		if o.Selected {
			p.Until = o.Text
		}
	}
	return s.Render(c, http.StatusOK, "admin/customer_access", p)
}

// publicBase returns the base address of the portal: the configured one, or that of the
// request.
func (s *Server) publicBase(c *gin.Context) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	if s.OverTLS(c.Request) {
		return "https://" + c.Request.Host
	}
	return "http://" + c.Request.Host
}
