package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/partner"
	"refill/internal/report"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// outstandingView is the outstanding value at the end of a day.
type outstandingView struct {
	At          string `json:"at"` // the day, in the time zone of the installation
	TimeZone    string `json:"time_zone"`
	Outstanding Amount `json:"outstanding"`
}

// ReportOutstanding handles GET /api/v1/reports/outstanding: what customers could still
// redeem at the end of a day, today without one.
func (s *Server) ReportOutstanding(c *gin.Context) error {
	q := readQuery(c, "at", "partner_id")
	at, only := q.day("at"), q.number("partner_id", report.EveryPartner, lastID)
	if err := q.err(); err != nil {
		return err
	}
	ctx := c.Request.Context()
	if only != report.EveryPartner {
		if err := s.checkPartner(c, only); err != nil {
			return err
		}
	}
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	question := report.Question{Partner: only, Scope: caller.Client(c).Scope, Zone: kit.Zone(settings.TimeZone), Currency: currency(c, settings)}
	question.Period = report.Period{Kind: report.Custom, From: at, To: at}
	if at.IsZero() {
		question.Period = report.Period{Kind: report.ThisMonth}
	}
	figures, err := report.Outstanding(ctx, s.Pool, question)
	if err != nil {
		return err
	}
	closing := figures.Total.Closing
	return answer(c, http.StatusOK, outstandingView{
		At: figures.Last.Format(time.DateOnly), TimeZone: settings.TimeZone, Outstanding: amount(closing.Minor, closing.Currency),
	})
}

// checkPartner returns partner.ErrNoPartner for a partner that the client does not see.
func (s *Server) checkPartner(c *gin.Context, id int64) error {
	if !caller.Client(c).Scope.Holds(id) {
		return partner.ErrNoPartner
	}
	n, err := db.New().PartnerCount(c.Request.Context(), s.Pool, []int64{id})
	if err != nil {
		return fmt.Errorf("look for a partner: %w", err)
	}
	if n == 0 {
		return partner.ErrNoPartner
	}
	return nil
}
