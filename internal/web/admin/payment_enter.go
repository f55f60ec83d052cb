package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/billing"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/web/kit"
)

// paymentEnterPage is the form for a payment that was not made with a refill card.
type paymentEnterPage struct {
	kit.Page
	Customer customerView
	Tabs     []kit.FilterWord
	Type     kit.Field
	Amount   kit.Field
	Comment  kit.Field
	Key      string
	Sure     *kit.Choice // confirms an unusual amount
	SureOf   string      // the amount that Sure confirms
	Second   string      // how much one person may enter alone
	Mistakes []kit.Mistake
}

func (s *Server) newPaymentEnterPage(c *gin.Context) (*paymentEnterPage, error) {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return nil, err
	}
	p := &paymentEnterPage{
		Page: s.Page(c, lang.M("Add payment"), SectionCustomers), Customer: v, Key: uuid.NewString(),
		Type: kit.Field{Name: "type", Label: lang.M("Payment type"), Required: true, Short: true},
		Amount: kit.Field{
			Name: "amount", Label: lang.M("Amount"), Required: true, Short: true, Unit: v.Currency, InputMode: "decimal", Autocomplete: "off", MaxLength: 24,
			Hint: lang.M("Only a correction may be negative: -5.00."),
		},
		Comment: kit.Field{Name: "comment", Label: lang.M("Comment"), MaxLength: 300, Rows: 2, Hint: lang.M("A receipt number, or what is corrected and why. The customer sees it.")},
	}
	for _, t := range customer.ManualTypes() {
		p.Type.Options = append(p.Type.Options, kit.Option{Value: string(t), Text: kit.PaymentTypeName(t)})
	}
	p.Tabs = customerTabs(v, p.Person, tabPayments)
	if !v.Test {
		p.Second, err = s.creditHint(c, p.Person)
	}
	return p, err
}

// PaymentEnterShow handles GET /admin/customers/:id/billing/payments/add.
func (s *Server) PaymentEnterShow(c *gin.Context) error {
	p, err := s.newPaymentEnterPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/payment_enter", p)
}

// PaymentEnter handles POST /admin/customers/:id/billing/payments/add.
func (s *Server) PaymentEnter(c *gin.Context) error {
	form, key, err := s.KeyedForm(c)
	if err != nil {
		return err
	}
	p, err := s.newPaymentEnterPage(c)
	if err != nil {
		return err
	}
	p.Type.Choose(form.Get("type"))
	p.Amount.Value, p.Comment.Value = kit.Truncate(form.Get("amount"), 100), kit.Truncate(form.Get("comment"), 1200)
	minor, amountErr := signedAmount(form.Get("amount"), p.Customer.Currency)
	amount := money.Amount{Minor: minor, Currency: p.Customer.Currency}
	var paid billing.Paid
	if err = amountErr; err == nil {
		paid, err = customer.Pay(c.Request.Context(), s.Pool, s.Actor(c), customer.Payment{
			CustomerID: p.Customer.ID, Type: db.PaymentType(form.Get("type")), Amount: amount, Comment: form.Get("comment"), Key: key,
			Sure: form.Get("sure") == "on" && form.Get("sure_of") == amount.Decimal(),
		})
	}
	if fault.IsInternal(err) || fault.KindOf(err) == fault.NotFound {
		return err
	}
	if s.waits(c, err) {
		return s.Redirect(c, p.Customer.URL+"/billing/payments")
	}
	if err != nil {
		status := s.RefuseForm(c, err)
		if kind := fault.KindOf(err); kind == fault.Unsettled || kind == fault.Invalid {
			p.Key = key.String() // a repeated request with the same key returns the outcome
		}
		if errors.Is(err, customer.ErrLarge) {
			p.SureOf = amount.Decimal()
			p.Sure = &kit.Choice{Name: "sure", Label: fmt.Sprintf(lang.M("%s is right"), amount), Hint: lang.M("It is far more than this customer’s payments so far.")}
		}
		p.Mistakes = kit.Explain(err, &p.Type, &p.Amount, &p.Comment)
		return s.Render(c, status, "admin/payment_enter", p)
	}
	s.SetFlash(c, kit.ToneGood, fmt.Sprintf(lang.M("%s entered. New balance %s."), amount, money.Amount{Minor: paid.Balance, Currency: p.Customer.Currency}))
	return s.Redirect(c, StaffReceiptURL(p.Customer.ID, paid.ID))
}

// signedAmount reads an amount with an optional minus sign, which may be typed as a hyphen,
// a minus or a dash.
func signedAmount(text, currency string) (int64, error) {
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), currency))
	rest := strings.TrimLeft(text, "-−–")
	negative := len(rest) < len(text)
	minor, err := money.Parse(rest, currency)
	switch {
	case errors.Is(err, money.ErrDecimals):
		return 0, fault.Field("amount", "payment_decimals", "An amount in {currency} has {digits, plural, one {# decimal} other {# decimals}} at most.").
			With("currency", fault.Name(currency)).With("digits", fault.Number(money.Digits(currency)))
	case errors.Is(err, money.ErrRange):
		return 0, fault.Field("amount", "payment_range", "This amount is larger than can be kept.")
	case err != nil:
		return 0, fault.Field("amount", "payment_amount", "Write the amount in digits, like 25 or 25.50.")
	case negative:
		return -minor, nil
	}
	return minor, nil
}
