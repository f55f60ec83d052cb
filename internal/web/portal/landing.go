package portal

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/lang"
	"refill/internal/web/kit"
)

// landingPage links to the sign-in of customers and of staff.
type landingPage struct{ kit.Page }

// Landing handles GET /.
func (s *Server) Landing(c *gin.Context) error {
	return s.Render(c, http.StatusOK, "portal/landing", &landingPage{s.Page(c, lang.M("Top up with a refill card"), "")})
}
