package portal

import (
	"context"
	"math"
	"time"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/report"
	"refill/internal/web/kit"
)

// period is a period of a customer's payments. A zero From or Until means no limit.
type period struct {
	Name, Text  string
	From, Until time.Time
}

// periods returns the periods that the list of payments offers, in the time zone of now.
// The first of them is all payments.
func periods(now time.Time) []period {
	first := func(year int, month time.Month) time.Time {
		return report.DayStart(time.Date(year, month, 1, 0, 0, 0, 0, time.UTC), now.Location())
	}
	year, month := now.Year(), now.Month()
	return []period{
		{Name: "", Text: lang.M("All")},
		{Name: "month", Text: lang.M("This month"), From: first(year, month)},
		{Name: "last-month", Text: lang.M("Last month"), From: first(year, month-1), Until: first(year, month)},
		{Name: "year", Text: lang.M("This year"), From: first(year, time.January)},
		{Name: "last-year", Text: lang.M("Last year"), From: first(year-1, time.January), Until: first(year, time.January)},
	}
}

// choosePeriod returns the period with a name, or all payments if there is none with it. It
// also returns the links that choose a period.
func choosePeriod(now time.Time, name string) (period, []kit.FilterWord) {
	all := periods(now)
	chosen := all[0]
	for _, one := range all {
		if one.Name == name {
			chosen = one
		}
	}
	var words []kit.FilterWord
	for _, one := range all {
		words = append(words, kit.FilterWord{Text: one.Text, URL: kit.ListURL(SectionPayments, "period", one.Name), Current: one.Name == chosen.Name})
	}
	return chosen, words
}

// end returns a limit of a period as a query takes it: nil if there is none.
func end(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// paymentsWithin returns up to size payments of a period whose id is less than before,
// newest first, and whether there are older ones.
func (s *Server) paymentsWithin(ctx context.Context, v kit.Visitor, p period, before int64, size int32) ([]kit.PaymentView, bool, error) {
	if before < 1 {
		before = math.MaxInt64
	}
	rows, err := db.New().PaymentListBetween(ctx, s.Pool, db.PaymentListBetweenParams{
		CustomerID: v.ID, BeforeID: before, Size: size + 1, From: end(p.From), Until: end(p.Until),
	})
	if err != nil {
		return nil, false, err
	}
	older := len(rows) > int(size)
	var list []kit.PaymentView
	for _, row := range rows[:min(len(rows), int(size))] {
		view := kit.NewPaymentView(db.PaymentListRow(row), v.Zone)
		list = append(list, linked(view))
	}
	return list, older, nil
}

// totalsWithin returns the number and the sum of the payments of each type in a period.
func (s *Server) totalsWithin(ctx context.Context, v kit.Visitor, p period) ([]kit.PaymentTotal, error) {
	rows, err := db.New().PaymentTotalsBetween(ctx, s.Pool, db.PaymentTotalsBetweenParams{CustomerID: v.ID, From: end(p.From), Until: end(p.Until)})
	if err != nil {
		return nil, err
	}
	var list []kit.PaymentTotal
	for _, row := range rows {
		list = append(list, kit.PaymentTotal{Type: kit.PaymentTypeName(row.Type), Count: row.N, Sum: kit.Signed(row.Total, row.Currency)})
	}
	return list, nil
}
