package admin

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
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// customerEditPage is the form for a new customer, or for changes to an existing one.
type customerEditPage struct {
	kit.Page
	Customer                              customerView // the zero value for a new customer
	Action, Back, Button                  string
	Name, Username, Partner, Email, Phone kit.Field
	Key                                   string // idempotency key of a new customer
	Mistakes                              []kit.Mistake
	Currency                              currencyQuestion // of the first customer
	NoPartner                             bool             // there is no partner that a customer could belong to
}

func (s *Server) newCustomerEditPage(c *gin.Context, v customerView) (*customerEditPage, error) {
	title := lang.M("New customer")
	if v.ID != 0 {
		title = "Edit " + v.Name
	}
	p := &customerEditPage{
		Page: s.Page(c, title, SectionCustomers), Customer: v, Action: CustomerNew, Back: SectionCustomers, Button: lang.M("Add customer"),
		Name: kit.Field{Name: "name", Label: lang.M("Name"), Required: true, MaxLength: 120, Autocomplete: "off", Value: v.Name},
		Username: kit.Field{
			Name: "username", Label: lang.M("Username"), MaxLength: 64, Plain: true, Autocomplete: "off", Value: v.Username,
			Hint: lang.M("For the portal. Letters, digits and . _ - @. Leave it empty to have one made of the name."),
		},
		Partner: kit.Field{Name: "partner", Label: lang.M("Partner"), Required: true},
		Email:   kit.Field{Name: "email", Label: "E-mail", Type: "email", MaxLength: 254, Autocomplete: "off", Value: v.Email},
		Phone:   kit.Field{Name: "phone", Label: lang.M("Phone"), Type: "tel", MaxLength: 40, Autocomplete: "off", Value: v.Phone},
	}
	if v.ID != 0 {
		p.Action, p.Back, p.Button = v.URL+"/edit", v.URL, lang.M("Save")
		p.Username.Hint, p.Username.Required = lang.M("The customer signs in to the portal with it. Letters, digits and . _ - @."), true
		p.Partner.Hint = lang.M("Payments so far stay with the partner under which they were made.")
	} else {
		p.Name.Autofocus, p.Key = true, uuid.NewString()
	}
	var err error
	p.Partner.Options, err = s.offeredPartners(c.Request.Context(), p.Person.Scope, v.PartnerID)
	if v.PartnerID == 0 && len(p.Partner.Options) > 1 {
		p.Partner.Options = append([]kit.Option{{Text: lang.M("Choose a partner")}}, p.Partner.Options...)
	}
	p.Partner.Choose(idText(v.PartnerID))
	p.NoPartner = len(p.Partner.Options) == 0
	return p, err
}

func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// take fills the form with the submitted values and returns them.
func (p *customerEditPage) take(form url.Values) customer.Details {
	p.Name.Value, p.Username.Value = kit.Truncate(form.Get("name"), 500), kit.Truncate(form.Get("username"), 200)
	p.Email.Value, p.Phone.Value = kit.Truncate(form.Get("email"), 500), kit.Truncate(form.Get("phone"), 200)
	p.Partner.Choose(form.Get("partner"))
	return customer.Details{
		PartnerID: NumberOf(form.Get("partner")), Username: form.Get("username"), Name: form.Get("name"),
		Email: form.Get("email"), Phone: form.Get("phone"),
	}
}

// CustomerNewShow handles GET /admin/customers/new.
func (s *Server) CustomerNewShow(c *gin.Context) error {
	p, err := s.newCustomerEditPage(c, customerView{})
	if err != nil {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p.Currency = askCurrency(p.Person, settings, url.Values{})
	return s.Render(c, http.StatusOK, "admin/customer_edit", p)
}

// CustomerNew handles POST /admin/customers/new.
func (s *Server) CustomerNew(c *gin.Context) error {
	form, key, err := s.KeyedForm(c)
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
	if err := s.confirmCurrency(c, form, settings); err != nil {
		return err
	}
	p.Currency = askCurrency(p.Person, settings, form)
	d := p.take(form)
	made, err := customer.Create(ctx, s.Pool, s.Actor(c), customer.New{
		PartnerID: d.PartnerID, Username: d.Username, Name: d.Name, Email: d.Email, Phone: d.Phone, Currency: settings.Currency, Key: key,
	})
	if errors.Is(err, customer.ErrCustomerKey) { // the page has a new key
		p.Mistakes = kit.Explain(err)
		return s.Render(c, http.StatusConflict, "admin/customer_edit", p)
	}
	if err != nil {
		p.Key = key.String() // nothing was stored under this key
		return s.customerRefused(c, p, err)
	}
	s.SetFlash(c, kit.ToneGood, fmt.Sprintf(lang.M("%s is a customer now, with the username %s. Give them a way into the portal, if they need one."), made.Name, made.Username))
	return s.Redirect(c, CustomerURL(made.ID)+"/access")
}

// CustomerEditShow handles GET /admin/customers/:id/edit.
func (s *Server) CustomerEditShow(c *gin.Context) error {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerEditPage(c, v)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/customer_edit", p)
}

// CustomerEdit handles POST /admin/customers/:id/edit.
func (s *Server) CustomerEdit(c *gin.Context) error {
	form, err := s.Form(c)
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
	if err := customer.Edit(c.Request.Context(), s.Pool, s.Actor(c), v.ID, p.take(form)); err != nil {
		return s.customerRefused(c, p, err)
	}
	s.SetFlash(c, kit.ToneGood, lang.M("Saved."))
	return s.Redirect(c, v.URL)
}

// customerRefused shows the form again with the errors.
func (s *Server) customerRefused(c *gin.Context, p *customerEditPage, err error) error {
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p.Mistakes = kit.Explain(err, &p.Name, &p.Username, &p.Partner, &p.Email, &p.Phone, &kit.Field{Name: p.Currency.Choice.Name})
	return s.Render(c, http.StatusUnprocessableEntity, "admin/customer_edit", p)
}

// CustomerDisable handles POST /admin/customers/:id/disable.
func (s *Server) CustomerDisable(c *gin.Context) error {
	return s.switchCustomer(c, customer.Disable, lang.M("%s is disabled and signed out."))
}

// CustomerEnable handles POST /admin/customers/:id/enable.
func (s *Server) CustomerEnable(c *gin.Context) error {
	return s.switchCustomer(c, customer.Enable, lang.M("%s is enabled."))
}

func (s *Server) switchCustomer(c *gin.Context, do func(context.Context, db.Beginner, audit.Actor, int64) error, done string) error {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return err
	}
	if err := do(c.Request.Context(), s.Pool, s.Actor(c), v.ID); err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneGood, fmt.Sprintf(done, v.Name))
	return s.Redirect(c, v.URL)
}
