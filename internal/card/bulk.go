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

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/formprint"
)

// An operation on many cards is a row of card_change and a job. The job processes the
// selection in the order of serials, one chunk a transaction. Each transaction changes the
// cards, counts them, posts their value and moves the cursor of the row. So each card is
// processed exactly once, however often the job is killed.

// changeChunk is how many cards one transaction changes.
const changeChunk = 5_000

// maxTicked is the maximum number of cards that can be ticked individually.
const maxTicked = 1_000

// Errors of operations on many cards.
var (
	ErrNoChange    = fault.New(fault.NotFound, "change_unknown", "There is no such operation.")
	ErrChangeKey   = fault.New(fault.Conflict, "change_key_used", "This form was sent before with other entries, and that operation was begun. Look at the operations below; check the selection again to begin this one too.")
	ErrChangeOver  = fault.New(fault.Conflict, "change_over", "This operation is over. Reload the page to see how it ended.")
	ErrOperation   = fault.Field("operation", "change_operation", "Choose what to do with the cards.")
	ErrNoneTicked  = fault.Field("operation", "change_nothing", "Tick the cards first, or choose all that match.")
	ErrTooMany     = fault.Field("operation", "change_too_many", "That many cards can’t be ticked one by one. Use a range of serials.")
	ErrRangeFirst  = fault.Field("first", "change_first", "From serial must be a whole number from 1 to {last}.")
	ErrRangeLast   = fault.Field("last", "change_last", "To serial must be a whole number from {first} to {last}.")
	ErrTillMissing = fault.Field("valid_till", "change_till", "Enter the new valid-till date.")
	ErrNoneFits    = fault.Field("operation", "change_none", "None of these cards would be changed.")
)

var (
	errChangeStranded = fault.New(fault.Conflict, "change_stranded", "The job of this operation was cancelled. Retry goes on where it stopped.")
	errChangeUnused   = fault.New(fault.Conflict, "change_series_unused", "The series is no longer in use. What was changed before that stays changed.")
	errChangeLapsed   = fault.New(fault.Conflict, "change_series_lapsed", "The series has expired meanwhile, and what was left of it is booked as breakage. Give the series a later date instead.")
)

// Operation changes a selection of the cards of a series.
type Operation struct {
	SeriesID  int64
	Operation db.CardOperation
	First     int32     // first serial
	Last      int32     // last serial, included
	Serials   []int32   // only these serials, instead of First and Last; nil: all from First to Last
	Status    Status    // only cards with this shown status; empty: all
	ValidTill time.Time // for extend: the last day; its date in its own time zone counts
	PartnerID int64     // for partner; 0: the partners of the series
}

// DryRun is what an operation would do now.
type DryRun struct {
	Fits    int64 // cards that would be changed
	Already int64 // cards that are in the wanted state already
	Used    int64 // used cards, which are never changed
	Void    int64 // void cards, which are never changed
	Value   int64 // value that would move to breakage, in minor units
	Counts  []StatusCount
}

// StatusCount is the number of cards of a selection with a shown status.
type StatusCount struct {
	Status Status
	Cards  int64
}

// Total returns the number of cards in the selection.
func (d DryRun) Total() int64 { return d.Fits + d.Already + d.Used + d.Void }

// checked is an operation whose fields are valid, with its values as the database keeps them.
type checked struct {
	Operation
	till    *time.Time
	partner *int64
}

