package admin

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// customerErasePage asks for confirmation before the personal data of a customer is erased,
// and lists what is stored.
type customerErasePage struct {
	kit.Page
	Customer customerView
	Tabs     []kit.FilterWord
	Held     []heldFact
	Alarm    bool // an open alarm concerns the customer, who cannot be erased yet
	Alarms   string
	Number   kit.Field
	Reason   kit.Field
	Stays    kit.Choice // confirms that the balance stays; shown if there is a balance
	StaysErr string
	Mistakes []kit.Mistake
}

// heldFact is one kind of data about a person, with what happens to it.
type heldFact struct {
	What, How string
	Count     int64
	Goes      kit.Badge
}

// newCustomerErasePage reads what is stored about the customer named in the address.
func (s *Server) newCustomerErasePage(c *gin.Context, typed url.Values) (*customerErasePage, error) {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return nil, err
	}
	held, err := db.New().CustomerHoldings(c.Request.Context(), s.Pool, v.ID)
	if err != nil {
		return nil, err
	}
	p := &customerErasePage{Page: s.Page(c, v.Name, SectionCustomers), Customer: v, Held: heldFacts(v, held)}
	if p.Person.Can(staff.AlarmsView) {
		p.Alarms = SectionAlarms
	}
	if p.Alarm, err = customer.UnderAlarm(c.Request.Context(), s.Pool, v.ID); err != nil {
		return nil, err
	}
	p.Tabs = customerTabs(v, p.Person, tabErase)
	p.Number = kit.Field{
		Name: "number", Label: lang.M("The customer’s number"), Required: true, MaxLength: 20, InputMode: "numeric", Short: true, Autocomplete: "off",
		Hint: lang.M("Type the Id from the customer’s page, to confirm whom you mean."), Value: kit.Truncate(typed.Get("number"), 20),
	}
	p.Reason = kit.Field{
		Name: "reason", Label: lang.M("Reason"), Required: true, MaxLength: 300, Rows: 2, Value: kit.Truncate(typed.Get("reason"), 1200),
		Hint: lang.M("Such as the number and the day of the request. It is kept for good in the sealed audit trail: write no name."),
	}
	p.Stays = kit.Choice{
		Name: "stays", Label: lang.M("The balance of ") + v.Balance + lang.M(" stays on the books"), Checked: typed.Get("stays") != "",
		Hint: lang.M("The person can’t use it any more. Pay it out first where they are owed it: erasing moves no money. Later only a correction can book it out."),
	}
	return p, nil
}

// heldFacts lists the data stored about a person, and what happens to each kind.
func heldFacts(v customerView, h db.CustomerHoldingsRow) []heldFact {
	goes, neutral, stays := kit.Badge{Word: lang.M("Goes"), Tone: kit.ToneGood}, kit.Badge{Word: lang.M("Stays without a name"), Tone: kit.ToneIdle}, kit.Badge{Word: lang.M("Stays, sealed"), Tone: kit.ToneWarn}
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
		{lang.M("Personal fields"), lang.M("Name, username, e-mail, phone, and the text that staff search in"), personal, goes},
		{lang.M("Portal access"), lang.M("Sessions with address and browser, and sign-in links. The password, as a hash"), h.Sessions + h.Links, goes},
		{lang.M("Remarks on cards"), lang.M("What staff wrote on the cards that the person redeemed"), h.Remarks, goes},
		{lang.M("Requests that wait"), lang.M("Credits that a second person has not approved yet. None of them is posted"), h.Waiting, kit.Badge{Word: lang.M("Withdrawn"), Tone: kit.ToneGood}},
		{lang.M("Payments"), lang.M("Day, type, amount and balance, in the ledger"), h.Payments, neutral},
		{lang.M("Comments of payments"), lang.M("What staff typed with a payment: part of the ledger. Read them on the payments page before you answer"), h.Comments, neutral},
		{lang.M("Redeemed cards"), lang.M("Serials and times"), h.Cards, neutral},
		{lang.M("Alarms about theft"), lang.M("About this customer’s number"), h.Alarms, neutral},
		{lang.M("Lines of the audit trail"), lang.M("What was done, by and to the customer’s number. No name"), h.Lines, stays},
		{lang.M("Network addresses in those"), lang.M("From where the person acted in the portal"), h.Addresses, stays},
	}
}

// CustomerEraseShow handles GET /admin/customers/:id/erase.
func (s *Server) CustomerEraseShow(c *gin.Context) error {
	p, err := s.newCustomerErasePage(c, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/customer_erase", p)
}

// CustomerErase handles POST /admin/customers/:id/erase.
func (s *Server) CustomerErase(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerErasePage(c, form)
	if err != nil {
		return err
	}
	shown, err := strconv.ParseInt(form.Get("balance"), 10, 64)
	if err != nil {
		shown = ^p.Customer.Minor // differs from any balance: the form did not show one
	}
	err = customer.Erase(c.Request.Context(), s.Pool, s.Actor(c), customer.Erasure{
		CustomerID: p.Customer.ID, Number: form.Get("number"), Reason: form.Get("reason"), Balance: shown, Stays: p.Stays.Checked,
	})
	if fault.KindOf(err) == fault.Invalid {
		p.Mistakes = kit.Explain(err, &p.Number, &p.Reason)
		for i, f := range fault.All(err) {
			if f.Field == p.Stays.Name {
				p.StaysErr, p.Mistakes[i].Field = f.Text(), f.Field
			}
		}
		p.Stays.Checked = p.Stays.Checked && shown == p.Customer.Minor // a different balance must be confirmed again
		return s.Render(c, http.StatusUnprocessableEntity, "admin/customer_erase", p)
	}
	if err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneGood, lang.M("The customer’s personal data is erased. The portal login has ended."))
	if !s.Person(c).Can(staff.CustomersView) {
		return s.Redirect(c, "/admin")
	}
	return s.Redirect(c, p.Customer.URL)
}
