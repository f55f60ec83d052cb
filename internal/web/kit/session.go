package kit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/signin"
	"refill/internal/staff"
)

// How long a session lasts without a request (idle), and at most (lifetime). Staff have
// shorter limits, because they share desks and handle money. Customers come back on their
// own phones.
const (
	StaffIdle        = 2 * time.Hour
	staffLifetime    = 12 * time.Hour
	CustomerIdle     = 24 * time.Hour
	customerLifetime = 7 * 24 * time.Hour
)

// Visitor is a customer who is signed in to the portal.
type Visitor struct {
	ID        int64
	Username  string
	Name      string
	PartnerID int64
	Brand     string
	// Zone is the partner's time zone, for dates on the page.
	Zone *time.Location
	// RefillCard says that the partner's customers may redeem in the portal.
	RefillCard bool
	// Look is the branding of the partner.
	Look Look
}

// cookieName returns the name of the session cookie of a door. The doors have separate
// cookies, because a member of staff may also have a customer account.
func (s *Kit) cookieName(c *gin.Context, d Door) string {
	name := "refill-staff"
	if d == DoorCustomer {
		name = "refill-portal"
	}
	return s.HostCookie(c, name)
}

// HostCookie returns the name that a cookie has in this request. Over HTTPS it has the
// prefix __Host-, which makes browsers refuse a cookie that a neighbouring host has set.
func (s *Kit) HostCookie(c *gin.Context, name string) string {
	if s.OverTLS(c.Request) {
		return "__Host-" + name
	}
	return name
}

// Person returns the signed-in member of staff of the request; the zero Person if there is
// none.
func (s *Kit) Person(c *gin.Context) staff.Person {
	p, _ := c.Value(KeyPerson).(staff.Person)
	return p
}

// Visitor returns the signed-in customer of the request; the zero Visitor if there is none.
func (s *Kit) Visitor(c *gin.Context) Visitor {
	v, _ := c.Value(KeyVisitor).(Visitor)
	return v
}

// SessionID returns the id of the request's session; 0 if there is none.
func (s *Kit) SessionID(c *gin.Context) int64 { return c.GetInt64(keySession) }

// Actor returns who acts in this request, for domain functions and audit rows.
func (s *Kit) Actor(c *gin.Context) audit.Actor {
	a := audit.Visitor()
	if p := s.Person(c); p.ID != 0 {
		a = audit.ByStaff(p.ID, p.Scope)
	} else if v := s.Visitor(c); v.ID != 0 {
		a = audit.ByCustomer(v.ID, audit.Scope{PartnerIDs: []int64{v.PartnerID}})
	}
	return a.From(Address(c), RequestID(c))
}

