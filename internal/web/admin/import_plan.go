package admin

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/cardimport"
	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
	"refill/internal/web/kit"
)

// mostWords is the greatest number of status words that the form accepts.
const mostWords = tableimport.MaxWords + 10 // room for the empty word, and for the columns about use

// postedMeanings reads the meanings that a person gave to the words of a file.
func postedMeanings(form url.Values) map[string]string {
	meanings := map[string]string{}
	for i := range mostWords {
		if key := form.Get(fmt.Sprintf("word-%d", i)); key != "" {
			meanings[key] = form.Get(fmt.Sprintf("meaning-%d", i))
		}
	}
	return meanings
}

// planForm reads the submitted plan.
func planForm(form url.Values) cardimport.Form {
	f := cardimport.Form{
		Prefix: form.Get("prefix"), Price: form.Get("default_price"), ValidTill: form.Get("default_valid_till"),
		Partners: form["partner"], Activate: form.Get("activate") != "", Answers: tableflow.Answers{
			Headings: form.Get("headings") != "", Columns: map[string]string{},
			Dates: form.Get("dates"), Decimal: form.Get("decimal"), Meanings: postedMeanings(form),
		},
	}
	if form.Get("partner") == SeveralPartners {
		f.Partners = form["partners"]
	}
	for _, column := range cardimport.ImportColumns() {
		f.Columns[column] = form.Get(column)
	}
	return f
}

