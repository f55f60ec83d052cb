package seed

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// withoutTheftWatch runs f without alarms about theft, because months of redemptions within
// seconds look like stolen boxes. It locks the cursor of the theft rules, which skip a
// locked cursor, and then advances the cursor past the data that f made.
func withoutTheftWatch(ctx context.Context, ownerURL string, f func(ctx context.Context) error) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("connect to hold the watch for theft: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is lost with this connection
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from theft_cursor for update`); err != nil {
			return fmt.Errorf("hold the watch for theft: %w", err)
		}
		if err := f(ctx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update theft_cursor set (through, bound) = (select max(id), max(id) from audit)`); err != nil {
			return fmt.Errorf("let the watch for theft begin after the sample data: %w", err)
		}
		return nil
	})
}
