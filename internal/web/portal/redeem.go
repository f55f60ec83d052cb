package portal

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// redeemPage is the form that redeems a card.
type redeemPage struct {
	kit.Page
	Balance string
	Code    kit.Field
	Key     string
	// Mistakes is the summary above the form. The focus is in the field, which says the same.
	Mistakes []kit.Mistake
	Seen     *seenCard // the card of the code, once it was checked; else nil
}

// scanPage is the page that a card's QR code opens. It leads to the form.
type scanPage struct {
	kit.Page
	To string // address of the form; with a partner's name, that of the sign-in on the way
}

// RedeemShow handles GET /portal/finance/refill-card.
func (s *Server) RedeemShow(c *gin.Context) error {
	p, err := s.newRedeemPage(c)
	if err != nil {
		return err
	}
	c.Header("Permissions-Policy", withCamera)
	return s.Render(c, http.StatusOK, "portal/refill_card", p)
}

// withCamera lets the form, and no other page, use the camera to read a card's QR code.
var withCamera = strings.Replace(kit.NoPermissions, "camera=()", "camera=(self)", 1) //nolint:gochecknoglobals // a constant

// newRedeemPage returns the form, or an error if the visitor's partner does not offer it.
func (s *Server) newRedeemPage(c *gin.Context) (*redeemPage, error) {
	if err := s.checkRedeem(c); err != nil {
		return nil, err
	}
	return s.redeemForm(c)
}

// redeemForm returns the form. If the database does not answer, it returns an error and the
// form without a balance.
func (s *Server) redeemForm(c *gin.Context) (*redeemPage, error) {
	p := &redeemPage{Page: s.Page(c, lang.M("Redeem a refill card"), SectionRedeem), Key: uuid.NewString()}
	var fieldErr, balanceErr error
	p.Code, fieldErr = s.CodeField(c)
	p.Balance, balanceErr = s.balance(c)
	return p, errors.Join(fieldErr, balanceErr)
}

// checkRedeem returns an error if the visitor's partner does not offer the form.
func (s *Server) checkRedeem(c *gin.Context) error {
	may, err := s.mayRedeem(c)
	if err == nil && !may {
		return kit.ErrNotFound
	}
	return err
}

// Redeem handles POST /portal/finance/refill-card. A redemption redirects to its receipt.
// The form is built only if it is shown again.
func (s *Server) Redeem(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	if err := s.checkRedeem(c); err != nil {
		return err
	}
	receipt, err := s.redeemTyped(c, form)
	if err == nil {
		s.forgetLooked(c)
		return s.Redirect(c, ReceiptURL(receipt.PaymentID))
	}
	if fault.IsInternal(err) {
		return err
	}
	p, pageErr := s.redeemForm(c) // the form again, with what was typed
	if fault.KindOf(err) == fault.Unsettled {
		p.Key = form.Get("key") // a retry with the same key returns the result of this attempt
	} else if pageErr != nil {
		return pageErr
	}
	return s.mendCode(c, p, form, err)
}

// mendCode shows the form again, with what was typed and the error at the field.
func (s *Server) mendCode(c *gin.Context, p *redeemPage, form url.Values, err error) error {
	p.Code.Value = kit.Truncate(form.Get("code"), 300)
	p.Code.Wrong(fault.All(err)[0])
	p.Mistakes = []kit.Mistake{{Field: p.Code.Name, Text: p.Code.Error}}
	p.Code.Autofocus = true
	return s.Part(c, s.RefuseForm(c, err), "portal/refill_card", "redeem", p)
}

// redeemTyped redeems the card whose code was typed.
func (s *Server) redeemTyped(c *gin.Context, form url.Values) (card.Receipt, error) {
	key, err := kit.ReadKey(form)
	if err != nil {
		return card.Receipt{}, err
	}
	return s.Cards.Redeem(c.Request.Context(), s.Actor(c), card.Redemption{
		CustomerID: s.Visitor(c).ID, Code: form.Get("code"), Key: key,
	})
}

// Scan handles GET /r and GET /r/:partner, the URL in a card's QR code. The code is in the
// fragment of the URL, which browsers do not send to the server. A script puts it into the
// form. The page has the look of the partner; with a name that no partner has, it is that
// of /r.
func (s *Server) Scan(c *gin.Context) error {
	p := &scanPage{Page: s.Page(c, lang.M("Redeem a refill card"), ""), To: SectionRedeem}
	if err := s.Dress(c, &p.Page, c.Param("partner")); err != nil {
		return err
	}
	if p.Look.Slug != "" {
		p.To = "/portal/login?" + url.Values{"next": {SectionRedeem}, "partner": {p.Look.Slug}}.Encode()
	}
	return s.Render(c, http.StatusOK, "portal/scan", p)
}
