package web

import (
	"context"
	"math"
	"time"

	"refill/internal/db"
	"refill/internal/money"
)

// paymentView is a line of a customer's billing, for both sides.
type paymentView struct {
	ID      int64
	URL     string // of its receipt
	At      time.Time
	Type    string
	Sum     string // with its sign
	Balance string // after it
	Comment string
	By      string // who entered it, where it was not the customer

	ReversedBy    int64 // the payment that took this one back; 0: it stands
	ReversedByURL string
	Reverses      int64 // the payment that this one took back
	ReversesURL   string
}

// paymentTotal is what came by one type of payment.
type paymentTotal struct {
	Type  string
	Count int64
	Sum   string
}

// paymentTypeName is a type of payment in words.
func paymentTypeName(t db.PaymentType) string {
	switch t {
	case db.PaymentTypeRefillCard:
		return "Refill card"
	case db.PaymentTypeCash:
		return "Cash"
	case db.PaymentTypeBankTransfer:
		return "Bank transfer"
	case db.PaymentTypeCreditCard:
		return "Credit card"
	case db.PaymentTypeReversal:
		return "Reversal"
	case db.PaymentTypeCorrection:
		return "Correction"
	case db.PaymentTypeOther:
		return "Other"
	}
	return string(t)
}

// signed writes a sum with its sign, as a statement does.
func signed(minor int64, currency string) string {
	text := money.Amount{Minor: minor, Currency: currency}.String()
	if minor > 0 {
		return "+" + text
	}
	return text
}

// payments reads a page of a customer's payments below an id, newest first, and
// whether there are older ones. Times are shown in the zone.
func (s *Server) payments(ctx context.Context, customerID, before int64, size int32, zone *time.Location) ([]paymentView, bool, error) {
	if before < 1 {
		before = math.MaxInt64
	}
	rows, err := db.New().PaymentList(ctx, s.Pool, db.PaymentListParams{CustomerID: customerID, BeforeID: before, Size: size + 1})
	if err != nil {
		return nil, false, err
	}
	older := len(rows) > int(size)
	var list []paymentView
	for _, row := range rows[:min(len(rows), int(size))] {
		list = append(list, newPaymentView(row, zone))
	}
	return list, older, nil
}

// newPaymentView words a row for people.
func newPaymentView(row db.PaymentListRow, zone *time.Location) paymentView {
	v := paymentView{
		ID: row.ID, At: row.At.In(zone), Type: paymentTypeName(row.Type), Sum: signed(row.Amount, row.Currency),
		Balance: money.Amount{Minor: row.BalanceAfter, Currency: row.Currency}.String(), Comment: row.Comment,
	}
	if row.StaffName != nil {
		v.By = *row.StaffName
	}
	return v
}
