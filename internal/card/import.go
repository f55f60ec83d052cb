package card

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/tableflow"
)

// Refusals around imports.
var (
	ErrNoImport        = fault.New(fault.NotFound, "import_unknown", "There is no such import.")
	ErrImportState     = fault.New(fault.Conflict, "import_state", "The import has changed meanwhile. Reload the page to see where it stands.")
	ErrImportNotWanted = fault.New(fault.Conflict, "import_not_wanted", "This import was cancelled or is done.")
	ErrImportForeign   = fault.New(fault.Conflict, "import_foreign", "A series of this import has cards of partners that you don’t see by now. Ask somebody who sees them all.")
	ErrImportOld       = fault.New(fault.Invalid, "import_old", "This file was uploaded before an update of the portal. Cancel the import and upload it once more.")
	ErrImportNothing   = fault.New(fault.Conflict, "import_nothing", "No row of this file makes a card.")
)

// Upload is a file that was received and lies encrypted in the store.
type Upload struct {
	Kind           db.ImportKind
	FileName, Name string
	KeyID          int16
	Size           int64 // in clear
	SHA256         []byte
	Look           tableflow.Look
}

// NewImport enters an uploaded file.
func (s *Service) NewImport(ctx context.Context, actor audit.Actor, u Upload) (int64, error) {
	preview, err := json.Marshal(u.Look)
	if err != nil {
		return 0, err
	}
	var id int64
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		if err := s.q.SoloActLock(ctx, tx, int32(actor.StaffID)); err != nil { //nolint:gosec // a lock's name; a wrapped id only waits for a stranger
			return fmt.Errorf("lock the uploads of a person: %w", err)
		}
		if err := s.mayUpload(ctx, tx, actor, u.Size); err != nil {
			return err
		}
		if err := s.holdKey(ctx, tx, u.KeyID); err != nil {
			return err
		}
		id, err = s.q.ImportCreate(ctx, tx, db.ImportCreateParams{
			Kind: u.Kind, FileName: cutText(u.FileName, 200), File: u.Name, KeyID: u.KeyID, Size: u.Size, SHA256: u.SHA256, Preview: preview, CreatedBy: actor.StaffID,
		})
		if err != nil {
			return fmt.Errorf("enter an import: %w", err)
		}
		return s.auditImport(ctx, tx, actor, "import.uploaded", id, map[string]any{"size": u.Size, "of": u.Kind})
	})
	return id, err
}

func (s *Service) auditImport(ctx context.Context, tx pgx.Tx, actor audit.Actor, action string, id int64, detail map[string]any) error {
	facts := map[string]any{"import": id}
	maps.Copy(facts, detail)
	if err := audit.Record(ctx, tx, actor, audit.Entry{Action: action, Detail: facts}); err != nil {
		return err
	}
	return s.notifyImport(ctx, tx, id)
}

func (s *Service) notifyImport(ctx context.Context, tx pgx.Tx, id int64) error {
	if err := s.q.ImportNotify(ctx, tx, id); err != nil {
		return fmt.Errorf("announce a change of import: %w", err)
	}
	return nil
}

// Import reads an import that the actor may see: their own, or any for staff of
// all partners.
func (s *Service) Import(ctx context.Context, actor audit.Actor, id int64) (db.ImportGetRow, error) {
	row, err := s.q.ImportGet(ctx, s.db, db.ImportGetParams{ID: id, Kind: db.ImportKindCards, AllPartners: actor.Scope.AllPartners, StaffID: actor.StaffID})
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrNoImport
	}
	if err != nil {
		return row, fmt.Errorf("read an import: %w", err)
	}
	return row, nil
}

