package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// reservationRequest is the body of POST /reservations.
type reservationRequest struct {
	Code      string       `json:"code"`
	Card      string       `json:"card"`
	Customer  *customerRef `json:"customer"`
	Reference string       `json:"reference"`
	TTL       *int64       `json:"ttl"` // seconds; null: the usual time
}

// reservation is a reservation as the API tells it.
type reservation struct {
	ID         string       `json:"id"`
	State      string       `json:"state"`
	Card       string       `json:"card"`
	Amount     Amount       `json:"amount"`
	Customer   customerSeen `json:"customer"`
	Reference  string       `json:"reference"`
	HeldAt     string       `json:"held_at"`
	HeldUntil  string       `json:"held_until"`
	Redemption string       `json:"redemption,omitempty"` // id, once it is committed
}

// ReservationCreate handles POST /api/v1/reservations.
func (s *Server) ReservationCreate(c *gin.Context) error {
	var body reservationRequest
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
	who, err := s.customerToCredit(c, body.Customer)
	if err != nil {
		return err
	}
	h := card.Hold{CustomerID: who.ID, Code: body.Code, Key: key, TTL: card.UsualHold, Reference: body.Reference}
	if body.TTL != nil {
		h.TTL = time.Duration(min(max(*body.TTL, 0), 1<<20)) * time.Second
	}
	if body.Card != "" {
		if h.Card, err = s.findCard(c, body.Card); err != nil {
			return err
		}
	}
	held, err := s.Cards.Reserve(c.Request.Context(), caller.Actor(c), h)
	if err != nil {
		return err
	}
	if held.Replayed { // it may have ended since
		row, err := s.reservation(c, held.ID)
		if err != nil {
			return err
		}
		return created(c, Base+"/reservations/"+held.ID.String(), true, viewReservation(row))
	}
	return created(c, Base+"/reservations/"+held.ID.String(), false, reservation{
		ID: held.ID.String(), State: string(db.ReservationStateHeld), Card: kit.CardName(held.Series, int64(held.Serial)), Amount: amount(held.Amount, held.Currency),
		Customer: seen(who), Reference: body.Reference, HeldAt: moment(held.HeldAt), HeldUntil: moment(held.Until),
	})
}

// reservation reads a reservation of the client.
func (s *Server) reservation(c *gin.Context, id uuid.UUID) (db.ReservationGetRow, error) {
	client := caller.Client(c)
	return db.Need(db.New().ReservationGet(c.Request.Context(), s.Pool, db.ReservationGetParams{
		ID: id, ClientID: client.ID, AllPartners: client.Scope.AllPartners, PartnerIds: client.Scope.PartnerIDs,
	})).Or(card.ErrNoReservation, "read a reservation")
}

// named returns the reservation that the address of a request names.
func (s *Server) named(c *gin.Context) (db.ReservationGetRow, error) {
	if err := readQuery(c).err(); err != nil {
		return db.ReservationGetRow{}, err
	}
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return db.ReservationGetRow{}, card.ErrNoReservation
	}
	return s.reservation(c, id)
}

// viewReservation describes a reservation that was read. One whose time is over is expired,
// also before housekeeping has marked it.
func viewReservation(row db.ReservationGetRow) reservation {
	r := reservation{
		ID: row.ID.String(), State: string(row.State), Card: kit.CardName(row.Number, int64(row.Serial)), Amount: amount(row.Amount, row.Currency),
		Customer:  customerSeen{ID: idText(row.CustomerID), Username: row.Username, ExternalID: row.ExternalID},
		Reference: row.Reference, HeldAt: moment(row.HeldAt), HeldUntil: moment(row.HeldUntil),
	}
	if row.Over {
		r.State = string(db.ReservationStateExpired)
	}
	if row.PaymentID != 0 {
		r.Redemption = idText(row.PaymentID)
	}
	return r
}

// ReservationShow handles GET /api/v1/reservations/:id.
func (s *Server) ReservationShow(c *gin.Context) error {
	row, err := s.named(c)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, viewReservation(row))
}

// ReservationCommit handles POST /api/v1/reservations/:id/commit: 201 when it redeems the
// card, 200 when it was committed before. It needs no Idempotency-Key.
func (s *Server) ReservationCommit(c *gin.Context) error {
	row, err := s.named(c)
	if err != nil {
		return err
	}
	receipt, err := s.Cards.Commit(c.Request.Context(), caller.Actor(c), row.ID)
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
		Customer:  customerSeen{ID: idText(row.CustomerID), Username: row.Username, ExternalID: row.ExternalID},
		Reference: row.Reference, At: moment(receipt.At), Outside: handed,
	})
}

// ReservationRelease handles POST /api/v1/reservations/:id/release. It needs no
// Idempotency-Key.
func (s *Server) ReservationRelease(c *gin.Context) error {
	row, err := s.named(c)
	if err != nil {
		return err
	}
	if err := s.Cards.Release(c.Request.Context(), caller.Actor(c), row.ID); err != nil {
		return err
	}
	if row, err = s.reservation(c, row.ID); err != nil {
		return err
	}
	return answer(c, http.StatusOK, viewReservation(row))
}
