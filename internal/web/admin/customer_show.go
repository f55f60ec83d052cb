package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// customerShowPage is one customer.
type customerShowPage struct {
	kit.Page
	Customer  customerView
	Tabs      []kit.FilterWord
	Payments  []kit.PaymentView
	CanPay    bool // sees payments
	CanEnter  bool // enters them
	CanEdit   bool
	CanRedeem bool
	Seen      *seenCard // the card that was typed, before it is redeemed
	Code      kit.Field
	Key       string
	Barred    *time.Time        // end of the bar on trying codes; nil: not barred
	Clear     *kit.Confirmation // lifts the bar
	Switch    kit.Confirmation  // disables or enables
	Mistakes  []kit.Mistake
	Help      *helpAsked // the customer can't sign in; nil: they have not said so
}

// CustomerURL is the address of a customer.
func CustomerURL(id int64) string { return fmt.Sprintf("%s/%d", SectionCustomers, id) }

// findCustomer reads the customer named in the address. It returns customer.ErrUnknown for
// a customer outside the person's partners.
func (s *Server) findCustomer(c *gin.Context) (customerView, *time.Location, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return customerView{}, nil, customer.ErrUnknown
	}
	scope := s.Person(c).Scope
	row, err := db.Need(db.New().CustomerGet(c.Request.Context(), s.Pool, db.CustomerGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})).Or(customer.ErrUnknown, "read a customer")
	if err != nil {
		return customerView{}, nil, err
	}
	v := customerView{
		ID: row.ID, URL: CustomerURL(row.ID), Name: row.Name, Username: row.Username, Email: row.Email, Phone: row.Phone,
		Partner: row.PartnerName, PartnerID: row.PartnerID, Balance: money.Amount{Minor: *row.Balance, Currency: row.Currency}.String(),
		Minor: *row.Balance, Currency: row.Currency, Test: row.Currency == money.Test,
		ExternalID: externalID(row.ExternalID), Disabled: row.DisabledAt != nil, Erased: row.ErasedAt != nil, HasPassword: row.PasswordHash != "", Since: row.CreatedAt, Outside: row.Outside,
	}
	if v.Outside {
		v.Balance = lang.M("kept in another system")
	}
	return v, kit.Zone(row.TimeZone), nil
}

// externalID returns the customer's ID in another system, or an empty string.
func externalID(id *string) string {
	if id == nil {
		return ""
	}
	return *id
}

// Tabs of the customer pages, in their order.
const (
	tabOverview = lang.M("Overview")
	tabPayments = lang.M("Billing: payments")
	tabAccess   = lang.M("Portal access")
	tabErase    = lang.M("Erase")
)

// customerTabs returns the tabs of the pages that the person may see.
func customerTabs(c customerView, person staff.Person, current string) []kit.FilterWord {
	tabs := []kit.FilterWord{{Text: tabOverview, URL: c.URL}}
	if person.Can(staff.PaymentsView) {
		tabs = append(tabs, kit.FilterWord{Text: tabPayments, URL: c.URL + "/billing/payments"})
	}
	if person.Can(staff.CustomersEdit) && !c.Erased {
		tabs = append(tabs, kit.FilterWord{Text: tabAccess, URL: c.URL + "/access"})
	}
	if person.Can(staff.CustomersErase) {
		tabs = append(tabs, kit.FilterWord{Text: tabErase, URL: c.URL + "/erase"})
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].Text == current
	}
	return tabs
}

// CustomerShow handles GET /admin/customers/:id.
func (s *Server) CustomerShow(c *gin.Context) error {
	p, err := s.newCustomerShowPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/customer_show", p)
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
	p := &customerShowPage{Page: s.Page(c, view.Name, SectionCustomers), Customer: view, Key: uuid.NewString()}
	p.Zone = zone.String()
	if p.Code, err = s.CodeField(c); err != nil {
		return nil, err
	}
	p.Code.Hint = lang.M("Of a card that the customer brings.")
	p.Tabs = customerTabs(view, p.Person, tabOverview)
	p.CanPay, p.CanEnter, p.CanEdit = p.Person.Can(staff.PaymentsView), p.Person.Can(staff.PaymentsEnter) && !view.Outside, p.Person.Can(staff.CustomersEdit) && !view.Erased
	p.CanRedeem = p.Person.Can(staff.RedeemFor) && settings.RefillCards && !view.Disabled
	p.Switch = customerSwitch(view)
	if p.Help, err = s.findHelp(ctx, view, zone); err != nil {
		return nil, err
	}
	barred, err := s.Cards.Guesses.BarredUntil(ctx, view.ID)
	if err != nil {
		return nil, err
	}
	if !barred.IsZero() {
		barred = barred.In(zone)
		p.Barred = &barred
	}
	if p.Barred != nil && p.Person.Can(staff.GuessClear) {
		p.Clear = &kit.Confirmation{
			ID: "clear", Opener: lang.M("Lift the bar"), Title: "Let " + view.Name + lang.M(" try codes again?"),
			Text:   lang.M("The count of wrong codes starts anew. Do it when you know who asks: somebody may be guessing."),
			Button: lang.M("Lift the bar"), Action: view.URL + "/clear-guesses", Reason: &kit.Field{Name: "reason", Label: lang.M("Reason"), Required: true, MaxLength: 300},
		}
	}
	if p.CanPay {
		p.Payments, _, err = s.ListPayments(ctx, view.ID, 0, 5, zone)
		for i := range p.Payments {
			p.Payments[i].URL = StaffReceiptURL(view.ID, p.Payments[i].ID)
			p.Payments[i].Comment = cardComment(p.Payments[i].Comment)
		}
	}
	return p, err
}

