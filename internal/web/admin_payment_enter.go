package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// paymentEnterPage is the form for money that came by another way than a card.
type paymentEnterPage struct {
	page
	Customer customerView
	Tabs     []filterWord
	Type     field
	Amount   field
	Comment  field
	Key      string
	Sure     *choice // asked where the amount is unusual
	SureOf   string  // the amount that the question is about
	Second   string  // what one person may enter
	Mistakes []mistake
}

func (s *Server) newPaymentEnterPage(c *gin.Context) (*paymentEnterPage, error) {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return nil, err
	}
	p := &paymentEnterPage{
		page: s.page(c, "Add payment", sectionCustomers), Customer: v, Key: uuid.NewString(),
		Type: field{Name: "type", Label: "Payment type", Required: true, Short: true},
		Amount: field{
			Name: "amount", Label: "Amount", Required: true, Short: true, Unit: v.Currency, InputMode: "decimal", Autocomplete: "off", MaxLength: 24,
			Hint: "Only a correction may be negative: -5.00.",
		},
		Comment: field{Name: "comment", Label: "Comment", MaxLength: 300, Rows: 2, Hint: "A receipt number, or what is corrected and why. The customer sees it."},
	}
	for _, t := range customer.ManualTypes() {
		p.Type.Options = append(p.Type.Options, option{Value: string(t), Text: paymentTypeName(t)})
	}
	p.Tabs = customerTabs(v, p.Person, tabPayments)
	p.Second, err = s.creditHint(c, p.Person)
	return p, err
}

// adminPaymentEnterShow handles GET /admin/customers/:id/billing/payments/add.
func (s *Server) adminPaymentEnterShow(c *gin.Context) error {
	p, err := s.newPaymentEnterPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/payment_enter", p)
}

// adminPaymentEnter handles POST /admin/customers/:id/billing/payments/add.
func (s *Server) adminPaymentEnter(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.newPaymentEnterPage(c)
	if err != nil {
		return err
	}
	p.Type.choose(form.Get("type"))
	p.Amount.Value, p.Comment.Value = cut(form.Get("amount"), 100), cut(form.Get("comment"), 1200)
	key := redeemKey(form.Get("key"))
	minor, amountErr := signedAmount(form.Get("amount"), p.Customer.Currency)
	amount := money.Amount{Minor: minor, Currency: p.Customer.Currency}
	var paid customer.Paid
	if err = amountErr; err == nil {
		paid, err = customer.Pay(c.Request.Context(), s.Pool, s.actor(c), customer.Payment{
			CustomerID: p.Customer.ID, Type: db.PaymentType(form.Get("type")), Amount: amount, Comment: form.Get("comment"), Key: key,
			Sure: form.Get("sure") == "on" && form.Get("sure_of") == amount.Decimal(),
		})
	}
	if fault.IsInternal(err) || fault.KindOf(err) == fault.NotFound {
		return err
	}
	if s.waits(c, err) {
		return s.redirect(c, p.Customer.URL+"/billing/payments")
	}
	if err != nil {
		status := redeemStatus(err)
		if kind := fault.KindOf(err); kind == fault.Unsettled || kind == fault.Invalid {
			p.Key = key.String() // asked again, the same key tells what became of it
		}
		if errors.Is(err, customer.ErrLarge) {
			p.SureOf = amount.Decimal()
			p.Sure = &choice{Name: "sure", Label: fmt.Sprintf("%s is right", amount), Hint: "It is far more than this customer’s payments so far."}
		}
		p.Mistakes = explain(err, &p.Type, &p.Amount, &p.Comment)
		return s.render(c, status, "admin/payment_enter", p)
	}
	s.setFlash(c, fmt.Sprintf("%s entered. New balance %s.", amount, money.Amount{Minor: paid.Balance, Currency: p.Customer.Currency}))
	return s.redirect(c, staffReceiptURL(p.Customer.ID, paid.ID))
}

// signedAmount reads an amount that may have a minus before it, whichever of the
// signs that look like one.
func signedAmount(text, currency string) (int64, error) {
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), currency))
	rest := strings.TrimLeft(text, "-−–")
	negative := len(rest) < len(text)
	minor, err := money.Parse(rest, currency)
	switch {
	case errors.Is(err, money.ErrDecimals):
		return 0, fault.Field("amount", "payment_amount", fmt.Sprintf("An amount in %s has %d decimals at most.", currency, money.Digits(currency)))
	case errors.Is(err, money.ErrRange):
		return 0, fault.Field("amount", "payment_too_large", "This amount is larger than can be kept.")
	case err != nil:
		return 0, fault.Field("amount", "payment_amount", "Write the amount in digits, like 25 or 25.50.")
	case negative:
		return -minor, nil
	}
	return minor, nil
}
