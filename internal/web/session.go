package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/staff"
)

// How long a session lasts: without a request, and at most. Staff share desks
// and handle money; customers come back from their phone.
const (
	staffIdle        = 2 * time.Hour
	staffLifetime    = 12 * time.Hour
	customerIdle     = 24 * time.Hour
	customerLifetime = 7 * 24 * time.Hour
)

// visitor is a customer who is signed in to the portal.
type visitor struct {
	ID        int64
	Username  string
	Name      string
	PartnerID int64
	Brand     string
	// Zone is the partner's time zone, for dates on the page.
	Zone *time.Location
	// RefillCard says that the partner's customers may redeem in the portal.
	RefillCard bool
	// Look is what the partner's customers see of it.
	Look look
}

// cookieName keeps the two doors apart: a cashier may have an account of their
// own. Over HTTPS the prefix makes browsers refuse a cookie that a neighbouring
// host has planted.
func (s *Server) cookieName(c *gin.Context, d door) string {
	name := "refill-staff"
	if d == doorCustomer {
		name = "refill-portal"
	}
	return s.hostCookie(c, name)
}

// hostCookie is the name of a cookie of ours as this request has it.
func (s *Server) hostCookie(c *gin.Context, name string) string {
	if s.overTLS(c.Request) {
		return "__Host-" + name
	}
	return name
}

// person returns the member of staff that the route has let in.
func (s *Server) person(c *gin.Context) staff.Person {
	p, _ := c.Value(keyPerson).(staff.Person)
	return p
}

// visitor returns the customer that the route has let in.
func (s *Server) visitor(c *gin.Context) visitor {
	v, _ := c.Value(keyVisitor).(visitor)
	return v
}

// session returns the id of the session that the request came with.
func (s *Server) session(c *gin.Context) int64 { return c.GetInt64(keySession) }

// actor returns who acts in this request, for domain functions and audit rows.
func (s *Server) actor(c *gin.Context) audit.Actor {
	a := audit.Actor{Address: address(c), RequestID: requestID(c)}
	if p := s.person(c); p.ID != 0 {
		a.StaffID, a.Scope = p.ID, p.Scope
	} else if v := s.visitor(c); v.ID != 0 {
		a.CustomerID, a.Scope = v.ID, audit.Scope{PartnerIDs: []int64{v.PartnerID}}
	}
	return a
}

// findPerson looks up the member of staff whose cookie came along; the zero
// Person where there is none.
func (s *Server) findPerson(c *gin.Context) (staff.Person, error) {
	hash := s.tokenHash(c, doorStaff)
	if hash == nil {
		return staff.Person{}, nil
	}
	ctx := c.Request.Context()
	row, err := db.New().SessionGetStaff(ctx, s.Pool, db.SessionGetStaffParams{TokenHash: hash, Idle: staffIdle})
	if errors.Is(err, pgx.ErrNoRows) {
		return staff.Person{}, nil
	}
	if err != nil {
		return staff.Person{}, fmt.Errorf("find the session: %w", err)
	}
	c.Set(keySession, row.SessionID)
	if row.Renew { // their rights have changed
		if err := s.renewSession(c, doorStaff, true); err != nil {
			return staff.Person{}, err
		}
	}
	if row.Stale && !byItself(c) {
		if err := db.New().SessionTouch(ctx, s.Pool, row.SessionID); err != nil {
			return staff.Person{}, fmt.Errorf("touch the session: %w", err)
		}
		if err := db.New().StaffSeen(ctx, s.Pool, row.ID); err != nil {
			return staff.Person{}, fmt.Errorf("note that staff was seen: %w", err)
		}
	}
	person := staff.Person{
		ID: row.ID, Username: row.Username, Name: row.Name, RoleName: row.RoleName, Everything: row.Everything, Permissions: row.Permissions,
		SecondFactor: row.SecondFactor,
		Scope:        audit.Scope{AllPartners: row.AllPartners, PartnerIDs: row.PartnerIds},
	}
	c.Set(keyPerson, person)
	return person, nil
}

// refreshing are the elements of staff pages that fetch themselves anew, by the clock
// or when an event is heard.
var refreshing = map[string]bool{ //nolint:gochecknoglobals // a table that nobody changes
	"tray": true, "menu-count": true, "series-rows": true, "series-live": true, "series-files": true, "change-live": true,
	"import-live": true, "customer-import-live": true, "approvals-live": true, "jobs-live": true, "checks-live": true,
}

// byItself reports whether a page asks, not the person before it. A page that lies
// open on a desk is not in use: others' work would keep its session awake for ever.
func byItself(c *gin.Context) bool {
	if c.Request.URL.Path == eventsPath {
		return true
	}
	_, id, _ := strings.Cut(c.GetHeader("HX-Source"), "#")
	return c.Request.Method == http.MethodGet && isHTMX(c) && refreshing[id]
}

