package card

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/approval"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/tableflow"
)

// Enqueuer is the part of River's client that writes jobs beside the rows they
// are about, in one transaction.
type Enqueuer = tableflow.Enqueuer

// Service is the domain with what it needs. Safe for concurrent use.
type Service struct {
	db       db.Beginner
	q        *db.Queries
	keys     *Keyring
	jobs     Enqueuer
	settings *setting.Store
	log      *slog.Logger
	known    *knownFormats
	desk     *approval.Desk
}

// knownFormats are the formats of codes in use, and the shapes of imported ones, as
// of a moment ago.
type knownFormats struct {
	sync.Mutex

	formats []Format
	asked   time.Time

	shapes      []db.ShapeListRow // of imported codes
	shapesAsked time.Time
}

// New returns the domain on a database. jobs may be nil where nothing is ordered.
func New(beginner db.Beginner, keys *Keyring, jobs Enqueuer, settings *setting.Store, log *slog.Logger) *Service {
	s := &Service{
		db: beginner, q: db.New(), keys: keys, jobs: jobs, settings: settings, log: log, known: &knownFormats{},
	}
	s.desk = approval.NewDesk(beginner, slices.Concat(s.approvals(), customer.ApprovalKinds(settings), []approval.Kind{approval.LimitKind(settings), approval.ProtectionKind(settings)})...)
	return s
}

// Within returns the same domain in a transaction of the caller's: what its functions
// begin there is a savepoint, which lasts only if the caller commits.
func (s *Service) Within(tx pgx.Tx) *Service {
	within := *s
	within.db = tx
	return &within
}

// inTx runs f in a transaction and commits it.
func (s *Service) inTx(ctx context.Context, f func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.db, f)
}

// The queues, by what waits in them: a file that takes minutes does not hold up
// the making of a series, nor either of them the housekeeping.
const (
	QueueGenerate    = "generate"
	QueueExport      = "export"
	QueueChange      = "change"
	QueueMaintenance = "maintenance"
)

// maxAttempts is how often a job is tried before staff are told that it failed.
const maxAttempts = 8

// GenerateSeriesArgs asks for the cards of a series.
type GenerateSeriesArgs struct {
	SeriesID int64 `json:"series_id"`
}

// Kind names the job.
func (GenerateSeriesArgs) Kind() string { return "generate_series" }

// InsertOpts puts the job in its queue.
func (GenerateSeriesArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueGenerate, MaxAttempts: maxAttempts}
}

// ExportSeriesArgs asks for the file of an export.
type ExportSeriesArgs struct {
	ExportID int64 `json:"export_id"`
}

// Kind names the job.
func (ExportSeriesArgs) Kind() string { return "export_series" }

// InsertOpts puts the job in its queue.
func (ExportSeriesArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueExport, MaxAttempts: maxAttempts}
}

// EraseSeriesArgs asks for the codes of a void series to be erased.
type EraseSeriesArgs struct {
	SeriesID int64 `json:"series_id"`
}

// Kind names the job.
func (EraseSeriesArgs) Kind() string { return "erase_series" }

// InsertOpts puts the job in its queue.
func (EraseSeriesArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueMaintenance, MaxAttempts: maxAttempts}
}

// ChangeCardsArgs asks for an operation on many cards to be done.
type ChangeCardsArgs struct {
	ChangeID int64 `json:"change_id"`
}

// Kind names the job.
func (ChangeCardsArgs) Kind() string { return "change_cards" }

// InsertOpts puts the job in its queue.
func (ChangeCardsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueChange, MaxAttempts: maxAttempts}
}

// CheckImportArgs asks for the dry run of an import.
type CheckImportArgs struct {
	ImportID int64 `json:"import_id"`
}

// Kind names the job.
func (CheckImportArgs) Kind() string { return "check_import" }

// InsertOpts puts the job in its queue.
func (CheckImportArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueGenerate, MaxAttempts: maxAttempts}
}

// RunImportArgs asks for the cards of an import.
type RunImportArgs struct {
	ImportID int64 `json:"import_id"`
}

// Kind names the job.
func (RunImportArgs) Kind() string { return "run_import" }

// InsertOpts puts the job in its queue.
func (RunImportArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueGenerate, MaxAttempts: maxAttempts}
}

// runFor is how long a job works before it goes to the back of its queue, so
// that one million-card series does not keep ten small ones waiting.
const runFor = 30 * time.Second
