package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// customerErasePage asks before what is known of a person is erased, and lists it.
type customerErasePage struct {
	page
	Customer customerView
	Tabs     []filterWord
	Held     []heldFact
	Alarm    bool // an open alarm concerns them: they can't be erased yet
	Alarms   string
	Number   field
	Reason   field
	Stays    choice // known that the balance stays; shown where there is one
	StaysErr string
	Mistakes []mistake
}

// heldFact is one kind of data about a person, with what becomes of it.
type heldFact struct {
	What, How string
	Count     int64
	Goes      badge
}

// newCustomerErasePage reads what is held about the customer of the address.
func (s *Server) newCustomerErasePage(c *gin.Context, typed url.Values) (*customerErasePage, error) {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return nil, err
	}
	held, err := db.New().CustomerHoldings(c.Request.Context(), s.Pool, v.ID)
	if err != nil {
		return nil, err
	}
	p := &customerErasePage{page: s.page(c, v.Name, sectionCustomers), Customer: v, Held: heldFacts(v, held)}
	if p.Person.Can(staff.AlarmsView) {
		p.Alarms = sectionAlarms
	}
	if p.Alarm, err = customer.UnderAlarm(c.Request.Context(), s.Pool, v.ID); err != nil {
		return nil, err
	}
	p.Tabs = customerTabs(v, p.Person, tabErase)
	p.Number = field{
		Name: "number", Label: "The customer’s number", Required: true, MaxLength: 20, InputMode: "numeric", Short: true, Autocomplete: "off",
		Hint: "Type the Id from the customer’s page, to confirm whom you mean.", Value: cut(typed.Get("number"), 20),
	}
	p.Reason = field{
		Name: "reason", Label: "Reason", Required: true, MaxLength: 300, Rows: 2, Value: cut(typed.Get("reason"), 1200),
		Hint: "Such as the number and the day of the request. It is kept for good in the sealed audit trail: write no name.",
	}
	p.Stays = choice{
		Name: "stays", Label: "The balance of " + v.Balance + " stays on the books", Checked: typed.Get("stays") != "",
		Hint: "The person can’t use it any more. Pay it out first where they are owed it: erasing moves no money. Later only a correction can book it out.",
	}
	return p, nil
}

// heldFacts says what is held about a person, and what becomes of each kind.
func heldFacts(v customerView, h db.CustomerHoldingsRow) []heldFact {
	goes, neutral, stays := badge{"Goes", toneGood}, badge{"Stays without a name", toneIdle}, badge{"Stays, sealed", toneWarn}
	personal := int64(2)
	for _, text := range []string{v.Email, v.Phone} {
		if text != "" {
			personal++
		}
	}
	if v.Erased {
		personal = 0
	}
	return []heldFact{
		{"Personal fields", "Name, username, e-mail, phone, and the text that staff search in", personal, goes},
		{"Portal access", "Sessions with address and browser, and sign-in links. The password, as a hash", h.Sessions + h.Links, goes},
		{"Remarks on cards", "What staff wrote on the cards that the person redeemed", h.Remarks, goes},
		{"Requests that wait", "Credits that a second person has not approved yet. None of them is posted", h.Waiting, badge{"Withdrawn", toneGood}},
		{"Payments", "Day, type, amount and balance, in the ledger", h.Payments, neutral},
		{"Comments of payments", "What staff typed with a payment: part of the ledger. Read them on the payments page before you answer", h.Comments, neutral},
		{"Redeemed cards", "Serials and times", h.Cards, neutral},
		{"Alarms about theft", "About this customer’s number", h.Alarms, neutral},
		{"Lines of the audit trail", "What was done, by and to the customer’s number. No name", h.Lines, stays},
		{"Network addresses in those", "From where the person acted in the portal", h.Addresses, stays},
	}
}

// adminCustomerEraseShow handles GET /admin/customers/:id/erase.
func (s *Server) adminCustomerEraseShow(c *gin.Context) error {
	p, err := s.newCustomerErasePage(c, nil)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/customer_erase", p)
}

// adminCustomerErase handles POST /admin/customers/:id/erase.
func (s *Server) adminCustomerErase(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerErasePage(c, form)
	if err != nil {
		return err
	}
	shown, err := strconv.ParseInt(form.Get("balance"), 10, 64)
	if err != nil {
		shown = ^p.Customer.Minor // none that it is: the form did not show one
	}
	err = customer.Erase(c.Request.Context(), s.Pool, s.actor(c), customer.Erasure{
		CustomerID: p.Customer.ID, Number: form.Get("number"), Reason: form.Get("reason"), Balance: shown, Stays: p.Stays.Checked,
	})
	if fault.KindOf(err) == fault.Invalid {
		p.Mistakes = explain(err, &p.Number, &p.Reason)
		for i, f := range fault.All(err) {
			if f.Field == p.Stays.Name {
				p.StaysErr, p.Mistakes[i].Field = f.Message, f.Field
			}
		}
		p.Stays.Checked = p.Stays.Checked && shown == p.Customer.Minor // another balance is confirmed anew
		return s.render(c, http.StatusUnprocessableEntity, "admin/customer_erase", p)
	}
	if err != nil {
		return err
	}
	s.setFlash(c, "The customer’s personal data is erased. The portal login has ended.")
	if !s.person(c).Can(staff.CustomersView) {
		return s.redirect(c, "/admin")
	}
	return s.redirect(c, p.Customer.URL)
}
