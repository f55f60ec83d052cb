package card

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// The pages ask for the permission of an act. Here are the rights that an act takes beyond
// that of its page: an order and an import that activate, and an import for partners.

// Errors of acts beyond the rights of their person.
var (
	ErrMayNotActivate = fault.Field("activate", "may_not_activate", "Your role doesn’t let you activate series of refill cards. Leave the cards inactive: somebody who may activates them afterwards.")
	ErrImportPartners = fault.New(fault.Conflict, "import_partners", "These cards are for partners that you don’t see. Somebody who sees them has to import the cards, or choose other partners.")
)

// mayActivate refuses an order or an import that activates its cards to a person whose
// role does not include activating.
func mayActivate(ctx context.Context, dbtx db.DBTX, staffID int64, activate bool) error {
	if !activate {
		return nil
	}
	may, err := staff.May(ctx, dbtx, staffID, staff.SeriesActivate)
	if err == nil && !may {
		return ErrMayNotActivate
	}
	return err
}

// stillMayActivate reports whether the program may activate by itself what a person has
// ordered: they may have lost the permission since, or be disabled. by nil: no person has.
func stillMayActivate(ctx context.Context, tx pgx.Tx, actor audit.Actor, by *int64) (bool, error) {
	if actor.StaffID != 0 || by == nil {
		return true, nil
	}
	return staff.May(ctx, tx, *by, staff.SeriesActivate)
}

// mayImportFor refuses an import for partners that the actor does not see: their partners
// may have changed since it was planned. None: it is for any partner.
func mayImportFor(actor audit.Actor, plan ImportPlan) error {
	unseen := func(id int64) bool { return !actor.Scope.Holds(id) }
	if len(plan.Partners) == 0 && !actor.Scope.AllPartners || slices.ContainsFunc(plan.Partners, unseen) {
		return ErrImportPartners
	}
	return nil
}

// needs returns what the person who asked has to be allowed when it is approved.
func needs(permissions ...staff.Permission) func(db.Approval) ([]string, error) {
	return func(db.Approval) ([]string, error) { return staff.Stored(permissions...), nil }
}