// PlanImport settles how a file is read and asks for its dry run.
func (s *Service) PlanImport(ctx context.Context, actor audit.Actor, id int64, f ImportForm) error {
	row, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := s.mayImport(ctx, actor.StaffID); err != nil {
		return err
	}
	look, err := readLook(row.CardImport)
	if err != nil {
		return err
	}
	plan, err := s.CheckImportForm(ctx, actor, look, f)
	if err != nil {
		return err
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.ImportPlan(ctx, tx, db.ImportPlanParams{ID: id, Plan: text, PlannedBy: actor.Staff()})
		if err != nil {
			return fmt.Errorf("plan an import: %w", err)
		}
		if n == 0 {
			return ErrImportState
		}
		if err := s.remember(ctx, tx, actor, look, f); err != nil {
			return err
		}
		job, err := s.jobs.InsertTx(ctx, tx, CheckImportArgs{ImportID: id}, nil)
		if err != nil {
			return fmt.Errorf("queue a dry run: %w", err)
		}
		if err := s.q.ImportSetJob(ctx, tx, db.ImportSetJobParams{ID: id, JobID: &job.Job.ID}); err != nil {
			return fmt.Errorf("note the job of an import: %w", err)
		}
		return s.auditImport(ctx, tx, actor, "import.planned", id, nil)
	})
}

// TickImport asks for another dry run in which rows, or all codes of some shapes, are
// taken although they differ from the rest of the file; empty: none is.
func (s *Service) TickImport(ctx context.Context, actor audit.Actor, id int64, rows []int32, shapes []string) error {
	row, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	if row.CardImport.State != db.ImportStateChecked {
		return ErrImportState
	}
	plan, _, err := readImport(row.CardImport)
	if err != nil {
		return err
	}
	if len(rows) > mostTickedRows {
		return fault.New(fault.Invalid, "import_ticked", "Tick at most 1,000 rows one by one.")
	}
	f := plan.Form
	f.Rows, f.Shapes = rows, shapes
	return s.PlanImport(ctx, actor, id, f)
}

// ConfirmImport enters the series of a checked file, one for each price, and the
// job that makes their cards. Run is the dry run whose result the actor was shown: another
// one may have found other cards. ErrImportWaits says that it waits for a second person.
func (s *Service) ConfirmImport(ctx context.Context, actor audit.Actor, id int64, run int32) error {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return err
	}
	waits := false
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		imp, err := s.q.ImportGetForUpdate(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("lock an import: %w", err)
		}
		if imp.Run != run {
			return ErrImportState
		}
		plan, report, err := readImport(imp)
		if err != nil {
			return err
		}
		if err := plan.usable(); err != nil {
			return err
		}
		if err := mayImportFor(actor, plan); err != nil {
			return err
		}
		if err := mayActivate(ctx, tx, actor.StaffID, plan.Activate); err != nil {
			return err
		}
		if waits, err = s.holdImport(ctx, tx, actor, imp, plan, report); err != nil || waits {
			return err
		}
		return s.beginImport(ctx, tx, actor, id, 0)
	})
	if err == nil && waits {
		return ErrImportWaits
	}
	return err
}

