package card

import (
	"context"
	"log/slog"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/approval"
	"refill/internal/cardcode"
	"refill/internal/client"
	"refill/internal/codestore"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/guess"
	"refill/internal/jobqueue"
	"refill/internal/partner"
	"refill/internal/setting"
)

// Service runs the domain on one database. It is safe for concurrent use.
type Service struct {
	db       db.Beginner
	q        *db.Queries
	keys     *cardcode.Keyring
	jobs     jobqueue.Enqueuer
	settings *setting.Store
	log      *slog.Logger
	desk     *approval.Desk

	// Guesses limits wrong codes.
	Guesses *guess.Throttle
	// Meter counts redemptions and refusals; nil: they are not counted.
	Meter Meter
	// Codes stores the codes of the cards. Within gives it the transaction of the service.
	Codes *codestore.Store
}

// New returns a service on a database. jobs may be nil if the service queues no job.
func New(beginner db.Beginner, keys *cardcode.Keyring, jobs jobqueue.Enqueuer, settings *setting.Store, log *slog.Logger) *Service {
	s := &Service{
		db: beginner, q: db.New(), keys: keys, jobs: jobs, settings: settings, log: log, Guesses: guess.New(beginner, settings, log), Codes: codestore.New(beginner, keys, jobs, settings, log),
	}
	s.desk = approval.NewDesk(beginner, slices.Concat(s.approvals(), client.ApprovalKinds(), customer.ApprovalKinds(), partner.ApprovalKinds(settings), []approval.Kind{approval.LimitKind(settings), approval.ProtectionKind(settings)})...)
	return s
}

// Within returns the same service in the caller's transaction. Transactions of its functions
// become savepoints, which last only if the caller commits.
func (s *Service) Within(tx pgx.Tx) *Service {
	within := *s
	within.db, within.Codes, within.Guesses = tx, s.Codes.Within(tx), s.Guesses.Within(tx)
	return &within
}

// InTx runs f in a transaction. It commits if f returns nil, and rolls back otherwise.
func (s *Service) InTx(ctx context.Context, f func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.db, f)
}

// GenerateSeriesArgs are the arguments of the job that generates the cards of a series.
type GenerateSeriesArgs struct {
	SeriesID int64 `json:"series_id"`
}

// Kind names the job.
func (GenerateSeriesArgs) Kind() string { return "generate_series" }

// InsertOpts puts the job in its queue.
func (GenerateSeriesArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Generate, MaxAttempts: jobqueue.MaxAttempts}
}

// EraseSeriesArgs are the arguments of the job that erases the codes of a void series.
type EraseSeriesArgs struct {
	SeriesID int64 `json:"series_id"`
}

// Kind names the job.
func (EraseSeriesArgs) Kind() string { return "erase_series" }

// InsertOpts puts the job in its queue.
func (EraseSeriesArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Maintenance, MaxAttempts: jobqueue.MaxAttempts}
}

// ChangeCardsArgs are the arguments of the job that does an operation on many cards.
type ChangeCardsArgs struct {
	ChangeID int64 `json:"change_id"`
}

// Kind names the job.
func (ChangeCardsArgs) Kind() string { return "change_cards" }

// InsertOpts puts the job in its queue.
func (ChangeCardsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Change, MaxAttempts: jobqueue.MaxAttempts}
}
