package card

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// An operation on many cards is a row of its own (card_change) and a job that
// works through the selection in the order of serials, a chunk a transaction. The
// row's cursor moves in the transaction that changes the cards, counts them, and
// posts what they were worth: however often the job is killed, each card is
// looked at once.

// changeChunk is how many cards one transaction changes.
const changeChunk = 5_000

// mostTicked is how many cards can be ticked one by one.
const mostTicked = 1_000

// Refusals of operations on many cards.
var (
	ErrNoChange    = fault.New(fault.NotFound, "change_unknown", "There is no such operation.")
	ErrChangeKey   = fault.New(fault.Conflict, "change_key_used", "This form was sent before with other entries, and that operation was begun. Look at the operations below; check the selection again to begin this one too.")
	ErrChangeOver  = fault.New(fault.Conflict, "change_over", "This operation is over. Reload the page to see how it ended.")
	ErrOperation   = fault.Field("operation", "change_operation", "Choose what to do with the cards.")
	ErrNoneTicked  = fault.Field("operation", "change_nothing", "Tick the cards first, or choose all that match.")
	ErrTooMany     = fault.Field("operation", "change_too_many", "That many cards can’t be ticked one by one. Use a range of serials.")
	ErrRangeFirst  = fault.Field("first", "change_first", "From serial must be a serial of the series.")
	ErrRangeLast   = fault.Field("last", "change_last", "To serial must be a serial of the series, after the first.")
	ErrTillMissing = fault.Field("valid_till", "change_till", "Enter the new valid-till date.")
	ErrNoneFits    = fault.Field("operation", "change_none", "None of these cards would be changed.")
)

// Operation is something done to a selection of a series' cards.
type Operation struct {
	SeriesID  int64
	Operation db.CardOperation
	First     int32   // from this serial …
	Last      int32   // … to this one
	Serials   []int32 // only these; nil: all between First and Last
	Status    Status  // only cards shown as this; empty: all
	ValidTill string  // with extend
	PartnerID int64   // with partner; 0: the series' partners
}

// DryRun says what an operation would do, as things stand.
type DryRun struct {
	Fits    int64 // cards that would be changed
	Already int64 // cards that are so already
	Used    int64 // these stay as they are …
	Void    int64 // … and these
	Value   int64 // what would go to breakage, in minor units
	Counts  []StatusCount
}

// StatusCount is how many cards of a selection are shown as a status.
type StatusCount struct {
	Status Status
	Cards  int64
}

// Total is how many cards the selection has.
func (d DryRun) Total() int64 { return d.Fits + d.Already + d.Used + d.Void }

// checked is a change that may be done.
type checked struct {
	Operation
	till    *time.Time
	partner *int64
}

// checkChange holds an operation against the series as it stands.
func (s *Service) checkChange(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, c Operation) (checked, error) {
	ok := checked{Operation: c}
	if c.Serials != nil {
		ok.Serials = slices.Compact(slices.Sorted(slices.Values(c.Serials)))
		if len(ok.Serials) == 0 {
			return ok, ErrNoneTicked
		}
		if len(ok.Serials) > mostTicked {
			return ok, ErrTooMany
		}
		ok.First, ok.Last = ok.Serials[0], ok.Serials[len(ok.Serials)-1]
	}
	var wrong fault.List
	if !c.Operation.Valid() {
		wrong = append(wrong, ErrOperation)
	}
	last := money.Group(fmt.Sprint(series.Made))
	if ok.First < 1 || ok.First > series.Made {
		wrong = append(wrong, ErrRangeFirst.Saying("From serial must be a whole number from 1 to "+last+"."))
	}
	if ok.Last < ok.First || ok.Last > series.Made {
		from := money.Group(fmt.Sprint(min(max(ok.First, 1), series.Made)))
		wrong = append(wrong, ErrRangeLast.Saying("To serial must be a whole number from "+from+" to "+last+"."))
	}
	var err error
	switch c.Operation {
	case db.CardOperationExtend:
		if c.ValidTill == "" {
			wrong = append(wrong, ErrTillMissing)
			break
		}
		ok.till, err = s.cardTill(ctx, tx, series, nil, c.ValidTill)
	case db.CardOperationPartner:
		ok.partner, err = s.cardPartner(ctx, tx, actor, c.PartnerID)
	case db.CardOperationEnable, db.CardOperationDisable, db.CardOperationVoid:
	}
	return ok, faults(wrong.Err(), err)
}

// TryChange counts what an operation would do, and does nothing.
func (s *Service) TryChange(ctx context.Context, actor audit.Actor, c Operation) (DryRun, error) {
	var d DryRun
	err := s.changeable(ctx, actor, c.SeriesID, func(tx pgx.Tx, series db.Series) error {
		ok, err := s.checkChange(ctx, tx, actor, series, c)
		if err != nil {
			return err
		}
		d, err = s.dryRun(ctx, tx, actor, series, ok)
		return err
	})
	return d, err
}

