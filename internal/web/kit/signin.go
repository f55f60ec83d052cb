package kit

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/act"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/signin"
)

// signInPage is the sign-in page of either door.
type signInPage struct {
	Page
	Username Field
	Password Field
	Mistakes []Mistake
	Next     string
	Partner  string // slug of the partner whose look the page has
}

func (s *Kit) newSignInPage(c *gin.Context, wanted string) *signInPage {
	return &signInPage{
		Page: s.Page(c, lang.M("Sign in"), ""),
		Username: Field{
			Name: "username", Label: lang.M("Username"), Required: true, Autofocus: true, MaxLength: 64,
			Autocomplete: "username", Plain: true,
		},
		Password: Field{
			Name: "password", Label: lang.M("Password"), Type: "password", Required: true, MaxLength: 200,
			Autocomplete: "current-password",
		},
		Next: wanted,
	}
}

// Gate describes the sign-in of one door.
type Gate struct {
	Door Door
	View string
	// Dress gives the page the look of the partner whose slug is given, or of the partner that
	// the browser was last signed in at; nil: none.
	Dress func(c *gin.Context, p *Page, partner string) error
	// Enter checks the username and the password.
	Enter func(ctx context.Context, a signin.Attempt) (signin.Entry, error)
	// Half responds to a sign-in that needs a second factor; nil: the door has none.
	Half func(c *gin.Context, in signin.Entry, wanted string) error
}

func (s *Kit) dressedSignInPage(c *gin.Context, g Gate, wanted, partner string) (*signInPage, error) {
	p := s.newSignInPage(c, wanted)
	if g.Dress == nil {
		return p, nil
	}
	err := g.Dress(c, &p.Page, partner)
	p.Partner = p.Look.Slug
	return p, err
}

// SignInShow handles GET of the sign-in page of a door.
func (s *Kit) SignInShow(c *gin.Context, g Gate) error {
	wanted := c.Query("next")
	id, err := s.whoIsAt(c, g.Door)
	if err != nil {
		return err
	}
	if id != 0 {
		return s.Redirect(c, AfterSignIn(g.Door, wanted))
	}
	p, err := s.dressedSignInPage(c, g, wanted, c.Query("partner"))
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, g.View, p)
}

// SignIn handles POST of the sign-in page of a door.
func (s *Kit) SignIn(c *gin.Context, g Gate) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	attempt := signin.Attempt{
		Username: form.Get("username"), Password: form.Get("password"),
		Address: Address(c), RequestID: RequestID(c), Device: s.DeviceHash(c, g.Door),
		Zone: s.Local(s.Now().UTC()).Location(),
	}
	in, err := g.Enter(c.Request.Context(), attempt)
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		refused := err
		p, err := s.dressedSignInPage(c, g, form.Get("next"), form.Get("partner"))
		if err != nil {
			return err
		}
		p.Username.Value = Truncate(attempt.Username, 64)
		p.Mistakes = s.timed(Explain(refused, &p.Username, &p.Password), refused)
		return s.Render(c, s.RefuseForm(c, refused), g.View, p)
	}
	if in.Step != "" {
		return g.Half(c, in, form.Get("next"))
	}
	if err := s.StartSession(c, g.Door, in); err != nil {
		return err
	}
	return s.Redirect(c, AfterSignIn(g.Door, form.Get("next")))
}

// timed adds to the mistakes how many seconds a pause still lasts, for the clock of the page.
func (s *Kit) timed(mistakes []Mistake, err error) []Mistake {
	for i, f := range fault.All(err) {
		for _, arg := range f.Args {
			if until, ok := arg.Value.(fault.Clock); ok {
				mistakes[i].Wait = int64(math.Ceil(time.Time(until).Sub(s.Now()).Seconds()))
			}
		}
	}
	return mistakes
}

// SignOut ends the session that the request came with.
func (s *Kit) SignOut(c *gin.Context, d Door, ended act.Act) error {
	if _, err := s.whoIsAt(c, d); err != nil {
		return err
	}
	if err := s.endSession(c, d, ended); err != nil {
		return err
	}
	s.SetFlash(c, ToneIdle, lang.M("You are signed out."))
	if d == DoorCustomer {
		to := "/portal/login"
		if slug := s.Visitor(c).Look.Slug; slug != "" {
			to += "?partner=" + slug
		}
		return s.Redirect(c, to)
	}
	return s.Redirect(c, "/admin/login")
}

// whoIsAt returns the id of the person who is signed in at a door; 0 if there is none.
func (s *Kit) whoIsAt(c *gin.Context, d Door) (int64, error) {
	if d == DoorCustomer {
		v, err := s.FindVisitor(c)
		return v.ID, err
	}
	p, err := s.FindPerson(c)
	return p.ID, err
}
