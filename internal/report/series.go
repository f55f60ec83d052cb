package report

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
	"refill/internal/money"
)

// SeriesFigures is the state of the cards of all series.
type SeriesFigures struct {
	Frame

	Lines []SeriesLine // the newest series first
	Total SeriesSum
}

// SeriesLine is one series. Its sums are in its own currency.
type SeriesLine struct {
	SeriesSum

	Number, Prefix string
	AnyPartner     bool     // customers of any partner may redeem its cards
	Partners       []string // names of its partners if it is not for any partner, in order
	Price          money.Amount
}

// SeriesSum holds the figures that can be summed over series.
type SeriesSum struct {
	Cards       int64 // made so far
	Redeemed    Count // within the span, by the ledger; includes later reversed ones
	Standing    Standing
	Outstanding money.Amount // now
}

// Standing is the current number and value of cards by state. Each card that was made is
// counted once.
type Standing struct {
	Used, Active, Expired, Disabled, Void Count
	Inactive                              Count // not activated yet, or locked
}

func (s *SeriesSum) add(one SeriesSum) {
	s.Cards += one.Cards
	s.Redeemed.add(one.Redeemed)
	s.Outstanding.Minor += one.Outstanding.Minor
	s.Standing.Used.add(one.Standing.Used)
	s.Standing.Active.add(one.Standing.Active)
	s.Standing.Expired.add(one.Standing.Expired)
	s.Standing.Disabled.add(one.Standing.Disabled)
	s.Standing.Inactive.add(one.Standing.Inactive)
	s.Standing.Void.add(one.Standing.Void)
}

// Series returns the current state of each series within the scope, and its redemptions
// within the period. It returns the errors of Period.Check.
func Series(ctx context.Context, pool *pgxpool.Pool, q Question) (*SeriesFigures, error) {
	figures := &SeriesFigures{}
	err := read(ctx, pool, q, func(ctx context.Context, r *reading) error {
		rows, err := r.series(ctx)
		if err != nil {
			return err
		}
		figures.Frame = r.Frame
		figures.Total = noSeries(r.Frame)
		for _, row := range rows {
			line := seriesLine(row)
			figures.Lines = append(figures.Lines, line)
			figures.Total.add(line.SeriesSum)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return figures, nil
}

// noSeries returns the sum over no series.
func noSeries(f Frame) SeriesSum {
	none := f.count(0, 0)
	return SeriesSum{Redeemed: none, Standing: Standing{none, none, none, none, none, none}, Outstanding: none.Sum}
}

func (r *reading) series(ctx context.Context) ([]db.ReportSeriesRow, error) {
	return r.q.ReportSeries(ctx, r.tx, db.ReportSeriesParams{
		FromAt: r.Start, TillAt: r.End, PartnerID: r.Partner, Currency: r.Currency, AllPartners: r.scope.AllPartners, PartnerIds: r.scope.PartnerIDs,
	})
}

func seriesLine(row db.ReportSeriesRow) SeriesLine {
	own := Frame{Currency: row.Currency}
	return SeriesLine{
		Number: row.Number, Prefix: row.Prefix, AnyPartner: row.AnyPartner, Partners: row.PartnerNames, Price: own.amount(row.Price),
		SeriesSum: SeriesSum{
			Cards: int64(row.Made), Redeemed: own.count(row.Redeemed, row.RedeemedSum),
			Standing: standingOf(row), Outstanding: own.amount(row.Outstanding),
		},
	}
}

// standingOf counts the cards of a series by state. A card with an expiry date of its own
// expires by that date, not by the date of its series.
func standingOf(row db.ReportSeriesRow) Standing {
	var active, expired, inactive int64
	disabled, void := row.Disabled, row.Void
	unused := int64(row.Made) - row.Used - row.Disabled - row.Void
	switch row.State {
	case db.SeriesStateVoid:
		disabled, void = 0, int64(row.Made)-row.Used
	case db.SeriesStateActive, db.SeriesStateLocked, db.SeriesStateReady:
		expired = row.OwnDatePassed
		if row.Expired {
			expired += unused - row.OwnDate
		}
		if row.State == db.SeriesStateActive {
			active = unused - expired
		} else {
			inactive = unused - expired
		}
	default:
		inactive = unused
	}
	count := func(cards int64) Count { return Frame{Currency: row.Currency}.count(cards, cards*row.Price) }
	return Standing{
		Used: count(row.Used), Active: count(active), Expired: count(expired),
		Disabled: count(disabled), Inactive: count(inactive), Void: count(void),
	}
}
