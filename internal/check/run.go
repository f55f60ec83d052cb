package check

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
	"refill/internal/mailqueue"
	"refill/internal/setting"
)

// Queue is the queue of the checks. It is separate, because checking a million cards takes
// longer than housekeeping may wait.
const Queue = "check"

// BooksArgs are the arguments of the job of a run.
type BooksArgs struct {
	RunID int64 `json:"run_id"`
}

// Kind names the job.
func (BooksArgs) Kind() string { return "check_books" }

// InsertOpts puts the job in its queue.
func (BooksArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, MaxAttempts: 3}
}

const (
	// runsKept is the number of past runs that are kept.
	runsKept = 100
	// longest is the time limit of one invariant.
	longest = 3 * time.Minute
)

var (
	// ErrRunning refuses a request for a run while another one runs.
	ErrRunning = fault.New(fault.Conflict, "check_running", "The books are being checked at this moment.")
	// ErrNotWanted says that the run has ended already.
	ErrNotWanted = errors.New("check: the run has ended")
)

var errStranded = fault.New(fault.Conflict, "check_stranded", "The job of this check was cancelled.")

// Service runs the checks. Safe for concurrent use.
type Service struct {
	db       db.Beginner
	q        *db.Queries
	keys     *cardcode.Keyring
	jobs     jobqueue.Enqueuer
	settings *setting.Store
	log      *slog.Logger
}

// New returns a service on a database.
func New(beginner db.Beginner, keys *cardcode.Keyring, jobs jobqueue.Enqueuer, settings *setting.Store, log *slog.Logger) *Service {
	return &Service{db: beginner, q: db.New(), keys: keys, jobs: jobs, settings: settings, log: log}
}

// Ask queues a run that a person requested.
func (s *Service) Ask(ctx context.Context, actor audit.Actor) error {
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		id, err := s.enqueue(ctx, tx, actor)
		if err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, Asked{Run: id})
	})
}

// AskDue queues a run when it is due, and ends runs whose job is lost. Periodic; safe to
// call at any time.
func (s *Service) AskDue(ctx context.Context) error {
	if err := s.endStranded(ctx); err != nil {
		return err
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return err
	}
	due, err := s.q.CheckRunDue(ctx, s.db, time.Duration(settings.CheckHours)*time.Hour)
	if err != nil {
		return fmt.Errorf("ask whether the books are to be checked: %w", err)
	}
	if !due {
		return nil
	}
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		_, err := s.enqueue(ctx, tx, audit.System())
		return err
	})
	if errors.Is(err, ErrRunning) {
		return nil // another process queued it first
	}
	return err
}

func (s *Service) enqueue(ctx context.Context, tx pgx.Tx, actor audit.Actor) (int64, error) {
	id, entered, err := db.Found(s.q.CheckRunCreate(ctx, tx, db.CheckRunCreateParams{AskedBy: actor.Staff(), Total: int32(len(invariants()))})) //nolint:gosec // a handful
	if err != nil {
		return 0, fmt.Errorf("enter a check: %w", err)
	}
	if !entered {
		return 0, ErrRunning
	}
	job, err := s.jobs.InsertTx(ctx, tx, BooksArgs{RunID: id}, nil)
	if err != nil {
		return 0, fmt.Errorf("queue a check: %w", err)
	}
	if err := s.q.CheckRunSetJob(ctx, tx, db.CheckRunSetJobParams{ID: id, JobID: &job.Job.ID}); err != nil {
		return 0, fmt.Errorf("note the job of a check: %w", err)
	}
	return id, s.notify(ctx, tx, id)
}

func (s *Service) notify(ctx context.Context, dbtx db.DBTX, id int64) error {
	if err := s.q.CheckNotify(ctx, dbtx, id); err != nil {
		return fmt.Errorf("announce a check: %w", err)
	}
	return nil
}

