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

// Seen is a redeemable card as the portal shows it before the redemption.
type Seen struct {
	Series    string
	Serial    int32
	Amount    int64 // face value in minor units
	Balance   int64 // of the customer, before the redemption, in minor units
	Currency  string
	ValidTill time.Time // a date: the last day on which it can be redeemed
}

// Look returns what redeeming a code would bring a customer, and changes nothing. It is
// charged as an attempt and returns the errors of Redeem, so that it is no cheaper way to
// guess. A successful look takes back its own charge only. It spends no card, so it must not
// clear the wrong guesses before it.
func (s *Service) Look(ctx context.Context, actor audit.Actor, customerID int64, text string) (Seen, error) {
	if err := checkAttempt(actor, customerID); err != nil {
		return Seen{}, err
	}
	customer, err := s.readCustomer(ctx, s.db, actor, customerID)
	if err != nil {
		return Seen{}, err
	}
	if err := s.checkOffered(ctx, actor, customer); err != nil {
		return Seen{}, err
	}
	a, err := s.newAttempt(ctx, actor, Redemption{CustomerID: customerID, Code: text}, customer)
	if err != nil {
		return Seen{}, err
	}
	var row db.CardLookRow
	err = s.runAttempt(ctx, a, s.Guesses.TakeBack, func() error {
		var err error
		row, err = s.readRedeemable(ctx, a, customer)
		return err
	})
	if err != nil {
		return Seen{}, err
	}
	return Seen{
		Series: row.Number, Serial: row.Serial, Amount: row.Price, Balance: *customer.Balance, Currency: row.Currency, ValidTill: row.ValidTill,
	}, nil
}

// readRedeemable checks the conditions of CardUse in a query that changes nothing. Every
// refusal runs the same two queries, whatever its reason.
func (s *Service) readRedeemable(ctx context.Context, a *attempt, customer db.CustomerGetRow) (db.CardLookRow, error) {
	card, missing := s.find(ctx, a)
	if missing != nil && !errors.Is(missing, ErrUnknown) {
		return db.CardLookRow{}, missing
	}
	row, err := s.q.CardLook(ctx, s.db, db.CardLookParams{CustomerID: customer.ID, SeriesID: card.SeriesID, Serial: card.Serial})
	switch {
	case errors.Is(err, pgx.ErrNoRows) && missing != nil:
		return row, missing
	case errors.Is(err, pgx.ErrNoRows):
		return row, refusedError{error: refusalReason(card, customer), card: card}
	case err != nil:
		return row, fmt.Errorf("look at a card: %w", err)
	}
	return row, nil
}