// FindPerson returns the member of staff whose session cookie the request has; the zero
// Person if there is none. It also gives the session a new token after a change of the
// person's permissions, and notes that the session is in use.
func (s *Kit) FindPerson(c *gin.Context) (staff.Person, error) {
	hash := s.TokenHash(c, DoorStaff)
	if hash == nil {
		return staff.Person{}, nil
	}
	ctx := c.Request.Context()
	row, found, err := db.Found(db.New().SessionGetStaff(ctx, s.Pool, db.SessionGetStaffParams{TokenHash: hash, Idle: StaffIdle}))
	if err != nil {
		return staff.Person{}, fmt.Errorf("find the session: %w", err)
	}
	if !found {
		return staff.Person{}, nil
	}
	c.Set(keySession, row.SessionID)
	if row.Renew { // their permissions have changed
		if err := s.RenewSession(c, DoorStaff, true); err != nil {
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
	c.Set(KeyPerson, person)
	return person, nil
}

// refreshing holds the ids of the elements of staff pages that reload without a click, by a
// timer or on an event.
var refreshing = map[string]bool{ //nolint:gochecknoglobals // a table
	"tray": true, "bell": true, "home-live": true, "menu-count": true, "series-rows": true, "series-live": true, "series-files": true, "change-live": true,
	"import-live": true, "customer-import-live": true, "approvals-live": true, "jobs-live": true, "checks-live": true,
}

// byItself reports whether a page has sent the request in the background, without an action
// of the person. Such a request does not count as use of the session. Otherwise the
// refreshes of an unattended page would keep its session alive for ever.
func byItself(c *gin.Context) bool {
	if c.Request.URL.Path == EventsPath {
		return true
	}
	_, id, _ := strings.Cut(c.GetHeader("HX-Source"), "#")
	return c.Request.Method == http.MethodGet && IsHTMX(c) && refreshing[id]
}

// FindVisitor returns the customer whose session cookie the request has; the zero Visitor
// if there is none. It also notes that the session is in use.
func (s *Kit) FindVisitor(c *gin.Context) (Visitor, error) {
	hash := s.TokenHash(c, DoorCustomer)
	if hash == nil {
		return Visitor{}, nil
	}
	ctx := c.Request.Context()
	row, found, err := db.Found(db.New().SessionGetCustomer(ctx, s.Pool, db.SessionGetCustomerParams{TokenHash: hash, Idle: CustomerIdle}))
	if err != nil {
		return Visitor{}, fmt.Errorf("find the session: %w", err)
	}
	if !found {
		return Visitor{}, nil
	}
	c.Set(keySession, row.SessionID)
	if row.Stale {
		if err := db.New().SessionTouch(ctx, s.Pool, row.SessionID); err != nil {
			return Visitor{}, fmt.Errorf("touch the session: %w", err)
		}
	}
	v := Visitor{
		ID: row.ID, Username: row.Username, Name: row.Name, PartnerID: row.PartnerID,
		Brand: row.Brand, Zone: Zone(row.TimeZone), RefillCard: row.PortalRefillCard,
	}
	if v.Brand == "" {
		v.Brand = row.PartnerName
	}
	v.Look = NewLook(row.PartnerID, row.LookVersion, row.Accent, row.Slug, row.LogoWidth, row.LogoHeight)
	v.Look.Welcome, v.Look.Help, v.Look.Test = row.Welcome, row.Help, row.Test
	c.Set(KeyVisitor, v)
	return v, nil
}

// TokenHash returns the hash of the session token in the request's cookie, as the database
// stores it. It returns nil if the request has no well-formed token.
func (s *Kit) TokenHash(c *gin.Context, d Door) []byte {
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

// StartSession signs a person in. It always makes a new token, so that a token planted by
// an attacker is worthless, and deletes the session that the request came with. It returns
// staff.ErrStepOver if all sessions of the person were ended while the password was being
// checked.
func (s *Kit) StartSession(c *gin.Context, d Door, in signin.Entry) error {
	token, hash := newToken()
	var from *netip.Addr
	if a := Address(c); a.IsValid() {
		from = &a
	}
	agent, lifetime := Truncate(c.Request.UserAgent(), 200), staffLifetime
	if d == DoorCustomer {
		lifetime = customerLifetime
	}
	ctx := c.Request.Context()
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		// Lock order: the person, then their sessions, as where sessions are ended.
		var n int64
		var err error
		if d == DoorCustomer {
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
		if old := s.TokenHash(c, d); old != nil {
			return db.New().SessionDelete(ctx, tx, old)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	s.SetCookie(c, s.cookieName(c, d), token, int(lifetime.Seconds()))
	s.rememberDevice(c, d, in)
	return nil
}

// newToken returns a random token for a cookie, and the hash that the database stores of
// it.
func newToken() (text string, hash []byte) {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // never fails: package crypto/rand ends the program first
	sum := sha256.Sum256(token)
	return base64.RawURLEncoding.EncodeToString(token), sum[:]
}

// RenewSession gives the session of the request a new token, so that a copy of the old one
// is worthless. The session still ends at the same time. With grace, requests that are
// already under way with the old token are still accepted.
func (s *Kit) RenewSession(c *gin.Context, d Door, grace bool) error {
	token, hash := newToken()
	n, err := db.New().SessionRenew(c.Request.Context(), s.Pool, db.SessionRenewParams{TokenHash: hash, OldHash: s.TokenHash(c, d), Grace: grace})
	if err != nil {
		return fmt.Errorf("renew the session: %w", err)
	}
	if n == 0 {
		return nil // another request has renewed it and set the cookie
	}
	lifetime := staffLifetime
	if d == DoorCustomer {
		lifetime = customerLifetime
	}
	s.SetCookie(c, s.cookieName(c, d), token, int(lifetime.Seconds()))
	return nil
}

// endSession deletes the session of the request and its cookie, and records the act ended.
// A copy of the cookie is worthless afterwards.
func (s *Kit) endSession(c *gin.Context, d Door, ended act.Act) error {
	s.SetCookie(c, s.cookieName(c, d), "", -1)
	hash := s.TokenHash(c, d)
	actor := s.Actor(c)
	if hash == nil || (actor.ID == 0) {
		return nil
	}
	// The session ends even if the browser closes the connection.
	ctx := context.WithoutCancel(c.Request.Context())
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if err := db.New().SessionDelete(ctx, tx, hash); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, ended)
	})
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// SetCookie sets a cookie that scripts cannot read. A negative maxAge removes the cookie.
func (s *Kit) SetCookie(c *gin.Context, name, value string, maxAge int) {
	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // Secure follows how the portal is reached; a local demo has no TLS
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.OverTLS(c.Request),
	})
}

// Truncate shortens a text to at most n bytes without cutting a character. It returns an
// empty text if the text is not clean.
func Truncate(text string, n int) string {
	if !IsCleanText(text) {
		return ""
	}
	for len(text) > n {
		runes := []rune(text)
		text = string(runes[:min(n, len(runes)-1)])
	}
	return text
}
