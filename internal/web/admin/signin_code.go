package admin

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// CodePath is the address of the second step of a staff sign-in.
const CodePath = "/admin/login/code"

// codePage is the page that asks for the code of a second factor.
type codePage struct {
	kit.Page
	Code     kit.Field
	Recovery bool   // the page asks for a recovery code
	Other    string // address of the page that asks for the other kind
	Next     string
	Mistakes []kit.Mistake
}

// stepCookie returns the name of the cookie for the token between the two steps of a
// sign-in. It is not a session token.
func (s *Server) stepCookie(c *gin.Context) string { return s.HostCookie(c, "refill-step") }

func (s *Server) stepToken(c *gin.Context) string {
	cookie, err := c.Request.Cookie(s.stepCookie(c))
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (s *Server) newCodePage(c *gin.Context, wanted string, recovery bool) *codePage {
	p := &codePage{Page: s.Page(c, lang.M("Enter the code"), ""), Recovery: recovery, Next: wanted}
	p.Person = staff.Person{} // the page belongs to no session, not even to an earlier one
	p.Code = kit.Field{
		Name: "code", Label: lang.M("Code"), Hint: lang.M("The six digits that your authenticator shows now."), Required: true, Autofocus: true, Plain: true, Mono: true,
		InputMode: "numeric", Autocomplete: "one-time-code", MaxLength: 30,
	}
	to := url.Values{}
	if recovery {
		p.Title, p.Code.Label, p.Code.Hint = lang.M("Enter a recovery code"), lang.M("Recovery code"), lang.M("One of the ten that you kept when you set up your second factor. Each works once.")
		p.Code.InputMode, p.Code.Autocomplete = "", "off"
	} else {
		to.Set("with", "recovery")
	}
	if wanted != "" {
		to.Set("next", wanted)
	}
	p.Other = CodePath
	if len(to) > 0 {
		p.Other += "?" + to.Encode()
	}
	return p
}

// StaffCodeShow handles GET /admin/login/code.
func (s *Server) StaffCodeShow(c *gin.Context) error {
	_, err := staff.FindStep(c.Request.Context(), s.Pool, s.stepToken(c))
	if errors.Is(err, staff.ErrStepOver) {
		return s.stepOver(c, c.Query("next"))
	}
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/signin_code", s.newCodePage(c, c.Query("next"), c.Query("with") == "recovery"))
}

// stepOver ends the second step and redirects to the first.
func (s *Server) stepOver(c *gin.Context, wanted string) error {
	s.SetCookie(c, s.stepCookie(c), "", -1)
	s.SetFaultFlash(c, staff.ErrStepOver)
	return s.Redirect(c, "/admin/login"+kit.NextQuery(kit.DoorStaff, wanted))
}

// StaffCode handles POST /admin/login/code.
func (s *Server) StaffCode(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	in, err := staff.EnterCode(c.Request.Context(), s.Pool, s.Cards.Codes, staff.CodeAttempt{
		Step: s.stepToken(c), Code: form.Get("code"), Address: kit.Address(c), RequestID: kit.RequestID(c),
		Device: s.DeviceHash(c, kit.DoorStaff),
	})
	if errors.Is(err, staff.ErrStepOver) {
		return s.stepOver(c, form.Get("next"))
	}
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		p := s.newCodePage(c, form.Get("next"), form.Get("with") == "recovery")
		p.Mistakes = kit.Explain(err, &p.Code)
		return s.Render(c, s.RefuseForm(c, err), "admin/signin_code", p)
	}
	s.SetCookie(c, s.stepCookie(c), "", -1)
	if err := s.StartSession(c, kit.DoorStaff, in); err != nil {
		return err
	}
	return s.Redirect(c, kit.AfterSignIn(kit.DoorStaff, form.Get("next")))
}
