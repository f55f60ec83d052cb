package card

import (
	"context"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// Pages check the permission of their act. This file holds the permissions that an act needs
// beside it: to activate, for an order or import that activates its cards.

// Errors of acts beyond the permissions of their person.
var (
	ErrMayNotActivate = fault.Field("activate", "may_not_activate", "Your role doesn’t let you activate series of refill cards. Leave the cards inactive: a colleague whose role does can activate them afterwards.")
	ErrPartners       = fault.New(fault.Conflict, "import_partners", "These cards are for partners that you don’t see. Ask a colleague who sees them to import the cards, or choose other partners.")
)

// CheckActivate returns ErrMayNotActivate if an order or import activates its cards and the
// accountable person lacks the permission staff.SeriesActivate.
func CheckActivate(ctx context.Context, dbtx db.DBTX, who audit.Accountable, activate bool) error {
	if !activate {
		return nil
	}
	may, err := staff.May(ctx, dbtx, who, staff.SeriesActivate)
	if err == nil && !may {
		return ErrMayNotActivate
	}
	return err
}

// stillMayActivate reports whether the program may activate a series in the name of the person
// who ordered it. That person may have lost the permission since, or be disabled.
func stillMayActivate(ctx context.Context, tx pgx.Tx, actor audit.Actor, by audit.Accountable) (bool, error) {
	if !actor.IsSystem() {
		return true, nil
	}
	return staff.May(ctx, tx, by, staff.SeriesActivate)
}

// Needs returns the function approval.Kind.Needs for permissions that the requester must still
// have at the time of the approval.
func Needs(permissions ...staff.Permission) func(db.Approval) ([]string, error) {
	return func(db.Approval) ([]string, error) { return staff.Stored(permissions...), nil }
}
