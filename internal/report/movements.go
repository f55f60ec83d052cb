package report

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
	"refill/internal/money"
)

// Movement is the change of outstanding value by its cause. A decrease is negative.
type Movement struct {
	Issued, Redeemed, Voided, Repriced money.Amount
	Expired                            money.Amount // minus renewals
	Other                              money.Amount
}

// Rolled is a roll-forward: Closing is Opening plus all movements.
type Rolled struct {
	Movement

	Opening, Closing money.Amount
}

// OutstandingPeriod is one period of the roll-forward.
type OutstandingPeriod struct {
	Rolled

	First time.Time // day
}

// OutstandingFigures is the roll-forward of outstanding value, computed backwards from the
// current value.
type OutstandingFigures struct {
	Frame

	Now            Count // of active and locked series together
	Active, Locked Count // of series in these states
	Periods        []OutstandingPeriod
	Total          Rolled // over all periods
}

// Outstanding returns the outstanding value of the series within the scope. Empty periods
// before the first value are left out. It returns the errors of Period.Check.
func Outstanding(ctx context.Context, pool *pgxpool.Pool, q Question) (*OutstandingFigures, error) {
	figures := &OutstandingFigures{}
	err := read(ctx, pool, q, func(ctx context.Context, r *reading) error {
		moved, err := r.movements(ctx, db.AccountKindOutstanding)
		if err != nil {
			return err
		}
		now := *r
		now.Start = r.End // an empty span: redemptions are not needed here
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

// stand sums the outstanding value of the series by state.
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

// roll computes the periods. Now must be set. The value at the start of the span is the
// current value minus all movements since then, including those after the span.
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

// Broken is breakage by its cause.
type Broken struct {
	Expired money.Amount // minus renewals
	Voided  money.Amount
	Other   money.Amount // from reversals and all other causes
	Sum     money.Amount // of all three
}

// BreakagePeriod is the breakage of one period.
type BreakagePeriod struct {
	Broken

	First time.Time // day
}

// BreakageFigures is the breakage by period: value that will never be redeemed.
type BreakageFigures struct {
	Frame

	Periods []BreakagePeriod
	Total   Broken
}

// Breakage returns the breakage of the series within the scope. Empty periods before the
// first breakage are left out. It returns the errors of Period.Check.
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

// moved is the sum of movements by cause, in minor units.
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
	case db.LedgerKindPayment, db.LedgerKindCharge, db.LedgerKindReverse, db.LedgerKindHandover:
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

// movements returns the movements on the accounts of a kind, by the first day of their
// period. Movements after the span are one more period, in the year 9999.
func (r *reading) movements(ctx context.Context, account db.AccountKind) (map[time.Time]moved, error) {
	rows, err := r.q.ReportMovements(ctx, r.tx, db.ReportMovementsParams{
		Unit: r.Unit.trunc(), TimeZone: r.zone, Account: account, FromAt: r.Start, TillAt: r.End,
		PartnerID: r.Partner, Currency: r.Currency, AllPartners: r.scope.AllPartners, PartnerIds: r.scope.PartnerIDs,
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
