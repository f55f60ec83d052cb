package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/partner"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// generatePage is the form that orders a series.
type generatePage struct {
	kit.Page
	Quantity, Prefix, Price, Partner, ValidTill kit.Field
	Partners                                    []partnerChoice // check boxes for several partners
	Activate, PrintOnce                         kit.Choice
	Currency                                    currencyQuestion
	Key                                         string
	Last                                        lastOrder // the person's last order, to repeat it; without URL: none
	Preview                                     orderPreview
	Mistakes                                    []kit.Mistake
}

// partnerChoice is the check box of one partner.
type partnerChoice struct {
	ID      int64
	Name    string
	Checked bool
}

// SeveralPartners is the option with which the check boxes decide.
const SeveralPartners = "several"

// GenerateShow handles GET /admin/finance/refill-cards/generate.
func (s *Server) GenerateShow(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	form := filledIn(c.Request.URL.Query(), s.Local(s.Now()))
	if settings.Activate {
		form.Set("activate", "on")
	}
	p, err := s.newGeneratePage(c, form)
	if err != nil {
		return err
	}
	if p.Last, err = s.lastOrder(c, settings, &p.Partner); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/generate", p)
}

// newGeneratePage returns the page with the form as filled in.
func (s *Server) newGeneratePage(c *gin.Context, form url.Values) (*generatePage, error) {
	ctx := c.Request.Context()
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	p := &generatePage{
		Page:     s.Page(c, lang.M("Generate cards"), SectionGenerate),
		Quantity: kit.Field{Name: "quantity", Label: lang.M("Quantity"), Value: kit.Truncate(form.Get("quantity"), 40), Hint: "1 to 1,000,000 cards.", InputMode: "numeric", Short: true, Autocomplete: "off"},
		Prefix:   kit.Field{Name: "prefix", Label: lang.M("Prefix"), Value: kit.Truncate(form.Get("prefix"), 60), Hint: lang.M("Printed before each code. Letters and digits; may be empty."), Plain: true, Mono: true, Short: true, Autocomplete: "off"},
		Price:    kit.Field{Name: "price", Label: lang.M("Price"), Value: kit.Truncate(form.Get("price"), 40), Hint: lang.M("Value of one card."), Unit: settings.Currency, InputMode: "decimal", Short: true, Autocomplete: "off"},
		Partner:  kit.Field{Name: "partner", Label: lang.M("Partner"), Hint: partnerHint(settings.LockPartners), Short: true},
		ValidTill: kit.Field{
			Name: "valid_till", Label: lang.M("Valid till"), Type: "date", Value: kit.Truncate(form.Get("valid_till"), 20),
			Hint: lang.M("The last day on which the cards can be redeemed."), Short: true,
		},
		Activate:  kit.Choice{Name: "activate", Label: lang.M("Activate when generated"), Checked: form.Get("activate") != "", Hint: lang.M("Otherwise the cards are worth nothing until someone activates the series.")},
		PrintOnce: kit.Choice{Name: "print_once", Label: lang.M("Print once"), Checked: form.Get("print_once") != "", Hint: lang.M("One file is made of the codes. When it has arrived they are shredded here: the cards stay good, but nobody can show or export a code again.")},
		Currency:  askCurrency(s.Person(c), settings, form),
		Key:       uuid.NewString(),
	}
	limit, err := s.activateHint(ctx, settings, p.Person)
	if err != nil {
		return nil, err
	}
	p.Activate.Hint += limit
	p.Activate.Permit(p.Person)
	if p.Partners, err = s.offerSeriesPartners(ctx, p.Person.Scope, &p.Partner, form); err != nil {
		return nil, err
	}
	p.Preview, err = s.previewOrder(c, form)
	return p, err
}

// readOrder reads the submitted form, except its key. The price is in the currency of its
// partners.
func (s *Server) readOrder(ctx context.Context, form url.Values, settings setting.Settings, now time.Time) (card.OrderRequest, *kit.Unread, error) {
	currency, err := partner.Currency(ctx, s.Pool, settings.Currency, readPartners(form).IDs...)
	if err != nil {
		return card.OrderRequest{}, nil, err
	}
	f, unread := readOrderIn(form, currency, now)
	return f, unread, nil
}

// readOrderIn reads the form with a price in a currency.
func readOrderIn(form url.Values, currency string, today time.Time) (card.OrderRequest, *kit.Unread) {
	price, wrongPrice := readPrice(form.Get("price"), currency)
	till, wrongTill := readOrderDay(form.Get("valid_till"), today)
	unread := &kit.Unread{}
	unread.Note(wrongPrice)
	unread.Note(wrongTill)
	return card.OrderRequest{
		Quantity: readCount(form.Get("quantity")), Prefix: form.Get("prefix"), Price: price, ValidTill: till, Partners: readPartners(form),
		Activate: form.Get("activate") != "", PrintOnce: form.Get("print_once") != "",
	}, unread
}

// Generate handles POST /admin/finance/refill-cards/generate.
func (s *Server) Generate(c *gin.Context) error {
	form, key, err := s.KeyedForm(c)
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
	f, unread, err := s.readOrder(ctx, form, settings, s.Local(s.Now()))
	if err != nil {
		return err
	}
	f.Key = key
	var ordered card.Ordered
	if unread.Any() {
		_, err = s.Cards.CheckOrder(ctx, s.Actor(c), f)
		err = unread.Merge(err)
	} else {
		ordered, err = s.Cards.Order(ctx, s.Actor(c), f)
	}
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		p, pageErr := s.newGeneratePage(c, form)
		if pageErr != nil {
			return pageErr
		}
		if !errors.Is(err, card.ErrOrderKeyUsed) { // for a used key, the page has a new one
			p.Key = f.Key.String() // nothing was ordered under this key
		}
		p.Mistakes = kit.Explain(err, &p.Quantity, &p.Prefix, &p.Price, &p.Partner, &p.ValidTill, &kit.Field{Name: p.Currency.Choice.Name})
		return s.Part(c, http.StatusUnprocessableEntity, "admin/generate", "generate-form", p)
	}
	return s.Redirect(c, SeriesURL(ordered.Number))
}

// partnerHint returns the hint of the partner field.
func partnerHint(locked bool) string {
	if locked {
		return lang.M("Whose customers may redeem the cards.")
	}
	return lang.M("For information: cards are not locked to partners, so customers of any may redeem them.")
}
