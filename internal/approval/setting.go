package approval

import (
	"context"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// Errors of changes of settings that wait for a second person.
var (
	ErrLimitWaits      = fault.New(fault.Conflict, "limit_waits", "The value above which a second person approves is as it was: a higher one, or none, waits until another person approves it.")
	ErrLimitAsked      = fault.New(fault.Conflict, "limit_asked", "Another value above which a second person approves waits already. Let it be decided, or withdrawn, first.")
	ErrProtectionWaits = fault.New(fault.Conflict, "protection_waits", "The rules about theft, wrong codes and second factors of staff are as they were: weaker ones wait until another person approves them.")
	ErrProtectionAsked = fault.New(fault.Conflict, "protection_asked", "Other rules about theft, wrong codes or second factors of staff wait already. Let them be decided, or withdrawn, first.")
	ErrSeveralWait     = fault.New(fault.Conflict, "several_waits", "Part of this is as it was: the value above which a second person approves, and the rules about theft, wrong codes and second factors of staff, each wait until another person approves them.")
	ErrModuleWaits     = fault.New(fault.Conflict, "module_waits", "Refill cards are still off: switching them on brings more into use than one person may, so it waits until another person approves it.")
)

// LimitFacts describe a change of the limit above which a second person approves. Nil: no
// limit.
type LimitFacts struct {
	From     *int64 `json:"from"` // minor units of Currency
	To       *int64 `json:"to"`
	Currency string `json:"currency"`
}

// ProtectionFacts describe a change of the rules about theft, wrong codes and second
// factors.
type ProtectionFacts struct {
	From setting.Protections `json:"from"`
	To   setting.Protections `json:"to"`
}

// ReopeningFacts name what is to be switched on again: a partner or the module of refill
// cards.
type ReopeningFacts struct {
	Partner int64  `json:"partner,omitempty"`
	Name    string `json:"name,omitempty"` // of the partner
	Module  bool   `json:"module,omitempty"`
}

// ChangeSettings changes settings as setting.Store.Change does. Changes that take a second
// person become requests; the others are stored at once. ErrLimitWaits,
// ErrProtectionWaits, ErrSeveralWait and ErrModuleWaits say that a request was made.
func ChangeSettings(ctx context.Context, beginner db.Beginner, store *setting.Store, actor audit.Actor, edit func(*setting.Settings)) error {
	var waits error
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := db.New().SettingLock(ctx, tx); err != nil {
			return fmt.Errorf("lock the settings: %w", err)
		}
		before, err := setting.Read(ctx, tx)
		if err != nil {
			return err
		}
		after := before
		edit(&after)
		if err := after.Validate(); err != nil {
			return err
		}
		kept := after
		if !actor.IsSystem() && before.RaisesLimit(after) {
			kept.ApproveAbove = before.ApproveAbove
			waits = ErrLimitWaits
			if err := askLimit(ctx, tx, actor, before, after); err != nil {
				return err
			}
		}
		if !actor.IsSystem() && before.Weakens(after) {
			kept.Protect(before.Protections())
			if waits == nil {
				waits = ErrProtectionWaits
			} else {
				waits = ErrSeveralWait
			}
			if err := askProtection(ctx, tx, actor, before, after); err != nil {
				return err
			}
		}
		opened := !actor.IsSystem() && after.RefillCards && !before.RefillCards
		if opened {
			held, err := holdModule(ctx, tx, actor, before)
			if err != nil {
				return err
			}
			if held {
				kept.RefillCards, waits = false, ErrModuleWaits
			}
		}
		// What is left of it is guarded as ever; that the module may be switched on was weighed.
		return store.ChangeTx(ctx, tx, actor, opened && before.ApproveAbove != nil && kept.Currency == before.Currency, func(v *setting.Settings) { *v = kept })
	})
	store.Forget()
	if err != nil {
		return err
	}
	return waits
}

