package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// mostWords is how many words of a status the form takes.
const mostWords = tableimport.MaxWords + 10 // and nothing written, and what the columns of use say

// postedMeanings reads what a person takes the words of a file for.
func postedMeanings(form url.Values) map[string]string {
	meanings := map[string]string{}
	for i := range mostWords {
		if key := form.Get(fmt.Sprintf("word-%d", i)); key != "" {
			meanings[key] = form.Get(fmt.Sprintf("meaning-%d", i))
		}
	}
	return meanings
}

// planForm reads the posted plan.
func planForm(form url.Values) card.ImportForm {
	f := card.ImportForm{
		Prefix: form.Get("prefix"), Price: form.Get("default_price"), ValidTill: form.Get("default_valid_till"),
		Partners: form["partner"], Activate: form.Get("activate") != "", Answers: tableflow.Answers{
			Headings: form.Get("headings") != "", Columns: map[string]string{},
			Dates: form.Get("dates"), Decimal: form.Get("decimal"), Meanings: postedMeanings(form),
		},
	}
	if form.Get("partner") == severalPartners {
		f.Partners = form["partners"]
	}
	for _, column := range card.ImportColumns() {
		f.Columns[column] = form.Get(column)
	}
	return f
}

// planValues is planForm the other way round, for a plan that was kept.
func planValues(f card.ImportForm) url.Values {
	form := url.Values{"prefix": {f.Prefix}, "default_price": {f.Price}, "default_valid_till": {f.ValidTill}, "dates": {f.Dates}, "decimal": {f.Decimal}}
	if len(f.Partners) == 1 {
		form.Set("partner", f.Partners[0])
	} else if len(f.Partners) > 1 {
		form.Set("partner", severalPartners)
		form["partners"] = f.Partners
	}
	for name, on := range map[string]bool{"activate": f.Activate, "headings": f.Headings} {
		if on {
			form.Set(name, "on")
		}
	}
	for column, at := range f.Columns {
		form.Set(column, at)
	}
	return form
}

// columnTitle is a column's name on the page.
func columnTitle(column string) string {
	switch column {
	case card.ColumnCode:
		return "Code"
	case card.ColumnShortCode:
		return "Short code"
	case card.ColumnSerial:
		return "Serial"
	case card.ColumnPrice:
		return "Price"
	case card.ColumnRemaining:
		return "What is left"
	case card.ColumnCurrency:
		return "Currency"
	case card.ColumnValidTill:
		return "Valid till"
	case card.ColumnStatus:
		return "Status"
	case card.ColumnUsedAt:
		return "Used at"
	case card.ColumnUsedBy:
		return "Used by"
	}
	return ""
}

// columnHint explains the columns that do not explain themselves.
func columnHint(column string) string {
	switch column {
	case card.ColumnCode:
		return "What customers type. Of a full and a short code, the full one."
	case card.ColumnShortCode:
		return "A shorter form of the same code, where the file has both."
	case card.ColumnRemaining:
		return "Becomes the price; a card with nothing left is left out."
	case card.ColumnUsedAt:
		return "When a card was used. Below is what a date in it means."
	case card.ColumnUsedBy:
		return "Who used a card. Below is what a name in it means."
	}
	return ""
}

// meaningTitle says what a status means for a card.
func meaningTitle(meaning string) string {
	switch meaning {
	case card.MeansActive:
		return "Active: can be redeemed"
	case card.MeansInactive:
		return "Inactive: worth nothing until activated"
	case card.MeansDisabled:
		return "Disabled"
	case card.MeansExpired:
		return "Expired"
	case card.MeansUsed:
		return "Used: can’t be redeemed again"
	case card.MeansVoid:
		return "Void"
	case card.MeansUnused:
		return "Not used: the status says what it is"
	case card.MeansLeaveOut:
		return "Leave these rows out"
	}
	return ""
}

// showPlan shows the form that says what the columns are: as it was typed, else as the
// plan was before, else as for the last file of this shape, else as the file suggests.
func (s *Server) showPlan(c *gin.Context, p *importShowPage, look card.ImportLook, plan card.ImportPlan, form url.Values) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p.Planning = true
	var meanings map[string]string
	switch {
	case form != nil:
		meanings = planForm(form).Meanings
	case len(plan.Form.Columns) > 0:
		form, meanings = planValues(plan.Form), plan.Form.Meanings
	default:
		if form, meanings, err = s.suggestPlan(c, p, look, settings); err != nil {
			return err
		}
	}
	p.showPreview(look, form)
	p.showColumns(look, form)
	p.Unread = unreadOfCards(look, planForm(form).Answers)
	p.Meanings = offerMeanings(card.ImportChoices(look, settings.Currency, planForm(form)), meanings, columnTitle, card.ImportMeanings, meaningTitle)
	if len(look.Sheets) > 1 {
		p.Sheet = &field{Name: "sheet", Label: "Sheet", Short: true}
		for _, sheet := range look.Sheets {
			p.Sheet.Options = append(p.Sheet.Options, option{sheet, sheet, sheet == look.Sheet})
		}
	}
	if err := s.showRest(c, p, look, settings, form); err != nil {
		return err
	}
	return s.showSwitches(c.Request.Context(), p, look, settings, form)
}

