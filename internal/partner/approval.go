package partner

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/staff"
)

// ask requests approval to enable a partner.
func ask(ctx context.Context, tx pgx.Tx, actor audit.Actor, partner db.Partner, value, before int64) error {
	settings, err := setting.Read(ctx, tx)
	if err != nil {
		return err
	}
	rows, err := db.New().ApprovalListOfPartner(ctx, tx, partner.ID)
	if err != nil {
		return fmt.Errorf("look for an earlier request: %w", err)
	}
	if len(rows) > 0 {
		return nil // the same is requested already
	}
	_, err = approval.Ask(ctx, tx, actor, approval.Request{
		Kind: db.ApprovalKindReopening, By: actor.Accountable(), PartnerIDs: []int64{partner.ID}, Value: value, Currency: settings.Currency, Before: before,
		Facts: approval.ReopeningFacts{Partner: partner.ID, Name: partner.Name},
	})
	return err
}

// reopeningNeeds returns the permissions that the requester must hold for the partner, or
// the module, to be switched on.
func reopeningNeeds(a db.Approval) ([]string, error) {
	facts, err := approval.Facts[approval.ReopeningFacts](a)
	if facts.Module {
		return staff.Stored(staff.ConfigManage), err
	}
	return staff.Stored(staff.PartnersManage), err
}

// holdReopening locks what is to be switched on: the partner, or the settings.
func holdReopening(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
	facts, err := approval.Facts[approval.ReopeningFacts](a)
	if err != nil {
		return err
	}
	if facts.Module {
		return db.New().SettingLock(ctx, tx)
	}
	_, err = lock(ctx, tx, actor, facts.Partner)
	return err
}

// reopeningSame reports whether it is still switched off, and switching it on brings no
// more value into use than when approval was requested.
func reopeningSame(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
	facts, err := approval.Facts[approval.ReopeningFacts](a)
	if err != nil {
		return false, err
	}
	q := db.New()
	if facts.Module {
		settings, err := setting.Read(ctx, tx)
		if err != nil {
			return false, err
		}
		value, err := q.SeriesInUse(ctx, tx)
		return !settings.RefillCards && value <= a.Value, err
	}
	disabled, err := q.PartnerDisabled(ctx, tx, facts.Partner)
	if err != nil {
		return false, fmt.Errorf("read a partner: %w", err)
	}
	value, err := q.PartnerInUse(ctx, tx, facts.Partner)
	return disabled && value <= a.Value, err
}

// ApprovalKinds are the kinds of requests about partners and the module.
func ApprovalKinds(store *setting.Store) []approval.Kind {
	return []approval.Kind{
		{Name: db.ApprovalKindReopening, Needs: reopeningNeeds, Hold: holdReopening, Same: reopeningSame, Approve: func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
			facts, err := approval.Facts[approval.ReopeningFacts](a)
			if err != nil {
				return err
			}
			if facts.Module {
				return approval.OpenModule(ctx, tx, store, actor)
			}
			partner, err := lock(ctx, tx, actor, facts.Partner)
			if err != nil {
				return err
			}
			return setDisabled(ctx, tx, actor, partner, false)
		}},
	}
}
