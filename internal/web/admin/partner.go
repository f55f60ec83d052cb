package admin

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/accent"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/partner"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// partnerFormPage is the form for a new or an existing partner.
type partnerFormPage struct {
	kit.Page
	Action               string
	Button               string
	Name, BrandName      kit.Field
	Slug                 kit.Field
	TimeZone, Accent     kit.Field
	Picked               string // the colour that the picker shows
	Welcome, Help        kit.Field
	CardLine1, CardLine2 kit.Field
	Logo                 kit.Field
	TestChoice           *kit.Choice // of a new partner
	Mistakes             []kit.Mistake

	// Set for an existing partner only.
	URL       string
	Trail     string // address of its audit trail
	Shown     kit.Look
	State     kit.Badge
	Test      bool
	Customers int64
	Open      int64
	SignIn    string   // address of the sign-in page in the partner's look
	OnCards   string   // address that its printed cards lead to
	Former    []string // its former names in addresses
	Picture   string   // SVG in base64: a card of this partner, with a made-up code
	Colours   colours
	Disable   *kit.Confirmation
	Enable    *kit.Confirmation
	Asked     askedFor
	Keeping   *kit.Field // where balances are kept
}

// colours are the colours derived from a partner's chosen colour.
type colours struct {
	Accent, Ink, Light, Dark string
	Changed                  bool // a derived colour differs from the chosen one
}

// newColours parses a colour. It returns the zero value for other text.
func newColours(text string) colours {
	c, err := accent.Parse(text)
	if err != nil {
		return colours{}
	}
	light, dark := c.On(kit.LightGround, accent.TextContrast), c.On(kit.DarkGround, accent.TextContrast)
	return colours{c.String(), c.Ink().String(), light.String(), dark.String(), light != c || dark != c}
}

// PartnerURL is the address of a partner.
func PartnerURL(id int64) string { return fmt.Sprintf("%s/%d", SectionPartners, id) }

func partnerState(disabled bool) kit.Badge {
	if disabled {
		return kit.Badge{Word: lang.M("Disabled"), Tone: kit.ToneIdle}
	}
	return kit.Badge{Word: lang.M("Active"), Tone: kit.ToneGood}
}

// newPartnerForm returns the form with the values of f.
func (s *Server) newPartnerForm(c *gin.Context, title string, f partner.Form) (*partnerFormPage, error) {
	zones, err := s.Zones(c.Request.Context())
	if err != nil {
		return nil, err
	}
	picked := kit.OwnAccent
	if c, err := accent.Parse(f.Accent); err == nil {
		picked = c.String()
	}
	return &partnerFormPage{
		Page: s.Page(c, title, SectionPartners), Picked: picked,
		Name: kit.Field{Name: "name", Label: lang.M("Name"), Value: kit.Truncate(f.Name, 300), Hint: lang.M("What staff call it."), Required: true, Autocomplete: "off"},
		BrandName: kit.Field{
			Name: "brand", Label: lang.M("Brand name"), Value: kit.Truncate(f.Brand, 300), Autocomplete: "off",
			Hint: lang.M("What customers see in the portal and on cards. Empty: the name."),
		},
		Slug: kit.Field{
			Name: "slug", Label: lang.M("Name in addresses"), Value: kit.Truncate(f.Slug, 300), Plain: true, Short: true, Autocomplete: "off",
			Hint: lang.M("Optional, such as north-cafe. Its sign-in page then has an address of its own, and its printed cards lead there. A former name keeps working."),
		},
		TimeZone: kit.Field{
			Name: "time_zone", Label: lang.M("Time zone"), Value: kit.Truncate(f.TimeZone, 100), Required: true, Plain: true, Short: true, Autocomplete: "off",
			Hint: lang.M("Type to search. Decides when the last day of new cards ends."), List: zones,
		},
		Accent: kit.Field{
			Name: "accent", Label: lang.M("Colour"), Value: kit.Truncate(f.Accent, 20), Plain: true, Mono: true, Short: true, Autocomplete: "off", Placeholder: kit.OwnAccent,
			Hint: lang.M("Of buttons and links in the portal, and of cards. Empty: the product’s own."),
		},
		Welcome: kit.Field{
			Name: "welcome", Label: lang.M("Welcome line"), Value: kit.Truncate(f.Welcome, 1000), Autocomplete: "off",
			Hint: lang.M("On the portal’s first page. Optional."),
		},
		Help: kit.Field{
			Name: "help", Label: lang.M("Help and contact"), Value: kit.Truncate(f.Help, 2000), Rows: 3,
			Hint: lang.M("On the refill-card page and on receipts: whom to call, when the desk is open. Optional."),
		},
		CardLine1: kit.Field{
			Name: "card_line1", Label: lang.M("First line on cards"), Value: kit.Truncate(f.CardLine1, 300), Autocomplete: "off",
			Hint: lang.M("What to do with the card, in two short lines. Empty: the product’s own."),
		},
		CardLine2: kit.Field{Name: "card_line2", Label: lang.M("Second line on cards"), Value: kit.Truncate(f.CardLine2, 300), Autocomplete: "off"},
		Logo: kit.Field{
			Name: "logo", Label: lang.M("Logo"), Type: "file", Accept: "image/png,image/jpeg",
			Hint: lang.M("PNG or JPEG, up to 256 KB, made for a white ground."),
		},
	}, nil
}

