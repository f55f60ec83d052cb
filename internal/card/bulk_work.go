package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// What became of a card of an operation.
const (
	outcomeChanged = "changed"
	outcomeAlready = "already" // it was so before
	outcomeUsed    = "used"    // used cards stay as they are
	outcomeVoid    = "void"    // void ones too
)

// WorkChange does what is left of an operation, a chunk a transaction. It may run
// any number of times, also twice at once. It returns ErrYield when it has worked
// long enough and ErrChangeOver when there is nothing to do any more.
func (s *Service) WorkChange(ctx context.Context, id int64, now func() time.Time, complete Completer) error {
	started := now()
	for {
		done, err := s.workChunk(ctx, id, complete)
		if err != nil || done {
			return err
		}
		if now().Sub(started) > runFor {
			return ErrYield
		}
	}
}

// workChunk changes the next cards of an operation and moves its cursor, all in
// one transaction; after the last of them it also ends the operation and its job.
func (s *Service) workChunk(ctx context.Context, id int64, complete Completer) (done bool, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
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
		err = s.sharing(ctx, tx, change.SeriesID, func(series db.Series) error {
			done, err = s.changeNext(ctx, tx, series, change)
			return err
		})
		if why := overtaken(err); why != "" {
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
		return s.notifySeries(ctx, tx, change.SeriesID)
	})
	return done, err
}

// overtaken says what happened to the series meanwhile that makes going on
// pointless. Nothing of the chunk was written by then.
func overtaken(err error) string {
	switch {
	case errors.Is(err, ErrCardsMaking):
		return "The series is no longer in use. What was changed before that stays changed."
	case errors.Is(err, ErrEnableNeedsSecond), errors.Is(err, ErrExtendNeedsSecond), errors.Is(err, ErrWidenNeedsSecond):
		return fault.All(err)[0].Message
	case errors.Is(err, ErrTillLapsed):
		return "The series has expired meanwhile, and what was left of it is booked as breakage. Give the series a later date instead."
	}
	return ""
}

// finishChange ends an operation whose last card was looked at, and records what
// came of it.
func (s *Service) finishChange(ctx context.Context, tx pgx.Tx, id int64) error {
	change, err := s.q.CardChangeGetForUpdate(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("read an operation: %w", err)
	}
	action := "cards.change_failed"
	if change.State != db.CardChangeStateFailed {
		action = "cards.changed"
		if err := s.q.CardChangeFinish(ctx, tx, db.CardChangeFinishParams{ID: id, State: db.CardChangeStateDone}); err != nil {
			return fmt.Errorf("end an operation: %w", err)
		}
	}
	return audit.Record(ctx, tx, audit.System(), audit.Entry{Action: action, SeriesID: change.SeriesID, Detail: map[string]any{
		"change": id, "operation": change.Operation, "cards": change.Changed, "first": change.FirstSerial, "last": change.LastSerial,
		"already": change.Already, "used": change.KeptUsed, "void": change.KeptVoid, "amount": change.ValueMoved,
	}})
}

// changeNext changes the next chunk. It reports whether that was the last.
func (s *Service) changeNext(ctx context.Context, tx pgx.Tx, series db.Series, change db.CardChange) (done bool, err error) {
	edits := change.Operation == db.CardOperationExtend || change.Operation == db.CardOperationPartner
	if edits {
		if err := s.beforeTouch(ctx, tx, series.ID); err != nil {
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
		}
		part.Serials, part.Befores, part.Outcomes = append(part.Serials, row.Serial), append(part.Befores, row.Shown), append(part.Outcomes, outcome)
	}
	if len(fits) > 0 {
		if err := s.mayOperate(ctx, tx, series, change.Operation, int64(len(fits)), revives, widens, countsFor(change), approval.Taking(tx)); err != nil {
			return false, err
		}
		if err := s.apply(ctx, tx, series, change, fits, wereDisabled, &advance); err != nil {
			return false, err
		}
	}
	if edits && len(fits) > 0 {
		if err := s.touch(ctx, tx, series.ID); err != nil {
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

// countsFor is within whose limit the rest of an operation counts: that of the person who
// pressed the button last.
func countsFor(change db.CardChange) int64 {
	if change.RetriedBy != nil {
		return *change.RetriedBy
	}
	return change.CreatedBy
}

// outcomeOf says what an operation does to a card.
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
		same = deref(row.PartnerID) == deref(change.PartnerID)
	case db.CardOperationVoid:
	}
	switch {
	case row.State == db.CardStateUsed:
		return outcomeUsed
	case row.State == db.CardStateVoid:
		return outcomeVoid
	case same:
		return outcomeAlready
	}
	return outcomeChanged
}

// errMissed would be news: the cards are locked.
var errMissed = errors.New("card: a locked card was not changed")

// apply changes cards that were found fit, keeps the counts, and posts their
// value where they are voided.
func (s *Service) apply(ctx context.Context, tx pgx.Tx, series db.Series, change db.CardChange, serials []int32, wereDisabled int32, advance *db.CardChangeAdvanceParams) error {
	var n int64
	var err error
	to := db.CardStateActive
	switch change.Operation {
	case db.CardOperationExtend:
		if series.LapsedAt != nil { // it expired between the order and now
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
		return errMissed
	}
	if change.Operation == db.CardOperationExtend || change.Operation == db.CardOperationPartner {
		return nil
	}
	if err := s.tallyStates(ctx, tx, series.ID, to, int32(n), wereDisabled); err != nil {
		return err
	}
	if change.Operation == db.CardOperationVoid {
		actor := audit.Actor{StaffID: countsFor(change)}
		advance.ValueMoved, err = s.postVoid(ctx, tx, actor, series, 0, int32(n))
	}
	return err
}

// ChangeOutcome is what became of one card of an operation.
type ChangeOutcome struct {
	Serial          int32
	Before, Outcome string
}

// EachOutcome calls f for every card of an operation in the order of serials.
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
