package portal

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/web/kit"
)

// seenCard is a card before it is redeemed.
type seenCard struct {
	Amount, After, Series string
	Serial                string
	ValidTill             time.Time
}

// Look handles POST /portal/finance/refill-card/check: what the code is
// worth. It moves nothing; the form's key goes along to the button that does.
func (s *Server) Look(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	p, err := s.newRedeemPage(c)
	if err != nil {
		return err
	}
	if key, err := kit.ReadKey(form); err == nil {
		p.Key = key.String()
	}
	code := form.Get("code")
	if err := s.look(c, p, code); fault.IsInternal(err) {
		return err
	} else if err != nil {
		p.Key = uuid.NewString()
		return s.mendCode(c, p, form, err)
	}
	if kit.IsHTMX(c) {
		return s.Part(c, http.StatusOK, "portal/refill_card", "redeem", p)
	}
	// Post, redirect, get: the way back from the receipt leads to a page that can be loaded.
	if err := s.keepLooked(c, looked{Code: code, Key: uuid.MustParse(p.Key)}); err != nil {
		return err
	}
	return s.Redirect(c, SectionRedeem+"/check")
}

// look puts what a code is worth on the page.
func (s *Server) look(c *gin.Context, p *redeemPage, code string) error {
	seen, err := s.Cards.Look(c.Request.Context(), s.Actor(c), p.Visitor.ID, code)
	if err != nil {
		return err
	}
	serial, err := s.SerialText(c.Request.Context(), seen.Series, seen.Serial)
	if err != nil {
		return err
	}
	p.Code.Value = kit.Truncate(code, 300)
	p.Seen = &seenCard{
		Amount: money.Amount{Minor: seen.Amount, Currency: seen.Currency}.String(),
		After:  money.Amount{Minor: seen.Balance + seen.Amount, Currency: seen.Currency}.String(),
		Series: seen.Series, Serial: serial, ValidTill: seen.ValidTill,
	}
	p.Title = fmt.Sprintf(lang.M("This card is worth %s"), p.Seen.Amount)
	return nil
}

// LookShow handles GET /portal/finance/refill-card/check: what the code is worth that the
// customer has sent there, as long as it is not redeemed.
func (s *Server) LookShow(c *gin.Context) error {
	kept, ok := s.lookedAt(c)
	if !ok {
		return s.Redirect(c, SectionRedeem)
	}
	p, err := s.newRedeemPage(c)
	if err != nil {
		return err
	}
	p.Key = kept.Key.String()
	err = s.look(c, p, kept.Code)
	if fault.IsInternal(err) {
		return err
	}
	if err != nil { // it was redeemed meanwhile, or locked
		s.forgetLooked(c)
		s.SetFaultFlash(c, err)
		return s.Redirect(c, SectionRedeem)
	}
	return s.Render(c, http.StatusOK, "portal/refill_card", p)
}

// lookCookie keeps a code that was looked at over a redirect. It is sealed: browsers write
// cookies to their disk.
const lookCookie = "refill-look"

// lookLifetime is how long the cookie can be read.
const lookLifetime = 10 * time.Minute

// looked is what the cookie keeps.
type looked struct {
	Code string
	Key  uuid.UUID // of the form
}

// lookPurpose binds the cookie to the customer.
func (s *Server) lookPurpose(c *gin.Context) string {
	return "looked-at:" + strconv.FormatInt(s.Visitor(c).ID, 10)
}

func (s *Server) keepLooked(c *gin.Context, l looked) error {
	clear := binary.BigEndian.AppendUint64(nil, uint64(s.Now().Add(lookLifetime).Unix())) //nolint:gosec // after 1970
	clear = append(append(clear, l.Key[:]...), l.Code...)
	keyID, sealed, err := s.Cards.Codes.SealSecret(s.lookPurpose(c), clear)
	if err != nil {
		return fmt.Errorf("seal a code that was looked at: %w", err)
	}
	value := append(binary.BigEndian.AppendUint16(nil, uint16(keyID)), sealed...) //nolint:gosec // the same bits
	s.SetCookie(c, s.HostCookie(c, lookCookie), base64.RawURLEncoding.EncodeToString(value), int(lookLifetime.Seconds()))
	return nil
}

// lookedAt returns what the cookie keeps; false where there is none that is ours, this
// customer's and new enough.
func (s *Server) lookedAt(c *gin.Context) (looked, bool) {
	cookie, err := c.Request.Cookie(s.HostCookie(c, lookCookie))
	if err != nil {
		return looked{}, false
	}
	value, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || len(value) < 2 {
		return looked{}, false
	}
	clear, err := s.Cards.Codes.OpenSecret(int16(binary.BigEndian.Uint16(value)), s.lookPurpose(c), value[2:]) //nolint:gosec // the same bits
	if err != nil || len(clear) < 24 || s.Now().Unix() > int64(binary.BigEndian.Uint64(clear)) {               //nolint:gosec // after 1970
		return looked{}, false
	}
	return looked{Code: string(clear[24:]), Key: uuid.UUID(clear[8:24])}, true
}

// forgetLooked removes the cookie, where the browser has one.
func (s *Server) forgetLooked(c *gin.Context) {
	name := s.HostCookie(c, lookCookie)
	if _, err := c.Request.Cookie(name); err == nil {
		s.SetCookie(c, name, "", -1)
	}
}