// PartnerNew handles GET /admin/partners/new.
func (s *Server) PartnerNew(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p, err := s.newPartnerForm(c, lang.M("New partner"), partner.Form{TimeZone: settings.TimeZone})
	if err != nil {
		return err
	}
	p.Action, p.Button, p.Name.Autofocus, p.TestChoice = SectionPartners, lang.M("Enter partner"), true, testPartnerChoice(false)
	return s.Render(c, http.StatusOK, "admin/partner_form", p)
}

// typedPartner reads the submitted form: the partner and the uploaded logo, which is nil if
// no file was chosen.
func (s *Server) typedPartner(c *gin.Context) (partner.Form, *partner.Logo, error) {
	form, file, err := s.FormWithFile(c, "logo", partner.MaxLogoBytes)
	if err != nil {
		return partner.Form{}, nil, err
	}
	f := partnerForm(form)
	if err := s.printable(c, f); err != nil {
		return f, nil, err
	}
	if len(file) == 0 {
		return f, nil, nil
	}
	logo, err := partner.ReadLogo(file)
	return f, logo, err
}

// printable checks that the texts fit on a card and that its fonts have their characters. A
// person can correct them here; in an export of a million cards they would be a failure.
func (s *Server) printable(c *gin.Context, f partner.Form) error {
	m := s.maker(c)
	if err := m.CheckBrand("brand", f.Brand); err != nil {
		return err
	}
	return m.CheckWords(setting.Settings{CardWords: setting.CardWords{Line1: strings.TrimSpace(f.CardLine1), Line2: strings.TrimSpace(f.CardLine2)}})
}

func partnerForm(form url.Values) partner.Form {
	return partner.Form{
		Name: form.Get("name"), Brand: form.Get("brand"), Slug: form.Get("slug"), TimeZone: form.Get("time_zone"), Accent: form.Get("accent"),
		Welcome: form.Get("welcome"), Help: form.Get("help"), CardLine1: form.Get("card_line1"), CardLine2: form.Get("card_line2"), Test: form.Get("test") == "on",
	}
}

// mendPartner shows the form again with its errors. A chosen file must be chosen again,
// because browsers let no page preselect a file.
func (s *Server) mendPartner(c *gin.Context, p *partnerFormPage, err error) error {
	p.Mistakes = kit.Explain(err, &p.Name, &p.BrandName, &p.Slug, &p.TimeZone, &p.Accent, &p.Welcome, &p.Help, &p.CardLine1, &p.CardLine2, &p.Logo)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/partner_form", p)
}

