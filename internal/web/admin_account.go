package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/staff"
)

// accountPage is where a member of staff changes what is their own.
type accountPage struct {
	page
	Name                 field
	Current, New, Repeat field
	Mistakes             []mistake
	Factor               badge
}

func (s *Server) newAccountPage(c *gin.Context) *accountPage {
	p := &accountPage{
		page:    s.page(c, "Your account", sectionAccount),
		Current: field{Name: "current", Label: "Current password", Type: "password", Required: true, MaxLength: 200, Autocomplete: "current-password"},
		New:     field{Name: "new", Label: "New password", Type: "password", Required: true, MaxLength: 200, Autocomplete: "new-password", Hint: "10 characters or more. A few words in a row are good."},
		Repeat:  field{Name: "repeat", Label: "New password again", Type: "password", Required: true, MaxLength: 200, Autocomplete: "new-password"},
	}
	p.Factor = badge{"Off", toneIdle}
	if p.Person.SecondFactor {
		p.Factor = badge{"On", toneGood}
	}
	p.Name = field{Name: "name", Label: "Name", Value: p.Person.Name, Required: true, Autocomplete: "name"}
	return p
}

// adminAccountShow handles GET /admin/account.
func (s *Server) adminAccountShow(c *gin.Context) error {
	return s.render(c, http.StatusOK, "admin/account", s.newAccountPage(c))
}

// adminAccountName handles POST /admin/account.
func (s *Server) adminAccountName(c *gin.Context) error {
	return s.changeAccount(c, "Your name is changed.", func(form url.Values) error {
		return staff.Rename(c.Request.Context(), s.Pool, s.actor(c), form.Get("name"))
	})
}

// adminAccountPassword handles POST /admin/account/password.
func (s *Server) adminAccountPassword(c *gin.Context) error {
	return s.changeAccount(c, "Your password is changed. Wherever else you were signed in, you are signed out.", func(form url.Values) error {
		err := staff.ChangePassword(c.Request.Context(), s.Pool, s.actor(c), staff.NewPassword{
			Username: s.person(c).Username, Current: form.Get("current"), New: form.Get("new"), Repeat: form.Get("repeat"),
			Session: s.tokenHash(c, doorStaff), Device: s.deviceHash(c, doorStaff),
		})
		if err != nil {
			return err
		}
		return s.renewSession(c, doorStaff, false)
	})
}

func (s *Server) changeAccount(c *gin.Context, said string, do func(form url.Values) error) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	if err = do(form); err == nil {
		s.setFlash(c, said)
		return s.redirect(c, sectionAccount)
	}
	if fault.IsInternal(err) {
		return err
	}
	p := s.newAccountPage(c)
	if form.Has("name") {
		p.Name.Value = cut(form.Get("name"), 200)
	}
	p.Mistakes = explain(err, &p.Name, &p.Current, &p.New, &p.Repeat)
	return s.render(c, redeemStatus(err), "admin/account", p)
}
