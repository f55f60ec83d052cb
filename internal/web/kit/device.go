package kit

import (
	"crypto/sha256"
	"encoding/base64"
	"log/slog"

	"github.com/gin-gonic/gin"

	"refill/internal/signin"
)

// deviceCookie names the cookie that a browser is known by once a person signed in
// from it. It is no session's: it says which count wrong passwords go to.
func (s *Kit) deviceCookie(c *gin.Context, d Door) string {
	return s.cookieName(c, d) + "-known"
}

// DeviceHash returns what the table knows the request's browser by; nil where it shows
// no token that could be one of ours.
func (s *Kit) DeviceHash(c *gin.Context, d Door) []byte {
	cookie, err := c.Request.Cookie(s.deviceCookie(c, d))
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

// rememberDevice makes the browser known for the person who has just signed in. Where
// that fails they are in all the same.
func (s *Kit) rememberDevice(c *gin.Context, d Door, in signin.Entry) {
	owner := signin.Owner{StaffID: in.ID}
	if d == DoorCustomer {
		owner = signin.Owner{CustomerID: in.ID}
	}
	token, hash := newToken()
	if err := signin.RememberDevice(c.Request.Context(), s.Pool, owner, s.DeviceHash(c, d), hash); err != nil {
		s.Log.LogAttrs(c.Request.Context(), slog.LevelWarn, "a browser was not remembered", slog.Any("error", err), slog.String("request_id", RequestID(c)))
		return
	}
	s.SetCookie(c, s.deviceCookie(c, d), token, int(signin.DeviceLifetime.Seconds()))
}
