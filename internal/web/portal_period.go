package web

import (
	"context"
	"math"
	"time"

	"refill/internal/db"
)

// period is a span of a customer's payments; a zero end is open.
type period struct {
	Name, Text  string
	From, Until time.Time
}

// periods are those that the list of payments offers, as days go where the
// customer is. The first is all of them.
func periods(now time.Time) []period {
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location())
	year := time.Date(now.Year(), 1, 1, 0, 0, 0, 0, now.Location())
	return []period{
		{Name: "", Text: "All"},
		{Name: "month", Text: "This month", From: month},
		{Name: "last-month", Text: "Last month", From: month.AddDate(0, -1, 0), Until: month},
		{Name: "year", Text: "This year", From: year},
		{Name: "last-year", Text: "Last year", From: year.AddDate(-1, 0, 0), Until: year},
	}
}

// choosePeriod finds the period that an address names, and the words to choose
// another; what names none is all of them.
func choosePeriod(now time.Time, name string) (period, []filterWord) {
	all := periods(now)
	chosen := all[0]
	for _, one := range all {
		if one.Name == name {
			chosen = one
		}
	}
	var words []filterWord
	for _, one := range all {
		words = append(words, filterWord{Text: one.Text, URL: listURL(sectionPayments, "period", one.Name), Current: one.Name == chosen.Name})
	}
	return chosen, words
}

// end is one end of a period for a query.
func end(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// paymentsWithin is payments, in a period.
func (s *Server) paymentsWithin(ctx context.Context, v visitor, p period, before int64, size int32) ([]paymentView, bool, error) {
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
	var list []paymentView
	for _, row := range rows[:min(len(rows), int(size))] {
		view := newPaymentView(db.PaymentListRow(row), v.Zone)
		view.URL = receiptURL(view.ID)
		list = append(list, view)
	}
	return list, older, nil
}

// totalsWithin is what came by each type of payment in a period.
func (s *Server) totalsWithin(ctx context.Context, v visitor, p period) ([]paymentTotal, error) {
	rows, err := db.New().PaymentTotalsBetween(ctx, s.Pool, db.PaymentTotalsBetweenParams{CustomerID: v.ID, From: end(p.From), Until: end(p.Until)})
	if err != nil {
		return nil, err
	}
	var list []paymentTotal
	for _, row := range rows {
		list = append(list, paymentTotal{paymentTypeName(row.Type), row.N, signed(row.Total, row.Currency)})
	}
	return list, nil
}
