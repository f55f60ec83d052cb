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

// The steps of an import.
const (
	stepFile = iota
	stepColumns
	stepCheck
	stepImported
)

// importSteps returns the steps of an import, with the current one.
func importSteps(current int) []kit.Step {
	var steps []kit.Step
	for i, text := range []string{lang.M("File"), lang.M("Columns"), lang.M("Check"), lang.M("Imported")} {
		steps = append(steps, kit.Step{Text: text, Current: i == current, Done: i < current})
	}
	return steps
}

// stepsOf returns the steps of an import in a state; none where it ended without a result.
func stepsOf(state db.ImportState) []kit.Step {
	switch state {
	case db.ImportStateUploaded:
		return importSteps(stepColumns)
	case db.ImportStateChecking, db.ImportStateChecked:
		return importSteps(stepCheck)
	case db.ImportStateRunning, db.ImportStateDone:
		return importSteps(stepImported)
	case db.ImportStateCancelled, db.ImportStateFailed, db.ImportStateExpired:
	}
	return nil
}
