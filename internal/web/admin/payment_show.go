package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/billing"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// paymentShowPage is the printable receipt of a payment, for staff.
type paymentShowPage struct {
	kit.Page
	Customer  customerView
	Tabs      []kit.FilterWord
	Issuer    string // the partner's brand
	Payment   kit.PaymentView
	Amount    string
	Series    string
	SeriesURL string
	CardURL   string
	Serial    int64
	Redeemed  bool // the payment is a redeemed refill card
	Reverse   *kit.Confirmation
	Asked     askedFor

	Handed         bool       // the value was handed over to another system
	Acknowledged   *time.Time // when that system said that it has credited it; nil: it has not
	AcknowledgedAs string     // the entry in that system
	Acknowledge    *kit.Field // acknowledges it by hand; nil: not offered
	Mistakes       []kit.Mistake
}

// StaffReceiptURL is the address of a payment on the staff pages.
func StaffReceiptURL(customerID, paymentID int64) string {
	return fmt.Sprintf("%s/billing/payments/%d", CustomerURL(customerID), paymentID)
}

// Payment handles GET /admin/customers/:id/billing/payments/:payment.
func (s *Server) Payment(c *gin.Context) error {
	p, _, err := s.newPaymentShowPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/payment_show", p)
}

func (s *Server) newPaymentShowPage(c *gin.Context) (*paymentShowPage, db.PaymentGetRow, error) {
	none := db.PaymentGetRow{}
	v, zone, err := s.findCustomer(c)
	if err != nil {
		return nil, none, err
	}
	ctx := c.Request.Context()
	row, err := db.Need(db.New().PaymentGet(ctx, s.Pool, db.PaymentGetParams{ID: NumberOf(c.Param("payment")), CustomerID: v.ID})).Or(kit.ErrNoPayment, "read a payment")
	if err != nil {
		return nil, none, err
	}
	partner, err := db.New().PartnerGet(ctx, s.Pool, v.PartnerID)
	if err != nil {
		return nil, none, err
	}
	p := &paymentShowPage{Page: s.Page(c, fmt.Sprintf("Payment %d", row.ID), SectionCustomers), Customer: v, Issuer: partner.Brand}
	p.Zone = zone.String()
	if p.Issuer == "" {
		p.Issuer = partner.Name
	}
	p.Tabs = customerTabs(v, p.Person, tabPayments)
	p.Amount, p.Redeemed = money.Amount{Minor: row.Amount, Currency: row.Currency}.String(), row.Type == db.PaymentTypeRefillCard
	p.Payment = viewBilling(v.ID, db.PaymentBillingRow{
		ID: row.ID, At: row.At, Type: row.Type, Amount: row.Amount, Currency: row.Currency, BalanceAfter: row.BalanceAfter,
		Comment: row.Comment, StaffName: row.StaffName, ClientName: row.ClientName, Serial: row.Serial, SeriesNumber: row.SeriesNumber,
		ReversedBy: row.ReversedBy, Reverses: row.Reverses,
	}, zone)
	if row.SeriesNumber != nil && row.Serial != nil {
		p.Series, p.Serial = *row.SeriesNumber, int64(*row.Serial)
		if err := s.linkCard(c, p); err != nil {
			return nil, none, err
		}
	}
	if p.Person.Can(staff.PaymentsReverse) && row.ReversedBy == 0 && row.Type != db.PaymentTypeReversal && row.Type != db.PaymentTypeHandover {
		p.Reverse = reverseQuestion(p, row)
		if err := s.reversalTakesTwo(c, p, row); err != nil {
			return nil, none, err
		}
	}
	viewHandover(p, row)
	p.Asked, err = s.askedFor(c, db.ApprovalListParams{CustomerID: v.ID})
	return p, row, err
}

// linkCard adds the links to series and card, if the module is on and the person may see
// them.
func (s *Server) linkCard(c *gin.Context, p *paymentShowPage) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil || !settings.RefillCards {
		return err
	}
	if p.Person.Can(staff.SeriesView) {
		p.SeriesURL = SeriesURL(p.Series)
	}
	if p.Person.Can(staff.CardsView) {
		p.CardURL = SeriesURL(p.Series) + "/cards/" + strconv.FormatInt(p.Serial, 10)
	}
	return nil
}

