package admin

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/partner"
	"refill/internal/web/kit"
)

// configPortalPage is the settings page for what the portal offers the customers of each
// partner.
type configPortalPage struct {
	kit.Page
	Partners []partnerPortal
	Mistakes []kit.Mistake
}

// partnerPortal is the part of the page for one partner.
type partnerPortal struct {
	Name       string
	RefillCard kit.Choice
	Methods    []partnerMethod
	Was        []kit.Hidden // the values as shown; untouched controls keep what others changed meanwhile
}

// partnerMethod is one payment method: a switch, and the instruction for customers.
type partnerMethod struct {
	Choice kit.Choice
	Text   kit.Field
}

// PartnerField names a partner's check box.
func PartnerField(id int64) string { return "partner-" + strconv.FormatInt(id, 10) }

// WasField names the hidden field that holds the value with which a control was shown.
func WasField(name string) string { return "was-" + name }

// ConfigPortalShow handles GET /admin/config/portal.
func (s *Server) ConfigPortalShow(c *gin.Context) error {
	p, err := s.newConfigPortalPage(c, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/config_portal", p)
}

// newConfigPortalPage returns the page with the offers, or with the submitted form.
func (s *Server) newConfigPortalPage(c *gin.Context, typed url.Values) (*configPortalPage, error) {
	p := &configPortalPage{Page: s.Page(c, lang.M("Payment methods"), SectionPortal)}
	partners, err := s.partners(c)
	if err != nil {
		return nil, err
	}
	offers, err := partner.Offers(c.Request.Context(), s.Pool, s.Person(c).Scope)
	if err != nil {
		return nil, err
	}
	for _, row := range partners {
		one := partnerPortal{Name: row.Name}
		show := func(name, value string) string {
			if typed == nil {
				one.Was = append(one.Was, kit.Hidden{Name: WasField(name), Value: value})
				return value
			}
			one.Was = append(one.Was, kit.Hidden{Name: WasField(name), Value: kit.Truncate(typed.Get(WasField(name)), 1000)})
			return kit.Truncate(typed.Get(name), 1000)
		}
		name := PartnerField(row.ID)
		one.RefillCard = kit.Choice{
			Name: name, Label: lang.M("Refill card"), Checked: show(name, ticked(row.PortalRefillCard)) != "",
			Hint: lang.M("Customers redeem cards in the portal. Off: the form is gone for them."),
		}
		for _, method := range partner.Methods() {
			name, m := partner.OfferField(row.ID, method), offers[row.ID].Methods[method]
			one.Methods = append(one.Methods, partnerMethod{
				Choice: kit.Choice{Name: name, Label: kit.PaymentTypeName(method), Checked: show(name, ticked(m.Offered)) != ""},
				Text: kit.Field{
					Name: name + "-text", Label: kit.PaymentTypeName(method) + lang.M(": what to do"), Value: show(name+"-text", m.Instruction), Rows: 2,
					Hint: methodHint(method),
				},
			})
		}
		p.Partners = append(p.Partners, one)
	}
	return p, nil
}

// ticked returns the value that a check box sends.
func ticked(on bool) string {
	if on {
		return "on"
	}
	return ""
}

// methodHint returns an example of an instruction.
func methodHint(method db.PaymentType) string {
	hints := map[db.PaymentType]string{
		db.PaymentTypeCash:         lang.M("Such as: At our shop, Main Street 1, Monday to Friday."),
		db.PaymentTypeBankTransfer: lang.M("Such as: IBAN DE02 1203 0000 0000 2020 51; give your customer name."),
		db.PaymentTypeCreditCard:   lang.M("Such as: Call 555-0100 and have your card ready."),
		db.PaymentTypeOther:        lang.M("Shown to customers as it stands here."),
	}
	return hints[method]
}

// partners returns the partners that the person may see.
func (s *Server) partners(c *gin.Context) ([]db.Partner, error) {
	scope := s.Person(c).Scope
	return db.New().PartnerList(c.Request.Context(), s.Pool, db.PartnerListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
}

// ConfigPortal handles POST /admin/config/portal. It changes only the values that differ
// from those the form was shown with, so that two people at once do not undo each other's
// changes.
func (s *Server) ConfigPortal(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	touched := func(name string) bool { return form.Get(name) != form.Get(WasField(name)) }
	err = partner.ChangeOffers(c.Request.Context(), s.Pool, s.Actor(c), func(id int64, o *partner.Offer) {
		if name := PartnerField(id); touched(name) {
			o.RefillCard = form.Get(name) != ""
		}
		for _, method := range partner.Methods() {
			name, m := partner.OfferField(id, method), o.Methods[method]
			if touched(name) {
				m.Offered = form.Get(name) != ""
			}
			if touched(name + "-text") {
				m.Instruction = form.Get(name + "-text")
			}
			o.Methods[method] = m
		}
	})
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, SectionPortal, err)
	}
	p, pageErr := s.newConfigPortalPage(c, form)
	if pageErr != nil {
		return pageErr
	}
	var fields []*kit.Field
	for i := range p.Partners {
		for j := range p.Partners[i].Methods {
			fields = append(fields, &p.Partners[i].Methods[j].Text)
		}
	}
	p.Mistakes = kit.Explain(err, fields...)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/config_portal", p)
}
