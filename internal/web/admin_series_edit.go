package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// seriesEditPage is the form that edits a series and, as its second step, what
// will follow.
type seriesEditPage struct {
	page
	Series                            seriesView
	Prefix, Price, Partner, ValidTill field
	Partners                          []partnerChoice // for several
	PrintOnce                         choice
	OnceError                         string // why it can't be changed
	Version                           int32
	Plan                              *editPlan // nil: the form itself
	Mistakes                          []mistake
}

// editPlan says what will follow, before it is done.
type editPlan struct {
	Changes []card.Change
	Effects []string
	Second  string   // why it takes a second person; empty: it does not
	Keep    []hidden // the form, as it was typed
}

// adminSeriesEditShow handles GET …/series/:number/edit.
func (s *Server) adminSeriesEditShow(c *gin.Context) error {
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	if err := card.MayEdit(row.Series); err != nil {
		s.setFlash(c, fault.All(err)[0].Message)
		return s.redirect(c, seriesURL(row.Series.Number))
	}
	p, err := s.newSeriesEditPage(c, row, nil)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/series_edit", p)
}

// newSeriesEditPage shows the form as it was typed, or else the series as it is.
func (s *Server) newSeriesEditPage(c *gin.Context, row db.SeriesShowRow, form url.Values) (*seriesEditPage, error) {
	series, ctx := row.Series, c.Request.Context()
	p := &seriesEditPage{page: s.page(c, "Edit series "+series.Number, sectionSeries), Series: viewSeries(row), Version: series.Version}
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
			form.Set("partner", severalPartners)
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
	p.Prefix = field{Name: "prefix", Label: "Prefix", Value: cut(form.Get("prefix"), 60), Hint: fmt.Sprintf("Now %s. A label before the code: cards printed with another go on working.", prefix), Plain: true, Mono: true, Short: true, Autocomplete: "off"}
	p.Price = field{Name: "price", Label: "Price", Value: cut(form.Get("price"), 40), Hint: fmt.Sprintf("Now %s for each card. Used cards keep what they paid.", price), Unit: series.Currency, InputMode: "decimal", Short: true, Autocomplete: "off"}
	p.Partner = field{Name: "partner", Label: "Partner", Hint: fmt.Sprintf("Now %s. Whose customers may redeem the cards from now on.", p.Series.Partners), Short: true}
	p.ValidTill = field{Name: "valid_till", Label: "Valid till", Type: "date", Value: cut(form.Get("valid_till"), 20), Hint: fmt.Sprintf("Now %s, to the end of that day in %s.", series.ValidTill.Format("2 Jan 2006"), series.TimeZone), Short: true}
	p.PrintOnce = choice{Name: "print_once", Label: "Print once", Checked: form.Get("print_once") != "", Hint: "One file is made of the codes; when it has arrived they are shredded here. Can be changed until a file is asked for."}
	return p, s.choosePartners(c, p, form)
}