// reverseQuestion returns the confirmation dialog of a reversal, with what exactly it will
// do.
func reverseQuestion(p *paymentShowPage, row db.PaymentGetRow) *kit.Confirmation {
	sum := func(minor int64) string { return money.Amount{Minor: minor, Currency: row.Currency}.String() }
	after := p.Customer.Minor - row.Amount
	text := fmt.Sprintf(lang.M("%s leaves the balance of %s, which goes from %s to %s."), sum(row.Amount), p.Customer.Name, p.Customer.Balance, sum(after))
	if row.Amount < 0 {
		text = fmt.Sprintf(lang.M("%s goes back to the balance of %s, which goes from %s to %s."), sum(-row.Amount), p.Customer.Name, p.Customer.Balance, sum(after))
	}
	if row.HandedBy != 0 {
		text = fmt.Sprintf(lang.M("%s is taken back from the other system, which %s had it credited in. Take the credit back there too."), sum(row.Amount), p.Customer.Name)
	}
	if after < 0 && row.HandedBy == 0 {
		text += lang.M(" The balance is then negative: the customer owes you the difference.")
	}
	if p.Redeemed {
		text += fmt.Sprintf(lang.M(" Card %s becomes void: nobody can redeem it again."), kit.CardName(p.Series, p.Serial))
	}
	text += lang.M(" This payment stays in the list, with the reversal beside it. It can’t be undone.")
	return &kit.Confirmation{
		ID: "reverse", Opener: lang.M("Reverse"), Title: fmt.Sprintf(lang.M("Reverse payment %d?"), row.ID), Text: text, Button: "Reverse " + sum(row.Amount),
		Action: p.Payment.URL + "/reverse", Danger: true, Hidden: []kit.Hidden{{Name: "key", Value: uuid.NewString()}},
		Reason: &kit.Field{Name: "reason", Label: lang.M("Reason"), Required: true, MaxLength: 300, Hint: lang.M("It is kept for good, and the customer sees it.")},
	}
}

// PaymentReverse handles POST /admin/customers/:id/billing/payments/:payment/reverse.
func (s *Server) PaymentReverse(c *gin.Context) error {
	form, key, err := s.KeyedForm(c)
	if err != nil {
		return err
	}
	p, row, err := s.newPaymentShowPage(c)
	if err != nil {
		return err
	}
	r := billing.Reversal{CustomerID: p.Customer.ID, PaymentID: row.ID, Reason: form.Get("reason"), Key: key}
	var paid billing.Paid
	if row.Type == db.PaymentTypeRefillCard {
		paid, err = s.Cards.Reverse(c.Request.Context(), s.Actor(c), r)
	} else {
		paid, err = customer.Reverse(c.Request.Context(), s.Pool, s.Actor(c), r)
	}
	kind := fault.KindOf(err)
	if err != nil && p.Reverse != nil && (kind == fault.Invalid || kind == fault.Unsettled) {
		p.Reverse.Refuse(err, form.Get("reason"))
		p.Reverse.Hidden = []kit.Hidden{{Name: "key", Value: r.Key.String()}} // a repeated request with the same key returns the outcome
		return s.Render(c, s.RefuseForm(c, err), "admin/payment_show", p)
	}
	if s.waits(c, err) {
		return s.Redirect(c, p.Payment.URL)
	}
	if err != nil {
		return err
	}
	said := fmt.Sprintf(lang.M("Payment %d is reversed. New balance %s."), row.ID, money.Amount{Minor: paid.Balance, Currency: p.Customer.Currency})
	if row.HandedBy != 0 {
		said = fmt.Sprintf(lang.M("Payment %d is reversed. Take the credit back in the other system too."), row.ID)
	}
	s.SetFlash(c, kit.ToneGood, said)
	return s.Redirect(c, StaffReceiptURL(p.Customer.ID, paid.ID))
}
