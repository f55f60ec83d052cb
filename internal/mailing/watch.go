package mailing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/mail"
	"refill/internal/mailqueue"
)

// WatchGuesses queues messages where codes seem to be guessed. An alarm is over once half as
// many wrong codes were tried as raise it. Periodic; safe to call at any time.
func (s *Service) WatchGuesses(ctx context.Context) error {
	if !s.On() {
		return nil
	}
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	if !settings.RefillCards {
		return nil
	}
	rows, err := s.q.GuessCountUnknown(ctx, s.DB, db.GuessCountUnknownParams{AllPartners: true, PartnerIds: []int64{}})
	if err != nil {
		return fmt.Errorf("count wrong codes: %w", err)
	}
	lasting, limit := []int64{}, int64(settings.WrongPartner)
	return pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		for _, row := range rows {
			if row.Unknown > limit/2 {
				lasting = append(lasting, row.ID)
			}
			if row.Unknown <= limit {
				continue
			}
			begins, err := mailqueue.AlarmBegins(ctx, tx, mailqueue.Guess, row.ID)
			if err != nil {
				return err
			}
			if !begins {
				continue
			}
			if err := mailqueue.Tell(ctx, tx, mailqueue.Event{About: mailqueue.Guess, ID: row.ID}); err != nil {
				return err
			}
		}
		if err := s.q.MailAlarmOverExcept(ctx, tx, db.MailAlarmOverExceptParams{Alarm: string(mailqueue.Guess), Subjects: lasting}); err != nil {
			return fmt.Errorf("end alarms about guesses: %w", err)
		}
		return nil
	})
}

// alarmWorker is the alarm about a missing worker, in the table of alarms.
const alarmWorker = "worker"

// WorkerBack queues the message that a worker runs again, for each person who was told that
// none does. A worker calls it; periodic.
func (s *Service) WorkerBack(ctx context.Context) error {
	if !s.On() {
		return nil
	}
	return pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		told, err := s.q.MailAlarmEnd(ctx, tx, alarmWorker)
		if err != nil {
			return fmt.Errorf("end the alarm about a missing worker: %w", err)
		}
		for _, id := range told {
			if err := mailqueue.Staff(ctx, tx, mailqueue.StaffArgs{StaffID: id, About: mailqueue.WorkerBack}); err != nil {
				return err
			}
		}
		return nil
	})
}

// The times of the watch over workers.
const (
	watchEvery = 10 * time.Second
	// missingFor is how long no worker is seen before the alarm. A worker counts as seen for
	// a minute after its death, so a restart raises no alarm.
	missingFor = 90 * time.Second
	// longestPause is the longest pause after messages that could not be sent.
	longestPause = 10 * time.Minute
)

// Watch is the watch of one web process over the workers. A worker can't tell of its own
// absence, so web processes send this message themselves, without the queue.
type Watch struct {
	s       *Service
	since   time.Time // since when no worker is seen; zero: one is
	pause   time.Duration
	resting time.Time // no message before this time
}

// NewWatch returns a watch.
func (s *Service) NewWatch() *Watch { return &Watch{s: s} }

// Run looks every ten seconds until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	if !w.s.On() {
		return
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if err := w.Look(ctx); err != nil && ctx.Err() == nil {
			w.s.Log.WarnContext(ctx, "could not tell of a missing worker", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Look tells everybody who wants to know, once an outage and day, that no worker runs. Of
// many processes one sends at a time, because it holds a lock meanwhile.
func (w *Watch) Look(ctx context.Context) error {
	seen, err := w.s.q.JobWorkerSeen(ctx, w.s.DB)
	if err != nil {
		return fmt.Errorf("look for a worker: %w", err)
	}
	now := w.s.Now()
	switch {
	case seen:
		w.since = time.Time{}
		return nil
	case w.since.IsZero():
		w.since = now
	}
	if now.Sub(w.since) < missingFor || now.Before(w.resting) {
		return nil
	}
	if err := w.tell(ctx); err != nil {
		w.pause = min(max(2*w.pause, watchEvery), longestPause)
		w.resting = now.Add(w.pause)
		return err
	}
	w.pause = 0
	return nil
}

// tell sends the messages that are due. Each is noted once the server has taken it.
func (w *Watch) tell(ctx context.Context) error {
	direct := w.s.Direct
	if direct == nil {
		direct = w.s.DB
	}
	free, release, err := db.New().TryMailWatch(ctx, direct)
	if err != nil || !free {
		return err
	}
	defer release()
	due, err := w.s.q.MailAlarmDue(ctx, w.s.DB)
	if err != nil {
		return fmt.Errorf("look who is to be told: %w", err)
	}
	settings, err := w.s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, to := range due {
		l := w.s.noWorker()
		l.to, l.brand = to.Address, settings.Brand
		err := w.s.send(ctx, fmt.Sprintf("worker.%d.%d", to.StaffID, w.s.Now().Unix()), l)
		if err != nil {
			errs = append(errs, err)
		}
		var refused *mail.Error
		if err != nil && (!errors.As(err, &refused) || !refused.Final()) {
			continue
		}
		if _, err := mailqueue.AlarmBegins(ctx, w.s.DB, alarmWorker, to.StaffID); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}
