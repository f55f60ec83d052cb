package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// Outcomes of a card of an operation.
const (
	outcomeChanged = "changed"
	outcomeAlready = "already" // the card was in the wanted state before
	outcomeUsed    = "used"    // a used card is never changed
	outcomeVoid    = "void"    // a void card is never changed
	outcomeHeld    = "reserved"
)

// WorkChange does the rest of an operation, one chunk a transaction. It may run any number of
// times, also concurrently. It returns jobqueue.ErrYield after jobqueue.RunFor if cards are
// left, ErrChangeOver if the operation has ended, and ErrNoChange if there is none.
func (s *Service) WorkChange(ctx context.Context, id int64, now func() time.Time, complete jobqueue.Completer) error {
	started := now()
	for {
		done, err := s.workChunk(ctx, id, complete)
		if err != nil || done {
			return err
		}
		if now().Sub(started) > jobqueue.RunFor {
			return jobqueue.ErrYield
		}
	}
}

// workChunk changes the next chunk of an operation and moves its cursor, in one transaction.
// After the last chunk it also ends the operation and its job, and returns true.
func (s *Service) workChunk(ctx context.Context, id int64, complete jobqueue.Completer) (done bool, err error) {
	err = s.InTx(ctx, func(tx pgx.Tx) error {
		change, err := s.q.CardChangeGetForUpdate(ctx, tx, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoChange
		}
		if err != nil {
			return fmt.Errorf("lock an operation: %w", err)
		}
		if change.State != db.CardChangeStateQueued && change.State != db.CardChangeStateRunning {
			return ErrChangeOver
		}
		err = s.withSharedSeries(ctx, tx, change.SeriesID, func(series db.Series) error {
			done, err = s.changeNext(ctx, tx, series, change)
			return err
		})
		if why := stopReason(err); why != "" {
			done = true
			err = s.q.CardChangeFinish(ctx, tx, db.CardChangeFinishParams{ID: id, State: db.CardChangeStateFailed, Failure: why})
		}
		if err != nil {
			return err
		}
		if done {
			if err := s.finishChange(ctx, tx, id); err != nil {
				return err
			}
			if err := complete(ctx, tx); err != nil {
				return fmt.Errorf("complete the job of an operation: %w", err)
			}
		}
		return s.NotifySeries(ctx, tx, change.SeriesID)
	})
	return done, err
}

// stopReason returns the kept fault with which an operation fails because its series has
// changed, or "" if the error is none of these. The chunk has written nothing at that point.
func stopReason(err error) string {
	switch {
	case errors.Is(err, ErrCardsMaking):
		return errChangeUnused.Keep()
	case errors.Is(err, ErrEnableNeedsSecond), errors.Is(err, ErrExtendNeedsSecond), errors.Is(err, ErrWidenNeedsSecond):
		return fault.All(err)[0].Keep()
	case errors.Is(err, ErrTillLapsed):
		return errChangeLapsed.Keep()
	}
	return ""
}

// finishChange ends an operation and records its outcomes. One that is marked as failed stays
// failed.
func (s *Service) finishChange(ctx context.Context, tx pgx.Tx, id int64) error {
	change, err := s.q.CardChangeGetForUpdate(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("read an operation: %w", err)
	}
	counts := ChangeCounts{
		First: change.FirstSerial, Last: change.LastSerial, Already: change.Already, Used: change.KeptUsed, Void: change.KeptVoid, Reserved: change.KeptReserved, Amount: change.ValueMoved,
	}
	var done act.Act = ChangeFailed{act.OfSeries(change.SeriesID), changeRef(change), &counts}
	if change.State != db.CardChangeStateFailed {
		done = Changed{act.OfSeries(change.SeriesID), changeRef(change), counts}
		if err := s.q.CardChangeFinish(ctx, tx, db.CardChangeFinishParams{ID: id, State: db.CardChangeStateDone}); err != nil {
			return fmt.Errorf("end an operation: %w", err)
		}
	}
	return act.Record(ctx, tx, audit.System(), done)
}

// changeNext changes the next chunk and reports whether it was the last.
func (s *Service) changeNext(ctx context.Context, tx pgx.Tx, series db.Series, change db.CardChange) (done bool, err error) {
	edits := change.Operation == db.CardOperationExtend || change.Operation == db.CardOperationPartner
	if edits {
		if err := s.lockSeriesRow(ctx, tx, series.ID); err != nil {
			return false, err
		}
	}
	rows, err := s.q.CardChangeTake(ctx, tx, db.CardChangeTakeParams{
		PartnerID: change.PartnerID, SeriesID: series.ID, AfterSerial: change.Cursor, LastSerial: change.LastSerial, Serials: change.Serials, Size: changeChunk,
	})
	if err != nil {
		return false, fmt.Errorf("take cards: %w", err)
	}
	advance := db.CardChangeAdvanceParams{ID: change.ID, Cursor: change.LastSerial}
	if done = len(rows) < changeChunk; !done {
		advance.Cursor = rows[len(rows)-1].Serial
		done = advance.Cursor == change.LastSerial
	}
	part := db.CardChangePartCreateParams{ChangeID: change.ID}
	var fits []int32
	var wereDisabled int32
	revives, widens := false, false
	for _, row := range rows {
		if change.Status != "" && row.Shown != change.Status {
			continue
		}
		outcome := outcomeOf(change, row)
		switch outcome {
		case outcomeChanged:
			fits = append(fits, row.Serial)
			advance.Changed++
			revives = revives || Status(row.Shown) == StatusExpired
			widens = widens || row.State == db.CardStateActive && row.Widens
			if row.State == db.CardStateDisabled {
				wereDisabled++
			}
		case outcomeAlready:
			advance.Already++
		case outcomeUsed:
			advance.KeptUsed++
		case outcomeVoid:
			advance.KeptVoid++
		case outcomeHeld:
			advance.KeptReserved++
		}
		part.Serials, part.Befores, part.Outcomes = append(part.Serials, row.Serial), append(part.Befores, row.Shown), append(part.Outcomes, outcome)
	}
	if len(fits) > 0 {
		if err := s.checkOperation(ctx, tx, series, change.Operation, int64(len(fits)), revives, widens, audit.ForStaff(accountableStaff(change)), approval.Taking(tx)); err != nil {
			return false, err
		}
		if err := s.apply(ctx, tx, series, change, fits, wereDisabled, &advance); err != nil {
			return false, err
		}
	}
	if edits && len(fits) > 0 {
		if err := s.bumpVersion(ctx, tx, series.ID); err != nil {
			return false, err
		}
	}
	if n := len(part.Serials); n > 0 {
		part.FirstSerial, part.LastSerial = part.Serials[0], part.Serials[n-1]
		if err := s.q.CardChangePartCreate(ctx, tx, part); err != nil {
			return false, fmt.Errorf("keep what became of cards: %w", err)
		}
	}
	if err := s.q.CardChangeAdvance(ctx, tx, advance); err != nil {
		return false, fmt.Errorf("advance an operation: %w", err)
	}
	return done, nil
}

