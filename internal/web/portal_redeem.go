package web

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/card"
	"refill/internal/fault"
	"refill/internal/money"
)

// redeemPage is the form that redeems a card.
type redeemPage struct {
	page
	Balance string
	Code    field
	Key     string
	Seen    *seenCard // what the code is worth, once it was looked at
}

// seenCard is a card before it is redeemed.
type seenCard struct {
	Amount, After, Series string
	Serial                string
	ValidTill             time.Time
}

// scanPage leads from a card's QR code to the form.
type scanPage struct{ page }

func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// codeField is the field for a card's code. Codes of ours know no case, and phones write
// capitals for them. Where somebody may hold a card of another system, whose code may
// have both, what is typed stays as it is: the browser changes nothing that the server
// wouldn't.
func (s *Server) codeField(c *gin.Context) (field, error) {
	imported, err := s.Cards.TakesImported(c.Request.Context())
	return field{
		Name: "code", Label: "Code", Mono: true, Plain: true, Capitals: !imported, AsTyped: imported, Autocomplete: "off", MaxLength: 300,
		Hint: "As printed on the card. Spaces and dashes don’t matter.",
	}, err
}

// redeemKey reads the form's idempotency key. A form without one was not shown
// by us: it gets a new key, and redeems like a new form.
func redeemKey(text string) uuid.UUID {
	key, err := readKey(text)
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
	p := &redeemPage{page: s.page(c, "Redeem a refill card", sectionRedeem), Key: uuid.NewString()}
	if p.Code, err = s.codeField(c); err != nil {
		return nil, err
	}
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
		if fault.KindOf(err) == fault.Unsettled {
			p.Key = form.Get("key") // asked again, the same key tells what became of it
		}
		return s.mendCode(c, p, form, err)
	}
	return s.redirect(c, receiptURL(receipt.PaymentID))
}

// mendCode shows the form again with what was typed and what is wrong with it.
func (s *Server) mendCode(c *gin.Context, p *redeemPage, form url.Values, err error) error {
	p.Code.Value = cut(form.Get("code"), 300)
	p.Code.Error, p.Code.Autofocus = fault.All(err)[0].Message, true
	return s.part(c, redeemStatus(err), "portal/refill_card", "redeem", p)
}

// portalLook handles POST /portal/finance/refill-card/check: what the code is
// worth. It moves nothing; the form's key goes along to the button that does.
func (s *Server) portalLook(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.newRedeemPage(c)
	if err != nil {
		return err
	}
	seen, err := s.Cards.Look(c.Request.Context(), s.actor(c), p.Visitor.ID, form.Get("code"))
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		return s.mendCode(c, p, form, err)
	}
	if key, err := readKey(form.Get("key")); err == nil {
		p.Key = key.String()
	}
	p.Code.Value = cut(form.Get("code"), 300)
	serial, err := s.serialText(c.Request.Context(), seen.Series, seen.Serial)
	if err != nil {
		return err
	}
	p.Seen = &seenCard{
		Amount: money.Amount{Minor: seen.Amount, Currency: seen.Currency}.String(),
		After:  money.Amount{Minor: seen.Balance + seen.Amount, Currency: seen.Currency}.String(),
		Series: seen.Series, Serial: serial, ValidTill: seen.ValidTill,
	}
	return s.part(c, http.StatusOK, "portal/refill_card", "redeem", p)
}

// redeemTyped moves the value of the card whose code was typed. It refuses a form
// without its key: pressed twice, its second answer would be a refusal.
func (s *Server) redeemTyped(c *gin.Context, form url.Values) (card.Receipt, error) {
	key, err := readKey(form.Get("key"))
	if err != nil {
		return card.Receipt{}, errNoKey
	}
	return s.Cards.Redeem(c.Request.Context(), s.actor(c), card.Redemption{
		CustomerID: s.visitor(c).ID, Code: form.Get("code"), Key: key,
	})
}

// portalLookAgain handles GET /portal/finance/refill-card/check, where somebody
// comes back to an address that only a form leads to.
func (s *Server) portalLookAgain(c *gin.Context) error { return s.redirect(c, sectionRedeem) }

// portalScan handles GET /r: where a card's QR code leads. The code stands in
// the fragment of the address, which browsers keep to themselves; a script takes
// it to the form.
func (s *Server) portalScan(c *gin.Context) error {
	return s.render(c, http.StatusOK, "portal/scan", &scanPage{s.page(c, "Redeem a refill card", "")})
}
