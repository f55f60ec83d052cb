package partner

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// Errors of Keep.
var (
	ErrKeeping      = fault.Field("balances", "partner_keeping", "Choose where the balances are kept.")
	ErrKeptBalances = fault.New(fault.Conflict, "partner_keeping_balances", "Customers of this partner have a balance other than zero. Settle the balances first: where they are kept changes only while all of them are zero.")
	ErrKeptHeld     = fault.New(fault.Conflict, "partner_keeping_held", "API clients hold cards for customers of this partner. That ends within 30 minutes; change it after that.")
)

// Keep changes where a partner keeps the balances of its customers. It is ErrKeptBalances while
// one of them is not zero, and ErrKeptHeld while a card is reserved for one of them. Choosing
// what is chosen already does nothing.
//
// A redemption at the same time is posted before the change, and then refuses it, or after the
// change, by the row of the account. Nothing is lost between the two.
func Keep(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, where db.BalancesKept) error {
	if !actor.Scope.Holds(id) {
		return ErrNoPartner
	}
	if !where.Valid() {
		return ErrKeeping
	}
	if err := openOutside(ctx, beginner, id, where); err != nil {
		return err
	}
	q := db.New()
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := q.PartnerKeepingLock(ctx, tx, int32(id)); err != nil { //nolint:gosec // the key of a lock; an id that wraps around only waits for another partner
			return fmt.Errorf("lock where a partner keeps balances: %w", err)
		}
		was, err := lock(ctx, tx, actor, id)
		if err != nil || was.Balances == where {
			return err
		}
		kept, err := q.PartnerKept(ctx, tx, id)
		switch {
		case err != nil:
			return fmt.Errorf("read the balances of a partner: %w", err)
		case kept.Balances > 0:
			return ErrKeptBalances
		case kept.Reservations > 0:
			return ErrKeptHeld
		}
		customers, err := q.AccountKeepPartner(ctx, tx, db.AccountKeepPartnerParams{PartnerID: id, Outside: where == db.BalancesKeptOutside})
		if db.Constraint(err) == "account_outside_zero" { // a balance has moved since it was read
			return ErrKeptBalances.Because(err)
		}
		if err != nil {
			return fmt.Errorf("note where balances are kept: %w", err)
		}
		if err := q.PartnerKeepingSet(ctx, tx, db.PartnerKeepingSetParams{ID: id, Balances: where}); err != nil {
			return fmt.Errorf("change where a partner keeps balances: %w", err)
		}
		return act.Record(ctx, tx, actor, KeepingChanged{Partner: id, Balances: string(where), Customers: customers})
	})
}

// openOutside makes the accounts of values that are handed over, in a transaction of its own:
// a redemption that waits for the change began before it, and would not see them otherwise.
func openOutside(ctx context.Context, beginner db.Beginner, id int64, where db.BalancesKept) error {
	if where != db.BalancesKeptOutside {
		return nil
	}
	settings, err := setting.Read(ctx, beginner)
	if err != nil {
		return err
	}
	if err := db.New().AccountEnsureOutside(ctx, beginner, db.AccountEnsureOutsideParams{PartnerID: id, Currency: settings.Currency}); err != nil {
		return fmt.Errorf("open the account of values handed over: %w", err)
	}
	return nil
}

// Keeping returns where a partner keeps the balances of its customers, and holds that until the
// transaction ends. A partner that does not exist keeps none outside.
func Keeping(ctx context.Context, tx pgx.Tx, id int64) (db.BalancesKept, error) {
	if err := db.New().PartnerKeepingShare(ctx, tx, int32(id)); err != nil { //nolint:gosec // as in Keep
		return "", fmt.Errorf("hold where a partner keeps balances: %w", err)
	}
	kept, found, err := db.Found(db.New().PartnerKeeping(ctx, tx, id))
	if err != nil {
		return "", fmt.Errorf("read where a partner keeps balances: %w", err)
	}
	if !found {
		return db.BalancesKeptHere, nil
	}
	return kept, nil
}
