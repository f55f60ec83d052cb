package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/accent"
	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// partnerListPage is the partners that somebody may see.
type partnerListPage struct {
	page
	Rows   []partnerRow
	MayNew bool
	Empty  empty
}

// partnerRow is one of them.
type partnerRow struct {
	Name, Brand, URL string
	Accent           string // #rrggbb; empty: none
	Customers, Open  int64
	State            badge
}

// partnerFormPage is the form of a partner, new or not.
type partnerFormPage struct {
	page
	Action               string
	Button               string
	Name, BrandName      field
	Slug                 field
	Zone, Accent         field
	Welcome, Help        field
	CardLine1, CardLine2 field
	Logo                 field
	Mistakes             []mistake

	// Of a partner that is there already.
	URL       string
	Shown     look
	State     badge
	Customers int64
	Open      int64
	SignIn    string // address of the sign-in page in its look
	Colours   colours
	Disable   *confirmation
	Enable    *confirmation
	Asked     askedFor
}

// colours says what is made of a brand's colour.
type colours struct {
	Accent, Ink, Light, Dark string
	Changed                  bool // some of it is not as chosen
}

// newColours reads a colour; the zero colours where there is none.
func newColours(text string) colours {
	c, err := accent.Parse(text)
	if err != nil {
		return colours{}
	}
	light, dark := c.On(lightGround, accent.TextContrast), c.On(darkGround, accent.TextContrast)
	return colours{c.String(), c.Ink().String(), light.String(), dark.String(), light != c || dark != c}
}

func partnerURL(id int64) string { return fmt.Sprintf("%s/%d", sectionPartners, id) }

func partnerState(disabled bool) badge {
	if disabled {
		return badge{"Disabled", toneIdle}
	}
	return badge{"Active", toneGood}
}

