package api

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/billing"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// balanceView is the balance of a customer.
type balanceView struct {
	Customer customerSeen `json:"customer"`
	Balance  Amount       `json:"balance"`
}

// paymentView is a movement of a balance as the API tells it.
type paymentView struct {
	ID           string  `json:"id"`
	Type         string  `json:"type"`
	Amount       Amount  `json:"amount"` // below zero: the balance falls
	BalanceAfter Amount  `json:"balance_after"`
	Comment      string  `json:"comment"`
	Reference    string  `json:"reference"`
	Card         *string `json:"card"`
	At           string  `json:"at"`
	ReversedBy   *string `json:"reversed_by"` // id of the payment that reversed it
	Reverses     *string `json:"reverses"`    // id of the payment that it reverses
}

func viewPayment(row db.CustomerPaymentPageRow) paymentView {
	v := paymentView{
		ID: idText(row.ID), Type: string(row.Type), Amount: amount(row.Amount, row.Currency), BalanceAfter: amount(row.BalanceAfter, row.Currency),
		Comment: row.Comment, Reference: row.Reference, At: moment(row.At), ReversedBy: idOrNil(&row.ReversedBy), Reverses: idOrNil(&row.Reverses),
	}
	if row.Serial != nil {
		name := kit.CardName(row.SeriesNumber, int64(*row.Serial))
		v.Card = &name
	}
	return v
}

// CustomerBalance handles GET /api/v1/customers/:id/balance.
func (s *Server) CustomerBalance(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	row, err := s.customerInPath(c)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, balanceView{Customer: seen(row), Balance: amount(db.Deref(row.Balance), row.Currency)})
}

// PaymentList handles GET /api/v1/customers/:id/payments.
func (s *Server) PaymentList(c *gin.Context) error {
	row, err := s.customerInPath(c)
	if err != nil {
		return err
	}
	q := readQuery(c, "limit", "after", "type", "created_from", "created_to")
	p := q.page()
	params := db.CustomerPaymentPageParams{
		CustomerID: row.ID, BeforeID: p.after, Size: p.limit(), CreatedFrom: q.moment("created_from"), CreatedTo: q.moment("created_to"),
	}
	if kind := db.PaymentType(q.text("type")); kind != "" {
		if params.Type = &kind; !kind.Valid() {
			q.bad = true
		}
	}
	if err := q.err(); err != nil {
		return err
	}
	rows, err := db.New().CustomerPaymentPage(c.Request.Context(), s.Pool, params)
	if err != nil {
		return err
	}
	return answerList(c, p, rows, func(r db.CustomerPaymentPageRow) int64 { return r.ID }, viewPayment)
}

// payment reads a payment of a customer.
func (s *Server) payment(c *gin.Context, customerID, id int64) (db.CustomerPaymentPageRow, error) {
	rows, err := db.New().CustomerPaymentPage(c.Request.Context(), s.Pool, db.CustomerPaymentPageParams{CustomerID: customerID, BeforeID: lastID, Size: 1, OneID: id})
	if err != nil {
		return db.CustomerPaymentPageRow{}, err
	}
	if len(rows) == 0 {
		return db.CustomerPaymentPageRow{}, billing.ErrNoPayment
	}
	return rows[0], nil
}

// paymentInPath reads the customer and the payment that the address of a request names.
func (s *Server) paymentInPath(c *gin.Context) (db.CustomerGetRow, db.CustomerPaymentPageRow, error) {
	owner, err := s.customerInPath(c)
	if err != nil {
		return owner, db.CustomerPaymentPageRow{}, err
	}
	id, err := strconv.ParseInt(c.Param("payment"), 10, 64)
	if err != nil || id < 1 {
		return owner, db.CustomerPaymentPageRow{}, billing.ErrNoPayment
	}
	row, err := s.payment(c, owner.ID, id)
	return owner, row, err
}

// PaymentShow handles GET /api/v1/customers/:id/payments/:payment.
func (s *Server) PaymentShow(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	_, row, err := s.paymentInPath(c)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, viewPayment(row))
}

// paymentRequest is the body of POST /customers/:id/payments.
type paymentRequest struct {
	Type    string  `json:"type"`
	Amount  *Amount `json:"amount"`
	Comment string  `json:"comment"`
	Sure    bool    `json:"sure"` // confirms an amount that is far above the usual
}

