package cardimport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/tableflow"
)

// Errors of imports.
var (
	ErrNoImport       = tableflow.ErrUnknown
	ErrState          = tableflow.ErrState
	ErrNotWanted      = tableflow.ErrNotWanted
	ErrImportForeign  = fault.New(fault.Conflict, "import_foreign", "A series of this import has cards of partners that you no longer see. Ask a colleague who sees them all.")
	ErrImportOld      = fault.New(fault.Invalid, "import_old", "This file was uploaded before an update of the portal. Cancel the import and upload it once more.")
	errImportStranded = fault.New(fault.Conflict, "import_stranded", "The job of this import was cancelled.")
	ErrImportNothing  = fault.New(fault.Conflict, "import_nothing", "No row of this file makes a card.")
)

// Upload is a received file, encrypted in the file store.
type Upload struct {
	Kind           db.ImportKind
	FileName, Name string
	KeyID          int16
	Size           int64 // bytes of the decrypted file
	SHA256         []byte
	Look           tableflow.Look
}

// NewImport records an uploaded file and returns the id of its import. It returns
// ErrUploadsMany or ErrUploadsLarge where the actor keeps too many uploads.
func (s *Service) NewImport(ctx context.Context, actor audit.Actor, u Upload) (int64, error) {
	by, err := actor.Member()
	if err != nil {
		return 0, err
	}
	if err := card.CheckModule(ctx, s.db, actor); err != nil {
		return 0, err
	}
	preview, err := json.Marshal(u.Look)
	if err != nil {
		return 0, err
	}
	var id int64
	err = s.cards.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.q.SoloActLock(ctx, tx, int32(by)); err != nil { //nolint:gosec // names a lock; ids that wrap to the same number only wait for each other
			return fmt.Errorf("lock the uploads of a person: %w", err)
		}
		if err := s.checkUpload(ctx, tx, actor, u.Size); err != nil {
			return err
		}
		if err := s.cards.Codes.HoldKey(ctx, tx, u.KeyID); err != nil {
			return err
		}
		id, err = s.q.ImportCreate(ctx, tx, db.ImportCreateParams{
			Kind: u.Kind, FileName: truncate(u.FileName, 200), File: u.Name, KeyID: u.KeyID, Size: u.Size, SHA256: u.SHA256, Preview: preview, CreatedBy: by,
		})
		if err != nil {
			return fmt.Errorf("enter an import: %w", err)
		}
		return act.Record(ctx, tx, actor, tableflow.Uploaded{Import: tableflow.Import{Import: id, Of: u.Kind}, Size: u.Size})
	})
	return id, err
}

// imports returns the flow of card imports. An import that stops leaves its series
// incomplete and without value.
func (s *Service) imports() tableflow.Flow {
	return tableflow.Flow{Kind: db.ImportKindCards, Jobs: s.jobs, Stopped: func(ctx context.Context, tx pgx.Tx, id int64, why string) error {
		if err := s.q.SeriesImportStop(ctx, tx, db.SeriesImportStopParams{ImportID: &id, Failure: why}); err != nil {
			return fmt.Errorf("stop the series of an import: %w", err)
		}
		return nil
	}}
}

// Import returns an import that the actor may see: their own, or any import for staff of
// all partners. It returns ErrNoImport for any other.
func (s *Service) Import(ctx context.Context, actor audit.Actor, id int64) (db.ImportGetRow, error) {
	return s.imports().Get(ctx, s.db, actor, id)
}

// Plan stores how a file is read and enqueues its dry run.
func (s *Service) Plan(ctx context.Context, actor audit.Actor, id int64, f Form) error {
	row, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := s.checkImportBar(ctx, actor.Responsible()); err != nil {
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
	return s.cards.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.imports().Plan(ctx, tx, actor, id, plan, CheckArgs{ImportID: id}); err != nil {
			return err
		}
		// A later file of the same shape has the same columns and words, but other values.
		kept := Form{Answers: f.ToRemember(look), Prefix: f.Prefix, Activate: f.Activate}
		return s.imports().Remember(ctx, tx, actor.Responsible(), look, kept)
	})
}

