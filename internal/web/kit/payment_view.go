package kit

import (
	"context"
	"math"
	"time"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
)

// PaymentView is a line of a customer's billing, for both sides.
type PaymentView struct {
	ID      int64
	URL     string // of its receipt
	At      time.Time
	Type    string
	Sum     string // with its sign
	Balance string // after it
	Comment string
	By      string // who entered it, where it was not the customer

	ReversedBy    int64 // the payment that reversed this one; 0: none did
	ReversedByURL string
	Reverses      int64 // the payment that this one took back
	ReversesURL   string
}

// PaymentTotal is what came by one type of payment.
type PaymentTotal struct {
	Type  string
	Count int64
	Sum   string
}

// PaymentTypeName is a type of payment in words.
func PaymentTypeName(t db.PaymentType) string {
	switch t {
	case db.PaymentTypeRefillCard:
		return lang.M("Refill card")
	case db.PaymentTypeCash:
		return lang.M("Cash")
	case db.PaymentTypeBankTransfer:
		return lang.M("Bank transfer")
	case db.PaymentTypeCreditCard:
		return lang.M("Credit card")
	case db.PaymentTypeReversal:
		return lang.M("Reversal")
	case db.PaymentTypeCorrection:
		return lang.M("Correction")
	case db.PaymentTypeOther:
		return lang.M("Other")
	}
	return string(t)
}

// Signed writes a sum with its sign, as a statement does.
func Signed(minor int64, currency string) string {
	text := money.Amount{Minor: minor, Currency: currency}.String()
	if minor > 0 {
		return "+" + text
	}
	return text
}

// ListPayments reads a page of a customer's payments below an id, newest first, and
// whether there are older ones. Times are shown in the zone.
func (s *Kit) ListPayments(ctx context.Context, customerID, before int64, size int32, zone *time.Location) ([]PaymentView, bool, error) {
	if before < 1 {
		before = math.MaxInt64
	}
	rows, err := db.New().PaymentList(ctx, s.Pool, db.PaymentListParams{CustomerID: customerID, BeforeID: before, Size: size + 1})
	if err != nil {
		return nil, false, err
	}
	older := len(rows) > int(size)
	var list []PaymentView
	for _, row := range rows[:min(len(rows), int(size))] {
		list = append(list, NewPaymentView(row, zone))
	}
	return list, older, nil
}

// NewPaymentView words a row for people.
func NewPaymentView(row db.PaymentListRow, zone *time.Location) PaymentView {
	v := PaymentView{
		ID: row.ID, At: row.At.In(zone), Type: PaymentTypeName(row.Type), Sum: Signed(row.Amount, row.Currency),
		Balance: money.Amount{Minor: row.BalanceAfter, Currency: row.Currency}.String(), Comment: row.Comment,
		ReversedBy: row.ReversedBy, Reverses: row.Reverses,
	}
	if row.StaffName != nil {
		v.By = *row.StaffName
	}
	return v
}

// ErrNoPayment answers for a payment that is not there, or not theirs.
var ErrNoPayment = fault.New(fault.NotFound, "payment_unknown", "There is no such payment.")
