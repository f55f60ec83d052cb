package kit

import (
	"crypto/sha256"
	"encoding/base64"
	"log/slog"

	"github.com/gin-gonic/gin"

	"refill/internal/signin"
)

// deviceCookie returns the name of the cookie that identifies a browser from which a person
// has signed in before. It is not a session cookie: it decides on which counter a wrong
// password counts.
func (s *Kit) deviceCookie(c *gin.Context, d Door) string {
	return s.cookieName(c, d) + "-known"
}

// DeviceHash returns the hash of the device token in the request's cookie, as the database
// stores it. It returns nil if the request has no well-formed token.
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

// rememberDevice stores the browser as known for the person who has just signed in. A
// failure is only logged, because the sign-in itself has succeeded.
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
