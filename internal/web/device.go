package web

import (
	"crypto/sha256"
	"encoding/base64"
	"log/slog"

	"github.com/gin-gonic/gin"

	"refill/internal/staff"
)

// deviceCookie names the cookie that a browser is known by once somebody signed in
// from it. It is no session's: it says which count wrong passwords go to.
func (s *Server) deviceCookie(c *gin.Context, d door) string {
	return s.cookieName(c, d) + "-known"
}

// deviceHash returns what the table knows the request's browser by; nil where it shows
// no token that could be one of ours.
func (s *Server) deviceHash(c *gin.Context, d door) []byte {
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

// rememberDevice makes the browser known to somebody who has just signed in. Where
// that fails they are in all the same.
func (s *Server) rememberDevice(c *gin.Context, d door, in staff.Entry) {
	owner := staff.Owner{StaffID: in.ID}
	if d == doorCustomer {
		owner = staff.Owner{CustomerID: in.ID}
	}
	token, hash := newToken()
	if err := staff.RememberDevice(c.Request.Context(), s.Pool, owner, s.deviceHash(c, d), hash); err != nil {
		s.Log.LogAttrs(c.Request.Context(), slog.LevelWarn, "a browser was not remembered", slog.Any("error", err), slog.String("request_id", requestID(c)))
		return
	}
	s.setCookie(c, s.deviceCookie(c, d), token, int(staff.DeviceLifetime.Seconds()))
}
