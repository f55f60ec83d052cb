package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/billing"
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// redemptionRequest is the body of POST /redemptions.
type redemptionRequest struct {
	Code      string       `json:"code"`
	Card      string       `json:"card"`
	Customer  *customerRef `json:"customer"`
	Reference string       `json:"reference"`
}

// redemption is a redemption as the API tells it.
type redemption struct {
	ID           string       `json:"id"`
	Card         string       `json:"card"`
	Amount       Amount       `json:"amount"`
	BalanceAfter Amount       `json:"balance_after"`
	Customer     customerSeen `json:"customer"`
	Reference    string       `json:"reference"`
	At           string       `json:"at"`
	Outside      *outside     `json:"outside,omitempty"`     // where its value was handed over to another system
	ReversedBy   string       `json:"reversed_by,omitempty"` // id of the payment that reversed it
}

// outside tells of a redemption whose value was handed over to another system.
type outside struct {
	AcknowledgedAt *string `json:"acknowledged_at"` // null: that system has not acknowledged it
}

// viewOutside describes the handover of a redemption; nil where there was none.
func viewOutside(handed bool, acknowledged *time.Time) *outside {
	if !handed {
		return nil
	}
	v := &outside{}
	if acknowledged != nil {
		at := moment(*acknowledged)
		v.AcknowledgedAt = &at
	}
	return v
}

// outsideOf returns the handover of a redemption that was just done, or done before.
func (s *Server) outsideOf(c *gin.Context, receipt card.Receipt) (*outside, error) {
	if !receipt.Replayed {
		return viewOutside(receipt.Handed, nil), nil
	}
	scope := caller.Client(c).Scope
	row, _, err := db.Found(db.New().RedemptionGet(c.Request.Context(), s.Pool, db.RedemptionGetParams{ID: receipt.PaymentID, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs}))
	if err != nil {
		return nil, fmt.Errorf("read a redemption: %w", err)
	}
	return viewOutside(row.Handed, row.AcknowledgedAt), nil
}

var errCodeOrCard = fault.Field("code", "code_or_card", "Send the code of the card, or the card as series and serial such as 202611-42, and not both.")

// RedemptionCreate handles POST /api/v1/redemptions.
func (s *Server) RedemptionCreate(c *gin.Context) error {
	var body redemptionRequest
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	if err := s.read(c, &body); err != nil {
		return err
	}
	if err := checkReference(body.Reference); err != nil {
		return err
	}
	if (body.Code == "") == (body.Card == "") {
		return errCodeOrCard
	}
	r := card.Redemption{Code: body.Code, Key: key, Reference: body.Reference}
	if r.CustomerID, r.Customer, err = body.Customer.read(); err != nil {
		return err
	}
	if body.Card != "" {
		who, err := s.customerToCredit(c, body.Customer) // a customer who is unknown is said before a card that is
		if err != nil {
			return err
		}
		r.CustomerID, r.Customer = who.ID, nil
		if r.Card, err = s.findCard(c, body.Card); err != nil {
			return err
		}
	}
	receipt, err := s.Cards.Redeem(c.Request.Context(), caller.Actor(c), r)
	if errors.Is(err, customer.ErrUnknown) && body.Customer.ExternalID != "" {
		if r.CustomerID, err = s.firstUse(c, body.Customer); err != nil {
			return err
		}
		r.Customer = nil
		receipt, err = s.Cards.Redeem(c.Request.Context(), caller.Actor(c), r)
	}
	if err != nil {
		return err
	}
	handed, err := s.outsideOf(c, receipt)
	if err != nil {
		return err
	}
	return created(c, Base+"/redemptions/"+idText(receipt.PaymentID), receipt.Replayed, redemption{
		ID: idText(receipt.PaymentID), Card: kit.CardName(receipt.Series, int64(receipt.Serial)),
		Amount: amount(receipt.Amount, receipt.Currency), BalanceAfter: amount(receipt.Balance, receipt.Currency),
		Customer: customerSeen{ID: idText(receipt.Customer.ID), Username: receipt.Customer.Username, ExternalID: receipt.Customer.ExternalID}, Reference: body.Reference, At: moment(receipt.At), Outside: handed,
	})
}

// viewRedemption describes a redemption that was read.
func viewRedemption(row db.RedemptionListRow) redemption {
	r := redemption{
		ID: idText(row.ID), Card: kit.CardName(row.Number, int64(*row.Serial)),
		Amount: amount(row.Amount, row.Currency), BalanceAfter: amount(row.BalanceAfter, row.Currency),
		Customer:  customerSeen{ID: idText(row.CustomerID), Username: row.Username, ExternalID: row.ExternalID},
		Reference: row.Reference, At: moment(row.At), Outside: viewOutside(row.Handed, row.AcknowledgedAt),
	}
	if row.ReversedBy != 0 {
		r.ReversedBy = idText(row.ReversedBy)
	}
	return r
}

