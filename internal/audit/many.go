package audit

import (
	"context"
	"fmt"

	"refill/internal/db"
)

// WriteMany writes the same act for many customers in the caller's transaction, one row
// each. It reads CustomerID and Detail of each row only.
func WriteMany(ctx context.Context, dbtx db.DBTX, actor Actor, action string, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	p := db.AuditCreateManyParams{Action: action, StaffID: actor.Staff(), RequestID: actor.RequestID}
	if actor.Address.IsValid() {
		address := actor.Address
		p.Address = &address
	}
	for _, row := range rows {
		detail, err := signed(actor, row.Detail)
		if err != nil {
			return fmt.Errorf("audit %s: %w", action, err)
		}
		p.CustomerIds, p.Details = append(p.CustomerIds, row.CustomerID), append(p.Details, detail)
	}
	if err := db.New().AuditCreateMany(ctx, dbtx, p); err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return nil
}
