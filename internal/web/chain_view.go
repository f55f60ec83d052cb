package web

import (
	"errors"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/staff"
)

// chainView is how far the audit trail is sealed, for those who see all of it.
type chainView struct {
	Number int64 // of the newest block; 0: nothing to show
	At     time.Time
	Head   copyable
}

// chain reads the newest block of the audit trail's chain.
func (s *Server) chain(c *gin.Context, person staff.Person) (chainView, error) {
	if !person.Scope.AllPartners {
		return chainView{}, nil
	}
	block, err := db.New().AuditBlockHead(c.Request.Context(), s.Pool)
	if errors.Is(err, pgx.ErrNoRows) {
		return chainView{}, nil
	}
	return chainView{Number: block.Number, At: block.At, Head: copyable{audit.HeadOf(block).String(), "Copy the head of the audit trail"}}, err
}
