package kit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
)

// Errors of the middleware.
var (
	ErrNotFound  = fault.New(fault.NotFound, "not_found", "There is nothing at this address, or it isn't yours to see.")
	ErrMalformed = fault.New(fault.Invalid, "malformed", "The request holds characters that can't be read. Type it again.")
	ErrCrossSite = fault.New(fault.Forbidden, "cross_site", "This came from another site's page. Nothing was changed. Open the portal itself and do it there.")
	ErrMethod    = errors.New("method not allowed")
	ErrTooSlow   = errors.New("the visitor has waited long enough")
	ErrPanic     = errors.New("panic")
)

// SignInNeededError says that the visitor must sign in first.
type SignInNeededError struct{ Door Door }

// Error implements error.
func (SignInNeededError) Error() string { return "sign-in needed" }

// DetourError says that the visitor must do something else first, such as set up a second
// factor.
type DetourError struct {
	To       string // address where they do it
	Event    string // event that answers a background request of a page
	Heading  string // of the error page for a request that is not redirected, such as a POST
	Messages []string
}

// Error implements error.
func (e DetourError) Error() string { return e.Event }

// ForbiddenError says which permission is missing.
type ForbiddenError struct{ Permission staff.Permission }

// Error implements error.
func (e ForbiddenError) Error() string { return "not permitted to " + string(e.Permission) }

// answer is the text of an error page or error notice.
type answer struct {
	status   int
	heading  string
	messages []string
	codes    []string // of the faults in messages
	showID   bool
}

// answerOf returns the text for an outcome. err is the error that the outcome was made of.
func answerOf(o Outcome, err error) answer {
	a := answer{status: o.Status, codes: o.Codes(), showID: o.ShowID}
	if len(o.Faults) > 0 {
		a.heading = headings[o.Faults[0].Kind]
		for _, f := range o.Faults {
			a.messages = append(a.messages, f.Text())
		}
		return a
	}
	var message string
	switch o.Code {
	case codeMethod:
		a.heading, message = lang.M("This page can't be asked for that way"), lang.M("Go back and use the buttons and links of the page.")
	case codeTooLarge:
		a.heading, message = lang.M("That is too much text"), lang.M("A form can hold up to 64 KB. Shorten what you typed and send it again.")
		if limit, _ := errors.AsType[*http.MaxBytesError](err); limit.Limit > MaxBody {
			a.heading, message = lang.M("That file is too large"), lang.M("Nothing was changed. Go back and choose a smaller file; the form says how large it may be.")
		}
	case codePermission:
		forbidden, _ := errors.AsType[ForbiddenError](err)
		a.heading = lang.M("You don't have this permission")
		message = lang.M("Your role doesn't let you ") + forbidden.Permission.Words() + lang.M(". An administrator can change your role.")
	case codeNotArrived:
		a.heading, message = lang.M("What you sent did not arrive"), lang.M("The line was too slow, or broke off. Nothing was changed. Send it again.")
	case codeUnreachable:
		a.heading = lang.M("The portal can't reach its database")
		message = lang.M("Wait a minute, then load the page again. If you were sending something, check afterwards whether it went through.")
	default:
		a.heading = lang.M("The portal made a mistake")
		message = lang.M("It has been logged. Try again; if it happens again, quote the number below to the people who run the portal.")
	}
	a.messages = []string{message}
	return a
}

// headings holds the heading for each kind of fault.
var headings = map[fault.Kind]string{ //nolint:gochecknoglobals // a table
	fault.Invalid:   lang.M("That can't be done as it stands"),
	fault.NotFound:  lang.M("Page not found"),
	fault.Forbidden: lang.M("That isn't permitted"),
	fault.Conflict:  lang.M("That can't be done any more"),
	fault.Limited:   lang.M("Too many tries"),
	fault.Unsettled: lang.M("It isn't known yet whether this went through"),
}

// StatusHungUp is the status, for the log alone, of a request whose client has closed the
// connection.
const StatusHungUp = 499