// Work does a run from its beginning and completes its job. Each result is stored at once,
// outside the snapshot that it was read in.
func (s *Service) Work(ctx context.Context, id int64, now func() time.Time, complete jobqueue.Completer) error {
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		n, err := s.q.CheckRunStart(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("begin a check: %w", err)
		}
		if n == 0 {
			return ErrNotWanted
		}
		if err := s.q.CheckResultClear(ctx, tx, id); err != nil {
			return fmt.Errorf("begin a check anew: %w", err)
		}
		return s.notify(ctx, tx, id)
	})
	if err != nil {
		return err
	}
	if _, err := audit.Seal(ctx, s.db, s.keys, now()); err != nil {
		return err
	}
	var broken []Result
	err = look{keys: s.keys, longest: longest, now: now}.each(ctx, s.db, func(r Result) error {
		if r.Found > 0 {
			broken = append(broken, r)
		}
		return s.keep(ctx, id, r)
	})
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		if err := s.end(ctx, tx, id, ""); err != nil {
			return err
		}
		if _, err := s.q.CheckRunDeleteOld(ctx, tx, runsKept); err != nil {
			return fmt.Errorf("remove old checks: %w", err)
		}
		if err := s.tell(ctx, tx, id, broken); err != nil {
			return err
		}
		return complete(ctx, tx)
	})
	if err != nil {
		return err
	}
	for _, r := range broken {
		s.log.ErrorContext(ctx, "the books do not hold", slog.Int("invariant", r.Number), slog.String("rule", r.Rule),
			slog.Int64("found", r.Found), slog.Any("examples", r.Examples[:min(3, len(r.Examples))]))
	}
	return nil
}

// tell queues messages about rules that are broken and were not told within a day, one for
// all of them. A rule that holds again is told again when it breaks.
func (s *Service) tell(ctx context.Context, tx pgx.Tx, id int64, broken []Result) error {
	numbers, news := []int64{}, false
	for _, r := range broken {
		begins, err := mailqueue.AlarmBegins(ctx, tx, mailqueue.Books, int64(r.Number))
		if err != nil {
			return err
		}
		numbers, news = append(numbers, int64(r.Number)), news || begins
	}
	if err := s.q.MailAlarmOverExcept(ctx, tx, db.MailAlarmOverExceptParams{Alarm: string(mailqueue.Books), Subjects: numbers}); err != nil {
		return fmt.Errorf("end the alarms of rules that hold: %w", err)
	}
	if err := s.alarm(ctx, tx, id, numbers); err != nil || !news {
		return err
	}
	return mailqueue.Tell(ctx, tx, mailqueue.Event{About: mailqueue.Books, ID: id})
}

// alarm records that rules are broken where one of them held at the run before.
func (s *Service) alarm(ctx context.Context, tx pgx.Tx, id int64, rules []int64) error {
	const kind = "books"
	if err := s.q.EventAlarmOverExcept(ctx, tx, db.EventAlarmOverExceptParams{Kind: kind, Subjects: rules}); err != nil {
		return fmt.Errorf("end the alarms of rules that hold: %w", err)
	}
	begun, err := s.q.EventAlarmBegin(ctx, tx, db.EventAlarmBeginParams{Kind: kind, Subjects: rules})
	if err != nil {
		return fmt.Errorf("note broken rules: %w", err)
	}
	if begun == 0 {
		return nil
	}
	return act.Record(ctx, tx, audit.System(), Broken{Run: id, Rules: rules})
}

// keep stores the result of one invariant.
func (s *Service) keep(ctx context.Context, id int64, r Result) error {
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		n, err := s.q.CheckRunAdvance(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("advance a check: %w", err)
		}
		if n == 0 {
			return ErrNotWanted
		}
		err = s.q.CheckResultAdd(ctx, tx, db.CheckResultAddParams{
			RunID: id, Number: int32(r.Number), Found: r.Found, Examples: r.Examples, Took: r.Took, //nolint:gosec // a handful
		})
		if err != nil {
			return fmt.Errorf("keep what a check found: %w", err)
		}
		return s.notify(ctx, tx, id)
	})
}

func (s *Service) end(ctx context.Context, tx pgx.Tx, id int64, failure string) error {
	n, err := s.q.CheckRunEnd(ctx, tx, db.CheckRunEndParams{ID: id, Failure: failure})
	if err != nil {
		return fmt.Errorf("end a check: %w", err)
	}
	if n == 0 {
		return ErrNotWanted
	}
	return s.notify(ctx, tx, id)
}

// Fail ends a run that could not be completed.
func (s *Service) Fail(ctx context.Context, id int64, why string) error {
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error { return s.end(ctx, tx, id, why) })
	if errors.Is(err, ErrNotWanted) {
		return nil
	}
	return err
}

// endStranded ends the runs whose job was cancelled or lost.
func (s *Service) endStranded(ctx context.Context) error {
	ids, err := s.q.CheckRunListStranded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for stranded checks: %w", err)
	}
	for _, id := range ids {
		if err := s.Fail(ctx, id, errStranded.Keep()); err != nil {
			return err
		}
	}
	return nil
}
