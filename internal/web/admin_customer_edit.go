package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
)

// customerEditPage is a new customer, or one that is edited.
type customerEditPage struct {
	page
	Customer                              customerView // the zero value: a new one
	Action, Back, Button                  string
	Name, Username, Partner, Email, Phone field
	Key                                   string // of a new one
	Mistakes                              []mistake
}

func (s *Server) newCustomerEditPage(c *gin.Context, v customerView) (*customerEditPage, error) {
	title := "New customer"
	if v.ID != 0 {
		title = "Edit " + v.Name
	}
	p := &customerEditPage{
		page: s.page(c, title, sectionCustomers), Customer: v, Action: customerNew, Back: sectionCustomers, Button: "Add customer",
		Name: field{Name: "name", Label: "Name", Required: true, MaxLength: 120, Autocomplete: "off", Value: v.Name},
		Username: field{
			Name: "username", Label: "Username", MaxLength: 64, Plain: true, Autocomplete: "off", Value: v.Username,
			Hint: "For the portal. Letters, digits and . _ - @. Leave it empty to have one made of the name.",
		},
		Partner: field{Name: "partner", Label: "Partner", Required: true},
		Email:   field{Name: "email", Label: "E-mail", Type: "email", MaxLength: 254, Autocomplete: "off", Value: v.Email},
		Phone:   field{Name: "phone", Label: "Phone", Type: "tel", MaxLength: 40, Autocomplete: "off", Value: v.Phone},
	}
	if v.ID != 0 {
		p.Action, p.Back, p.Button = v.URL+"/edit", v.URL, "Save"
		p.Username.Hint, p.Username.Required = "The customer signs in to the portal with it. Letters, digits and . _ - @.", true
		p.Partner.Hint = "Payments so far stay with the partner under which they were made."
	} else {
		p.Name.Autofocus, p.Key = true, uuid.NewString()
	}
	var err error
	p.Partner.Options, err = s.partnerOptions(c.Request.Context(), p.Person.Scope)
	if v.PartnerID == 0 && len(p.Partner.Options) > 1 {
		p.Partner.Options = append([]option{{Text: "Choose a partner"}}, p.Partner.Options...)
	}
	p.Partner.choose(idText(v.PartnerID))
	return p, err
}

// partnerOptions are the partners that a member of staff may choose from.
func (s *Server) partnerOptions(ctx context.Context, scope audit.Scope) ([]option, error) {
	partners, err := db.New().PartnerList(ctx, s.Pool, db.PartnerListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	options := make([]option, 0, len(partners))
	for _, one := range partners {
		options = append(options, option{Value: idText(one.ID), Text: one.Name})
	}
	return options, err
}

func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// take fills the form with what was sent, and returns it.
func (p *customerEditPage) take(form url.Values) customer.Details {
	p.Name.Value, p.Username.Value = cut(form.Get("name"), 500), cut(form.Get("username"), 200)
	p.Email.Value, p.Phone.Value = cut(form.Get("email"), 500), cut(form.Get("phone"), 200)
	p.Partner.choose(form.Get("partner"))
	return customer.Details{
		PartnerID: numberOf(form.Get("partner")), Username: form.Get("username"), Name: form.Get("name"),
		Email: form.Get("email"), Phone: form.Get("phone"),
	}
}

// adminCustomerNewShow handles GET /admin/customers/new.
func (s *Server) adminCustomerNewShow(c *gin.Context) error {
	p, err := s.newCustomerEditPage(c, customerView{})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/customer_edit", p)
}

// adminCustomerNew handles POST /admin/customers/new.
func (s *Server) adminCustomerNew(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerEditPage(c, customerView{})
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	d, key := p.take(form), redeemKey(form.Get("key"))
	made, err := customer.Create(ctx, s.Pool, s.actor(c), customer.New{
		PartnerID: d.PartnerID, Username: d.Username, Name: d.Name, Email: d.Email, Phone: d.Phone, Currency: settings.Currency, Key: key,
	})
	if errors.Is(err, customer.ErrCustomerKey) { // the page has drawn a new key
		p.Mistakes = explain(err)
		return s.render(c, http.StatusConflict, "admin/customer_edit", p)
	}
	if err != nil {
		p.Key = key.String() // nothing was entered under it
		return s.customerRefused(c, p, err)
	}
	s.setFlash(c, fmt.Sprintf("%s is a customer now, with the username %s. Give them a way into the portal, if they need one.", made.Name, made.Username))
	return s.redirect(c, customerURL(made.ID)+"/access")
}

// adminCustomerEditShow handles GET /admin/customers/:id/edit.
func (s *Server) adminCustomerEditShow(c *gin.Context) error {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerEditPage(c, v)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/customer_edit", p)
}

// adminCustomerEdit handles POST /admin/customers/:id/edit.
func (s *Server) adminCustomerEdit(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	v, _, err := s.findCustomer(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerEditPage(c, v)
	if err != nil {
		return err
	}
	if err := customer.Edit(c.Request.Context(), s.Pool, s.actor(c), v.ID, p.take(form)); err != nil {
		return s.customerRefused(c, p, err)
	}
	s.setFlash(c, "Saved.")
	return s.redirect(c, v.URL)
}

// customerRefused shows the form again with what is to be mended.
func (s *Server) customerRefused(c *gin.Context, p *customerEditPage, err error) error {
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p.Mistakes = explain(err, &p.Name, &p.Username, &p.Partner, &p.Email, &p.Phone)
	return s.render(c, http.StatusUnprocessableEntity, "admin/customer_edit", p)
}

// adminCustomerDisable handles POST /admin/customers/:id/disable.
func (s *Server) adminCustomerDisable(c *gin.Context) error {
	return s.switchCustomer(c, customer.Disable, "%s is disabled and signed out.")
}

// adminCustomerEnable handles POST /admin/customers/:id/enable.
func (s *Server) adminCustomerEnable(c *gin.Context) error {
	return s.switchCustomer(c, customer.Enable, "%s is enabled.")
}

func (s *Server) switchCustomer(c *gin.Context, do func(context.Context, db.Beginner, audit.Actor, int64) error, done string) error {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return err
	}
	if err := do(c.Request.Context(), s.Pool, s.actor(c), v.ID); err != nil {
		return err
	}
	s.setFlash(c, fmt.Sprintf(done, v.Name))
	return s.redirect(c, v.URL)
}
