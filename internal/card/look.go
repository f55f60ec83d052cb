package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
)

// Seen is a card as it lies before a customer who may redeem it.
type Seen struct {
	Series    string
	Serial    int32
	Amount    int64 // minor units
	Balance   int64 // of the customer now
	Currency  string
	ValidTill time.Time // a date: the last day on which it can be redeemed
}

// Look tells a customer what redeeming a code would bring, and changes nothing.
// It is charged as an attempt and refused with the very answers of Redeem, or it
// would be the cheaper way to guess. A good look takes back only its own charge:
// it costs no card, so it must not wipe out the wrong guesses before it.
func (s *Service) Look(ctx context.Context, actor audit.Actor, customerID int64, text string) (Seen, error) {
	customer, err := s.q.CustomerGet(ctx, s.db, db.CustomerGetParams{
		ID: customerID, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Seen{}, ErrCustomer
	}
	if err != nil {
		return Seen{}, fmt.Errorf("read a customer: %w", err)
	}
	r := Redemption{CustomerID: customerID, Code: text}
	at, err := s.locate(ctx, actor, r)
	if err != nil {
		return Seen{}, err
	}
	floor := time.NewTimer(refusalFloor)
	defer floor.Stop()
	if err := s.chargeTyped(ctx, actor, customerID, zone(customer.TimeZone), &at); err != nil {
		return Seen{}, err
	}
	row, err := s.see(ctx, r, at, customer)
	if err != nil {
		err = s.refuse(ctx, actor, r, at, customer.PartnerID, err)
		sitOut(ctx, floor)
		return Seen{}, err
	}
	s.takeBack(ctx, at.charges)
	return Seen{
		Series: row.Number, Serial: row.Serial, Amount: row.Price, Balance: *customer.Balance, Currency: row.Currency, ValidTill: row.ValidTill,
	}, nil
}

// see asks what Redeem's guard would say. Each refusal takes the same two
// questions, whatever its reason.
func (s *Service) see(ctx context.Context, r Redemption, at whereabouts, customer db.CustomerGetRow) (db.CardLookRow, error) {
	card, missing := s.find(ctx, s.db, r, at, customer.PartnerID)
	if missing != nil && !errors.Is(missing, ErrUnknown) {
		return db.CardLookRow{}, missing
	}
	row, err := s.q.CardLook(ctx, s.db, db.CardLookParams{CustomerID: customer.ID, SeriesID: card.SeriesID, Serial: card.Serial})
	switch {
	case errors.Is(err, pgx.ErrNoRows) && missing != nil:
		return row, missing
	case errors.Is(err, pgx.ErrNoRows):
		return row, refusedCardError{reason(card, customer), card}
	case err != nil:
		return row, fmt.Errorf("look at a card: %w", err)
	}
	return row, nil
}