// suggestPlan fills the form in from earlier answers, or from what the file shows.
func (s *Server) suggestPlan(c *gin.Context, p *importShowPage, look card.ImportLook, settings setting.Settings) (url.Values, map[string]string, error) {
	form := url.Values{}
	for column, at := range look.Survey.Guess {
		form.Set(column, strconv.Itoa(at+1))
	}
	form.Set("headings", "on")
	if settings.Activate {
		form.Set("activate", "on")
	}
	meanings := map[string]string{}
	kept, ok, err := s.Cards.RememberedForm(c.Request.Context(), s.actor(c), look)
	if err != nil {
		return nil, nil, err
	}
	if ok {
		p.Remembered = true
		form, meanings = planValues(kept), kept.Meanings
	}
	if form.Get(card.ColumnValidTill) == "" {
		form.Set("default_valid_till", s.inAYear())
	}
	return form, meanings, nil
}

// showPreview shows the beginning of the file, and what each column is taken for.
func (p *importShowPage) showPreview(look card.ImportLook, form url.Values) {
	taken := map[string]string{}
	for _, column := range card.ImportColumns() {
		taken[form.Get(column)] = columnTitle(column)
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
		shown.Names = row.Row == look.Survey.Layout.Heading
		if row.Reason != "" && !shown.Names {
			shown.Why, p.Asides = row.Reason.Words(), true
		}
		for len(shown.Cells) < len(look.Survey.Columns) {
			shown.Cells = append(shown.Cells, "")
		}
		p.Preview = append(p.Preview, shown)
	}
}

// showColumns offers the columns of the file for each that an import knows.
func (p *importShowPage) showColumns(look card.ImportLook, form url.Values) {
	for _, column := range card.ImportColumns() {
		f := field{Name: column, Label: columnTitle(column) + " column", Hint: columnHint(column), Short: true, Options: []option{{"", "None", false}}}
		if column == card.ColumnCode {
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

// offerMeanings lists what columns say, each with what it is taken for: as it was typed,
// else as the file is read.
func offerMeanings(choices []tableflow.Choice, typed map[string]string, column func(string) string, meanings func(column string) []string, title func(string) string) (list []importMeaning) {
	for i, one := range choices[:min(len(choices), mostWords)] {
		f := field{Name: fmt.Sprintf("meaning-%d", i), Label: one.Shown, Hint: count(one.N, "row", "rows"), Short: true, Options: []option{{"", "Choose…", false}}}
		switch {
		case one.Field.Kind == tableimport.Event:
			f.Label = column(one.Field.Name) + ": " + one.Shown
		case one.Word.Key == tableimport.HiddenWord:
			f.Label = "Values that are not shown, as they may be codes"
		}
		for _, meaning := range meanings(one.Field.Name) {
			f.Options = append(f.Options, option{meaning, title(meaning), false})
		}
		chosen, ok := typed[one.Key]
		if !ok {
			chosen = one.Meaning
		}
		f.choose(chosen)
		list = append(list, importMeaning{f, one.Key})
	}
	return list
}

// showRest shows what else there is to know.
func (s *Server) showRest(c *gin.Context, p *importShowPage, look card.ImportLook, settings setting.Settings, form url.Values) error {
	at := func(column string) *tableimport.Column {
		n, err := strconv.Atoi(form.Get(column))
		if err != nil || n < 1 || n > len(look.Survey.Columns) {
			return nil
		}
		return &look.Survey.Columns[n-1]
	}
	dates := field{Name: "dates", Label: "Dates in the file", Short: true, Options: []option{
		{"", "As the file shows", false}, {"dmy", "Day first: 31/12/2026", false}, {"mdy", "Month first: 12/31/2026", false}, {"ymd", "Year first: 26/12/31", false},
	}}
	if column := at(card.ColumnValidTill); column != nil && column.Dates.Order == tableimport.OrderOpen {
		dates.Options[0].Text = "Choose…"
		dates.Hint = "The file does not show which comes first."
	}
	dates.choose(form.Get("dates"))
	decimal := field{Name: "decimal", Label: "Decimal sign", Short: true, Options: []option{
		{"", "As the file shows", false}, {".", "Point: 1,250.00", false}, {",", "Comma: 1.250,00", false},
	}}
	for _, name := range []string{card.ColumnPrice, card.ColumnRemaining} {
		if column := at(name); column != nil && column.Amounts.Decimal == tableimport.DecimalOpen {
			decimal.Options[0].Text = "Choose…"
			decimal.Hint = "The file does not show whether a point or a comma parts thousands or decimals."
		}
	}
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
	return nil
}

// showSwitches shows what is on or off.
func (s *Server) showSwitches(ctx context.Context, p *importShowPage, look card.ImportLook, settings setting.Settings, form url.Values) error {
	p.Activate = choice{Name: "activate", Label: "Activate when imported", Checked: form.Get("activate") != "", Hint: "Otherwise the cards are worth nothing until someone activates their series. Cards that the file calls inactive are never activated with it."}
	limit, err := s.activateHint(ctx, settings, p.Person)
	if err != nil {
		return err
	}
	p.Activate.Hint += limit
	p.Activate.permit(p.Person)
	if heading := look.Survey.Layout.Heading; heading > 0 {
		p.Heading = &choice{Name: "headings", Label: fmt.Sprintf("Row %d has the headings", heading), Checked: form.Get("headings") != "", Hint: "Untick it if that row is a card."}
	}
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
	for i := range p.Meanings {
		all = append(all, &p.Meanings[i].Field)
	}
	for i := range p.Form {
		all = append(all, &p.Form[i])
	}
	return all
}