// adminPartnerList handles GET /admin/partners.
func (s *Server) adminPartnerList(c *gin.Context) error {
	p := &partnerListPage{page: s.page(c, "Partners", sectionPartners)}
	p.MayNew = p.Person.Scope.AllPartners
	rows, err := db.New().PartnerOverview(c.Request.Context(), s.Pool, db.PartnerOverviewParams{
		AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs,
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		p.Rows = append(p.Rows, partnerRow{
			Name: row.Name, Brand: row.Brand, URL: partnerURL(row.ID), Accent: row.Accent,
			Customers: row.Customers, Open: row.OpenSeries, State: partnerState(row.DisabledAt != nil),
		})
	}
	p.Empty = empty{Icon: "building-store", Title: "No partners yet", Text: "A partner is a branch, brand or reseller. Every customer belongs to one."}
	if p.MayNew {
		p.Empty.Action, p.Empty.URL = "Enter a partner", sectionPartners+"/new"
	}
	return s.render(c, http.StatusOK, "admin/partner_list", p)
}

// newPartnerForm makes the form of what was typed so far.
func (s *Server) newPartnerForm(c *gin.Context, title string, f customer.PartnerForm) (*partnerFormPage, error) {
	zones, err := s.zones(c.Request.Context())
	if err != nil {
		return nil, err
	}
	return &partnerFormPage{
		page: s.page(c, title, sectionPartners),
		Name: field{Name: "name", Label: "Name", Value: cut(f.Name, 300), Hint: "What staff call it.", Required: true, Autocomplete: "off"},
		BrandName: field{
			Name: "brand", Label: "Brand name", Value: cut(f.Brand, 300), Autocomplete: "off",
			Hint: "What customers see in the portal and on cards. Empty: the name.",
		},
		Slug: field{
			Name: "slug", Label: "Name in addresses", Value: cut(f.Slug, 300), Plain: true, Short: true, Autocomplete: "off",
			Hint: "Optional, such as north-cafe: its sign-in page then has an address of its own.",
		},
		Zone: field{
			Name: "time_zone", Label: "Time zone", Value: cut(f.TimeZone, 100), Required: true, Plain: true, Short: true, Autocomplete: "off",
			Hint: "Type to search. Decides when the last day of new cards ends.", List: zones,
		},
		Accent: field{
			Name: "accent", Label: "Colour", Value: cut(f.Accent, 20), Plain: true, Mono: true, Short: true, Autocomplete: "off", Placeholder: "#1f4e79",
			Hint: "Of buttons and links in the portal, and of cards. Empty: the product’s own.",
		},
		Welcome: field{
			Name: "welcome", Label: "Welcome line", Value: cut(f.Welcome, 1000), Autocomplete: "off",
			Hint: "On the portal’s first page. Optional.",
		},
		Help: field{
			Name: "help", Label: "Help and contact", Value: cut(f.Help, 2000), Rows: 3,
			Hint: "On the refill-card page and on receipts: whom to call, when the desk is open. Optional.",
		},
		CardLine1: field{
			Name: "card_line1", Label: "First line on cards", Value: cut(f.CardLine1, 300), Autocomplete: "off",
			Hint: "What to do with the card, in two short lines. Empty: the product’s own.",
		},
		CardLine2: field{Name: "card_line2", Label: "Second line on cards", Value: cut(f.CardLine2, 300), Autocomplete: "off"},
		Logo: field{
			Name: "logo", Label: "Logo", Type: "file", Accept: "image/png,image/jpeg",
			Hint: "PNG or JPEG, up to 256 KB, made for a white ground.",
		},
	}, nil
}

// adminPartnerNew handles GET /admin/partners/new.
func (s *Server) adminPartnerNew(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p, err := s.newPartnerForm(c, "New partner", customer.PartnerForm{TimeZone: settings.TimeZone})
	if err != nil {
		return err
	}
	p.Action, p.Button, p.Name.Autofocus = sectionPartners, "Enter partner", true
	return s.render(c, http.StatusOK, "admin/partner_form", p)
}

// typedPartner reads a posted form: the partner, and the logo that came with it;
// nil where none was chosen.
func (s *Server) typedPartner(c *gin.Context) (customer.PartnerForm, *customer.Logo, error) {
	form, file, err := s.formWithFile(c, "logo", customer.MaxLogoBytes)
	if err != nil {
		return customer.PartnerForm{}, nil, err
	}
	f := partnerForm(form)
	if err := s.printable(c, f); err != nil {
		return f, nil, err
	}
	if len(file) == 0 {
		return f, nil, nil
	}
	logo, err := customer.ReadLogo(file)
	return f, logo, err
}

// printable holds what stands on cards against the card's fonts and room: here it
// can be mended, in an export of a million cards it would be a failure.
func (s *Server) printable(c *gin.Context, f customer.PartnerForm) error {
	m := s.maker(c)
	if err := m.CheckBrand("brand", f.Brand); err != nil {
		return err
	}
	return m.CheckWords(setting.Settings{CardWords: setting.CardWords{Line1: strings.TrimSpace(f.CardLine1), Line2: strings.TrimSpace(f.CardLine2)}})
}

func partnerForm(form url.Values) customer.PartnerForm {
	return customer.PartnerForm{
		Name: form.Get("name"), Brand: form.Get("brand"), Slug: form.Get("slug"), TimeZone: form.Get("time_zone"), Accent: form.Get("accent"),
		Welcome: form.Get("welcome"), Help: form.Get("help"), CardLine1: form.Get("card_line1"), CardLine2: form.Get("card_line2"),
	}
}

// mend shows a form again with what is to be mended. A file that was chosen has
// to be chosen again: browsers let no page fill it in.
func (s *Server) mendPartner(c *gin.Context, p *partnerFormPage, err error) error {
	p.Mistakes = explain(err, &p.Name, &p.BrandName, &p.Slug, &p.Zone, &p.Accent, &p.Welcome, &p.Help, &p.CardLine1, &p.CardLine2, &p.Logo)
	return s.render(c, http.StatusUnprocessableEntity, "admin/partner_form", p)
}

// adminPartnerCreate handles POST /admin/partners.
func (s *Server) adminPartnerCreate(c *gin.Context) error {
	f, logo, err := s.typedPartner(c)
	var id int64
	if err == nil {
		id, err = customer.CreatePartner(c.Request.Context(), s.Pool, s.actor(c), f, logo)
	}
	if err == nil {
		s.setFlash(c, f.Name+" is entered.")
		return s.redirect(c, partnerURL(id))
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newPartnerForm(c, "New partner", f)
	if pageErr != nil {
		return pageErr
	}
	p.Action, p.Button = sectionPartners, "Enter partner"
	return s.mendPartner(c, p, err)
}

// partnerOfAddress reads the partner of the address with what hangs on it; one
// that is not theirs is missing.
func (s *Server) partnerOfAddress(c *gin.Context) (db.Partner, db.PartnerOverviewRow, error) {
	var overview db.PartnerOverviewRow
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.Partner{}, overview, customer.ErrNoPartner
	}
	scope := s.person(c).Scope
	rows, err := db.New().PartnerOverview(c.Request.Context(), s.Pool, db.PartnerOverviewParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, ID: &id})
	if err != nil {
		return db.Partner{}, overview, err
	}
	if len(rows) == 0 {
		return db.Partner{}, overview, customer.ErrNoPartner
	}
	partner, err := db.New().PartnerGet(c.Request.Context(), s.Pool, id)
	return partner, rows[0], err
}

