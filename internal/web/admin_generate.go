package web

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// generatePage is the form that orders a series.
type generatePage struct {
	page
	Quantity, Prefix, Price, Partner, ValidTill field
	Partners                                    []partnerChoice // for several
	Activate, PrintOnce                         choice
	Key                                         string
	Count                                       int64 // how many cards the button speaks of; 0: not known
	Mistakes                                    []mistake
}

// partnerChoice is one of several partners.
type partnerChoice struct {
	ID      int64
	Name    string
	Checked bool
}

// orderPreview is what will be ordered, before it is.
type orderPreview struct {
	Ready     bool // everything holds
	Brand     string
	Price     string
	Prefix    string
	Long      bool // the code has to be set smaller
	ValidTill string
	Quantity  int64
	FaceValue string
	Odds      string
	Mask      string // the form of the codes
	Codes     string // … in words
	Unlocked  bool   // partners are only for information
	Second    string // what of it takes a second person
}

// severalPartners is the choice that lets the check boxes decide.
const severalPartners = "several"

// adminGenerateShow handles GET /admin/finance/refill-cards/generate.
func (s *Server) adminGenerateShow(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	form := url.Values{"valid_till": {s.local(s.Now()).AddDate(1, 0, 0).Format(time.DateOnly)}}
	if settings.Activate {
		form.Set("activate", "on")
	}
	p, err := s.newGeneratePage(c, form)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/generate", p)
}

// newGeneratePage shows the form as it was typed.
func (s *Server) newGeneratePage(c *gin.Context, form url.Values) (*generatePage, error) {
	ctx := c.Request.Context()
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	p := &generatePage{
		page:     s.page(c, "Generate cards", sectionGenerate),
		Quantity: field{Name: "quantity", Label: "Quantity", Value: cut(form.Get("quantity"), 40), Hint: "1 to 1,000,000 cards.", InputMode: "numeric", Short: true, Autocomplete: "off"},
		Prefix:   field{Name: "prefix", Label: "Prefix", Value: cut(form.Get("prefix"), 60), Hint: "Printed before each code. Letters and digits; may be empty.", Plain: true, Mono: true, Short: true, Autocomplete: "off"},
		Price:    field{Name: "price", Label: "Price", Value: cut(form.Get("price"), 40), Hint: "Value of one card.", Unit: settings.Currency, InputMode: "decimal", Short: true, Autocomplete: "off"},
		Partner:  field{Name: "partner", Label: "Partner", Hint: partnerHint(settings.LockPartners), Short: true},
		ValidTill: field{
			Name: "valid_till", Label: "Valid till", Type: "date", Value: cut(form.Get("valid_till"), 20),
			Hint: "The last day on which the cards can be redeemed.", Short: true,
		},
		Activate:  choice{Name: "activate", Label: "Activate when generated", Checked: form.Get("activate") != "", Hint: "Otherwise the cards are worth nothing until someone activates the series."},
		PrintOnce: choice{Name: "print_once", Label: "Print once", Checked: form.Get("print_once") != "", Hint: "One file is made of the codes. When it has arrived they are shredded here: the cards stay good, but nobody can show or export a code again."},
		Key:       uuid.NewString(),
	}
	limit, err := s.activateHint(ctx, settings, p.Person)
	if err != nil {
		return nil, err
	}
	p.Activate.Hint += limit
	p.Activate.permit(p.Person)
	partners, err := db.New().PartnerPick(ctx, s.Pool, db.PartnerPickParams{AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs})
	if err != nil {
		return nil, err
	}
	chosen := form.Get("partner")
	if p.Person.Scope.AllPartners {
		p.Partner.Options = append(p.Partner.Options, option{card.AnyPartner, "Any", chosen == card.AnyPartner || chosen == ""})
	}
	ticked := form["partners"]
	for _, partner := range partners {
		id := strconv.FormatInt(partner.ID, 10)
		p.Partner.Options = append(p.Partner.Options, option{id, partner.Name, chosen == id})
		p.Partners = append(p.Partners, partnerChoice{partner.ID, partner.Name, slices.Contains(ticked, id)})
	}
	if len(partners) > 1 {
		p.Partner.Options = append(p.Partner.Options, option{severalPartners, "Several…", chosen == severalPartners})
	}
	return p, nil
}

