package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/codestore"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
	"refill/internal/money"
)

// Redemption is a request to move the face value of a card to the balance of a customer. The
// card is found by Code, as it was typed, or by Card, which staff pick from a series.
type Redemption struct {
	CustomerID int64
	Customer   *customer.Named // names the customer instead of CustomerID
	Code       string
	Card       Ref
	Key        uuid.UUID // idempotency key: the same key moves money once
	// Reference is what the API client calls the redemption, up to MaxReference characters;
	// empty: nothing.
	Reference string
	// Again is for callers that send no key of their own. A card that the same actor has
	// redeemed for the same customer within this time, and that was not reversed, is answered
	// with the receipt of that redemption. 0: such a card is refused.
	Again time.Duration
}

// MaxReference is the maximum length of a Reference, in characters.
const MaxReference = 120

// Ref identifies a card by its series and serial.
type Ref = codestore.Ref

// Payee is the customer who got the value of a card.
type Payee struct {
	ID         int64
	Username   string
	ExternalID string // what another system calls the customer; empty: nothing
}

// Receipt is the result of a redemption, for customers and for staff.
type Receipt struct {
	PaymentID int64
	Customer  Payee
	Series    string
	Serial    int32
	Amount    int64 // face value in minor units
	Balance   int64 // of the customer after the redemption, in minor units; 0 where it is kept outside
	Currency  string
	At        time.Time
	Handed    bool // the value was handed over to another system, not said of a replay
	Replayed  bool // an earlier request with the same key did the redemption; nothing moved now
}

// Errors of a redemption. A customer sees ErrRefused for every reason except ErrYours. The
// message is the same whether the card does not exist, is for another partner, has expired or
// is not active, because a reason would help guessing. Staff see the reason.
var (
	ErrRefused  = fault.Field("code", "card_refused", "This code can’t be redeemed. Compare it with the card once more; if it is right, ask where you bought the card.")
	ErrYours    = fault.Field("code", "card_yours", "You used this card on {used}. Its value is in your balance.")
	ErrUsed     = fault.Field("code", "card_used", "This card has been used already.")
	ErrExpired  = fault.Field("code", "card_expired", "This card has expired.")
	ErrInactive = fault.Field("code", "card_inactive", "This card is not active: its series has not been activated, or is locked.")
	ErrDisabled = fault.Field("code", "card_disabled", "This card is disabled.")
	ErrVoid     = fault.Field("code", "card_void", "This card is void.")
	ErrForeign  = fault.Field("code", "card_foreign", "This card is for customers of another partner.")
	ErrBalance  = billing.ErrBalance.At("code")
	ErrReserved = fault.Field("code", "card_reserved", "This card is reserved until {until}.")
	ErrUnknown  = fault.Field("code", "card_unknown", "There is no card with this code.")
	// ErrUnknownHere answers a search by staff of some partners. It is true of a code without a
	// card and of a card that they may not look up, and tells not which it is.
	ErrUnknownHere = fault.Field("code", "card_unknown_here", "None of the cards that you may look up has this code. Cards for all partners, or for partners that are not yours, are not among them.")
	ErrNoCard      = fault.New(fault.NotFound, "card_missing", "There is no such card.")
	ErrDisabledC   = fault.New(fault.Conflict, "customer_disabled", "This customer is disabled. Enable the customer first.")
	ErrErasedC     = fault.New(fault.Conflict, "customer_erased", "This customer was erased: nothing can be changed, paid or redeemed any more.")
	ErrPartner     = fault.New(fault.Conflict, "partner_disabled", "This customer’s partner is disabled. Enable the partner first.")
	ErrKeyReused   = fault.New(fault.Conflict, "redeem_key_reused", "This form was used for another card before. Press Redeem again to use the code below.")
	ErrUnsettled   = fault.New(fault.Unsettled, "redeem_unsettled", "The connection broke before we knew the outcome. Press Redeem again: a card is never charged twice.")
)