// Prepare returns the error that a response is made of. over says that no response can be
// written any more: a part of one is sent, or the client has closed the connection.
func (s *Kit) Prepare(c *gin.Context, err error) (_ error, over bool) {
	if c.Writer.Written() {
		level := slog.LevelWarn
		if c.Request.Context().Err() != nil && !errors.Is(context.Cause(c.Request.Context()), ErrTooSlow) {
			level = slog.LevelInfo // the client has closed the connection
		}
		s.Log.LogAttrs(c.Request.Context(), level, "failed half-way through an answer",
			slog.Any("error", err), slog.String("route", c.FullPath()), slog.String("request_id", RequestID(c)))
		return err, true
	}
	if errors.Is(context.Cause(c.Request.Context()), ErrTooSlow) {
		if fault.IsInternal(err) {
			err = fmt.Errorf("%w: %w", ErrTooSlow, err)
		}
	} else if c.Request.Context().Err() != nil && errors.Is(err, context.Canceled) {
		c.Status(StatusHungUp)
		return err, true
	}
	return err, false
}

// Fail writes the response of a page for an error of a handler or of the middleware. Of
// pages, it is the only place where errors become responses.
func (s *Kit) Fail(c *gin.Context, err error) {
	err, over := s.Prepare(c, err)
	if over {
		return
	}
	if s.failItself(c, err) {
		return
	}
	if needed, ok := errors.AsType[SignInNeededError](err); ok {
		s.sendToDoor(c, needed.Door)
		return
	}
	if first, ok := errors.AsType[DetourError](err); ok {
		s.sendOn(c, first)
		return
	}
	o := OutcomeOf(err, s.Now())
	s.Log.LogAttrs(c.Request.Context(), o.Level, "refused",
		slog.Int("status", o.Status), slog.Any("error", err),
		slog.String("route", c.FullPath()), slog.String("request_id", RequestID(c)))
	o.writeHeader(c.Writer.Header())
	s.showProblem(c, repeatably(c, o, answerOf(o, err)))
}

// repeatably says, where the database does not answer and the form has an idempotency key,
// that the form may be sent again.
func repeatably(c *gin.Context, o Outcome, a answer) answer {
	if o.Code != codeUnreachable || !c.GetBool(KeyRepeatable) {
		return a
	}
	a.heading = lang.M("The portal can’t answer right now")
	a.messages = []string{lang.M("Your code is still in the form. Wait a moment and press the button again: that is safe, because a card moves its value once only.")}
	if !wantsFragment(c) {
		a.messages = []string{lang.M("Wait a moment, go back to the form and press the button again: that is safe, because a card moves its value once only.")}
	}
	return a
}

// failItself answers a background request of a page whose person is signed out or must do
// something else first. The response is an event that names the reason, so that the page
// keeps everything that is typed on it. For every other error it writes nothing and returns
// false.
func (s *Kit) failItself(c *gin.Context, err error) bool {
	why := ""
	if needed, ok := errors.AsType[SignInNeededError](err); ok && needed.Door == DoorStaff {
		why = "signed-out"
	} else if first, ok := errors.AsType[DetourError](err); ok {
		why = first.Event
	}
	if why == "" || !IsHTMX(c) || !byItself(c) {
		return false
	}
	if c.FullPath() != EventsPath {
		c.Header("HX-Trigger", why)
		c.Status(http.StatusNoContent)
		return true
	}
	// The browser would reconnect to a refused stream again and again. Only an accepted
	// stream can deliver the event with the reason.
	c.Header("Content-Type", "text/event-stream")
	c.String(http.StatusOK, "retry: 30000\nevent: %s\ndata:\n\n", why)
	return true
}

// problemPage is the data of an error page or error notice.
type problemPage struct {
	Page
	Heading  string
	Messages []string
	Faults   string // codes of the faults in Messages
	ID       string // of the request, to quote to the operator; empty: not shown
	Status   int
	SignIn   string // address of the sign-in; empty: a sign-in does not help
	// Passing says that a GET failed with a server error, usually a refresh in the
	// background. The next refresh that succeeds removes the notice.
	Passing bool
}

