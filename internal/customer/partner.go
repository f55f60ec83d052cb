package customer

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// OfferRefillCard says whether the portal offers the refill-card form to the
// customers of a partner. A partner that is not theirs is missing.
func OfferRefillCard(ctx context.Context, beginner db.Beginner, actor audit.Actor, partnerID int64, offer bool) error {
	missing := fault.New(fault.NotFound, "partner_unknown", "There is no such partner.")
	if !actor.Scope.Holds(partnerID) {
		return missing
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		n, err := db.New().PartnerUpdatePortal(ctx, tx, db.PartnerUpdatePortalParams{ID: partnerID, PortalRefillCard: offer})
		if err != nil {
			return fmt.Errorf("change a partner's portal: %w", err)
		}
		if n == 0 {
			return missing
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "partner.portal_changed", Detail: map[string]any{"partner": partnerID, "refill_card": offer}})
	})
}
