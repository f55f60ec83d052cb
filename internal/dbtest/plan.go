package dbtest

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// GenericPlan returns the plan of a query of ours that serves all parameters, as a
// connection keeps it from the first few questions on, perhaps from when the tables were
// empty. Ask asks the query once on the connection that it is given; args are parameters
// as EXECUTE takes them.
func GenericPlan(tb testing.TB, pool *pgxpool.Pool, query, args string, ask func(*pgx.Conn) error) string {
	tb.Helper()
	if _, through := owners.Load(pool); through {
		tb.Skip("the pooler of " + PoolerVariable + " keeps no prepared statement whose plan could be read")
	}
	ctx := tb.Context()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	defer conn.Release()
	if err := ask(conn.Conn()); err != nil {
		tb.Fatalf("dbtest: ask %s: %v", query, err)
	}
	var name string
	err = conn.QueryRow(ctx, `select name from pg_prepared_statements where statement like '-- name: ' || $1 || ' %'`, query).Scan(&name)
	if err != nil {
		tb.Fatalf("dbtest: find %s: %v", query, err)
	}
	if _, err := conn.Exec(ctx, "set plan_cache_mode = force_generic_plan"); err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	defer conn.Exec(ctx, "reset plan_cache_mode") //nolint:errcheck // the test's own pool
	rows, err := conn.Query(ctx, "explain execute "+pgx.Identifier{name}.Sanitize()+" ("+args+")", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		tb.Fatalf("dbtest: explain %s: %v", query, err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatalf("dbtest: explain %s: %v", query, err)
	}
	return strings.Join(lines, "\n")
}
