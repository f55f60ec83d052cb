package card

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/db"
	"refill/internal/fault"
)

// Hold is a request of an API client to reserve a card for a customer: to hold it back until
// it is committed, released, or its time is over. The card is found as in a Redemption.
type Hold struct {
	CustomerID int64
	Code       string
	Card       Ref
	Key        uuid.UUID     // idempotency key: the same key reserves once
	TTL        time.Duration // MinHold to MaxHold
	Reference  string        // as in a Redemption
}

// How long a card can be reserved. The longest time is less than the hour after which the
// value of an expired series moves to breakage, so that a card that expires meanwhile can
// still be committed.
const (
	MinHold   = 10 * time.Second
	UsualHold = 2 * time.Minute
	MaxHold   = 30 * time.Minute
)

// Reservation is a reserved card.
type Reservation struct {
	ID       uuid.UUID
	Series   string
	Serial   int32
	Amount   int64 // face value in minor units
	Currency string
	HeldAt   time.Time
	Until    time.Time
	Replayed bool // an earlier request with the same key reserved it
}

// Errors of reservations.
var (
	ErrHoldTime         = fault.Field("ttl", "reserve_ttl", "A card can be reserved for {least} to {most} seconds.")
	ErrHoldByClient     = fault.New(fault.Forbidden, "reserve_client", "Only an API client reserves cards.")
	ErrHoldKey          = fault.New(fault.Conflict, "reserve_key_reused", "This key has reserved another card, or for another customer.")
	ErrHoldUnsettled    = fault.New(fault.Unsettled, "reserve_unsettled", "The connection broke before the outcome was known. The same request with the same key tells it.")
	ErrNoReservation    = fault.New(fault.NotFound, "reservation_missing", "There is no such reservation.")
	ErrHoldReleased     = fault.New(fault.Conflict, "reservation_released", "This reservation was released. Reserve the card anew.")
	ErrHoldCommitted    = fault.New(fault.Conflict, "reservation_committed", "This reservation was committed: the card is redeemed. A reversal takes a redemption back.")
	ErrReservationLost  = fault.New(fault.Conflict, "reservation_lost", "The time of this reservation was over, and the card was used or reserved by another request.")
	ErrNotHeld          = fault.New(fault.Conflict, "card_not_reserved", "This card is not reserved any more.")
	ErrSeriesHeld       = fault.Field("price", "edit_reserved", "API clients have reserved cards of this series, the last until {until}. The price can be changed after that.")
	errHoldOfCustomer   = fault.New(fault.Conflict, "reservation_customer", "The customer of this reservation, or their partner, is disabled. Nothing was redeemed.")
	errHoldOutOfUse     = fault.New(fault.Conflict, "reservation_out_of_use", "The card of this reservation was taken out of use meanwhile. Nothing was redeemed.")
	errHoldExpiredSince = fault.New(fault.Conflict, "reservation_card_expired", "The reservation was over before it was committed, and the card has expired since. Nothing was redeemed.")
)

// Reserve holds a card back for a customer. The code is charged as an attempt, as in Redeem,
// and the charge is taken back only for this attempt, because no card is spent. The errors
// are those of Redeem, ErrHoldTime, and ErrHoldKey for a key that has reserved something else.
// After ErrHoldUnsettled the same request with the same key tells the outcome.
func (s *Service) Reserve(ctx context.Context, actor audit.Actor, h Hold) (Reservation, error) {
	if err := checkAttempt(actor, h.CustomerID); err != nil {
		return Reservation{}, err
	}
	if actor.Kind != audit.KindClient {
		return Reservation{}, ErrHoldByClient
	}
	if h.TTL < MinHold || h.TTL > MaxHold {
		return Reservation{}, ErrHoldTime.With("least", fault.Number(int64(MinHold/time.Second))).With("most", fault.Number(int64(MaxHold/time.Second)))
	}
	r := Redemption{CustomerID: h.CustomerID, Code: h.Code, Card: h.Card, Key: h.Key, Reference: h.Reference}
	customer, err := s.readCustomer(ctx, s.db, actor, h.CustomerID)
	if err != nil {
		return Reservation{}, err
	}
	a, err := s.newAttempt(ctx, actor, r, customer)
	if err != nil {
		return Reservation{}, err
	}
	if done, err := s.replayHold(ctx, actor, h, a); err != nil || done.ID != uuid.Nil {
		return done, err
	}
	if err := s.checkOffered(ctx, actor, customer); err != nil {
		return Reservation{}, err
	}
	var held Reservation
	err = s.runAttempt(ctx, a, s.Guesses.TakeBack, func() error {
		var err error
		held, err = s.settleHold(ctx, h, r, a, customer)
		return err
	})
	return held, err
}

