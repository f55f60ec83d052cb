package web

import (
	"fmt"

	"refill/internal/db"
)

func importURL(id int64) string { return fmt.Sprintf("%s/%d", sectionImport, id) }

// importBadge says where an import stands.
func importBadge(i db.CardImport) badge {
	if i.VoidedAt != nil {
		return badge{"Voided", toneBad}
	}
	switch i.State {
	case db.ImportStateUploaded:
		return badge{"Uploaded", toneIdle}
	case db.ImportStateChecking:
		return badge{"Checking", toneBusy}
	case db.ImportStateChecked:
		return badge{"To be confirmed", toneWarn}
	case db.ImportStateRunning:
		return badge{"Importing", toneBusy}
	case db.ImportStateDone:
		return badge{"Done", toneGood}
	case db.ImportStateCancelled:
		return badge{"Cancelled", toneIdle}
	case db.ImportStateFailed:
		return badge{"Stopped", toneBad}
	case db.ImportStateExpired:
		return badge{"Expired", toneIdle}
	}
	return badge{string(i.State), toneIdle}
}