// orderForm reads the posted form. A key that is none becomes a new one: then
// the form was not ours, or was tampered with, and nothing was ordered under it.
func orderForm(form url.Values) card.OrderForm {
	f := card.OrderForm{
		Quantity: form.Get("quantity"), Prefix: form.Get("prefix"), Price: form.Get("price"), ValidTill: form.Get("valid_till"),
		Partners: form["partner"], Activate: form.Get("activate") != "", PrintOnce: form.Get("print_once") != "",
	}
	if form.Get("partner") == severalPartners {
		f.Partners = form["partners"]
	}
	key, err := readKey(form.Get("key"))
	if err != nil {
		key = uuid.New()
	}
	f.Key = key
	return f
}

// adminGenerate handles POST /admin/finance/refill-cards/generate.
func (s *Server) adminGenerate(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	f := orderForm(form)
	ordered, err := s.Cards.Order(c.Request.Context(), s.actor(c), f)
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		p, pageErr := s.newGeneratePage(c, form)
		if pageErr != nil {
			return pageErr
		}
		if !errors.Is(err, card.ErrOrderKeyUsed) { // else the page has drawn a new one
			p.Key = f.Key.String() // nothing was ordered under it yet
		}
		if p.Quantity.Value != "" {
			order, _ := s.Cards.CheckOrder(c.Request.Context(), s.actor(c), f) // what is wrong with it is known
			p.Count = int64(order.Quantity)
		}
		p.Mistakes = explain(err, &p.Quantity, &p.Prefix, &p.Price, &p.Partner, &p.ValidTill)
		return s.part(c, http.StatusUnprocessableEntity, "admin/generate", "generate-form", p)
	}
	return s.redirect(c, seriesURL(ordered.Number))
}

// adminGeneratePreview handles POST /admin/finance/refill-cards/generate/preview:
// what the form would order, as it is being typed.
func (s *Server) adminGeneratePreview(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	order, err := s.Cards.CheckOrder(ctx, s.actor(c), orderForm(form))
	if fault.IsInternal(err) {
		return err
	}
	p := orderPreview{
		Ready: err == nil, Brand: settings.Brand, Prefix: cut(strings.TrimSpace(form.Get("prefix")), card.MaxPrefix),
		Quantity: int64(order.Quantity), FaceValue: order.FaceValue().String(),
	}
	format := card.FormatOf(settings)
	p.Mask, p.Codes = format.Mask(), fmt.Sprintf("%d %s", format.Length, alphabetWord(format.Alphabet))
	p.Unlocked = !settings.LockPartners
	p.Long = len(p.Prefix)+format.Length > 28
	if order.Price.Minor > 0 {
		p.Price = order.Price.String()
	}
	if !order.ValidTill.IsZero() {
		p.ValidTill = order.ValidTill.Format("2 January 2006")
	}
	if p.Ready {
		if p.Second, err = s.takesTwo(ctx, s.person(c), order.FaceValue(), order.Activate); err != nil {
			return err
		}
		chance, err := s.Cards.LuckyChance(ctx, settings, int64(order.Quantity))
		if err != nil {
			return err
		}
		p.Odds = odds(chance)
		if len(order.PartnerIDs) == 1 {
			partner, err := db.New().PartnerGet(ctx, s.Pool, order.PartnerIDs[0])
			if err != nil {
				return err
			}
			p.Brand = partner.Name
			if partner.Brand != "" {
				p.Brand = partner.Brand
			}
		}
	}
	return s.fragment(c, http.StatusOK, "admin/generate", "preview-news", &p)
}

// odds says how long a guesser would have to try, given the chance a year.
func odds(chance float64) string {
	years := 1 / chance
	switch {
	case years >= 2e9:
		return fmt.Sprintf("once in %s billion years", money.Group(fmt.Sprintf("%.0f", years/1e9)))
	case years >= 2e6:
		return fmt.Sprintf("once in %s million years", money.Group(fmt.Sprintf("%.0f", years/1e6)))
	}
	return fmt.Sprintf("once in %s years", money.Group(fmt.Sprintf("%.0f", math.Floor(years))))
}

// partnerHint says what choosing a partner does.
func partnerHint(locked bool) string {
	if locked {
		return "Whose customers may redeem the cards."
	}
	return "For information: cards are not locked to partners, so customers of any may redeem them."
}
