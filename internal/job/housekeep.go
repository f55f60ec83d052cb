package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/event"
	"refill/internal/jobqueue"
	"refill/internal/staff"
	"refill/internal/webhook"
)

// HousekeepArgs are the arguments of the housekeeping job.
type HousekeepArgs struct{}

// Kind names the job.
func (HousekeepArgs) Kind() string { return "housekeep" }

// InsertOpts prevents duplicate jobs: the next one is inserted a minute later anyway.
func (HousekeepArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Maintenance, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: housekeepEvery}}
}

// housekeepWorker does the periodic tasks: it moves expired value to breakage, removes
// expired files, sessions, counts of guesses and acts, and marks objects whose job is lost
// as failed, so that staff can retry them.
type housekeepWorker struct {
	river.WorkerDefaults[HousekeepArgs]
	pool     *pgxpool.Pool
	cards    *card.Service
	exports  *cardfile.Service
	imports  *cardimport.Service
	webhooks *webhook.Service
	files    blob.Store
	log      *slog.Logger
	now      func() time.Time
}

// Work runs every task, even if others fail. Its error names the tasks that failed.
func (w *housekeepWorker) Work(ctx context.Context, _ *river.Job[HousekeepArgs]) error {
	var errs []error
	for _, t := range w.tasks() {
		if err := t.do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.name, err))
		}
	}
	return errors.Join(errs...)
}

// task is a part of housekeeping.
type task struct {
	name string
	do   func(ctx context.Context) error
}

// tasks lists the tasks of housekeeping. The posting of expired value comes first.
func (w *housekeepWorker) tasks() []task {
	q := db.New()
	old := func(remove func(context.Context, db.DBTX) (int64, error)) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := remove(ctx, w.pool)
			return err
		}
	}
	return []task{
		{"expired series", func(ctx context.Context) error { _, err := w.cards.LapseExpired(ctx); return err }},
		{"expired sessions", old(q.SessionDeleteExpired)},
		{"old wrong codes", old(q.GuessDeleteOld)},
		{"old links of customers", old(q.CustomerLinkDeleteOld)},
		{"old requests for links by e-mail", old(q.SignInMailDeleteOld)},
		{"old alarms about imports", old(q.MailAlarmDeleteOld)},
		{"former addresses", old(q.MailFormerDeleteOld)},
		{"old sign-ins", old(q.SignInStepDeleteOld)},
		{"old acts of one person", old(q.SoloActDeleteOld)},
		{"old known browsers", old(q.KnownDeviceDeleteOld)},
		{"old prints of forms", old(q.FormPrintDeleteOld)},
		{"old requests of API clients", w.trimRequests},
		{"second factors under older keys", func(ctx context.Context) error { return staff.ResealSecondFactors(ctx, w.pool, w.cards.Codes) }},
		{"stranded series and operations", w.cards.FailStranded},
		{"reservations that are over", w.cards.ExpireReservations},
		{"stranded exports", w.exports.FailStranded},
		{"stranded imports", w.imports.FailStranded},
		{"last four symbols", w.cards.Codes.HashLastFour},
		{"readings of imported codes", w.cards.Codes.AskReadings},
		{"passwords under older keys", w.exports.ResealPasswords},
		{"codes of cards used long ago", w.cards.Shred},
		{"codes of printed series", w.cards.ShredDue},
		{"MACs of shredded cards", w.cards.Codes.FillMACs},
		{"walk over all codes", w.cards.Codes.WalkCodes},
		{"secrets of webhooks", w.webhooks.Reseal},
		{"pairs and tokens of API clients", func(ctx context.Context) error { return client.ResealPairs(ctx, w.pool, w.cards.Codes) }},
		{"old events", func(ctx context.Context) error { return event.Trim(ctx, w.pool) }},
		{"expired imports", w.imports.Expire},
		{"old imports", w.imports.Forget},
		{"expired requests for approval", w.cards.ExpireApprovals},
		{"expired files", w.expireFiles},
		{"files that nobody needs", w.removeOrphans},
	}
}

// Requests of API clients are kept for requestAge, and deleted requestBatch at a time.
const (
	requestAge   = 30 * 24 * time.Hour
	requestBatch = 20_000 // rows
)

// trimRequests deletes old requests of API clients, in short transactions.
func (w *housekeepWorker) trimRequests(ctx context.Context) error {
	for {
		n, err := db.New().ClientRequestTrim(ctx, w.pool, db.ClientRequestTrimParams{Age: requestAge, Size: requestBatch})
		if err != nil || n < requestBatch {
			return err
		}
	}
}

// orphanAge is the age at which an unknown file is removed. No job writes for longer.
const orphanAge = 2 * exportTimeout

// uploadAge is the age at which an upload without an import is removed. A younger one may
// belong to an import that is about to be inserted.
const uploadAge = time.Minute

// expireFiles removes the files of expired exports.
func (w *housekeepWorker) expireFiles(ctx context.Context) error {
	expired, err := w.exports.Expire(ctx)
	errs := []error{err} // the files that it returned have expired in spite of the error
	for _, name := range expired {
		errs = append(errs, w.files.Remove(ctx, name))
	}
	return errors.Join(errs...)
}

// removeOrphans removes the files that belong neither to an export nor to an import.
func (w *housekeepWorker) removeOrphans(ctx context.Context) error {
	exported, err := w.exports.Kept(ctx)
	if err != nil {
		return err
	}
	uploaded, err := w.imports.Kept(ctx)
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, name := range slices.Concat(exported, uploaded) {
		kept[name] = true
	}
	found, err := w.files.List(ctx)
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	var errs []error
	for _, file := range found {
		age := orphanAge
		if strings.HasPrefix(file.Name, cardimport.UploadPrefix) {
			age = uploadAge // uploads contain codes, though encrypted
		}
		if !kept[file.Name] && w.now().Sub(file.Modified) > age {
			w.log.InfoContext(ctx, "a file that nobody needs is removed", slog.String("file", file.Name))
			errs = append(errs, w.files.Remove(ctx, file.Name))
		}
	}
	return errors.Join(errs...)
}
