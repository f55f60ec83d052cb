package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// customerShowPage is one customer.
type customerShowPage struct {
	page
	Customer  customerView
	Tabs      []filterWord
	Payments  []paymentView
	CanPay    bool // sees payments
	CanEnter  bool // enters them
	CanEdit   bool
	CanRedeem bool
	Code      field
	Key       string
	Barred    *time.Time    // until when the customer may try no code; nil: they may
	Clear     *confirmation // lifts that
	Switch    confirmation  // disables or enables
	Mistakes  []mistake
}

// customerURL is the address of a customer.
func customerURL(id int64) string { return fmt.Sprintf("%s/%d", sectionCustomers, id) }

// findCustomer reads the customer of the address; one of another partner is
// missing.
func (s *Server) findCustomer(c *gin.Context) (customerView, *time.Location, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return customerView{}, nil, card.ErrCustomer
	}
	scope := s.person(c).Scope
	row, err := db.New().CustomerGet(c.Request.Context(), s.Pool, db.CustomerGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if isNoRows(err) {
		return customerView{}, nil, card.ErrCustomer
	}
	if err != nil {
		return customerView{}, nil, err
	}
	return customerView{
		ID: row.ID, URL: customerURL(row.ID), Name: row.Name, Username: row.Username, Email: row.Email, Phone: row.Phone,
		Partner: row.PartnerName, PartnerID: row.PartnerID, Balance: money.Amount{Minor: *row.Balance, Currency: row.Currency}.String(),
		Minor: *row.Balance, Currency: row.Currency,
		ExternalID: externalID(row.ExternalID), Disabled: row.DisabledAt != nil, Erased: row.ErasedAt != nil, HasPassword: row.PasswordHash != "", Since: row.CreatedAt,
	}, zone(row.TimeZone), nil
}

// externalID is what another system calls a customer; empty: nothing.
func externalID(id *string) string {
	if id == nil {
		return ""
	}
	return *id
}

// The pages of a customer, in the order of their tabs.
const (
	tabOverview = "Overview"
	tabPayments = "Billing: payments"
	tabAccess   = "Portal access"
	tabErase    = "Erase"
)

// customerTabs lead between the pages of a customer.
func customerTabs(c customerView, person staff.Person, current string) []filterWord {
	tabs := []filterWord{{Text: tabOverview, URL: c.URL}}
	if person.Can(staff.PaymentsView) {
		tabs = append(tabs, filterWord{Text: tabPayments, URL: c.URL + "/billing/payments"})
	}
	if person.Can(staff.CustomersEdit) && !c.Erased {
		tabs = append(tabs, filterWord{Text: tabAccess, URL: c.URL + "/access"})
	}
	if person.Can(staff.CustomersErase) {
		tabs = append(tabs, filterWord{Text: tabErase, URL: c.URL + "/erase"})
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].Text == current
	}
	return tabs
}

// adminCustomerShow handles GET /admin/customers/:id.
func (s *Server) adminCustomerShow(c *gin.Context) error {
	p, err := s.newCustomerShowPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/customer_show", p)
}

func (s *Server) newCustomerShowPage(c *gin.Context) (*customerShowPage, error) {
	view, zone, err := s.findCustomer(c)
	if err != nil {
		return nil, err
	}
	ctx := c.Request.Context()
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	p := &customerShowPage{page: s.page(c, view.Name, sectionCustomers), Customer: view, Key: uuid.NewString()}
	if p.Code, err = s.codeField(c); err != nil {
		return nil, err
	}
	p.Code.Hint = "Of a card that the customer brings."
	p.Tabs = customerTabs(view, p.Person, tabOverview)
	p.CanPay, p.CanEnter, p.CanEdit = p.Person.Can(staff.PaymentsView), p.Person.Can(staff.PaymentsEnter), p.Person.Can(staff.CustomersEdit) && !view.Erased
	p.CanRedeem = p.Person.Can(staff.RedeemFor) && settings.RefillCards && !view.Disabled
	p.Switch = customerSwitch(view)
	barred, err := s.Cards.BarredUntil(ctx, view.ID)
	if err != nil {
		return nil, err
	}
	if !barred.IsZero() {
		barred = barred.In(zone)
		p.Barred = &barred
	}
	if p.Barred != nil && p.Person.Can(staff.GuessClear) {
		p.Clear = &confirmation{
			ID: "clear", Opener: "Lift the bar", Title: "Let " + view.Name + " try codes again?",
			Text:   "The count of wrong codes starts anew. Do it when you know who asks: somebody may be guessing.",
			Button: "Lift the bar", Action: view.URL + "/clear-guesses", Reason: &field{Name: "reason", Label: "Reason", Required: true, MaxLength: 300},
		}
	}
	if p.CanPay {
		p.Payments, _, err = s.payments(ctx, view.ID, 0, 5, zone)
		for i := range p.Payments {
			p.Payments[i].URL = staffReceiptURL(view.ID, p.Payments[i].ID)
		}
	}
	return p, err
}