// PaymentCreate handles POST /api/v1/customers/:id/payments.
func (s *Server) PaymentCreate(c *gin.Context) error {
	key, owner, err := s.keyAndCustomer(c)
	if err != nil {
		return err
	}
	var body paymentRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	sum, wrong := readAmount(body.Amount, owner.Currency, "/amount")
	if wrong != nil {
		return wrong
	}
	if !slices.Contains(customer.ManualTypes(), db.PaymentType(body.Type)) {
		return errPaymentType
	}
	paid, err := customer.Pay(c.Request.Context(), s.Pool, caller.Actor(c), customer.Payment{
		CustomerID: owner.ID, Type: db.PaymentType(body.Type), Amount: sum, Comment: body.Comment, Key: key, Sure: body.Sure,
	})
	return s.answerPaid(c, owner, key, paid, err)
}

var errPaymentType = fault.Field("type", "payment_type_json", "The type is cash, bank_transfer, credit_card, other or correction.")

// keyAndCustomer reads the idempotency key and the customer of a request that moves money.
func (s *Server) keyAndCustomer(c *gin.Context) (uuid.UUID, db.CustomerGetRow, error) {
	key, err := idempotencyKey(c)
	if err != nil {
		return key, db.CustomerGetRow{}, err
	}
	owner, err := s.customerInPath(c)
	return key, owner, err
}

// answerPaid answers with a payment that was entered, or with the request for a second
// person that it waits for.
func (s *Server) answerPaid(c *gin.Context, owner db.CustomerGetRow, key uuid.UUID, paid billing.Paid, err error) error {
	if errors.Is(err, customer.ErrPaymentWaits) {
		return s.answerWaits(c, db.ApprovalWaitingOfClientParams{RequestKey: &key})
	}
	if err != nil {
		return err
	}
	row, err := s.payment(c, owner.ID, paid.ID)
	if err != nil {
		return err
	}
	row.ReversedBy = 0 // as it was answered first
	return created(c, Base+"/customers/"+idText(owner.ID)+"/payments/"+idText(paid.ID), paid.Replayed, viewPayment(row))
}

// PaymentReverse handles POST /api/v1/customers/:id/payments/:payment/reversal. Of a
// redemption the card becomes void.
func (s *Server) PaymentReverse(c *gin.Context) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	owner, row, err := s.paymentInPath(c)
	if err != nil {
		return err
	}
	var body reversalRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	r := billing.Reversal{CustomerID: owner.ID, PaymentID: row.ID, Reason: body.Reason, Key: key}
	var paid billing.Paid
	if row.Type == db.PaymentTypeRefillCard {
		paid, err = s.Cards.Reverse(c.Request.Context(), caller.Actor(c), r)
	} else {
		paid, err = customer.Reverse(c.Request.Context(), s.Pool, caller.Actor(c), r)
	}
	return s.answerPaid(c, owner, key, paid, err)
}

// chargeRequest is the body of POST /customers/:id/charges.
type chargeRequest struct {
	Amount    *Amount `json:"amount"`
	Text      string  `json:"text"`
	Reference string  `json:"reference"`
	Floor     *Amount `json:"floor"` // the least balance afterwards; missing: zero
}

// ChargeCreate handles POST /api/v1/customers/:id/charges.
func (s *Server) ChargeCreate(c *gin.Context) error {
	key, owner, err := s.keyAndCustomer(c)
	if err != nil {
		return err
	}
	var body chargeRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	sum, wrong := readAmount(body.Amount, owner.Currency, "/amount")
	if wrong != nil {
		return wrong
	}
	floor := money.Amount{Currency: owner.Currency}
	if body.Floor != nil {
		if floor, wrong = readAmount(body.Floor, owner.Currency, "/floor"); wrong != nil {
			return wrong
		}
	}
	paid, err := customer.Take(c.Request.Context(), s.Pool, caller.Actor(c), customer.Charge{
		CustomerID: owner.ID, Amount: sum, Text: body.Text, Reference: body.Reference, Floor: floor.Minor, Key: key,
	})
	return s.answerPaid(c, owner, key, paid, err)
}
