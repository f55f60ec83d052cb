package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// PlanAnew has the server plan each statement of a transaction when it runs. Otherwise a
// connection keeps the plan of a statement that it has run a few times, and keeps it until
// the server has counted the rows of the tables anew. A plan that was made while the tables
// were small reads them whole. Planning takes about a millisecond, so this is for statements
// that read thousands of rows.
func PlanAnew(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `set local plan_cache_mode = force_custom_plan`); err != nil {
		return fmt.Errorf("have statements planned anew: %w", err)
	}
	return nil
}
