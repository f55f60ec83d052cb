package kit

import (
	"context"
	"math"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
)

// PaymentView is one payment in the list of a customer's payments, for both doors.
type PaymentView struct {
	ID      int64
	URL     string // of its receipt
	At      time.Time
	Type    string
	Sum     string // with its sign
	Balance string // after the payment
	Comment string
	By      string // member of staff who entered it; empty: none

	ReversedBy    int64 // the payment that reversed this one; 0: none did
	ReversedByURL string
	Reverses      int64 // the payment that this one reversed; 0: none
	ReversesURL   string
}

// PaymentTotal is the number and the sum of the payments of one type.
type PaymentTotal struct {
	Type  string
	Count int64
	Sum   string
}

// PaymentTypeName returns the name of a payment type for display.
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
	case db.PaymentTypeCharge:
		return lang.M("Charge")
	case db.PaymentTypeHandover:
		return lang.M("Handed over")
	case db.PaymentTypeReversal:
		return lang.M("Reversal")
	case db.PaymentTypeCorrection:
		return lang.M("Correction")
	case db.PaymentTypeOther:
		return lang.M("Other")
	}
	return string(t)
}

// Signed formats a sum with its sign, as on a statement.
func Signed(minor int64, currency string) string {
	text := money.Amount{Minor: minor, Currency: currency}.String()
	if minor > 0 {
		return "+" + text
	}
	return text
}

// ListPayments returns the payments of a customer whose id is less than before, newest
// first, at most size of them, and whether there are older ones. A before of less than 1
// stands for no limit. Times are in the zone.
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

// NewPaymentView formats a row for display.
func NewPaymentView(row db.PaymentListRow, zone *time.Location) PaymentView {
	v := PaymentView{
		ID: row.ID, At: row.At.In(zone), Type: PaymentTypeName(row.Type), Sum: Signed(row.Amount, row.Currency),
		Balance: money.Amount{Minor: row.BalanceAfter, Currency: row.Currency}.String(), Comment: row.Comment,
		ReversedBy: row.ReversedBy, Reverses: row.Reverses,
	}
	v.By = audit.Named(row.StaffName, row.ClientName)
	return v
}

// ErrNoPayment is the error for a payment that does not exist, or belongs to another
// customer.
var ErrNoPayment = fault.New(fault.NotFound, "payment_unknown", "There is no such payment.")
