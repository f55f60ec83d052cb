package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2" //nolint:depguard // spreads tries over time; secrets are drawn in sign.go
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/event"
)

const (
	// together is how many events are sent to an endpoint at a time.
	together = 4
	// lease is how long a try belongs to the worker that took it. After a crash another one
	// takes it over.
	lease = time.Minute
	// deliverFor is how long a job sends; then it goes, and the next one goes on.
	deliverFor = 30 * time.Second
	// linger is how long a job waits for the next event once nothing is due, and lookAgain
	// how often it looks. So a busy endpoint has a few jobs a minute and not one an event.
	linger    = 2 * time.Second
	lookAgain = 100 * time.Millisecond

	longestWait = 24 * time.Hour
	// failingFor is how long an endpoint may have nothing but failures before it is switched
	// off.
	failingFor = 72 * time.Hour
	// AlarmAfter is how long an endpoint may have nothing but failures before the dashboard
	// says so.
	AlarmAfter = time.Hour
	// jitter is the part by which a wait is longer or shorter at random.
	jitter = 0.1
)

// waits returns the pauses between the tries of a delivery, which is tried once more than
// there are pauses.
func waits() []time.Duration {
	return []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// waitAfter returns the pause after a number of tries that failed, and whether there is
// another try. It is at least what the answer asked for.
func waitAfter(tries int, asked time.Duration, random float64) (time.Duration, bool) {
	list := waits()
	if tries > len(list) {
		return 0, false
	}
	wait := list[tries-1]
	wait += time.Duration((2*random - 1) * jitter * float64(wait))
	return max(wait, asked), true
}

// Deliver sends what is due for an endpoint, four events at a time and one at a time where
// it is in order. It returns when nothing more comes or after half a minute. Each event is
// sent at least once: a worker that dies after an answer and before it has noted it sends the
// event again, with the same id.
func (s *Service) Deliver(ctx context.Context, endpointID int64) error {
	group, ctx := errgroup.WithContext(ctx)
	end := s.Now().Add(deliverFor)
	for range together {
		group.Go(func() error { return s.deliverUntil(ctx, endpointID, end) })
	}
	return group.Wait()
}

// deliverUntil sends one event after the other until the end, or until nothing has come for
// as long as linger.
func (s *Service) deliverUntil(ctx context.Context, endpointID int64, end time.Time) error {
	quiet := s.Now()
	for now := quiet; now.Before(end) && now.Sub(quiet) < linger; now = s.Now() {
		sent, err := s.DeliverOne(ctx, endpointID)
		if err != nil {
			return err
		}
		if sent {
			quiet = s.Now()
			continue
		}
		timer := time.NewTimer(lookAgain)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
	return nil
}

// DeliverOne sends the next event that is due for an endpoint, and reports whether there was
// one.
func (s *Service) DeliverOne(ctx context.Context, endpointID int64) (bool, error) {
	row, found, err := db.Found(s.q.WebhookClaim(ctx, s.DB, db.WebhookClaimParams{EndpointID: endpointID, Lease: lease}))
	if err != nil {
		return false, fmt.Errorf("take a delivery: %w", err)
	}
	if !found {
		return false, nil
	}
	if !row.Allowed {
		_, err := s.q.WebhookFailed(ctx, s.DB, db.WebhookFailedParams{EndpointID: row.EndpointID, Seq: row.Seq, Error: failPartners})
		return true, err
	}
	began := s.Now()
	m, err := s.message(row, began)
	if err != nil {
		return false, err
	}
	o := s.client.send(ctx, m)
	if ctx.Err() != nil { // the worker stops; the try is taken over when its lease ends
		return false, ctx.Err()
	}
	return true, s.note(ctx, row, o, s.Now().Sub(began))
}

// message builds and signs a try.
func (s *Service) message(row db.WebhookClaimRow, at time.Time) (message, error) {
	body, err := event.Body(row.Seq, row.Type, row.At, row.Data)
	if err != nil {
		return message{}, fmt.Errorf("write event %d: %w", row.Seq, err)
	}
	secret, err := s.Vault.OpenSecret(row.KeyID, purpose(row.EndpointID), row.Secret)
	if err != nil {
		return message{}, fmt.Errorf("open the secret of webhook endpoint %d: %w", row.EndpointID, err)
	}
	secrets := [][]byte{secret}
	if row.OldKeyID != nil && row.OldUntil.After(at) {
		old, err := s.Vault.OpenSecret(*row.OldKeyID, purpose(row.EndpointID), row.OldSecret)
		if err != nil {
			return message{}, fmt.Errorf("open the secret before of webhook endpoint %d: %w", row.EndpointID, err)
		}
		secrets = append(secrets, old)
	}
	id := row.EventID.String()
	return message{url: row.Url, id: id, at: at, body: body, signature: sign(secrets, id, at, body)}, nil
}

// statusGone is the status by which a receiver says that it wants no more.
const statusGone = 410

// note writes what came of a try. An endpoint that answered 410, or that has failed for three
// days, is switched off.
func (s *Service) note(ctx context.Context, row db.WebhookClaimRow, o outcome, took time.Duration) error {
	ms := int32(min(took.Milliseconds(), 1<<30)) //nolint:gosec // bounded
	status := int32(o.status)                    //nolint:gosec // three digits
	if o.failure == "" {
		err := s.q.WebhookDone(ctx, s.DB, db.WebhookDoneParams{EndpointID: row.EndpointID, Seq: row.Seq, Status: status, Answer: o.answer, TookMs: ms})
		if err != nil {
			return fmt.Errorf("note a delivery: %w", err)
		}
		return nil
	}
	wait, again := waitAfter(int(row.Attempts), o.retryAfter, rand.Float64()) //nolint:gosec // spreads the load
	again = again && o.status != statusGone
	return pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		seconds, err := s.q.WebhookFailed(ctx, tx, db.WebhookFailedParams{
			EndpointID: row.EndpointID, Seq: row.Seq, Again: again, Wait: wait, Status: status, Error: o.failure, Answer: o.answer, TookMs: ms,
		})
		if err != nil {
			return fmt.Errorf("note a failed delivery: %w", err)
		}
		var why string
		switch {
		case o.status == statusGone:
			why = WhyGone
		case seconds > failingFor.Seconds():
			why = WhyFailing
		default:
			return nil
		}
		was, err := s.q.WebhookGetForUpdate(ctx, tx, row.EndpointID)
		if err != nil || was.DisabledAt != nil {
			return errors.Join(err)
		}
		s.Log.WarnContext(ctx, "a webhook endpoint is switched off", slog.Int64("endpoint", row.EndpointID), slog.String("why", why))
		return s.switchOff(ctx, tx, audit.System(), Ref{row.EndpointID, row.Name}, why)
	})
}