// Tick enqueues another dry run that accepts the given rows, and all codes of the given
// shapes, although they differ from the rest of the file. It replaces what was ticked
// before.
func (s *Service) Tick(ctx context.Context, actor audit.Actor, id int64, rows []int32, shapes []string) error {
	row, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	if row.CardImport.State != db.ImportStateChecked {
		return ErrState
	}
	plan, _, err := readImport(row.CardImport)
	if err != nil {
		return err
	}
	if len(rows) > mostTickedRows {
		return fault.New(fault.Invalid, "import_ticked", "Tick at most {most} rows one by one.").With("most", fault.Number(mostTickedRows))
	}
	f := plan.Form
	f.Rows, f.Shapes = rows, shapes
	return s.Plan(ctx, actor, id, f)
}

// Confirm creates the series of a checked file, one for each price, and enqueues the job
// that makes their cards. Run is the number of the dry run whose report the actor saw. A
// later dry run may have found other cards, and then Confirm returns ErrState.
// ErrImportWaits reports that the import waits for four-eyes approval.
func (s *Service) Confirm(ctx context.Context, actor audit.Actor, id int64, run int32) error {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return err
	}
	waits := false
	err := s.cards.InTx(ctx, func(tx pgx.Tx) error {
		if err := card.CheckModule(ctx, tx, actor); err != nil {
			return err
		}
		imp, err := s.imports().Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if imp.Run != run {
			return ErrState
		}
		plan, report, err := readImport(imp)
		if err != nil {
			return err
		}
		if err := plan.checkVersion(); err != nil {
			return err
		}
		if err := checkImportFor(actor, plan); err != nil {
			return err
		}
		if err := card.CheckActivate(ctx, tx, actor.Accountable(), plan.Activate); err != nil {
			return err
		}
		if waits, err = s.askForApproval(ctx, tx, actor, imp, plan, report); err != nil || waits {
			return err
		}
		return s.beginImport(ctx, tx, actor, id, 0)
	})
	if err == nil && waits {
		return ErrImportWaits
	}
	return err
}

// beginImport starts the import of a checked file; approved is the id of the approved
// request, 0 where the import needs no approval.
func (s *Service) beginImport(ctx context.Context, tx pgx.Tx, actor audit.Actor, id, approved int64) error {
	settings, err := setting.Read(ctx, tx)
	if err != nil {
		return err
	}
	imp, err := s.imports().Lock(ctx, tx, id)
	if err != nil {
		return err
	}
	plan, report, err := readImport(imp)
	if err != nil {
		return err
	}
	if err := plan.checkVersion(); err != nil {
		return err
	}
	n, err := s.q.ImportConfirm(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("confirm an import: %w", err)
	}
	if n == 0 {
		return ErrState
	}
	if report.Good == 0 {
		return ErrImportNothing
	}
	jobID, err := s.imports().Enqueue(ctx, tx, id, RunArgs{ImportID: id})
	if err != nil {
		return err
	}
	for _, g := range report.Groups {
		if err := s.createSeries(ctx, tx, actor, id, jobID, plan, report, g, settings.LockPartners); err != nil {
			return err
		}
	}
	return act.Record(ctx, tx, actor, tableflow.Confirmed{
		Import: s.imports().About(id), Cards: new(int64(report.Good)), File: imp.FileName, SHA256: fmt.Sprintf("%x", imp.SHA256), Approval: approved,
	})
}

// createSeries creates the series of one group.
func (s *Service) createSeries(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64, jobID *int64, plan Plan, report Report, g Group, lock bool) error {
	till, err := time.Parse(time.DateOnly, g.ValidTill)
	if err != nil {
		return err
	}
	o := card.Order{
		Quantity: g.Cards, Prefix: plan.Prefix, Price: money.Amount{Minor: g.Price, Currency: plan.Currency}, PartnerIDs: plan.Partners,
		TimeZone: plan.TimeZone, ValidTill: till, Activate: plan.Activate && !g.Inactive, Lock: lock, Key: uuid.New(), Format: cardcode.ImportedFormat, Imported: true,
	}
	ordered, err := s.cards.Enter(ctx, tx, actor, o)
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
	return s.cards.Codes.WriteShapes(ctx, tx, ordered.ID, g.Shapes)
}

// readImport decodes the plan and the report of an import.
func readImport(imp db.CardImport) (Plan, Report, error) {
	var plan Plan
	var report Report
	err := errors.Join(json.Unmarshal(imp.Plan, &plan), json.Unmarshal(imp.Report, &report))
	if err != nil {
		return plan, report, fmt.Errorf("read the plan of import %d: %w", imp.ID, err)
	}
	return plan, report, nil
}
