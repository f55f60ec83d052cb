package admin

import (
	"github.com/gin-gonic/gin"

	"refill/internal/act"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// StaffSessions handles GET /admin/account/sessions.
func (s *Server) StaffSessions(c *gin.Context) error {
	return s.ShowSessions(c, SectionSessions, SectionAccount, "admin/session_list", kit.StaffIdle)
}

// StaffSessionEnd handles POST /admin/account/sessions/:id/end.
func (s *Server) StaffSessionEnd(c *gin.Context) error {
	return s.EndOneSession(c, SectionSessions, func(n int64) act.Act { return staff.SessionEnded{SignedOut: n} })
}

// StaffSessionsEnd handles POST /admin/account/sessions/others/end.
func (s *Server) StaffSessionsEnd(c *gin.Context) error {
	return s.EndOtherSessions(c, SectionSessions, func(n int64) act.Act { return staff.SessionsEnded{SignedOut: n} })
}