// findVisitor looks up the customer whose cookie came along; the zero visitor
// where there is none.
func (s *Server) findVisitor(c *gin.Context) (visitor, error) {
	hash := s.tokenHash(c, doorCustomer)
	if hash == nil {
		return visitor{}, nil
	}
	ctx := c.Request.Context()
	row, err := db.New().SessionGetCustomer(ctx, s.Pool, db.SessionGetCustomerParams{TokenHash: hash, Idle: customerIdle})
	if errors.Is(err, pgx.ErrNoRows) {
		return visitor{}, nil
	}
	if err != nil {
		return visitor{}, fmt.Errorf("find the session: %w", err)
	}
	c.Set(keySession, row.SessionID)
	if row.Stale {
		if err := db.New().SessionTouch(ctx, s.Pool, row.SessionID); err != nil {
			return visitor{}, fmt.Errorf("touch the session: %w", err)
		}
	}
	v := visitor{
		ID: row.ID, Username: row.Username, Name: row.Name, PartnerID: row.PartnerID,
		Brand: row.Brand, Zone: zone(row.TimeZone), RefillCard: row.PortalRefillCard,
	}
	if v.Brand == "" {
		v.Brand = row.PartnerName
	}
	v.Look = newLook(row.PartnerID, row.LookVersion, row.Accent, row.Slug, row.LogoWidth, row.LogoHeight)
	v.Look.Welcome, v.Look.Help = row.Welcome, row.Help
	c.Set(keyVisitor, v)
	return v, nil
}

// tokenHash returns what the table knows the request's cookie by; nil where
// there is no cookie that could be one of ours.
func (s *Server) tokenHash(c *gin.Context, d door) []byte {
	cookie, err := c.Request.Cookie(s.cookieName(c, d))
	if err != nil {
		return nil
	}
	token, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || len(token) != 32 {
		return nil
	}
	hash := sha256.Sum256(token)
	return hash[:]
}

// startSession signs somebody in: always with a new token, so that one planted
// before is worth nothing; the one that came along ends. Where their sign-ins were all
// ended while theirs was being checked, it is over too.
func (s *Server) startSession(c *gin.Context, d door, in staff.Entry) error {
	token, hash := newToken()
	var from *netip.Addr
	if a := address(c); a.IsValid() {
		from = &a
	}
	agent, lifetime := cut(c.Request.UserAgent(), 200), staffLifetime
	if d == doorCustomer {
		lifetime = customerLifetime
	}
	ctx := c.Request.Context()
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		// Whoever ends sessions locks first who has them, then these: so here as well.
		var n int64
		var err error
		if d == doorCustomer {
			n, err = db.New().SessionCreateCustomer(ctx, tx, db.SessionCreateCustomerParams{
				TokenHash: hash, CustomerID: in.ID, ShutOut: in.ShutOut, Lifetime: lifetime, Address: from, UserAgent: agent,
			})
		} else if err = db.New().StaffSeen(ctx, tx, in.ID); err == nil {
			n, err = db.New().SessionCreateStaff(ctx, tx, db.SessionCreateStaffParams{
				TokenHash: hash, StaffID: in.ID, ShutOut: in.ShutOut, Lifetime: lifetime, Address: from, UserAgent: agent,
			})
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return staff.ErrStepOver
		}
		if old := s.tokenHash(c, d); old != nil {
			return db.New().SessionDelete(ctx, tx, old)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	s.setCookie(c, s.cookieName(c, d), token, int(lifetime.Seconds()))
	s.rememberDevice(c, d, in)
	return nil
}

// newToken makes what a cookie holds, and what the table knows it by.
func newToken() (text string, hash []byte) {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // never fails: package crypto/rand ends the program first
	sum := sha256.Sum256(token)
	return base64.RawURLEncoding.EncodeToString(token), sum[:]
}

// renewSession goes on under another token, so that one which was copied before is
// worth nothing from now on. It ends when it would have ended. With grace, requests
// that are under way with the token before are not turned away.
func (s *Server) renewSession(c *gin.Context, d door, grace bool) error {
	token, hash := newToken()
	n, err := db.New().SessionRenew(c.Request.Context(), s.Pool, db.SessionRenewParams{TokenHash: hash, OldHash: s.tokenHash(c, d), Grace: grace})
	if err != nil {
		return fmt.Errorf("renew the session: %w", err)
	}
	if n == 0 {
		return nil // another request has, and has told the browser
	}
	lifetime := staffLifetime
	if d == doorCustomer {
		lifetime = customerLifetime
	}
	s.setCookie(c, s.cookieName(c, d), token, int(lifetime.Seconds()))
	return nil
}

// endSession signs out. Whoever copied the cookie is signed out with it.
func (s *Server) endSession(c *gin.Context, d door, action string) error {
	s.setCookie(c, s.cookieName(c, d), "", -1)
	hash := s.tokenHash(c, d)
	actor := s.actor(c)
	if hash == nil || (actor.StaffID == 0 && actor.CustomerID == 0) {
		return nil
	}
	// The browser may leave at once; the session ends all the same.
	ctx := context.WithoutCancel(c.Request.Context())
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if err := db.New().SessionDelete(ctx, tx, hash); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: action})
	})
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// setCookie sets a cookie that scripts cannot read; maxAge below zero removes it.
func (s *Server) setCookie(c *gin.Context, name, value string, maxAge int) {
	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // Secure follows how the portal is reached; a local demo has no TLS
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.overTLS(c.Request),
	})
}

// cut shortens a text to n bytes of whole characters.
func cut(text string, n int) string {
	if !sound(text) {
		return ""
	}
	for len(text) > n {
		runes := []rune(text)
		text = string(runes[:min(n, len(runes)-1)])
	}
	return text
}