// showProblem renders an answer. An HTMX request gets a notice at the top of its page, any
// other request a whole page.
func (s *Kit) showProblem(c *gin.Context, a answer) {
	p := &problemPage{Page: s.Page(c, a.heading, ""), Heading: a.heading, Messages: a.messages, Status: a.status, Faults: strings.Join(a.codes, " ")}
	if a.showID {
		p.ID = RequestID(c)
	}
	view := "portal/problem"
	if OnAdminSide(c) {
		view = "admin/problem"
	} else if p.Visitor.ID == 0 && a.status < http.StatusInternalServerError {
		if err := s.Dress(c, &p.Page, ""); err != nil {
			s.Log.LogAttrs(c.Request.Context(), slog.LevelWarn, "an error page has no brand", slog.Any("error", err))
		}
		if a.status == http.StatusUnauthorized {
			p.SignIn = "/portal/login" + NextQuery(DoorCustomer, c.Request.URL.Path)
		}
	}
	p.Passing = c.Request.Method == http.MethodGet && a.status >= http.StatusInternalServerError
	var err error
	if wantsFragment(c) {
		// The target that the request names may be a table row, where a notice does not
		// fit.
		c.Header("HX-Retarget", "#notice")
		c.Header("HX-Reswap", "innerHTML show:#notice:top")
		err = s.Fragment(c, a.status, view, "problem-notice", p)
	} else {
		err = s.Render(c, a.status, view, p)
	}
	if err != nil {
		s.Log.LogAttrs(c.Request.Context(), slog.LevelError, "the error page failed", slog.Any("error", err))
		c.String(a.status, "%s\n", a.heading)
	}
}

// sendToDoor asks the visitor to sign in. A GET and an HTMX request are redirected to the
// sign-in page. Any other request gets an error page, because a redirect would lose the
// data that it sent.
func (s *Kit) sendToDoor(c *gin.Context, d Door) {
	login := "/admin/login"
	if d == DoorCustomer {
		login = "/portal/login"
	}
	s.saySignedOut(c, d)
	if IsHTMX(c) {
		// The sign-in leads back to the page, not to the fragment that was requested.
		if current, err := url.Parse(c.GetHeader("HX-Current-URL")); err == nil {
			login += NextQuery(d, current.RequestURI())
		}
		c.Header("HX-Redirect", login)
		c.Status(http.StatusUnauthorized)
		return
	}
	if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead {
		c.Redirect(http.StatusSeeOther, login+NextQuery(d, c.Request.URL.RequestURI()))
		return
	}
	a := answer{
		status: http.StatusUnauthorized, heading: lang.M("You are signed out"),
		messages: []string{lang.M("What you sent was not carried out. Sign in, then send it again.")},
	}
	if c.GetBool(KeyRepeatable) {
		a.heading, a.messages = lang.M("You were signed out"), []string{lang.M("Nothing was redeemed. Sign in, then redeem the card.")}
	}
	s.showProblem(c, a)
}

// saySignedOut makes the sign-in page say why it is shown, where it follows by a redirect. A
// form that was sent without HTMX gets a page of its own, which says it.
func (s *Kit) saySignedOut(c *gin.Context, d Door) {
	reads := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
	switch {
	case !reads && !IsHTMX(c):
	case !reads && c.GetBool(KeyRepeatable) && d == DoorCustomer:
		s.SetFlash(c, ToneWarn, lang.M("You were signed out; nothing was redeemed. Sign in, then press Redeem again."))
	case !reads:
		s.SetFlash(c, ToneWarn, lang.M("You were signed out. What you sent was not carried out."))
	case d == DoorCustomer && s.TokenHash(c, DoorCustomer) != nil:
		s.SetFlash(c, ToneWarn, lang.M("You were signed out. Sign in to go on."))
	}
}

// sendOn answers a DetourError: by a redirect for a GET or an HTMX request, otherwise by an
// error page.
func (s *Kit) sendOn(c *gin.Context, first DetourError) {
	switch {
	case IsHTMX(c):
		c.Header("HX-Redirect", first.To)
		c.Status(http.StatusForbidden)
	case c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead:
		c.Redirect(http.StatusSeeOther, first.To)
	default:
		s.showProblem(c, answer{status: http.StatusForbidden, heading: first.Heading, messages: first.Messages})
	}
}

// OnAdminSide reports whether the requested URL belongs to the staff pages.
func OnAdminSide(c *gin.Context) bool {
	return c.Request.URL.Path == "/admin" || strings.HasPrefix(c.Request.URL.Path, "/admin/")
}
