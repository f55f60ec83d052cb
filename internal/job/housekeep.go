package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/staff"
)

// HousekeepArgs asks for a round of housekeeping.
type HousekeepArgs struct{}

// Kind names the job.
func (HousekeepArgs) Kind() string { return "housekeep" }

// InsertOpts keeps rounds from piling up: the next one comes in a minute anyway.
func (HousekeepArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: card.QueueMaintenance, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: housekeepEvery}}
}

// housekeepWorker does what must be done from time to time: expired value to
// breakage, expired files away, ended sessions, old guesses and acts away, and what
// lost its job is marked so that somebody can take it up again.
type housekeepWorker struct {
	river.WorkerDefaults[HousekeepArgs]
	pool  *pgxpool.Pool
	cards *card.Service
	files blob.Store
	log   *slog.Logger
	now   func() time.Time
}

// Work does every part, whatever becomes of the others.
func (w *housekeepWorker) Work(ctx context.Context, _ *river.Job[HousekeepArgs]) error {
	q := db.New()
	_, lapsed := w.cards.LapseExpired(ctx)
	_, sessions := q.SessionDeleteExpired(ctx, w.pool)
	_, guesses := q.GuessDeleteOld(ctx, w.pool)
	_, links := q.CustomerLinkDeleteOld(ctx, w.pool)
	_, steps := q.SignInStepDeleteOld(ctx, w.pool)
	_, acts := q.SoloActDeleteOld(ctx, w.pool)
	_, devices := q.KnownDeviceDeleteOld(ctx, w.pool)
	_, prints := q.FormPrintDeleteOld(ctx, w.pool)
	factors := staff.ResealSecondFactors(ctx, w.pool, w.cards)
	return errors.Join(lapsed, sessions, guesses, links, steps, acts, devices, prints, factors, w.cards.FailStranded(ctx), w.cards.HashLastFour(ctx), w.cards.AskReadings(ctx), w.cards.ResealPasswords(ctx), w.cards.Shred(ctx), w.cards.ShredDue(ctx), w.cards.FillMACs(ctx), w.cards.WalkCodes(ctx), w.cards.ExpireImports(ctx), w.cards.ForgetImports(ctx), w.cards.ExpireApprovals(ctx), w.removeFiles(ctx))
}

// orphanAge is how old an unknown file must be to be removed: no job writes
// longer.
const orphanAge = 2 * exportTimeout

// uploadAge is how old an upload must be that no import needs: it may have been
// received just now, and not be entered yet.
const uploadAge = time.Minute

// removeFiles removes the files of expired exports, and what no export knows.
func (w *housekeepWorker) removeFiles(ctx context.Context) error {
	expired, err := w.cards.ExpireExports(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range expired {
		errs = append(errs, w.files.Remove(ctx, name))
	}
	kept, err := w.cards.ReadyFiles(ctx)
	if err != nil {
		return err
	}
	found, err := w.files.List(ctx)
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	for _, file := range found {
		age := orphanAge
		if strings.HasPrefix(file.Name, card.UploadPrefix) {
			age = uploadAge // codes lie in it, if encrypted
		}
		if !kept[file.Name] && w.now().Sub(file.Modified) > age {
			w.log.InfoContext(ctx, "a file that nobody needs is removed", slog.String("file", file.Name))
			errs = append(errs, w.files.Remove(ctx, file.Name))
		}
	}
	return errors.Join(errs...)
}
