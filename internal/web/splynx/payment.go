package splynx

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// paymentTypes are the types of payments, in the order of the numbers that Splynx gives them
// from 1 on. Its type 6 is that of refill cards; the two after it are of this portal alone.
var paymentTypes = []db.PaymentType{ //nolint:gochecknoglobals // a table
	db.PaymentTypeCash, db.PaymentTypeBankTransfer, db.PaymentTypeCreditCard, db.PaymentTypeOther, db.PaymentTypeCorrection,
	db.PaymentTypeRefillCard, db.PaymentTypeReversal, db.PaymentTypeCharge,
}

// paymentType returns the type of a number; empty where the number has none.
func paymentType(text string) db.PaymentType {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(paymentTypes) {
		return ""
	}
	return paymentTypes[n-1]
}

// paymentView is a payment as Splynx tells it. A reversal and a charge have an amount below
// zero, so that the sum of a customer's payments is the balance.
type paymentView struct {
	ID            int64  `json:"id"`
	CustomerID    int64  `json:"customer_id"`
	PaymentType   string `json:"payment_type"`
	ReceiptNumber string `json:"receipt_number"`
	Date          string `json:"date"`
	Amount        string `json:"amount"`
	Comment       string `json:"comment"`
	Field1        string `json:"field_1"`
	Field2        string `json:"field_2"`
	Field3        string `json:"field_3"`
	Field4        string `json:"field_4"`
	Field5        string `json:"field_5"`
	CreatedAt     string `json:"real_create_datetime"`
}

func viewPayment(r db.SplynxPaymentListRow) paymentView {
	at := r.At.In(kit.Zone(r.TimeZone))
	v := paymentView{
		ID: r.ID, CustomerID: r.CustomerID, PaymentType: strconv.Itoa(slices.Index(paymentTypes, r.Type) + 1),
		Date: at.Format(time.DateOnly), Amount: four(r.Amount, r.Currency), Comment: r.Comment, CreatedAt: at.Format(momentForm),
	}
	v.ReceiptNumber, v.Comment = splitReceipt(r.Comment)
	return v
}

// A receipt number has no field of its own here. It stands before the comment.
const (
	receiptMark = "Receipt "
	receiptEnd  = ": "
	mostReceipt = 60 // characters
)

func withReceipt(number, comment string) string {
	if number == "" {
		return comment
	}
	return strings.TrimSuffix(receiptMark+number+receiptEnd+comment, receiptEnd)
}

// splitReceipt takes the receipt number from a comment.
func splitReceipt(comment string) (number, rest string) {
	after, found := strings.CutPrefix(comment, receiptMark)
	if !found {
		return "", comment
	}
	number, rest, _ = strings.Cut(after, receiptEnd)
	return number, rest
}

// PaymentList handles GET and HEAD /api/2.0/admin/finance/payments.
func (s *Server) PaymentList(c *gin.Context) error {
	l, seen := readList(c, "id", "customer_id", "payment_type", "date"), scope(c)
	p := db.SplynxPaymentListParams{AllPartners: seen.AllPartners, ScopeIds: seen.PartnerIDs, Newest: l.newest, Size: l.size, Skip: l.skip}
	p.Ids, p.IDFrom, p.IDTo = l.numbers("id")
	var from, to *int64
	p.Customers, from, to = l.numbers("customer_id")
	kinds, typeFrom, typeTo := l.numbers("payment_type")
	p.FromDay, p.ToDay = l.days("date")
	if from != nil || to != nil || typeFrom != nil || typeTo != nil { // only = and IN
		l.bad = true
	}
	if err := l.err(); err != nil {
		return err
	}
	if kinds != nil {
		p.Types = []string{}
		for _, n := range kinds {
			p.Types = append(p.Types, string(paymentType(strconv.FormatInt(n, 10))))
		}
	}
	if who := customerOf(c); who.ID != 0 {
		if len(p.Customers) > 0 && !slices.Equal(p.Customers, []int64{who.ID}) {
			return errOwn
		}
		p.Customers = []int64{who.ID}
	}
	rows, err := db.New().SplynxPaymentList(c.Request.Context(), s.Pool, p)
	if err != nil {
		return err
	}
	var total int64
	if len(rows) > 0 {
		total = rows[0].Total
	}
	return answerList(c, rows, total, viewPayment)
}

// PaymentCreate handles POST /api/2.0/admin/finance/payments. With a receipt number the same
// payment is entered once.
func (s *Server) PaymentCreate(c *gin.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	f, err := s.read(c)
	if err != nil {
		return err
	}
	if f["customer_id"] == "" {
		return errNeeded
	}
	row, err := s.customerNamed(c, f["customer_id"])
	if err != nil {
		return err
	}
	kind := paymentType(f["payment_type"])
	if !slices.Contains(customer.ManualTypes(), kind) {
		return errPaymentType
	}
	sum, err := f.amount("amount", row.Currency)
	if err != nil {
		return err
	}
	receipt := strings.TrimSpace(f["receipt_number"])
	if len([]rune(receipt)) > mostReceipt || strings.Contains(receipt, receiptEnd) {
		return errReceipt
	}
	comment, err := datedComment(f, s.Now().In(kit.Zone(row.TimeZone)))
	if err != nil {
		return err
	}
	p := customer.Payment{CustomerID: row.ID, Type: kind, Amount: sum, Comment: withReceipt(receipt, comment), Key: uuid.New(), Sure: true}
	if receipt != "" {
		p.Key = caller.OnceKey(caller.Client(c).ID, "splynx/payment", receipt)
	}
	paid, err := customer.Pay(c.Request.Context(), s.Pool, actor(c), p)
	switch {
	case errors.Is(err, customer.ErrPaymentWaits):
		return errWaits
	case errors.Is(err, customer.ErrKeyReused):
		return errReceiptUsed
	case err != nil:
		return err
	}
	c.JSON(http.StatusCreated, gin.H{"id": paid.ID})
	return nil
}

var errReceipt = fault.New(fault.Invalid, "splynx_receipt", "A receipt_number has up to {most} characters, and no colon with a space after it.").With("most", fault.Number(mostReceipt))

// datedComment returns the comment of a payment. A payment is always entered now; another day
// that the body names is kept in the comment.
func datedComment(f fields, now time.Time) (string, error) {
	comment := strings.TrimSpace(f["comment"])
	day, err := f.day("date")
	if err != nil || day.IsZero() || day.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return comment, err
	}
	return strings.TrimSpace(comment + " (dated " + day.Format(time.DateOnly) + ")"), nil
}
