package admin

import (
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/tableflow"
	"refill/internal/web/kit"
)

// customerPlanForm reads the posted plan.
func customerPlanForm(form url.Values) customerimport.Form {
	f := customerimport.Form{
		Answers: tableflow.Answers{Headings: form.Get("headings") != "", Columns: map[string]string{}, Decimal: form.Get("decimal"), Meanings: postedMeanings(form)},
		Partner: form.Get("default_partner"), Comment: form.Get("comment"),
	}
	for _, column := range customerimport.Columns() {
		f.Columns[column] = form.Get(column)
	}
	return f
}

// customerPlanValues is the inverse of customerPlanForm, for a stored plan.
func customerPlanValues(f customerimport.Form) url.Values {
	form := url.Values{"decimal": {f.Decimal}, "default_partner": {f.Partner}, "comment": {f.Comment}}
	if f.Headings {
		form.Set("headings", "on")
	}
	for column, at := range f.Columns {
		form.Set(column, at)
	}
	return form
}

// customerColumns returns the label and the hint of each column.
func customerColumns() map[string]kit.Field {
	return map[string]kit.Field{
		customerimport.ColumnName:       {Label: lang.M("Name"), Hint: lang.M("Up to 120 characters.")},
		customerimport.ColumnUsername:   {Label: lang.M("Username"), Hint: lang.M("For the portal. Without it one is made of name and external id.")},
		customerimport.ColumnExternalID: {Label: lang.M("External id"), Hint: lang.M("What the other system calls the customer. It finds them here too.")},
		customerimport.ColumnPartner:    {Label: lang.M("Partner"), Hint: lang.M("By name or id. The partners must exist here.")},
		customerimport.ColumnEmail:      {Label: "E-mail"},
		customerimport.ColumnPhone:      {Label: lang.M("Phone"), Hint: lang.M("Kept as it is typed, up to 40 characters.")},
		customerimport.ColumnBalance:    {Label: lang.M("Opening balance"), Hint: lang.M("What a customer has; negative: what they owe.")},
		customerimport.ColumnCurrency:   {Label: lang.M("Currency"), Hint: lang.M("Rows in another currency are left out.")},
		customerimport.ColumnStatus:     {Label: lang.M("Status")},
	}
}

// customerMeaningTitle returns the display text of what a status means for a customer.
func customerMeaningTitle(meaning string) string {
	switch meaning {
	case customerimport.MeansActive:
		return lang.M("Active")
	case customerimport.MeansDisabled:
		return lang.M("Disabled: can’t sign in or redeem")
	case customerimport.MeansLeaveOut:
		return lang.M("Leave these rows out")
	}
	return ""
}

// showCustomerPlan adds the form that assigns the columns. Its values come from the
// submitted form, else from the previous plan, else from the last file of the same shape,
// else from a guess about the file.
func (s *Server) showCustomerPlan(c *gin.Context, p *customerImportPage, i db.CardImport, look tableflow.Look, plan customerimport.Plan, form url.Values) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p.Planning, p.Steps = true, importSteps(stepColumns)
	var meanings map[string]string
	switch {
	case form != nil:
		meanings = customerPlanForm(form).Meanings
	case len(plan.Form.Columns) > 0:
		form, meanings = customerPlanValues(plan.Form), plan.Form.Meanings
	default:
		if form, meanings, err = s.suggestCustomerPlan(c, p, i, look); err != nil {
			return err
		}
	}
	p.showFile(look, form, customerimport.Columns(), func(column string) kit.Field { return customerColumns()[column] }, customerimport.ColumnName, lang.M("Untick it if that row is a customer."))
	p.Unread = unreadOfCustomers(look, customerPlanForm(form).Answers)
	p.Meanings = offerMeanings(customerimport.Choices(look, settings.Currency, customerPlanForm(form).Answers), meanings,
		func(column string) string { return customerColumns()[column].Label }, func(string) []string { return customerimport.Meanings() }, customerMeaningTitle)
	return s.showCustomerRest(c, p, look, form)
}

// suggestCustomerPlan returns form values from earlier answers or, without any, from a
// guess about the file.
func (s *Server) suggestCustomerPlan(c *gin.Context, p *customerImportPage, i db.CardImport, look tableflow.Look) (url.Values, map[string]string, error) {
	form, meanings := url.Values{"headings": {"on"}}, map[string]string{}
	for column, at := range look.Survey.Guess {
		form.Set(column, strconv.Itoa(at+1))
	}
	kept, ok, err := s.Customers.Remembered(c.Request.Context(), s.Actor(c), look)
	if err != nil {
		return nil, nil, err
	}
	if ok {
		p.Remembered = true
		form, meanings = customerPlanValues(kept), kept.Meanings
	}
	form.Set("comment", customerimport.Comment(i.FileName))
	return form, meanings, nil
}

// showCustomerRest adds the other fields: default partner, decimal sign and comment.
func (s *Server) showCustomerRest(c *gin.Context, p *customerImportPage, look tableflow.Look, form url.Values) error {
	partner := kit.Field{Name: "default_partner", Label: lang.M("Partner of customers without one"), Short: true}
	scope := p.Person.Scope
	partners, err := db.New().PartnerPick(c.Request.Context(), s.Pool, db.PartnerPickParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	partner.Options = []kit.Option{{Text: lang.M("None: leave such rows out")}}
	for _, one := range partners {
		partner.Options = append(partner.Options, kit.Option{Value: idText(one.ID), Text: one.Name})
	}
	partner.Choose(form.Get("default_partner"))
	p.Form = []kit.Field{
		partner, decimalField(look, form, customerimport.ColumnBalance),
		{Name: "comment", Label: lang.M("Comment of the opening balances"), Value: kit.Truncate(form.Get("comment"), 400), MaxLength: 300, Autocomplete: "off", Hint: lang.M("Each is entered as a payment of type Correction with this comment.")},
	}
	return nil
}
