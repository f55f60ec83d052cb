package seed

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// months is the number of months over which the sample data is spread.
const months = 8

// backdate maps the times of the data linearly onto the past months, so that the last
// payment is now. The order of events stays the same, and so does every invariant that
// depends on it. The series in lifetimes, by id, last so many days from their creation.
//
// backdate changes rows that the application must never change. Therefore it connects as
// the owner, and disables the triggers within its transaction.
func backdate(ctx context.Context, ownerURL string, from time.Time, lifetimes map[int64]int) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("connect to spread the sample data: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with this connection
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var till time.Time
		if err := tx.QueryRow(ctx, `select max(at) from payment`).Scan(&till); err != nil {
			return err
		}
		// The audit rows change, so their chain must begin anew. Another process that is
		// sealing finishes first.
		if err := db.New().AuditBlockLock(ctx, tx); err != nil {
			return err
		}
		for _, statement := range backdateSteps(lifetimes) {
			if _, err := tx.Exec(ctx, statement.sql, statement.args(from, till)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("spread the sample data over the past: %w", err)
	}
	return nil
}

type step struct {
	sql     string
	takesAt bool
}

func (s step) args(from, till time.Time) []any {
	if s.takesAt {
		return []any{from, till, months}
	}
	return nil
}

// backdateSteps returns the statements. past(t) is the mapping of times.
func backdateSteps(lifetimes map[int64]int) []step {
	guarded := []string{"audit", "audit_block", "ledger_tx", "payment", "card", "series"}
	var steps []step
	for _, table := range guarded {
		steps = append(steps, step{sql: "alter table " + table + " disable trigger user"})
	}
	steps = append(steps, step{sql: `create function pg_temp.past(t timestamptz, start timestamptz, stop timestamptz, months integer) returns timestamptz
		language sql stable as $$ select now() - make_interval(months => months)
			+ (now() - (now() - make_interval(months => months))) * least(1, extract(epoch from t - start) / extract(epoch from stop - start))::float8 $$`})
	// The results of a check that saw incomplete data are deleted.
	steps = append(steps, step{sql: `delete from audit_block`}, step{sql: `delete from check_run`})
	for _, sql := range []string{
		`update audit set at = pg_temp.past(at, $1, $2, $3)`,
		`update ledger_tx set at = pg_temp.past(at, $1, $2, $3)`,
		`update payment set at = pg_temp.past(at, $1, $2, $3)`,
		`update card set used_at = pg_temp.past(used_at, $1, $2, $3) where used_at is not null`,
		`update customer set created_at = pg_temp.past(created_at, $1, $2, $3)`,
		`update solo_act set done_at = pg_temp.past(done_at, $1, $2, $3)`,
		`update staff set created_at = pg_temp.past(created_at, $1, $2, $3)`,
		`update series set created_at = pg_temp.past(created_at, $1, $2, $3), started_at = pg_temp.past(created_at, $1, $2, $3) + interval '1 second',
			made_at = pg_temp.past(created_at, $1, $2, $3) + interval '2 seconds',
			activated_at = case when activated_at is not null then pg_temp.past(created_at, $1, $2, $3) + interval '2 seconds' end`,
	} {
		steps = append(steps, step{sql: sql, takesAt: true})
	}
	for id, days := range lifetimes {
		steps = append(steps, step{sql: fmt.Sprintf(`update series s set valid_till = greatest(s.created_at::date + %d,
			(select max(used_at)::date + 1 from card where series_id = s.id)) where s.id = %d`, days, id)})
	}
	for _, table := range guarded {
		steps = append(steps, step{sql: "alter table " + table + " enable trigger user"})
	}
	return steps
}
