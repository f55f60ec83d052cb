package card

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/guess"
)

// attempt is one attempt at a typed code, or at a card that staff picked from its series. It
// holds for whom it is made, how the card is found, and what was charged for it.
type attempt struct {
	actor      audit.Actor
	customerID int64          // 0: staff search for a card
	partnerID  int64          // of the customer
	zone       *time.Location // of the customer

	card     Ref // the picked card
	typed    bool
	code     cardcode.Code    // the likeliest reading, for the trace in the audit trail
	indexes  [][]byte         // blind indexes of every reading as a generated code
	imported codestore.Lookup // blind indexes of every reading as an imported code; empty: it can be none
	length   int              // of the imported code, in symbols
	chance   float64          // that an attempt of this length hits an imported card, 0 to 1
	charges  []guess.Charge   // charged for this attempt
}

// checkAttempt refuses an actor that may not try codes for a customer. A customer may try
// codes for their own account only (customer.ErrUnknown). Users of dealers and visitors may
// try none (audit.ErrNeedsStaff). Nothing is charged yet.
func checkAttempt(actor audit.Actor, customerID int64) error {
	if err := actor.Check(); err != nil {
		return err
	}
	switch actor.Kind {
	case audit.KindStaff, audit.KindClient, audit.KindSystem:
		return nil
	case audit.KindCustomer:
		if actor.ID == customerID {
			return nil
		}
		return customer.ErrUnknown
	case audit.KindDealer, audit.KindVisitor:
	}
	return audit.ErrNeedsStaff
}

// newAttempt reads the typed code, or checks that the actor may see the series of a picked
// card. A text that can be no code is refused here: no card is looked up and nothing is
// charged.
func (s *Service) newAttempt(ctx context.Context, actor audit.Actor, r Redemption, customer db.CustomerGetRow) (*attempt, error) {
	a := &attempt{actor: actor, customerID: customer.ID, partnerID: customer.PartnerID, zone: zone(customer.TimeZone)}
	if r.Card.SeriesID != 0 {
		a.card = r.Card
		_, err := s.Series(ctx, actor, r.Card.SeriesID)
		return a, err
	}
	read, err := s.Codes.Read(ctx, actor, r.Code)
	if err != nil {
		return a, err
	}
	return a, s.index(a, read)
}

// index computes the blind indexes of every reading of the typed text.
func (s *Service) index(a *attempt, read codestore.Typed) error {
	a.typed, a.code, a.length, a.chance = true, read.First(), read.Length, read.Chance
	var err error
	if a.indexes, err = s.keys.Indexes(read.Ours); err != nil {
		return err
	}
	a.imported, err = s.Codes.Lookup(read.Exact, read.Near)
	return err
}

// refusalFloor is the minimum duration of a refusal of a typed code. All refusals run the same
// queries, which take about 2 ms, but their durations still differ: the refusal of another
// partner's card was measured to take 13 % longer than that of an unknown code. Ten times the
// usual duration hides the difference and is too short for a person to notice.
const refusalFloor = 20 * time.Millisecond

// runAttempt runs look, which finds a card by the attempt, under the limits of wrong codes.
// Redemptions, looks and searches all pass through it. A typed code is charged before look
// runs, in a transaction of its own, so that a crash does not give a free guess. If look
// succeeds, right takes the charge back. If look fails, the refusal is recorded with its true
// reason, and the refusal of a typed code takes at least refusalFloor.
func (s *Service) runAttempt(ctx context.Context, a *attempt, right func(context.Context, []guess.Charge), look func() error) error {
	floor := time.NewTimer(refusalFloor)
	defer floor.Stop()
	if a.typed {
		if err := s.chargeTyped(ctx, a); err != nil {
			return err
		}
	}
	err := look()
	if err == nil {
		right(ctx, a.charges)
		return nil
	}
	err = s.refuse(ctx, a, err)
	if a.typed {
		padRefusal(ctx, floor)
	}
	return err
}

// chargeTyped charges an attempt in every scope whose cards it may find: generated codes, and
// imported codes of its length. If only attempts at imported codes are barred, the text is
// looked up as a generated code alone. It returns guess.ErrBarred if nothing may be looked up.
func (s *Service) chargeTyped(ctx context.Context, a *attempt) error {
	a.charges = nil
	if len(a.indexes) > 0 {
		if err := s.chargeIn(ctx, a, 0); err != nil {
			return err
		}
	}
	if a.imported.Empty() {
		return nil
	}
	err := s.chargeIn(ctx, a, a.length)
	if errors.Is(err, guess.ErrBarred) && len(a.charges) > 0 {
		a.imported = codestore.Lookup{}
		return nil
	}
	return err
}

// chargeIn charges an attempt at imported codes of a length in symbols, or at generated codes
// if length is 0.
func (s *Service) chargeIn(ctx context.Context, a *attempt, length int) error {
	charged, err := s.Guesses.Charge(ctx, guess.Attempt{Actor: a.actor, CustomerID: a.customerID, Zone: a.zone, Length: length, Chance: a.chance})
	if err == nil {
		a.charges = append(a.charges, charged)
	}
	return err
}

