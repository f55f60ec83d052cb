package tableflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Refusals around imports of every kind.
var (
	ErrUnknown   = fault.New(fault.NotFound, "import_unknown", "There is no such import.")
	ErrState     = fault.New(fault.Conflict, "import_state", "The import has changed meanwhile. Reload the page to see where it stands.")
	ErrNotWanted = fault.New(fault.Conflict, "import_not_wanted", "This import was cancelled or is done.")
)

// Enqueuer is the part of River's client that writes jobs beside the rows they are
// about, in one transaction.
type Enqueuer interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
	JobCancelTx(ctx context.Context, tx pgx.Tx, jobID int64) (*rivertype.JobRow, error)
}

// Flow is the acts on what is kept of an import, which are the same for every kind. Its
// functions work in the transaction of the caller, who has held permissions against
// them. Stopped, where there is one, is told in the same transaction that an import stops
// on its way.
type Flow struct {
	Kind    db.ImportKind
	Jobs    Enqueuer
	Stopped func(ctx context.Context, tx pgx.Tx, id int64, why string) error
}

// Get reads an import that the actor may see: their own, or any for staff of all
// partners.
func (f Flow) Get(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) (db.ImportGetRow, error) {
	row, err := db.New().ImportGet(ctx, dbtx, db.ImportGetParams{ID: id, Kind: f.Kind, AllPartners: actor.Scope.AllPartners, StaffID: actor.StaffID})
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrUnknown
	}
	if err != nil {
		return row, fmt.Errorf("read an import: %w", err)
	}
	return row, nil
}

// Lock holds an import until the end of the transaction. It is the first lock of all.
func (f Flow) Lock(ctx context.Context, tx pgx.Tx, id int64) (db.CardImport, error) {
	imp, err := db.New().ImportGetForUpdate(ctx, tx, id)
	if err != nil {
		return imp, fmt.Errorf("lock an import: %w", err)
	}
	return imp, nil
}

// Audit writes down what was done to an import, and announces it. Entries about cards
// don't say that they are, as those that were written before there were other kinds.
func (f Flow) Audit(ctx context.Context, tx pgx.Tx, actor audit.Actor, action string, id int64, detail map[string]any) error {
	facts := map[string]any{"import": id}
	if f.Kind != db.ImportKindCards {
		facts["of"] = f.Kind
	}
	maps.Copy(facts, detail)
	if err := audit.Record(ctx, tx, actor, audit.Entry{Action: action, Detail: facts}); err != nil {
		return err
	}
	return f.Notify(ctx, tx, id)
}

// Notify announces a change of an import.
func (f Flow) Notify(ctx context.Context, tx pgx.Tx, id int64) error {
	if err := db.New().ImportNotify(ctx, tx, id); err != nil {
		return fmt.Errorf("announce a change of import: %w", err)
	}
	return nil
}

// Plan settles how a file is read and asks for its dry run, a job with these args.
func (f Flow) Plan(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64, plan any, args river.JobArgs) error {
	text, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	n, err := db.New().ImportPlan(ctx, tx, db.ImportPlanParams{ID: id, Plan: text, PlannedBy: actor.Staff()})
	if err != nil {
		return fmt.Errorf("plan an import: %w", err)
	}
	if n == 0 {
		return ErrState
	}
	if _, err := f.Enqueue(ctx, tx, id, args); err != nil {
		return err
	}
	return f.Audit(ctx, tx, actor, "import.planned", id, nil)
}

// Sheet keeps what another sheet of a workbook was found to hold.
func (f Flow) Sheet(ctx context.Context, tx pgx.Tx, id int64, look Look) error {
	text, err := json.Marshal(look)
	if err != nil {
		return err
	}
	n, err := db.New().ImportLookAt(ctx, tx, db.ImportLookAtParams{ID: id, Preview: text})
	if err != nil {
		return fmt.Errorf("keep what is in a sheet: %w", err)
	}
	if n == 0 {
		return ErrState
	}
	return f.Notify(ctx, tx, id)
}

// Enqueue asks for a job of an import, and returns its id.
func (f Flow) Enqueue(ctx context.Context, tx pgx.Tx, id int64, args river.JobArgs) (*int64, error) {
	job, err := f.Jobs.InsertTx(ctx, tx, args, nil)
	if err != nil {
		return nil, fmt.Errorf("queue a job of an import: %w", err)
	}
	if err := db.New().ImportSetJob(ctx, tx, db.ImportSetJobParams{ID: id, JobID: &job.Job.ID}); err != nil {
		return nil, fmt.Errorf("note the job of an import: %w", err)
	}
	return &job.Job.ID, nil
}

// Cancel drops an import that the caller holds and of which nothing is begun. One that is
// under way is stopped: it can go on later.
func (f Flow) Cancel(ctx context.Context, tx pgx.Tx, actor audit.Actor, imp db.CardImport, begun bool) error {
	switch imp.State {
	case db.ImportStateDone, db.ImportStateCancelled, db.ImportStateExpired:
		return ErrState
	case db.ImportStateFailed:
		if begun {
			return ErrState
		}
	default:
	}
	if imp.JobID != nil {
		if _, err := f.Jobs.JobCancelTx(ctx, tx, *imp.JobID); err != nil && !errors.Is(err, rivertype.ErrNotFound) {
			return fmt.Errorf("cancel the job of an import: %w", err)
		}
	}
	if err := approval.WithdrawImport(ctx, tx, actor, imp.ID); err != nil {
		return err
	}
	if begun {
		return f.Stop(ctx, tx, actor, imp.ID, "import.stopped", "Stopped by hand. The import goes on where it stopped.")
	}
	if _, err := db.New().ImportEnd(ctx, tx, db.ImportEndParams{ID: imp.ID, State: db.ImportStateCancelled}); err != nil {
		return fmt.Errorf("cancel an import: %w", err)
	}
	return f.Audit(ctx, tx, actor, "import.cancelled", imp.ID, nil)
}

// Stop leaves an import where it is, and says why in words for staff. One that has ended
// stays as it is.
func (f Flow) Stop(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64, action, why string) error {
	n, err := db.New().ImportEnd(ctx, tx, db.ImportEndParams{ID: id, State: db.ImportStateFailed, Failure: why})
	if err != nil {
		return fmt.Errorf("stop an import: %w", err)
	}
	if n == 0 {
		return nil
	}
	if f.Stopped != nil {
		if err := f.Stopped(ctx, tx, id, why); err != nil {
			return err
		}
	}
	return f.Audit(ctx, tx, actor, action, id, nil)
}

// Resume asks for the job of an import that goes on after it stopped, and returns the
// job's id. N is how many imports the caller's statement let go on.
func (f Flow) Resume(ctx context.Context, tx pgx.Tx, actor audit.Actor, id, n int64, args river.JobArgs) (*int64, error) {
	if n == 0 {
		return nil, ErrState
	}
	jobID, err := f.Enqueue(ctx, tx, id, args)
	if err != nil {
		return nil, err
	}
	return jobID, f.Audit(ctx, tx, actor, "import.resumed", id, nil)
}

// Alarm says once an hour that somebody tries what is known with a file.
func (f Flow) Alarm(ctx context.Context, tx pgx.Tx, actor audit.Actor, imp db.CardImport) error {
	fresh, err := db.New().ImportAlarm(ctx, tx, imp.ID)
	if err != nil {
		return fmt.Errorf("raise an alarm about an import: %w", err)
	}
	if fresh == 0 {
		return nil
	}
	return f.Audit(ctx, tx, actor, "import.probed", imp.ID, map[string]any{"file": imp.FileName})
}