// settleHold runs the transaction of Reserve. If a concurrent request with the same key was
// first, it returns the reservation of that request.
func (s *Service) settleHold(ctx context.Context, h Hold, r Redemption, a *attempt, customer db.CustomerGetRow) (Reservation, error) {
	held := Reservation{ID: uuid.New()}
	var find finder
	err := billing.SettleWith(ctx, s.db, ErrHoldUnsettled, func(b *db.Batch) { find = s.queueFind(ctx, b, a) }, func(tx pgx.Tx) error {
		card, err := find(tx)
		if err != nil && !errors.Is(err, ErrUnknown) {
			return err
		}
		held.Series, held.Serial = card.Number, card.Serial
		return s.hold(ctx, tx, h, r, a, card, customer, &held)
	})
	if err == nil {
		return held, nil
	}
	if db.Constraint(err) != "reservation_request_key" && fault.KindOf(err) != fault.Invalid {
		return Reservation{}, err
	}
	if done, replayErr := s.replayHold(ctx, a.actor, h, a); replayErr != nil || done.ID != uuid.Nil {
		return done, replayErr
	}
	return Reservation{}, err
}

// hold reserves a card that was found, in the caller's transaction. A card that can't be
// reserved is a refusedError.
func (s *Service) hold(ctx context.Context, tx pgx.Tx, h Hold, r Redemption, a *attempt, card db.CardFindRow, customer db.CustomerGetRow, held *Reservation) error {
	batch := &db.Batch{}
	if err := s.q.SeriesShare(ctx, batch, int32(card.SeriesID)); err != nil { //nolint:gosec // the key of a lock; an id that wraps around only waits for another series
		return err
	}
	reserved := db.Queue(batch, func(dbtx db.DBTX) (db.CardReserveRow, error) {
		return s.q.CardReserve(ctx, dbtx, db.CardReserveParams{Reservation: &held.ID, Ttl: h.TTL, SeriesID: card.SeriesID, Serial: card.Serial, CustomerID: customer.ID})
	})
	if err := s.q.PartnerKeepingShare(ctx, batch, int32(customer.PartnerID)); err != nil { //nolint:gosec // as above
		return err
	}
	if err := batch.Send(ctx, tx); err != nil {
		return fmt.Errorf("reserve a card: %w", err)
	}
	if reserved.Err != nil {
		return s.explainRefusal(ctx, tx, r, Ref{SeriesID: card.SeriesID, Serial: card.Serial}, customer)
	}
	held.Amount, held.Currency = reserved.Value.Price, reserved.Value.Currency
	row, err := s.q.ReservationCreate(ctx, tx, db.ReservationCreateParams{
		ID: held.ID, ClientID: a.actor.ID, CustomerID: customer.ID, SeriesID: card.SeriesID, Serial: card.Serial, RequestKey: h.Key,
		Reference: h.Reference, Picked: !a.typed, Amount: held.Amount, Currency: held.Currency, Ttl: h.TTL,
	})
	if err != nil {
		return fmt.Errorf("keep a reservation: %w", err)
	}
	held.HeldAt, held.Until = row.HeldAt, row.HeldUntil
	return act.Record(ctx, tx, a.actor, Reserved{act.Subject{CustomerID: customer.ID, SeriesID: card.SeriesID, Serial: card.Serial}, held.ID, held.Until, row.EventNo})
}

