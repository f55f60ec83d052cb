package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
)

// Test sends an event of the type ping to an endpoint that is on.
func (s *Service) Test(ctx context.Context, actor audit.Actor, id int64) error {
	return s.change(ctx, actor, id, func(tx pgx.Tx, was db.WebhookEndpoint) error {
		if was.DisabledAt != nil {
			return ErrOff
		}
		return act.Record(ctx, tx, actor, Tested{Ref{id, was.Name}})
	})
}

// Resend sends one event again, with the id that it had.
func (s *Service) Resend(ctx context.Context, actor audit.Actor, id, seq int64) error {
	return s.change(ctx, actor, id, func(tx pgx.Tx, was db.WebhookEndpoint) error {
		if was.DisabledAt != nil {
			return ErrOff
		}
		n, err := s.q.WebhookAgain(ctx, tx, db.WebhookAgainParams{EndpointID: id, Seq: seq})
		if err != nil {
			return fmt.Errorf("send an event again: %w", err)
		}
		if n == 0 {
			return ErrNoDelivery
		}
		return act.Record(ctx, tx, actor, Resent{Ref{id, was.Name}, seq})
	})
}

// Replay sends all events since a time again that the endpoint takes, those it has got too,
// in the background. With dry it only counts them.
func (s *Service) Replay(ctx context.Context, actor audit.Actor, id int64, since time.Time, dry bool) (count int64, err error) {
	err = s.change(ctx, actor, id, func(tx pgx.Tx, was db.WebhookEndpoint) error {
		switch {
		case was.DisabledAt != nil:
			return ErrOff
		case was.ReplaySeq != nil:
			return ErrReplaying
		}
		if count, err = s.q.WebhookReplayCount(ctx, tx, db.WebhookReplayCountParams{ID: id, Since: since}); err != nil {
			return fmt.Errorf("count events: %w", err)
		}
		if dry {
			return nil
		}
		_, found, err := db.Found(s.q.WebhookReplayStart(ctx, tx, db.WebhookReplayStartParams{ID: id, Since: since}))
		if err != nil {
			return fmt.Errorf("send events again: %w", err)
		}
		if !found || count == 0 {
			return ErrNoEvents
		}
		return act.Record(ctx, tx, actor, Replayed{Ref{id, was.Name}, since.UTC(), count})
	})
	return count, err
}
