package admin

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// orderPreview describes the series that the form would order.
type orderPreview struct {
	Ready     bool   // the form has no error
	Picture   string // SVG in base64: the first card, with a made-up code
	Alt       string
	Undrawn   string // why the card can't be drawn
	Price     string
	Quantity  int64
	FaceValue string
	Odds      string
	Codes     string // the form of the codes in words
	Unlocked  bool   // partners are only for information
	Second    string // says what needs a second person
}

// GeneratePreview handles POST /admin/finance/refill-cards/generate/preview: what the form
// would order, while it is edited.
func (s *Server) GeneratePreview(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	p, err := s.previewOrder(c, form)
	if err != nil {
		return err
	}
	return s.Fragment(c, http.StatusOK, "admin/generate", "preview-news", &p)
}

// previewOrder describes what a form would order.
func (s *Server) previewOrder(c *gin.Context, form url.Values) (p orderPreview, err error) {
	ctx := c.Request.Context()
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return p, err
	}
	f, unread, err := s.readOrder(ctx, form, settings, s.Local(s.Now()))
	if err != nil {
		return p, err
	}
	order, err := s.Cards.CheckOrder(ctx, s.Actor(c), f)
	err = unread.Merge(err)
	if fault.IsInternal(err) {
		return p, err
	}
	format := settings.CodeFormat()
	p = orderPreview{
		Ready: err == nil, Quantity: int64(order.Quantity), FaceValue: order.FaceValue().String(), Price: order.Price.String(),
		Codes: fmt.Sprintf("%d %s", format.Length, alphabetWord(format.Alphabet)), Unlocked: !settings.LockPartners,
	}
	if err := s.drawOrder(c, &p, order); err != nil {
		return p, err
	}
	if !p.Ready {
		return p, nil
	}
	if p.Second, err = s.takesTwo(ctx, s.Person(c), order.FaceValue(), order.Activate); err != nil {
		return p, err
	}
	chance, err := s.Cards.Guesses.LuckyChance(ctx, settings, p.Quantity)
	p.Odds = odds(chance)
	return p, err
}

// drawOrder adds the picture of the first card.
func (s *Server) drawOrder(c *gin.Context, p *orderPreview, order card.Order) error {
	draft, err := s.maker(c).Draft(c.Request.Context(), order)
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		p.Undrawn = fault.All(err)[0].Text()
		return nil
	}
	p.Picture = base64.StdEncoding.EncodeToString(draft.SVG)
	p.Alt = fmt.Sprintf(lang.M("The card as it is printed: %s, %s, code %s, valid till %s"), draft.Brand, draft.Price, draft.Code, draft.ValidTill)
	return nil
}

// lastOrder is a link that fills in the form like the person's last order.
type lastOrder struct{ URL, Text string }

// lastOrder returns the link to repeat the person's last order. Partners that the form does
// not offer are left out.
func (s *Server) lastOrder(c *gin.Context, settings setting.Settings, partner *kit.Field) (lastOrder, error) {
	id := s.Actor(c).Responsible()
	last, found, err := db.Found(db.New().SeriesLastOrder(c.Request.Context(), s.Pool, &id))
	if err != nil || !found {
		return lastOrder{}, err
	}
	v := url.Values{"quantity": {strconv.Itoa(int(last.Quantity))}, "days": {strconv.Itoa(int(last.Days))}}
	if last.Prefix != "" {
		v.Set("prefix", last.Prefix)
	}
	price := money.Amount{Minor: last.Price, Currency: last.Currency}
	if last.Currency == settings.Currency || last.Currency == money.Test {
		v.Set("price", price.Decimal())
	}
	offered := func(value string) bool {
		return slices.ContainsFunc(partner.Options, func(o kit.Option) bool { return o.Value == value })
	}
	for _, one := range last.PartnerIds {
		if value := strconv.FormatInt(one, 10); offered(value) {
			v.Add("partners", value)
		}
	}
	switch {
	case last.AnyPartner && offered(card.AnyPartner):
		v.Set("partner", card.AnyPartner)
	case len(v["partners"]) == 1:
		v.Set("partner", v.Get("partners"))
		v.Del("partners")
	case len(v["partners"]) > 1:
		v.Set("partner", SeveralPartners)
	}
	return lastOrder{
		URL: SectionGenerate + "?" + v.Encode(),
		Text: fmt.Sprintf(lang.M("As last time: %s of %s, valid %s"),
			kit.Count(int64(last.Quantity), "card", "cards"), price.String(), kit.Count(int64(last.Days), "day", "days")),
	}, nil
}

// filledIn returns the form as an address fills it in. The address sets neither the
// activation nor print once.
func filledIn(query url.Values, today time.Time) url.Values {
	form := url.Values{"valid_till": {today.AddDate(1, 0, 0).Format(time.DateOnly)}}
	for _, name := range []string{"quantity", "prefix", "price", "partner", "partners"} {
		if query.Has(name) {
			form[name] = query[name]
		}
	}
	if days := wholeNumber(query.Get("days")); days >= 1 && days <= mostDays {
		form.Set("valid_till", today.AddDate(0, 0, int(days)).Format(time.DateOnly))
	}
	return form
}

// mostDays is the largest number of days that an address fills in.
const mostDays = 36_500

// odds describes the time until a lucky guess, given its chance in a year.
func odds(chance float64) string {
	years := 1 / chance
	switch {
	case years >= 2e9:
		return fmt.Sprintf(lang.M("once in %s billion years"), money.Group(fmt.Sprintf("%.0f", years/1e9)))
	case years >= 2e6:
		return fmt.Sprintf(lang.M("once in %s million years"), money.Group(fmt.Sprintf("%.0f", years/1e6)))
	}
	return fmt.Sprintf(lang.M("once in %s years"), money.Group(fmt.Sprintf("%.0f", math.Floor(years))))
}
