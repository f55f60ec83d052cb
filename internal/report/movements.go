package report

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
	"refill/internal/money"
)

// Movement is what moved outstanding value, by what moved it. What lessens it is
// negative.
type Movement struct {
	Issued, Redeemed, Voided, Repriced money.Amount
	Expired                            money.Amount // less what was renewed
	Other                              money.Amount
}

// Rolled is a value that is rolled forward: Closing is Opening and what moved it.
type Rolled struct {
	Movement

	Opening, Closing money.Amount
}

// OutstandingPeriod is one period of the roll-forward.
type OutstandingPeriod struct {
	Rolled

	First time.Time // day
}

// OutstandingFigures are the roll-forward of outstanding value, reckoned back from now.
type OutstandingFigures struct {
	Frame

	Now            Count // that customers may still redeem, and that of locked series
	Active, Locked Count // of series in these states
	Periods        []OutstandingPeriod
	Total          Rolled // over all periods
}

// Outstanding returns the outstanding value of the series within the scope. Empty
// periods before the first value are left out. Errors: those of Period.Check.
func Outstanding(ctx context.Context, pool *pgxpool.Pool, q Question) (*OutstandingFigures, error) {
	figures := &OutstandingFigures{}
	err := read(ctx, pool, q, func(ctx context.Context, r *reading) error {
		moved, err := r.movements(ctx, db.AccountKindOutstanding)
		if err != nil {
			return err
		}
		now := *r
		now.Start = r.End // redemptions within the span are not needed of the series
		series, err := now.series(ctx)
		if err != nil {
			return err
		}
		figures.Frame = r.Frame
		figures.stand(series)
		figures.roll(moved)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return figures, nil
}

// stand sums how the series stand now.
func (f *OutstandingFigures) stand(series []db.ReportSeriesRow) {
	f.Now, f.Active, f.Locked = f.count(0, 0), f.count(0, 0), f.count(0, 0)
	for _, row := range series {
		if row.Outstanding == 0 {
			continue
		}
		one := f.count(int64(row.Made)-row.Used-row.Void, row.Outstanding)
		f.Now.add(one)
		if row.State == db.SeriesStateLocked {
			f.Locked.add(one)
		} else {
			f.Active.add(one)
		}
	}
}

// roll makes the periods. Now has to be known: the value at the start of the span is
// that of now less all that has moved since, also after the span.
func (f *OutstandingFigures) roll(byPeriod map[time.Time]moved) {
	opening := f.Now.Sum.Minor
	for _, one := range byPeriod {
		opening -= one.sum()
	}
	first := opening
	var total moved
	for _, at := range f.periods() {
		one := byPeriod[at]
		if one == (moved{}) && opening == 0 && len(f.Periods) == 0 {
			continue
		}
		f.Periods = append(f.Periods, OutstandingPeriod{First: at, Rolled: f.rolled(opening, one)})
		opening += one.sum()
		total.join(one)
	}
	f.Total = f.rolled(first, total)
}

func (f Frame) rolled(opening int64, m moved) Rolled {
	return Rolled{
		Opening: f.amount(opening), Closing: f.amount(opening + m.sum()),
		Movement: Movement{
			Issued: f.amount(m.issued), Redeemed: f.amount(m.redeemed), Expired: f.amount(m.expired),
			Voided: f.amount(m.voided), Repriced: f.amount(m.repriced), Other: f.amount(m.other),
		},
	}
}

// Broken is breakage by its reason.
type Broken struct {
	Expired money.Amount // less what was renewed
	Voided  money.Amount
	Other   money.Amount // taken back by a reversal, and the rest
	Sum     money.Amount // of all three
}

// BreakagePeriod is the breakage of one period.
type BreakagePeriod struct {
	Broken

	First time.Time // day
}

// BreakageFigures are the value that will never be redeemed.
type BreakageFigures struct {
	Frame

	Periods []BreakagePeriod
	Total   Broken
}

// Breakage returns the breakage of the series within the scope. Empty periods before
// the first breakage are left out. Errors: those of Period.Check.
func Breakage(ctx context.Context, pool *pgxpool.Pool, q Question) (*BreakageFigures, error) {
	figures := &BreakageFigures{}
	err := read(ctx, pool, q, func(ctx context.Context, r *reading) error {
		moved, err := r.movements(ctx, db.AccountKindBreakage)
		if err != nil {
			return err
		}
		figures.Frame = r.Frame
		figures.fill(moved)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return figures, nil
}

func (f *BreakageFigures) fill(byPeriod map[time.Time]moved) {
	var total moved
	for _, at := range f.periods() {
		one := byPeriod[at]
		if one == (moved{}) && len(f.Periods) == 0 {
			continue
		}
		f.Periods = append(f.Periods, BreakagePeriod{First: at, Broken: f.broken(one)})
		total.join(one)
	}
	f.Total = f.broken(total)
}

func (f Frame) broken(m moved) Broken {
	return Broken{
		Expired: f.amount(m.expired), Voided: f.amount(m.voided),
		Other: f.amount(m.sum() - m.expired - m.voided), Sum: f.amount(m.sum()),
	}
}

// moved is what moved in minor units, by what moved it.
type moved struct{ issued, redeemed, expired, voided, repriced, other int64 }

func (m *moved) add(kind db.LedgerKind, sum int64) {
	switch kind {
	case db.LedgerKindActivate:
		m.issued += sum
	case db.LedgerKindRedeem:
		m.redeemed += sum
	case db.LedgerKindLapse, db.LedgerKindRenew:
		m.expired += sum
	case db.LedgerKindVoid:
		m.voided += sum
	case db.LedgerKindReprice:
		m.repriced += sum
	case db.LedgerKindPayment, db.LedgerKindReverse:
		m.other += sum
	}
}

func (m *moved) join(one moved) {
	*m = moved{
		m.issued + one.issued, m.redeemed + one.redeemed, m.expired + one.expired,
		m.voided + one.voided, m.repriced + one.repriced, m.other + one.other,
	}
}

func (m moved) sum() int64 {
	return m.issued + m.redeemed + m.expired + m.voided + m.repriced + m.other
}

// movements returns what moved on the accounts of a kind, by the first day of the
// period. What came after the span is one period more, in the year 9999.
func (r *reading) movements(ctx context.Context, account db.AccountKind) (map[time.Time]moved, error) {
	rows, err := r.q.ReportMovements(ctx, r.tx, db.ReportMovementsParams{
		Unit: r.Unit.trunc(), TimeZone: r.zone, Account: account, FromAt: r.Start, TillAt: r.End,
		PartnerID: r.Partner, AllPartners: r.scope.AllPartners, PartnerIds: r.scope.PartnerIDs,
	})
	if err != nil {
		return nil, err
	}
	byPeriod := map[time.Time]moved{}
	for _, row := range rows {
		one := byPeriod[row.Period]
		one.add(row.Kind, row.Total)
		byPeriod[row.Period] = one
	}
	return byPeriod, nil
}