// choosePartners fills in the partners that may be chosen.
func (s *Server) choosePartners(c *gin.Context, p *seriesEditPage, form url.Values) error {
	scope, chosen := p.Person.Scope, form.Get("partner")
	partners, err := db.New().PartnerList(c.Request.Context(), s.Pool, db.PartnerListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	if scope.AllPartners {
		p.Partner.Options = append(p.Partner.Options, option{card.AnyPartner, "Any", chosen == card.AnyPartner})
	}
	for _, partner := range partners {
		id := strconv.FormatInt(partner.ID, 10)
		p.Partner.Options = append(p.Partner.Options, option{id, partner.Name, chosen == id})
		p.Partners = append(p.Partners, partnerChoice{partner.ID, partner.Name, slices.Contains(form["partners"], id)})
	}
	if len(partners) > 1 {
		p.Partner.Options = append(p.Partner.Options, option{severalPartners, "Several…", chosen == severalPartners})
	}
	return nil
}

// adminSeriesEdit handles POST …/series/:number/edit: first it says what will
// follow, then, asked by the button that says so, it does it.
func (s *Server) adminSeriesEdit(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(form.Get("version"), 10, 32) // none is the version of no series
	f := card.EditForm{Prefix: form.Get("prefix"), Price: form.Get("price"), ValidTill: form.Get("valid_till"), Partners: form["partner"], PrintOnce: form.Get("print_once") != "", Version: int32(version)}
	if form.Get("partner") == severalPartners {
		f.Partners = form["partners"]
	}
	ctx, step := c.Request.Context(), form.Get("step")
	var plan card.EditPlan
	switch step {
	case "back":
	case "save":
		if plan, err = s.Cards.Edit(ctx, s.actor(c), row.Series.ID, f); err == nil {
			s.setFlash(c, "Series "+row.Series.Number+" is saved. "+saved(plan))
			return s.redirect(c, seriesURL(row.Series.Number))
		}
		if s.waits(c, err) {
			return s.redirect(c, seriesURL(row.Series.Number))
		}
	default:
		plan, err = s.Cards.PlanEdit(ctx, s.actor(c), row.Series.ID, f)
	}
	switch {
	case fault.IsInternal(err), fault.KindOf(err) == fault.NotFound && err != nil:
		return err
	case err != nil: // what it is by now may be why
		if row, err = s.refind(c, err); err != nil && fault.IsInternal(err) {
			return err
		}
	}
	p, pageErr := s.newSeriesEditPage(c, row, form)
	if pageErr != nil {
		return pageErr
	}
	if err != nil {
		once := field{Name: "print_once"}
		p.Mistakes = explain(err, &p.Prefix, &p.Price, &p.Partner, &p.ValidTill, &once)
		p.OnceError = once.Error
		return s.render(c, http.StatusUnprocessableEntity, "admin/series_edit", p)
	}
	if step != "back" {
		p.Plan = &editPlan{Changes: plan.Changes, Effects: effects(row, plan), Second: editTakesTwo(plan)}
		p.Plan.Keep = append(p.Plan.Keep, hidden{"version", form.Get("version")})
		for _, name := range []string{"prefix", "price", "valid_till", "partner", "print_once"} {
			p.Plan.Keep = append(p.Plan.Keep, hidden{name, form.Get(name)})
		}
		for _, id := range form["partners"] {
			p.Plan.Keep = append(p.Plan.Keep, hidden{"partners", id})
		}
	}
	return s.render(c, http.StatusOK, "admin/series_edit", p)
}

// refind reads the series once more and keeps the reason for it.
func (s *Server) refind(c *gin.Context, why error) (db.SeriesShowRow, error) {
	row, err := s.findSeries(c)
	if err != nil {
		return row, err
	}
	return row, why
}

// saved says in a sentence what an edit moved.
func saved(p card.EditPlan) string {
	switch {
	case p.Renewed.Minor != 0:
		return fmt.Sprintf("%s are worth their value again.", count(p.Left, "card", "cards"))
	case p.Repriced.Minor != 0:
		return fmt.Sprintf("%s %s worth %s each now.", count(p.Left, "card", "cards"), verb(p.Left, "is", "are"), p.Price)
	}
	return ""
}

func verb(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// effects says what exactly will follow an edit.
func effects(row db.SeriesShowRow, p card.EditPlan) []string {
	var list []string
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	total := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: p.Price.Currency} }
	unused := count(p.Left, "card that is still unused", "cards that are still unused")
	if p.Renewed.Minor != 0 {
		say("The %s had expired. Their value comes back: %s goes from breakage to outstanding.", unused, p.Renewed)
	} else if p.NewTill {
		day := p.ValidTill.Format("2 January 2006")
		switch {
		case p.Left == 0:
			say("No unused card is left for the new last day, %s.", day)
		case p.ValidTill.Before(row.Series.ValidTill):
			say("The %s can be redeemed until the end of %s only.", unused, day)
		default:
			say("The %s %s valid until the end of %s.", unused, verb(p.Left, "is", "are"), day)
		}
	}
	if p.NewPrice {
		say("The %s will be worth %s instead of %s%s", unused, p.Price, p.OldPrice, effectOnOutstanding(p, total))
		if row.Used > 0 {
			say("What was used already stays as it is: %s %s what %s paid.", count(row.Used, "card", "cards"), verb(row.Used, "keeps", "keep"), verb(row.Used, "it", "they"))
		}
	}
	if p.NewPrefix {
		say("The prefix is only a label: cards printed with the old one go on working.")
	}
	if p.NewPartners {
		say("Whose customers may redeem the cards changes from now on. Cards that were redeemed stay redeemed.")
	}
	if p.Files > 0 && (p.NewPrice || p.NewPrefix || p.NewTill) {
		say("%s of this series %s exported as it was. Cards printed from %s show the old %s.",
			count(p.Files, "file", "files"), verb(p.Files, "was", "were"), verb(p.Files, "it", "them"), printed(p))
	}
	if p.Renewed.Minor == 0 && p.Repriced.Minor == 0 {
		say("No money moves.")
	}
	return list
}

// effectOnOutstanding says what a new price does to what is outstanding.
func effectOnOutstanding(p card.EditPlan, total func(int64) money.Amount) string {
	switch {
	case p.Repriced.Minor > 0:
		return fmt.Sprintf(": outstanding value rises by %s.", p.Repriced)
	case p.Repriced.Minor < 0:
		return fmt.Sprintf(": outstanding value falls by %s.", total(-p.Repriced.Minor))
	}
	return "."
}

// printed names what is printed on a card and changes.
func printed(p card.EditPlan) string {
	var list []string
	for _, one := range []struct {
		changed bool
		word    string
	}{{p.NewPrice, "price"}, {p.NewPrefix, "prefix"}, {p.NewTill, "last day"}} {
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
