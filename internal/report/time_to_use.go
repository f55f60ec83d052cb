package report

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
)

// Lag is a range of time between the activation of a series and a redemption.
type Lag int

// The ranges. A time of 24 hours or more is in the second day.
const (
	FirstDay Lag = iota // less than 24 hours
	To7Days             // from the second to the seventh day
	To30Days
	To90Days
	To365Days
	Longer
	lags
)

// Lags is the number of cards in each range of time.
type Lags [lags]int64

// TimeToUseLine is one series with redeemed cards.
type TimeToUseLine struct {
	Number string
	Cards  int64 // redeemed within the span
	Lags   Lags

	// Whole days after which half and nine tenths of the cards were used.
	Median, NineTenths int64
}

// TimeToUseFigures is the time between activation and redemption of cards.
type TimeToUseFigures struct {
	Frame

	Lines []TimeToUseLine // the newest series first
	Cards int64
	Lags  Lags
}

// TimeToUse returns the time between activation and redemption of the cards that were
// redeemed in the period by customers whose partners are within the scope. It returns the
// errors of Period.Check.
func TimeToUse(ctx context.Context, pool *pgxpool.Pool, q Question) (*TimeToUseFigures, error) {
	figures := &TimeToUseFigures{}
	err := read(ctx, pool, q, func(ctx context.Context, r *reading) error {
		rows, err := r.q.ReportTimeToUse(ctx, r.tx, db.ReportTimeToUseParams{
			FromAt: r.Start, TillAt: r.End, PartnerID: r.Partner, Currency: r.Currency, AllPartners: r.scope.AllPartners, PartnerIds: r.scope.PartnerIDs,
		})
		if err != nil {
			return err
		}
		figures.Frame = r.Frame
		figures.fill(rows)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return figures, nil
}

// fill sums the rows, which are in order of series and then of days.
func (f *TimeToUseFigures) fill(rows []db.ReportTimeToUseRow) {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Number == rows[0].Number {
			n++
		}
		line := timeToUse(rows[:n])
		rows = rows[n:]
		f.Lines = append(f.Lines, line)
		f.Cards += line.Cards
		for lag, cards := range line.Lags {
			f.Lags[lag] += cards
		}
	}
}

// timeToUse sums the rows of one series.
func timeToUse(rows []db.ReportTimeToUseRow) TimeToUseLine {
	line := TimeToUseLine{Number: rows[0].Number}
	for _, row := range rows {
		line.Lags[lagOf(row.Days)] += row.N
		line.Cards += row.N
	}
	line.Median, line.NineTenths = percentile(rows, line.Cards, 50), percentile(rows, line.Cards, 90)
	return line
}

// lagOf returns the range that contains a number of whole days.
func lagOf(days int64) Lag {
	for i, end := range []int64{1, 7, 30, 90, 365} {
		if days < end {
			return Lag(i)
		}
	}
	return Longer
}

// percentile returns the nearest-rank percentile: the least number of whole days within
// which p per cent of the cards were used. The rows are in order of days. cards is the sum
// of their counts.
func percentile(rows []db.ReportTimeToUseRow, cards, p int64) int64 {
	var used int64
	for _, row := range rows {
		if used += row.N; used*100 >= cards*p {
			return row.Days
		}
	}
	return 0
}