// redemption reads the redemption that the address of a request names.
func (s *Server) redemption(c *gin.Context) (db.RedemptionGetRow, error) {
	id, err := pathID(c, billing.ErrNoPayment)
	if err != nil {
		return db.RedemptionGetRow{}, err
	}
	scope := caller.Client(c).Scope
	return db.Need(db.New().RedemptionGet(c.Request.Context(), s.Pool, db.RedemptionGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, HiddenIds: scope.Hidden})).
		Or(billing.ErrNoPayment, "read a redemption")
}

// RedemptionShow handles GET /api/v1/redemptions/:id.
func (s *Server) RedemptionShow(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	row, err := s.redemption(c)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, viewRedemption(db.RedemptionListRow(row)))
}

// RedemptionList handles GET /api/v1/redemptions.
func (s *Server) RedemptionList(c *gin.Context) error {
	q := readQuery(c, "limit", "after", "customer", "reference", "created_from", "created_to")
	p, scope := q.page(), caller.Client(c).Scope
	params := db.RedemptionListParams{
		BeforeID: p.after, Size: p.limit(), AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, HiddenIds: scope.Hidden,
		CreatedFrom: q.moment("created_from"), CreatedTo: q.moment("created_to"),
	}
	if text := q.text("reference"); text != "" {
		params.Reference = &text
	}
	if id := q.number("customer", 0, lastID); id != 0 {
		params.CustomerID = &id
	}
	if err := q.err(); err != nil {
		return err
	}
	rows, err := db.New().RedemptionList(c.Request.Context(), s.Pool, params)
	if err != nil {
		return err
	}
	return answerList(c, p, rows, func(r db.RedemptionListRow) int64 { return r.ID }, viewRedemption)
}

// reversalRequest is the body of a reversal.
type reversalRequest struct {
	Reason string `json:"reason"`
}

// reversal is the answer of a reversal.
type reversal struct {
	ID           string `json:"id"` // of the payment that reverses
	BalanceAfter Amount `json:"balance_after"`
	At           string `json:"at"`
}

// RedemptionReverse handles POST /api/v1/redemptions/:id/reversal. The card becomes void.
func (s *Server) RedemptionReverse(c *gin.Context) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	row, err := s.redemption(c)
	if err != nil {
		return err
	}
	var body reversalRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	paid, err := s.Cards.Reverse(c.Request.Context(), caller.Actor(c), billing.Reversal{CustomerID: row.CustomerID, PaymentID: row.ID, Reason: body.Reason, Key: key})
	if err != nil {
		return err
	}
	return created(c, Base+"/redemptions/"+idText(row.ID), paid.Replayed, reversal{ID: idText(paid.ID), BalanceAfter: amount(paid.Balance, row.Currency), At: moment(paid.At)})
}

// acknowledgementRequest is the body of an acknowledgement.
type acknowledgementRequest struct {
	Reference string `json:"reference"`
}

// acknowledgement is the answer to it. It tells nothing that its sender does not know, since
// a client may acknowledge redemptions without the permission to list them.
type acknowledgement struct {
	ID             string `json:"id"` // of the redemption
	Reference      string `json:"reference"`
	AcknowledgedAt string `json:"acknowledged_at"`
}

// RedemptionAcknowledge handles POST /api/v1/redemptions/:id/acknowledgement: the other system
// has credited the value. It needs no Idempotency-Key, because its address names what is
// acknowledged once.
func (s *Server) RedemptionAcknowledge(c *gin.Context) error {
	row, err := s.redemption(c)
	if err != nil {
		return err
	}
	var body acknowledgementRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	acked, err := billing.Acknowledge(c.Request.Context(), s.Pool, caller.Actor(c), billing.Acknowledgement{PaymentID: row.ID, Reference: body.Reference})
	if err != nil {
		return err
	}
	return created(c, Base+"/redemptions/"+idText(row.ID), acked.Replayed, acknowledgement{
		ID: idText(row.ID), Reference: strings.TrimSpace(body.Reference), AcknowledgedAt: moment(acked.At),
	})
}

// lookRequest is the body of POST /cards/look.
type lookRequest struct {
	Code     string       `json:"code"`
	Customer *customerRef `json:"customer"`
}

// looked is what a card would add.
type looked struct {
	Card      string `json:"card"`
	Amount    Amount `json:"amount"`
	ValidTill string `json:"valid_till"`
}

// CardLook handles POST /api/v1/cards/look: what a code would add to a customer's balance.
// It costs an attempt as a redemption does.
func (s *Server) CardLook(c *gin.Context) error {
	var body lookRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	who, err := s.customerToCredit(c, body.Customer)
	if err != nil {
		return err
	}
	found, err := s.Cards.Look(c.Request.Context(), caller.Actor(c), who.ID, body.Code)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, looked{
		Card: kit.CardName(found.Series, int64(found.Serial)), Amount: amount(found.Amount, found.Currency), ValidTill: found.ValidTill.Format(time.DateOnly),
	})
}

// checkReference refuses a reference that is too long.
func checkReference(text string) error {
	if len([]rune(text)) > card.MaxReference {
		return fault.Field("reference", "reference_long", "The reference can be up to {most} characters long.").With("most", fault.Number(card.MaxReference))
	}
	return nil
}