// beginImport is the import itself, of a checked file that one person may confirm or a
// second one approved; approved is the request, 0 where there was none.
func (s *Service) beginImport(ctx context.Context, tx pgx.Tx, actor audit.Actor, id, approved int64) error {
	settings, err := setting.Read(ctx, tx)
	if err != nil {
		return err
	}
	imp, err := s.q.ImportGetForUpdate(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("lock an import: %w", err)
	}
	plan, report, err := readImport(imp)
	if err != nil {
		return err
	}
	if err := plan.usable(); err != nil {
		return err
	}
	n, err := s.q.ImportConfirm(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("confirm an import: %w", err)
	}
	if n == 0 {
		return ErrImportState
	}
	if report.Good == 0 {
		return ErrImportNothing
	}
	jobID, err := s.enqueueImport(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, g := range report.Groups {
		if err := s.enterImported(ctx, tx, actor, id, jobID, plan, report, g, settings.LockPartners); err != nil {
			return err
		}
	}
	detail := map[string]any{"cards": report.Good, "file": imp.FileName, "sha256": fmt.Sprintf("%x", imp.SHA256)}
	if approved != 0 {
		detail["approval"] = approved
	}
	return s.auditImport(ctx, tx, actor, "import.confirmed", id, detail)
}

func (s *Service) enqueueImport(ctx context.Context, tx pgx.Tx, id int64) (*int64, error) {
	job, err := s.jobs.InsertTx(ctx, tx, RunImportArgs{ImportID: id}, nil)
	if err != nil {
		return nil, fmt.Errorf("queue an import: %w", err)
	}
	if err := s.q.ImportSetJob(ctx, tx, db.ImportSetJobParams{ID: id, JobID: &job.Job.ID}); err != nil {
		return nil, fmt.Errorf("note the job of an import: %w", err)
	}
	return &job.Job.ID, nil
}

// enterImported enters the series of the cards of one price.
func (s *Service) enterImported(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64, jobID *int64, plan ImportPlan, report ImportReport, g ImportGroup, lock bool) error {
	till, err := time.Parse(time.DateOnly, g.ValidTill)
	if err != nil {
		return err
	}
	o := Order{
		Quantity: g.Cards, Prefix: plan.Prefix, Price: money.Amount{Minor: g.Price, Currency: plan.Currency}, PartnerIDs: plan.Partners,
		TimeZone: plan.TimeZone, ValidTill: till, Activate: plan.Activate && !g.Inactive, Lock: lock, Key: uuid.New(), Format: importedFormat, imported: true,
	}
	ordered, err := s.enter(ctx, tx, actor, o)
	if err != nil {
		return err
	}
	p := db.SeriesSetImportParams{ID: ordered.ID, ImportID: &id, JobID: jobID, Inactive: g.Inactive}
	if report.Longest > 0 {
		bits, shortest, longest := float32(report.Bits), int16(report.Shortest), int16(report.Longest) //nolint:gosec // at most maxImported
		p.CodeBits, p.CodeShortest, p.CodeLongest = &bits, &shortest, &longest
	}
	if err := s.q.SeriesSetImport(ctx, tx, p); err != nil {
		return fmt.Errorf("mark a series as imported: %w", err)
	}
	if err := s.q.ReadingCreateSeries(ctx, tx, ordered.ID); err != nil {
		return fmt.Errorf("enter that a series has its readings: %w", err)
	}
	return s.writeShapes(ctx, tx, ordered.ID, g.Shapes)
}

// readImport reads what an import keeps as JSON.
func readImport(imp db.CardImport) (ImportPlan, ImportReport, error) {
	var plan ImportPlan
	var report ImportReport
	err := errors.Join(json.Unmarshal(imp.Plan, &plan), json.Unmarshal(imp.Report, &report))
	if err != nil {
		return plan, report, fmt.Errorf("read the plan of import %d: %w", imp.ID, err)
	}
	return plan, report, nil
}

// CancelImport drops an import none of whose cards exist yet. One that is under way
// is stopped: it can go on later, and its series are worth nothing until then.
func (s *Service) CancelImport(ctx context.Context, actor audit.Actor, id int64) error {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		imp, err := s.q.ImportGetForUpdate(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("lock an import: %w", err)
		}
		begun, err := s.q.ImportListSeries(ctx, tx, &id)
		if err != nil {
			return fmt.Errorf("list the series of an import: %w", err)
		}
		switch imp.State {
		case db.ImportStateDone, db.ImportStateCancelled, db.ImportStateExpired:
			return ErrImportState
		case db.ImportStateFailed:
			if len(begun) > 0 {
				return ErrImportState
			}
		default:
		}
		if imp.JobID != nil {
			if _, err := s.jobs.JobCancelTx(ctx, tx, *imp.JobID); err != nil && !errors.Is(err, rivertype.ErrNotFound) {
				return fmt.Errorf("cancel the job of an import: %w", err)
			}
		}
		if len(begun) > 0 {
			return s.stopImport(ctx, tx, actor, id, "import.stopped", "Stopped by hand. The import goes on where it stopped.")
		}
		if err := approval.WithdrawImport(ctx, tx, actor, id); err != nil {
			return err
		}
		if _, err := s.q.ImportEnd(ctx, tx, db.ImportEndParams{ID: id, State: db.ImportStateCancelled}); err != nil {
			return fmt.Errorf("cancel an import: %w", err)
		}
		return s.auditImport(ctx, tx, actor, "import.cancelled", id, nil)
	})
}