// customerSwitch is the question before a customer is disabled, or enabled again.
func customerSwitch(v customerView) confirmation {
	if v.Disabled {
		return confirmation{
			ID: "enable", Opener: "Enable", Title: "Enable " + v.Name + "?", Button: "Enable customer", Action: v.URL + "/enable",
			Text: "The customer can sign in to the portal and redeem cards again.",
		}
	}
	return confirmation{
		ID: "disable", Opener: "Disable", Title: "Disable " + v.Name + "?", Button: "Disable customer", Action: v.URL + "/disable", Danger: true,
		Text: "The customer is signed out of the portal at once and can neither sign in nor redeem cards. The balance of " + v.Balance + " and all payments stay. You can enable the customer again.",
	}
}

// adminCustomerRedeem handles POST /admin/customers/:id/redeem.
func (s *Server) adminCustomerRedeem(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerShowPage(c)
	if err != nil {
		return err
	}
	key := redeemKey(form.Get("key"))
	receipt, err := s.Cards.Redeem(c.Request.Context(), s.actor(c), card.Redemption{CustomerID: p.Customer.ID, Code: form.Get("code"), Key: key})
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		p.Code.Value = cut(form.Get("code"), 300)
		p.Mistakes = explain(err, &p.Code)
		p.Code.Error = fault.All(err)[0].Message
		if fault.KindOf(err) == fault.Unsettled {
			p.Key = key.String() // asked again, the same key tells what became of it
		}
		return s.render(c, redeemStatus(err), "admin/customer_show", p)
	}
	return s.toReceipt(c, p.Customer.ID, receipt)
}

// toReceipt leads staff to the receipt of what they redeemed; who may not see
// payments, to the customer.
func (s *Server) toReceipt(c *gin.Context, customerID int64, r card.Receipt) error {
	s.setFlash(c, fmt.Sprintf("%s added. New balance %s. (Series %s, serial %d.)", money.Amount{Minor: r.Amount, Currency: r.Currency},
		money.Amount{Minor: r.Balance, Currency: r.Currency}, r.Series, r.Serial))
	if s.person(c).Can(staff.PaymentsView) {
		return s.redirect(c, staffReceiptURL(customerID, r.PaymentID))
	}
	return s.redirect(c, customerURL(customerID))
}

// adminCustomerClear handles POST /admin/customers/:id/clear-guesses.
func (s *Server) adminCustomerClear(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerShowPage(c)
	if err != nil {
		return err
	}
	err = s.Cards.ClearGuesses(c.Request.Context(), s.actor(c), p.Customer.ID, form.Get("reason"))
	if fault.IsInternal(err) || fault.KindOf(err) == fault.NotFound {
		return err
	}
	if err != nil && p.Clear != nil {
		p.Clear.refuse(err, form.Get("reason"))
		return s.render(c, http.StatusUnprocessableEntity, "admin/customer_show", p)
	}
	if err != nil {
		return err
	}
	s.setFlash(c, p.Customer.Name+" can try codes again.")
	return s.redirect(c, p.Customer.URL)
}

// refuse opens a confirmation again, with what was typed and what is wrong with it.
func (d *confirmation) refuse(err error, reason string) {
	d.Refused = fault.All(err)[0].Message
	if d.Reason == nil {
		return
	}
	d.Reason.Value = cut(reason, 1200)
	if fault.All(err)[0].Field == d.Reason.Name {
		d.Reason.Error = d.Refused
	}
}
