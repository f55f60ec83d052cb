package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/setting"
)

// configModulesPage switches modules on and off.
type configModulesPage struct {
	page
	RefillCards choice
}

// configPortalPage is what the portal offers each partner's customers.
type configPortalPage struct {
	page
	Partners []partnerPortal
}

// partnerPortal is one partner's part of it.
type partnerPortal struct {
	Name       string
	RefillCard choice
}

// configVouchersPage is how cards are made and guarded.
type configVouchersPage struct {
	page
	Activate  choice
	FileHours field
	Guesses   field
	Mistakes  []mistake
	Symbols   int
	Alphabet  string
	Odds      string
}

// adminConfigModulesShow handles GET /admin/config/modules.
func (s *Server) adminConfigModulesShow(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/config_modules", &configModulesPage{
		page: s.page(c, "Modules", sectionModules),
		RefillCards: choice{
			Name: "refill_cards", Label: "Refill cards", Switch: true, Checked: settings.RefillCards,
			Hint: "Off: its menu, its pages and the form in the portal are gone. Cards, balances and payments stay as they are, and come back with it.",
		},
	})
}

// adminConfigModules handles POST /admin/config/modules.
func (s *Server) adminConfigModules(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	err = s.Settings.Change(c.Request.Context(), s.actor(c), func(v *setting.Settings) { v.RefillCards = form.Get("refill_cards") != "" })
	return s.saved(c, sectionModules, err)
}

// saved ends a settings form that has nothing to mend.
func (s *Server) saved(c *gin.Context, to string, err error) error {
	if err != nil {
		return err
	}
	s.setFlash(c, "Saved.")
	return s.redirect(c, to)
}

// partnerField names a partner's check box.
func partnerField(id int64) string { return "partner-" + strconv.FormatInt(id, 10) }

// adminConfigPortalShow handles GET /admin/config/portal.
func (s *Server) adminConfigPortalShow(c *gin.Context) error {
	p := &configPortalPage{page: s.page(c, "Portal", sectionPortal)}
	partners, err := s.partners(c)
	if err != nil {
		return err
	}
	for _, partner := range partners {
		p.Partners = append(p.Partners, partnerPortal{partner.Name, choice{Name: partnerField(partner.ID), Label: "Refill card", Checked: partner.PortalRefillCard}})
	}
	return s.render(c, http.StatusOK, "admin/config_portal", p)
}

// partners are those that the person may see.
func (s *Server) partners(c *gin.Context) ([]db.Partner, error) {
	scope := s.person(c).Scope
	return db.New().PartnerList(c.Request.Context(), s.Pool, db.PartnerListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
}

// adminConfigPortal handles POST /admin/config/portal.
func (s *Server) adminConfigPortal(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	partners, err := s.partners(c)
	if err != nil {
		return err
	}
	for _, partner := range partners {
		offer := form.Get(partnerField(partner.ID)) != ""
		if offer == partner.PortalRefillCard {
			continue
		}
		if err := customer.OfferRefillCard(c.Request.Context(), s.Pool, s.actor(c), partner.ID, offer); err != nil {
			return err
		}
	}
	return s.saved(c, sectionPortal, nil)
}

// adminConfigVouchersShow handles GET /admin/config/vouchers.
func (s *Server) adminConfigVouchersShow(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p, err := s.newConfigVouchersPage(c, settings)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/config_vouchers", p)
}

func (s *Server) newConfigVouchersPage(c *gin.Context, settings setting.Settings) (*configVouchersPage, error) {
	chance, err := s.Cards.LuckyChance(c.Request.Context(), settings, 0)
	if err != nil {
		return nil, err
	}
	p := &configVouchersPage{
		page:     s.page(c, "Vouchers", sectionVouchers),
		Activate: choice{Name: "activate", Label: "Activate when generated", Checked: settings.Activate, Hint: "What the form proposes for a new series."},
		FileHours: field{
			Name: "file_hours", Label: "Keep files for", Value: strconv.Itoa(settings.FileHours), Hint: "Hours after which an exported file is removed, 1 to 720.",
			InputMode: "numeric", Short: true, Autocomplete: "off",
		},
		Guesses: field{
			Name: "guesses_daily", Label: "Guesses a day", Value: strconv.FormatInt(settings.GuessesDaily, 10), InputMode: "numeric", Short: true, Autocomplete: "off",
			Hint: "How many wrong codes a day the odds below reckon with, from everybody together.",
		},
		Symbols: card.FormatOf(settings).Length, Alphabet: card.FormatOf(settings).Symbols(), Odds: "never: there is no card to hit",
	}
	if chance > 0 {
		p.Odds = odds(chance)
	}
	return p, nil
}

// adminConfigVouchers handles POST /admin/config/vouchers.
func (s *Server) adminConfigVouchers(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	hours, guesses := form.Get("file_hours"), form.Get("guesses_daily")
	err = s.Settings.Change(c.Request.Context(), s.actor(c), func(v *setting.Settings) {
		v.Activate = form.Get("activate") != ""
		v.FileHours = int(wholeNumber(hours))
		v.GuessesDaily = wholeNumber(guesses)
	})
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, sectionVouchers, err)
	}
	settings, settingsErr := s.Settings.Get(c.Request.Context())
	if settingsErr != nil {
		return settingsErr
	}
	p, pageErr := s.newConfigVouchersPage(c, settings)
	if pageErr != nil {
		return pageErr
	}
	p.FileHours.Value, p.Guesses.Value, p.Activate.Checked = cut(hours, 20), cut(guesses, 20), form.Get("activate") != ""
	p.Mistakes = explain(err, &p.FileHours, &p.Guesses)
	return s.render(c, http.StatusUnprocessableEntity, "admin/config_vouchers", p)
}

// wholeNumber reads a number as people type it; what is none is 0, which no
// setting allows.
func wholeNumber(text string) int64 {
	n, err := money.Parse(strings.TrimSpace(text), "JPY") // a currency without decimals
	if err != nil {
		return 0
	}
	return n
}
