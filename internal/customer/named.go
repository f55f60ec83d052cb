package customer

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Named names a customer as another system does: by its own id, or by the username here. One
// of both is empty.
type Named struct {
	ExternalID string
	Username   string
	PartnerID  int64 // beside ExternalID, where two partners have it; 0: any
}

// ErrAmbiguous answers an external id that customers of two partners have.
var ErrAmbiguous = fault.New(fault.Conflict, "customer_ambiguous", "Customers of two partners have this external id. Name the partner too, as partner_id.")

// ByName reads the customer of a name within a scope: pgx.ErrNoRows where there is none.
func ByName(ctx context.Context, dbtx db.DBTX, scope audit.Scope, n Named) (db.CustomerGetRow, error) {
	rows, err := db.New().CustomerGetByName(ctx, dbtx, db.CustomerGetByNameParams{
		ExternalID: n.ExternalID, Username: strings.ToLower(n.Username), PartnerID: n.PartnerID,
		AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, HiddenIds: scope.Hidden,
	})
	switch {
	case err != nil:
		return db.CustomerGetRow{}, err
	case len(rows) == 0:
		return db.CustomerGetRow{}, pgx.ErrNoRows
	case len(rows) > 1:
		return db.CustomerGetRow{}, ErrAmbiguous
	}
	return db.CustomerGetRow(rows[0]), nil
}
