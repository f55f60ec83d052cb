package tableflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
	"refill/internal/mailqueue"
)

// Errors of imports of every kind.
var (
	ErrUnknown   = fault.New(fault.NotFound, "import_unknown", "There is no such import.")
	ErrState     = fault.New(fault.Conflict, "import_state", "The import has changed meanwhile. Reload the page to see its state.")
	errStopped   = fault.New(fault.Conflict, "import_stopped", "Stopped by hand. The import goes on where it stopped.")
	ErrNotWanted = fault.New(fault.Conflict, "import_not_wanted", "This import was cancelled or is done.")
)

// Flow implements the acts on stored imports that are the same for every kind. Its functions
// work in the transaction of the caller, who checks permissions. Stopped, if it is set, is
// called in the transaction that stops an import before its end.
type Flow struct {
	Kind    db.ImportKind
	Jobs    jobqueue.Enqueuer
	Stopped func(ctx context.Context, tx pgx.Tx, id int64, why string) error
}

// Get reads an import. It returns ErrUnknown unless the actor uploaded the import or sees all
// partners.
func (f Flow) Get(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) (db.ImportGetRow, error) {
	row, err := db.New().ImportGet(ctx, dbtx, db.ImportGetParams{ID: id, Kind: f.Kind, AllPartners: actor.Scope.AllPartners, StaffID: actor.Responsible()})
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrUnknown
	}
	if err != nil {
		return row, fmt.Errorf("read an import: %w", err)
	}
	return row, nil
}

// Lock locks the row of an import until the end of the transaction. In the lock order it
// precedes the locks of series.
func (f Flow) Lock(ctx context.Context, tx pgx.Tx, id int64) (db.CardImport, error) {
	imp, err := db.New().ImportGetForUpdate(ctx, tx, id)
	if err != nil {
		return imp, fmt.Errorf("lock an import: %w", err)
	}
	return imp, nil
}

// About returns the import as acts name it. Acts on imports of cards leave out the kind, as
// acts of earlier versions do.
func (f Flow) About(id int64) Import {
	if f.Kind == db.ImportKindCards {
		return Import{Import: id}
	}
	return Import{Import: id, Of: f.Kind}
}

// Notify announces a change of an import to open pages when the transaction commits.
func (f Flow) Notify(ctx context.Context, tx pgx.Tx, id int64) error {
	if err := db.New().ImportNotify(ctx, tx, id); err != nil {
		return fmt.Errorf("announce a change of import: %w", err)
	}
	return nil
}

// Plan stores how a file is read and queues its dry run, a job with the given args. It returns
// ErrState unless the import is uploaded, checked or failed and was never confirmed.
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
	return act.Record(ctx, tx, actor, Planned{f.About(id)})
}

// Sheet stores the content of another sheet of a workbook, which drops the present plan. It
// returns ErrState under the conditions of Plan.
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

// Enqueue queues a job of an import, stores its id in the import, and returns it.
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

// Cancel cancels an import whose row the caller holds. An import that has begun is stopped
// instead and can be resumed. An import that has ended, or that has stopped already, is
// ErrState.
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
		return f.Stop(ctx, tx, actor, imp.ID, Stopped{f.About(imp.ID)}, errStopped.Keep())
	}
	if _, err := db.New().ImportEnd(ctx, tx, db.ImportEndParams{ID: imp.ID, State: db.ImportStateCancelled}); err != nil {
		return fmt.Errorf("cancel an import: %w", err)
	}
	return act.Record(ctx, tx, actor, Cancelled{f.About(imp.ID)})
}

// Stop stops an import at its present row and records done. why is a fault as fault.Error.Keep
// returns it. An import that has ended is left as it is.
func (f Flow) Stop(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64, done act.Act, why string) error {
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
	return act.Record(ctx, tx, actor, done)
}

// Resume queues the job that continues a stopped import and returns its id. n is the number of
// imports that the caller's statement has resumed; 0 is ErrState.
func (f Flow) Resume(ctx context.Context, tx pgx.Tx, actor audit.Actor, id, n int64, args river.JobArgs) (*int64, error) {
	if n == 0 {
		return nil, ErrState
	}
	jobID, err := f.Enqueue(ctx, tx, id, args)
	if err != nil {
		return nil, err
	}
	return jobID, act.Record(ctx, tx, actor, Resumed{f.About(id)})
}

// Alarm raises the alarm Probed, at most once an hour for each import, about a file that names
// many existing cards or customers.
func (f Flow) Alarm(ctx context.Context, tx pgx.Tx, actor audit.Actor, imp db.CardImport) error {
	fresh, err := db.New().ImportAlarm(ctx, tx, imp.ID)
	if err != nil {
		return fmt.Errorf("raise an alarm about an import: %w", err)
	}
	if fresh == 0 {
		return nil
	}
	begins, err := mailqueue.AlarmBegins(ctx, tx, mailqueue.Probe, imp.ID)
	if err != nil {
		return err
	}
	if begins {
		if err := mailqueue.Tell(ctx, tx, mailqueue.Event{About: mailqueue.Probe, ID: imp.ID}); err != nil {
			return err
		}
	}
	return act.Record(ctx, tx, actor, Probed{f.About(imp.ID), imp.FileName})
}