// dryRun counts what an operation would do, and refuses one that brings more into use
// than one person may.
func (s *Service) dryRun(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, ok checked) (DryRun, error) {
	var d DryRun
	revives, widens := false, false
	rows, err := s.q.CardChangeCount(ctx, tx, db.CardChangeCountParams{
		Operation: ok.Operation.Operation, ValidTill: ok.till, PartnerID: ok.partner, SeriesID: series.ID,
		FirstSerial: ok.First, LastSerial: ok.Last, Serials: ok.Serials, Status: string(ok.Status),
	})
	if err != nil {
		return d, fmt.Errorf("count a selection: %w", err)
	}
	for _, row := range rows {
		switch row.State {
		case db.CardStateUsed:
			d.Used += row.Cards
		case db.CardStateVoid:
			d.Void += row.Cards
		case db.CardStateActive, db.CardStateDisabled:
			d.Already += row.Already
			d.Fits += row.Cards - row.Already
			revives = revives || Status(row.Shown) == StatusExpired
			widens = widens || row.State == db.CardStateActive && row.Widened > 0
		}
		if n := len(d.Counts); n > 0 && d.Counts[n-1].Status == Status(row.Shown) {
			d.Counts[n-1].Cards += row.Cards
		} else {
			d.Counts = append(d.Counts, StatusCount{Status(row.Shown), row.Cards})
		}
	}
	if ok.Operation.Operation == db.CardOperationVoid && Posted(series) {
		d.Value = d.Fits * series.Price
	}
	if d.Fits == 0 {
		return d, nil
	}
	err = s.mayOperate(ctx, tx, series, ok.Operation.Operation, d.Fits, revives, widens, actor.StaffID, approval.Looking(tx))
	if faults := fault.All(err); len(faults) == 1 {
		err = fault.Field("operation", faults[0].Code, faults[0].Message)
	}
	return d, err
}

// OrderChange queues an operation and returns its id. The same key asked again
// returns the operation that it queued first.
func (s *Service) OrderChange(ctx context.Context, actor audit.Actor, c Operation, key uuid.UUID) (int64, error) {
	if id, err := s.changedBefore(ctx, actor, c, key); err != nil || id != 0 {
		return id, err
	}
	var id int64
	err := s.changeable(ctx, actor, c.SeriesID, func(tx pgx.Tx, series db.Series) error {
		ok, err := s.checkChange(ctx, tx, actor, series, c)
		if err != nil {
			return err
		}
		d, err := s.dryRun(ctx, tx, actor, series, ok)
		if err != nil {
			return err
		}
		if d.Fits == 0 {
			return ErrNoneFits
		}
		id, err = s.q.CardChangeCreate(ctx, tx, db.CardChangeCreateParams{
			SeriesID: series.ID, Operation: ok.Operation.Operation, FirstSerial: ok.First, LastSerial: ok.Last, Serials: ok.Serials,
			Status: string(ok.Status), ValidTill: ok.till, PartnerID: ok.partner, Total: int32(d.Total()), //nolint:gosec // at most MaxQuantity
			Cursor: ok.First - 1, RequestKey: key, CreatedBy: actor.StaffID,
		})
		if err != nil {
			return fmt.Errorf("enter an operation: %w", err)
		}
		print, err := c.print()
		if err != nil {
			return err
		}
		if err := s.keepPrint(ctx, tx, formOperation, key, print); err != nil {
			return err
		}
		if err := s.enqueueChange(ctx, tx, id); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, actor, audit.Entry{Action: "cards.change_ordered", SeriesID: series.ID, Detail: ok.detail(id, d)}); err != nil {
			return err
		}
		return s.notifySeries(ctx, tx, series.ID)
	})
	if db.Constraint(err) == "card_change_request_key" { // the other of two clicks was first
		return s.changedBefore(ctx, actor, c, key)
	}
	return id, err
}

// detail is what the audit trail keeps of an operation.
func (c checked) detail(id int64, d DryRun) map[string]any {
	detail := map[string]any{"change": id, "operation": c.Operation.Operation, "first": c.First, "last": c.Last, "cards": d.Fits}
	if c.Serials != nil {
		detail["serials"] = c.Serials
	}
	if c.Status != "" {
		detail["status"] = c.Status
	}
	if c.till != nil {
		detail["valid_till"] = dayText(c.till)
	}
	if c.Operation.Operation == db.CardOperationPartner {
		detail["partner"] = c.PartnerID
	}
	return detail
}

