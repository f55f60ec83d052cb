package portal

import (
	"github.com/gin-gonic/gin"

	"refill/internal/act"
	"refill/internal/customer"
	"refill/internal/web/kit"
)

// Sessions handles GET /portal/sessions.
func (s *Server) Sessions(c *gin.Context) error {
	return s.ShowSessions(c, SectionDevices, SectionDevices, "portal/session_list", kit.CustomerIdle)
}

// SessionEnd handles POST /portal/sessions/:id/end.
func (s *Server) SessionEnd(c *gin.Context) error {
	return s.EndOneSession(c, SectionDevices, func(n int64) act.Act { return customer.SessionEnded{SignedOut: n} })
}

// SessionsEnd handles POST /portal/sessions/others/end.
func (s *Server) SessionsEnd(c *gin.Context) error {
	return s.EndOtherSessions(c, SectionDevices, func(n int64) act.Act { return customer.SessionsEnded{SignedOut: n} })
}
