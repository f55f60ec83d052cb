package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/export/qr"
	"refill/internal/fault"
	"refill/internal/staff"
)

// factorPage is where a member of staff sets their second factor up or off.
type factorPage struct {
	page
	Username string
	Forced   bool // nothing else is open to them until it is set up
	Mistakes []mistake
	Code     field
	Password field

	// Off: what is offered.
	Offer  staff.Offer
	Secret string // in groups, to be typed
	Symbol symbol

	// On.
	On    bool
	Since time.Time
	Left  int64 // recovery codes that are not used

	// Just made, shown this once.
	Codes []string
	Fresh string // what has happened
}

// symbol is a QR code as one path. The zero value: the text is too long for one.
type symbol struct {
	Side int    // with the light border
	Path string // of the dark modules
}

// newSymbol draws a text.
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

// factorNeededError says that the person must set up a second factor first.
type factorNeededError struct{}

// Error implements error.
func (factorNeededError) Error() string { return "second factor needed" }

// requireFactor turns away who must have a second factor and has none.
func (s *Server) requireFactor(c *gin.Context, p staff.Person) error {
	if p.SecondFactor {
		return nil
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	if settings.StaffFactor {
		return factorNeededError{}
	}
	return nil
}

// sendToFactor leads to the page that sets a second factor up.
func (s *Server) sendToFactor(c *gin.Context) {
	switch {
	case isHTMX(c):
		c.Header("HX-Redirect", sectionFactor)
		c.Status(http.StatusForbidden)
	case c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead:
		c.Redirect(http.StatusSeeOther, sectionFactor)
	default:
		s.showProblem(c, answer{
			status: http.StatusForbidden, heading: "Set up your second factor first",
			messages: []string{"What you sent was not carried out. Staff must use a second factor here: open Your account and set it up."},
		})
	}
}

// newFactorPage makes the page; offer is what a form has carried, empty for a new one.
func (s *Server) newFactorPage(c *gin.Context, offer string) (*factorPage, error) {
	p := &factorPage{page: s.page(c, "Second factor", sectionAccount)}
	me, err := db.New().StaffGet(c.Request.Context(), s.Pool, p.Person.ID)
	if err != nil {
		return nil, err
	}
	p.Username = p.Person.Username
	p.Password = field{Name: "password", Label: "Your password", Type: "password", Required: true, MaxLength: 200, Autocomplete: "current-password"}
	p.Code = field{
		Name: "code", Label: "Code", Hint: "The six digits that your authenticator shows now.", Required: true, Plain: true, Mono: true, Short: true,
		InputMode: "numeric", Autocomplete: "one-time-code", MaxLength: 30,
	}
	if me.SecondFactorSince != nil {
		factor, err := db.New().SecondFactorGet(c.Request.Context(), s.Pool, p.Person.ID)
		if err != nil {
			return nil, err
		}
		p.On, p.Since, p.Left = true, factor.CreatedAt, factor.RecoveryCodes
		p.Code.Hint, p.Code.InputMode = "The six digits that your authenticator shows now, or a recovery code.", ""
		return p, nil
	}
	if p.Offer, err = staff.OpenOffer(s.Cards, p.Person.ID, offer); err != nil {
		return nil, err
	}
	for i := 0; i < len(p.Offer.Secret); i += 4 {
		p.Secret += p.Offer.Secret[i:min(i+4, len(p.Offer.Secret))] + " "
	}
	p.Secret = strings.TrimSpace(p.Secret)
	p.Symbol = newSymbol(staff.AuthenticatorURI(cut(p.Brand, 30), p.Username, p.Offer.Secret))
	if s.requireFactor(c, p.Person) != nil {
		p.Forced, p.Person = true, staff.Person{} // no menu: nothing in it would open
	}
	return p, nil
}

func (s *Server) showFactor(c *gin.Context, status int, p *factorPage) error {
	return s.render(c, status, "admin/second_factor", p)
}

// adminFactorShow handles GET /admin/account/second-factor.
func (s *Server) adminFactorShow(c *gin.Context) error {
	p, err := s.newFactorPage(c, "")
	if err != nil {
		return err
	}
	return s.showFactor(c, http.StatusOK, p)
}

// changeFactor does what a form asks for, and shows it again where it is refused.
func (s *Server) changeFactor(c *gin.Context, do func(form url.Values, p staff.Proof) error) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	err = do(form, staff.Proof{
		Username: s.person(c).Username, Password: form.Get("password"), Code: form.Get("code"), Session: s.tokenHash(c, doorStaff),
	})
	if err == nil || fault.IsInternal(err) {
		return err
	}
	p, pageErr := s.newFactorPage(c, form.Get("offer"))
	if pageErr != nil {
		return pageErr
	}
	p.Mistakes = explain(err, &p.Code, &p.Password)
	return s.showFactor(c, redeemStatus(err), p)
}

// showCodes answers with recovery codes that were just made. They are in this
// answer and nowhere else.
func (s *Server) showCodes(c *gin.Context, codes []string, said string) error {
	p := &factorPage{page: s.page(c, "Your recovery codes", sectionAccount), Codes: codes, Fresh: said}
	return s.showFactor(c, http.StatusOK, p)
}

// adminFactorOn handles POST /admin/account/second-factor.
func (s *Server) adminFactorOn(c *gin.Context) error {
	return s.changeFactor(c, func(form url.Values, proof staff.Proof) error {
		codes, err := staff.TurnOn(c.Request.Context(), s.Pool, s.Cards, s.actor(c), form.Get("offer"), proof)
		if err != nil {
			return err
		}
		if err := s.renewSession(c, doorStaff, false); err != nil {
			return err
		}
		return s.showCodes(c, codes, "Your second factor is on. Wherever else you were signed in, you are signed out.")
	})
}

// adminFactorOff handles POST /admin/account/second-factor/off.
func (s *Server) adminFactorOff(c *gin.Context) error {
	return s.changeFactor(c, func(_ url.Values, proof staff.Proof) error {
		if err := staff.TurnOff(c.Request.Context(), s.Pool, s.Cards, s.actor(c), proof); err != nil {
			return err
		}
		if err := s.renewSession(c, doorStaff, false); err != nil {
			return err
		}
		s.setFlash(c, "Your second factor is off. Wherever else you were signed in, you are signed out.")
		return s.redirect(c, sectionAccount)
	})
}

// adminFactorCodes handles POST /admin/account/second-factor/codes.
func (s *Server) adminFactorCodes(c *gin.Context) error {
	return s.changeFactor(c, func(_ url.Values, proof staff.Proof) error {
		codes, err := staff.NewRecoveryCodes(c.Request.Context(), s.Pool, s.Cards, s.actor(c), proof)
		if err != nil {
			return err
		}
		return s.showCodes(c, codes, "You have new recovery codes. The ones before don’t work any more.")
	})
}
