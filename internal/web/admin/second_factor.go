package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/render/qr"
	"refill/internal/signin"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// factorPage is the page on which a member of staff turns a second factor on or off.
type factorPage struct {
	kit.Page
	Username string
	Forced   bool // the person can open no other page before it is set up
	Mistakes []kit.Mistake
	Code     kit.Field
	Password kit.Field

	// Set while the second factor is off.
	Offer  staff.Offer
	Secret string // in groups of four, to be typed
	Symbol symbol

	// Set while the second factor is on.
	On    bool
	Since time.Time
	Left  int64 // unused recovery codes

	// Set after a change: new recovery codes, shown only once.
	Codes []string
	Fresh string // what was changed
}

// symbol is a QR code as one SVG path. It is the zero value if the text is too long for a
// code.
type symbol struct {
	Side int    // including the light border
	Path string // of the dark modules
}

// newSymbol returns the QR code of a text.
func newSymbol(text string) symbol {
	var matrix qr.Matrix
	if err := new(qr.Encoder).Encode(text, &matrix); err != nil {
		return symbol{}
	}
	var path strings.Builder
	for _, r := range matrix.AppendRects(nil) {
		fmt.Fprintf(&path, "M%d %dh%dv%dh-%dz", int(r.X)+qr.QuietZone, int(r.Y)+qr.QuietZone, r.W, r.H, r.W)
	}
	return symbol{Side: matrix.Size + 2*qr.QuietZone, Path: path.String()}
}

// errFactorNeeded returns an error that sends the person to the page of the second factor.
func errFactorNeeded() error {
	return kit.DetourError{
		To: SectionFactor, Event: "factor-needed", Heading: lang.M("Set up your second factor first"),
		Messages: []string{lang.M("What you sent was not carried out. Staff must use a second factor here: open Your account and set it up.")},
	}
}

// RequireFactor returns an error if the person must have a second factor but has none.
func (s *Server) RequireFactor(c *gin.Context, p staff.Person) error {
	if p.SecondFactor {
		return nil
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	if settings.StaffFactor {
		return errFactorNeeded()
	}
	return nil
}

// newFactorPage returns the page. offer is the offer that a submitted form contains; empty
// makes a new one.
func (s *Server) newFactorPage(c *gin.Context, offer string) (*factorPage, error) {
	p := &factorPage{Page: s.Page(c, lang.M("Second factor"), SectionAccount)}
	me, err := db.New().StaffGet(c.Request.Context(), s.Pool, p.Person.ID)
	if err != nil {
		return nil, err
	}
	p.Username = p.Person.Username
	p.Password = kit.Field{Name: "password", Label: lang.M("Your password"), Type: "password", Required: true, MaxLength: 200, Autocomplete: "current-password"}
	p.Code = kit.Field{
		Name: "code", Label: lang.M("Code"), Hint: lang.M("The six digits that your authenticator shows now."), Required: true, Plain: true, Mono: true, Short: true,
		InputMode: "numeric", Autocomplete: "one-time-code", MaxLength: 30,
	}
	if me.SecondFactorSince != nil {
		factor, err := db.New().SecondFactorGet(c.Request.Context(), s.Pool, p.Person.ID)
		if err != nil {
			return nil, err
		}
		p.On, p.Since, p.Left = true, factor.CreatedAt, factor.RecoveryCodes
		p.Code.Hint, p.Code.InputMode = lang.M("The six digits that your authenticator shows now, or a recovery code."), ""
		return p, nil
	}
	if p.Offer, err = staff.OpenOffer(s.Cards.Codes, p.Person.ID, offer); err != nil {
		return nil, err
	}
	for i := 0; i < len(p.Offer.Secret); i += 4 {
		p.Secret += p.Offer.Secret[i:min(i+4, len(p.Offer.Secret))] + " "
	}
	p.Secret = strings.TrimSpace(p.Secret)
	p.Symbol = newSymbol(signin.AuthenticatorURI(kit.Truncate(p.Brand, 30), p.Username, p.Offer.Secret))
	if s.RequireFactor(c, p.Person) != nil {
		p.Forced, p.Person = true, staff.Person{} // no menu, because none of its pages would open
	}
	return p, nil
}

func (s *Server) showFactor(c *gin.Context, status int, p *factorPage) error {
	return s.Render(c, status, "admin/second_factor", p)
}

// FactorShow handles GET /admin/account/second-factor.
func (s *Server) FactorShow(c *gin.Context) error {
	p, err := s.newFactorPage(c, "")
	if err != nil {
		return err
	}
	return s.showFactor(c, http.StatusOK, p)
}

// changeFactor calls do with the submitted form. It shows the page again if do refuses.
func (s *Server) changeFactor(c *gin.Context, do func(form url.Values, p staff.Proof) error) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	err = do(form, staff.Proof{
		Username: s.Person(c).Username, Password: form.Get("password"), Code: form.Get("code"), Session: s.TokenHash(c, kit.DoorStaff),
	})
	if err == nil || fault.IsInternal(err) {
		return err
	}
	p, pageErr := s.newFactorPage(c, form.Get("offer"))
	if pageErr != nil {
		return pageErr
	}
	p.Mistakes = kit.Explain(err, &p.Code, &p.Password)
	return s.showFactor(c, s.RefuseForm(c, err), p)
}

// showCodes responds with new recovery codes. They appear only in this response.
func (s *Server) showCodes(c *gin.Context, codes []string, said string) error {
	p := &factorPage{Page: s.Page(c, lang.M("Your recovery codes"), SectionAccount), Codes: codes, Fresh: said}
	return s.showFactor(c, http.StatusOK, p)
}

// FactorOn handles POST /admin/account/second-factor.
func (s *Server) FactorOn(c *gin.Context) error {
	return s.changeFactor(c, func(form url.Values, proof staff.Proof) error {
		codes, err := staff.TurnOn(c.Request.Context(), s.Pool, s.Cards.Codes, s.Actor(c), form.Get("offer"), proof)
		if err != nil {
			return err
		}
		if err := s.RenewSession(c, kit.DoorStaff, false); err != nil {
			return err
		}
		return s.showCodes(c, codes, lang.M("Your second factor is on. Wherever else you were signed in, you are signed out."))
	})
}

// FactorOff handles POST /admin/account/second-factor/off.
func (s *Server) FactorOff(c *gin.Context) error {
	return s.changeFactor(c, func(_ url.Values, proof staff.Proof) error {
		if err := staff.TurnOff(c.Request.Context(), s.Pool, s.Cards.Codes, s.Actor(c), proof); err != nil {
			return err
		}
		if err := s.RenewSession(c, kit.DoorStaff, false); err != nil {
			return err
		}
		s.SetFlash(c, kit.ToneGood, lang.M("Your second factor is off. Wherever else you were signed in, you are signed out."))
		return s.Redirect(c, SectionAccount)
	})
}

// FactorCodes handles POST /admin/account/second-factor/codes.
func (s *Server) FactorCodes(c *gin.Context) error {
	return s.changeFactor(c, func(_ url.Values, proof staff.Proof) error {
		codes, err := staff.NewRecoveryCodes(c.Request.Context(), s.Pool, s.Cards.Codes, s.Actor(c), proof)
		if err != nil {
			return err
		}
		return s.showCodes(c, codes, lang.M("You have new recovery codes. The ones before don’t work any more."))
	})
}
