package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/web/kit"
)

// seriesEditPage is the form that edits a series. Its second step shows what the edit will
// do.
type seriesEditPage struct {
	kit.Page
	Series                            seriesView
	Prefix, Price, Partner, ValidTill kit.Field
	Partners                          []partnerChoice // check boxes for several partners
	PrintOnce                         kit.Choice
	OnceError                         string // why PrintOnce cannot be changed
	Version                           int32
	Plan                              *editPlan // nil: the page shows the form
	Mistakes                          []kit.Mistake
}

// editPlan is what an edit will do, shown before it is made.
type editPlan struct {
	Changes []card.Change
	Effects []string
	Second  string       // why it needs a second person; empty: it does not
	Keep    []kit.Hidden // the submitted form
}

// SeriesEditShow handles GET …/series/:number/edit.
func (s *Server) SeriesEditShow(c *gin.Context) error {
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	if err := card.CheckEditable(row.Series); err != nil {
		s.SetFaultFlash(c, err)
		return s.Redirect(c, SeriesURL(row.Series.Number))
	}
	p, err := s.newSeriesEditPage(c, row, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/series_edit", p)
}

// newSeriesEditPage returns the page with the submitted form or, if form is nil, with the
// stored values.
func (s *Server) newSeriesEditPage(c *gin.Context, row db.SeriesShowRow, form url.Values) (*seriesEditPage, error) {
	series, ctx := row.Series, c.Request.Context()
	p := &seriesEditPage{Page: s.Page(c, lang.M("Edit series ")+series.Number, SectionSeries), Series: viewSeries(row), Version: series.Version}
	mine, err := db.New().SeriesPartnerList(ctx, s.Pool, series.ID)
	if err != nil {
		return nil, err
	}
	price := money.Amount{Minor: series.Price, Currency: series.Currency}
	if form == nil {
		form = url.Values{"prefix": {series.Prefix}, "price": {price.Decimal()}, "valid_till": {series.ValidTill.Format(time.DateOnly)}}
		switch {
		case series.AnyPartner:
			form.Set("partner", card.AnyPartner)
		case len(mine) == 1:
			form.Set("partner", strconv.FormatInt(mine[0], 10))
		default:
			form.Set("partner", SeveralPartners)
		}
		if series.PrintOnce {
			form.Set("print_once", "on")
		}
		for _, id := range mine {
			form.Add("partners", strconv.FormatInt(id, 10))
		}
	}
	prefix := series.Prefix
	if prefix == "" {
		prefix = "none"
	}
	p.Prefix = kit.Field{Name: "prefix", Label: lang.M("Prefix"), Value: kit.Truncate(form.Get("prefix"), 60), Hint: fmt.Sprintf(lang.M("Now %s. A label before the code: cards printed with another go on working."), prefix), Plain: true, Mono: true, Short: true, Autocomplete: "off"}
	p.Price = kit.Field{Name: "price", Label: lang.M("Price"), Value: kit.Truncate(form.Get("price"), 40), Hint: fmt.Sprintf(lang.M("Now %s for each card. Used cards keep what they paid."), price), Unit: series.Currency, InputMode: "decimal", Short: true, Autocomplete: "off"}
	p.Partner = kit.Field{Name: "partner", Label: lang.M("Partner"), Hint: fmt.Sprintf(lang.M("Now %s. Whose customers may redeem the cards from now on."), p.Series.Partners), Short: true}
	p.ValidTill = kit.Field{Name: "valid_till", Label: lang.M("Valid till"), Type: "date", Value: kit.Truncate(form.Get("valid_till"), 20), Hint: fmt.Sprintf(lang.M("Now %s, to the end of that day in %s."), kit.Day(series.ValidTill), series.TimeZone), Short: true}
	p.PrintOnce = kit.Choice{Name: "print_once", Label: lang.M("Print once"), Checked: form.Get("print_once") != "", Hint: lang.M("One file is made of the codes; when it has arrived they are shredded here. Can be changed until a file is asked for.")}
	if series.AnyPartner {
		mine = nil
	}
	p.Partners, err = s.offerSeriesPartners(ctx, p.Person.Scope, &p.Partner, form, mine...)
	return p, err
}

// SeriesEdit handles POST …/series/:number/edit: it shows what the edit will do or, with
// step=save, makes the edit.
func (s *Server) SeriesEdit(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(form.Get("version"), 10, 32) // 0 if it is not a number; no series has version 0
	price, wrongPrice := readPrice(form.Get("price"), row.Series.Currency)
	till, wrongTill := readOrderDay(form.Get("valid_till"), s.Local(s.Now()))
	var unread kit.Unread
	unread.Note(wrongPrice)
	unread.Note(wrongTill)
	f := card.SeriesEdit{Prefix: form.Get("prefix"), Price: price, ValidTill: till, Partners: readPartners(form), PrintOnce: form.Get("print_once") != "", Version: int32(version)}
	ctx, step := c.Request.Context(), form.Get("step")
	var plan card.EditPlan
	switch {
	case step == "back":
	case step == "save" && !unread.Any():
		if plan, err = s.Cards.Edit(ctx, s.Actor(c), row.Series.ID, f); err == nil {
			s.SetFlash(c, kit.ToneGood, "Series "+row.Series.Number+lang.M(" is saved. ")+saved(plan))
			return s.Redirect(c, SeriesURL(row.Series.Number))
		}
		if s.waits(c, err) {
			return s.Redirect(c, SeriesURL(row.Series.Number))
		}
	default:
		plan, err = s.Cards.PlanEdit(ctx, s.Actor(c), row.Series.ID, f)
		err = unread.Merge(err)
	}
	switch {
	case fault.IsInternal(err), fault.KindOf(err) == fault.NotFound && err != nil:
		return err
	case err != nil: // a change of the series may be the cause
		if row, err = s.refind(c, err); err != nil && fault.IsInternal(err) {
			return err
		}
	}
	p, pageErr := s.newSeriesEditPage(c, row, form)
	if pageErr != nil {
		return pageErr
	}
	if err != nil {
		once := kit.Field{Name: "print_once"}
		p.Mistakes = kit.Explain(err, &p.Prefix, &p.Price, &p.Partner, &p.ValidTill, &once)
		p.OnceError = once.Error
		return s.Render(c, http.StatusUnprocessableEntity, "admin/series_edit", p)
	}
	if step != "back" {
		p.Plan = &editPlan{Changes: plan.Changes, Effects: effects(row, plan), Second: editTakesTwo(plan)}
		p.Plan.Keep = append(p.Plan.Keep, kit.Hidden{Name: "version", Value: form.Get("version")})
		for _, name := range []string{"prefix", "price", "valid_till", "partner", "print_once"} {
			p.Plan.Keep = append(p.Plan.Keep, kit.Hidden{Name: name, Value: form.Get(name)})
		}
		for _, id := range form["partners"] {
			p.Plan.Keep = append(p.Plan.Keep, kit.Hidden{Name: "partners", Value: id})
		}
	}
	return s.Render(c, http.StatusOK, "admin/series_edit", p)
}

// refind reads the series again and returns it with why.
func (s *Server) refind(c *gin.Context, why error) (db.SeriesShowRow, error) {
	row, err := s.findSeries(c)
	if err != nil {
		return row, err
	}
	return row, why
}

// saved says what an edit did to the value of the cards.
func saved(p card.EditPlan) string {
	switch {
	case p.Renewed.Minor != 0:
		return fmt.Sprintf(lang.M("%s are worth their value again."), kit.Count(p.Left, "card", "cards"))
	case p.Repriced.Minor != 0:
		return fmt.Sprintf(lang.M("%s %s worth %s each now."), kit.Count(p.Left, "card", "cards"), kit.Word(p.Left, "is", "are"), p.Price)
	}
	return ""
}

// effects lists what exactly an edit will do.
func effects(row db.SeriesShowRow, p card.EditPlan) []string {
	var list []string
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	total := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: p.Price.Currency} }
	unused := kit.Count(p.Left, lang.M("card that is still unused"), lang.M("cards that are still unused"))
	if p.Renewed.Minor != 0 {
		say(lang.M("The %s had expired. Their value comes back: %s goes from breakage to outstanding."), unused, p.Renewed)
	} else if p.NewTill {
		day := kit.Day(p.ValidTill)
		switch {
		case p.Left == 0:
			say(lang.M("No unused card is left for the new last day, %s."), day)
		case p.ValidTill.Before(row.Series.ValidTill):
			say(lang.M("The %s can be redeemed until the end of %s only."), unused, day)
		default:
			say(lang.M("The %s %s valid until the end of %s."), unused, kit.Word(p.Left, "is", "are"), day)
		}
	}
	if p.NewPrice {
		say(lang.M("The %s will be worth %s instead of %s%s"), unused, p.Price, p.OldPrice, effectOnOutstanding(p, total))
		if row.Used > 0 {
			say(lang.M("What was used already stays as it is: %s %s what %s paid."), kit.Count(row.Used, "card", "cards"), kit.Word(row.Used, "keeps", "keep"), kit.Word(row.Used, "it", "they"))
		}
	}
	if p.NewPrefix {
		say(lang.M("The prefix is only a label: cards printed with the old one go on working."))
	}
	if p.NewPartners {
		say(lang.M("Whose customers may redeem the cards changes from now on. Cards that were redeemed stay redeemed."))
	}
	if p.Files > 0 && (p.NewPrice || p.NewPrefix || p.NewTill) {
		say(lang.M("%s of this series %s exported as it was. Cards printed from %s show the old %s."),
			kit.Count(p.Files, "file", "files"), kit.Word(p.Files, "was", "were"), kit.Word(p.Files, "it", "them"), printed(p))
	}
	if p.Renewed.Minor == 0 && p.Repriced.Minor == 0 {
		say(lang.M("No money moves."))
	}
	return list
}

// effectOnOutstanding says what a new price does to the outstanding value.
func effectOnOutstanding(p card.EditPlan, total func(int64) money.Amount) string {
	switch {
	case p.Repriced.Minor > 0:
		return fmt.Sprintf(lang.M(": outstanding value rises by %s."), p.Repriced)
	case p.Repriced.Minor < 0:
		return fmt.Sprintf(lang.M(": outstanding value falls by %s."), total(-p.Repriced.Minor))
	}
	return "."
}

// printed names the printed values that an edit changes.
func printed(p card.EditPlan) string {
	var list []string
	for _, one := range []struct {
		changed bool
		word    string
	}{{p.NewPrice, "price"}, {p.NewPrefix, "prefix"}, {p.NewTill, lang.M("last day")}} {
		if one.changed {
			list = append(list, one.word)
		}
	}
	switch len(list) {
	case 1:
		return list[0]
	case 2:
		return list[0] + " and " + list[1]
	}
	return list[0] + ", " + list[1] + " and " + list[2]
}