// Redeem moves the face value of a card to the balance of a customer, exactly once, even if
// requests are concurrent, repeated or interrupted. Every channel uses it.
//
// A typed code is charged as an attempt first, in a transaction of its own. Lock order:
// series, customer, card, the acts of a person, account, inserts. A guarded update of the card
// decides between concurrent attempts. Unique indexes on the redemption of a card and on the
// idempotency key guarantee the same again.
//
// The errors are those above, with the visibility that is described there; guess.ErrBarred
// past the limits of wrong codes; ErrKeyReused for a key that has redeemed another card; and
// ErrUnsettled if the connection breaks at COMMIT. After ErrUnsettled the outcome is unknown:
// calling Redeem again with the same key returns it, or redeems the card.
func (s *Service) Redeem(ctx context.Context, actor audit.Actor, r Redemption) (Receipt, error) {
	receipt, err := s.redeemUncounted(ctx, actor, r)
	s.meter(receipt, err)
	return receipt, err
}

func (s *Service) redeemUncounted(ctx context.Context, actor audit.Actor, r Redemption) (Receipt, error) {
	if err := checkAttempt(actor, r.CustomerID); err != nil {
		return Receipt{}, err
	}
	customer, done, err := s.readFirst(ctx, actor, r)
	if err != nil {
		return Receipt{}, err
	}
	r.CustomerID = customer.ID
	receipt, err := s.redeemFor(ctx, actor, r, customer, done)
	if err != nil {
		return Receipt{}, err
	}
	receipt.Customer = Payee{customer.ID, customer.Username, db.Deref(customer.ExternalID)}
	return receipt, nil
}

// redeemFor is Redeem for a customer who was read. done is the earlier transaction with the
// idempotency key; nil: there is none.
func (s *Service) redeemFor(ctx context.Context, actor audit.Actor, r Redemption, customer db.CustomerGetRow, done *db.LedgerGetByKeyRow) (Receipt, error) {
	a, err := s.newAttempt(ctx, actor, r, customer)
	if err != nil {
		return Receipt{}, err
	}
	if done != nil {
		return s.replay(ctx, r, a, *done)
	}
	if err := s.checkOffered(ctx, actor, customer); err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = s.runAttempt(ctx, a, s.Guesses.Forgive, func() error {
		var err error
		receipt, err = s.settle(ctx, r, a, customer)
		return err
	})
	return receipt, err
}

// readFirst reads the customer of a redemption and the earlier ledger transaction with its
// idempotency key, in one round trip. The transaction is nil if there is none. A customer
// whom the actor does not see is customer.ErrUnknown.
func (s *Service) readFirst(ctx context.Context, actor audit.Actor, r Redemption) (db.CustomerGetRow, *db.LedgerGetByKeyRow, error) {
	batch := &db.Batch{}
	who := db.Queue(batch, func(dbtx db.DBTX) (db.CustomerGetRow, error) {
		if r.Customer != nil {
			return customer.ByName(ctx, dbtx, actor.Scope, *r.Customer)
		}
		return s.getCustomer(ctx, actor, r.CustomerID)(dbtx)
	})
	done := db.Queue(batch, s.getByKey(ctx, r.Key))
	if err := batch.Send(ctx, s.db); err != nil {
		return who.Value, nil, fmt.Errorf("read a customer and an earlier answer: %w", err)
	}
	switch {
	case who.Missing():
		return who.Value, nil, customer.ErrUnknown
	case done.Missing():
		return who.Value, nil, nil
	}
	return who.Value, &done.Value, nil
}

// getCustomer returns a query for a customer of the actor's partners.
func (s *Service) getCustomer(ctx context.Context, actor audit.Actor, id int64) func(db.DBTX) (db.CustomerGetRow, error) {
	return func(dbtx db.DBTX) (db.CustomerGetRow, error) {
		return s.q.CustomerGet(ctx, dbtx, db.CustomerGetParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs, HiddenIds: actor.Scope.Hidden})
	}
}

// getByKey returns a query for the ledger transaction with an idempotency key.
func (s *Service) getByKey(ctx context.Context, key uuid.UUID) func(db.DBTX) (db.LedgerGetByKeyRow, error) {
	return func(dbtx db.DBTX) (db.LedgerGetByKeyRow, error) { return s.q.LedgerGetByKey(ctx, dbtx, &key) }
}