// PartnerCreate handles POST /admin/partners.
func (s *Server) PartnerCreate(c *gin.Context) error {
	f, logo, err := s.typedPartner(c)
	var id int64
	if err == nil {
		id, err = partner.Create(c.Request.Context(), s.Pool, s.Actor(c), f, logo)
	}
	if err == nil {
		s.SetFlash(c, kit.ToneGood, f.Name+lang.M(" is entered."))
		return s.Redirect(c, PartnerURL(id))
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newPartnerForm(c, lang.M("New partner"), f)
	if pageErr != nil {
		return pageErr
	}
	p.Action, p.Button, p.TestChoice = SectionPartners, lang.M("Enter partner"), testPartnerChoice(f.Test)
	return s.mendPartner(c, p, err)
}

// partnerOfAddress reads the partner named in the address, with the counts of its customers
// and series. It returns partner.ErrNoPartner for a partner that the person may not see.
func (s *Server) partnerOfAddress(c *gin.Context) (db.Partner, db.PartnerOverviewRow, error) {
	var overview db.PartnerOverviewRow
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.Partner{}, overview, partner.ErrNoPartner
	}
	scope := s.Person(c).Scope
	rows, err := db.New().PartnerOverview(c.Request.Context(), s.Pool, db.PartnerOverviewParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, ID: &id})
	if err != nil {
		return db.Partner{}, overview, err
	}
	if len(rows) == 0 {
		return db.Partner{}, overview, partner.ErrNoPartner
	}
	row, err := db.New().PartnerGet(c.Request.Context(), s.Pool, id)
	return row, rows[0], err
}

// newPartnerPage returns the page of a partner. Its form has the values of f or, if f is
// nil, the stored ones.
func (s *Server) newPartnerPage(c *gin.Context, f *partner.Form) (*partnerFormPage, error) {
	row, hangs, err := s.partnerOfAddress(c)
	if err != nil {
		return nil, err
	}
	slug := ""
	if row.Slug != nil {
		slug = *row.Slug
	}
	if f == nil {
		f = &partner.Form{
			Name: row.Name, Brand: row.Brand, Slug: slug, TimeZone: row.TimeZone, Accent: row.Accent,
			Welcome: row.Welcome, Help: row.Help, CardLine1: row.CardLine1, CardLine2: row.CardLine2,
		}
	}
	p, err := s.newPartnerForm(c, row.Name, *f)
	if err != nil {
		return nil, err
	}
	shown, err := db.New().PartnerLook(c.Request.Context(), s.Pool, db.PartnerLookParams{ID: row.ID})
	if err != nil {
		return nil, err
	}
	p.URL, p.Trail = PartnerURL(row.ID), auditURL("partner", fmt.Sprint(row.ID))
	p.Action, p.Button = p.URL, lang.M("Save")
	p.Shown = kit.NewLook(row.ID, shown.LookVersion, shown.Accent, shown.Slug, shown.LogoWidth, shown.LogoHeight)
	p.Test = row.Test
	p.State, p.Customers, p.Open = partnerState(row.DisabledAt != nil), hangs.Customers, hangs.OpenSeries
	p.Colours, p.Keeping = newColours(row.Accent), keepingField(row.Balances)
	if slug != "" {
		base := s.publicBase(c)
		p.SignIn, p.OnCards = base+"/portal/login?partner="+slug, base+kit.ScanPath+"/"+slug
	}
	if p.Former, err = db.New().PartnerFormerNames(c.Request.Context(), s.Pool, row.ID); err != nil {
		return nil, err
	}
	if p.Picture, err = s.partnerCard(c, row.ID); err != nil {
		return nil, err
	}
	if row.DisabledAt == nil {
		p.Disable = disablePartner(p.URL, row.Name, hangs)
	} else {
		p.Enable = &kit.Confirmation{
			ID: "enable", Opener: lang.M("Enable"), Title: "Enable " + row.Name + "?", Button: "Enable " + row.Name, Action: p.URL + "/enable",
			Text: lang.M("Its customers can sign in and redeem again, and it can be chosen for new series and customers."),
		}
		if p.Asked, err = s.askedFor(c, db.ApprovalListParams{Kind: string(db.ApprovalKindReopening)}); err != nil {
			return nil, err
		}
		p.Asked = p.Asked.only(func(v approvalView) bool { return v.Partner == row.ID })
		if len(p.Asked.Waiting) > 0 {
			p.Enable = nil // it is requested already
		}
	}
	return p, nil
}

