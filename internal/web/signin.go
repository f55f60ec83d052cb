package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/fault"
	"refill/internal/staff"
)

// signInPage is either door.
type signInPage struct {
	page
	Username field
	Password field
	Mistakes []mistake
	Next     string
	Partner  string // whose look the page has, by its name in addresses
}

func (s *Server) newSignInPage(c *gin.Context, wanted string) *signInPage {
	return &signInPage{
		page: s.page(c, "Sign in", ""),
		Username: field{
			Name: "username", Label: "Username", Required: true, Autofocus: true, MaxLength: 64,
			Autocomplete: "username", Plain: true,
		},
		Password: field{
			Name: "password", Label: "Password", Type: "password", Required: true, MaxLength: 200,
			Autocomplete: "current-password",
		},
		Next: wanted,
	}
}

// dressedSignInPage is the page in the look of the partner that the address
// names; staff's has none.
func (s *Server) dressedSignInPage(c *gin.Context, d door, wanted, partner string) (*signInPage, error) {
	p := s.newSignInPage(c, wanted)
	if d != doorCustomer {
		return p, nil
	}
	err := s.wear(c.Request.Context(), &p.page, partner)
	p.Partner = p.Look.Slug
	return p, err
}

// staffSignInShow handles GET /admin/login.
func (s *Server) staffSignInShow(c *gin.Context) error { return s.signInShow(c, doorStaff) }

// staffSignIn handles POST /admin/login.
func (s *Server) staffSignIn(c *gin.Context) error { return s.signIn(c, doorStaff) }

// customerSignInShow handles GET /portal/login.
func (s *Server) customerSignInShow(c *gin.Context) error { return s.signInShow(c, doorCustomer) }

// customerSignIn handles POST /portal/login.
func (s *Server) customerSignIn(c *gin.Context) error { return s.signIn(c, doorCustomer) }

func (s *Server) signInShow(c *gin.Context, d door) error {
	wanted := c.Query("next")
	id, err := s.whoIsAt(c, d)
	if err != nil {
		return err
	}
	if id != 0 {
		return s.redirect(c, next(d, wanted))
	}
	p, err := s.dressedSignInPage(c, d, wanted, c.Query("partner"))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, signInView(d), p)
}

func (s *Server) signIn(c *gin.Context, d door) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	attempt := staff.Attempt{
		Username: form.Get("username"), Password: form.Get("password"),
		Address: address(c), RequestID: requestID(c), Device: s.deviceHash(c, d),
	}
	var in staff.Entry
	if d == doorCustomer {
		in, err = customer.SignIn(c.Request.Context(), s.Pool, attempt)
	} else {
		in, err = staff.SignIn(c.Request.Context(), s.Pool, attempt)
	}
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		refused, status := err, http.StatusUnprocessableEntity
		if fault.KindOf(err) == fault.Limited {
			status = http.StatusTooManyRequests
		}
		p, err := s.dressedSignInPage(c, d, form.Get("next"), form.Get("partner"))
		if err != nil {
			return err
		}
		p.Username.Value = cut(attempt.Username, 64)
		p.Mistakes = explain(refused, &p.Username, &p.Password)
		return s.render(c, status, signInView(d), p)
	}
	if in.Step != "" {
		s.setCookie(c, s.stepCookie(c), in.Step, int(staff.StepLifetime.Seconds()))
		return s.redirect(c, codePath+nextQuery(d, form.Get("next")))
	}
	if err := s.startSession(c, d, in); err != nil {
		return err
	}
	return s.redirect(c, next(d, form.Get("next")))
}

// staffSignOut handles POST /admin/logout. Anybody may: a page that was left
// open must be able to sign out of a session that is already over.
func (s *Server) staffSignOut(c *gin.Context) error {
	return s.signOut(c, doorStaff, "staff.signed_out")
}

// customerSignOut handles POST /portal/logout.
func (s *Server) customerSignOut(c *gin.Context) error {
	return s.signOut(c, doorCustomer, "customer.signed_out")
}

func (s *Server) signOut(c *gin.Context, d door, action string) error {
	if _, err := s.whoIsAt(c, d); err != nil {
		return err
	}
	if err := s.endSession(c, d, action); err != nil {
		return err
	}
	s.setFlash(c, "You are signed out.")
	if d == doorCustomer {
		to := "/portal/login"
		if slug := s.visitor(c).Look.Slug; slug != "" {
			to += "?partner=" + slug
		}
		return s.redirect(c, to)
	}
	return s.redirect(c, "/admin/login")
}

// whoIsAt returns the id of who is signed in at a door; 0: nobody.
func (s *Server) whoIsAt(c *gin.Context, d door) (int64, error) {
	if d == doorCustomer {
		v, err := s.findVisitor(c)
		return v.ID, err
	}
	p, err := s.findPerson(c)
	return p.ID, err
}

func signInView(d door) string {
	if d == doorCustomer {
		return "portal/signin"
	}
	return "admin/signin"
}
