package admin

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/web/kit"
)

// seriesChart is the chart of the redemptions of a series.
type seriesChart struct{ Chart barChart }

// longestByDay is the longest time in days that the chart shows by day, longestByWeek the longest
// time in weeks that it shows by week.
const (
	longestByDay  = 45
	longestByWeek = 52
)

// SeriesChart handles GET …/:number/redemptions: the chart, which the page requests once it is
// shown, because a series of a million used cards takes a second to count.
func (s *Server) SeriesChart(c *gin.Context) error {
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	series := row.Series
	rows, err := db.New().SeriesRedemptions(c.Request.Context(), s.Pool, db.SeriesRedemptionsParams{SeriesID: series.ID, TimeZone: series.TimeZone})
	if err != nil {
		return err
	}
	p := &seriesChart{Chart: barChart{ID: "series-chart"}}
	if len(rows) > 0 {
		p.Chart.Title = fmt.Sprintf(lang.M("Redeemed value of series %s"), series.Number)
		drawDays(&p.Chart, rows, daysBefore(s.Now().In(kit.Zone(series.TimeZone)), 0), series.Currency)
	}
	return s.Fragment(c, http.StatusOK, "admin/series_show", "series-chart", p)
}

// drawDays draws redemptions from their first day until a last one: by day, week or month,
// depending on the time between.
func drawDays(chart *barChart, rows []db.SeriesRedemptionsRow, last time.Time, currency string) {
	amount := func(minor int64) string { return money.Amount{Minor: minor, Currency: currency}.String() }
	first := rows[0].Day
	const day = 24 * time.Hour
	start, next, label := first, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }, "2 Jan"
	switch days := int(last.Sub(first) / day); {
	case days > longestByWeek*7:
		start = time.Date(first.Year(), first.Month(), 1, 0, 0, 0, 0, time.UTC)
		next, label = func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }, "Jan 2006"
	case days > longestByDay:
		next = func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }
	}
	for at := start; !at.After(last); at = next(at) {
		var sum redeemedSum
		for len(rows) > 0 && rows[0].Day.Before(next(at)) {
			sum.n, sum.total = sum.n+rows[0].N, sum.total+rows[0].Total
			rows = rows[1:]
		}
		name := at.Format(label)
		bar := chart.add(name, fmt.Sprintf("%s: %s, %s", name, amount(sum.total), cardCount(sum.n)), sum.total)
		bar.Last = next(at).After(last)
	}
	chart.scale(amount)
}