// accountableStaff returns the member of staff within whose limit the rest of an operation
// counts: the person who retried it last, or who ordered it.
func accountableStaff(change db.CardChange) int64 {
	if change.RetriedBy != nil {
		return *change.RetriedBy
	}
	return change.CreatedBy
}

// outcomeOf returns the outcome of a card of an operation.
func outcomeOf(change db.CardChange, row db.CardChangeTakeRow) string {
	same := false
	switch change.Operation {
	case db.CardOperationEnable:
		same = row.State == db.CardStateActive
	case db.CardOperationDisable:
		same = row.State == db.CardStateDisabled
	case db.CardOperationExtend:
		same = sameDay(row.ValidTill, change.ValidTill)
	case db.CardOperationPartner:
		same = db.Deref(row.PartnerID) == db.Deref(change.PartnerID)
	case db.CardOperationVoid:
	}
	switch {
	case row.State == db.CardStateUsed:
		return outcomeUsed
	case row.State == db.CardStateVoid:
		return outcomeVoid
	case same:
		return outcomeAlready
	case row.Reserved:
		return outcomeHeld
	}
	return outcomeChanged
}

// errNotAllChanged can't happen while the rows of the cards are locked.
var errNotAllChanged = errors.New("card: a locked card was not changed")

// apply changes the given cards, which are locked and can be changed. It updates the counts of
// the series. It posts the value of voided cards to breakage.
func (s *Service) apply(ctx context.Context, tx pgx.Tx, series db.Series, change db.CardChange, serials []int32, wereDisabled int32, advance *db.CardChangeAdvanceParams) error {
	var n int64
	var err error
	to := db.CardStateActive
	switch change.Operation {
	case db.CardOperationExtend:
		if series.LapsedAt != nil { // the series expired after the operation was ordered
			return ErrTillLapsed
		}
		n, err = s.q.CardSetTills(ctx, tx, db.CardSetTillsParams{SeriesID: series.ID, Serials: serials, ValidTill: change.ValidTill})
	case db.CardOperationPartner:
		n, err = s.q.CardSetPartners(ctx, tx, db.CardSetPartnersParams{SeriesID: series.ID, Serials: serials, PartnerID: change.PartnerID})
	case db.CardOperationDisable:
		to = db.CardStateDisabled
		n, err = s.q.CardSetStates(ctx, tx, db.CardSetStatesParams{SeriesID: series.ID, Serials: serials, State: to})
	case db.CardOperationVoid:
		to = db.CardStateVoid
		n, err = s.q.CardSetStates(ctx, tx, db.CardSetStatesParams{SeriesID: series.ID, Serials: serials, State: to})
	case db.CardOperationEnable:
		n, err = s.q.CardSetStates(ctx, tx, db.CardSetStatesParams{SeriesID: series.ID, Serials: serials, State: to})
	}
	if err != nil {
		return fmt.Errorf("change cards: %w", err)
	}
	if n != int64(len(serials)) {
		return errNotAllChanged
	}
	if change.Operation == db.CardOperationExtend || change.Operation == db.CardOperationPartner {
		return nil
	}
	if err := s.tallyStates(ctx, tx, series.ID, to, int32(n), wereDisabled); err != nil {
		return err
	}
	if change.Operation == db.CardOperationVoid {
		actor := audit.ByStaff(accountableStaff(change), audit.Scope{})
		advance.ValueMoved, err = s.postVoid(ctx, tx, actor, series, 0, int32(n))
	}
	return err
}

// ChangeOutcome is the outcome of one card of an operation. Before is its shown status before
// the operation.
type ChangeOutcome struct {
	Serial          int32
	Before, Outcome string
}

// EachOutcome calls f for every processed card of an operation, in the order of serials. It
// stops at the first error of f and returns it.
func (s *Service) EachOutcome(ctx context.Context, id int64, f func(ChangeOutcome) error) error {
	after := int32(0)
	for {
		parts, err := s.q.CardChangePartList(ctx, s.db, db.CardChangePartListParams{ChangeID: id, AfterSerial: after, Size: 4})
		if err != nil {
			return fmt.Errorf("read what became of cards: %w", err)
		}
		if len(parts) == 0 {
			return nil
		}
		for _, part := range parts {
			after = part.FirstSerial
			for i, serial := range part.Serials {
				if err := f(ChangeOutcome{serial, part.Befores[i], part.Outcomes[i]}); err != nil {
					return err
				}
			}
		}
	}
}
