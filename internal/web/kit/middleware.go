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

// Names of what the layers keep in the Gin context. Handlers use the methods of
// Server instead.
const (
	KeyRequestID = "refill.request"
	KeyPerson    = "refill.person"
	KeyVisitor   = "refill.visitor"
	keySession   = "refill.session"
	keyTimer     = "refill.timer"
	KeyAddress   = "refill.address"
	// KeyPermission is what the route asks of staff, keyWatch what ends the watch over
	// a long answer.
	KeyPermission = "refill.permission"
	keyWatch      = "refill.watch"
	// KeyRepeatable says that the route's form may be sent again.
	KeyRepeatable = "refill.repeatable"
)

// RequestID returns the number of the request in the log.
func RequestID(c *gin.Context) string { return c.GetString(KeyRequestID) }

// Address returns who asks, as far as the network and trusted proxies tell.
func Address(c *gin.Context) netip.Addr {
	a, _ := c.Value(KeyAddress).(netip.Addr)
	return a
}

// LimitTime ends what a request waits for once its visitor has waited long enough:
// a network that swallows everything would hold them for minutes. It returns what to
// do when the request is over.
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
		request.MultipartForm = c.Request.MultipartForm // whose files net/http removes
	}
}

// LiftTime lifts that limit.
func LiftTime(c *gin.Context) {
	if timer, ok := c.Value(keyTimer).(*time.Timer); ok {
		timer.Stop()
	}
}

// untimed lifts the limit while what the visitor sends is read: a slow line of theirs
// is no slow portal, and the server has a limit for it. It returns what begins the
// limit anew.
func (s *Kit) untimed(c *gin.Context) (arrived func()) {
	timer, ok := c.Value(keyTimer).(*time.Timer)
	if !ok || !timer.Stop() {
		return func() {}
	}
	return func() { timer.Reset(s.Patience) }
}

// IsCleanText reports whether a text can be stored and shown: it is UTF-8, and of control
// characters it has only those that part lines and words.
func IsCleanText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\n'
	})
}
