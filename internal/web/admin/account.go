package admin

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// accountPage is the page on which a member of staff changes their own account.
type accountPage struct {
	kit.Page
	Name                 kit.Field
	Current, New, Repeat kit.Field
	Mistakes             []kit.Mistake
	Factor               kit.Badge
	Mail                 accountMail
}

func (s *Server) newAccountPage(c *gin.Context) (*accountPage, error) {
	p := &accountPage{
		Page:    s.Page(c, lang.M("Your account"), SectionAccount),
		Current: kit.Field{Name: "current", Label: lang.M("Current password"), Type: "password", Required: true, MaxLength: 200, Autocomplete: "current-password"},
		New:     kit.Field{Name: "new", Label: lang.M("New password"), Type: "password", Required: true, MaxLength: 200, Autocomplete: "new-password", Hint: lang.M("10 characters or more. A few words in a row are good.")},
		Repeat:  kit.Field{Name: "repeat", Label: lang.M("New password again"), Type: "password", Required: true, MaxLength: 200, Autocomplete: "new-password"},
	}
	p.Factor = kit.Badge{Word: lang.M("Off"), Tone: kit.ToneIdle}
	if p.Person.SecondFactor {
		p.Factor = kit.Badge{Word: lang.M("On"), Tone: kit.ToneGood}
	}
	p.Name = kit.Field{Name: "name", Label: lang.M("Name"), Value: p.Person.Name, Required: true, Autocomplete: "name"}
	var err error
	p.Mail, err = s.newAccountMail(c)
	return p, err
}

// AccountShow handles GET /admin/account.
func (s *Server) AccountShow(c *gin.Context) error {
	p, err := s.newAccountPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/account", p)
}

// AccountName handles POST /admin/account.
func (s *Server) AccountName(c *gin.Context) error {
	return s.changeAccount(c, lang.M("Your name is changed."), func(form url.Values) error {
		return staff.Rename(c.Request.Context(), s.Pool, s.Actor(c), form.Get("name"))
	})
}

// AccountPassword handles POST /admin/account/password.
func (s *Server) AccountPassword(c *gin.Context) error {
	return s.changeAccount(c, lang.M("Your password is changed. Wherever else you were signed in, you are signed out."), func(form url.Values) error {
		err := staff.ChangePassword(c.Request.Context(), s.Pool, s.Actor(c), staff.NewPassword{
			Username: s.Person(c).Username, Current: form.Get("current"), New: form.Get("new"), Repeat: form.Get("repeat"),
			Session: s.TokenHash(c, kit.DoorStaff), Device: s.DeviceHash(c, kit.DoorStaff),
		})
		if err != nil {
			return err
		}
		return s.RenewSession(c, kit.DoorStaff, false)
	})
}

func (s *Server) changeAccount(c *gin.Context, said string, do func(form url.Values) error) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	if err = do(form); err == nil {
		s.SetFlash(c, kit.ToneGood, said)
		return s.Redirect(c, SectionAccount)
	}
	if fault.IsInternal(err) {
		return err
	}
	p, pageErr := s.newAccountPage(c)
	if pageErr != nil {
		return pageErr
	}
	if form.Has("name") {
		p.Name.Value = kit.Truncate(form.Get("name"), 200)
	}
	p.Mail.Address.Value = kit.Truncate(form.Get("mail"), 254)
	p.Mistakes = kit.Explain(err, &p.Name, &p.Current, &p.New, &p.Repeat, &p.Mail.Address, &p.Mail.Password)
	return s.Render(c, s.RefuseForm(c, err), "admin/account", p)
}
