package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// sessionsPage is where somebody is signed in: at either door.
type sessionsPage struct {
	page
	Rows   []sessionRow
	Others int    // how many besides this one
	EndAll string // address that ends them
}

// sessionRow is one browser.
type sessionRow struct {
	Browser string
	Address string
	Since   time.Time
	SeenAt  time.Time
	Own     bool   // this one
	End     string // address that signs it out
}

// staffSessions handles GET /admin/account/sessions.
func (s *Server) staffSessions(c *gin.Context) error {
	return s.showSessions(c, sectionSessions, "admin/session_list", staffIdle)
}

// portalSessions handles GET /portal/sessions.
func (s *Server) portalSessions(c *gin.Context) error {
	return s.showSessions(c, sectionDevices, "portal/session_list", customerIdle)
}

func (s *Server) showSessions(c *gin.Context, at, view string, idle time.Duration) error {
	section := at
	if at == sectionSessions {
		section = sectionAccount
	}
	p := &sessionsPage{page: s.page(c, "Where you are signed in", section), EndAll: at + "/others/end"}
	actor, own := s.actor(c), s.session(c)
	rows, err := db.New().SessionList(c.Request.Context(), s.Pool, db.SessionListParams{StaffID: actor.Staff(), CustomerID: actor.Customer(), Idle: idle, Own: own})
	if err != nil {
		return err
	}
	for _, r := range rows {
		row := sessionRow{
			Browser: browserName(r.UserAgent), Address: "unknown", Since: r.CreatedAt, SeenAt: r.SeenAt,
			Own: r.ID == own, End: fmt.Sprintf("%s/%d/end", at, r.ID),
		}
		if r.Address != nil {
			row.Address = r.Address.String()
		}
		p.Rows = append(p.Rows, row)
	}
	p.Others = len(p.Rows) - 1
	return s.render(c, http.StatusOK, view, p)
}

// staffSessionEnd handles POST /admin/account/sessions/:id/end.
func (s *Server) staffSessionEnd(c *gin.Context) error {
	return s.endOneSession(c, sectionSessions, "staff.session_ended")
}

// portalSessionEnd handles POST /portal/sessions/:id/end.
func (s *Server) portalSessionEnd(c *gin.Context) error {
	return s.endOneSession(c, sectionDevices, "customer.session_ended")
}

// errNoSession answers for a session that is over and for somebody else's.
var errNoSession = fault.New(fault.NotFound, "session_missing", "That sign-in is over already. Go back and load the page again.")

// endOneSession signs one browser out.
func (s *Server) endOneSession(c *gin.Context, at, action string) error {
	id, _ := strconv.ParseInt(c.Param("id"), 10, 64) // no number is nobody's
	actor := s.actor(c)
	return s.endSessions(c, at, action, "It is signed out.", func(ctx context.Context, tx pgx.Tx) (int64, error) {
		n, err := db.New().SessionEnd(ctx, tx, db.SessionEndParams{ID: id, StaffID: actor.Staff(), CustomerID: actor.Customer()})
		if err == nil && n == 0 {
			err = errNoSession
		}
		return n, err
	})
}

// staffSessionsEnd handles POST /admin/account/sessions/others/end.
func (s *Server) staffSessionsEnd(c *gin.Context) error {
	return s.endOtherSessions(c, sectionSessions, "staff.sessions_ended")
}

// portalSessionsEnd handles POST /portal/sessions/others/end.
func (s *Server) portalSessionsEnd(c *gin.Context) error {
	return s.endOtherSessions(c, sectionDevices, "customer.sessions_ended")
}

func (s *Server) endOtherSessions(c *gin.Context, at, action string) error {
	actor := s.actor(c)
	return s.endSessions(c, at, action, "You are signed out everywhere else.", func(ctx context.Context, tx pgx.Tx) (int64, error) {
		owner, d := staff.Owner{StaffID: actor.StaffID, CustomerID: actor.CustomerID}, doorStaff
		if actor.CustomerID != 0 {
			d = doorCustomer
		}
		if err := staff.ForgetDevices(ctx, tx, owner, s.deviceHash(c, d)); err != nil {
			return 0, err
		}
		return db.New().SessionEndOthers(ctx, tx, db.SessionEndOthersParams{Own: s.session(c), StaffID: actor.Staff(), CustomerID: actor.Customer()})
	})
}

// endSessions ends what do ends, with an audit row where anything did.
func (s *Server) endSessions(c *gin.Context, at, action, said string, do func(ctx context.Context, tx pgx.Tx) (int64, error)) error {
	ctx := c.Request.Context()
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		n, err := do(ctx, tx)
		if err != nil || n == 0 {
			return err
		}
		return audit.Record(ctx, tx, s.actor(c), audit.Entry{Action: action, Detail: map[string]any{"signed_out": n}})
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	s.setFlash(c, said)
	return s.redirect(c, at)
}

// browserName says in words what a User-Agent header tells, as far as it does:
// "Firefox on Windows". Browsers name their ancestors too, so the order counts.
func browserName(agent string) string {
	first := func(otherwise string, pairs ...string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return otherwise
	}
	browser := first("", "Edg", "Edge", "OPR/", "Opera", "SamsungBrowser/", "Samsung Internet", "Firefox/", "Firefox", "FxiOS/", "Firefox",
		"CriOS/", "Chrome", "Chrome/", "Chrome", "Version/", "Safari")
	system := first("", "iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "CrOS", "ChromeOS", "Mac OS X", "Mac", "Linux", "Linux")
	switch {
	case browser == "" && system == "":
		return "Unknown browser"
	case browser == "":
		return "Unknown browser on " + system
	case system == "":
		return browser
	}
	return browser + " on " + system
}
