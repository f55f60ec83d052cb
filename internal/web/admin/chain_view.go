package admin

import (
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// chainView is the newest sealed block of the audit trail, for viewers of all partners.
type chainView struct {
	Number int64 // of the newest block; 0: nothing to show
	At     time.Time
	Head   kit.Copyable
}

// chain reads the newest block of the audit trail's hash chain. It returns an empty view to
// a person who does not see all partners.
func (s *Server) chain(c *gin.Context, person staff.Person) (chainView, error) {
	if !person.Scope.AllPartners {
		return chainView{}, nil
	}
	block, found, err := db.Found(db.New().AuditBlockHead(c.Request.Context(), s.Pool))
	if !found {
		return chainView{}, err
	}
	return chainView{Number: block.Number, At: block.At, Head: kit.Copyable{Text: audit.HeadOf(block).String(), Label: lang.M("Copy the head of the audit trail")}}, nil
}