// customerSwitch returns the confirmation dialog that disables or enables a customer.
func customerSwitch(v customerView) kit.Confirmation {
	if v.Disabled {
		return kit.Confirmation{
			ID: "enable", Opener: lang.M("Enable"), Title: "Enable " + v.Name + "?", Button: lang.M("Enable customer"), Action: v.URL + "/enable",
			Text: lang.M("The customer can sign in to the portal and redeem cards again."),
		}
	}
	return kit.Confirmation{
		ID: "disable", Opener: lang.M("Disable"), Title: "Disable " + v.Name + "?", Button: lang.M("Disable customer"), Action: v.URL + "/disable", Danger: true,
		Text: lang.M("The customer is signed out of the portal at once and can neither sign in nor redeem cards. The balance of ") + v.Balance + lang.M(" and all payments stay. You can enable the customer again."),
	}
}

// CustomerRedeem handles POST /admin/customers/:id/redeem.
func (s *Server) CustomerRedeem(c *gin.Context) error {
	form, key, err := s.KeyedForm(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerShowPage(c)
	if err != nil {
		return err
	}
	var receipt card.Receipt
	if look := form.Get("step") == "look"; look {
		p.Seen, err = s.seeCard(c, p.Customer.ID, form.Get("code"))
	} else {
		receipt, err = s.Cards.Redeem(c.Request.Context(), s.Actor(c), card.Redemption{CustomerID: p.Customer.ID, Code: form.Get("code"), Key: key})
	}
	if fault.IsInternal(err) {
		return err
	}
	if p.Seen != nil {
		p.Key, p.Seen.Code = key.String(), form.Get("code")
		return s.Render(c, http.StatusOK, "admin/customer_show", p)
	}
	if err != nil {
		p.Code.Value = kit.Truncate(form.Get("code"), 300)
		p.Mistakes = kit.Explain(err, &p.Code) // a fault that is not of the code is shown above the form alone
		if fault.KindOf(err) == fault.Unsettled {
			p.Key = key.String() // a repeated request with the same key returns the outcome
		}
		return s.Render(c, s.RefuseForm(c, err), "admin/customer_show", p)
	}
	return s.toReceipt(c, p.Customer.ID, receipt)
}

// seenCard is a card that a person typed, with what its redemption does to the balance.
type seenCard struct {
	Name, URL      string
	Worth, Balance string // its value, and the balance afterwards
	ValidTill      time.Time
	Code           string // as it was typed
}

// seeCard returns the card with a code. It changes nothing, and counts like an attempt to
// redeem the code.
func (s *Server) seeCard(c *gin.Context, customerID int64, code string) (*seenCard, error) {
	seen, err := s.Cards.Look(c.Request.Context(), s.Actor(c), customerID, code)
	if err != nil {
		return nil, err
	}
	amount := func(minor int64) string { return money.Amount{Minor: minor, Currency: seen.Currency}.String() }
	v := &seenCard{Name: kit.CardName(seen.Series, int64(seen.Serial)), Worth: amount(seen.Amount), Balance: amount(seen.Balance + seen.Amount), ValidTill: seen.ValidTill}
	if s.Person(c).Can(staff.CardsView) {
		v.URL = CardURL(seen.Series, seen.Serial)
	}
	return v, nil
}

// toReceipt redirects to the receipt of a redemption, or to the customer if the person may
// not see payments.
func (s *Server) toReceipt(c *gin.Context, customerID int64, r card.Receipt) error {
	amount, name := money.Amount{Minor: r.Amount, Currency: r.Currency}, kit.CardName(r.Series, int64(r.Serial))
	said := fmt.Sprintf(lang.M("%s added. New balance %s. (Card %s.)"), amount, money.Amount{Minor: r.Balance, Currency: r.Currency}, name)
	if r.Handed {
		said = fmt.Sprintf(lang.M("%s handed over to the other system. (Card %s.)"), amount, name)
	}
	s.SetFlash(c, kit.ToneGood, said)
	if s.Person(c).Can(staff.PaymentsView) {
		return s.Redirect(c, StaffReceiptURL(customerID, r.PaymentID))
	}
	return s.Redirect(c, CustomerURL(customerID))
}

// CustomerClear handles POST /admin/customers/:id/clear-guesses.
func (s *Server) CustomerClear(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerShowPage(c)
	if err != nil {
		return err
	}
	err = s.Cards.Guesses.ClearCustomer(c.Request.Context(), s.Actor(c), p.Customer.ID, form.Get("reason"))
	if fault.IsInternal(err) || fault.KindOf(err) == fault.NotFound {
		return err
	}
	if err != nil && p.Clear != nil {
		p.Clear.Refuse(err, form.Get("reason"))
		return s.Render(c, http.StatusUnprocessableEntity, "admin/customer_show", p)
	}
	if err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneGood, p.Customer.Name+lang.M(" can try codes again."))
	return s.Redirect(c, p.Customer.URL)
}
