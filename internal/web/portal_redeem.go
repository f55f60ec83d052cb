package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/card"
	"refill/internal/fault"
)

// redeemPage is the form that redeems a card.
type redeemPage struct {
	page
	Balance string
	Code    field
	Key     string
}

// scanPage leads from a card's QR code to the form.
type scanPage struct{ page }

func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// newCodeField is the field for a card's code, as typed so far.
func newCodeField(typed string) field {
	return field{
		Name: "code", Label: "Code", Value: cut(typed, 300), Mono: true, Plain: true, Capitals: true, Autocomplete: "off", MaxLength: 300,
		Hint: "As printed on the card. Spaces and dashes don’t matter.",
	}
}

// redeemKey reads the form's idempotency key. A form without one was not shown
// by us: it gets a new key, and redeems like a new form.
func redeemKey(text string) uuid.UUID {
	key, err := uuid.Parse(text)
	if err != nil {
		return uuid.New()
	}
	return key
}

// redeemStatus is the answer to a form that could not be taken as it stands.
func redeemStatus(err error) int {
	switch fault.KindOf(err) {
	case fault.Limited:
		return http.StatusTooManyRequests
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unsettled:
		return http.StatusServiceUnavailable
	default:
		return http.StatusUnprocessableEntity
	}
}

// portalRedeemShow handles GET /portal/finance/refill-card.
func (s *Server) portalRedeemShow(c *gin.Context) error {
	p, err := s.newRedeemPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "portal/refill_card", p)
}

// newRedeemPage shows the form to customers whose partner offers it.
func (s *Server) newRedeemPage(c *gin.Context) (*redeemPage, error) {
	may, err := s.mayRedeem(c)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, errNotFound
	}
	p := &redeemPage{page: s.page(c, "Redeem a refill card", sectionRedeem), Code: newCodeField(""), Key: uuid.NewString()}
	p.Balance, err = s.balance(c)
	return p, err
}

// errNoKey answers a form that came without the key it was shown with.
var errNoKey = fault.Field("code", "redeem_key_missing", "This form was not sent completely. Nothing was redeemed. Press Redeem again.")

// portalRedeem handles POST /portal/finance/refill-card.
func (s *Server) portalRedeem(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.newRedeemPage(c)
	if err != nil {
		return err
	}
	receipt, err := s.redeemTyped(c, form)
	if fault.IsInternal(err) {
		return err
	}
	if err != nil { // they can mend it: the same form with what they typed
		p.Code = newCodeField(form.Get("code"))
		p.Code.Error, p.Code.Autofocus = fault.All(err)[0].Message, true
		if fault.KindOf(err) == fault.Unsettled {
			p.Key = form.Get("key") // asked again, the same key tells what became of it
		}
		return s.render(c, redeemStatus(err), "portal/refill_card", p)
	}
	return s.redirect(c, receiptURL(receipt.PaymentID))
}

// redeemTyped moves the value of the card whose code was typed. It refuses a form
// without its key: pressed twice, its second answer would be a refusal.
func (s *Server) redeemTyped(c *gin.Context, form url.Values) (card.Receipt, error) {
	key, err := uuid.Parse(form.Get("key"))
	if err != nil {
		return card.Receipt{}, errNoKey
	}
	return s.Cards.Redeem(c.Request.Context(), s.actor(c), card.Redemption{
		CustomerID: s.visitor(c).ID, Code: form.Get("code"), Key: key,
	})
}

// portalScan handles GET /r: where a card's QR code leads. The code stands in
// the fragment of the address, which browsers keep to themselves; a script takes
// it to the form.
func (s *Server) portalScan(c *gin.Context) error {
	return s.render(c, http.StatusOK, "portal/scan", &scanPage{s.page(c, "Redeem a refill card", "")})
}