// checkChange checks an operation against the present series. It returns ErrNoneTicked,
// ErrTooMany, or a fault.List with one fault a field.
func (s *Service) checkChange(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, c Operation) (checked, error) {
	ok := checked{Operation: c}
	if c.Serials != nil {
		ok.Serials = slices.Compact(slices.Sorted(slices.Values(c.Serials)))
		if len(ok.Serials) == 0 {
			return ok, ErrNoneTicked
		}
		if len(ok.Serials) > maxTicked {
			return ok, ErrTooMany
		}
		ok.First, ok.Last = ok.Serials[0], ok.Serials[len(ok.Serials)-1]
	}
	var wrong fault.List
	if !c.Operation.Valid() {
		wrong = append(wrong, ErrOperation)
	}
	last := fault.Number(series.Made)
	if ok.First < 1 || ok.First > series.Made {
		wrong = append(wrong, ErrRangeFirst.With("last", last))
	}
	if ok.Last < ok.First || ok.Last > series.Made {
		wrong = append(wrong, ErrRangeLast.With("first", fault.Number(min(max(ok.First, 1), series.Made))).With("last", last))
	}
	var err error
	switch c.Operation {
	case db.CardOperationExtend:
		if c.ValidTill.IsZero() {
			wrong = append(wrong, ErrTillMissing)
			break
		}
		ok.till, err = s.cardTill(ctx, tx, series, nil, c.ValidTill)
	case db.CardOperationPartner:
		ok.partner, err = s.cardPartner(ctx, tx, actor, series, c.PartnerID)
	case db.CardOperationEnable, db.CardOperationDisable, db.CardOperationVoid:
	}
	return ok, faults(wrong.Err(), err)
}

// TryChange counts what an operation would do, and changes nothing. Its errors are those of
// OrderChange, except those of the key and ErrNoneFits.
func (s *Service) TryChange(ctx context.Context, actor audit.Actor, c Operation) (DryRun, error) {
	var d DryRun
	err := s.withChangeableSeries(ctx, actor, c.SeriesID, func(tx pgx.Tx, series db.Series) error {
		ok, err := s.checkChange(ctx, tx, actor, series, c)
		if err != nil {
			return err
		}
		d, err = s.dryRun(ctx, tx, actor, series, ok)
		return err
	})
	return d, err
}

// dryRun counts what an operation would do. It returns the counts with an error at the field
// "operation" if the operation brings more value into use than one person may.
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
	err = s.checkOperation(ctx, tx, series, ok.Operation.Operation, d.Fits, revives, widens, actor.Accountable(), approval.Looking(tx))
	if faults := fault.All(err); len(faults) == 1 {
		err = faults[0].At("operation")
	}
	return d, err
}

// OrderChange queues an operation and returns its id. key is the idempotency key: the same
// key with the same operation returns the id of the first call. The same key with another
// operation is ErrChangeKey, and the key of another person is ErrChangeOver. An operation
// without a card to change is ErrNoneFits.
func (s *Service) OrderChange(ctx context.Context, actor audit.Actor, c Operation, key uuid.UUID) (int64, error) {
	if id, err := s.earlierOperation(ctx, actor, c, key); err != nil || id != 0 {
		return id, err
	}
	by, err := actor.Member()
	if err != nil {
		return 0, err
	}
	var id int64
	err = s.withChangeableSeries(ctx, actor, c.SeriesID, func(tx pgx.Tx, series db.Series) error {
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
			Cursor: ok.First - 1, RequestKey: key, CreatedBy: by, ClientID: actor.Client(),
		})
		if err != nil {
			return fmt.Errorf("enter an operation: %w", err)
		}
		print, err := c.print()
		if err != nil {
			return err
		}
		if err := formprint.Keep(ctx, tx, formprint.Operation, key, print); err != nil {
			return err
		}
		if err := s.enqueueChange(ctx, tx, id); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, ok.ordered(series.ID, id, d))
	})
	if db.Constraint(err) == "card_change_request_key" { // a concurrent request with the same key was first
		return s.earlierOperation(ctx, actor, c, key)
	}
	return id, err
}

// ordered returns the act that records an operation in the audit trail.
func (c checked) ordered(seriesID, id int64, d DryRun) ChangeOrdered {
	ordered := ChangeOrdered{
		Subject: act.OfSeries(seriesID), Change: id, Operation: c.Operation.Operation,
		First: c.First, Last: c.Last, Cards: d.Fits, Serials: c.Serials, Status: c.Status,
	}
	if c.till != nil {
		ordered.ValidTill = dayText(c.till)
	}
	if c.Operation.Operation == db.CardOperationPartner {
		ordered.Partner = &c.PartnerID
	}
	return ordered
}

