package api

import (
	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/fault"
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
	who, err := s.findCustomer(c, body.Customer)
	if err != nil {
		return err
	}
	r := card.Redemption{CustomerID: who.ID, Code: body.Code, Key: key, Reference: body.Reference}
	if body.Card != "" {
		if r.Card, err = s.findCard(c, body.Card); err != nil {
			return err
		}
	}
	receipt, err := s.Cards.Redeem(c.Request.Context(), actor(c), r)
	if err != nil {
		return err
	}
	return created(c, Base+"/redemptions/"+idText(receipt.PaymentID), receipt.Replayed, redemption{
		ID: idText(receipt.PaymentID), Card: kit.CardName(receipt.Series, int64(receipt.Serial)),
		Amount: amount(receipt.Amount, receipt.Currency), BalanceAfter: amount(receipt.Balance, receipt.Currency),
		Customer: seen(who), Reference: body.Reference, At: moment(receipt.At),
	})
}

// checkReference refuses a reference that is too long.
func checkReference(text string) error {
	if len([]rune(text)) > card.MaxReference {
		return fault.Field("reference", "reference_long", "The reference can be up to {most} characters long.").With("most", fault.Number(card.MaxReference))
	}
	return nil
}
