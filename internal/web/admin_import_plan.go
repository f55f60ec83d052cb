package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
)

// planForm reads the posted plan.
func planForm(form url.Values) card.ImportForm {
	f := card.ImportForm{
		Prefix: form.Get("prefix"), Price: form.Get("default_price"), ValidTill: form.Get("default_valid_till"),
		Partners: form["partner"], Activate: form.Get("activate") != "", Headings: form.Get("headings") != "",
		Columns: map[string]string{}, Dates: form.Get("dates"), Decimal: form.Get("decimal"),
	}
	if form.Get("partner") == severalPartners {
		f.Partners = form["partners"]
	}
	for _, column := range card.ImportColumns() {
		f.Columns[column] = form.Get(column)
	}
	return f
}

// columnTitle is a column's name on the page.
func columnTitle(column string) string {
	switch column {
	case card.ColumnCode:
		return "Code"
	case card.ColumnSerial:
		return "Serial"
	case card.ColumnPrice:
		return "Price"
	case card.ColumnCurrency:
		return "Currency"
	case card.ColumnValidTill:
		return "Valid till"
	case card.ColumnStatus:
		return "Status"
	case card.ColumnShort:
		return "Short code"
	}
	return ""
}

// showPlan shows the form that says what the columns are. Without form it is filled
// with what the file suggests.
func (s *Server) showPlan(c *gin.Context, p *importShowPage, look card.ImportPreview, form url.Values) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p.Planning = true
	p.Preview = look.Rows
	for i, column := range look.Columns {
		heading := columnTitle(column)
		if heading == "" {
			heading = fmt.Sprintf("Column %d", i+1)
		}
		p.Headings = append(p.Headings, heading)
	}
	if form == nil {
		form = url.Values{"dates": {"iso"}, "decimal": {"."}}
		for i, column := range look.Columns {
			if column != "" {
				form.Set(column, strconv.Itoa(i+1))
			}
		}
		if look.Headings {
			form.Set("headings", "on")
		}
		if settings.Activate {
			form.Set("activate", "on")
		}
		if !slices.Contains(look.Columns, card.ColumnValidTill) {
			form.Set("default_valid_till", s.inAYear())
		}
	}
	for _, column := range card.ImportColumns() {
		f := field{Name: column, Label: columnTitle(column) + " column", Short: true, Options: []option{{"", "None", false}}}
		if column == card.ColumnCode {
			f.Options[0].Text = "Choose…"
		}
		for i := range look.Columns {
			text := fmt.Sprintf("Column %d", i+1)
			if look.Headings && i < len(look.Rows[0]) && look.Rows[0][i] != "" {
				text += ": " + look.Rows[0][i]
			}
			f.Options = append(f.Options, option{strconv.Itoa(i + 1), text, false})
		}
		f.choose(form.Get(column))
		p.Columns = append(p.Columns, f)
	}
	dates := field{Name: "dates", Label: "Dates in the file", Short: true, Options: []option{
		{"iso", "2026-12-31", false}, {"dmy", "31.12.2026 or 31/12/2026", false}, {"mdy", "12/31/2026", false},
	}}
	dates.choose(form.Get("dates"))
	decimal := field{Name: "decimal", Label: "Decimal sign", Short: true, Options: []option{{".", "Point: 1,250.00", false}, {",", "Comma: 1.250,00", false}}}
	decimal.choose(form.Get("decimal"))
	partner := field{Name: "partner", Label: "Partner", Hint: "Whose customers may redeem the cards.", Short: true}
	if err := s.offerPartners(c, p, &partner, form); err != nil {
		return err
	}
	p.Form = []field{
		dates, decimal,
		{Name: "default_price", Label: "Price", Value: cut(form.Get("default_price"), 40), Hint: "Of cards for which the file says none.", Unit: settings.Currency, InputMode: "decimal", Short: true, Autocomplete: "off"},
		{Name: "default_valid_till", Label: "Valid till", Type: "date", Value: cut(form.Get("default_valid_till"), 20), Hint: "Of cards for which the file says none.", Short: true},
		{Name: "prefix", Label: "Prefix", Value: cut(form.Get("prefix"), 60), Hint: "A label for the series, not part of the codes. May be empty.", Plain: true, Mono: true, Short: true, Autocomplete: "off"},
		partner,
	}
	p.Activate = choice{Name: "activate", Label: "Activate when imported", Checked: form.Get("activate") != "", Hint: "Otherwise the cards are worth nothing until someone activates their series."}
	limit, err := s.activateHint(c.Request.Context(), settings, p.Person)
	if err != nil {
		return err
	}
	p.Activate.Hint += limit
	p.Heading = choice{Name: "headings", Label: "The first row has headings", Checked: form.Get("headings") != ""}
	return nil
}

// offerPartners offers the partners of whoever asks.
func (s *Server) offerPartners(c *gin.Context, p *importShowPage, f *field, form url.Values) error {
	scope := p.Person.Scope
	partners, err := db.New().PartnerList(c.Request.Context(), s.Pool, db.PartnerListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	if scope.AllPartners {
		f.Options = append(f.Options, option{card.AnyPartner, "Any", false})
	}
	for _, partner := range partners {
		id := strconv.FormatInt(partner.ID, 10)
		f.Options = append(f.Options, option{id, partner.Name, false})
		p.Partners = append(p.Partners, partnerChoice{partner.ID, partner.Name, slices.Contains(form["partners"], id)})
	}
	if len(partners) > 1 {
		f.Options = append(f.Options, option{severalPartners, "Several…", false})
	}
	f.choose(form.Get("partner"))
	return nil
}

// fields are those that a mistake may be about.
func (p *importShowPage) fields() []*field {
	var all []*field
	for i := range p.Columns {
		all = append(all, &p.Columns[i])
	}
	for i := range p.Form {
		all = append(all, &p.Form[i])
	}
	return all
}
