// Package report owns the figures of the statistics: how series stand, what is
// outstanding and what moved it, breakage, redemptions, and how long cards lie before
// they are used. It takes values and returns values. How figures are shown, ordered or
// written into a file is not its concern. It only reads.
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

// Values of Question.Partner that are no id.
const (
	EveryPartner int64 = 0  // no filter
	AnyPartner   int64 = -1 // series that are for any partner; no filter of redemptions
)

// Question is what figures are asked for.
type Question struct {
	Period   Period
	Unit     Unit           // of the reports that are divided into periods
	Partner  int64          // an id, EveryPartner or AnyPartner
	Scope    audit.Scope    // what the reader may see; the zero value sees nothing
	Zone     *time.Location // in which days begin and end, with its IANA name; required
	Currency string         // of the installation, an ISO 4217 code
}

// Frame is a question as it was answered. All figures carry theirs.
type Frame struct {
	Span

	Partner  int64 // EveryPartner where the partner lies outside the scope
	Currency string
}

// amount gives a sum in minor units its currency.
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

// reading is a question that is being answered in a snapshot of the database.
type reading struct {
	Frame

	tx    pgx.Tx
	q     *db.Queries
	zone  string
	scope audit.Scope
}

// read answers a question in one snapshot of the database, the day of today included.
// A statement may run for db.LongStatement, since years of redemptions are read.
// Errors: those of Period.Check.
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
			r.scope.PartnerIDs = []int64{} // NULL would hide no series
		}
		return answer(ctx, r)
	})
	if err != nil {
		return fmt.Errorf("read figures: %w", err)
	}
	return nil
}