// changedBefore looks for the operation that a key has queued. A key that queued
// another is refused.
func (s *Service) changedBefore(ctx context.Context, actor audit.Actor, c Operation, key uuid.UUID) (int64, error) {
	row, err := s.q.CardChangeGetByRequestKey(ctx, s.db, key)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for an earlier operation: %w", err)
	}
	if row.CreatedBy != actor.StaffID {
		return 0, ErrChangeOver
	}
	print, err := c.print()
	if err != nil {
		return 0, err
	}
	same, known, err := s.samePrint(ctx, formOperation, key, print)
	if err != nil {
		return 0, err
	}
	if known && !same || row.SeriesID != c.SeriesID || row.Operation != c.Operation {
		return 0, ErrChangeKey
	}
	return row.ID, nil
}

func (s *Service) enqueueChange(ctx context.Context, tx pgx.Tx, id int64) error {
	job, err := s.jobs.InsertTx(ctx, tx, ChangeCardsArgs{ChangeID: id}, nil)
	if err != nil {
		return fmt.Errorf("queue an operation: %w", err)
	}
	if err := s.q.CardChangeSetJob(ctx, tx, db.CardChangeSetJobParams{ID: id, JobID: &job.Job.ID}); err != nil {
		return fmt.Errorf("note the job of an operation: %w", err)
	}
	return nil
}

// Change reads an operation, if its series lies within the actor's partners.
func (s *Service) Change(ctx context.Context, actor audit.Actor, id int64) (db.CardChangeGetRow, error) {
	row, err := s.q.CardChangeGet(ctx, s.db, db.CardChangeGetParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrNoChange
	}
	if err != nil {
		return row, fmt.Errorf("read an operation: %w", err)
	}
	return row, nil
}

// endChange alters the state of an operation that is in one of some states.
func (s *Service) endChange(ctx context.Context, actor audit.Actor, id int64, action string, from []db.CardChangeState, f func(tx pgx.Tx, change db.CardChange) error) error {
	if _, err := s.Change(ctx, actor, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		change, err := s.q.CardChangeGetForUpdate(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("lock an operation: %w", err)
		}
		if !slices.Contains(from, change.State) {
			return ErrChangeOver
		}
		if err := f(tx, change); err != nil {
			return err
		}
		detail := map[string]any{"change": id, "operation": change.Operation, "cards": change.Changed}
		if err := audit.Record(ctx, tx, actor, audit.Entry{Action: action, SeriesID: change.SeriesID, Detail: detail}); err != nil {
			return err
		}
		return s.notifySeries(ctx, tx, change.SeriesID)
	})
}

// CancelChange stops an operation. What was changed so far stays changed.
func (s *Service) CancelChange(ctx context.Context, actor audit.Actor, id int64) error {
	from := []db.CardChangeState{db.CardChangeStateQueued, db.CardChangeStateRunning, db.CardChangeStateFailed}
	return s.endChange(ctx, actor, id, "cards.change_cancelled", from, func(tx pgx.Tx, change db.CardChange) error {
		if change.JobID != nil {
			if _, err := s.jobs.JobCancelTx(ctx, tx, *change.JobID); err != nil && !errors.Is(err, rivertype.ErrNotFound) {
				return fmt.Errorf("cancel the job of an operation: %w", err)
			}
		}
		return s.q.CardChangeFinish(ctx, tx, db.CardChangeFinishParams{ID: id, State: db.CardChangeStateCancelled})
	})
}

// RetryChange takes a failed operation up again where it stopped. What is left of it
// counts within the limit of the person who takes it up, not of the one who ordered it.
func (s *Service) RetryChange(ctx context.Context, actor audit.Actor, id int64) error {
	from := []db.CardChangeState{db.CardChangeStateFailed}
	return s.endChange(ctx, actor, id, "cards.change_retried", from, func(tx pgx.Tx, _ db.CardChange) error {
		if err := s.q.CardChangeRequeue(ctx, tx, db.CardChangeRequeueParams{ID: id, RetriedBy: actor.Staff()}); err != nil {
			return fmt.Errorf("take up an operation: %w", err)
		}
		return s.enqueueChange(ctx, tx, id)
	})
}

// FailChange marks an operation that was given up, in words for staff.
func (s *Service) FailChange(ctx context.Context, id int64, why string) error {
	from := []db.CardChangeState{db.CardChangeStateQueued, db.CardChangeStateRunning}
	err := s.endChange(ctx, audit.System(), id, "cards.change_failed", from, func(tx pgx.Tx, _ db.CardChange) error {
		return s.q.CardChangeFinish(ctx, tx, db.CardChangeFinishParams{ID: id, State: db.CardChangeStateFailed, Failure: why})
	})
	if errors.Is(err, ErrChangeOver) {
		return nil
	}
	return err
}
