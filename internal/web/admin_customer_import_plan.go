package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
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

// customerPlanValues is customerPlanForm the other way round, for a plan that was kept.
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

// customerColumns says what each column is called on the page, and explains it.
func customerColumns() map[string]field {
	return map[string]field{
		customerimport.ColumnName:       {Label: "Name", Hint: "Up to 120 characters."},
		customerimport.ColumnUsername:   {Label: "Username", Hint: "For the portal. Without it one is made of name and external id."},
		customerimport.ColumnExternalID: {Label: "External id", Hint: "What the other system calls the customer. It finds them here too."},
		customerimport.ColumnPartner:    {Label: "Partner", Hint: "By name or id. The partners must exist here."},
		customerimport.ColumnEmail:      {Label: "E-mail"},
		customerimport.ColumnPhone:      {Label: "Phone", Hint: "Kept as it is typed, up to 40 characters."},
		customerimport.ColumnBalance:    {Label: "Opening balance", Hint: "What a customer has; negative: what they owe."},
		customerimport.ColumnCurrency:   {Label: "Currency", Hint: "Rows in another currency are left out."},
		customerimport.ColumnStatus:     {Label: "Status"},
	}
}

// customerMeaningTitle says what a status means for a customer.
func customerMeaningTitle(meaning string) string {
	switch meaning {
	case customerimport.MeansActive:
		return "Active"
	case customerimport.MeansDisabled:
		return "Disabled: can’t sign in or redeem"
	case customerimport.MeansLeaveOut:
		return "Leave these rows out"
	}
	return ""
}

// showCustomerPlan shows the form that says what the columns are: as it was typed, else
// as the plan was before, else as for the last file of this shape, else as the file
// suggests.
func (s *Server) showCustomerPlan(c *gin.Context, p *customerImportPage, i db.CardImport, look tableflow.Look, plan customerimport.Plan, form url.Values) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p.Planning = true
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
	p.showPreview(look, form)
	p.showColumns(look, form)
	p.Unread = unreadOfCustomers(look, customerPlanForm(form).Answers)
	p.Meanings = offerMeanings(customerimport.Choices(look, settings.Currency, customerPlanForm(form).Answers), meanings,
		func(column string) string { return customerColumns()[column].Label }, func(string) []string { return customerimport.Meanings() }, customerMeaningTitle)
	p.Sheet = sheetField(look)
	if heading := look.Survey.Layout.Heading; heading > 0 {
		p.Heading = &choice{Name: "headings", Label: fmt.Sprintf("Row %d has the headings", heading), Checked: form.Get("headings") != "", Hint: "Untick it if that row is a customer."}
	}
	return s.showCustomerRest(c, p, look, form)
}

// suggestCustomerPlan fills the form in from earlier answers, or from what the file
// shows.
func (s *Server) suggestCustomerPlan(c *gin.Context, p *customerImportPage, i db.CardImport, look tableflow.Look) (url.Values, map[string]string, error) {
	form, meanings := url.Values{"headings": {"on"}}, map[string]string{}
	for column, at := range look.Survey.Guess {
		form.Set(column, strconv.Itoa(at+1))
	}
	kept, ok, err := s.Customers.Remembered(c.Request.Context(), s.actor(c), look)
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

// sheetField offers the sheets of a workbook; nil where there is one, or none.
func sheetField(look tableflow.Look) *field {
	if len(look.Sheets) < 2 {
		return nil
	}
	f := &field{Name: "sheet", Label: "Sheet", Short: true}
	for _, sheet := range look.Sheets {
		f.Options = append(f.Options, option{sheet, sheet, sheet == look.Sheet})
	}
	return f
}

// showPreview shows the beginning of the file, and what each column is taken for.
func (p *customerImportPage) showPreview(look tableflow.Look, form url.Values) {
	taken := map[string]string{}
	for _, column := range customerimport.Columns() {
		taken[form.Get(column)] = customerColumns()[column].Label
	}
	for i := range look.Survey.Columns {
		heading := taken[strconv.Itoa(i+1)]
		if heading == "" {
			heading = fmt.Sprintf("Column %d", i+1)
		}
		p.Headings = append(p.Headings, heading)
	}
	for _, row := range look.Survey.Preview {
		shown := importPreviewRow{Row: int64(row.Row), Cells: slices.Clone(row.Cells)}
		if row.Reason != "" {
			shown.Why, p.Asides = row.Reason.Words(), true
		}
		for len(shown.Cells) < len(look.Survey.Columns) {
			shown.Cells = append(shown.Cells, "")
		}
		p.Preview = append(p.Preview, shown)
	}
}

// showColumns offers the columns of the file for each that an import knows.
func (p *customerImportPage) showColumns(look tableflow.Look, form url.Values) {
	for _, column := range customerimport.Columns() {
		f := customerColumns()[column]
		f.Name, f.Label, f.Short, f.Options = column, f.Label+" column", true, []option{{"", "None", false}}
		if column == customerimport.ColumnName {
			f.Options[0].Text = "Choose…"
		}
		for i, one := range look.Survey.Columns {
			text := fmt.Sprintf("Column %d", i+1)
			if one.Heading != "" {
				text += ": " + cut(one.Heading, 40)
			}
			f.Options = append(f.Options, option{strconv.Itoa(i + 1), text, false})
		}
		f.choose(form.Get(column))
		p.Columns = append(p.Columns, f)
	}
}

// showCustomerRest shows what else there is to know.
func (s *Server) showCustomerRest(c *gin.Context, p *customerImportPage, look tableflow.Look, form url.Values) error {
	partner := field{Name: "default_partner", Label: "Partner of customers without one", Short: true}
	var err error
	if partner.Options, err = s.partnerOptions(c.Request.Context(), p.Person.Scope); err != nil {
		return err
	}
	partner.Options = append([]option{{Text: "None: leave such rows out"}}, partner.Options...)
	partner.choose(form.Get("default_partner"))
	decimal := field{Name: "decimal", Label: "Decimal sign", Short: true, Options: []option{
		{"", "As the file shows", false}, {".", "Point: 1,250.00", false}, {",", "Comma: 1.250,00", false},
	}}
	if n, err := strconv.Atoi(form.Get(customerimport.ColumnBalance)); err == nil && n > 0 && n <= len(look.Survey.Columns) && look.Survey.Columns[n-1].Amounts.Decimal == tableimport.DecimalOpen {
		decimal.Options[0].Text = "Choose…"
		decimal.Hint = "The file does not show whether a point or a comma parts thousands or decimals."
	}
	decimal.choose(form.Get("decimal"))
	p.Form = []field{
		partner, decimal,
		{Name: "comment", Label: "Comment of the opening balances", Value: cut(form.Get("comment"), 400), MaxLength: 300, Autocomplete: "off", Hint: "Each is entered as a payment of type Correction with this comment."},
	}
	return nil
}

// fields are those that a mistake may be about.
func (p *customerImportPage) fields() []*field {
	var all []*field
	for i := range p.Columns {
		all = append(all, &p.Columns[i])
	}
	for i := range p.Meanings {
		all = append(all, &p.Meanings[i].Field)
	}
	for i := range p.Form {
		all = append(all, &p.Form[i])
	}
	return all
}
