package web

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/export"
)

// moved is what moved in one period, by what moved it.
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

func (m moved) sum() int64 {
	return m.issued + m.redeemed + m.expired + m.voided + m.repriced + m.other
}

// movements reads what moved on the accounts of a kind: period by period, and
// after the last of them.
func movements(ctx context.Context, tx pgx.Tx, f reportFilter, scope audit.Scope, account db.AccountKind) (byPeriod map[time.Time]*moved, after moved, err error) {
	rows, err := db.New().ReportMovements(ctx, tx, db.ReportMovementsParams{
		Unit: f.Unit, TimeZone: f.ZoneName, Account: account, FromAt: f.Start, TillAt: f.End,
		PartnerID: f.Partner, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})
	if err != nil {
		return nil, after, err
	}
	byPeriod = map[time.Time]*moved{}
	for _, row := range rows {
		if row.Period.Year() == 9999 {
			after.add(row.Kind, row.Total)
			continue
		}
		if byPeriod[row.Period] == nil {
			byPeriod[row.Period] = &moved{}
		}
		byPeriod[row.Period].add(row.Kind, row.Total)
	}
	return byPeriod, after, nil
}

// periods lists the first days of the periods of a report.
func (f reportFilter) periods() []time.Time {
	var list []time.Time
	last := f.End.AddDate(0, 0, -1)
	till := time.Date(last.Year(), last.Month(), last.Day(), 0, 0, 0, 0, time.UTC)
	for at := f.periodOf(f.Start); !at.After(till); at = f.following(at) {
		list = append(list, at)
	}
	return list
}

// makeOutstandingReport is the roll-forward of what cards that are out there are
// worth. It reckons back from how things stand now.
func makeOutstandingReport(ctx context.Context, tx pgx.Tx, f reportFilter, scope audit.Scope) (*report, error) {
	byPeriod, after, err := movements(ctx, tx, f, scope, db.AccountKindOutstanding)
	if err != nil {
		return nil, err
	}
	now := f
	now.Start = f.End // of the series only how they stand is needed
	series, err := readReportSeries(ctx, tx, now, scope)
	if err != nil {
		return nil, err
	}
	var active, locked counted
	for _, row := range series {
		cards := int64(row.Made) - row.Used - row.Void
		if row.Outstanding == 0 {
			continue
		}
		if row.State == db.SeriesStateLocked {
			locked.add(cards, row.Outstanding)
		} else {
			active.add(cards, row.Outstanding)
		}
	}
	standsAt := active.sum + locked.sum
	opening := standsAt - after.sum()
	for _, m := range byPeriod {
		opening -= m.sum()
	}
	r := &report{
		Heading: "Outstanding value", Text: "What customers may still redeem: each period's opening value, what moved it, and its closing value, from the ledger.",
		Tiles: []tile{
			{Label: "Outstanding now", Value: f.amount(standsAt).String(), Note: cardCount(active.n + locked.n)},
			{Label: "In active series", Value: f.amount(active.sum).String(), Note: cardCount(active.n)},
			{Label: "In locked series", Value: f.amount(locked.sum).String(), Note: cardCount(locked.n)},
		},
		Chart:   reportChart{Title: "Outstanding value at the end of each " + f.Unit},
		Columns: []export.Column{{Name: f.unitWord(), Kind: export.ColumnDate}},
	}
	for _, name := range []string{"Opening", "Issued", "Redeemed", "Expired", "Voided", "Repriced", "Other", "Closing"} {
		r.Columns = append(r.Columns, export.Column{Name: name, Kind: export.ColumnMoney})
	}
	var total moved
	from := opening
	row := func(label any, opening int64, m moved) []any {
		cells := []any{label}
		for _, minor := range []int64{opening, m.issued, m.redeemed, m.expired, m.voided, m.repriced, m.other, opening + m.sum()} {
			cells = append(cells, f.amount(minor))
		}
		return cells
	}
	for _, at := range f.periods() {
		m := moved{}
		if has := byPeriod[at]; has != nil {
			m = *has
		}
		if m == (moved{}) && opening == 0 && len(r.Rows) == 0 {
			continue // before the first card
		}
		r.Rows = append(r.Rows, row(at, opening, m))
		opening += m.sum()
		label := reportWords(at, f.unitWord())
		r.Chart.add(label, label+": "+f.amount(opening).String(), opening)
		total = moved{total.issued + m.issued, total.redeemed + m.redeemed, total.expired + m.expired, total.voided + m.voided, total.repriced + m.repriced, total.other + m.other}
	}
	r.Totals = row(nil, from, total)
	r.Chart.scale(func(n int64) string { return f.amount(n).String() })
	return r, nil
}

// makeBreakageReport is the value that will never be redeemed.
func makeBreakageReport(ctx context.Context, tx pgx.Tx, f reportFilter, scope audit.Scope) (*report, error) {
	byPeriod, _, err := movements(ctx, tx, f, scope, db.AccountKindBreakage)
	if err != nil {
		return nil, err
	}
	r := &report{
		Heading: "Breakage", Text: "Value that cards lost to the house: expired, voided, or taken back by a reversal, from the ledger.",
		Chart:   reportChart{Title: "Breakage by " + f.Unit, Legend: []string{"Expired", "Voided", "Reversed and other"}},
		Columns: []export.Column{{Name: f.unitWord(), Kind: export.ColumnDate}},
	}
	for _, name := range []string{"Expired", "Voided", "Reversed and other", "Total"} {
		r.Columns = append(r.Columns, export.Column{Name: name, Kind: export.ColumnMoney})
	}
	var expired, voided, other int64
	row := func(label any, expired, voided, other int64) []any {
		return []any{label, f.amount(expired), f.amount(voided), f.amount(other), f.amount(expired + voided + other)}
	}
	for _, at := range f.periods() {
		m := moved{}
		if has := byPeriod[at]; has != nil {
			m = *has
		}
		if m == (moved{}) && len(r.Rows) == 0 {
			continue
		}
		rest := m.sum() - m.expired - m.voided
		expired, voided, other = expired+m.expired, voided+m.voided, other+rest
		r.Rows = append(r.Rows, row(at, m.expired, m.voided, rest))
		label := reportWords(at, f.unitWord())
		r.Chart.add(label, label+": "+f.amount(m.sum()).String(), m.expired, m.voided, rest)
	}
	r.Totals = row(nil, expired, voided, other)
	r.Tiles = []tile{
		{Label: "Breakage", Value: f.amount(expired + voided + other).String()},
		{Label: "Expired", Value: f.amount(expired).String()},
		{Label: "Voided", Value: f.amount(voided).String()},
	}
	r.Chart.scale(func(n int64) string { return f.amount(n).String() })
	return r, nil
}
