package portal

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/signin"
	"refill/internal/web/kit"
)

// welcomePage is the page that a customer's sign-in link opens.
type welcomePage struct {
	kit.Page
	Name     string
	Username string
	Password kit.Field
	Mistakes []kit.Mistake
}

func (s *Server) newWelcomePage(c *gin.Context, found db.CustomerLinkFindRow) *welcomePage {
	return &welcomePage{
		Page: s.Page(c, fmt.Sprintf(lang.M("Welcome, %s"), found.Name), ""), Name: found.Name, Username: found.Username,
		Password: kit.Field{
			Name: "password", Label: lang.M("New password"), Type: "password", MaxLength: 200, Autocomplete: "new-password",
			Hint: lang.M("8 characters or more."),
		},
	}
}

// link returns the sign-in link of the URL. The URL holds a secret, so the response's
// Referrer-Policy keeps it out of the Referer header of later requests.
func (s *Server) link(c *gin.Context) customer.Link {
	c.Header("Referrer-Policy", "strict-origin") // no-referrer would remove the Origin header of the form too
	c.Header("X-Robots-Tag", "noindex")
	return customer.Link{Token: c.Param("token"), Address: kit.Address(c), RequestID: kit.RequestID(c)}
}

// WelcomeShow handles GET /portal/welcome/:token. It does not use up the link, because mail
// scanners open every link they find.
func (s *Server) WelcomeShow(c *gin.Context) error {
	found, err := customer.FindLink(c.Request.Context(), s.Pool, s.link(c))
	if errors.Is(err, customer.ErrLink) {
		return s.deadLink(c)
	}
	if err != nil {
		return err
	}
	p := s.newWelcomePage(c, found)
	if err := s.BrandPartner(c.Request.Context(), &p.Page, found.PartnerID); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "portal/welcome", p)
}

// deadLinkPage says what became of a sign-in link that does not work.
type deadLinkPage struct {
	kit.Page
	Fault     string
	UsedAt    *time.Time
	ExpiredAt *time.Time
}

// inZone moves a time, if there is one, into a zone.
func inZone(t *time.Time, zone string) *time.Time {
	if t == nil {
		return nil
	}
	there := t.In(kit.Zone(zone))
	return &there
}

// deadLink answers for such a link, in the look of the customer's partner.
func (s *Server) deadLink(c *gin.Context) error {
	ctx := c.Request.Context()
	past, err := customer.FindPastLink(ctx, s.Pool, s.link(c))
	if err != nil {
		return err
	}
	p := &deadLinkPage{Page: s.Page(c, lang.M("This link doesn’t work any more"), ""), Fault: customer.ErrLink.Code}
	if past.PartnerID != 0 {
		err = s.BrandPartner(ctx, &p.Page, past.PartnerID)
	} else {
		err = s.Dress(c, &p.Page, "")
	}
	if err != nil {
		return err
	}
	p.UsedAt, p.ExpiredAt = inZone(past.UsedAt, past.Zone), inZone(past.ExpiredAt, past.Zone)
	return s.Render(c, s.Refuse(c, customer.ErrLink), "portal/link_dead", p)
}

// Welcome handles POST /portal/welcome/:token. It signs the customer in, and sets a
// password if the form asks for that.
func (s *Server) Welcome(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	link, ctx, password := s.link(c), c.Request.Context(), form.Get("password")
	if form.Get("with") == "password" && password == "" {
		err = fault.Field("password", "password_empty", "Choose a password, or use the other button.")
	}
	var in signin.Entry
	if err == nil {
		if form.Get("with") != "password" {
			password = ""
		}
		in, err = customer.UseLink(ctx, s.Pool, link, password)
	}
	if fault.KindOf(err) == fault.Invalid {
		found, findErr := customer.FindLink(ctx, s.Pool, link)
		if findErr != nil {
			return findErr
		}
		p := s.newWelcomePage(c, found)
		if err := s.BrandPartner(ctx, &p.Page, found.PartnerID); err != nil {
			return err
		}
		p.Mistakes = kit.Explain(err, &p.Password)
		return s.Render(c, http.StatusUnprocessableEntity, "portal/welcome", p)
	}
	if errors.Is(err, customer.ErrLink) {
		return s.deadLink(c)
	}
	if err != nil {
		return err
	}
	if err := s.StartSession(c, kit.DoorCustomer, in); err != nil {
		return err
	}
	if password != "" {
		s.SetFlash(c, kit.ToneGood, lang.M("Your password is set, and you are signed in."))
	} else {
		s.SetFlash(c, kit.ToneGood, lang.M("You are signed in."))
	}
	return s.Redirect(c, SectionHome)
}