// padRefusal waits until a refusal has taken refusalFloor.
func padRefusal(ctx context.Context, floor *time.Timer) {
	select {
	case <-floor.C:
	case <-ctx.Done():
	}
}

// finder returns the card of an attempt after the batch with its query was sent. It may run
// one more query, on the given connection.
type finder func(dbtx db.DBTX) (db.CardFindRow, error)

// queueFind queues the query for the card of an attempt, with all columns that decide about
// its redemption.
func (s *Service) queueFind(ctx context.Context, b *db.Batch, a *attempt) finder {
	bySerial := func(card Ref) func(db.DBTX) (db.CardFindSerialRow, error) {
		return func(dbtx db.DBTX) (db.CardFindSerialRow, error) {
			return s.q.CardFindSerial(ctx, dbtx, db.CardFindSerialParams{SeriesID: card.SeriesID, Serial: card.Serial, PartnerID: a.partnerID})
		}
	}
	switch {
	case !a.typed:
		row := db.Queue(b, bySerial(a.card))
		return func(db.DBTX) (db.CardFindRow, error) { return s.checkFound(a, db.CardFindRow(row.Value), row.Err) }
	case a.imported.Empty():
		row := db.Queue(b, func(dbtx db.DBTX) (db.CardFindRow, error) {
			return s.q.CardFind(ctx, dbtx, db.CardFindParams{CodeIndexes: a.indexes, PartnerID: a.partnerID})
		})
		return func(db.DBTX) (db.CardFindRow, error) { return s.checkFound(a, row.Value, row.Err) }
	}
	fits := db.Queue(b, func(dbtx db.DBTX) ([]db.CardFitRow, error) {
		return s.q.CardFit(ctx, dbtx, db.CardFitParams{
			CodeIndexes: slices.Concat(a.indexes, a.imported.Exact), NearIndexes: a.imported.Near, ReadingIndexes: a.imported.Readings,
		})
	})
	return func(dbtx db.DBTX) (db.CardFindRow, error) {
		row, err := bySerial(s.Codes.Fit(ctx, fits.Value))(dbtx)
		return s.checkFound(a, db.CardFindRow(row), err)
	}
}

// checkFound maps the result of a lookup to its error: ErrNoCard for a picked card and
// ErrUnknown for a typed code that does not exist. A card found by its code is refused with
// codestore.ErrTampered if its index does not match its sealed code.
func (s *Service) checkFound(a *attempt, row db.CardFindRow, err error) (db.CardFindRow, error) {
	switch {
	case errors.Is(err, pgx.ErrNoRows) && !a.typed:
		return row, ErrNoCard
	case errors.Is(err, pgx.ErrNoRows):
		return row, ErrUnknown
	case err != nil:
		return row, fmt.Errorf("look up a card: %w", err)
	case a.typed:
		return row, s.Codes.CheckFound(row)
	}
	return row, nil
}

// find reads the card of an attempt outside a transaction.
func (s *Service) find(ctx context.Context, a *attempt) (db.CardFindRow, error) {
	batch := &db.Batch{}
	card := s.queueFind(ctx, batch, a)
	if err := batch.Send(ctx, s.db); err != nil {
		return db.CardFindRow{}, fmt.Errorf("look up a card: %w", err)
	}
	return card(s.db)
}

// refuse records a refusal with its true reason and returns the error that the actor may see.
// Staff, and clients with the permission for it, see the true reason, with the exceptions of
// refuseKnown. Customers and other clients see ErrRefused, or ErrYours for a card that the
// customer has redeemed. Internal and unsettled
// errors are returned unrecorded.
func (s *Service) refuse(ctx context.Context, a *attempt, err error) error {
	var why *fault.Error
	if !errors.As(err, &why) || why.Kind == fault.Unsettled {
		return err
	}
	refused, _ := errors.AsType[refusedError](err)
	if behind := s.checkKeysOfRefusal(ctx, refused); behind != nil {
		return behind // the attempt stays charged, or a process with outdated keys would allow free guesses
	}
	s.Codes.ReportTampered(ctx, a.actor, err)
	if err := s.recordRefusal(ctx, a, why.Code, refused); err != nil {
		return err
	}
	switch {
	case refused.answer != nil:
		return refused.answer
	case a.actor.Reasons() && a.typed:
		return s.refuseKnown(ctx, a, why)
	case a.actor.Reasons() || why.Code == ErrYours.Code:
		return why
	}
	return ErrRefused.Because(why)
}

// refuseKnown returns the refusal of a typed code to an actor who may know reasons. It is the
// true reason, except for a card that is neither for the customer's partner nor of a series
// that the actor may see: such a card is refused with ErrUnknown, like a code without a card.
func (s *Service) refuseKnown(ctx context.Context, a *attempt, why *fault.Error) error {
	if a.actor.Scope.AllPartners && len(a.actor.Scope.Hidden) == 0 || why.Code == ErrUnknown.Code {
		return why
	}
	row, err := s.find(ctx, a)
	if err != nil {
		return err
	}
	if row.PartnerAllowed {
		return why
	}
	if _, err := s.Series(ctx, a.actor, row.SeriesID); errors.Is(err, ErrNoSeries) {
		return ErrUnknown.Because(why)
	} else if err != nil {
		return err
	}
	return why
}
