package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/fault"
)

// passwordPage is the form for another password.
type passwordPage struct {
	page
	Current, New, Repeat field
	Mistakes             []mistake
}

func (s *Server) newPasswordPage(c *gin.Context) *passwordPage {
	return &passwordPage{
		page:    s.page(c, "Change your password", sectionPassword),
		Current: field{Name: "current", Label: "Current password", Type: "password", Required: true, MaxLength: 200, Autocomplete: "current-password"},
		New: field{
			Name: "new", Label: "New password", Type: "password", Required: true, MaxLength: 200, Autocomplete: "new-password",
			Hint: "8 characters or more.",
		},
		Repeat: field{Name: "repeat", Label: "New password again", Type: "password", Required: true, MaxLength: 200, Autocomplete: "new-password"},
	}
}

// portalPasswordShow handles GET /portal/password.
func (s *Server) portalPasswordShow(c *gin.Context) error {
	return s.render(c, http.StatusOK, "portal/password", s.newPasswordPage(c))
}

// portalPassword handles POST /portal/password.
func (s *Server) portalPassword(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	v := s.visitor(c)
	err = customer.ChangePassword(c.Request.Context(), s.Pool, s.actor(c), customer.NewPassword{
		CustomerID: v.ID, Username: v.Username, Current: form.Get("current"), New: form.Get("new"), Repeat: form.Get("repeat"),
		Session: s.tokenHash(c, doorCustomer), Device: s.deviceHash(c, doorCustomer),
	})
	if err == nil {
		if err := s.renewSession(c, doorCustomer, false); err != nil {
			return err
		}
		s.setFlash(c, "Your password is changed. Wherever else you were signed in, you are signed out.")
		return s.redirect(c, sectionHome)
	}
	if fault.IsInternal(err) {
		return err
	}
	p := s.newPasswordPage(c)
	p.Mistakes = explain(err, &p.Current, &p.New, &p.Repeat)
	return s.render(c, redeemStatus(err), "portal/password", p)
}