// stopImport leaves an import, and its series, where they are.
func (s *Service) stopImport(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64, action, why string) error {
	n, err := s.q.ImportEnd(ctx, tx, db.ImportEndParams{ID: id, State: db.ImportStateFailed, Failure: why})
	if err != nil {
		return fmt.Errorf("stop an import: %w", err)
	}
	if n == 0 {
		return nil
	}
	if err := s.q.SeriesImportStop(ctx, tx, db.SeriesImportStopParams{ImportID: &id, Failure: why}); err != nil {
		return fmt.Errorf("stop the series of an import: %w", err)
	}
	return s.auditImport(ctx, tx, actor, action, id, nil)
}

// ResumeImport lets an import go on that stopped or failed on its way.
func (s *Service) ResumeImport(ctx context.Context, actor audit.Actor, id int64) error {
	imp, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	for _, by := range []*int64{actor.Staff(), imp.CardImport.PlannedBy} {
		if by == nil {
			continue
		}
		if err := s.mayImport(ctx, *by); err != nil {
			return err
		}
	}
	plan, _, err := readImport(imp.CardImport)
	if err != nil {
		return err
	}
	if err := mayImportFor(actor, plan); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.ImportResume(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("resume an import: %w", err)
		}
		if n == 0 {
			return ErrImportState
		}
		jobID, err := s.enqueueImport(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.q.SeriesImportResume(ctx, tx, db.SeriesImportResumeParams{ImportID: &id, JobID: jobID}); err != nil {
			return fmt.Errorf("resume the series of an import: %w", err)
		}
		return s.auditImport(ctx, tx, actor, "import.resumed", id, nil)
	})
}

// FailImport marks an import that was given up, in words for staff.
func (s *Service) FailImport(ctx context.Context, id int64, why string) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		return s.stopImport(ctx, tx, audit.System(), id, "import.failed", why)
	})
}

// failStrandedImports marks imports whose job ended without them.
func (s *Service) failStrandedImports(ctx context.Context) error {
	ids, err := s.q.ImportListStranded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for stranded imports: %w", err)
	}
	for _, id := range ids {
		if err := s.FailImport(ctx, id, "The job of this import was cancelled."); err != nil {
			return err
		}
	}
	return nil
}

// ExpireImports ends the imports that nobody went on with for a day; their files are
// then nobody's any more.
func (s *Service) ExpireImports(ctx context.Context) error {
	ids, err := s.q.ImportListOld(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for old imports: %w", err)
	}
	for _, id := range ids {
		err := s.inTx(ctx, func(tx pgx.Tx) error {
			imp, err := s.q.ImportGetForUpdate(ctx, tx, id)
			if err != nil {
				return fmt.Errorf("lock an import: %w", err)
			}
			if imp.State == db.ImportStateRunning { // confirmed or approved meanwhile
				return nil
			}
			if err := approval.WithdrawImport(ctx, tx, audit.System(), id); err != nil {
				return err
			}
			if _, err := s.q.ImportEnd(ctx, tx, db.ImportEndParams{ID: id, State: db.ImportStateExpired}); err != nil {
				return fmt.Errorf("expire an import: %w", err)
			}
			return s.auditImport(ctx, tx, audit.System(), "import.expired", id, nil)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
