// Package guess limits how many wrong codes a person, an address and an API client may try. An
// attempt is charged before a card is looked up, and a right code takes the charge back.
// Portal, staff pages and API share the counts.
package guess

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/coalesce"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// Throttle charges attempts and bars persons and addresses, on one database. It is safe for
// concurrent use.
type Throttle struct {
	db       db.Beginner
	q        *db.Queries
	settings *setting.Store
	log      *slog.Logger
	forgives *forgives // nil within the transaction of a caller
}

// forgives takes back charges of one address together: a client of the API is one address for
// all its customers, and each charge would wait for the lock of its row.
type forgives = coalesce.Group[addressLimit, string, struct{}]

// addressLimit is an address with its limit of wrong codes.
type addressLimit struct {
	address string
	limit   int32
}

// New returns the throttle of a database.
func New(beginner db.Beginner, settings *setting.Store, log *slog.Logger) *Throttle {
	t := &Throttle{db: beginner, q: db.New(), settings: settings, log: log}
	t.forgives = coalesce.New(func(ctx context.Context, from addressLimit, who []string) (struct{}, error) {
		return struct{}{}, forgive(ctx, t.q, beginner, from, who...)
	})
	return t
}

// Within returns the same throttle in the caller's transaction.
func (t *Throttle) Within(tx pgx.Tx) *Throttle {
	within := *t
	within.db, within.forgives = tx, nil
	return &within
}

// ErrBarred refuses an attempt past the limits. No card was looked up. Its argument "from" is
// the time from which the next attempt is possible.
var ErrBarred = fault.New(fault.Limited, "code_barred", "Too many codes were wrong. You can try again from {from}. Nothing is lost: a card keeps its value.")

// Attempt is one attempt at a code, within codes that are equally hard to guess.
type Attempt struct {
	Actor      audit.Actor
	CustomerID int64          // 0: staff search for a card
	Zone       *time.Location // time zone of the end of a bar in ErrBarred
	Length     int            // of an imported code, in symbols; 0: a generated code
	Chance     float64        // that an attempt at an imported code of this length hits a card, 0 to 1
}

// bars are the ends of the bars that one charge has set; nil: none.
type bars struct{ who, address *time.Time }

// Charge is a charged attempt.
type Charge struct {
	who, address string
	imported     bool
	limits       Limits
	bars         bars
}

// Charge charges an attempt to the person and the address, in a transaction of its own. It
// returns ErrBarred if either is barred; then nothing is charged.
func (t *Throttle) Charge(ctx context.Context, a Attempt) (Charge, error) {
	l, err := t.Limits(ctx)
	if err != nil {
		return Charge{}, err
	}
	if a.Actor.Kind == audit.KindClient {
		l.PerAddress, l.AddressHours = max(1, a.Actor.Terms.WrongCodesHour), time.Hour
	}
	if a.Length > 0 {
		l = l.Tightened(a.Chance)
	}
	who, address := guessScopes(a.Actor, a.CustomerID, a.Length)
	rows, err := t.q.GuessCharge(ctx, t.db, db.GuessChargeParams{
		Who: who, WhoWindow: l.Window, HardLimit: l.Hard, HardPause: l.HardPause,
		SoftLimit: l.Soft, FirstPause: l.FirstPause, TopPause: l.TopPause,
		Address: address, AddressWindow: l.AddressHours, AddressLimit: l.PerAddress,
	})
	if err != nil {
		return Charge{}, fmt.Errorf("charge an attempt: %w", err)
	}
	var barred *time.Time
	var set bars
	for _, row := range rows {
		switch {
		case !row.Allowed && (barred == nil || row.BarredUntil.After(*barred)):
			barred = row.BarredUntil
		case row.Allowed && row.Scope == who:
			set.who = row.BarredUntil
		case row.Allowed:
			set.address = row.BarredUntil
		}
	}
	if barred == nil {
		return Charge{who, address, a.Length > 0, l, set}, nil
	}
	// Staff and API clients may be in another time zone than the customer, so they see the name
	// of the zone.
	if a.Zone == time.UTC || a.Actor.Responsible() != 0 {
		return Charge{}, ErrBarred.With("from", fault.ZonedTime(barred.In(a.Zone)))
	}
	return Charge{}, ErrBarred.With("from", fault.Time(barred.In(a.Zone)))
}

// TakeBack takes back the charges of one right attempt that spent no card, and the bars that
// these charges set. It ignores the cancellation of the request, because the code was right
// even if the client no longer waits.
func (t *Throttle) TakeBack(ctx context.Context, charges []Charge) {
	t.takeBackAll(ctx, charges, t.takeBackOne)
}

// Forgive takes back the charges of an attempt that redeemed a card. The person's count of
// generated codes restarts. The count of imported codes does not restart: only its own charge
// is taken back, because a cheap card between guesses must not prevent every bar on short
// codes. Like TakeBack it ignores the cancellation of the request.
func (t *Throttle) Forgive(ctx context.Context, charges []Charge) {
	if len(charges) == 1 && !charges[0].imported && t.forgives != nil {
		c := charges[0]
		if _, err := t.forgives.Do(context.WithoutCancel(ctx), addressLimit{c.address, c.limits.PerAddress}, c.who); err != nil {
			t.staysCharged(ctx, err)
		}
		return
	}
	t.takeBackAll(ctx, charges, func(ctx context.Context, dbtx db.DBTX, c Charge) error {
		if c.imported {
			return t.takeBackOne(ctx, dbtx, c)
		}
		return forgive(ctx, t.q, dbtx, addressLimit{c.address, c.limits.PerAddress}, c.who)
	})
}

// forgive takes back one charge of an address for each person.
func forgive(ctx context.Context, q *db.Queries, dbtx db.DBTX, from addressLimit, who ...string) error {
	return q.GuessForgive(ctx, dbtx, db.GuessForgiveParams{Who: who, Attempts: int32(len(who)), Address: from.address, AddressLimit: from.limit}) //nolint:gosec // far fewer
}

// staysCharged tells of a charge that could not be taken back. The act that it belongs to
// stays done.
func (t *Throttle) staysCharged(ctx context.Context, err error) {
	t.log.WarnContext(ctx, "an attempt stays charged", slog.Any("error", err))
}

func (t *Throttle) takeBackOne(ctx context.Context, dbtx db.DBTX, c Charge) error {
	return t.q.GuessTakeBack(ctx, dbtx, db.GuessTakeBackParams{Who: c.who, Address: c.address, WhoBar: c.bars.who, AddressBar: c.bars.address})
}

// takeBackAll runs one for each charge, in one round trip. A failure is only logged.
func (t *Throttle) takeBackAll(ctx context.Context, charges []Charge, one func(context.Context, db.DBTX, Charge) error) {
	ctx = context.WithoutCancel(ctx)
	batch := &db.Batch{}
	var err error
	for _, c := range charges {
		err = errors.Join(err, one(ctx, batch, c))
	}
	if err = errors.Join(err, batch.Send(ctx, t.db)); err != nil {
		t.staysCharged(ctx, err)
	}
}
