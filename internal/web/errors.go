package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgconn"

	"refill/internal/fault"
	"refill/internal/staff"
)

// What the layers themselves refuse with.
var (
	errNotFound  = fault.New(fault.NotFound, "not_found", "There is nothing at this address, or it isn't yours to see.")
	errMalformed = fault.New(fault.Invalid, "malformed", "The request holds characters that can't be read. Type it again.")
	errCrossSite = fault.New(fault.Forbidden, "cross_site", "This came from another site's page. Nothing was changed. Open the portal itself and do it there.")
	errMethod    = errors.New("method not allowed")
	errTooSlow   = errors.New("the visitor has waited long enough")
	errPanic     = errors.New("panic")
)

// signInNeededError says that the visitor must sign in first.
type signInNeededError struct{ door door }

// Error implements error.
func (signInNeededError) Error() string { return "sign-in needed" }

// forbiddenError says which permission is missing.
type forbiddenError struct{ permission staff.Permission }

// Error implements error.
func (e forbiddenError) Error() string { return "not permitted to " + string(e.permission) }

// answer is what a visitor gets instead of what they asked for.
type answer struct {
	status   int
	heading  string
	messages []string
	level    slog.Level
	showID   bool // the visitor may quote the id; never where answers must not differ
}

// classify is the error table: which status and which words an error becomes.
func classify(err error) answer {
	limit, tooLarge := errors.AsType[*http.MaxBytesError](err)
	forbidden, isForbidden := errors.AsType[forbiddenError](err)
	switch {
	case errors.Is(err, errMethod):
		return answer{
			http.StatusMethodNotAllowed, "This page can't be asked for that way",
			[]string{"Go back and use the buttons and links of the page."},
			slog.LevelInfo, false,
		}
	case tooLarge && limit.Limit > maxBody:
		return answer{
			http.StatusRequestEntityTooLarge, "That file is too large",
			[]string{"Nothing was changed. Go back and choose a smaller file; the form says how large it may be."},
			slog.LevelInfo, false,
		}
	case tooLarge:
		return answer{
			http.StatusRequestEntityTooLarge, "That is too much text",
			[]string{"A form can hold up to 64 KB. Shorten what you typed and send it again."},
			slog.LevelInfo, false,
		}
	case isForbidden:
		return answer{
			http.StatusForbidden, "You don't have this permission",
			[]string{"Your role doesn't let you " + forbidden.permission.Words() + ". An administrator can change your role."},
			slog.LevelWarn, false,
		}
	case errors.Is(err, errMalformed) && unreachable(err): // by the visitor
		return answer{
			http.StatusRequestTimeout, "What you sent did not arrive",
			[]string{"The line was too slow, or broke off. Nothing was changed. Send it again."},
			slog.LevelInfo, false,
		}
	case unreachable(err):
		return answer{
			http.StatusServiceUnavailable, "The portal can't reach its database",
			[]string{"Wait a minute, then load the page again. If you were sending something, check afterwards whether it went through."},
			slog.LevelError, true,
		}
	}
	if a, ok := classifyFault(err); ok {
		return a
	}
	return answer{
		http.StatusInternalServerError, "The portal made a mistake",
		[]string{"It has been logged. Try again; if it happens again, quote the number below to whoever runs the portal."},
		slog.LevelError, true,
	}
}

// classifyFault turns the kinds of faults into statuses.
func classifyFault(err error) (answer, bool) {
	var messages []string
	for _, f := range fault.All(err) {
		messages = append(messages, f.Message)
	}
	switch fault.KindOf(err) {
	case fault.Invalid:
		return answer{http.StatusUnprocessableEntity, "That can't be done as it stands", messages, slog.LevelInfo, false}, true
	case fault.NotFound:
		return answer{http.StatusNotFound, "Page not found", messages, slog.LevelInfo, false}, true
	case fault.Forbidden:
		return answer{http.StatusForbidden, "That isn't permitted", messages, slog.LevelWarn, false}, true
	case fault.Conflict:
		return answer{http.StatusConflict, "That can't be done any more", messages, slog.LevelInfo, false}, true
	case fault.Limited:
		return answer{http.StatusTooManyRequests, "Too many tries", messages, slog.LevelWarn, false}, true
	case fault.Unsettled:
		return answer{http.StatusServiceUnavailable, "It isn't known yet whether this went through", messages, slog.LevelError, true}, true
	case fault.Internal:
	}
	return answer{}, false
}

// unreachable reports whether the database did not answer, or not in time.
func unreachable(err error) bool {
	var connect *pgconn.ConnectError
	var network *net.OpError
	if errors.As(err, &connect) || errors.As(err, &network) || pgconn.Timeout(err) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errTooSlow) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return true
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return false
	}
	switch pgErr.Code {
	case "57014", "55P03": // it took too long: a statement, a lock
		return true
	}
	// 08 connection, 53 out of resources, 57P shut down or starting.
	return strings.HasPrefix(pgErr.Code, "08") || strings.HasPrefix(pgErr.Code, "53") || strings.HasPrefix(pgErr.Code, "57P")
}

