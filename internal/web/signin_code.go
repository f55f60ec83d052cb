package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/staff"
)

// codePath is the second step of a member of staff's sign-in.
const codePath = "/admin/login/code"

// codePage asks for the code of a second factor.
type codePage struct {
	page
	Code     field
	Recovery bool   // a recovery code is asked for
	Other    string // address of the page that asks for the other kind
	Next     string
	Mistakes []mistake
}

// stepCookie holds the token of a sign-in that is half-way. It is no session's.
func (s *Server) stepCookie(c *gin.Context) string { return s.hostCookie(c, "refill-step") }

func (s *Server) stepToken(c *gin.Context) string {
	cookie, err := c.Request.Cookie(s.stepCookie(c))
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (s *Server) newCodePage(c *gin.Context, wanted string, recovery bool) *codePage {
	p := &codePage{page: s.page(c, "Enter the code", ""), Recovery: recovery, Next: wanted}
	p.Person = staff.Person{} // whoever was signed in before: this page is outside
	p.Code = field{
		Name: "code", Label: "Code", Hint: "The six digits that your authenticator shows now.", Required: true, Autofocus: true, Plain: true, Mono: true,
		InputMode: "numeric", Autocomplete: "one-time-code", MaxLength: 30,
	}
	to := url.Values{}
	if recovery {
		p.Title, p.Code.Label, p.Code.Hint = "Enter a recovery code", "Recovery code", "One of the ten that you kept when you set up your second factor. Each works once."
		p.Code.InputMode, p.Code.Autocomplete = "", "off"
	} else {
		to.Set("with", "recovery")
	}
	if wanted != "" {
		to.Set("next", wanted)
	}
	p.Other = codePath
	if len(to) > 0 {
		p.Other += "?" + to.Encode()
	}
	return p
}

// staffCodeShow handles GET /admin/login/code.
func (s *Server) staffCodeShow(c *gin.Context) error {
	_, err := staff.FindStep(c.Request.Context(), s.Pool, s.stepToken(c))
	if errors.Is(err, staff.ErrStepOver) {
		return s.stepOver(c, c.Query("next"))
	}
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/signin_code", s.newCodePage(c, c.Query("next"), c.Query("with") == "recovery"))
}

// stepOver sends back to the first step.
func (s *Server) stepOver(c *gin.Context, wanted string) error {
	s.setCookie(c, s.stepCookie(c), "", -1)
	s.setFlash(c, staff.ErrStepOver.Message)
	return s.redirect(c, "/admin/login"+nextQuery(doorStaff, wanted))
}

// staffCode handles POST /admin/login/code.
func (s *Server) staffCode(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	in, err := staff.EnterCode(c.Request.Context(), s.Pool, s.Cards, staff.CodeAttempt{
		Step: s.stepToken(c), Code: form.Get("code"), Address: address(c), RequestID: requestID(c),
		Device: s.deviceHash(c, doorStaff),
	})
	if errors.Is(err, staff.ErrStepOver) {
		return s.stepOver(c, form.Get("next"))
	}
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		p := s.newCodePage(c, form.Get("next"), form.Get("with") == "recovery")
		p.Mistakes = explain(err, &p.Code)
		return s.render(c, redeemStatus(err), "admin/signin_code", p)
	}
	s.setCookie(c, s.stepCookie(c), "", -1)
	if err := s.startSession(c, doorStaff, in); err != nil {
		return err
	}
	return s.redirect(c, next(doorStaff, form.Get("next")))
}
