package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
)

// configPortalPage is what the portal offers each partner's customers.
type configPortalPage struct {
	page
	Partners []partnerPortal
	Mistakes []mistake
}

// partnerPortal is one partner's part of it.
type partnerPortal struct {
	Name       string
	RefillCard choice
	Methods    []partnerMethod
	Was        []hidden // how the form was shown: what was not touched stays as others left it
}

// partnerMethod is one way to pay: a switch, and the words for customers.
type partnerMethod struct {
	Choice choice
	Text   field
}

// partnerField names a partner's check box.
func partnerField(id int64) string { return "partner-" + strconv.FormatInt(id, 10) }

// wasField names the hidden field that says how a control was shown.
func wasField(name string) string { return "was-" + name }

// adminConfigPortalShow handles GET /admin/config/portal.
func (s *Server) adminConfigPortalShow(c *gin.Context) error {
	p, err := s.newConfigPortalPage(c, nil)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/config_portal", p)
}

// newConfigPortalPage shows the offers, or the form as it was typed.
func (s *Server) newConfigPortalPage(c *gin.Context, typed url.Values) (*configPortalPage, error) {
	p := &configPortalPage{page: s.page(c, "Portal", sectionPortal)}
	partners, err := s.partners(c)
	if err != nil {
		return nil, err
	}
	offers, err := customer.Offers(c.Request.Context(), s.Pool, s.person(c).Scope)
	if err != nil {
		return nil, err
	}
	for _, partner := range partners {
		one := partnerPortal{Name: partner.Name}
		show := func(name, value string) string {
			if typed == nil {
				one.Was = append(one.Was, hidden{wasField(name), value})
				return value
			}
			one.Was = append(one.Was, hidden{wasField(name), cut(typed.Get(wasField(name)), 1000)})
			return cut(typed.Get(name), 1000)
		}
		name := partnerField(partner.ID)
		one.RefillCard = choice{
			Name: name, Label: "Refill card", Checked: show(name, ticked(partner.PortalRefillCard)) != "",
			Hint: "Customers redeem cards in the portal. Off: the form is gone for them.",
		}
		for _, method := range customer.Methods() {
			name, m := customer.OfferField(partner.ID, method), offers[partner.ID].Methods[method]
			one.Methods = append(one.Methods, partnerMethod{
				Choice: choice{Name: name, Label: paymentTypeName(method), Checked: show(name, ticked(m.Offered)) != ""},
				Text: field{
					Name: name + "-text", Label: paymentTypeName(method) + ": what to do", Value: show(name+"-text", m.Instruction), Rows: 2,
					Hint: methodHint(method),
				},
			})
		}
		p.Partners = append(p.Partners, one)
	}
	return p, nil
}

// ticked is the value that a check box sends.
func ticked(on bool) string {
	if on {
		return "on"
	}
	return ""
}

// methodHint gives an example of what to say.
func methodHint(method db.PaymentType) string {
	hints := map[db.PaymentType]string{
		db.PaymentTypeCash:         "Such as: At our shop, Main Street 1, Monday to Friday.",
		db.PaymentTypeBankTransfer: "Such as: IBAN DE02 1203 0000 0000 2020 51; give your customer name.",
		db.PaymentTypeCreditCard:   "Such as: Call 555-0100 and have your card ready.",
		db.PaymentTypeOther:        "Shown to customers as it stands here.",
	}
	return hints[method]
}

// partners are those that the person may see.
func (s *Server) partners(c *gin.Context) ([]db.Partner, error) {
	scope := s.person(c).Scope
	return db.New().PartnerList(c.Request.Context(), s.Pool, db.PartnerListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
}

// adminConfigPortal handles POST /admin/config/portal. Only what differs from how
// the form was shown is changed, so that two people at once do not undo each
// other's work.
func (s *Server) adminConfigPortal(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	touched := func(name string) bool { return form.Get(name) != form.Get(wasField(name)) }
	err = customer.ChangeOffers(c.Request.Context(), s.Pool, s.actor(c), func(id int64, o *customer.Offer) {
		if name := partnerField(id); touched(name) {
			o.RefillCard = form.Get(name) != ""
		}
		for _, method := range customer.Methods() {
			name, m := customer.OfferField(id, method), o.Methods[method]
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
		return s.saved(c, sectionPortal, err)
	}
	p, pageErr := s.newConfigPortalPage(c, form)
	if pageErr != nil {
		return pageErr
	}
	var fields []*field
	for i := range p.Partners {
		for j := range p.Partners[i].Methods {
			fields = append(fields, &p.Partners[i].Methods[j].Text)
		}
	}
	p.Mistakes = explain(err, fields...)
	return s.render(c, http.StatusUnprocessableEntity, "admin/config_portal", p)
}

// payWay is a way to pay as customers read it.
type payWay struct{ Name, Text, URL string }

// payWays are the ways to pay that the visitor's partner offers.
func (s *Server) payWays(c *gin.Context) ([]payWay, error) {
	v := s.visitor(c)
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return nil, err
	}
	var ways []payWay
	if settings.RefillCards && v.RefillCard {
		ways = append(ways, payWay{Name: "Refill card", Text: "Redeem a card’s code", URL: sectionRedeem})
	}
	rows, err := db.New().PartnerMethodList(c.Request.Context(), s.Pool, []int64{v.PartnerID})
	for _, row := range rows {
		if row.Offered {
			ways = append(ways, payWay{Name: paymentTypeName(row.Method), Text: row.Instruction})
		}
	}
	return ways, err
}
