package portal

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// HelpPath is the page for customers who can't sign in.
const HelpPath = "/portal/help"

// helpPage tells a customer who can't sign in whom to ask, and sends their request to staff.
type helpPage struct {
	kit.Page
	Username kit.Field
	Mails    bool   // a link goes by e-mail where the account has an address
	Partner  string // whose look the page has, by its name in addresses
	Mistakes []kit.Mistake
}

func (s *Server) newHelpPage(c *gin.Context, partner string) (*helpPage, error) {
	p := &helpPage{
		Page: s.Page(c, lang.M("Can’t sign in?"), ""), Mails: s.MailOn,
		Username: kit.Field{
			Name: "username", Label: lang.M("Username"), Required: true, MaxLength: 64, Autocomplete: "username", Plain: true,
		},
	}
	err := s.Dress(c, &p.Page, partner)
	p.Partner = p.Look.Slug
	return p, err
}

// HelpShow handles GET /portal/help.
func (s *Server) HelpShow(c *gin.Context) error {
	p, err := s.newHelpPage(c, c.Query("partner"))
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "portal/help", p)
}

// helpAnswer is the answer to every request, whether or not an account has the username or an
// address.
func (s *Server) helpAnswer() string {
	if s.MailOn {
		return lang.M("If an account with this username has an e-mail address, a message with a sign-in link is on its way to it. Otherwise your request is with the people who run your account.")
	}
	return lang.M("Your request is with the people who run your account. If they know the username, they get in touch and give you a sign-in link.")
}

// Help handles POST /portal/help. The answer is the same whether the username exists.
func (s *Server) Help(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	err = customer.AskForHelp(c.Request.Context(), s.Pool, customer.HelpRequest{
		Username: form.Get("username"), Address: kit.Address(c), RequestID: kit.RequestID(c),
	})
	if fault.IsInternal(err) {
		return err
	}
	p, pageErr := s.newHelpPage(c, form.Get("partner"))
	if pageErr != nil {
		return pageErr
	}
	if err != nil {
		p.Username.Value = kit.Truncate(form.Get("username"), 64)
		p.Mistakes = kit.Explain(err, &p.Username)
		return s.Render(c, s.RefuseForm(c, err), "portal/help", p)
	}
	s.SetFlash(c, kit.ToneGood, s.helpAnswer())
	to := "/portal/login"
	if p.Partner != "" {
		to += "?partner=" + p.Partner
	}
	return s.Redirect(c, to)
}