// readCustomer reads a customer of the actor's partners, or returns customer.ErrUnknown.
func (s *Service) readCustomer(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) (db.CustomerGetRow, error) {
	row, err := s.getCustomer(ctx, actor, id)(dbtx)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, customer.ErrUnknown
	}
	if err != nil {
		return row, fmt.Errorf("read a customer: %w", err)
	}
	return row, nil
}

// settle runs the transaction of Redeem. If a concurrent request with the same key was first,
// it returns the receipt of that request.
func (s *Service) settle(ctx context.Context, r Redemption, a *attempt, customer db.CustomerGetRow) (Receipt, error) {
	var receipt Receipt
	var find finder
	err := billing.SettleWith(ctx, s.db, ErrUnsettled, func(b *db.Batch) { find = s.queueFind(ctx, b, a) }, func(tx pgx.Tx) error {
		// A code without a card runs the same queries as a refused card, with a zero
		// reference, so that the duration does not tell whether the card exists.
		card, err := find(tx)
		if err != nil && !errors.Is(err, ErrUnknown) {
			return err
		}
		receipt, err = s.redeem(ctx, tx, r, a, card, customer)
		return err
	})
	if db.Constraint(err) != "ledger_tx_idempotency_key" && fault.KindOf(err) != fault.Invalid {
		return receipt, err
	}
	// A concurrent request with the same key may have been first. The key is looked up after
	// every refusal of the code, so that the duration does not tell the reason.
	done, asked := concurrentResult(err)
	if !asked {
		row, readErr := s.getByKey(ctx, r.Key)(s.db)
		if readErr == nil {
			done = &row
		} else if !errors.Is(readErr, pgx.ErrNoRows) {
			return Receipt{}, fmt.Errorf("look for an earlier answer: %w", readErr)
		}
	}
	if done == nil {
		return s.again(ctx, r, a, err)
	}
	receipt, replayErr := s.replay(ctx, r, a, *done)
	if errors.Is(replayErr, ErrKeyReused) {
		return Receipt{}, keyReusedError(err, replayErr)
	}
	return receipt, replayErr
}

// redeem redeems a card that was found, in the caller's transaction. A card that can't be
// redeemed is a refusedError.
func (s *Service) redeem(ctx context.Context, tx pgx.Tx, r Redemption, a *attempt, card db.CardFindRow, customer db.CustomerGetRow) (Receipt, error) {
	batch := &db.Batch{}
	if err := s.q.SeriesShare(ctx, batch, int32(card.SeriesID)); err != nil { //nolint:gosec // the key of a lock; an id that wraps around only waits for another series
		return Receipt{}, err
	}
	use := db.CardUseParams{CustomerID: &customer.ID, SeriesID: card.SeriesID, Serial: card.Serial}
	used := db.Queue(batch, func(dbtx db.DBTX) (db.CardUseRow, error) { return s.q.CardUse(ctx, dbtx, use) })
	if err := batch.Send(ctx, tx); err != nil {
		return Receipt{}, fmt.Errorf("use a card: %w", err)
	}
	if used.Err != nil {
		return Receipt{}, s.explainRefusal(ctx, tx, r, Ref{SeriesID: card.SeriesID, Serial: card.Serial}, customer)
	}
	receipt := Receipt{
		Series: card.Number, Serial: card.Serial, Amount: used.Value.Price, Currency: used.Value.Currency, At: used.Value.UsedAt,
	}
	paid, err := s.credit(ctx, tx, a.actor, r, card, receipt)
	receipt.PaymentID, receipt.Balance, receipt.Handed = paid.ID, paid.Balance, paid.Handed
	return receipt, err
}

