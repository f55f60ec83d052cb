package web

import (
	"github.com/gin-gonic/gin"

	"refill/internal/web/kit"
)

// unknown answers an address that the table does not have, in the layout of who
// is signed in.
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