// fail answers with an error: the one place where that happens.
func (s *Server) fail(c *gin.Context, err error) {
	if c.Writer.Written() {
		s.Log.LogAttrs(c.Request.Context(), slog.LevelWarn, "failed half-way through an answer",
			slog.Any("error", err), slog.String("route", c.FullPath()), slog.String("request_id", requestID(c)))
		return
	}
	if errors.Is(context.Cause(c.Request.Context()), errTooSlow) {
		if fault.IsInternal(err) {
			err = fmt.Errorf("%w: %w", errTooSlow, err)
		}
	} else if c.Request.Context().Err() != nil && errors.Is(err, context.Canceled) {
		c.Status(499) // the visitor left; nobody reads the answer, the log line says why it is short
		return
	}
	if s.failItself(c, err) {
		return
	}
	if needed, ok := errors.AsType[signInNeededError](err); ok {
		s.sendToDoor(c, needed.door)
		return
	}
	if errors.Is(err, factorNeededError{}) {
		s.sendToFactor(c)
		return
	}
	a := classify(err)
	s.Log.LogAttrs(c.Request.Context(), a.level, "refused",
		slog.Int("status", a.status), slog.Any("error", err),
		slog.String("route", c.FullPath()), slog.String("request_id", requestID(c)))
	if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "30")
	}
	s.showProblem(c, a)
}

// failItself answers what a page asked for by itself and whoever sits before it may
// not have any more: the page hears why, and stays with all that is typed on it. It
// reports whether that was so.
func (s *Server) failItself(c *gin.Context, err error) bool {
	why := ""
	if needed, ok := errors.AsType[signInNeededError](err); ok && needed.door == doorStaff {
		why = "signed-out"
	} else if errors.Is(err, factorNeededError{}) {
		why = "factor-needed"
	}
	if why == "" || !isHTMX(c) || !byItself(c) {
		return false
	}
	if c.FullPath() != eventsPath {
		c.Header("HX-Trigger", why)
		c.Status(http.StatusNoContent)
		return true
	}
	// A refused stream would be tried again and again; one that says why is heard.
	c.Header("Content-Type", "text/event-stream")
	c.String(http.StatusOK, "retry: 30000\nevent: %s\ndata:\n\n", why)
	return true
}

// problemPage is what a visitor sees of an error.
type problemPage struct {
	page
	Heading  string
	Messages []string
	ID       string // what to quote; empty: nothing was logged that they need
	Status   int
	// Passing: a refresh in the background failed; the next that works takes the
	// notice away.
	Passing bool
}

// showProblem renders an answer: a whole page, or for htmx a notice at the top
// of the page that asked.
func (s *Server) showProblem(c *gin.Context, a answer) {
	p := &problemPage{page: s.page(c, a.heading, ""), Heading: a.heading, Messages: a.messages, Status: a.status}
	if a.showID {
		p.ID = requestID(c)
	}
	view := "portal/problem"
	if onAdminSide(c) {
		view = "admin/problem"
	}
	p.Passing = c.Request.Method == http.MethodGet && a.status >= http.StatusInternalServerError
	var err error
	if wantsFragment(c) {
		// The target asked for may be a table row; a notice does not belong there.
		c.Header("HX-Retarget", "#notice")
		c.Header("HX-Reswap", "innerHTML show:#notice:top")
		err = s.fragment(c, a.status, view, "problem-notice", p)
	} else {
		err = s.render(c, a.status, view, p)
	}
	if err != nil {
		s.Log.LogAttrs(c.Request.Context(), slog.LevelError, "the error page failed", slog.Any("error", err))
		c.String(a.status, "%s\n", a.heading)
	}
}

// sendToDoor asks for a sign-in: by redirect where the visitor was reading, by a
// page where they were sending, because what they sent cannot be sent again by a
// redirect.
func (s *Server) sendToDoor(c *gin.Context, d door) {
	login := "/admin/login"
	if d == doorCustomer {
		login = "/portal/login"
	}
	if isHTMX(c) {
		// Back to the page, not to the fragment that it asked for.
		if current, err := url.Parse(c.GetHeader("HX-Current-URL")); err == nil {
			login += nextQuery(d, current.RequestURI())
		}
		c.Header("HX-Redirect", login)
		c.Status(http.StatusUnauthorized)
		return
	}
	if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead {
		c.Redirect(http.StatusSeeOther, login+nextQuery(d, c.Request.URL.RequestURI()))
		return
	}
	s.showProblem(c, answer{
		status: http.StatusUnauthorized, heading: "You are signed out",
		messages: []string{"What you sent was not carried out. Sign in, then send it again."},
	})
}

// unknown answers an address that the table does not have, in the layout of who
// is signed in.
func (s *Server) unknown(c *gin.Context) error {
	var err error
	if onAdminSide(c) {
		_, err = s.findPerson(c)
	} else {
		_, err = s.findVisitor(c)
	}
	if err != nil {
		return err
	}
	return errNotFound
}

// onAdminSide reports whether an address belongs to staff.
func onAdminSide(c *gin.Context) bool {
	return c.Request.URL.Path == "/admin" || strings.HasPrefix(c.Request.URL.Path, "/admin/")
}
