package web

import (
	"github.com/gin-gonic/gin"

	"refill/internal/web/kit"
)

// unknown responds to a URL that no route has. It looks up the person, so that the error
// page has the layout for them.
func (s *Server) unknown(c *gin.Context) error {
	var err error
	if kit.OnAdminSide(c) {
		_, err = s.FindPerson(c)
	} else {
		_, err = s.FindVisitor(c)
	}
	if err != nil {
		return err
	}
	return kit.ErrNotFound
}
