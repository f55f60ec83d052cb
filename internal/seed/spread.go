package seed

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// months is how far back the sample data reaches.
const months = 8

// spread maps the moments at which the data was made onto the past months. The
// map keeps their order, so that everything that follows from order still holds;
// the last payment was just now. Some series, by id, last for so many days from when
// they were made.
// It rewrites what the application never may; hence the owner, and the triggers
// switched off for this one transaction.
func spread(ctx context.Context, ownerURL string, from time.Time, lasting map[int64]int) error {
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
		for _, statement := range spreading(lasting) {
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

// spreading is the steps. past(t) is the map.
func spreading(lasting map[int64]int) []step {
	guarded := []string{"audit", "audit_block", "ledger_tx", "payment", "card", "series"}
	// The trail is another one afterwards: its chain begins anew, and a check that
	// looked at the data half made is forgotten. Whoever is sealing goes first.
	steps := []step{{sql: `select pg_advisory_xact_lock(3, 0)`}}
	for _, table := range guarded {
		steps = append(steps, step{sql: "alter table " + table + " disable trigger user"})
	}
	steps = append(steps, step{sql: `create function pg_temp.past(t timestamptz, start timestamptz, stop timestamptz, months integer) returns timestamptz
		language sql stable as $$ select now() - make_interval(months => months)
			+ (now() - (now() - make_interval(months => months))) * least(1, extract(epoch from t - start) / extract(epoch from stop - start))::float8 $$`})
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
	for id, days := range lasting {
		steps = append(steps, step{sql: fmt.Sprintf(`update series s set valid_till = greatest(s.created_at::date + %d,
			(select max(used_at)::date + 1 from card where series_id = s.id)) where s.id = %d`, days, id)})
	}
	for _, table := range guarded {
		steps = append(steps, step{sql: "alter table " + table + " enable trigger user"})
	}
	return steps
}