// askLimit asks for a higher limit, or none.
func askLimit(ctx context.Context, tx pgx.Tx, actor audit.Actor, before, after setting.Settings) error {
	r := Request{Kind: db.ApprovalKindLimit, By: actor.Accountable(), Facts: LimitFacts{From: before.ApproveAbove, To: after.ApproveAbove, Currency: before.Currency}}
	id, err := Ask(ctx, tx, actor, r)
	if err == nil && id == 0 {
		return ErrLimitAsked
	}
	return err
}

// askProtection asks for weaker rules about theft and wrong codes.
func askProtection(ctx context.Context, tx pgx.Tx, actor audit.Actor, before, after setting.Settings) error {
	r := Request{Kind: db.ApprovalKindProtection, By: actor.Accountable(), Facts: ProtectionFacts{From: before.Protections(), To: after.Protections()}}
	id, err := Ask(ctx, tx, actor, r)
	if err == nil && id == 0 {
		return ErrProtectionAsked
	}
	return err
}

// ProtectionKind changes the rules that were asked for, if they are still those from which
// they were.
func ProtectionKind(store *setting.Store) Kind {
	return Kind{
		Name:  db.ApprovalKindProtection,
		Needs: needsConfig,
		Hold:  holdSettings,
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			facts, err := Facts[ProtectionFacts](a)
			if err != nil {
				return false, err
			}
			now, err := setting.Read(ctx, tx)
			return reflect.DeepEqual(now.Protections(), facts.From), err
		},
		Approve: func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
			facts, err := Facts[ProtectionFacts](a)
			if err != nil {
				return err
			}
			defer store.Forget()
			return store.ChangeTx(ctx, tx, actor, true, func(v *setting.Settings) { v.Protect(facts.To) })
		},
	}
}

// holdModule weighs switching the module on, and asks for it where it takes a second
// person.
func holdModule(ctx context.Context, tx pgx.Tx, actor audit.Actor, before setting.Settings) (held bool, err error) {
	value, err := db.New().SeriesInUse(ctx, tx)
	if err != nil {
		return false, fmt.Errorf("add up what can be redeemed: %w", err)
	}
	o, err := IntoUse(ctx, Taking(tx), UseModule, Act{By: actor.Accountable(), Value: value})
	if err != nil || !o.Over() {
		return false, err
	}
	_, err = Ask(ctx, tx, actor, Request{
		Kind: db.ApprovalKindReopening, By: actor.Accountable(), Value: value, Currency: before.Currency, Before: o.Others, Facts: ReopeningFacts{Module: true},
	})
	return true, err
}

// needsConfig returns the permission for settings. Package staff, which owns its name, is
// above this one.
func needsConfig(db.Approval) ([]string, error) { return []string{"config.manage"}, nil }

// holdSettings keeps the settings from changing until the request is decided.
func holdSettings(ctx context.Context, tx pgx.Tx, _ audit.Actor, _ db.Approval) error {
	return db.New().SettingLock(ctx, tx)
}

// LimitKind changes the limit that was asked for, if it is still the one from which it
// was.
func LimitKind(store *setting.Store) Kind {
	return Kind{
		Name:  db.ApprovalKindLimit,
		Needs: needsConfig,
		Hold:  holdSettings,
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			facts, err := Facts[LimitFacts](a)
			if err != nil {
				return false, err
			}
			now, err := setting.Read(ctx, tx)
			return now.ApproveAbove != nil && facts.From != nil && *now.ApproveAbove == *facts.From, err
		},
		Approve: func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
			facts, err := Facts[LimitFacts](a)
			if err != nil {
				return err
			}
			defer store.Forget()
			return store.ChangeTx(ctx, tx, actor, true, func(v *setting.Settings) { v.ApproveAbove = facts.To })
		},
	}
}

// OpenModule switches the module of refill cards on, as was approved.
func OpenModule(ctx context.Context, tx pgx.Tx, store *setting.Store, actor audit.Actor) error {
	defer store.Forget()
	return store.ChangeTx(ctx, tx, actor, true, func(v *setting.Settings) { v.RefillCards = true })
}