// replayHold returns the reservation that an earlier request with the key made; the zero value
// where there is none.
func (s *Service) replayHold(ctx context.Context, actor audit.Actor, h Hold, a *attempt) (Reservation, error) {
	row, found, err := db.Found(s.q.ReservationGetByKey(ctx, s.db, h.Key))
	if err != nil || !found {
		return Reservation{}, err
	}
	ref := Ref{SeriesID: row.SeriesID, Serial: row.Serial}
	card, err := s.q.CardDone(ctx, s.db, db.CardDoneParams(ref))
	if err != nil {
		return Reservation{}, fmt.Errorf("read the card of a reservation: %w", err)
	}
	same, err := s.sameCard(ctx, Redemption{Card: h.Card}, a, ref, card.CodeIndex)
	if err != nil {
		return Reservation{}, err
	}
	if !same || row.CustomerID != h.CustomerID || row.ClientID != actor.ID || row.Reference != h.Reference {
		return Reservation{}, ErrHoldKey
	}
	return Reservation{
		ID: row.ID, Series: row.Number, Serial: row.Serial, Amount: row.Amount, Currency: row.Currency, HeldAt: row.HeldAt, Until: row.HeldUntil, Replayed: true,
	}, nil
}

// Commit redeems a reserved card for its customer, exactly once, however often it is asked.
// In time the last day of the card is judged as of the reservation. After its time the card
// is redeemed too, as of now, while no other request has used or reserved it: the client has
// credited its customer by then. Otherwise the error is ErrReservationLost.
//
// A series that was locked or made void, a card out of use, and a disabled customer or partner
// win over a reservation. The ledger key is the id of the reservation. After ErrUnsettled the
// same request tells the outcome.
func (s *Service) Commit(ctx context.Context, actor audit.Actor, id uuid.UUID) (Receipt, error) {
	if actor.Kind != audit.KindClient {
		return Receipt{}, ErrHoldByClient
	}
	if err := CheckModule(ctx, s.db, actor); err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	var broken error // a refusal that is noted, so that its transaction commits
	err := billing.Settle(ctx, s.db, ErrUnsettled, func(tx pgx.Tx) error {
		broken = nil
		row, err := s.lockReservation(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		switch row.State {
		case db.ReservationStateReleased:
			return ErrHoldReleased
		case db.ReservationStateCommitted:
			receipt, err = s.committed(ctx, tx, row)
			return err
		case db.ReservationStateHeld, db.ReservationStateExpired:
		}
		receipt, err = s.commit(ctx, tx, actor, row)
		refused, isRefused := errors.AsType[brokenError](err)
		if !isRefused {
			return err
		}
		broken = refused.why
		return s.noteBroken(ctx, tx, actor, row, broken)
	})
	return receipt, cmp.Or(err, broken)
}

// noteBroken records the first refusal of a commit. Nothing else was changed.
func (s *Service) noteBroken(ctx context.Context, tx pgx.Tx, actor audit.Actor, row db.ReservationGetForUpdateRow, why error) error {
	n, err := s.q.ReservationBreak(ctx, tx, row.ID)
	if err != nil {
		return fmt.Errorf("note a refused commit: %w", err)
	}
	if n == 0 {
		return nil
	}
	return act.Record(ctx, tx, actor, HoldBroken{subjectOf(row), row.ID, row.EventNo, fault.All(why)[0].Code})
}

// subjectOf returns what an act upon a reservation concerns.
func subjectOf(row db.ReservationGetForUpdateRow) act.Subject {
	return act.Subject{CustomerID: row.CustomerID, SeriesID: row.SeriesID, Serial: row.Serial}
}

// brokenError carries the refusal of a commit out of commit, which has changed nothing.
type brokenError struct{ why error }

// Error implements error.
func (e brokenError) Error() string { return e.why.Error() }

// lockReservation locks a reservation of the acting client.
func (s *Service) lockReservation(ctx context.Context, tx pgx.Tx, actor audit.Actor, id uuid.UUID) (db.ReservationGetForUpdateRow, error) {
	return db.Need(s.q.ReservationGetForUpdate(ctx, tx, db.ReservationGetForUpdateParams{ID: id, ClientID: actor.ID})).Or(ErrNoReservation, "lock a reservation")
}

// committed returns the receipt of a reservation that was committed before.
func (s *Service) committed(ctx context.Context, tx pgx.Tx, row db.ReservationGetForUpdateRow) (Receipt, error) {
	done, err := s.q.LedgerGetByKey(ctx, tx, &row.ID)
	if err != nil {
		return Receipt{}, fmt.Errorf("read the redemption of a reservation: %w", err)
	}
	card, err := s.q.CardDone(ctx, tx, db.CardDoneParams{SeriesID: row.SeriesID, Serial: row.Serial})
	if err != nil {
		return Receipt{}, fmt.Errorf("read the card of a reservation: %w", err)
	}
	return Receipt{
		PaymentID: done.PaymentID, Series: card.Number, Serial: row.Serial, Amount: done.Amount, Balance: done.BalanceAfter,
		Currency: done.Currency, At: done.At, Replayed: true,
	}, nil
}

// commit redeems the card of a locked reservation.
func (s *Service) commit(ctx context.Context, tx pgx.Tx, actor audit.Actor, row db.ReservationGetForUpdateRow) (Receipt, error) {
	customer, err := s.readCustomer(ctx, tx, actor, row.CustomerID)
	if err != nil {
		return Receipt{}, err
	}
	if err := s.q.SeriesShare(ctx, tx, int32(row.SeriesID)); err != nil { //nolint:gosec // as in hold
		return Receipt{}, fmt.Errorf("share the lock of a series: %w", err)
	}
	use := db.CardUseParams{CustomerID: &customer.ID, SeriesID: row.SeriesID, Serial: row.Serial, Reservation: &row.ID}
	if row.InTime {
		use.AsOf = &row.HeldAt
	}
	used, err := s.q.CardUse(ctx, tx, use)
	if errors.Is(err, pgx.ErrNoRows) {
		why := s.explainLost(ctx, tx, row, customer)
		if fault.IsInternal(why) {
			return Receipt{}, why
		}
		return Receipt{}, brokenError{why}
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("use a reserved card: %w", err)
	}
	card, err := s.q.CardFindSerial(ctx, tx, db.CardFindSerialParams{SeriesID: row.SeriesID, Serial: row.Serial, PartnerID: customer.PartnerID})
	if err != nil {
		return Receipt{}, fmt.Errorf("read a reserved card: %w", err)
	}
	r := Redemption{CustomerID: row.CustomerID, Key: row.ID, Reference: row.Reference}
	if row.Picked {
		r.Card = Ref{SeriesID: row.SeriesID, Serial: row.Serial}
	}
	receipt := Receipt{Series: card.Number, Serial: row.Serial, Amount: used.Price, Currency: used.Currency, At: used.UsedAt}
	paid, err := s.credit(ctx, tx, actor, r, db.CardFindRow(card), receipt)
	if err != nil {
		return Receipt{}, err
	}
	receipt.PaymentID, receipt.Balance, receipt.Handed = paid.ID, paid.Balance, paid.Handed
	posted, err := s.q.LedgerIDByKey(ctx, tx, &row.ID)
	if err != nil {
		return Receipt{}, fmt.Errorf("find the redemption of a reservation: %w", err)
	}
	err = s.q.ReservationEnd(ctx, tx, db.ReservationEndParams{ID: row.ID, State: db.ReservationStateCommitted, TxID: &posted})
	if err != nil {
		return Receipt{}, fmt.Errorf("end a reservation: %w", err)
	}
	return receipt, act.Record(ctx, tx, actor, Committed{subjectOf(row), row.ID, row.EventNo})
}

// explainLost returns why a reservation can't be committed.
func (s *Service) explainLost(ctx context.Context, tx pgx.Tx, row db.ReservationGetForUpdateRow, customer db.CustomerGetRow) error {
	card, err := s.q.CardFindSerial(ctx, tx, db.CardFindSerialParams{SeriesID: row.SeriesID, Serial: row.Serial, PartnerID: customer.PartnerID})
	if err != nil {
		return fmt.Errorf("read a reserved card: %w", err)
	}
	why := refusalReason(db.CardFindRow(card), customer)
	switch {
	case errors.Is(why, ErrErasedC), errors.Is(why, ErrDisabledC), errors.Is(why, ErrPartner):
		return errHoldOfCustomer.Because(why)
	case errors.Is(why, ErrUsed), errors.Is(why, ErrYours), errors.Is(why, ErrReserved):
		return ErrReservationLost.Because(why)
	case errors.Is(why, ErrExpired):
		return errHoldExpiredSince.Because(why)
	}
	return errHoldOutOfUse.Because(why)
}