// partnerCard draws a card of a partner. It returns an empty text for one that can't be drawn;
// the forms that order and print cards say why.
func (s *Server) partnerCard(c *gin.Context, id int64) (string, error) {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil || !settings.RefillCards {
		return "", err
	}
	currency, err := partner.Currency(c.Request.Context(), s.Pool, settings.Currency, id)
	if err != nil {
		return "", err
	}
	draft, err := s.maker(c).Draft(c.Request.Context(), card.Order{
		PartnerIDs: []int64{id}, Test: currency == money.Test, Price: money.Amount{Minor: 1000, Currency: currency}, Format: settings.CodeFormat(),
	})
	if fault.IsInternal(err) {
		return "", err
	}
	if err != nil {
		return "", nil //nolint:nilerr // see above
	}
	return base64.StdEncoding.EncodeToString(draft.SVG), nil
}

// disablePartner returns the dialog that disables a partner, with the counts of its
// customers and series.
func disablePartner(to, name string, hangs db.PartnerOverviewRow) *kit.Confirmation {
	words := func(n int64, one, many string) string {
		text, _ := kit.Number(n) // fails only for a value that is not a number
		word, _ := kit.Plural(n, one, many)
		return text + " " + word
	}
	stay := lang.M("Balances, payments and cards")
	if hangs.OpenSeries > 0 {
		stay = lang.M("Balances, payments and ") + words(hangs.OpenSeries, lang.M("open series"), lang.M("open series")) + lang.M(" for this partner")
	}
	return &kit.Confirmation{
		ID: "disable", Opener: lang.M("Disable"), Title: "Disable " + name + "?", Button: "Disable " + name, Action: to + "/disable", Danger: true,
		Text: fmt.Sprintf(lang.M("%s will be signed out at once and can’t sign in or redeem until it is enabled again. %s stay as they are."), words(hangs.Customers, "customer", "customers"), stay),
	}
}

// PartnerShow handles GET /admin/partners/:id.
func (s *Server) PartnerShow(c *gin.Context) error {
	p, err := s.newPartnerPage(c, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/partner_form", p)
}

// PartnerEdit handles POST /admin/partners/:id.
func (s *Server) PartnerEdit(c *gin.Context) error {
	row, _, err := s.partnerOfAddress(c)
	if err != nil {
		return err
	}
	f, logo, err := s.typedPartner(c)
	if err == nil {
		err = partner.Edit(c.Request.Context(), s.Pool, s.Actor(c), row.ID, f, logo)
	}
	if err == nil {
		return s.saved(c, PartnerURL(row.ID), nil)
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

// PartnerDisable handles POST /admin/partners/:id/disable.
func (s *Server) PartnerDisable(c *gin.Context) error {
	return s.changePartner(c, partner.Disable, lang.M("%s is disabled."))
}

// PartnerEnable handles POST /admin/partners/:id/enable.
func (s *Server) PartnerEnable(c *gin.Context) error {
	return s.changePartner(c, partner.Enable, lang.M("%s is enabled."))
}

// PartnerLogoRemove handles POST /admin/partners/:id/logo/remove.
func (s *Server) PartnerLogoRemove(c *gin.Context) error {
	return s.changePartner(c, partner.RemoveLogo, lang.M("The logo of %s is removed."))
}

// changePartner applies a change to the partner named in the address and redirects with a
// message.
func (s *Server) changePartner(c *gin.Context, change func(context.Context, db.Beginner, audit.Actor, int64) error, said string) error {
	partner, _, err := s.partnerOfAddress(c)
	if err != nil {
		return err
	}
	err = change(c.Request.Context(), s.Pool, s.Actor(c), partner.ID)
	if s.waits(c, err) {
		return s.Redirect(c, PartnerURL(partner.ID))
	}
	if err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneGood, fmt.Sprintf(said, partner.Name))
	return s.Redirect(c, PartnerURL(partner.ID))
}