// newPartnerPage makes the page of a partner with its form.
func (s *Server) newPartnerPage(c *gin.Context, f *customer.PartnerForm) (*partnerFormPage, error) {
	partner, hangs, err := s.partnerOfAddress(c)
	if err != nil {
		return nil, err
	}
	slug := ""
	if partner.Slug != nil {
		slug = *partner.Slug
	}
	if f == nil {
		f = &customer.PartnerForm{
			Name: partner.Name, Brand: partner.Brand, Slug: slug, TimeZone: partner.TimeZone, Accent: partner.Accent,
			Welcome: partner.Welcome, Help: partner.Help, CardLine1: partner.CardLine1, CardLine2: partner.CardLine2,
		}
	}
	p, err := s.newPartnerForm(c, partner.Name, *f)
	if err != nil {
		return nil, err
	}
	shown, err := db.New().PartnerLook(c.Request.Context(), s.Pool, db.PartnerLookParams{ID: partner.ID})
	if err != nil {
		return nil, err
	}
	p.URL = partnerURL(partner.ID)
	p.Action, p.Button = p.URL, "Save"
	p.Shown = newLook(partner.ID, shown.LookVersion, shown.Accent, shown.Slug, shown.LogoWidth, shown.LogoHeight)
	p.State, p.Customers, p.Open = partnerState(partner.DisabledAt != nil), hangs.Customers, hangs.OpenSeries
	p.Colours = newColours(partner.Accent)
	if slug != "" {
		p.SignIn = s.PublicURL + "/portal/login?partner=" + slug
	}
	if partner.DisabledAt == nil {
		p.Disable = disablePartner(p.URL, partner.Name, hangs)
	} else {
		p.Enable = &confirmation{
			ID: "enable", Opener: "Enable", Title: "Enable " + partner.Name + "?", Button: "Enable " + partner.Name, Action: p.URL + "/enable",
			Text: "Its customers can sign in and redeem again, and it can be chosen for new series and customers.",
		}
		if p.Asked, err = s.askedFor(c, db.ApprovalListParams{Kind: string(db.ApprovalKindReopening)}); err != nil {
			return nil, err
		}
		p.Asked = p.Asked.only(func(v approvalView) bool { return v.Partner == partner.ID })
		if len(p.Asked.Waiting) > 0 {
			p.Enable = nil // it is asked for already
		}
	}
	return p, nil
}

// disablePartner asks before a partner is closed, with what hangs on it.
func disablePartner(to, name string, hangs db.PartnerOverviewRow) *confirmation {
	words := func(n int64, one, many string) string {
		text, _ := number(n) // fails on no number
		word, _ := plural(n, one, many)
		return text + " " + word
	}
	stay := "Balances, payments and cards"
	if hangs.OpenSeries > 0 {
		stay = "Balances, payments and " + words(hangs.OpenSeries, "open series", "open series") + " for this partner"
	}
	return &confirmation{
		ID: "disable", Opener: "Disable", Title: "Disable " + name + "?", Button: "Disable " + name, Action: to + "/disable", Danger: true,
		Text: fmt.Sprintf("%s will be signed out at once and can’t sign in or redeem until it is enabled again. %s stay as they are.", words(hangs.Customers, "customer", "customers"), stay),
	}
}

// adminPartnerShow handles GET /admin/partners/:id.
func (s *Server) adminPartnerShow(c *gin.Context) error {
	p, err := s.newPartnerPage(c, nil)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/partner_form", p)
}

// adminPartnerEdit handles POST /admin/partners/:id.
func (s *Server) adminPartnerEdit(c *gin.Context) error {
	partner, _, err := s.partnerOfAddress(c)
	if err != nil {
		return err
	}
	f, logo, err := s.typedPartner(c)
	if err == nil {
		err = customer.EditPartner(c.Request.Context(), s.Pool, s.actor(c), partner.ID, f, logo)
	}
	if err == nil {
		return s.saved(c, partnerURL(partner.ID), nil)
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newPartnerPage(c, &f)
	if pageErr != nil {
		return pageErr
	}
	return s.mendPartner(c, p, err)
}

// adminPartnerDisable handles POST /admin/partners/:id/disable.
func (s *Server) adminPartnerDisable(c *gin.Context) error {
	return s.changePartner(c, customer.DisablePartner, "%s is disabled.")
}

// adminPartnerEnable handles POST /admin/partners/:id/enable.
func (s *Server) adminPartnerEnable(c *gin.Context) error {
	return s.changePartner(c, customer.EnablePartner, "%s is enabled.")
}

// adminPartnerLogoRemove handles POST /admin/partners/:id/logo/remove.
func (s *Server) adminPartnerLogoRemove(c *gin.Context) error {
	return s.changePartner(c, customer.RemoveLogo, "The logo of %s is removed.")
}

// changePartner does one thing to the partner of the address and says so.
func (s *Server) changePartner(c *gin.Context, change func(context.Context, db.Beginner, audit.Actor, int64) error, said string) error {
	partner, _, err := s.partnerOfAddress(c)
	if err != nil {
		return err
	}
	err = change(c.Request.Context(), s.Pool, s.actor(c), partner.ID)
	if s.waits(c, err) {
		return s.redirect(c, partnerURL(partner.ID))
	}
	if err != nil {
		return err
	}
	s.setFlash(c, fmt.Sprintf(said, partner.Name))
	return s.redirect(c, partnerURL(partner.ID))
}
