package card

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
)

// Redemption asks for a card's value to be moved to a customer. Either Code was
// typed, or Card was picked by staff who have it before them.
type Redemption struct {
	CustomerID int64
	Code       string
	Card       Ref
	Key        uuid.UUID // drawn when the form was shown; the same key moves money once
}

// Ref names a card without its code.
type Ref struct {
	SeriesID int64
	Serial   int32
}

// Receipt is what both sides see of a redemption.
type Receipt struct {
	PaymentID int64
	Series    string
	Serial    int32
	Amount    int64 // minor units
	Balance   int64 // after it
	Currency  string
	At        time.Time
	Replayed  bool // the same form had been sent before; nothing moved now
}

// Refusals of a redemption. To a customer every reason but one is ErrRefused,
// with the same words whether the card exists, is somebody else's, has expired,
// or is not active: anything else would help a guesser. Staff are told the reason.
var (
	ErrRefused   = fault.Field("code", "card_refused", "This code can’t be redeemed. Compare it with the card once more; if it is right, ask where you bought the card.")
	ErrYours     = fault.Field("code", "card_yours", "You have used this card already.")
	ErrUsed      = fault.Field("code", "card_used", "This card has been used already.")
	ErrExpired   = fault.Field("code", "card_expired", "This card has expired.")
	ErrInactive  = fault.Field("code", "card_inactive", "This card is not active: its series has not been activated, or is locked.")
	ErrDisabled  = fault.Field("code", "card_disabled", "This card is disabled.")
	ErrVoid      = fault.Field("code", "card_void", "This card is void.")
	ErrForeign   = fault.Field("code", "card_foreign", "This card is for customers of another partner.")
	ErrBalance   = fault.Field("code", "balance_range", "With this card the balance would be larger than can be kept.")
	ErrUnknown   = fault.Field("code", "card_unknown", "There is no card with this code.")
	ErrCustomer  = fault.New(fault.NotFound, "customer_unknown", "There is no such customer.")
	ErrNoCard    = fault.New(fault.NotFound, "card_missing", "There is no such card.")
	ErrDisabledC = fault.New(fault.Conflict, "customer_disabled", "This customer is disabled. Enable the customer first.")
	ErrErasedC   = fault.New(fault.Conflict, "customer_erased", "This customer was erased and can redeem no card.")
	ErrPartner   = fault.New(fault.Conflict, "partner_disabled", "This customer’s partner is disabled. Enable the partner first.")
	ErrKeyReused = fault.New(fault.Conflict, "redeem_key_reused", "This form was used for another card before. Press Redeem again to use the code below.")
	ErrUnsettled = fault.New(fault.Unsettled, "redeem_unsettled", "The connection broke before we knew the outcome. Press Redeem again: a card is never charged twice.")
)