// earlierOperation returns the id of the operation that an idempotency key has queued, or 0.
// A key that queued a different operation is ErrChangeKey.
func (s *Service) earlierOperation(ctx context.Context, actor audit.Actor, c Operation, key uuid.UUID) (int64, error) {
	row, err := s.q.CardChangeGetByRequestKey(ctx, s.db, key)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for an earlier operation: %w", err)
	}
	if row.CreatedBy != actor.Responsible() {
		return 0, ErrChangeOver
	}
	print, err := c.print()
	if err != nil {
		return 0, err
	}
	same, known, err := formprint.Same(ctx, s.db, formprint.Operation, key, print)
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

// Change reads an operation. It returns ErrNoChange if there is none, or if its series is not
// within the actor's partners.
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

// endChange runs f on a locked operation and records the act. An operation in none of the
// states in from is ErrChangeOver.
func (s *Service) endChange(ctx context.Context, actor audit.Actor, id int64, did func(act.Subject, ChangeRef) act.Act, from []db.CardChangeState, f func(tx pgx.Tx, change db.CardChange) error) error {
	if _, err := s.Change(ctx, actor, id); err != nil {
		return err
	}
	return s.InTx(ctx, func(tx pgx.Tx) error {
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
		return act.Record(ctx, tx, actor, did(act.OfSeries(change.SeriesID), changeRef(change)))
	})
}

// CancelChange stops an operation. Cards that it changed stay changed. An operation that has
// ended is ErrChangeOver.
func (s *Service) CancelChange(ctx context.Context, actor audit.Actor, id int64) error {
	from := []db.CardChangeState{db.CardChangeStateQueued, db.CardChangeStateRunning, db.CardChangeStateFailed}
	return s.endChange(ctx, actor, id, changeCancelled, from, func(tx pgx.Tx, change db.CardChange) error {
		if change.JobID != nil {
			if _, err := s.jobs.JobCancelTx(ctx, tx, *change.JobID); err != nil && !errors.Is(err, rivertype.ErrNotFound) {
				return fmt.Errorf("cancel the job of an operation: %w", err)
			}
		}
		return s.q.CardChangeFinish(ctx, tx, db.CardChangeFinishParams{ID: id, State: db.CardChangeStateCancelled})
	})
}

// RetryChange continues a failed operation at its cursor. The rest of it counts within the
// limit of the person who retries it, not of the person who ordered it. An operation that has
// not failed is ErrChangeOver.
func (s *Service) RetryChange(ctx context.Context, actor audit.Actor, id int64) error {
	from := []db.CardChangeState{db.CardChangeStateFailed}
	return s.endChange(ctx, actor, id, changeRetried, from, func(tx pgx.Tx, _ db.CardChange) error {
		if err := s.q.CardChangeRequeue(ctx, tx, db.CardChangeRequeueParams{ID: id, RetriedBy: actor.Staff()}); err != nil {
			return fmt.Errorf("take up an operation: %w", err)
		}
		return s.enqueueChange(ctx, tx, id)
	})
}

// FailChange marks an operation as failed. why is a fault as fault.Error.Keep returns it. An
// operation that has ended is left as it is.
func (s *Service) FailChange(ctx context.Context, id int64, why string) error {
	from := []db.CardChangeState{db.CardChangeStateQueued, db.CardChangeStateRunning}
	err := s.endChange(ctx, audit.System(), id, changeFailed, from, func(tx pgx.Tx, _ db.CardChange) error {
		return s.q.CardChangeFinish(ctx, tx, db.CardChangeFinishParams{ID: id, State: db.CardChangeStateFailed, Failure: why})
	})
	if errors.Is(err, ErrChangeOver) {
		return nil
	}
	return err
}
