package portal

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// passwordPage is the form that changes the visitor's password.
type passwordPage struct {
	kit.Page
	Current, New, Repeat kit.Field
	Mistakes             []kit.Mistake
}

func (s *Server) newPasswordPage(c *gin.Context) *passwordPage {
	return &passwordPage{
		Page:    s.Page(c, lang.M("Change your password"), SectionPassword),
		Current: kit.Field{Name: "current", Label: lang.M("Current password"), Type: "password", Required: true, MaxLength: 200, Autocomplete: "current-password"},
		New: kit.Field{
			Name: "new", Label: lang.M("New password"), Type: "password", Required: true, MaxLength: 200, Autocomplete: "new-password",
			Hint: lang.M("8 characters or more."),
		},
		Repeat: kit.Field{Name: "repeat", Label: lang.M("New password again"), Type: "password", Required: true, MaxLength: 200, Autocomplete: "new-password"},
	}
}

// PasswordShow handles GET /portal/password.
func (s *Server) PasswordShow(c *gin.Context) error {
	return s.Render(c, http.StatusOK, "portal/password", s.newPasswordPage(c))
}

// Password handles POST /portal/password.
func (s *Server) Password(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	v := s.Visitor(c)
	err = customer.ChangePassword(c.Request.Context(), s.Pool, s.Actor(c), customer.NewPassword{
		CustomerID: v.ID, Username: v.Username, Current: form.Get("current"), New: form.Get("new"), Repeat: form.Get("repeat"),
		Session: s.TokenHash(c, kit.DoorCustomer), Device: s.DeviceHash(c, kit.DoorCustomer),
	})
	if err == nil {
		if err := s.RenewSession(c, kit.DoorCustomer, false); err != nil {
			return err
		}
		s.SetFlash(c, kit.ToneGood, lang.M("Your password is changed. Wherever else you were signed in, you are signed out."))
		return s.Redirect(c, SectionHome)
	}
	if fault.IsInternal(err) {
		return err
	}
	p := s.newPasswordPage(c)
	p.Mistakes = kit.Explain(err, &p.Current, &p.New, &p.Repeat)
	return s.Render(c, s.RefuseForm(c, err), "portal/password", p)
}
