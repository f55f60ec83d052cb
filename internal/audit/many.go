package audit

import (
	"context"
	"encoding/json"
	"fmt"

	"refill/internal/db"
)

// RecordMany writes the same act upon many customers in the caller's transaction, a row
// each. Only CustomerID and Detail of each entry are read.
func RecordMany(ctx context.Context, dbtx db.DBTX, actor Actor, action string, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	p := db.AuditCreateManyParams{Action: action, StaffID: actor.Staff(), RequestID: actor.RequestID}
	if actor.Address.IsValid() {
		address := actor.Address
		p.Address = &address
	}
	for _, e := range entries {
		detail, err := json.Marshal(e.Detail)
		if err != nil {
			return fmt.Errorf("audit detail of %s: %w", action, err)
		}
		p.CustomerIds, p.Details = append(p.CustomerIds, e.CustomerID), append(p.Details, detail)
	}
	if err := db.New().AuditCreateMany(ctx, dbtx, p); err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return nil
}
