package backup

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// seqsSkipped is how many numbers of events a restored feed leaves out. It is more than the
// relay can give in ten days, so that no number is given twice whatever was done after the
// backup; and a reader can still write the numbers as a double for a million restores.
const seqsSkipped = "10000000000"

// feedSQL separates the feed of a restored database from what was done after its backup.
//
// Other systems have read events and got webhooks after the backup. The same numbers must
// not come again with other contents, so numbers are left out and all events from before
// are taken as deleted: each reader is told so, and compares its books, as it has to.
// Deliveries that were due were made since, or the comparison brings them up, so none is
// made again. Redemptions are held against the feed from this moment on.
var feedSQL = []string{ //nolint:gochecknoglobals // a constant in all but name
	`update event_counter set last = last + ` + seqsSkipped + `, trimmed = last + ` + seqsSkipped,
	`delete from webhook_delivery`,
	`delete from event_partner`,
	`delete from event`,
	`delete from event_out`,
	`update event_switch set since = clock_timestamp() where wanted`,
	`update webhook_endpoint set replay_seq = null, replay_until = null where replay_seq is not null`,
}

// mailSQL removes messages that were queued: they were sent since.
const mailSQL = `delete from river_job where kind in ('mail_staff', 'mail_customer') and finalized_at is null`

// breakWithFuture separates a restored database from what was done after its backup. A
// backup of a version without events has no feed.
func breakWithFuture(ctx context.Context, conn *pgx.Conn) error {
	var feed bool
	if err := conn.QueryRow(ctx, `select to_regclass('public.event_switch') is not null and to_regclass('public.webhook_delivery') is not null`).Scan(&feed); err != nil {
		return fmt.Errorf("look for the feed of events: %w", err)
	}
	statements := []string{mailSQL}
	if feed {
		statements = append(statements, feedSQL...)
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, sql := range statements {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("separate the feed of events from what was done after the backup: %w", err)
			}
		}
		return nil
	})
}
