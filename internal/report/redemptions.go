package report

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
	"refill/internal/money"
)

// RedemptionFigures is the redemptions by day, partner and period. A redemption counts for
// the partner that the customer had at that time. A redemption that was reversed later
// still counts on its day.
type RedemptionFigures struct {
	Frame

	Lines    []RedemptionLine // by day, then by partner
	Partners []Partner        // those with redemptions, by name
	Periods  []RedemptionPeriod
	Total    Count
	Average  money.Amount // per card, rounded down; zero without cards
}

// RedemptionLine is the redemptions of one partner's customers on one day.
type RedemptionLine struct {
	Count

	Day     time.Time
	Partner Partner
}

// RedemptionPeriod is the redemptions of one period.
type RedemptionPeriod struct {
	Count

	First     time.Time // day
	ByPartner []Count   // in the order of RedemptionFigures.Partners
}

// Partner is a partner's id and name.
type Partner struct {
	ID   int64
	Name string
}

// Redemptions returns the redemptions of customers whose partners are within the scope. It
// returns the errors of Period.Check.
func Redemptions(ctx context.Context, pool *pgxpool.Pool, q Question) (*RedemptionFigures, error) {
	figures := &RedemptionFigures{}
	err := read(ctx, pool, q, func(ctx context.Context, r *reading) error {
		rows, err := r.q.ReportRedemptions(ctx, r.tx, db.ReportRedemptionsParams{
			TimeZone: r.zone, FromAt: r.Start, TillAt: r.End, PartnerID: r.Partner, Currency: r.Currency, AllPartners: r.scope.AllPartners, PartnerIds: r.scope.PartnerIDs,
		})
		if err != nil {
			return err
		}
		partners, err := r.q.ReportPartners(ctx, r.tx, db.ReportPartnersParams{AllPartners: r.scope.AllPartners, PartnerIds: r.scope.PartnerIDs})
		if err != nil {
			return err
		}
		figures.Frame = r.Frame
		figures.fill(rows, partners)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return figures, nil
}

// fill sums the rows. Postgres and Go may have different versions of the time zone data. A
// day that is outside the span for Go is in no period.
func (f *RedemptionFigures) fill(rows []db.ReportRedemptionsRow, partners []db.ReportPartnersRow) {
	names, place, has := map[int64]string{}, map[int64]int{}, map[int64]bool{}
	for _, row := range rows {
		has[row.PartnerID] = true
	}
	for _, p := range partners {
		if names[p.ID] = p.Name; has[p.ID] {
			place[p.ID] = len(f.Partners)
			f.Partners = append(f.Partners, Partner{p.ID, p.Name})
		}
	}
	none := f.count(0, 0)
	byFirst := map[time.Time]*RedemptionPeriod{}
	firsts := f.periods()
	f.Periods = make([]RedemptionPeriod, len(firsts))
	for i, first := range firsts {
		f.Periods[i] = RedemptionPeriod{First: first, Count: none, ByPartner: slices.Repeat([]Count{none}, len(f.Partners))}
		byFirst[first] = &f.Periods[i]
	}
	f.Total, f.Average = none, none.Sum
	for _, row := range rows {
		one := f.count(row.N, row.Total)
		f.Lines = append(f.Lines, RedemptionLine{Day: row.Day, Partner: Partner{row.PartnerID, names[row.PartnerID]}, Count: one})
		f.Total.add(one)
		if period := byFirst[f.Unit.first(row.Day)]; period != nil {
			period.add(one)
			period.ByPartner[place[row.PartnerID]].add(one)
		}
	}
	if f.Total.Cards > 0 {
		f.Average.Minor = f.Total.Sum.Minor / f.Total.Cards
	}
}
