package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// helpAsked is an open request of a customer who can't sign in.
type helpAsked struct {
	Name, Username, URL string
	At                  time.Time
	From                string // address; empty: not known
}

// helpShown is how many open requests the list of customers shows.
const helpShown = 10

// listHelp reads the open requests that the scope sees, oldest first.
func (s *Server) listHelp(ctx context.Context, scope audit.Scope) ([]helpAsked, error) {
	rows, err := db.New().SignInHelpList(ctx, s.Pool, db.SignInHelpListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: helpShown})
	if err != nil {
		return nil, fmt.Errorf("read requests for help: %w", err)
	}
	var list []helpAsked
	for _, row := range rows {
		list = append(list, helpAsked{Name: row.Name, Username: row.Username, URL: CustomerURL(row.ID), At: row.AskedAt})
	}
	return list, nil
}

// findHelp returns the open request of a customer whom the person sees; nil: there is none.
func (s *Server) findHelp(ctx context.Context, v customerView, zone *time.Location) (*helpAsked, error) {
	row, found, err := db.Found(db.New().SignInHelpGet(ctx, s.Pool, v.ID))
	if err != nil || !found {
		return nil, err
	}
	asked := helpAsked{Name: v.Name, Username: v.Username, URL: v.URL, At: row.AskedAt.In(zone)}
	if row.Address != nil {
		asked.From = row.Address.String()
	}
	return &asked, nil
}

// CustomerHelpClose handles POST /admin/customers/:id/access/help/close.
func (s *Server) CustomerHelpClose(c *gin.Context) error {
	v, _, err := s.findCustomer(c)
	if err != nil {
		return err
	}
	if err := customer.CloseHelp(c.Request.Context(), s.Pool, s.Actor(c), v.ID); err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneIdle, lang.M("The request for help with signing in is closed."))
	return s.Redirect(c, v.URL)
}