// explainRefusal returns the reason why the guarded update of a card changed no row, as a
// refusedError. It reads the card again, because the card may have changed since it was found.
// The same round trip reads the newest keys and the idempotency key, which every refusal
// needs. A code without a card runs the same queries.
func (s *Service) explainRefusal(ctx context.Context, tx pgx.Tx, r Redemption, ref Ref, customer db.CustomerGetRow) error {
	batch := &db.Batch{}
	card := db.Queue(batch, func(dbtx db.DBTX) (db.CardFindSerialRow, error) {
		return s.q.CardFindSerial(ctx, dbtx, db.CardFindSerialParams{SeriesID: ref.SeriesID, Serial: ref.Serial, PartnerID: customer.PartnerID})
	})
	newest := db.Queue(batch, func(dbtx db.DBTX) (db.KeyNewestRow, error) { return s.q.KeyNewest(ctx, dbtx) })
	done := db.Queue(batch, s.getByKey(ctx, r.Key))
	if err := batch.Send(ctx, tx); err != nil {
		return fmt.Errorf("read why a card can't be used: %w", err)
	}
	refused := refusedError{error: ErrUnknown, newest: &newest.Value}
	if card.Err == nil {
		refused.card = db.CardFindRow(card.Value)
		refused.error = refusalReason(refused.card, customer)
	}
	if done.Err == nil {
		refused.done = &done.Value
	}
	return refused
}

// credit posts the payment of a redemption after the card was marked as used.
func (s *Service) credit(ctx context.Context, tx pgx.Tx, actor audit.Actor, r Redemption, card db.CardFindRow, receipt Receipt) (billing.Paid, error) {
	if r.Card.SeriesID != 0 {
		if err := checkRedeemWithoutCode(ctx, tx, actor, r.Card, money.Amount{Minor: receipt.Amount, Currency: receipt.Currency}); err != nil {
			return billing.Paid{}, err
		}
	}
	paid, err := billing.Post(ctx, tx, actor, billing.Posting{
		CustomerID: r.CustomerID, Amount: money.Amount{Minor: receipt.Amount, Currency: receipt.Currency},
		House:     []ledger.Entry{{AccountID: card.OutstandingID, Amount: -receipt.Amount}},
		HandsOver: true, Kind: db.LedgerKindRedeem, Key: r.Key, Note: r.Reference, SeriesID: card.SeriesID, Serial: card.Serial,
		Type: db.PaymentTypeRefillCard, Comment: fmt.Sprintf("Series %s, serial %d", receipt.Series, receipt.Serial),
		Act: Redeemed{act.Subject{CustomerID: r.CustomerID, SeriesID: card.SeriesID, Serial: card.Serial}},
		Beside: func(dbtx db.DBTX) error {
			return s.q.TallyAdd(ctx, dbtx, db.TallyAddParams{SeriesID: card.SeriesID, Shard: tallyShard(r.CustomerID), Used: 1})
		},
	})
	if errors.Is(err, billing.ErrBalance) {
		return paid, ErrBalance.Because(err)
	}
	return paid, err
}

// tallyShards is the number of rows that share the counts of a series, so that concurrent
// redemptions of one series do not wait for the same row.
const tallyShards = 32

// tallyShard returns the shard that counts the redemptions of a customer.
func tallyShard(customerID int64) int16 { return int16(customerID % tallyShards) }

// refusalReason returns the error that explains why CardUse refuses a card.
func refusalReason(card db.CardFindRow, customer db.CustomerGetRow) error {
	switch {
	case customer.ErasedAt != nil:
		return ErrErasedC
	case customer.DisabledAt != nil:
		return ErrDisabledC
	case customer.PartnerDisabledAt != nil:
		return ErrPartner
	case card.State == db.CardStateUsed && card.UsedBy != nil && *card.UsedBy == customer.ID && card.UsedAt != nil:
		return ErrYours.With("used", fault.Time(card.UsedAt.In(zone(customer.TimeZone)).Truncate(time.Minute))).Because(ErrUsed)
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
	case card.SeriesState == db.SeriesStateActive && card.Reserved && card.ReservedUntil != nil:
		return ErrReserved.With("until", fault.ZonedTime(card.ReservedUntil.In(zone(customer.TimeZone))))
	}
	return ErrInactive
}

func zone(name string) *time.Location {
	if location, err := time.LoadLocation(name); err == nil {
		return location
	}
	return time.UTC
}
