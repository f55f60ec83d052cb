package kit

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/signin"
)

// sessionsPage lists the browsers in which a person is signed in, at either door.
type sessionsPage struct {
	Page
	Rows   []sessionRow
	Others int    // number of sessions besides that of the request
	EndAll string // URL that ends these
}

// sessionRow is one session, shown as its browser.
type sessionRow struct {
	Browser string
	Address string
	Since   time.Time
	SeenAt  time.Time
	Own     bool   // the session of the request
	End     string // address that signs it out
}

// ShowSessions renders the list of a person's sessions. at is the URL of the page, section
// the menu entry that it belongs to.
func (s *Kit) ShowSessions(c *gin.Context, at, section, view string, idle time.Duration) error {
	p := &sessionsPage{Page: s.Page(c, lang.M("Where you are signed in"), section), EndAll: at + "/others/end"}
	actor, own := s.Actor(c), s.SessionID(c)
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
	return s.Render(c, http.StatusOK, view, p)
}

// errNoSession is the error for a session that has ended or belongs to another person.
var errNoSession = fault.New(fault.NotFound, "session_missing", "That sign-in is over already. Go back and load the page again.")

// EndOneSession ends the session whose id is in the URL, if it belongs to the person.
func (s *Kit) EndOneSession(c *gin.Context, at string, ended func(n int64) act.Act) error {
	id, _ := strconv.ParseInt(c.Param("id"), 10, 64) // 0 if it is not a number, which no session has
	actor := s.Actor(c)
	return s.endSessions(c, at, ended, lang.M("It is signed out."), func(ctx context.Context, tx pgx.Tx) (int64, error) {
		n, err := db.New().SessionEnd(ctx, tx, db.SessionEndParams{ID: id, StaffID: actor.Staff(), CustomerID: actor.Customer()})
		if err == nil && n == 0 {
			err = errNoSession
		}
		return n, err
	})
}

// EndOtherSessions ends all sessions of a person except that of the request, and forgets
// the other browsers.
func (s *Kit) EndOtherSessions(c *gin.Context, at string, ended func(n int64) act.Act) error {
	actor := s.Actor(c)
	return s.endSessions(c, at, ended, lang.M("You are signed out everywhere else."), func(ctx context.Context, tx pgx.Tx) (int64, error) {
		owner, d := signin.Owner{StaffID: actor.Person(), CustomerID: actor.CustomerID()}, DoorStaff
		if actor.CustomerID() != 0 {
			d = DoorCustomer
		}
		if err := signin.ForgetDevices(ctx, tx, owner, s.DeviceHash(c, d)); err != nil {
			return 0, err
		}
		return db.New().SessionEndOthers(ctx, tx, db.SessionEndOthersParams{Own: s.SessionID(c), StaffID: actor.Staff(), CustomerID: actor.Customer()})
	})
}

// endSessions calls do, which ends sessions and returns their number. It records an audit
// row if any has ended, and redirects to at with the message said.
func (s *Kit) endSessions(c *gin.Context, at string, ended func(n int64) act.Act, said string, do func(ctx context.Context, tx pgx.Tx) (int64, error)) error {
	ctx := c.Request.Context()
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		n, err := do(ctx, tx)
		if err != nil || n == 0 {
			return err
		}
		return act.Record(ctx, tx, s.Actor(c), ended(n))
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	s.SetFlash(c, ToneGood, said)
	return s.Redirect(c, at)
}

// browserName returns the browser and the system that a User-Agent header names, as far as
// they are known: "Firefox on Windows". Browsers also name others for compatibility, so the
// order of the checks matters.
func browserName(agent string) string {
	first := func(otherwise string, pairs ...string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return otherwise
	}
	browser := first("", lang.M("Edg"), lang.M("Edge"), "OPR/", lang.M("Opera"), "SamsungBrowser/", lang.M("Samsung Internet"), "Firefox/", lang.M("Firefox"), "FxiOS/", lang.M("Firefox"),
		"CriOS/", lang.M("Chrome"), "Chrome/", lang.M("Chrome"), "Version/", lang.M("Safari"))
	system := first("", "iPhone", "iPhone", "iPad", "iPad", lang.M("Android"), lang.M("Android"), lang.M("Windows"), lang.M("Windows"), "CrOS", "ChromeOS", lang.M("Mac OS X"), lang.M("Mac"), lang.M("Linux"), lang.M("Linux"))
	switch {
	case browser == "" && system == "":
		return lang.M("Unknown browser")
	case browser == "":
		return lang.M("Unknown browser on ") + system
	case system == "":
		return browser
	}
	return browser + " on " + system
}
