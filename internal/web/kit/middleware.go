package kit

import (
	"context"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// Keys of the values that the middleware stores in the Gin context. Handlers read them by
// the functions of this package, such as Person and RequestID.
const (
	KeyRequestID = "refill.request"
	KeyPerson    = "refill.person"
	KeyVisitor   = "refill.visitor"
	keySession   = "refill.session"
	keyTimer     = "refill.timer"
	KeyAddress   = "refill.address"
	// KeyPermission holds the permission that the route requires of staff. keyWatch holds
	// the function that ends the checks of a long response.
	KeyPermission = "refill.permission"
	keyWatch      = "refill.watch"
	// KeyRepeatable says that the route's form may be sent again.
	KeyRepeatable = "refill.repeatable"
)

// RequestID returns the id of the request, which the log and error pages show.
func RequestID(c *gin.Context) string { return c.GetString(KeyRequestID) }

// Address returns the IP address of the client, as ClientAddress finds it.
func Address(c *gin.Context) netip.Addr {
	a, _ := c.Value(KeyAddress).(netip.Addr)
	return a
}

// LimitTime cancels the context of a request after Patience, with the cause ErrTooSlow.
// Otherwise a network that drops all packets would hold the request for minutes. The caller
// calls done when the request is over.
func (s *Kit) LimitTime(c *gin.Context) (done func()) {
	request := c.Request
	ctx, cancel := context.WithCancelCause(request.Context())
	timer := time.AfterFunc(s.Patience, func() { cancel(ErrTooSlow) })
	c.Set(keyTimer, timer)
	c.Request = request.WithContext(ctx)
	return func() {
		timer.Stop()
		if stop, ok := c.Value(keyWatch).(func()); ok {
			stop()
		}
		cancel(nil)
		request.MultipartForm = c.Request.MultipartForm // so that net/http removes its temporary files
	}
}

// LiftTime removes the time limit that LimitTime set.
func LiftTime(c *gin.Context) {
	if timer, ok := c.Value(keyTimer).(*time.Timer); ok {
		timer.Stop()
	}
}

// Untimed pauses the time limit while the request body is read. A slow connection of the
// visitor must not count as a slow portal, and the server has a limit for it. The returned
// function starts the limit anew.
func (s *Kit) Untimed(c *gin.Context) (arrived func()) {
	timer, ok := c.Value(keyTimer).(*time.Timer)
	if !ok || !timer.Stop() {
		return func() {}
	}
	return func() { timer.Reset(s.Patience) }
}

// IsCleanText reports whether a text can be stored and shown: it is valid UTF-8 without
// control characters other than tabs and line breaks.
func IsCleanText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\n'
	})
}