// Redeem moves a card's value to a customer's balance: exactly once, whatever is
// raced, repeated or cut off. It is the one way in for the portal, for staff and
// for any later channel.
//
// A typed code is charged as an attempt first, in a transaction of its own.
// Locks are taken in one order: customer, card, account, inserts. A guarded update of the
// card decides between racing attempts; unique indexes on "one redeem per card"
// and on the key stand behind it. When the connection breaks at COMMIT the answer
// is ErrUnsettled, never a refusal: the same key asked again tells.
func (s *Service) Redeem(ctx context.Context, actor audit.Actor, r Redemption) (Receipt, error) {
	customer, err := s.q.CustomerGet(ctx, s.db, db.CustomerGetParams{
		ID: r.CustomerID, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Receipt{}, ErrCustomer
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("read a customer: %w", err)
	}
	at, err := s.locate(ctx, actor, r)
	if err != nil {
		return Receipt{}, err
	}
	if receipt, err := s.replay(ctx, r, at); err != nil || receipt.PaymentID != 0 {
		return receipt, err
	}
	floor := time.NewTimer(refusalFloor)
	defer floor.Stop()
	if at.typed {
		if err := s.chargeTyped(ctx, actor, r.CustomerID, zone(customer.TimeZone), &at); err != nil {
			return Receipt{}, err
		}
	}
	var receipt Receipt
	for range maxTries {
		receipt, err = s.redeemOnce(ctx, actor, r, customer, at)
		if !db.Retryable(err) {
			break
		}
	}
	if db.Constraint(err) == "ledger_tx_idempotency_key" || fault.KindOf(err) == fault.Invalid {
		// Another request with the same key may have been first. It is asked for
		// every refusal, not only that of a used card: see redeemOnce.
		if receipt, replayErr := s.replay(ctx, r, at); replayErr != nil || receipt.PaymentID != 0 {
			if replayErr == nil {
				s.forgive(ctx, at.charges)
			} else if errors.Is(replayErr, ErrKeyReused) { // it lost a race of forms, and its code was looked up
				replayErr = s.refuseReused(ctx, actor, r, at, err, replayErr)
			}
			return receipt, replayErr
		}
	}
	if err != nil {
		err = s.refuse(ctx, actor, r, at, customer.PartnerID, err)
		if at.typed {
			sitOut(ctx, floor)
		}
		return Receipt{}, err
	}
	s.forgive(ctx, at.charges)
	return receipt, nil
}

// refusalFloor is the least time that a refusal of a typed code takes. Refusals ask
// the same of the database whatever their reason, in about 2 ms, but not to the
// microsecond: a card of another partner took 13 % longer than one that is not
// there. Ten times that hides the rest, and nobody notices it.
const refusalFloor = 20 * time.Millisecond

// sitOut waits until a refusal has taken its least time.
func sitOut(ctx context.Context, floor *time.Timer) {
	select {
	case <-floor.C:
	case <-ctx.Done():
	}
}

// maxTries bounds how often a deadlock or serialization failure is tried again.
// The one lock order leaves nothing to deadlock; this is for what we overlooked.
const maxTries = 5

// whereabouts is how the card of a redemption is found.
type whereabouts struct {
	typed    bool
	code     Code        // the likeliest reading, for the trace
	indexes  [][]byte    // of every reading as a code of ours
	imported lookup      // of every reading as an imported code; none: it can be none
	length   int         // of the imported code
	chance   float64     // that an attempt of this length hits an imported card
	limits   GuessLimits // of codes of ours
	charges  []charge    // of the attempt
}

// locate reads the typed code, if one was typed. A typing error costs nothing:
// nothing is looked up. A card picked from its series must be one of a series
// that the actor may see.
func (s *Service) locate(ctx context.Context, actor audit.Actor, r Redemption) (whereabouts, error) {
	if r.Card.SeriesID != 0 {
		_, err := s.Series(ctx, actor, r.Card.SeriesID)
		return whereabouts{}, err
	}
	read, err := s.readTyped(ctx, actor, r.Code)
	if err != nil {
		return whereabouts{}, err
	}
	return s.whereabouts(read)
}

// whereabouts indexes every reading of what was typed.
func (s *Service) whereabouts(read typed) (whereabouts, error) {
	at := whereabouts{typed: true, code: read.first(), length: read.length, chance: read.chance, limits: read.limits}
	var err error
	if at.indexes, err = s.keys.indexes(read.ours); err != nil {
		return at, err
	}
	at.imported, err = s.lookup(read.exact, read.near)
	return at, err
}

// find reads the card with all that decides about it. One that was found by a code is
// refused where that is not its own.
func (s *Service) find(ctx context.Context, dbtx db.DBTX, r Redemption, at whereabouts, partnerID int64) (db.CardFindRow, error) {
	var row db.CardFindRow
	var err error
	if at.typed && at.imported.empty() {
		row, err = s.q.CardFind(ctx, dbtx, db.CardFindParams{CodeIndexes: at.indexes, PartnerID: partnerID})
	} else {
		card := r.Card
		if at.typed {
			if card, err = s.fit(ctx, dbtx, at); err != nil {
				return row, err
			}
		}
		var found db.CardFindSerialRow
		found, err = s.q.CardFindSerial(ctx, dbtx, db.CardFindSerialParams{SeriesID: card.SeriesID, Serial: card.Serial, PartnerID: partnerID})
		row = db.CardFindRow(found)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		if !at.typed {
			return row, ErrNoCard
		}
		return row, ErrUnknown
	}
	if err != nil {
		return row, fmt.Errorf("look up a card: %w", err)
	}
	if at.typed {
		err = s.checkFound(row)
	}
	return row, err
}

// redeemOnce is the transaction.
func (s *Service) redeemOnce(ctx context.Context, actor audit.Actor, r Redemption, customer db.CustomerGetRow, at whereabouts) (Receipt, error) {
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return Receipt{}, fmt.Errorf("begin a redemption: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))

	// A code that nobody has goes the whole way too, as no card at all: what is
	// asked of the database, and so how long an answer takes, tells no guesser
	// whether they hit one.
	card, err := s.find(ctx, tx, r, at, customer.PartnerID)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return Receipt{}, err
	}
	if err := s.q.SeriesShare(ctx, tx, int32(card.SeriesID)); err != nil { //nolint:gosec // a lock's name; a wrapped id only waits for a stranger
		return Receipt{}, fmt.Errorf("share the lock of a series: %w", err)
	}
	used, err := s.q.CardUse(ctx, tx, db.CardUseParams{CustomerID: &customer.ID, SeriesID: card.SeriesID, Serial: card.Serial})
	if errors.Is(err, pgx.ErrNoRows) {
		// What stood in the way may have changed since it was found.
		if card, err = s.find(ctx, tx, r, at, customer.PartnerID); err != nil {
			return Receipt{}, err
		}
		return Receipt{}, refusedCardError{reason(card, customer), card}
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("use a card: %w", err)
	}
	receipt := Receipt{
		Series: card.Number, Serial: card.Serial, Amount: used.Price, Currency: used.Currency, At: used.UsedAt,
	}
	if err := s.credit(ctx, tx, actor, r, card.SeriesID, &receipt); err != nil {
		return Receipt{}, err
	}
	if err := tx.Commit(ctx); err != nil {
		if _, refused := errors.AsType[*pgconn.PgError](err); refused { // the server said no: nothing was kept
			return Receipt{}, fmt.Errorf("commit a redemption: %w", err)
		}
		return Receipt{}, ErrUnsettled.With(err)
	}
	return receipt, nil
}

// credit writes the money side of a redemption whose card is ours.
func (s *Service) credit(ctx context.Context, tx pgx.Tx, actor audit.Actor, r Redemption, seriesID int64, receipt *Receipt) error {
	account, err := s.q.AccountAdd(ctx, tx, db.AccountAddParams{CustomerID: &r.CustomerID, Amount: receipt.Amount, Currency: receipt.Currency})
	if db.Constraint(err) == "account_balance_range" {
		return ErrBalance
	}
	if err != nil {
		return fmt.Errorf("credit an account: %w", err)
	}
	if r.Card.SeriesID != 0 {
		if err := mayRedeemUnseen(ctx, tx, actor, r.Card, receipt.Amount); err != nil {
			return err
		}
	}
	outstanding, err := s.q.AccountGetOutstanding(ctx, tx, &seriesID)
	if err != nil {
		return fmt.Errorf("find the account of a series: %w", err)
	}
	balance, version := *account.Balance, *account.Version
	posted, err := ledger.Post(ctx, tx, ledger.Movement{
		Kind: db.LedgerKindRedeem, Key: &r.Key, SeriesID: seriesID, Serial: receipt.Serial, StaffID: actor.StaffID,
		Entries: []ledger.Entry{
			{AccountID: outstanding, Amount: -receipt.Amount},
			{AccountID: account.ID, Amount: receipt.Amount, Version: version, Balance: balance},
		},
	})
	if err != nil {
		return err
	}
	payment, err := s.q.PaymentCreate(ctx, tx, db.PaymentCreateParams{
		CustomerID: r.CustomerID, TxID: posted.ID, Type: db.PaymentTypeRefillCard, Amount: receipt.Amount,
		Currency: receipt.Currency, BalanceAfter: balance, StaffID: actor.Staff(),
		Comment: fmt.Sprintf("Series %s, serial %d", receipt.Series, receipt.Serial),
	})
	if err != nil {
		return fmt.Errorf("enter a payment: %w", err)
	}
	receipt.PaymentID, receipt.Balance = payment.ID, balance
	err = s.q.TallyAdd(ctx, tx, db.TallyAddParams{SeriesID: seriesID, Shard: int16(r.CustomerID % tallyShards), Used: 1})
	if err != nil {
		return fmt.Errorf("count a used card: %w", err)
	}
	return audit.Record(ctx, tx, actor, audit.Entry{
		Action: "card.redeemed", CustomerID: r.CustomerID, SeriesID: seriesID, Serial: receipt.Serial,
	})
}

// tallyShards is over how many rows the counts of a series are spread, so that
// customers who redeem cards of one series at the same moment do not queue up.
const tallyShards = 32

// reason says why the guarded update found nothing to change.
func reason(card db.CardFindRow, customer db.CustomerGetRow) error {
	switch {
	case customer.ErasedAt != nil:
		return ErrErasedC
	case customer.DisabledAt != nil:
		return ErrDisabledC
	case customer.PartnerDisabledAt != nil:
		return ErrPartner
	case card.State == db.CardStateUsed && card.UsedBy != nil && *card.UsedBy == customer.ID && card.UsedAt != nil:
		return &fault.Error{
			Kind: fault.Invalid, Code: ErrYours.Code, Field: "code", Cause: ErrUsed,
			Message: "You used this card on " + card.UsedAt.In(zone(customer.TimeZone)).Format("2 January 2006 at 15:04") + ". Its value is in your balance.",
		}
	case card.State == db.CardStateUsed:
		return ErrUsed
	case card.State == db.CardStateVoid || card.SeriesState == db.SeriesStateVoid || card.SeriesState == db.SeriesStateCancelled:
		return ErrVoid
	case !card.PartnerAllowed:
		return ErrForeign
	case card.State == db.CardStateDisabled:
		return ErrDisabled
	case card.Expired:
		return ErrExpired
	}
	return ErrInactive
}

func zone(name string) *time.Location {
	if location, err := time.LoadLocation(name); err == nil {
		return location
	}
	return time.UTC
}

// refuse records a refusal with its true reason and returns what may be said.
func (s *Service) refuse(ctx context.Context, actor audit.Actor, r Redemption, at whereabouts, partnerID int64, err error) error {
	var why *fault.Error
	if !errors.As(err, &why) || why.Kind == fault.Unsettled {
		return err
	}
	if behind := s.keysBehind(ctx); behind != nil {
		return behind // and the attempt stays charged: else a process that is behind lets guesses through for nothing
	}
	if t, found := tamperedCard(err); found {
		s.reportTampered(ctx, actor, t)
	}
	if err := s.recordRefusal(ctx, actor, r.CustomerID, at, why.Code, err); err != nil {
		return err
	}
	switch {
	case actor.StaffID != 0 && at.typed:
		return s.refuseStaff(ctx, actor, r, at, partnerID, why)
	case actor.StaffID != 0 || why.Code == ErrYours.Code:
		return why
	}
	return ErrRefused.With(why)
}

// refuseStaff returns what staff are told of a code that they typed: the true
// reason, but only that there is none of a card that is neither for this
// customer's partner nor of a series that they may see.
func (s *Service) refuseStaff(ctx context.Context, actor audit.Actor, r Redemption, at whereabouts, partnerID int64, why *fault.Error) error {
	if actor.Scope.AllPartners || why.Code == ErrUnknown.Code {
		return why
	}
	row, err := s.find(ctx, s.db, r, at, partnerID)
	if err != nil || row.PartnerAllowed {
		return cmp.Or[error](err, why)
	}
	if _, err := s.Series(ctx, actor, row.SeriesID); errors.Is(err, ErrNoSeries) {
		return ErrUnknown.With(why)
	} else if err != nil {
		return err
	}
	return why
}
