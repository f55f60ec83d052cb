// Package report computes the figures of the statistics: the state of series, outstanding
// value and its movements, breakage, redemptions, and the time from activation to use. It
// takes values and returns values. It does not format figures or write files, and it never
// changes the database.
package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/money"
)

// Values of Question.Partner that are not an id.
const (
	EveryPartner int64 = 0  // no filter
	AnyPartner   int64 = -1 // only series for any partner; does not filter redemptions
)

// Question says which figures are requested.
type Question struct {
	Period   Period
	Unit     Unit           // of the reports that are divided into periods
	Partner  int64          // an id, EveryPartner or AnyPartner
	Scope    audit.Scope    // what the reader may see; the zero value sees nothing
	Zone     *time.Location // in which days begin and end, with its IANA name; required
	Currency string         // of the installation, an ISO 4217 code
}

// Frame is the time, partner and currency of computed figures. Every kind of figures embeds
// it.
type Frame struct {
	Span

	Partner  int64 // EveryPartner if the requested partner is outside the scope
	Currency string
}

// amount returns a sum in minor units with the currency of the frame.
func (f Frame) amount(minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: f.Currency}
}

func (f Frame) count(cards, minor int64) Count { return Count{cards, f.amount(minor)} }

// Count is a number of cards and the sum of their value.
type Count struct {
	Cards int64
	Sum   money.Amount
}

func (c *Count) add(one Count) { c.Cards, c.Sum.Minor = c.Cards+one.Cards, c.Sum.Minor+one.Sum.Minor }

// reading is a question while it is answered in one snapshot of the database.
type reading struct {
	Frame

	tx    pgx.Tx
	q     *db.Queries
	zone  string
	scope audit.Scope
}

// read runs answer in one read-only snapshot of the database. The current day comes from
// the same snapshot. A statement may run for db.LongStatement, because years of redemptions
// are read. It returns the errors of Period.Check.
func read(ctx context.Context, pool *pgxpool.Pool, q Question, answer func(context.Context, *reading) error) error {
	if err := q.Period.Check(); err != nil {
		return err
	}
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, pool, opts, func(tx pgx.Tx) error {
		ctx, err := db.Patiently(ctx, tx, db.LongStatement)
		if err != nil {
			return err
		}
		r := &reading{tx: tx, q: db.New(), zone: q.Zone.String(), scope: q.Scope}
		days, err := r.q.ReportToday(ctx, tx, r.zone)
		if err != nil {
			return err
		}
		r.Frame = Frame{Span: q.Period.span(days.Today, days.First, q.Zone, q.Unit), Partner: q.Partner, Currency: q.Currency}
		if r.Partner > 0 && !q.Scope.Holds(r.Partner) {
			r.Partner = EveryPartner // as if the partner did not exist
		}
		if r.scope.PartnerIDs == nil {
			r.scope.PartnerIDs = []int64{} // NULL would not hide any series
		}
		return answer(ctx, r)
	})
	if err != nil {
		return fmt.Errorf("read figures: %w", err)
	}
	return nil
}
