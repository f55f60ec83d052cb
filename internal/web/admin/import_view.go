package admin

import (
	"fmt"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

func importURL(id int64) string { return fmt.Sprintf("%s/%d", SectionImport, id) }

// importBadge returns the badge of an import's state.
func importBadge(i db.CardImport) kit.Badge {
	if i.VoidedAt != nil {
		return kit.Badge{Word: lang.M("Voided"), Tone: kit.ToneBad}
	}
	switch i.State {
	case db.ImportStateUploaded:
		return kit.Badge{Word: lang.M("Uploaded"), Tone: kit.ToneIdle}
	case db.ImportStateChecking:
		return kit.Badge{Word: lang.M("Checking"), Tone: kit.ToneBusy}
	case db.ImportStateChecked:
		return kit.Badge{Word: lang.M("To be confirmed"), Tone: kit.ToneWarn}
	case db.ImportStateRunning:
		return kit.Badge{Word: lang.M("Importing"), Tone: kit.ToneBusy}
	case db.ImportStateDone:
		return kit.Badge{Word: lang.M("Done"), Tone: kit.ToneGood}
	case db.ImportStateCancelled:
		return kit.Badge{Word: lang.M("Cancelled"), Tone: kit.ToneIdle}
	case db.ImportStateFailed:
		return kit.Badge{Word: lang.M("Stopped"), Tone: kit.ToneBad}
	case db.ImportStateExpired:
		return kit.Badge{Word: lang.M("Expired"), Tone: kit.ToneIdle}
	}
	return kit.Badge{Word: string(i.State), Tone: kit.ToneIdle}
}