// planValues is the inverse of planForm, for a stored plan.
func planValues(f cardimport.Form) url.Values {
	form := url.Values{"prefix": {f.Prefix}, "default_price": {f.Price}, "default_valid_till": {f.ValidTill}, "dates": {f.Dates}, "decimal": {f.Decimal}}
	if len(f.Partners) == 1 {
		form.Set("partner", f.Partners[0])
	} else if len(f.Partners) > 1 {
		form.Set("partner", SeveralPartners)
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

// columnTitle returns the display name of a column.
func columnTitle(column string) string {
	switch column {
	case cardimport.ColumnCode:
		return lang.M("Code")
	case cardimport.ColumnShortCode:
		return lang.M("Short code")
	case cardimport.ColumnSerial:
		return lang.M("Serial")
	case cardimport.ColumnPrice:
		return lang.M("Price")
	case cardimport.ColumnRemaining:
		return lang.M("What is left")
	case cardimport.ColumnCurrency:
		return lang.M("Currency")
	case cardimport.ColumnValidTill:
		return lang.M("Valid till")
	case cardimport.ColumnStatus:
		return lang.M("Status")
	case cardimport.ColumnUsedAt:
		return lang.M("Used at")
	case cardimport.ColumnUsedBy:
		return lang.M("Used by")
	}
	return ""
}

// columnHint returns the hint of a column that its name does not explain.
func columnHint(column string) string {
	switch column {
	case cardimport.ColumnCode:
		return lang.M("What customers type. Of a full and a short code, the full one.")
	case cardimport.ColumnShortCode:
		return lang.M("A shorter form of the same code, where the file has both.")
	case cardimport.ColumnRemaining:
		return lang.M("Becomes the price; a card with nothing left is left out.")
	case cardimport.ColumnUsedAt:
		return lang.M("When a card was used. Below is what a date in it means.")
	case cardimport.ColumnUsedBy:
		return lang.M("Who used a card. Below is what a name in it means.")
	}
	return ""
}

// meaningTitle returns the display text of what a status means for a card.
func meaningTitle(meaning string) string {
	switch meaning {
	case cardimport.MeansActive:
		return lang.M("Active: can be redeemed")
	case cardimport.MeansInactive:
		return lang.M("Inactive: worth nothing until activated")
	case cardimport.MeansDisabled:
		return lang.M("Disabled")
	case cardimport.MeansExpired:
		return lang.M("Expired")
	case cardimport.MeansUsed:
		return lang.M("Used: can’t be redeemed again")
	case cardimport.MeansVoid:
		return lang.M("Void")
	case cardimport.MeansUnused:
		return lang.M("Not used: the status says what it is")
	case cardimport.MeansLeaveOut:
		return lang.M("Leave these rows out")
	}
	return ""
}

// showPlan adds the form that assigns the columns. Its values come from the submitted form,
// else from the previous plan, else from the last file of the same shape, else from a guess
// about the file.
func (s *Server) showPlan(c *gin.Context, p *importShowPage, look cardimport.Look, plan cardimport.Plan, form url.Values) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p.Planning, p.Steps = true, importSteps(stepColumns)
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
	p.showFile(look, form, cardimport.ImportColumns(), func(column string) kit.Field { return kit.Field{Label: columnTitle(column), Hint: columnHint(column)} }, cardimport.ColumnCode, lang.M("Untick it if that row is a card."))
	p.Unread = unreadOfCards(look, planForm(form).Answers)
	p.Meanings = offerMeanings(cardimport.Choices(look, settings.Currency, planForm(form)), meanings, columnTitle, cardimport.ImportMeanings, meaningTitle)
	if err := s.showRest(c, p, look, settings, form); err != nil {
		return err
	}
	return s.showActivate(c.Request.Context(), p, settings, form)
}

// suggestPlan returns form values from earlier answers or, without any, from a guess about
// the file.
func (s *Server) suggestPlan(c *gin.Context, p *importShowPage, look cardimport.Look, settings setting.Settings) (url.Values, map[string]string, error) {
	form := url.Values{}
	for column, at := range look.Survey.Guess {
		form.Set(column, strconv.Itoa(at+1))
	}
	form.Set("headings", "on")
	if settings.Activate {
		form.Set("activate", "on")
	}
	meanings := map[string]string{}
	kept, ok, err := s.Imports.RememberedForm(c.Request.Context(), s.Actor(c), look)
	if err != nil {
		return nil, nil, err
	}
	if ok {
		p.Remembered = true
		form, meanings = planValues(kept), kept.Meanings
	}
	if form.Get(cardimport.ColumnValidTill) == "" {
		form.Set("default_valid_till", s.inAYear())
	}
	return form, meanings, nil
}

// offerMeanings returns a field for each value of the columns that needs a meaning. It
// selects the submitted meaning, else the one suggested for the file.
func offerMeanings(choices []tableflow.Choice, typed map[string]string, column func(string) string, meanings func(column string) []string, title func(string) string) (list []importMeaning) {
	for i, one := range choices[:min(len(choices), mostWords)] {
		f := kit.Field{Name: fmt.Sprintf("meaning-%d", i), Label: one.Shown, Hint: kit.Count(one.N, "row", "rows"), Short: true, Options: []kit.Option{{Value: "", Text: lang.M("Choose…"), Selected: false}}}
		switch {
		case one.Field.Kind == tableimport.Event:
			f.Label = column(one.Field.Name) + ": " + one.Shown
		case one.Word.Key == tableimport.HiddenWord:
			f.Label = lang.M("Values that are not shown, as they may be codes")
		}
		for _, meaning := range meanings(one.Field.Name) {
			f.Options = append(f.Options, kit.Option{Value: meaning, Text: title(meaning), Selected: false})
		}
		chosen, ok := typed[one.Key]
		if !ok {
			chosen = one.Meaning
		}
		f.Choose(chosen)
		list = append(list, importMeaning{f, one.Key})
	}
	return list
}

// showRest adds the other fields: dates, decimal sign, defaults, prefix and partner.
func (s *Server) showRest(c *gin.Context, p *importShowPage, look cardimport.Look, settings setting.Settings, form url.Values) error {
	dates := kit.Field{Name: "dates", Label: lang.M("Dates in the file"), Short: true, Options: []kit.Option{
		{Value: "", Text: lang.M("As the file shows"), Selected: false}, {Value: "dmy", Text: lang.M("Day first: 31/12/2026"), Selected: false}, {Value: "mdy", Text: lang.M("Month first: 12/31/2026"), Selected: false}, {Value: "ymd", Text: lang.M("Year first: 26/12/31"), Selected: false},
	}}
	if column := chosenColumn(look, form, cardimport.ColumnValidTill); column != nil && column.Dates.Order == tableimport.OrderOpen {
		dates.Options[0].Text = lang.M("Choose…")
		dates.Hint = lang.M("The file does not show which comes first.")
	}
	dates.Choose(form.Get("dates"))
	partner := kit.Field{Name: "partner", Label: lang.M("Partner"), Hint: lang.M("Whose customers may redeem the cards."), Short: true}
	var err error
	if p.Partners, err = s.offerSeriesPartners(c.Request.Context(), p.Person.Scope, &partner, form); err != nil {
		return err
	}
	p.Form = []kit.Field{
		dates, decimalField(look, form, cardimport.ColumnPrice, cardimport.ColumnRemaining),
		{Name: "default_price", Label: lang.M("Price"), Value: kit.Truncate(form.Get("default_price"), 40), Hint: lang.M("Of cards for which the file says none."), Unit: settings.Currency, InputMode: "decimal", Short: true, Autocomplete: "off"},
		{Name: "default_valid_till", Label: lang.M("Valid till"), Type: "date", Value: kit.Truncate(form.Get("default_valid_till"), 20), Hint: lang.M("Of cards for which the file says none."), Short: true},
		{Name: "prefix", Label: lang.M("Prefix"), Value: kit.Truncate(form.Get("prefix"), 60), Hint: lang.M("A label for the series, not part of the codes. May be empty."), Plain: true, Mono: true, Short: true, Autocomplete: "off"},
		partner,
	}
	return nil
}

// showActivate adds the check box for the activation.
func (s *Server) showActivate(ctx context.Context, p *importShowPage, settings setting.Settings, form url.Values) error {
	p.Activate = kit.Choice{Name: "activate", Label: lang.M("Activate when imported"), Checked: form.Get("activate") != "", Hint: lang.M("Otherwise the cards are worth nothing until someone activates their series. Cards that the file calls inactive are never activated with it.")}
	limit, err := s.activateHint(ctx, settings, p.Person)
	if err != nil {
		return err
	}
	p.Activate.Hint += limit
	p.Activate.Permit(p.Person)
	return nil
}
