package customerimport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/tableflow"
)

// Errors of imports of customers.
var (
	ErrUnknown   = tableflow.ErrUnknown
	ErrState     = tableflow.ErrState
	ErrNotWanted = tableflow.ErrNotWanted
	ErrNothing   = fault.New(fault.Conflict, "customer_import_empty", "No row of this file makes a customer.")
	ErrWaits     = fault.New(fault.Conflict, "customer_import_waits", "This import waits for a second person.")
	ErrMayNot    = fault.New(fault.Forbidden, "import_may_not", "Your role doesn’t let you create customers.")
	ErrNoPay     = fault.Field(ColumnBalance, "import_no_pay", "Your role doesn’t let you enter payments, so you can’t import opening balances. Choose None, or ask a colleague whose role does.")
	// ErrHidden stops a dry run that names more customers of other partners than chance
	// explains. It says neither which rows nor how many.
	ErrHidden = fault.New(fault.Invalid, "import_hidden", "This file was stopped: too many of its usernames or external ids belong to customers of other partners. An import must not be a way to find out who they are, so this is on the dashboard now. Ask a colleague who sees all partners to import the file.")
)

// Opener opens the file of an import and returns a function that closes it.
type Opener = func(db.CardImport) (io.ReaderAt, func(), error)

// CheckArgs are the arguments of the job that runs the dry run of an import.
type CheckArgs struct {
	ImportID int64 `json:"import_id"`
}

// Kind names the job.
func (CheckArgs) Kind() string { return "check_customers" }

// InsertOpts puts the job in its queue.
func (CheckArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Change, MaxAttempts: jobqueue.MaxAttempts}
}

// RunArgs are the arguments of the job that creates the customers of an import.
type RunArgs struct {
	ImportID int64 `json:"import_id"`
}

// Kind names the job.
func (RunArgs) Kind() string { return "import_customers" }

// InsertOpts puts the job in its queue.
func (RunArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Change, MaxAttempts: jobqueue.MaxAttempts}
}

// Service imports customers. Safe for concurrent use.
type Service struct {
	db       db.Beginner
	q        *db.Queries
	flow     tableflow.Flow
	settings *setting.Store
}

// New returns a service on a database, and registers the kind of request for opening
// balances with the desk.
func New(beginner db.Beginner, jobs jobqueue.Enqueuer, settings *setting.Store, desk *approval.Desk) *Service {
	s := &Service{db: beginner, q: db.New(), flow: tableflow.Flow{Kind: db.ImportKindCustomers, Jobs: jobs}, settings: settings}
	desk.Register(s.approvalKind())
	return s
}

func (s *Service) inTx(ctx context.Context, f func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.db, f)
}

// Import returns an import that the actor may see: their own, or any import for staff of
// all partners. It returns ErrUnknown for any other.
func (s *Service) Import(ctx context.Context, actor audit.Actor, id int64) (db.ImportGetRow, error) {
	return s.flow.Get(ctx, s.db, actor, id)
}

// checkRights returns ErrMayNot where the actor may not create customers, and ErrNoPay
// where a plan has opening balances and the actor may not enter payments.
func (s *Service) checkRights(ctx context.Context, dbtx db.DBTX, actor audit.Actor, balances bool) error {
	ok, err := staff.May(ctx, dbtx, actor.Accountable(), staff.CustomersEdit)
	if err == nil && !ok {
		err = ErrMayNot
	}
	if err != nil || !balances {
		return err
	}
	if ok, err = staff.May(ctx, dbtx, actor.Accountable(), staff.PaymentsEnter); err == nil && !ok {
		err = ErrNoPay
	}
	return err
}

// LookAt reads an uploaded file and returns its survey.
func (s *Service) LookAt(ctx context.Context, file io.ReaderAt, size int64, sheet string) (tableflow.Look, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return tableflow.Look{}, err
	}
	return tableflow.LookAt(file, size, sheet, schema(settings.Currency))
}

// Read decodes the survey, the plan and the report of an import.
func Read(imp db.CardImport) (look tableflow.Look, plan Plan, report Report, err error) {
	err = errors.Join(json.Unmarshal(imp.Preview, &look), json.Unmarshal(imp.Plan, &plan), json.Unmarshal(imp.Report, &report))
	if err != nil {
		err = fmt.Errorf("read import %d: %w", imp.ID, err)
	}
	return look, plan, report, err
}

// scopeOf returns the present scope of the person who started the dry run, or who uploaded
// the file.
func (s *Service) scopeOf(ctx context.Context, dbtx db.DBTX, imp db.CardImport) (audit.Scope, error) {
	by := imp.CreatedBy
	if imp.PlannedBy != nil {
		by = *imp.PlannedBy
	}
	who, err := s.q.ImportStaff(ctx, dbtx, by)
	if err != nil {
		return audit.Scope{}, fmt.Errorf("read who imports: %w", err)
	}
	return audit.Scope{AllPartners: who.AllPartners, PartnerIDs: who.PartnerIds}, nil
}
